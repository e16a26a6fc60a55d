"""Times as this API writes them: ISO 8601 with microseconds and Z, so that text order is time order."""

import re
from datetime import UTC, date, datetime

_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def is_stamp(value: object) -> bool:
    return isinstance(value, str) and _STAMP.fullmatch(value) is not None


def parse_filter_time(value: str) -> str:
    """A time with zone as a stamp; raises ValueError for anything else."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError("must be an ISO 8601 time with a zone, for example 2026-01-31T08:30:00.000000Z")
    return stamp(moment)


def check_date(value: str) -> str:
    """A calendar date as text; raises ValueError for anything else."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        try:
            date.fromisoformat(value)
            return value
        except ValueError:
            raise ValueError("is not a date of the calendar") from None
    raise ValueError("must be a date as YYYY-MM-DD")
