"""Actions cut into what goes on and what waits, and the base that follows each piece (G3)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import Flags, Masks, Positions, array, choose, equals, flags, take, whole
from taskbridge.core.guard import names
from taskbridge.core.model import ACTIONS, LEDGER_CHANGES, PlanInput
from taskbridge.core.terms import ALL_FIELDS, BIT, ActionState, Op
from taskbridge.core.verdicts import APPROVED, HELD, KINDS, REJECTED, Parts


def cut(actions: pa.Table, parts: Parts) -> pd.DataFrame:
    """One row for each action of the plan, which its index numbers. Columns: `origin` (int64), the action as drafted;
    `part` (int64), the row of `parts` that was split off, or -1 for what is left; `mask` (int32)."""
    update = equals(whole(actions, "op"), Op.UPDATE)
    rest = whole(actions, "mask").to_numpy() & ~parts.fields(HELD, REJECTED)
    left = np.flatnonzero(np.where(update, rest != 0, ~parts.records(REJECTED)))
    split = np.flatnonzero((parts.verdict == HELD) & ~parts.is_record)
    pieces = pd.DataFrame(
        {
            "origin": np.concatenate([left, parts.action[split]]),
            "part": np.concatenate([np.full(len(left), -1), split]),
            "mask": np.concatenate([rest[left], parts.bit[split]]).astype(np.int32),
        }
    )
    return pieces.sort_values("origin", kind="stable", ignore_index=True)


def actions_of(pieces: pd.DataFrame, actions: pa.Table, parts: Parts, given: PlanInput) -> pa.Table:
    """ACTIONS of the pieces."""
    origin, part = pieces["origin"].to_numpy(), pieces["part"].to_numpy()
    split, held = part >= 0, _is_held(pieces, parts)
    rule, by_limit = take(whole(actions, "rule"), origin), pa.array(held & ~parts.held_before[origin])
    told = {name: take(whole(actions, name), origin) for name in ACTIONS.names}
    told |= {
        "seq": pa.array(np.arange(len(pieces), dtype=np.int32)),
        "mask": pa.array(pieces["mask"].to_numpy()),
        "kind": choose(split, _word(parts.kind, part), take(_counts_for(parts), origin)),
        "asks": choose(split, _word(parts.kind, part), take(_asks(parts), origin)),
        "approval_id": _requests(pieces, parts, given),
        "rule": pc.if_else(by_limit, pc.binary_join_element_wise(rule, "G3", ","), rule),
        "state": pc.if_else(pa.array(held), ActionState.HELD.value, ActionState.PLANNED.value),
    }
    return pa.table(told, schema=ACTIONS)


def _is_held(pieces: pd.DataFrame, parts: Parts) -> Flags:
    waits = parts.records(HELD) | (parts.held_before & ~parts.records(APPROVED))
    held: Flags = (pieces["part"].to_numpy() >= 0) | waits[pieces["origin"].to_numpy()]
    return held


def _word(kinds: npt.NDArray[np.int64], part: Positions) -> pa.Array:
    words = pa.array([kind.value for kind in KINDS])
    return take(words.take(pa.array(kinds)), part)


def _counts_for(parts: Parts) -> pa.Array:
    """What is left of each action counts for: nothing that was split off, and nothing that a person answered."""
    counts = ~np.isin(parts.verdict, (APPROVED, REJECTED)) & (parts.is_record | (parts.verdict != HELD))
    return names(parts.kinds(counts), len(parts.held_before))


def _asks(parts: Parts) -> pa.Array:
    """The kind of request that a held create or delete waits for."""
    return take(parts.asks, parts.of_actions((parts.verdict == HELD) & parts.is_record))


def _requests(pieces: pd.DataFrame, parts: Parts, given: PlanInput) -> pa.Array:
    """The request that a piece waits for, or that released a part of what is left."""
    of_rest = parts.of_actions((parts.verdict == APPROVED) | ((parts.verdict == HELD) & parts.is_record))
    part = np.where(pieces["part"] >= 0, pieces["part"], of_rest[pieces["origin"]])
    row = np.append(parts.same_row, -1)[part]  # for a part of -1 there is none
    return take(array(given.approvals["approval_id"].array), row)


def share(changes: pa.Table, pieces: pd.DataFrame, actions: pa.Table) -> pa.Table:
    """LEDGER_CHANGES that wait for the pieces: each piece's share of what the base follows."""
    of_action = change_of(changes, len(actions))
    origin = pieces["origin"].to_numpy()
    followed = of_action[origin] >= 0
    origin, update = origin[followed], equals(whole(actions, "op"), Op.UPDATE)
    masks = np.where(update[origin], pieces["mask"].to_numpy()[followed], np.int32(ALL_FIELDS))
    taken = changes.take(pa.array(of_action[origin]))
    return replaced(
        taken,
        seq=pa.array(np.flatnonzero(followed).astype(np.int32)),
        sc_mask=_within(taken, "sc_mask", masks),
        sf_mask=_within(taken, "sf_mask", masks),
        inputs=pa.array(flags(whole(taken, "inputs")) & ((masks & BIT["title"]) != 0)),
    )


def change_of(changes: pa.Table, actions: int) -> Positions:
    """Per action the change that waits for it, or -1."""
    seq = pc.fill_null(whole(changes, "seq"), -1).to_numpy()
    place = np.full(actions, -1, np.int64)
    place[seq[seq >= 0]] = np.flatnonzero(seq >= 0)
    return place


def replaced(changes: pa.Table, **values: pa.Array) -> pa.Table:
    """The changes with other values in some columns."""
    given = {name: changes[name] for name in LEDGER_CHANGES.names}
    return pa.table(given | values, schema=LEDGER_CHANGES)


def _within(changes: pa.Table, name: str, masks: Masks) -> pa.Array:
    return pa.array(whole(changes, name).to_numpy() & masks)
