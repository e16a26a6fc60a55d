"""The connection to the project's database: transactions, fencing, frames in and out, clear errors."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Self

import adbc_driver_manager
import pandas as pd
import psycopg
import pyarrow as pa
from adbc_driver_postgresql import dbapi
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, Connection, CursorResult, Row, TextClause, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from taskbridge.core.canonical import storable
from taskbridge.core.run import Run
from taskbridge.errors import ConnectionMissing, DatabaseUnavailable, LeaseLost
from taskbridge.store import frames, statements
from taskbridge.store.refusals import refused_by_adbc, refused_by_psycopg

CONNECTION: Final = "taskbridge_db"
CONNECT_SECONDS: Final = 10

# SQLSTATE: connection exception, shutdown or starting up, wrong login, no such database.
_UNAVAILABLE: Final = ("08", "57P", "28", "3D000")


class Transaction:
    """An open transaction. Statements are named by their file, see `statements`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, statement: str, **parameters: object) -> CursorResult[Any]:
        return self._connection.execute(statements.clause(statement), _storable(parameters))

    def run_text(self, text: TextClause, **parameters: object) -> CursorResult[Any]:
        """A statement that is in no file of ours."""
        return self._connection.execute(text, _storable(parameters))

    def copy(self, target: Sequence[str], table: pa.Table) -> None:
        """Append a table by COPY, as part of this transaction."""
        driver: Any = self._connection.connection.driver_connection
        frames.copy_in(driver, target, table)

    def script(self, text: str) -> None:
        """Run several statements without parameters."""
        driver: Any = self._connection.connection.driver_connection
        driver.execute(text)

    @property
    def connection(self) -> Connection:
        return self._connection


