"""Data checks: a question a file, asked of what was staged and planned before anything is written.

A file is one SELECT that answers the rows that break the check, in its one column a name of the row: an id, no text
of a task. It begins with two comments, `-- Proves: ...` and `-- Remedy: ...`, asks for one run by `:run_id`, and has no
semicolon. Files are those of `include/sql/checks`, and of the folder that the environment variable TASKBRIDGE_CHECKS
names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from taskbridge.core.run import Run
from taskbridge.errors import CheckInvalid
from taskbridge.store import statements
from taskbridge.store.database import Database, Transaction, is_unavailable

FOLDER: Final = "checks"
VARIABLE: Final = "TASKBRIDGE_CHECKS"
NAMED: Final = 5
"""So many rows that break a check are named."""
SECONDS: Final = 30
"""For so long all checks of a run may take: the run holds its lease meanwhile."""
NO_RUN: Final = -1
_FORM: Final = re.compile(
    r"-- Proves: (?P<proves>\S.*)\n-- Remedy: (?P<remedy>\S.*)\n(?P<query>(?:--.*\n)*(?:SELECT|WITH)\b[^;]*)\Z"
)
_FAULT_OF_THE_QUERY: Final = "42"  # syntax, names, rights: such a message quotes the query and no row
_ONE: Final = """
SELECT '{name}' AS name, count(*) AS rows, (array_agg("key" ORDER BY "key"))[1:{named}] AS keys
FROM (SELECT found."key"::text FROM (
{query}
) AS found ("key")) AS named
"""


@dataclass(frozen=True)
class Check:
    """One file."""

    name: str
    proves: str
    remedy: str
    query: str


@dataclass(frozen=True)
class Broken:
    """A check that rows break. `keys`: the first of their names."""

    check: Check
    rows: int
    keys: tuple[str, ...]


@dataclass
class Checks:
    _db: Database

    def broken(self, run: Run) -> Sequence[Broken]:
        """Those that rows of the run break, by one statement within the transaction under way.

        Raises CheckInvalid for a file that is no check, or that the database does not carry out in time.
        """
        return self._ask(run.run_id, read())

    def try_out(self) -> Sequence[Check]:
        """All checks, after the database has understood each. Raises CheckInvalid."""
        checks = read()
        self._ask(NO_RUN, checks)
        return checks

    def _ask(self, run_id: int, checks: Sequence[Check]) -> Sequence[Broken]:
        with self._db.transaction() as tx:
            try:
                answered = _answers(tx, run_id, checks)
            except DBAPIError as error:
                if is_unavailable(error):
                    raise
                _name_the_culprit(tx, run_id, checks)
                raise
        by_name = {check.name: check for check in checks}
        return [Broken(by_name[row.name], row.rows, tuple(row.keys)) for row in answered if row.rows]


def read() -> tuple[Check, ...]:
    """All checks in the order of their names. Raises CheckInvalid."""
    files = [(entry.name, entry) for entry in statements.numbered_files(FOLDER)]
    if own := os.environ.get(VARIABLE):
        if not Path(own).is_dir():
            raise CheckInvalid(f"The environment variable {VARIABLE} is {own!r}, and no folder is there.")
        files += ((str(path), path) for path in sorted(Path(own).glob("*.sql")))
    found: dict[str, Check] = {}
    for place, file in files:
        check = parse(place, file)
        if check.name in found:
            raise CheckInvalid(f"There are two data checks {check.name}: rename {place}.")
        found[check.name] = check
    return tuple(found[name] for name in sorted(found))


def parse(place: str, file: Traversable) -> Check:
    """The check in a file. Raises CheckInvalid, which says what a file has to be like."""
    name = file.name.removesuffix(".sql")
    seen = _FORM.match(file.read_text(encoding="utf-8").rstrip() + "\n")
    if seen is None or not re.fullmatch(r"[a-z]\w*", name) or _asked_for(seen["query"]) != {"run_id"}:
        raise CheckInvalid(
            f"The file {place} is no data check; expected a name of small letters, the lines `-- Proves: ...` and "
            "`-- Remedy: ...`, and one SELECT with `:run_id`, no other parameter and no semicolon."
        )
    return Check(name, seen["proves"].strip(), seen["remedy"].strip(), seen["query"].rstrip())


def _asked_for(query: str) -> set[str]:
    return set(text(query)._bindparams)


def _answers(tx: Transaction, run_id: int, checks: Iterable[Check]) -> Sequence[Any]:
    """(name, rows, keys) of each check. What fails within leaves the transaction as it was."""
    parts = (_ONE.format(name=check.name, query=check.query, named=NAMED) for check in checks)
    with tx.connection.begin_nested():
        tx.run("run/limit_time", limit=f"{SECONDS}s")
        return tx.run_text(text(" UNION ALL ".join(parts)), run_id=run_id).all()


def _name_the_culprit(tx: Transaction, run_id: int, checks: Iterable[Check]) -> None:
    for check in checks:
        try:
            _answers(tx, run_id, [check])
        except SQLAlchemyError as error:
            seen = getattr(error, "orig", None)
            state = str(getattr(seen, "sqlstate", None) or type(error).__name__)
            said = f": {seen.diag.message_primary}" if seen and state.startswith(_FAULT_OF_THE_QUERY) else ""
            raise CheckInvalid(
                f"The database does not carry out the data check {check.name} ({state}{said}; at most {SECONDS} s are "
                "given to it). Nothing was written. Correct its file, or take it away."
            ) from None
