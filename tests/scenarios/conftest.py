from __future__ import annotations

import pytest

from taskbridge.store import Ledger
from tests.engine.world import World
from tests.scenarios.stage import Beginnings


@pytest.fixture
def world(ledger: Ledger, database_url: str) -> World:
    """Two systems and a ledger that has never run."""
    return World(ledger, database_url)


@pytest.fixture(scope="session")
def beginnings() -> Beginnings:
    return {}
