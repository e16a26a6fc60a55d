"""The SQL statements: one file each, `include/sql/<job>/<verb>_<thing>.sql`, named `<job>/<verb>_<thing>`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from sqlalchemy import TextClause, text
from sqlalchemy.dialects import registry

import taskbridge

_NUMBERED = registry.load("postgresql")(paramstyle="numeric_dollar")


@cache
def folder() -> Traversable:
    """Where the SQL is: inside an installed package, or beside `plugins/` in a checkout.

    Raises FileNotFoundError when it is in neither place, that is, when the package was built without it.
    """
    installed = files(taskbridge) / "sql"
    if installed.is_dir():
        return installed
    checkout = Path(taskbridge.__file__).resolve().parents[2] / "include" / "sql"
    if checkout.is_dir():
        return checkout
    raise FileNotFoundError(
        f"The SQL statements are neither in {installed} nor in {checkout}. Install taskbridge again."
    )


@cache
def source(name: str) -> str:
    """The text of a statement, for example `source("lease/take_lease")`."""
    return (folder() / f"{name}.sql").read_text(encoding="utf-8")


@cache
def clause(name: str) -> TextClause:
    """A statement for SQLAlchemy; its parameters are `:name`."""
    return text(source(name))


@cache
def numbered(name: str) -> tuple[str, Sequence[str]]:
    """A statement for ADBC, with `$1`, `$2` ..., and the parameter names in that order."""
    compiled = clause(name).compile(dialect=_NUMBERED)
    return str(compiled), tuple(compiled.positiontup or ())


def numbered_files(job: str) -> list[Traversable]:
    """The `.sql` files of a folder in the order of their names."""
    found = (entry for entry in (folder() / job).iterdir() if entry.name.endswith(".sql"))
    return sorted(found, key=lambda entry: entry.name)
