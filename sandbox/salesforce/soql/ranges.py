"""Date literals such as TODAY and LAST_N_DAYS:7, each a span of whole days in the user's time zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_COUNTED = re.compile(r"(LAST|NEXT)_N_(DAY|WEEK|MONTH|QUARTER|YEAR)S\s*:\s*(\d+)", re.IGNORECASE)
_AGO = re.compile(r"N_(DAY|WEEK|MONTH|QUARTER|YEAR)S_AGO\s*:\s*(\d+)", re.IGNORECASE)
_NAMED = re.compile(r"(LAST|THIS|NEXT)_(WEEK|MONTH|QUARTER|YEAR)", re.IGNORECASE)
_DAYS = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}


def _period(day: date, unit: str) -> date:
    """The first day of the period that holds `day`; weeks begin on Sunday."""
    if unit == "DAY":
        return day
    if unit == "WEEK":
        return day - timedelta(days=(day.weekday() + 1) % 7)
    if unit == "YEAR":
        return day.replace(month=1, day=1)
    return day.replace(month=day.month if unit == "MONTH" else (day.month - 1) // 3 * 3 + 1, day=1)


def _move(day: date, unit: str, count: int) -> date:
    if unit in ("DAY", "WEEK"):
        return day + timedelta(days=count * (7 if unit == "WEEK" else 1))
    months = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}[unit] * count + day.year * 12 + day.month - 1
    return date(months // 12, months % 12 + 1, 1)


def day_span(literal: str, today: date) -> tuple[date, date] | None:
    """First day and the day after the last; None if there is no such literal."""
    word = literal.upper()
    if word in _DAYS:
        first = today + timedelta(days=_DAYS[word])
        return first, first + timedelta(days=1)
    if word in ("LAST_90_DAYS", "NEXT_90_DAYS"):
        return day_span(word.replace("90", "N") + ":90", today)
    if match := _NAMED.fullmatch(word):
        first = _move(_period(today, match[2]), match[2], {"LAST": -1, "THIS": 0, "NEXT": 1}[match[1]])
        return first, _move(first, match[2], 1)
    if match := _AGO.fullmatch(word):
        first = _move(_period(today, match[1]), match[1], -int(match[2]))
        return first, _move(first, match[1], 1)
    if match := _COUNTED.fullmatch(word):
        return _counted(match[1], match[2], int(match[3]), today)
    return None


def _counted(direction: str, unit: str, count: int, today: date) -> tuple[date, date]:
    this = _period(today, unit)
    following = _move(this, unit, 1)
    if direction == "NEXT":
        return following, _move(following, unit, count)
    # LAST_N_DAYS reaches up to and with today; the longer units end before the running period.
    return _move(this, unit, -count), following if unit == "DAY" else this


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
