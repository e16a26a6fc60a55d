"""From a page of JSON records to Arrow columns, one bad record never spoiling its page."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.bounds import TIME, YEARS
from taskbridge.sides.frames import Problem, stand_in_id, unstorable
from taskbridge.sides.storable import places

STAMP: Final = pa.timestamp("us", tz="UTC")
# ArrowInvalid and UnicodeEncodeError are among them.
_UNREADABLE: Final = (ValueError, TypeError, OverflowError)
# Arrow reads the year 0, which neither Python nor PostgreSQL can hold as a date.
_CALENDAR: Final = range(date.min.year, date.max.year + 1)
_LONGEST_ID: Final = 255

Convert = Callable[[Sequence[Any]], pa.Array]


class RecordColumns:
    """Records of a page, read column by column. What cannot be read is null and in `problems`."""

    def __init__(self, records: Sequence[Any]) -> None:
        self.problems: dict[int, Problem] = {}
        self._records: list[dict[str, Any]] = []
        for row, record in enumerate(records):
            if not isinstance(record, dict):
                self.problems[row] = Problem("BAD_VALUE", f"expected an object, got {_shown(record)}")
            self._records.append(record if isinstance(record, dict) else {})
        self._payloads = [_dumped(record) for record in records]

    def __len__(self) -> int:
        return len(self._records)

    def payloads(self) -> pa.Array:
        return pa.array([payload.decode() for payload in self._payloads], pa.string())

    def text(self, name: str, *, required: bool = False) -> pa.Array:
        return self._column(name, _texts, "a text", required)

    def key(self, name: str, *, required: bool = False) -> pa.Array:
        """The id of a record."""
        return self._column(name, _ids, f"an id of at most {_LONGEST_ID} characters", required)

    def label(self, name: str) -> pa.Array:
        """A text that only people read: shown as far as it can be stored."""
        return self._converted(name, self._values(name), _texts, "a text")

    def stamp(self, name: str, *, required: bool = False) -> pa.Array:
        return self._column(name, _stamps, TIME, required)

    def day(self, name: str) -> pa.Array:
        return self._column(name, _days, "a date of the calendar as YYYY-MM-DD", False)

    def flag(self, name: str, *, required: bool = False) -> pa.Array:
        return self._column(name, _flags, "true or false", required)

    def number(self, name: str, *, required: bool = False) -> pa.Array:
        """Whole numbers, as text."""
        return self._column(name, _numbers, "a whole number", required)

    def ids(self, column: pa.Array) -> pa.Array:
        """A required column of ids; a record without one gets a stand-in, so that it can be parked."""
        told = column.to_pylist()
        names = [value or stand_in_id(self._payloads[row]) for row, value in enumerate(told)]
        return pa.array(names, pa.string())

    def only(self, name: str, values: pa.Array, allowed: Sequence[str]) -> pa.Array:
        """The values, after a problem was noted for each that is none of `allowed`."""
        known = pc.is_in(values, pa.array(allowed, pa.string()))
        for row in pc.indices_nonzero(pc.and_(pc.invert(known), pc.is_valid(values))).to_pylist():
            seen = _shown(values[row].as_py())
            self._note(row, "BAD_VALUE", f"{name}: {seen} is none of {', '.join(allowed)}")
        return values

    def _column(self, name: str, convert: Convert, kind: str, required: bool) -> pa.Array:
        values = self._values(name)
        for row in places(values):
            self.problems.setdefault(row, unstorable(name))
        column = self._converted(name, values, convert, kind)
        if required:
            for row in pc.indices_nonzero(pc.is_null(column)).to_pylist():
                self._note(row, "MISSING_VALUE", f"{name} is empty, which no record may have")
        return column

    def _values(self, name: str) -> list[Any]:
        outer, _, inner = name.partition(".")
        if not inner:
            return [record.get(outer) for record in self._records]
        parts = [record.get(outer) for record in self._records]
        for row, part in enumerate(parts):
            if not isinstance(part, dict | None):
                self._note(row, "BAD_VALUE", f"{outer}: {_shown(part)} is not an object")
        return [part.get(inner) if isinstance(part, dict) else None for part in parts]

    def _converted(self, name: str, values: Sequence[Any], convert: Convert, kind: str) -> pa.Array:
        try:
            return convert(values)
        except _UNREADABLE:
            return self._one_by_one(name, values, convert, kind)

    def _one_by_one(self, name: str, values: Sequence[Any], convert: Convert, kind: str) -> pa.Array:
        readable: list[Any] = []
        for row, value in enumerate(values):
            try:
                convert([value])
                readable.append(value)
            except _UNREADABLE:
                readable.append(None)
                self._note(row, "BAD_VALUE", f"{name}: {_shown(value)} is not {kind}")
        return convert(readable)

    def _note(self, row: int, code: str, message: str) -> None:
        self.problems.setdefault(row, Problem(code, message))


def _texts(values: Sequence[Any]) -> pa.Array:
    return pa.array(values, pa.string())


def _ids(values: Sequence[Any]) -> pa.Array:
    column = _texts(values)
    # Longer ones do not fit into an index of the database.
    if pc.any(pc.greater(pc.utf8_length(column), _LONGEST_ID)).as_py():
        raise ValueError("no id")
    return column


def _stamps(values: Sequence[Any]) -> pa.Array:
    return _within(YEARS, pc.cast(_texts(values), STAMP))


def _days(values: Sequence[Any]) -> pa.Array:
    return _within(_CALENDAR, pc.cast(_texts(values), pa.date32()))


def _within(years: range, column: pa.Array) -> pa.Array:
    year = pc.year(column)
    if pc.any(pc.or_(pc.less(year, years[0]), pc.greater(year, years[-1]))).as_py():
        raise ValueError(f"not of the years {years[0]} to {years[-1]}")
    return column


def _flags(values: Sequence[Any]) -> pa.Array:
    return pa.array(values, pa.bool_())


def _numbers(values: Sequence[Any]) -> pa.Array:
    if any(isinstance(value, bool | float) for value in values):
        raise ValueError("no whole number")
    return pc.cast(pa.array(values, pa.int64()), pa.string())


def _shown(value: Any) -> str:
    shown = ascii(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def _dumped(record: Any) -> bytes:
    try:
        return orjson.dumps(record)
    except (TypeError, orjson.JSONEncodeError):
        pass
    try:
        return json.dumps(record).encode()
    except RecursionError:
        return b'"nested too deeply to be kept"'
