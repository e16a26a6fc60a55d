"""The SQL statements: one file each, `include/sql/<job>/<verb>_<thing>.sql`, named `<job>/<verb>_<thing>`.

Where a statement does the same for both sides its file has `side` in its name and `{side}` in its text. There are two
statements then, each with the name of its side in both places: `staging/read_salesforce` is made from
`staging/read_side.sql`. Where a part of a statement is the same for both sides it stands once, after a line `-- both:`
with what is written between the two, and before a line `-- end`. What is filled in comes from `_WORDS` alone, never
from data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from sqlalchemy import TextClause, text
from sqlalchemy.dialects import registry

import taskbridge
from taskbridge.core.model import TASKS, WITH_A_PROBLEM
from taskbridge.core.terms import Side
from taskbridge.core.writes import WRITES

_NO_STATEMENTS: Final = ("checks", "migrations", "views")
_WORDS: Final = {
    side: {
        "{side}": side.value,
        "{System}": side.system,
        "{half}": side.prefix,
        "{HALF}": side.prefix.upper(),
        "{columns}": ", ".join(TASKS[side].names),
        "{values}": ", ".join(name for name in TASKS[side].names if name != "payload"),
        "{blanks}": ", ".join(f"{name} = NULL" for name in TASKS[side].names if name not in WITH_A_PROBLEM),
        "{updates}": ", ".join(f"{name} = excluded.{name}" for name in TASKS[side].names[1:]),
    }
    for side in Side
}
_BOTH: Final = re.compile(r"^ *-- both: ?(.*)\n((?:.*\n)*?) *-- end\n", re.MULTILINE)
_NUMBERED: Final = registry.load("postgresql")(paramstyle="numeric_dollar")


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
    side = next((side for side in Side if side.value in name), None)
    if side is None:
        return _text(name)
    return _filled(_text(name.replace(side.value, "side")), side)


def _filled(text: str, side: Side) -> str:
    for word, meaning in _WORDS[side].items():
        text = text.replace(word, meaning)
    return text


def _text(name: str) -> str:
    text = (folder() / f"{name}.sql").read_text(encoding="utf-8").replace("{writes}", ", ".join(WRITES.names))
    return _BOTH.sub(lambda part: f" {part[1]}\n".join(_filled(part[2], side) for side in Side), text)


def names() -> list[str]:
    """All statements."""
    jobs = [job.name for job in folder().iterdir() if job.name not in _NO_STATEMENTS]
    files = [f"{job}/{entry.name.removesuffix('.sql')}" for job in jobs for entry in numbered_files(job)]
    of_a_side = {name: "{side}" in _text(name) for name in files}
    return [
        each
        for name, two in of_a_side.items()
        for each in ([name.replace("_side", f"_{side.value}") for side in Side] if two else [name])
    ]


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
