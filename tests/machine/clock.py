"""A database whose clock a story sets: rolling hours, leases and retries are told by it, and nobody waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from stack.postgres import PostgresServer
from taskbridge.store import Ledger
from taskbridge.store.migrate import migrate
from tests.conftest import EMPTY

_NAME = "stories"

# Found before pg_catalog's, these two are what every statement, default and function of ours asks for the time.
_CLOCK = """
CREATE SCHEMA clock;
CREATE TABLE clock.setting (ahead interval NOT NULL);
INSERT INTO clock.setting VALUES ('0');
CREATE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql STABLE
    RETURN pg_catalog.now() + (SELECT ahead FROM clock.setting);
CREATE FUNCTION clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
    RETURN pg_catalog.clock_timestamp() + (SELECT ahead FROM clock.setting);
ALTER DATABASE stories SET search_path = clock, pg_catalog, public;
"""
_RESET = "UPDATE clock.setting SET ahead = '0'"


@dataclass
class StoryDatabase:
    """A migrated database with a clock of its own, and the ledger on it."""

    url: str
    ledger: Ledger
    connection: psycopg.Connection[Any]
    ahead: float = field(default=0.0)  # seconds

    def empty(self) -> None:
        """As new, for the next story."""
        self.connection.execute(EMPTY)
        self.connection.execute(_RESET)
        self.ahead = 0.0

    def advance(self, seconds: float) -> None:
        self.ahead += seconds
        self.connection.execute(
            "UPDATE clock.setting SET ahead = make_interval(secs => %s)", (self.ahead,), prepare=True
        )

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, parameters).fetchall()


@contextmanager
def story_database(server: PostgresServer) -> Iterator[StoryDatabase]:
    """Makes the database on a server that has none yet."""
    server.create_database(_NAME)
    url = server.url(_NAME)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_CLOCK)
    migrate(url)
    with Ledger(url) as ledger, psycopg.connect(url, autocommit=True) as connection:
        yield StoryDatabase(url, ledger, connection)


NewDatabase = Callable[[], StoryDatabase]
