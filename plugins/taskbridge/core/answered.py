"""What a plan makes of each row of the requests that a person has answered, and why a row is left out (G3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import (
    Columns,
    Flags,
    Positions,
    array,
    columns,
    distinct,
    equals,
    find,
    is_in,
    take,
    whole,
)
from taskbridge.core.draft import Ends
from taskbridge.core.guard import FIELD_OF
from taskbridge.core.model import ANSWERED, LEFT_OUT, PlanInput
from taskbridge.core.terms import FIELDS, SEEN_FIELDS, Answer, ApprovalKind, GuardKind, RowEnd
from taskbridge.core.verdicts import Parts, compared

MOVED: Final = "MOVED"
NO_LONGER_PLANNED: Final = "NO_LONGER_PLANNED"
_SHOWN: Final = 60
_VALUES: Final = (*FIELDS, *SEEN_FIELDS)


def what_became(
    actions: pa.Table, parts: Parts, pieces: pd.DataFrame, ends: Ends, given: PlanInput
) -> tuple[pa.Table, pa.Table]:
    """ANSWERED of the rows that were answered, and LEFT_OUT of those that are not carried out. A person approves what
    was shown: the same values over the same values."""
    rows = columns(given.approvals)
    near, same = (_action_of(row, parts, len(given.approvals)) for row in (parts.row, parts.same_row))
    answered = np.flatnonzero(is_in(rows["answer"], [Answer.APPROVED, Answer.REJECTED]))
    left = answered[same[answered] < 0]
    code, reason = _why_not(rows, left, near[left], actions, ends, given)
    kinds = pa.array([kind.value for kind in FIELD_OF])
    field = take(pa.array(list(FIELD_OF.values())), find(take(rows["kind"], left), kinds))
    what = {name: take(rows[name], left) for name in ("link_id", "side")}
    left_out = pa.table(what | {"field": field, "code": code, "reason": reason}, schema=LEFT_OUT)
    approved = equals(take(rows["answer"], answered), Answer.APPROVED)
    done = same[answered] >= 0
    seq = np.where(approved & done, _piece_of(pieces, len(actions))[same[answered]], -1)
    end = np.select([~done, ~approved], [RowEnd.LEFT_OUT.value, RowEnd.REJECTED.value], "")
    told = pa.table(
        {
            "row_id": take(rows["row_id"], answered),
            "seq": pa.array(seq.astype(np.int32), mask=seq < 0),
            "end": pa.array(end.tolist(), pa.string(), mask=done & approved),
            "reason": take(reason, np.where(done, -1, np.cumsum(~done) - 1)),
        },
        schema=ANSWERED,
    )
    return told, left_out


def _action_of(row: Positions, parts: Parts, rows: int) -> Positions:
    """Per row of a request the action that is about it, or -1."""
    found = np.full(rows, -1, np.int64)
    found[row[row >= 0]] = parts.action[row >= 0]
    return found


def _piece_of(pieces: pd.DataFrame, actions: int) -> Positions:
    """Per action what is left of it in the plan, or -1; in the end one for no action."""
    found = np.full(actions + 1, -1, np.int64)
    left = pieces[pieces["part"] < 0]
    found[left["origin"].to_numpy()] = left.index.to_numpy()
    return found


def _why_not(
    rows: Columns, left: Positions, place: Positions, actions: pa.Table, ends: Ends, given: PlanInput
) -> tuple[pa.Array, pa.Array]:
    """Code and reason for each of these rows; `place` is the action that took its place, or -1."""
    now = {name: take(whole(actions, name), place) for name in _VALUES}
    then = {name: take(rows[name], left) for name in _VALUES}
    moved = pa.repeat(pa.scalar(""), len(left))
    for name, concerned in _concerned(take(rows["kind"], left)):
        here = pa.array(concerned & distinct(then[name], now[name]))
        said = _join(f"; {_label(name)} was ", _shown(then[name]), ", is now ", _shown(now[name]))
        moved = pc.if_else(here, _join(moved, said), moved)
    pair = find(take(rows["link_id"], left), array(given.links["link_id"].array))
    end = _join("the pair ended as ", take(ends.dispositions, pair), " by ", take(ends.rule_names, pair))
    gone = _join(
        "nothing of the kind is planned any more: ", pc.coalesce(end, pa.scalar("the pair was not read"))
    )
    is_moved = pa.array(place >= 0)
    code = pc.if_else(is_moved, MOVED, NO_LONGER_PLANNED)
    return code, pc.if_else(is_moved, pc.utf8_slice_codeunits(moved, 2), gone)


def _concerned(kinds: pa.Array) -> Iterator[tuple[str, Flags]]:
    """The columns that were shown to the person, and of which of these rows."""
    for kind in ApprovalKind:
        of_kind = equals(kinds, kind)
        for name in compared(GuardKind.DELETE if kind is ApprovalKind.MISSING else GuardKind(kind)):
            yield name, of_kind


def _label(column: str) -> str:
    name = column.removeprefix("seen_")
    return f"the present {name}" if column != name else f"the new {name}"


def _shown(values: pa.Array) -> pa.Array:
    text = pc.cast(values, pa.string())
    return pc.utf8_slice_codeunits(pc.fill_null(text, "(empty)"), 0, _SHOWN)


def _join(*parts: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")
