from __future__ import annotations

import pytest

from taskbridge.store import PostgresLedger
from tests.engine.world import World


@pytest.fixture
def world(ledger: PostgresLedger, database_url: str) -> World:
    """Two systems and a ledger that has never run."""
    return World(ledger, database_url)
