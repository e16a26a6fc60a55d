"""What every part of the ledger stands on."""

from __future__ import annotations

from taskbridge.store.database import Database


class LedgerPart:
    """One job of the ledger; `PostgresLedger` puts the jobs together."""

    _db: Database