class Database:
    """One small pool for transactions and one ADBC connection for reading frames; both are kept open.

    Every method raises DatabaseUnavailable when the database does not answer, DatabaseFull and DatabaseRefused when it
    answers with an error: none of them quotes a value of a row.
    """

    def __init__(self, url: str) -> None:
        """`url` as for SQLAlchemy or libpq; the driver in it does not matter. Connects when first used."""
        self.url = _parse(url)
        query = {"connect_timeout": str(CONNECT_SECONDS), "application_name": "taskbridge", **self.url.query}
        url_here = self.url.set(query=query)
        self._engine = create_engine(
            url_here.set(drivername="postgresql+psycopg"),
            pool_size=2,
            max_overflow=3,
            pool_pre_ping=True,
            hide_parameters=True,
        )
        _, words = self._engine.dialect.create_connect_args(url_here)
        self._frames_place = _in_libpqs_words(words)
        self._frames: dbapi.Connection | None = None
        self._reading = threading.Lock()
        self._local = threading.local()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Commits at the end of the block, rolls back when an error leaves it. Within another block of the same thread
        it is a part of that one."""
        outer: Transaction | None = getattr(self._local, "tx", None)
        if outer is not None:
            yield outer
            return
        with self._begin() as tx:
            self._local.tx = tx
            try:
                yield tx
            finally:
                self._local.tx = None

    @contextmanager
    def _begin(self) -> Iterator[Transaction]:
        try:
            with self._engine.begin() as connection:
                yield Transaction(connection)
        except DBAPIError as error:
            if is_unavailable(error):
                raise self._unavailable(str(error.orig)) from error
            raise refused_by_psycopg(self.place, error.orig) from None
        except psycopg.Error as error:  # of COPY, which goes past SQLAlchemy
            raise refused_by_psycopg(self.place, error) from None

    @contextmanager
    def fenced(self, run: Run) -> Iterator[Transaction]:
        """A transaction for a run. Raises LeaseLost, before anything is written, when the lease has moved on.

        The lease row stays locked against other takers until the end of the block.
        """
        with self.transaction() as tx:
            current = tx.run("lease/lock_lease").scalar_one()
            if current != run.fencing:
                raise lease_lost(run, current)
            yield tx

    def rows(self, statement: str, **parameters: object) -> Sequence[Row[Any]]:
        """What a statement answers that is a transaction of its own, unless it is asked within one."""
        with self.transaction() as tx:
            return tx.run(statement, **parameters).all()

    def row(self, statement: str, **parameters: object) -> Row[Any] | None:
        """The same of one that answers at most one row."""
        with self.transaction() as tx:
            return tx.run(statement, **parameters).one_or_none()

    def value(self, statement: str, **parameters: object) -> Any:
        """The one value that it answers; None for no row."""
        with self.transaction() as tx:
            return tx.run(statement, **parameters).scalar_one_or_none()

    def change(self, statement: str, **parameters: object) -> int:
        """How many rows it changed."""
        with self.transaction() as tx:
            return tx.run(statement, **parameters).rowcount

    def frame(self, statement: str, schema: pa.Schema, **parameters: object) -> pd.DataFrame:
        """The rows of a query as a frame of that schema; what was committed when it is called."""
        query, names = statements.numbered(statement)
        given = _storable(parameters)
        return frames.to_frame(self._answer(query, [given[name] for name in names]), schema)

    def _answer(self, query: str, values: Sequence[object]) -> pa.Table:
        with self._reading:
            try:
                return self._fetch(query, values)
            except adbc_driver_manager.Error:
                # A connection that was cut while idle shows only now; a fault of the query shows again.
                self._close_frames()
                return self._fetched(query, values)

    def _fetched(self, query: str, values: Sequence[object]) -> pa.Table:
        try:
            return self._fetch(query, values)
        except adbc_driver_manager.Error as error:
            raise refused_by_adbc(self.place, error) from None

    def _fetch(self, query: str, values: Sequence[object]) -> pa.Table:
        if self._frames is None:
            try:
                self._frames = dbapi.connect(self._frames_place, autocommit=True)
            except adbc_driver_manager.Error as error:
                raise self._unavailable(str(error)) from error
        with self._frames.cursor() as cursor:
            cursor.execute(query, values or None)
            return cursor.fetch_arrow_table()

    def close(self) -> None:
        self._engine.dispose()
        with self._reading:
            self._close_frames()

    def _close_frames(self) -> None:
        if self._frames is not None:
            self._frames.close()
            self._frames = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def place(self) -> str:
        """Host, port and database, for messages."""
        return describe(self.url)

    def _unavailable(self, reason: str) -> DatabaseUnavailable:
        seen = reason.strip().splitlines()[0] if reason.strip() else "no answer"
        return DatabaseUnavailable(
            f"The {self.place} does not answer: {seen}. "
            f"Check that it runs and that the Airflow connection `{CONNECTION}` names it, then run again."
        )


def _storable(parameters: Mapping[str, object]) -> dict[str, Any]:
    """Parameters as the database can hold them, whoever wrote their texts; an object becomes JSON."""
    shown = {name: storable(value) for name, value in parameters.items()}
    return {name: json.dumps(value) if isinstance(value, Mapping) else value for name, value in shown.items()}


def lease_lost(run: Run, current: int) -> LeaseLost:
    return LeaseLost(
        f"Run {run.spec.run_key} held the lease under number {run.fencing}, which is now {current}: another "
        "run has taken it. Nothing was written; the next run goes on from here."
    )


def describe(url: URL) -> str:
    """Host, port and database of a URL; never the password."""
    query: Mapping[str, Any] = url.query
    host = url.host or query.get("host") or "localhost"
    port = url.port or query.get("port") or 5432
    return f"database {url.database!r} on host {host}, port {port}"


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        # The cause is left out: it may quote the URL, and the password with it.
        raise ConnectionMissing(_not_a_database("something that is not a URL")) from None
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise ConnectionMissing(_not_a_database(f"a URL for {parsed.get_backend_name()}"))
    if url.partition("?")[0].count("@") > 1:
        raise ConnectionMissing(
            f"The Airflow connection `{CONNECTION}` gave a URL with more than one @; percent-encode "
            "the one in user name or password: %40 for @, %2F for /, %25 for %."
        )
    return parsed


def _in_libpqs_words(arguments: Mapping[str, Any]) -> str:
    """What psycopg is given, for the other driver. Not as a URL: libpq knows no `+` for a blank there."""
    try:
        return make_conninfo(**{name: value for name, value in arguments.items() if name != "context"})
    except psycopg.ProgrammingError as error:
        raise ConnectionMissing(
            f"The Airflow connection `{CONNECTION}` gave a URL with what PostgreSQL's library does not know: {error}"
        ) from None


def _not_a_database(seen: str) -> str:
    return (
        f"The Airflow connection `{CONNECTION}` gave {seen}; "
        "expected a PostgreSQL database, such as postgresql://user:password@host:5432/taskbridge."
    )


def is_unavailable(error: DBAPIError) -> bool:
    """Whether the database cannot be reached, rather than refuses a statement."""
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return error.connection_invalidated or type(error.orig).__name__ in (
            "OperationalError",
            "ConnectionTimeout",
        )
    return str(state).startswith(_UNAVAILABLE)
