"""What people decide about fields that are held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from taskbridge.core.model import Side
from taskbridge.errors import ConflictNotOpen
from taskbridge.store.part import LedgerPart


class Conflicts(LedgerPart):
    def decide_conflicts(self, conflict_ids: Sequence[int], winner: Side, decided_by: str) -> int:
        """All of them or none. Raises ConflictNotOpen."""
        wanted = sorted(set(conflict_ids))
        with self._db.transaction() as tx:
            known = {row.conflict_id: row for row in tx.run("conflict/lock_conflicts", conflict_ids=wanted)}
            problems = [problem for number in wanted if (problem := _why_not(number, known.get(number)))]
            if problems:
                raise ConflictNotOpen(
                    f"{'; '.join(problems)}. Nothing was recorded; mart.conflicts_open lists what waits."
                )
            tx.run("conflict/replace_decisions", conflict_ids=wanted)
            saved = tx.run(
                "conflict/save_decisions", conflict_ids=wanted, winner=winner.value, decided_by=decided_by
            )
            tx.run("conflict/look_again", conflict_ids=wanted)
            return saved.rowcount


def _why_not(number: int, conflict: Row[Any] | None) -> str | None:
    if conflict is None or conflict.dry_run:
        return f"There is no conflict {number}"
    if conflict.winner is not None:
        return f"Conflict {number} ({conflict.field}) was decided already: {Side(conflict.winner).system} won"
    if conflict.decided_at is not None:
        return f"Conflict {number} ({conflict.field}) is over since {conflict.decided_at:%Y-%m-%d %H:%M} UTC"
    return None
