"""Putting a ledger's tables back as they were, in milliseconds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from psycopg import sql

_TABLES = (
    "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('bridge', 'staging') ORDER BY 1, 2"
)
# They tell people what happened; no run decides anything by them.
_COUNTERS = {("bridge", "api_usage"), ("bridge", "api_allowance")}
_TIME = re.compile(rb"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?\+00\b")
# Nothing waits longer by the database's clock; what the systems' clocks tell is some other time.
_AHEAD = timedelta(days=2)

Place = tuple[str, str]
Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True)
class Snapshot:
    """Every row of the ledger and of staging."""

    url: str
    tables: dict[Place, bytes]
    next_run: int
    at: datetime  # by the database's clock

    @classmethod
    def take(cls, url: str) -> Snapshot:
        with psycopg.connect(url) as connection:
            names = connection.execute(_TABLES).fetchall()
            tables = {(schema, name): _read(connection, schema, name) for schema, name in names}
            (last, at) = (
                connection.execute("SELECT coalesce(max(run_id), 0), now() FROM bridge.run").fetchone() or ()
            )
        return cls(url, tables, last + 1, at)

    def without_clocks(self) -> int:
        """A number that tells states apart in which a run can be left; when the lease ends, and how many calls were
        made, is not part of it."""
        lease = self.tables["bridge", "lease"].rsplit(b"\t", 1)[0]
        deciding = {place: rows for place, rows in self.tables.items() if place not in _COUNTERS}
        return hash(frozenset((deciding | {("bridge", "lease"): lease}).items()))

    def restore(self) -> None:
        """References are not checked on the way: what was read together fits together."""
        with psycopg.connect(self.url) as connection:
            self._put_back(connection, self.tables.items())

    def restore_as_of_now(self, since: datetime) -> None:
        """As if it had been taken now: what the database's clock has told since then is moved along with it."""
        with psycopg.connect(self.url) as connection:
            (now,) = connection.execute("SELECT now()").fetchone() or ()
            told, later = (since, self.at + _AHEAD), now - self.at
            self._put_back(
                connection, ((place, _moved(rows, told, later)) for place, rows in self.tables.items())
            )

    def _put_back(self, connection: Connection, tables: Iterable[tuple[Place, bytes]]) -> None:
        delete = sql.SQL("; ").join(
            sql.SQL("DELETE FROM {}").format(sql.Identifier(*place)) for place in self.tables
        )
        connection.execute(sql.SQL("SET session_replication_role = replica; ") + delete)
        for place, rows in tables:
            if rows:
                with connection.cursor().copy(
                    sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(*place))
                ) as copy:
                    copy.write(rows)
        connection.execute(
            "SELECT setval(pg_get_serial_sequence('bridge.run', 'run_id'), %s, false)", [self.next_run]
        )


def _moved(rows: bytes, told: tuple[datetime, datetime], later: timedelta) -> bytes:
    """The rows of a table with their times between those so much later."""

    def moved(found: re.Match[bytes]) -> bytes:
        time = datetime.fromisoformat(found[0].decode())
        return str(time + later).encode() if told[0] <= time <= told[1] else found[0]

    return _TIME.sub(moved, rows)


def _read(connection: Connection, schema: str, name: str) -> bytes:
    with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(schema, name))) as copy:
        return b"".join(bytes(block) for block in copy)
