"""What the documents tell people to ask the database, it answers."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg

from bench.views import asked, documented
from taskbridge.store import Ledger


def test_every_view_and_every_documented_statement_answers(ledger: Ledger, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        queries = asked(connection, 1.0)
        for query in queries:
            with connection.transaction(force_rollback=True):
                connection.execute(query.encode())
    assert any("mart.not_synced where title ilike" in query for query in queries)
    assert any("bridge.parked_answer" in query for query in queries)


def test_each_view_has_a_question_that_it_answers(ledger: Ledger, database_url: str) -> None:
    """But for those that only other views read."""
    text = (Path(__file__).parents[2] / "docs" / "analysts.md").read_text(encoding="utf-8")
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("select viewname from pg_views where schemaname = 'mart'").fetchall()
    views = {view for (view,) in rows} - {"explanations", "names", "latest_staged"}
    asked_of = set(re.findall(r"\bmart\.(\w+)", "\n".join(documented(text))))
    assert views - asked_of == set()
