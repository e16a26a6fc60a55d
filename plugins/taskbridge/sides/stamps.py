"""Versions of records as a listing shows them, for looking whether there is anything to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from taskbridge.core.bounds import moment
from taskbridge.core.stamps import Stamp

MOST_STAMPS: Final = 200
"""So many are asked for where a system lets us choose."""


def stamped(
    rows: Sequence[Any], key: str, stamp: str, owner: str, *, gone: bool = False
) -> tuple[Stamp, ...]:
    """What can be understood of the rows. `gone`: all of them are deleted; else Salesforce's IsDeleted tells."""
    found = []
    for row in rows:
        try:
            at, remote_id = moment(row[stamp]), str(row[key])
            whose = None if row.get(owner) is None else str(row[owner])
        except (AttributeError, KeyError, TypeError, ValueError):
            continue  # the run that reads it says what is wrong with it
        found.append(Stamp(remote_id, at, whose, gone or row.get("IsDeleted") is True))
    return tuple(found)
