"""Which org and account the ledger was built from, since when it counts, and how far each side was read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from taskbridge.core.model import Side
from taskbridge.engine.ports import Run, Watermark
from taskbridge.errors import SideIdentityChanged
from taskbridge.store.part import LedgerPart


class Identity(LedgerPart):
    def ledger_started(
        self, run: Run | None, now: Mapping[Side, datetime], *, keep: bool
    ) -> Mapping[Side, datetime]:
        with self._db.transaction() if run is None else self._db.fenced(run) as tx:
            for side, moment in now.items() if keep else ():
                tx.run("identity/start_ledger", side=side.value, now=moment)
            rows = tx.run("identity/read_ledger_start").all()
        return {**now, **{Side(row.side): row.ledger_started_at.astimezone(UTC) for row in rows}}

    def identities(self) -> Mapping[Side, str]:
        with self._db.transaction() as tx:
            rows = tx.run("identity/read_identities").all()
        return {Side(row.side): row.identity for row in rows}

    def remember_identity(self, side: Side, identity: str) -> None:
        """Raises SideIdentityChanged when the ledger knows another identity of that side (G8)."""
        with self._db.transaction() as tx:
            known = tx.run("identity/remember_identity", side=side.value, identity=identity).scalar_one()
        if known != identity:
            raise SideIdentityChanged(
                f"The ledger was built from {side.value} {known!r}, but the connection leads to {identity!r}."
                " Point the connection back, or use an empty database for the other system."
            )

    def watermarks(self) -> Mapping[Side, Watermark]:
        with self._db.transaction() as tx:
            rows = tx.run("watermark/read_watermarks").all()
        return {
            Side(row.side): Watermark(
                position=row.position.astimezone(UTC),
                previous=None if row.previous is None else row.previous.astimezone(UTC),
                age=row.age,
            )
            for row in rows
        }

    def revert_watermark(self, side: Side) -> None:
        with self._db.transaction() as tx:
            tx.run("watermark/revert_watermark", side=side.value)
