"""The ledger in PostgreSQL."""

from taskbridge.store.ledger import Ledger

__all__ = ["Ledger"]
