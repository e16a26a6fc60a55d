"""What the ledger knows of one task, for a person who asks."""

from __future__ import annotations

from typing import Any

from taskbridge.engine.ports import Known
from taskbridge.store.database import Transaction
from taskbridge.store.part import LedgerPart


class Explaining(LedgerPart):
    def known(self, task: str) -> Known:
        with self._db.transaction() as tx:
            pair = next(iter(_rows(tx, "explain/read_pair", task=task)), None)
            link_id = pair and pair["link_id"]
            reasons = _rows(tx, "explain/read_reasons", task=task, link_id=link_id)
            if pair is None:
                sight = next(iter(_rows(tx, "explain/read_sight", task=task)), None)
                return Known(pair=None, sight=sight, reasons=reasons)
            return Known(
                pair=pair,
                fields=_rows(tx, "explain/read_fields", link_id=link_id),
                conflicts=_rows(tx, "explain/read_conflicts", link_id=link_id),
                actions=_rows(tx, "explain/read_actions", link_id=link_id),
                reasons=reasons,
            )

    def titled(self, title: str) -> list[dict[str, Any]]:
        with self._db.transaction() as tx:
            return _rows(tx, "explain/find_titled", title=title)


def _rows(tx: Transaction, statement: str, **parameters: object) -> list[dict[str, Any]]:
    return [dict(row) for row in tx.run(statement, **parameters).mappings()]
