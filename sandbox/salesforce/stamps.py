"""Dates and times as text: in canonical form text order is time order, so no query has to parse them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime

_DATETIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})", re.IGNORECASE
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_FIRST_YEAR, _LAST_YEAR = 1700, 4000


def stamp(moment: datetime) -> str:
    """`2026-05-01T07:25:37.000+0000`: the API's own form, milliseconds as given."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def system_stamp(moment: datetime) -> str:
    """The form of system fields, which have whole seconds only."""
    return stamp(moment.replace(microsecond=0))


def parse_datetime(text: str) -> datetime | None:
    """An aware UTC datetime from ISO 8601 with `Z` or an offset; None if it is anything else."""
    match = _DATETIME.fullmatch(text)
    if match is None:
        return None
    day, time, fraction, zone = match.groups()
    offset = "+00:00" if zone in "Zz" else zone
    micro = (fraction or "").ljust(6, "0")[:6]
    try:
        moment = datetime.fromisoformat(f"{day}T{time}.{micro}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if _FIRST_YEAR <= moment.year <= _LAST_YEAR else None


def parse_date(text: str) -> date | None:
    """A date from `YYYY-MM-DD`; None if it is anything else or no day of the calendar."""
    if not _DATE.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if _FIRST_YEAR <= day.year <= _LAST_YEAR else None


def http_date(moment: datetime) -> str:
    """`Wed, 15 Jul 2026 12:00:00 GMT`, as headers have it."""
    return format_datetime(moment, usegmt=True)


def parse_http_date(text: str) -> datetime | None:
    """None if it is anything else."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return None
