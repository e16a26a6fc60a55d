"""Which side is paused, since when and why, and which fields it was found not to have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Any

from sqlalchemy import Row

from taskbridge.core.model import Side
from taskbridge.engine.ports import Pause, SideState
from taskbridge.store.part import LedgerPart


class SideStates(LedgerPart):
    def side_states(self) -> Mapping[Side, SideState]:
        with self._db.transaction() as tx:
            rows = tx.run("side/read_states").all()
        return {
            Side(row.side): SideState(_pause(row) if row.paused else None, frozenset(row.lacking))
            for row in rows
        }

    def claim_login(self, side: Side, rest: timedelta) -> bool:
        with self._db.transaction() as tx:
            return tx.run("pause/claim_login", side=side.value, rest=rest).rowcount == 1

    def pause_side(self, side: Side, reason: str, rest: timedelta) -> tuple[Pause, bool]:
        with self._db.transaction() as tx:
            known = tx.run("pause/lock_state", side=side.value).scalar_one() == "paused"
            row = tx.run("pause/pause_side", side=side.value, reason=reason, rest=rest).one()
        return _pause(row), known

    def resume_side(self, side: Side) -> None:
        with self._db.transaction() as tx:
            tx.run("pause/resume_side", side=side.value)

    def save_lacking(self, side: Side, names: frozenset[str]) -> None:
        with self._db.transaction() as tx:
            tx.run("side/save_lacking", side=side.value, lacking=sorted(names))


def _pause(row: Row[Any]) -> Pause:
    return Pause(row.reason, row.since.astimezone(UTC), row.next_attempt_at.astimezone(UTC), row.due)
