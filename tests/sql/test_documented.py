"""What docs/operations.md tells people to ask the database, it answers."""

from __future__ import annotations

import psycopg

from bench.views import asked
from taskbridge.store import Ledger


def test_every_view_and_every_documented_statement_answers(ledger: Ledger, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        queries = asked(connection, 1.0)
        for query in queries:
            with connection.transaction(force_rollback=True):
                connection.execute(query.encode())
    assert any("mart.not_synced where title ilike" in query for query in queries)
    assert any("bridge.parked_answer" in query for query in queries)
