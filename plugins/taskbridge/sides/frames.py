"""The edge between the systems' records and canonical frames."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core import canonical
from taskbridge.core.arrays import to_table
from taskbridge.core.frames import frame
from taskbridge.core.model import TASKS, WITH_A_PROBLEM
from taskbridge.core.terms import BIT, FIELDS, TEMPLATE_INPUTS, Presence, Side
from taskbridge.sides import storable

_TEXTS: Final = frozenset({"title", "details", *TEMPLATE_INPUTS})
Item = TypeVar("Item")
_SCOPE: Final = frozenset(
    {"owner", "subtype", "is_closed", "is_recurrence", "created_at", "completed_at", "marker"}
)


@dataclass(frozen=True)
class Problem:
    """Why a record cannot be understood: a code of `outcomes.CODES` and a sentence."""

    code: str
    message: str


def unstorable(name: str) -> Problem:
    """Of a record with a value that was not stored as it came."""
    return Problem(storable.CODE, f"{name} holds NUL or half a character, which no database can hold")


def task_frame(
    side: Side,
    columns: Mapping[str, pa.Array | Sequence[Any]],
    rows: int,
    problems: Mapping[int, Problem] | None = None,
) -> pd.DataFrame:
    """A frame of `TASKS[side]`; columns that are not given are null.

    Texts become canonical. A row with a problem, or with control characters in a text, keeps its id, presence
    and payload; its other values are null. A Salesforce task in the bin whose version is known has none: besides
    what tells whether it took part (C2, C3), nothing that it holds matters any more.
    """
    schema = TASKS[side]
    problems = dict(problems or {})
    arrays = {
        column.name: _array(columns[column.name], column.type)
        if column.name in columns
        else pa.nulls(rows, column.type)
        for column in schema
    }
    for name in _TEXTS & arrays.keys():
        _find_control_characters(name, arrays[name], problems)
        arrays[name] = canonical.text(arrays[name])
    if problems:
        _blank(side, arrays, problems, rows)
    return frame(pa.table(arrays, schema=schema))


def _array(values: pa.Array | Sequence[Any], kind: pa.DataType) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(values, kind)


def _find_control_characters(name: str, values: pa.Array, problems: dict[int, Problem]) -> None:
    for row in pc.indices_nonzero(canonical.has_control(values)).to_pylist():
        problems.setdefault(row, Problem("CONTROL_CHARACTERS", f"{name} holds control characters"))


def _blank(side: Side, arrays: dict[str, pa.Array], problems: Mapping[int, Problem], rows: int) -> None:
    in_bin = pc.and_(
        pc.equal(arrays["presence"], Presence.DELETED.value),
        pc.and_(pc.is_valid(arrays["version"]), side is Side.SALESFORCE),
    )
    bad = pa.array([row in problems for row in range(rows)])
    for name in arrays.keys() - WITH_A_PROBLEM:
        blank = pc.and_not(bad, in_bin) if name in _SCOPE | {"version"} else bad
        arrays[name] = pc.if_else(blank, pa.scalar(None, arrays[name].type), arrays[name])
    found = [None if gone else problems.get(row) for row, gone in enumerate(in_bin.to_pylist())]
    arrays["problem_code"] = pa.array([problem and problem.code for problem in found], pa.string())
    arrays["problem_message"] = pa.array([problem and problem.message for problem in found], pa.string())


def absent_rows(side: Side, ids: Sequence[str], presence: Presence = Presence.ABSENT) -> pd.DataFrame:
    """Rows that say of records only whether they are there."""
    return task_frame(side, {"remote_id": list(ids), "presence": [presence] * len(ids)}, len(ids))


def stack(side: Side, frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The frames one below the other; an empty frame of the side's schema when there is none."""
    tables = [to_table(part, TASKS[side]) for part in frames]
    return frame(pa.concat_tables([TASKS[side].empty_table(), *tables]))


def masked(row: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a WRITES row that are to be sent, by column name; None clears a field."""
    return {name: row[name] for name in FIELDS if row["mask"] & BIT[name]}


def unsendable(fields: Mapping[str, Any]) -> str | None:
    """Why these values must not be sent, or None: no system keeps control characters faithfully."""
    names = [name for name in ("title", "details") if fields.get(name)]
    for name in names:
        if canonical.has_control(pa.array([fields[name]], pa.string()))[0].as_py():
            return f"{name} holds control characters"
    return None


def stand_in_id(payload: bytes) -> str:
    """A name for a record that came without its id, always the same one, so that it is parked once."""
    return "without-id-" + hashlib.sha256(payload).hexdigest()[:20]


def lots(values: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """The values in order, in lots of at most `size`."""
    return (values[start : start + size] for start in range(0, len(values), size))
