"""What the pages read: one pool of connections to the project's database, which can write nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import make_url

from taskbridge.hooks.database import database_url
from taskbridge.store import Ledger
from taskbridge.store.database import Database, Transaction

LINES: Final = 50
"""Rows of a page."""
_LOOK_AGAIN: Final = 60.0  # seconds until the Airflow connection is looked up again
_CAREFUL: Final = "-c default_transaction_read_only=on -c statement_timeout=15s -c jit=off"


@dataclass
class Reader:
    """One transaction, with the number of statements that were asked."""

    tx: Transaction
    ledger: Ledger
    statements: int = 0

    def rows(self, statement: str, **parameters: object) -> list[dict[str, Any]]:
        """What `include/sql/pages/{statement}.sql` answers."""
        self.statements += 1
        return [dict(row) for row in self.tx.run(f"pages/{statement}", **parameters).mappings()]

    def row(self, statement: str, **parameters: object) -> dict[str, Any] | None:
        return next(iter(self.rows(statement, **parameters)), None)


class Pool:
    """The database that the connection `taskbridge_db` names, connected once; anew when the connection changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._url: str | None = None
        self._looked = 0.0
        self._database: Database | None = None
        self._ledger: Ledger | None = None

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Raises ConnectionMissing and DatabaseUnavailable."""
        database, ledger = self._connected()
        with database.transaction() as tx:
            yield Reader(tx, ledger)

    def _connected(self) -> tuple[Database, Ledger]:
        with self._lock:
            if (
                self._database is None
                or self._ledger is None
                or time.monotonic() > self._looked + _LOOK_AGAIN
            ):
                self._connect(database_url())
                self._looked = time.monotonic()
            assert self._database is not None
            assert self._ledger is not None
            return self._database, self._ledger

    def _connect(self, url: str) -> None:
        if url == self._url:
            return
        if self._database is not None:
            self._database.close()
        database = Database(careful(url))
        ledger = Ledger(url, lambda _: database)
        ledger.check_schema()
        self._url, self._database, self._ledger = url, database, ledger


def careful(url: str) -> str:
    """The same database, by a connection that only reads and gives up in time."""
    parsed = make_url(url)
    own = parsed.query.get("options")
    options = f"{own} {_CAREFUL}" if own else _CAREFUL
    return parsed.update_query_dict({"options": options}).render_as_string(hide_password=False)


def limited(rows: Sequence[Any], lines: int = LINES) -> tuple[Sequence[Any], bool]:
    """The rows of a page, of which one more was asked for than it shows; and whether there are more."""
    return rows[:lines], len(rows) > lines


_pool: Final = Pool()
reading: Final = _pool.reading
