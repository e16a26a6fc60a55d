"""The ledger in PostgreSQL."""

from taskbridge.store.ledger import PostgresLedger

__all__ = ["PostgresLedger"]
