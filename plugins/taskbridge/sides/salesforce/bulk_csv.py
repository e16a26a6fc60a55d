"""The CSV of Bulk API 2.0: what is written into a job, and what comes out of one.

An empty cell says nothing and `#N/A` clears a field, so the text "#N/A" itself cannot be written. Read, an empty cell
is null: Salesforce has no empty texts.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from taskbridge.core.frames import Row, rows_of
from taskbridge.core.terms import FIELDS, Op
from taskbridge.sides.answers import RemoteError
from taskbridge.sides.frames import masked, unsendable
from taskbridge.sides.salesforce.marking import Marking
from taskbridge.sides.salesforce.records import WIRE, encode_create, encode_fields
from taskbridge.sides.storable import cleaned

CLEARED: Final = "#N/A"
_ERROR: Final = re.compile(r"([A-Z][A-Z0-9_]*):(.*):([^:]*)--", re.DOTALL)
_FLAGS: Final = {"true": True, "false": False}
_FLAG_FIELDS: Final = ("IsDeleted", "IsClosed", "IsRecurrence", "IsArchived")

csv.field_size_limit(
    10_000_000
)  # a Description has 32,000 characters, a formula field or a message may have more


def holds(row: Row) -> bool:
    """Whether the row's texts come through a CSV as they are.

    Left to collections: the text "#N/A", empty texts, control characters, which are refused there row by row, and
    line breaks with CR: a job has one kind of line end, and in orgs that count those within quotes another one fails
    the whole job.
    """
    texts = [value for value in masked(row).values() if isinstance(value, str)]
    if any(text in ("", CLEARED) or "\r" in text for text in texts):
        return False
    return unsendable(masked(row)) is None


def for_a_file(op: Op, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that a CSV holds, sorted by contact or lead, then owner: rows of the same parent are saved together, not
    at the same time."""
    rows = rows.sort_values(["person", "owner" if op is Op.CREATE else "seen_owner", "seq"])
    fitting = pd.Series([holds(row) for row in rows_of(rows)], index=rows.index, dtype=bool)
    return rows[fitting].reset_index(drop=True)


def file_of(op: Op, rows: Sequence[Row], marking: Marking) -> Iterator[bytes]:
    """Header and records, each ended by LF. Fields that no row writes have no column."""
    records = [_record(op, row, marking) for row in rows]
    named = {name for record in records for name in record}
    header = [
        name for name in ("Id", *(WIRE[name] for name in FIELDS), "WhoId", *marking.fields) if name in named
    ]
    yield _line(header)
    for record in records:
        yield _line([_cell(record[name]) if name in record else "" for name in header])


def _record(op: Op, row: Row, marking: Marking) -> dict[str, Any]:
    if op is Op.CREATE:
        return encode_create(row, marking)
    return {"Id": row["remote_id"], **encode_fields(row)}


def _cell(value: str | None) -> str:
    return CLEARED if value is None else value


def _line(cells: Sequence[str]) -> bytes:
    return (",".join('"' + cell.replace('"', '""') + '"' if cell else "" for cell in cells) + "\n").encode()


def read_file(content: bytes) -> list[dict[str, str]]:
    """The records of a result file by column, every text of it storable; none for an empty file. Raises csv.Error for
    one that is none."""
    file = io.StringIO(content.decode("utf-8", "surrogateescape"), newline="")
    return [cleaned(record) for record in csv.DictReader(file, strict=True)]


def read_error(told: str) -> RemoteError:
    """`CODE:message:fields--`, where fields are separated by blanks or commas; anything else is a message."""
    if found := _ERROR.fullmatch(told.strip()):
        fields = tuple(found[3].replace(",", " ").split())
        return RemoteError(found[1], found[2], fields)
    return RemoteError("UNKNOWN_EXCEPTION", told)


def as_records(rows: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Records of a query's CSV as the same query would give them in JSON."""
    return [{name: _value(name)(cell) for name, cell in row.items()} for row in rows]


def _value(name: str) -> Callable[[str], Any]:
    return _flag if name in _FLAG_FIELDS else _text


def _text(cell: str) -> str | None:
    return cell or None


def _flag(cell: str) -> Any:
    """What is neither true nor false stays a text, and is a problem of its record."""
    return _FLAGS.get(cell, cell or None)
