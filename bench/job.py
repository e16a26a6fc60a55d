"""The job of the benchmark: linked pairs with the mix of edits that a busy team leaves behind.

Of so many pairs 10 % changed in Sales Connect only, 10 % in Salesforce only, 3 % on both sides (half of
those the same field), 2 % are new and 1 % deleted on each side; half of the one-sided changes come without a
row of the other side. The same size gives the same job.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.frames import empty, frame
from taskbridge.core.model import HISTORY, LINKS, POPULATION, TASKS, USERS, PlanInput
from taskbridge.core.policy import Limits, Policy
from taskbridge.core.terms import GuardKind, Side

_NOW: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
_STAMP: Final = pa.timestamp("us", tz="UTC")
_USERS: Final = 200
_TEXT: Final = (
    "Angebot Rückruf Vertrag naïve façade señor Zürich 注文 確認 見積書 电话 客户 합의 전화 Привет договор "
    "call order follow-up quote meeting renewal pricing contract question delivery invoice reminder"
)
_WORDS: Final = tuple(_TEXT.split())
_EMOJI: Final = ("😀", "🚀", "👩‍💼")
"""In one sentence of sixteen, as in real tasks: a single one makes a Python string four times as big."""
_SENTENCES: Final = 4_096
_TEXTS: Final = {"title": 45, "details": 262, "campaign_name": 30}
_ACCOUNT: Final = "acc1"

_WORDS_OF: Final[dict[Side, dict[str, tuple[str, ...]]]] = {
    Side.SALES_CONNECT: {"status": ("open", "complete"), "priority": ("normal", "high")},
    Side.SALESFORCE: {"status": ("Not Started", "Completed"), "priority": ("Normal", "High")},
}
_EDITED: Final = ("status", "priority", "due_date", "details")
"""The fields that the edits touch, each edit one of them."""

Rows = npt.NDArray[np.int64]
Columns = dict[str, pa.Array]
Edits = tuple[Rows, Rows]
"""Rows that were edited, and for each the place of its field in `_EDITED`."""


def job(pairs: int) -> PlanInput:
    """The input of a plan for so many linked pairs."""
    draw = np.random.default_rng(20_260_302)
    cuts = np.cumsum([int(pairs * share) for share in (0.10, 0.10, 0.03, 0.01, 0.01)])
    only_sc, only_sf, both, gone_sc, gone_sf, _ = np.split(draw.permutation(pairs), cuts)
    here, there = _contested(draw, both)
    base, new = _values(draw, pairs), _values(draw, pairs // 50)
    staged = {
        Side.SALES_CONNECT: _staged(
            draw, Side.SALES_CONNECT, base, new, [_edits(draw, only_sc), here], gone_sc, only_sf[::2]
        ),
        Side.SALESFORCE: _staged(
            draw, Side.SALESFORCE, base, new, [_edits(draw, only_sf), there], gone_sf, only_sc[::2]
        ),
    }
    return PlanInput(
        links=frame(_links(draw, base, pairs)),
        sales_connect=frame(staged[Side.SALES_CONNECT]),
        salesforce=frame(staged[Side.SALESFORCE]),
        users=frame(_users()),
        history=empty(HISTORY),
        population=frame(_population(pairs)),
        account=_ACCOUNT,
        org="00D000000000001",
        sc_now=_NOW,
        sf_now=_NOW,
        # The whole plan is measured: with the usual limits most of a wave of this size would be held.
        policy=Policy(limits=dict.fromkeys(GuardKind, Limits(pairs, 1, pairs, 1, half_of_more_than=None))),
    )


def _edits(draw: np.random.Generator, rows: Rows) -> Edits:
    return rows, draw.integers(0, len(_EDITED), len(rows))


def _contested(draw: np.random.Generator, rows: Rows) -> tuple[Edits, Edits]:
    """Edits on both sides, every other pair in the same field."""
    rows, field = _edits(draw, rows)
    return (rows, field), (rows, (field + np.arange(len(rows)) % 2) % len(_EDITED))


def _values(draw: np.random.Generator, rows: int) -> dict[str, Any]:
    """Values of that many tasks; numbers where each side has words of its own."""
    types = pa.array(["email", "call", "inmail", "custom"])
    return {
        **{name: _texts(draw, rows, size) for name, size in _TEXTS.items()},
        "status": draw.integers(0, 2, rows),
        "priority": draw.integers(0, 2, rows),
        "owner": draw.integers(0, _USERS, rows),
        "due_date": pa.array(draw.integers(20_500, 20_700, rows).astype(np.int32)).cast(pa.date32()),
        "type": types.take(pa.array(draw.integers(0, len(types), rows))),
    }


def _texts(draw: np.random.Generator, rows: int, size: int) -> pa.Array:
    """Texts of about so many bytes, all different: some sentence and a number."""
    per_word = sum(len(word.encode()) + 1 for word in _WORDS) / len(_WORDS)
    picks = draw.integers(0, len(_WORDS), (_SENTENCES, round((size - 8) / per_word)))
    sentences = [" ".join(_WORDS[word] for word in line) for line in picks]
    sentences[::16] = [f"{text} {_EMOJI[place % 3]}" for place, text in enumerate(sentences[::16])]
    chosen = pa.array(sentences).take(pa.array(draw.integers(0, _SENTENCES, rows)))
    return pc.binary_join_element_wise(chosen, _numbered("", draw.permutation(rows)), " #")


def _numbered(prefix: str, numbers: Rows) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pc.cast(pa.array(numbers), pa.string()), "")


def _as_held(side: Side, values: dict[str, Any]) -> Columns:
    """The values in the words of a side."""
    words = {name: pa.array(words).take(pa.array(values[name])) for name, words in _WORDS_OF[side].items()}
    plain = {name: values[name] for name in ("title", "details", "due_date")}
    held = plain | words | {"owner": _user_ids(side).take(pa.array(values["owner"]))}
    if side is Side.SALES_CONNECT:
        held |= {"type": values["type"], "campaign_name": values["campaign_name"]}
    return held


def _edited(side: Side, values: dict[str, Any], edits: list[Edits]) -> Columns:
    """The values after the edits, in the words of a side."""
    place = np.concatenate([field for _, field in edits])
    rows = np.concatenate([rows for rows, _ in edits])
    touched = {}
    for number, name in enumerate(_EDITED):
        touched[name] = np.zeros(len(values["status"]), np.bool_)
        touched[name][rows[place == number]] = True
    after = dict(values)
    for name in ("status", "priority"):
        after[name] = np.where(touched[name], 1 - values[name], values[name])
    days = values["due_date"].cast(pa.int32()).to_numpy()
    later = 7 if side is Side.SALES_CONNECT else 14
    after["due_date"] = pa.array(days + later * touched["due_date"].astype(np.int32)).cast(pa.date32())
    longer = pc.binary_join_element_wise(values["details"], f"edited in {side}", "\n")
    after["details"] = pc.if_else(pa.array(touched["details"]), longer, values["details"])
    return _as_held(side, after)


def _staged(
    draw: np.random.Generator,
    side: Side,
    base: dict[str, Any],
    new: dict[str, Any],
    edits: list[Edits],
    gone: Rows,
    unread: Rows,
) -> pa.Table:
    """What a side's extract holds, in an order of its own."""
    pairs, created = len(base["status"]), len(new["status"])
    old, fresh = _edited(side, base, edits), _as_held(side, new)
    deleted = np.zeros(pairs + created, np.bool_)
    deleted[gone] = True
    read = np.ones(pairs + created, np.bool_)
    read[unread] = False
    order = draw.permutation(np.flatnonzero(read))
    stamp = _stamps(draw, pairs + created, after=_NOW - timedelta(hours=2))
    columns = {name: pa.concat_arrays([old[name], fresh[name]]) for name in old}
    columns = {
        name: pc.if_else(pa.array(deleted), pa.scalar(None, array.type), array)
        for name, array in columns.items()
    }
    columns |= {
        "remote_id": pa.concat_arrays([_ids(side, 0, pairs), _ids(side, 9, created)]),
        "presence": pa.array(["live", "deleted"]).take(pa.array(deleted.astype(np.int64))),
        "version": stamp,
        "modified_at": stamp,
        "created_at": stamp,
    }
    if side is Side.SALESFORCE:
        columns |= {
            "subtype": pa.repeat(pa.scalar("Task"), len(deleted)),
            "is_closed": pc.equal(columns["status"], "Completed"),
            "is_recurrence": pa.repeat(False, len(deleted)),
        }
    schema = TASKS[side]
    table = pa.table({name: array.take(pa.array(order)) for name, array in columns.items()})
    missing = {field.name: pa.nulls(len(order), field.type) for field in schema if field.name not in columns}
    return (
        pa.table({**{name: table[name] for name in table.column_names}, **missing})
        .select(schema.names)
        .cast(schema)
    )


