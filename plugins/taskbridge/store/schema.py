"""Which schema the database has, and which one this code needs. Does not import Alembic: every task asks."""

from __future__ import annotations

from taskbridge.errors import SchemaBehind
from taskbridge.store import statements
from taskbridge.store.database import CONNECTION, Database


def expected() -> str:
    """The number of the newest migration, for example "0002"."""
    return statements.numbered_files("migrations")[-1].name.split("_", 1)[0]


def current(database: Database) -> str | None:
    """The number of the last migration that the database has had; None for a database without our tables."""
    with database.transaction() as tx:
        if not tx.run("schema/find_version_table").scalar_one():
            return None
        version: str | None = tx.run("schema/read_version").scalar_one_or_none()
    return version


def check(database: Database) -> None:
    """Raises SchemaBehind when the two differ, in either direction."""
    seen, needed = current(database), expected()
    if seen == needed:
        return
    if seen is not None and seen > needed:
        raise SchemaBehind(
            f"The {database.place} is at schema {seen}, ahead of this code, which knows {needed}: "
            f"install the version of taskbridge that migrated it, or check the connection `{CONNECTION}`."
        )
    at = "has no TaskBridge tables" if seen is None else f"is at schema {seen}"
    raise SchemaBehind(f"The {database.place} {at}, this code needs {needed}: run `make migrate`.")
