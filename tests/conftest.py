"""Fixtures that several folders of tests share: one PostgreSQL, and a ledger that is empty for each test."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from stack.postgres import PostgresServer
from taskbridge.store import Ledger
from taskbridge.store.migrate import migrate

if TYPE_CHECKING:
    from tests.engine.begun import Begun

# Files are what workers share out, in this order: the longest come first, or one worker ends alone with them.
LONGEST_FIRST = ("machine/test_crash_loop", "e2e", "machine", "dags", "stack", "scenarios")

# Tests take a third longer when they are traced: these have to show that core and engine are covered, each with the
# first of its inputs.
TRACED = ("contract/test_preflight", "contract/test_whole_runs", "core", "dags/test_preview", "engine")

# Clients of a server under test trust its own authority (sandbox/kernel/tls.py). To read the 140 that a machine trusts
# beside it takes 20 ms a connection.
os.environ["REQUESTS_CA_BUNDLE"] = str(Path(__file__).parent / "authorities.pem")

TEMPLATE = "template_migrated"
SHARED = "shared"
_numbers = itertools.count(1)

# Emptying a database takes 5 ms, copying one from the template 100 ms.
EMPTY = """
SET lock_timeout = '10s';
DELETE FROM bridge.notice;
DELETE FROM bridge.freshness;
DELETE FROM bridge.parked_answer;
DELETE FROM bridge.dead_letter;
DELETE FROM bridge.left_out;
DELETE FROM bridge.drift;
DELETE FROM bridge.run_pair;
DELETE FROM bridge.conflict;
DELETE FROM bridge.decision;
DELETE FROM bridge.ledger_change;
DELETE FROM bridge.kept;
DELETE FROM bridge.action;
DELETE FROM bridge.bulk_job;
DELETE FROM bridge.approval_row;
DELETE FROM bridge.approval;
DELETE FROM bridge.link;
DELETE FROM bridge.contract;
DELETE FROM bridge.session;
DELETE FROM bridge.api_usage;
DELETE FROM bridge.api_allowance;
DELETE FROM bridge.watermark;
DELETE FROM bridge.run;
DELETE FROM bridge.user_map;
DELETE FROM bridge.side_identity;
UPDATE bridge.side_state SET state = 'active', reason = NULL, next_attempt_at = NULL, lacking = '{}';
DELETE FROM bridge.waiting_run;
UPDATE bridge.housekeeping SET done_at = 'epoch', up_to = 0;
UPDATE bridge.lease SET run_key = NULL, fencing = 0, expires_at = NULL;
SELECT setval(pg_get_serial_sequence('bridge.run', 'run_id'), 1, false);
SELECT setval(pg_get_serial_sequence('bridge.conflict', 'conflict_id'), 1, false);
"""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):  # one of several workers
        items.sort(key=lambda item: _turn(item.path))
    seen = set[str]()
    for item in items:
        function = item.nodeid.partition("[")[0]
        if function in seen or not _place(item.path).startswith(TRACED):
            item.add_marker("no_cover")
        seen.add(function)


def _place(path: Path) -> str:
    return str(path.relative_to(Path(__file__).parent))


def _turn(path: Path) -> int:
    place = _place(path)
    found = (turn for turn, begin in enumerate(LONGEST_FIRST) if place.startswith(begin))
    return next(found, len(LONGEST_FIRST))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL of this test session, not durable, gone afterwards: the embedded one, or the one whose programs
    are in the folder that TASKBRIDGE_TEST_POSTGRES names."""
    other = os.environ.get("TASKBRIDGE_TEST_POSTGRES")
    with PostgresServer.throw_away(programs=Path(other) if other else None) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_template(postgres_server: PostgresServer) -> str:
    """Name of a database with all migrations and views, to copy from."""
    postgres_server.create_database(TEMPLATE)
    migrate(postgres_server.url(TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="session")
def shared_ledger(postgres_server: PostgresServer, migrated_template: str) -> Iterator[Ledger]:
    """The ledger behind `ledger`; its connections are opened once."""
    postgres_server.create_database(SHARED, template=migrated_template)
    with Ledger(postgres_server.url(SHARED)) as ledger:
        yield ledger


@pytest.fixture(scope="session")
def emptying(
    postgres_server: PostgresServer, shared_ledger: Ledger
) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection to the database of `shared_ledger`, which is opened once."""
    with psycopg.connect(postgres_server.url(SHARED), autocommit=True) as connection:
        yield connection


@pytest.fixture
def database_url(postgres_server: PostgresServer, emptying: psycopg.Connection[tuple[object, ...]]) -> str:
    """A migrated database with empty tables. For tests that change rows only; see `own_database_url`."""
    emptying.execute(EMPTY)
    return postgres_server.url(SHARED)


@pytest.fixture
def ledger(shared_ledger: Ledger, database_url: str) -> Ledger:
    """A ledger on `database_url`."""
    return shared_ledger


@pytest.fixture(scope="session")
def begun(shared_ledger: Ledger, postgres_server: PostgresServer) -> Begun:
    """A first run over two systems without tasks, to begin after."""
    from tests.engine.begun import Begun

    return Begun.first_run(shared_ledger, postgres_server.url(SHARED))


@pytest.fixture
def open_ledger(database_url: str) -> Iterator[Callable[..., Ledger]]:
    """Opens ledgers on `database_url`, each with connections of its own, as two workers would."""
    opened: list[Ledger] = []

    def open_one(**options: object) -> Ledger:
        ledger = Ledger(database_url, **options)  # type: ignore[arg-type]
        opened.append(ledger)
        return ledger

    yield open_one
    for ledger in opened:
        ledger.close()


@pytest.fixture
def own_database_url(postgres_server: PostgresServer, migrated_template: str) -> Iterator[str]:
    """A migrated database for one test alone, which may change its schema."""
    name = f"own_{next(_numbers)}"
    postgres_server.create_database(name, template=migrated_template)
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture
def empty_database_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database without any of our tables."""
    name = f"empty_{next(_numbers)}"
    postgres_server.create_database(name)
    yield postgres_server.url(name)
    postgres_server.drop_database(name)
