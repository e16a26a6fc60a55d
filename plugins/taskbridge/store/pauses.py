"""Which side is paused, since when and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Any

from sqlalchemy import Row

from taskbridge.core.model import Side
from taskbridge.engine.ports import SideState
from taskbridge.store.part import LedgerPart


class Pauses(LedgerPart):
    def paused_sides(self) -> Mapping[Side, SideState]:
        with self._db.transaction() as tx:
            rows = tx.run("pause/read_paused").all()
        return {Side(row.side): _state(row) for row in rows}

    def claim_login(self, side: Side, rest: timedelta) -> bool:
        with self._db.transaction() as tx:
            return tx.run("pause/claim_login", side=side.value, rest=rest).rowcount == 1

    def pause_side(self, side: Side, reason: str, rest: timedelta) -> tuple[SideState, bool]:
        with self._db.transaction() as tx:
            known = tx.run("pause/lock_state", side=side.value).scalar_one() == "paused"
            row = tx.run("pause/pause_side", side=side.value, reason=reason, rest=rest).one()
        return _state(row), known

    def resume_side(self, side: Side) -> None:
        with self._db.transaction() as tx:
            tx.run("pause/resume_side", side=side.value)


def _state(row: Row[Any]) -> SideState:
    return SideState(row.reason, row.since.astimezone(UTC), row.next_attempt_at.astimezone(UTC), row.due)
