"""How long people wait for a page in Airflow's UI, and how many statements it takes, on a ledger of many pairs.

python -m bench.pages --pairs 100000

What Airflow itself takes (its frame, the check of the login) is not counted.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import psycopg
from fastapi.testclient import TestClient

from bench.result import Result
from bench.views import make_year
from stack.postgres import PostgresServer
from taskbridge.store.migrate import migrate

LIMIT: Final = 0.3
"""Seconds that a person waits at most, at the median."""

_REPEATS: Final = 7
_RUNS, _ERRORS, _HELD = 100_000, 10_000, 1_000
_PAGES: Final = (
    "overview",
    "find?q=renewal+{number}",
    "find?q=call+ann",
    "find?q=contract",
    "find?q=user+17&by=person",
    "find?q={task}",
    "find?task={pair}",
    "find?task={refused}",
    "plan",
    "plan?request=1",
    "plan?request=1&q=renewal",
    "plan?run={run}",
    "conflicts",
    "problems",
    "problems?side=salesforce&code={code}",
    "problems?reason=missing",
    "drift",
    "command-center",
    "command-center?user=u17",
    "run?run={run}",
)


@dataclass(frozen=True)
class Visit:
    page: str
    seconds: float
    statements: int
    size: int


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    visits = on_many_pairs(options.pairs)
    for visit in visits:
        print(f"{visit.seconds:8.3f} s {visit.statements:3} statements {visit.size:8,} bytes  {visit.page}")
    late = sum(visit.seconds > LIMIT for visit in visits)
    print(f"{len(visits)} pages, {late} of them slower than {LIMIT} s at the median, {options.pairs:,} pairs")
    return 1 if late else 0


def measure(pairs: int) -> Iterator[Result]:
    """The slowest of them against what a person waits at most."""
    slowest, *_ = on_many_pairs(pairs)
    name = f"page: {slowest.page[:20]}, {slowest.statements} statements"
    yield Result.of(name, slowest.seconds, LIMIT, 1.0, "a person")


def on_many_pairs(pairs: int) -> list[Visit]:
    """Every page, the slowest first."""
    with PostgresServer.throw_away(durable=True) as server:
        server.create_database("pages")
        migrate(server.url("pages"))
        sizes = {"runs": _RUNS, "pairs": pairs, "staged": pairs, "held": _HELD, "errors": _ERRORS}
        make_year(server.url("pages"), sizes=sizes)
        return visit_all(server.url("pages"))


def visit_all(url: str) -> list[Visit]:
    client = _client(url)
    visits = [_visited(client, page.format_map(_names(url))) for page in _PAGES]
    return sorted(visits, key=lambda visit: -visit.seconds)


def _names(url: str) -> dict[str, str]:
    """What stands in the addresses: a pair in the middle, one that is refused, and a run that wrote."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT l.link_id, coalesce(l.sc_id, ''), coalesce(l.sf_id, ''), d.link_id, d.code, "
            "(SELECT max(run_id) FROM bridge.action WHERE state = 'done') "
            "FROM (SELECT * FROM bridge.link WHERE state = 'linked' OFFSET 30000 LIMIT 1) l, "
            "(SELECT * FROM bridge.dead_letter WHERE resolved_at IS NULL AND link_id IS NOT NULL LIMIT 1) d"
        ).fetchone()
    assert found is not None
    return dict(zip(("pair", "number", "task", "refused", "code", "run"), map(str, found), strict=True))


def _client(url: str) -> TestClient:
    """The application without Airflow around it, for somebody who may do everything."""
    from taskbridge.web import access, app, overview, reading

    class Anybody(access.Viewer):
        may_switch = True

        def may(self, dag_id: str) -> bool:
            return True

    vars(reading)["database_url"] = lambda: url
    vars(overview)["switch_is_on"] = lambda: True
    application = app.application()
    application.dependency_overrides[access.viewer] = lambda: Anybody(None)
    return TestClient(application)


def _visited(client: TestClient, page: str) -> Visit:
    taken: list[float] = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        answer = client.get(f"/{page}")
        taken.append(time.perf_counter() - start)
        if answer.status_code != 200:
            raise SystemExit(f"error: {page} answers {answer.status_code}: {answer.text[:300]}")
    return Visit(page, median(taken), int(answer.headers["X-TaskBridge-Statements"]), len(answer.content))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--pairs", type=int, default=1_000_000, help="size of the ledger")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
