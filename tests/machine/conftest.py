from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from taskbridge.store import PostgresLedger
from tests.conftest import EMPTY


@pytest.fixture
def new_ledger(ledger: PostgresLedger, database_url: str) -> Callable[[], PostgresLedger]:
    """Empties the ledger for each story; a database of its own would cost each of them a connection."""

    def emptied() -> PostgresLedger:
        with psycopg.connect(database_url) as connection:
            connection.execute(EMPTY)
        return ledger

    return emptied
