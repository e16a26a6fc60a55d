"""Which times and numbers are believed: no system gives others, and far from the ends every margin can be added."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, TypeGuard

YEARS: Final = range(1900, 3000)
"""Of a record, a window, a clock."""

LAST_NUMBER: Final = 2**63 - 1
"""Of a run, a conflict, a request."""

TIME: Final = f"a time with zone, of the years {YEARS[0]} to {YEARS[-1]}"


def moment(text: str) -> datetime:
    """A time with zone, in UTC. Raises ValueError for anything else, and for a year that is not believed."""
    try:
        told = datetime.fromisoformat(text)
        found = told.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"not {TIME}") from None
    if told.tzinfo is None or found.year not in YEARS:
        raise ValueError(f"not {TIME}")
    return found


def is_number(value: object) -> TypeGuard[int]:
    """Whether something can be the number of a run, a conflict or a request."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LAST_NUMBER
