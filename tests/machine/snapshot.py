"""Putting a ledger's tables back as they were, in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

_TABLES = (
    "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('bridge', 'staging') ORDER BY 1, 2"
)
# They tell people what happened; no run decides anything by them.
_COUNTERS = {("bridge", "api_usage"), ("bridge", "api_allowance")}


@dataclass(frozen=True)
class Snapshot:
    """Every row of the ledger and of staging."""

    url: str
    tables: dict[tuple[str, str], bytes]
    next_run: int

    @classmethod
    def take(cls, url: str) -> Snapshot:
        with psycopg.connect(url) as connection:
            names = connection.execute(_TABLES).fetchall()
            tables = {(schema, name): _read(connection, schema, name) for schema, name in names}
            (last,) = connection.execute("SELECT coalesce(max(run_id), 0) FROM bridge.run").fetchone() or (0,)
        return cls(url, tables, last + 1)

    def without_clocks(self) -> int:
        """A number that tells states apart in which a run can be left; when the lease ends, and how many calls were
        made, is not part of it."""
        lease = self.tables["bridge", "lease"].rsplit(b"\t", 1)[0]
        deciding = {place: rows for place, rows in self.tables.items() if place not in _COUNTERS}
        return hash(frozenset((deciding | {("bridge", "lease"): lease}).items()))

    def restore(self) -> None:
        """References are not checked on the way: what was read together fits together."""
        with psycopg.connect(self.url) as connection:
            connection.execute("SET session_replication_role = replica")
            for place, content in self.tables.items():
                table = sql.Identifier(*place)
                connection.execute(sql.SQL("DELETE FROM {}").format(table))
                with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(table)) as copy:
                    copy.write(content)
            connection.execute(
                "SELECT setval(pg_get_serial_sequence('bridge.run', 'run_id'), %s, false)", [self.next_run]
            )


def _read(connection: psycopg.Connection[tuple[object, ...]], schema: str, name: str) -> bytes:
    with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(schema, name))) as copy:
        return b"".join(bytes(block) for block in copy)
