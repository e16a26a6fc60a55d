"""Requests for approval met with a plan: which action is which row, and what moved meanwhile (G3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import (
    Columns,
    Flags,
    Positions,
    columns,
    distinct,
    equals,
    find,
    gather,
    take,
)
from taskbridge.core.draft import Ends
from taskbridge.core.guard import FIELD_OF, Kinds
from taskbridge.core.model import PlanInput
from taskbridge.core.terms import FIELDS, Answer, ApprovalKind, Doubt, GuardKind

MOVED: Final = "MOVED"
NO_LONGER_PLANNED: Final = "NO_LONGER_PLANNED"
_SHOWN: Final = 60


@dataclass(frozen=True)
class Match:
    """Per action the row of a request that is about the same effect, or -1, and whether it is the very same."""

    row: Positions
    same: Flags


@dataclass(frozen=True)
class Approvals:
    """The rows of unfinished requests. A person approves what was shown: the same values over the same values."""

    rows: Columns

    @classmethod
    def of(cls, given: PlanInput) -> Approvals:
        return cls(columns(given.approvals))

    def __len__(self) -> int:
        return len(self.rows["row_id"])

    @cached_property
    def approved(self) -> Flags:
        return equals(self.rows["answer"], Answer.APPROVED)

    @cached_property
    def rejected(self) -> Flags:
        return equals(self.rows["answer"], Answer.REJECTED)

    def match(self, actions: Columns, kinds: Kinds) -> Mapping[GuardKind, Match]:
        """Per kind, for the actions of that kind."""
        if not len(self):
            nobody = Match(
                np.full(len(actions["seq"]), -1, np.int64), np.zeros(len(actions["seq"]), np.bool_)
            )
            return dict.fromkeys(kinds, nobody)
        known = _key(self.rows["link_id"], self.rows["side"], self.rows["kind"])
        found = {}
        for kind, of_kind in kinds.items():
            wanted = _key(actions["link_id"], actions["side"], asks_of(kind, actions["doubt"]))
            row = np.where(of_kind, find(wanted, known), -1)
            moved = np.zeros(len(row), np.bool_)
            for name in _compared(kind):
                moved |= distinct(take(self.rows[name], row), actions[name])
            found[kind] = Match(row, (row >= 0) & ~moved)
        return found

    def why_not(
        self, left: Positions, place: Positions, actions: Columns, links: pa.Array, ends: Ends
    ) -> tuple[pa.Array, pa.Array]:
        """Code and reason for each of these rows; `place` is the action that took its place, or -1."""
        now = {name: take(actions[name], place) for name in _VALUES}
        then = {name: take(self.rows[name], left) for name in _VALUES}
        moved = pa.repeat(pa.scalar(""), len(left))
        for name, concerned in self._concerned(left):
            here = pa.array(concerned & distinct(then[name], now[name]))
            said = _join(f"; {_label(name)} was ", _shown(then[name]), ", is now ", _shown(now[name]))
            moved = pc.if_else(here, _join(moved, said), moved)
        pair = find(take(self.rows["link_id"], left), links)
        end = _join("the pair ended as ", take(ends.dispositions, pair), " by ", take(ends.rule_names, pair))
        end = pc.coalesce(end, pa.scalar("the pair was not read"))
        gone = _join("nothing of the kind is planned any more: ", end)
        is_moved = pa.array(place >= 0)
        code = pc.if_else(is_moved, MOVED, NO_LONGER_PLANNED)
        return code, pc.if_else(is_moved, pc.utf8_slice_codeunits(moved, 2), gone)

    def _concerned(self, left: Positions) -> Iterator[tuple[str, Flags]]:
        """The columns that were shown to the person, and of which of these rows."""
        kinds = take(self.rows["kind"], left)
        for kind in ApprovalKind:
            of_kind = equals(kinds, kind)
            for name in _compared(GuardKind.DELETE if kind is ApprovalKind.MISSING else GuardKind(kind)):
                yield name, of_kind

    def fields(self, left: Positions) -> pa.Array:
        """The field that each of these rows writes; null where it is the whole record."""
        kinds = [kind.value for kind in FIELD_OF]
        return take(pa.array(list(FIELD_OF.values())), find(take(self.rows["kind"], left), pa.array(kinds)))

    def ids(self, match: Match) -> pa.Array:
        """The request of each action that is the very same as one of its rows."""
        return take(self.rows["approval_id"], np.where(match.same, match.row, -1))

    def with_answer(self, match: Match, answer: Answer) -> Flags:
        given = self.approved if answer is Answer.APPROVED else self.rejected
        return match.same & gather(given, match.row)


def asks_of(kind: GuardKind, doubts: pa.Array) -> pa.Array:
    """The kind of request that a held action of this kind needs. A delete without proof is one of its own (C5)."""
    if kind is not GuardKind.DELETE:
        return pa.repeat(pa.scalar(kind.value), len(doubts))
    unproven = equals(doubts, Doubt.MISSING)
    return pc.if_else(pa.array(unproven), ApprovalKind.MISSING.value, ApprovalKind.DELETE.value)


_SEEN: Final = tuple(f"seen_{name}" for name in FIELDS)
_VALUES: Final = (*FIELDS, *_SEEN)


def _compared(kind: GuardKind) -> tuple[str, ...]:
    """What has to be as it was shown: what is copied, what is deleted, or what overwrites what."""
    if kind is GuardKind.CREATE:
        return FIELDS
    if kind is GuardKind.DELETE:
        return _SEEN
    return (FIELD_OF[kind], f"seen_{FIELD_OF[kind]}")


def _key(*parts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "\x1f")


def _label(column: str) -> str:
    name = column.removeprefix("seen_")
    return f"the present {name}" if column != name else f"the new {name}"


def _shown(values: pa.Array) -> pa.Array:
    text = pc.cast(values, pa.string())
    return pc.utf8_slice_codeunits(pc.fill_null(text, "(empty)"), 0, _SHOWN)


def _join(*parts: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")
