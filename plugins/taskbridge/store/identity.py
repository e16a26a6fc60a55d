"""Which org and account the ledger was built from, since when it counts, and how far each side was read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from taskbridge.core.model import Side
from taskbridge.engine.ports import LedgerState, Watermark
from taskbridge.errors import SideIdentityChanged
from taskbridge.store.part import LedgerPart


class Identity(LedgerPart):
    def state(self) -> LedgerState:
        with self._db.transaction() as tx:
            rows = {Side(row.side): row for row in tx.run("identity/read_state")}
        return LedgerState(
            identities={side: row.identity for side, row in rows.items() if row.identity is not None},
            started={
                side: row.ledger_started_at.astimezone(UTC)
                for side, row in rows.items()
                if row.ledger_started_at
            },
            watermarks={side: _watermark(row) for side, row in rows.items() if row.position is not None},
            has_pairs=any(row.has_pairs for row in rows.values()),
        )

    def start(self, now: Mapping[Side, datetime]) -> None:
        with self._db.transaction() as tx:
            for side, moment in now.items():
                tx.run("identity/start_ledger", side=side.value, now=moment)

    def remember_identity(self, side: Side, identity: str) -> None:
        """Raises SideIdentityChanged when the ledger knows another identity of that side (G8)."""
        with self._db.transaction() as tx:
            known = tx.run("identity/remember_identity", side=side.value, identity=identity).scalar_one()
        if known != identity:
            raise SideIdentityChanged(
                f"The ledger was built from {side.value} {known!r}, but the connection leads to {identity!r}."
                " Point the connection back, or use an empty database for the other system."
            )

    def revert_watermark(self, side: Side) -> None:
        with self._db.transaction() as tx:
            tx.run("watermark/revert_watermark", side=side.value)


def _watermark(row: Row[Any]) -> Watermark:
    return Watermark(
        position=row.position.astimezone(UTC),
        previous=None if row.previous is None else row.previous.astimezone(UTC),
        age=row.age,
    )
