"""Fixtures that several folders of tests share: one PostgreSQL for all, one database for each test."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from stack.postgres import PostgresServer
from taskbridge.store import PostgresLedger
from taskbridge.store.migrate import migrate

TEMPLATE = "template_migrated"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """An embedded PostgreSQL of this test session, not durable, gone afterwards."""
    with PostgresServer.throw_away() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_template(postgres_server: PostgresServer) -> str:
    """Name of a database with all migrations and views, to copy from."""
    postgres_server.create_database(TEMPLATE)
    migrate(postgres_server.url(TEMPLATE))
    return TEMPLATE


@pytest.fixture
def empty_database_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database without any of our tables."""
    name = f"empty_{next(_numbers)}"
    postgres_server.create_database(name)
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture
def database_url(postgres_server: PostgresServer, migrated_template: str) -> Iterator[str]:
    """A migrated database of this test's own, in 25 ms."""
    name = f"test_{next(_numbers)}"
    postgres_server.create_database(name, template=migrated_template)
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture
def open_ledger(database_url: str) -> Iterator[Callable[..., PostgresLedger]]:
    """Opens ledgers on this test's database, each with connections of its own, as two workers would."""
    opened: list[PostgresLedger] = []

    def open_one(**options: object) -> PostgresLedger:
        ledger = PostgresLedger(database_url, **options)  # type: ignore[arg-type]
        opened.append(ledger)
        return ledger

    yield open_one
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(open_ledger: Callable[..., PostgresLedger]) -> PostgresLedger:
    return open_ledger()
