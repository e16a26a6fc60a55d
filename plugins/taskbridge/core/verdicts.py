"""Effects joined with answers of people, and what becomes of each: free, held, approved or rejected (G3, I4, C6)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import (
    Columns,
    Flags,
    Masks,
    Positions,
    array,
    columns,
    distinct,
    equals,
    find,
    flags,
    gather,
    take,
    whole,
)
from taskbridge.core.guard import FIELD_OF, Kinds, too_many, weigh
from taskbridge.core.model import WEIGHED, PlanInput
from taskbridge.core.terms import (
    BIT,
    FIELDS,
    SEEN_FIELDS,
    ActionState,
    Answer,
    ApprovalKind,
    Doubt,
    GuardKind,
)

FREE, HELD, APPROVED, REJECTED = range(4)
KINDS: Final = tuple(GuardKind)

_BITS: Final = np.array([BIT[FIELD_OF[kind]] if kind in FIELD_OF else 0 for kind in KINDS], np.int32)
_COMPARED: Final = ("link_id", "side", *FIELDS, *SEEN_FIELDS)


@dataclass(frozen=True)
class Parts:
    """What a limit, and a person, can say something of: one row for each kind that an action is of.

    The arrays run along the parts, but for `held_before`: the actions that were held by the step that planned them,
    whatever the limits say (I4, C6).
    """

    held_before: Flags
    action: Positions
    kind: npt.NDArray[np.int64]  # the place in KINDS
    asks: pa.Array  # ApprovalKind: the request that it needs when it is held
    row: Positions  # of a request that is about the same effect, or -1
    same_row: Positions  # the same, if it is the very same: the values over the values that the person saw
    verdict: npt.NDArray[np.int64]
    weighed: pa.Table  # WEIGHED of all that counts against the limits

    @cached_property
    def bit(self) -> Masks:
        """The field that a part is of; 0 for a whole record."""
        bits: Masks = _BITS[self.kind]
        return bits

    @cached_property
    def is_record(self) -> Flags:
        """Creates and deletes; the others are one field of an update."""
        whole_record: Flags = self.bit == 0
        return whole_record

    def records(self, verdict: int) -> Flags:
        """Per action whether it is a create or delete with this verdict."""
        found: Flags = np.zeros(len(self.held_before), np.bool_)
        found[self.action[self.is_record & (self.verdict == verdict)]] = True
        return found

    def fields(self, *verdicts: int) -> Masks:
        """Per action the bits of the fields with one of these verdicts."""
        chosen = np.isin(self.verdict, verdicts)
        bits: Masks = np.zeros(len(self.held_before), np.int32)
        np.bitwise_or.at(bits, self.action[chosen], self.bit[chosen])
        return bits

    def kinds(self, chosen: Flags) -> Kinds:
        """Per kind the actions of which a part of that kind is chosen."""
        found = {kind: np.zeros(len(self.held_before), np.bool_) for kind in KINDS}
        for number, kind in enumerate(KINDS):
            found[kind][self.action[chosen & (self.kind == number)]] = True
        return found

    def of_actions(self, chosen: Flags) -> Positions:
        """Per action its last part that is chosen, or -1."""
        found = np.full(len(self.held_before), -1, np.int64)
        found[self.action[chosen]] = np.flatnonzero(chosen)
        return found


def join_answers(actions: pa.Table, kinds: Kinds, given: PlanInput) -> Parts:
    """Effects and rows of requests have one key: the pair, the side and the kind of request."""
    action = [np.flatnonzero(kinds[kind]) for kind in KINDS]
    held_before = equals(whole(actions, "state"), ActionState.HELD)
    asks, row, same_row = zip(
        *(_matched(actions, *one, given) for one in zip(action, KINDS, strict=True)), strict=True
    )
    at, kind = np.concatenate(action), np.repeat(np.arange(len(KINDS)), list(map(len, action)))
    parts = Parts(
        held_before,
        at,
        kind,
        pa.concat_arrays(asks),
        np.concatenate(row),
        np.concatenate(same_row),
        np.zeros(len(at), np.int64),
        WEIGHED.empty_table(),
    )
    return _judged(parts, actions, given)


def _judged(parts: Parts, actions: pa.Table, given: PlanInput) -> Parts:
    answers = array(given.approvals["answer"].array)
    approved, rejected = (gather(equals(answers, said), parts.same_row) for said in Answer)
    uncounted = (
        (flags(whole(actions, "first_import")) | parts.held_before)[parts.action] | approved | rejected
    )
    weighed = weigh(actions, parts.kinds(~uncounted))
    exceeded = ~uncounted & _exceeded(parts, weighed, actions, given)
    # What moved since a person was asked is asked for anew, however few there are.
    held = (parts.row >= 0) | exceeded | (parts.held_before[parts.action] & parts.is_record)
    verdict = np.select([rejected, approved, held], [REJECTED, APPROVED, HELD], FREE)
    return replace(parts, verdict=verdict, weighed=weighed)


def _exceeded(parts: Parts, weighed: pa.Table, actions: pa.Table, given: PlanInput) -> Flags:
    exceeded = too_many(actions, weighed, given)
    found: Flags = np.stack([exceeded[kind] for kind in KINDS])[parts.kind, parts.action]
    return found


def _matched(
    actions: pa.Table, rows: Positions, kind: GuardKind, given: PlanInput
) -> tuple[pa.Array, Positions, Positions]:
    """Of the actions of a kind the request that each needs, the row that is about the same effect, and the same where
    it is the very same."""
    asks = _asks_of(kind, take(whole(actions, "doubt"), rows))
    if not len(given.approvals) or not len(rows):
        nobody = np.full(len(rows), -1, np.int64)
        return asks, nobody, nobody
    asked = columns(given.approvals)
    here: Columns = {name: take(whole(actions, name), rows) for name in _COMPARED}
    known = _key(asked["link_id"], asked["side"], asked["kind"])
    row = find(_key(here["link_id"], here["side"], asks), known)
    moved = np.zeros(len(row), np.bool_)
    for name in compared(kind):
        moved |= distinct(take(asked[name], row), here[name])
    return asks, row, np.where(moved, -1, row)


def compared(kind: GuardKind) -> tuple[str, ...]:
    """What has to be as it was shown: what is copied, what is deleted, or what overwrites what."""
    if kind is GuardKind.CREATE:
        return FIELDS
    if kind is GuardKind.DELETE:
        return SEEN_FIELDS
    return (FIELD_OF[kind], f"seen_{FIELD_OF[kind]}")


def _asks_of(kind: GuardKind, doubts: pa.Array) -> pa.Array:
    """The kind of request that a held action of this kind needs. A delete without proof is one of its own (C5)."""
    if kind is not GuardKind.DELETE:
        return pa.repeat(pa.scalar(kind.value), len(doubts))
    unproven = equals(doubts, Doubt.MISSING)
    return pc.if_else(pa.array(unproven), ApprovalKind.MISSING.value, ApprovalKind.DELETE.value)


def _key(*parts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "\x1f")
