from __future__ import annotations

import pytest

from taskbridge.store import Ledger
from tests.engine.begun import Begun
from tests.engine.world import World


@pytest.fixture
def world(database_url: str, begun: Begun) -> World:
    """Two systems that were synchronised once, before anybody made a task."""
    return begun.again()


@pytest.fixture
def fresh(ledger: Ledger, database_url: str) -> World:
    """Two systems and a ledger that has never run."""
    return World(ledger, database_url)
