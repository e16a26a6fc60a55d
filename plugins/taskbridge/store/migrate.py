"""Migrations, forward only, and the views for people. `python -m taskbridge.store.migrate [URL]`.

The environment variable TASKBRIDGE_DATABASE_URL keeps a password out of the list of processes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from psycopg.errors import InvalidTableDefinition

from taskbridge.errors import DatabaseUnavailable, TaskBridgeError
from taskbridge.store import schema, statements
from taskbridge.store.comments import commented
from taskbridge.store.database import Database, Transaction
from taskbridge.store.schema import expected

__all__ = ["current", "expected", "migrate"]

OLDEST_SERVER: Final = 150000
URL_VARIABLE: Final = "TASKBRIDGE_DATABASE_URL"
_SCRIPTS: Final = Path(__file__).parent / "migrations"


def current(url: str) -> str | None:
    """The number of the last migration of that database, or None."""
    with Database(url) as database:
        return schema.current(database)


def migrate(url: str) -> str:
    """Brings the database to `expected()` and makes the views anew, in one transaction; answers the number.

    May be repeated. Raises SchemaBehind for a database that is ahead of this code, DatabaseUnavailable for
    one that does not answer or is older than PostgreSQL 15.
    """
    with Database(url) as database:
        seen = schema.current(database)
        if seen is not None and seen > expected():
            schema.check(database)
        with database.transaction() as tx:
            _check_server(tx, database)
            tx.run("schema/lock_schema")
            config = Config()
            config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
            config.attributes["connection"] = tx.connection
            command.upgrade(config, "head")
            _make_views(tx)
            tx.run("schema/grant_reading")
        schema.check(database)
    return expected()


def _check_server(tx: Transaction, database: Database) -> None:
    version = int(tx.run("schema/read_server_version").scalar_one())
    if version < OLDEST_SERVER:
        raise DatabaseUnavailable(
            f"The {database.place} is PostgreSQL {version // 10000}; TaskBridge needs "
            f"{OLDEST_SERVER // 10000} or newer."
        )


def _make_views(tx: Transaction) -> None:
    """Replaced in place, which keeps grants; where columns went away, dropped and made anew.

    A view that others build on sorts before them.
    """
    names = [entry.name.removesuffix(".sql") for entry in statements.numbered_files("views")]
    views = {name: commented(statements.source(f"views/{name}")) for name in names}
    try:
        with tx.connection.begin_nested():
            _run_all(tx, views.values())
    except InvalidTableDefinition:
        for name in reversed(views):
            tx.script(f"DROP VIEW IF EXISTS mart.{name}")
        _run_all(tx, views.values())


def _run_all(tx: Transaction, scripts: Iterable[str]) -> None:
    for script in scripts:
        tx.script(script)


def main(arguments: Sequence[str]) -> int:
    url = arguments[0] if len(arguments) == 1 else os.environ.get(URL_VARIABLE)
    if not url or len(arguments) > 1:
        print(
            f"usage: python -m taskbridge.store.migrate [URL]; without it {URL_VARIABLE} holds it",
            file=sys.stderr,
        )
        return 2
    try:
        version = migrate(url)
    except TaskBridgeError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"The database is at schema {version}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