def _links(draw: np.random.Generator, base: dict[str, Any], pairs: int) -> pa.Table:
    ids = _ids(Side.SALES_CONNECT, 0, pairs)
    stamp = _stamps(draw, pairs, after=_NOW - timedelta(days=20))
    columns: Columns = {
        "link_id": pc.binary_join_element_wise(f"sc:{_ACCOUNT}", ids, ":"),
        "origin": pa.repeat(pa.scalar(Side.SALES_CONNECT.value), pairs),
        "generation": pa.repeat(pa.scalar(1, pa.int32()), pairs),
        "state": pa.repeat(pa.scalar("linked"), pairs),
        "dirty": pa.repeat(False, pairs),
        "parked": pa.repeat(False, pairs),
    }
    for side in Side:
        columns |= {f"{side.prefix}_id": _ids(side, 0, pairs)}
        columns |= {f"{side.prefix}_version": stamp, f"{side.prefix}_modified_at": stamp}
        columns |= {f"{side.prefix}_{name}": array for name, array in _as_held(side, base).items()}
    arrays = [columns.get(field.name, pa.nulls(pairs, field.type)) for field in LINKS]
    return pa.Table.from_arrays(arrays, schema=LINKS).take(pa.array(draw.permutation(pairs)))


def _ids(side: Side, leading: int, rows: int) -> pa.Array:
    numbers = leading * 10_000_000 + np.arange(rows)
    return _numbered("" if side is Side.SALES_CONNECT else "00T5g00000", numbers)


def _user_ids(side: Side) -> pa.Array:
    return _numbered("user-" if side is Side.SALES_CONNECT else "0055g00000ABC", 10_000 + np.arange(_USERS))


def _stamps(draw: np.random.Generator, rows: int, after: datetime) -> pa.Array:
    """Stamps to the second within the hour after that time."""
    seconds = draw.integers(0, 3_600, rows) + int(after.timestamp())
    return pa.array(seconds * 1_000_000).cast(_STAMP)


def _users() -> pa.Table:
    switched_on = pa.repeat(pa.scalar(_NOW - timedelta(days=30), _STAMP), _USERS)
    yes, no = pa.repeat(True, _USERS), pa.repeat(False, _USERS)
    ids = [_user_ids(side) for side in Side]
    return pa.Table.from_arrays([*ids, yes, yes, no, switched_on, switched_on], schema=USERS)


def _population(pairs: int) -> pa.Table:
    counts = pa.repeat(pa.scalar(pairs // _USERS, pa.int64()), _USERS)
    return pa.Table.from_arrays([_user_ids(Side.SALES_CONNECT), counts], schema=POPULATION)
