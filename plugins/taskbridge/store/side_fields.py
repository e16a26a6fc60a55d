"""Which fields a system was found not to have."""

from __future__ import annotations

from taskbridge.core.model import Side
from taskbridge.store.part import LedgerPart


class SideFields(LedgerPart):
    def lacking(self, side: Side) -> frozenset[str]:
        with self._db.transaction() as tx:
            return frozenset(tx.run("side/read_lacking", side=side.value).scalar_one())

    def save_lacking(self, side: Side, names: frozenset[str]) -> None:
        with self._db.transaction() as tx:
            tx.run("side/save_lacking", side=side.value, lacking=sorted(names))
