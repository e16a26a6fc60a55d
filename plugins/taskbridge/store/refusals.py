"""What the database's errors mean, in one sentence and without a value of any row: those are people's tasks.

The server's own words are left out: they quote what was to be written, in DETAIL and CONTEXT and often before them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import adbc_driver_manager
import psycopg

from taskbridge.errors import DatabaseFull, DatabaseRefused, TaskBridgeError

_FULL: Final = "53100"


def refused_by_psycopg(place: str, error: BaseException | None) -> TaskBridgeError:
    """`error` may be another than psycopg's, of a driver underneath."""
    if not isinstance(error, psycopg.Error):
        return _refused(place, None, type(error).__name__, ())
    seen = error.diag
    where = (("constraint", seen.constraint_name), ("table", seen.table_name), ("column", seen.column_name))
    return _refused(place, error.sqlstate, type(error).__name__, where)


def refused_by_adbc(place: str, error: adbc_driver_manager.Error) -> TaskBridgeError:
    return _refused(place, error.sqlstate, type(error).__name__, ())


def _refused(
    place: str, state: str | None, name: str, where: Iterable[tuple[str, str | None]]
) -> TaskBridgeError:
    if state == _FULL:
        return DatabaseFull(
            f"The {place} has no space left on its disk, so that nothing was written; free some or enlarge it. What "
            "was sent to a system meanwhile is looked up by the next run."
        )
    named = "".join(f", {what} {which}" for what, which in where if which)
    return DatabaseRefused(
        f"The {place} refused a statement ({name}{f' {state}' if state else ''}{named}). Its own log has the whole "
        "text, which holds values of tasks; report it with this line."
    )
