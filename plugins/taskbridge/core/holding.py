"""What is too much waits for a person, and a person's answer is carried out (G3, I4, C6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core import guard
from taskbridge.core.approvals import Approvals, Match, asks_of
from taskbridge.core.arrays import (
    Flags,
    Masks,
    Positions,
    array,
    constant,
    equals,
    flags,
    gather,
    take,
    where_in,
)
from taskbridge.core.draft import DISPOSITIONS, Draft, Ends
from taskbridge.core.guard import FIELD_OF, Kinds
from taskbridge.core.model import ACTIONS, ANSWERED, LEDGER_CHANGES, LEFT_OUT, NEW_LINKS, PlanInput
from taskbridge.core.terms import (
    ALL_FIELDS,
    BIT,
    ActionState,
    Answer,
    Disposition,
    GuardKind,
    LinkState,
    Op,
    RowEnd,
    Side,
    Withheld,
)

FREE, HELD, APPROVED, REJECTED = range(4)
"""What becomes of the part of an action that is of one kind."""

Fates = Mapping[GuardKind, npt.NDArray[np.int8]]
_WHOLE: Final = (GuardKind.CREATE, GuardKind.DELETE)
_PLANNED: Final = DISPOSITIONS.index(Disposition.PLANNED)


@dataclass(frozen=True)
class Weighed:
    """The blocks of a plan after the guard."""

    actions: pa.Table
    changes: pa.Table
    new_links: pa.Table
    left_out: pa.Table
    answered: pa.Table


def weigh(given: PlanInput, draft: Draft, strangers: Mapping[Side, Ends], *, limited: bool) -> Weighed:
    """Splits off and holds what exceeds a limit or waits for an answer, and carries out what was answered.

    An update is held field by field: what is harmless of it goes on, and the base follows for that alone.
    Ends the pairs and rows that are concerned. Not `limited`: everything goes on.
    """
    actions = _concat(draft.actions, ACTIONS)
    changes = _concat(draft.changes, LEDGER_CHANGES)
    new_links = _concat(draft.new_links, NEW_LINKS)
    weighing = _Weighing(given, draft, strangers, actions, changes, new_links)
    return weighing.result() if limited else weighing.as_drafted()


@dataclass
class _Weighing:
    given: PlanInput
    draft: Draft
    strangers: Mapping[Side, Ends]
    drafted: pa.Table
    changes: pa.Table
    new_links: pa.Table

    def result(self) -> Weighed:
        if self._is_harmless():
            return self.as_drafted()
        self._end_pairs()
        answered, left_out = self._answers()
        rejected = [*self._rejected_records(), *self._rejected_fields()]
        refused = self.actions["link_id"].filter(pa.array(self._whole(REJECTED)))
        stay = pc.invert(pc.is_in(self.new_links["link_id"], value_set=refused))
        return Weighed(
            self._pieces(),
            pa.concat_tables([self._unconditional(), self._conditional(), *rejected]),
            self.new_links.filter(stay),
            left_out,
            answered,
        )

    def _is_harmless(self) -> bool:
        """Whether nothing is held and nobody was asked, as in nearly every plan."""
        fated = any((fate != FREE).any() for fate in self.fates.values())
        return not (fated or self.held_before.any() or len(self.approvals))

    def as_drafted(self) -> Weighed:
        columns = self.actions | {
            "kind": guard.names(self.kinds, len(self.mask)),
            "state": constant(ActionState.PLANNED, len(self.mask)),
        }
        actions = pa.table(columns, schema=ACTIONS)
        return Weighed(actions, self.changes, self.new_links, LEFT_OUT.empty_table(), ANSWERED.empty_table())

    # what there is to decide

    @cached_property
    def actions(self) -> dict[str, pa.Array]:
        return {name: self.drafted[name].combine_chunks() for name in ACTIONS.names}

    @cached_property
    def update(self) -> Flags:
        return equals(self.actions["op"], Op.UPDATE)

    @cached_property
    def mask(self) -> Masks:
        mask: Masks = self.actions["mask"].to_numpy(zero_copy_only=False)
        return mask

    @cached_property
    def links(self) -> Positions:
        """Per action its link, -1 for a new pair."""
        return np.concatenate([*self.draft.action_links, np.empty(0, np.int64)])

    @cached_property
    def held_before(self) -> Flags:
        """Held by the step that planned them, whatever the limits say (I4, C6)."""
        return equals(self.actions["state"], ActionState.HELD)

    @cached_property
    def approvals(self) -> Approvals:
        return Approvals.of(self.given)

    @cached_property
    def kinds(self) -> Kinds:
        return guard.kinds_of(self.drafted, rerender=self.given.rerender)

    @cached_property
    def matches(self) -> Mapping[GuardKind, Match]:
        asked = {kind: of_kind & ~(self.held_before & self.update) for kind, of_kind in self.kinds.items()}
        return self.approvals.match(self.actions, asked)

    @cached_property
    def fates(self) -> Fates:
        given, approvals = self.given, self.approvals
        uncounted = flags(self.actions["first_import"]) | self.held_before
        answered = {
            answer: {kind: approvals.with_answer(match, answer) for kind, match in self.matches.items()}
            for answer in Answer
        }
        counted = {
            kind: of_kind & ~uncounted & ~answered[Answer.APPROVED][kind] & ~answered[Answer.REJECTED][kind]
            for kind, of_kind in self.kinds.items()
        }
        exceeded = guard.too_many(self.drafted, counted, given)
        fates = {}
        for kind, of_kind in self.kinds.items():
            splits = self.update & (kind not in _WHOLE)
            fates[kind] = np.select(
                [
                    answered[Answer.REJECTED][kind],
                    answered[Answer.APPROVED][kind],
                    # What moved since a person was asked is asked for anew, however few there are.
                    (self.matches[kind].row >= 0) | (counted[kind] & exceeded[kind]),
                    of_kind & self.held_before & ~splits,
                ],
                [REJECTED, APPROVED, HELD, HELD],
                FREE,
            ).astype(np.int8)
        return fates

    def _whole(self, fate: int) -> Flags:
        """Creates and deletes with that fate."""
        found: Flags = (self.fates[GuardKind.CREATE] == fate) | (self.fates[GuardKind.DELETE] == fate)
        return found

    def _fields(self, *fates: int) -> Masks:
        """Per action the bits of the fields with one of these fates."""
        bits = np.zeros(len(self.mask), np.int32)
        for kind, name in FIELD_OF.items():
            bits |= np.isin(self.fates[kind], fates) * np.int32(BIT[name])
        return bits

    # pieces

    @cached_property
    def rest(self) -> Masks:
        """Per action what is left of its mask when the fields that are not written now have been split off."""
        rest: Masks = self.mask & ~self._fields(HELD, REJECTED)
        return rest

    @cached_property
    def pieces(self) -> tuple[Positions, Positions]:
        """The action that each piece is of, and its place in FIELD_OF, -1 for what is left of the action."""
        kept = np.where(self.update, self.rest != 0, ~self._whole(REJECTED))
        origins = [np.flatnonzero(kept)]
        origins += [np.flatnonzero(self.fates[kind] == HELD) for kind in FIELD_OF]
        parts = [np.full(len(origin), part - 1) for part, origin in enumerate(origins)]
        origin, part = np.concatenate(origins), np.concatenate(parts)
        order = np.argsort(origin, kind="stable")
        return origin[order], part[order]

    @cached_property
    def piece_masks(self) -> Masks:
        origin, part = self.pieces
        bits = np.array([BIT[name] for name in FIELD_OF.values()], np.int32)
        return np.where(part < 0, self.rest[origin], bits[part]).astype(np.int32)

    @cached_property
    def seq(self) -> pa.Array:
        return pa.array(np.arange(len(self.pieces[0]), dtype=np.int32))

    def _pieces(self) -> pa.Table:
        origin, part = self.pieces
        split = part >= 0
        held = split | (self._whole(HELD) | (self.held_before & ~self._whole(APPROVED)))[origin]
        by_limit = pa.array(held & ~self.held_before[origin])
        rule = take(self.actions["rule"], origin)
        kinds = take(self._kinds_left(), origin)
        asks, requests = take(self._asks(), origin), take(self._requests(), origin)
        for place, kind in enumerate(FIELD_OF):
            mine = pa.array(part == place)
            kinds = pc.if_else(mine, kind.value, kinds)
            asks = pc.if_else(mine, kind.value, asks)
            requests = pc.if_else(mine, take(self.approvals.ids(self.matches[kind]), origin), requests)
        columns = {name: take(values, origin) for name, values in self.actions.items()} | {
            "seq": self.seq,
            "mask": pa.array(self.piece_masks),
            "kind": kinds,
            "asks": asks,
            "approval_id": requests,
            "rule": pc.if_else(by_limit, pc.binary_join_element_wise(rule, "G3", ","), rule),
            "state": pc.if_else(pa.array(held), ActionState.HELD.value, ActionState.PLANNED.value),
        }
        return pa.table(columns, schema=ACTIONS)

    def _kinds_left(self) -> pa.Array:
        """What each action counts for when fields have been split off; what a person approved counts for nothing."""
        counts = {}
        for kind, of_kind in self.kinds.items():
            gone = (APPROVED, REJECTED) if kind in _WHOLE else (HELD, APPROVED, REJECTED)
            counts[kind] = of_kind & ~np.isin(self.fates[kind], gone)
        return guard.names(counts, len(self.mask))

    def _asks(self) -> pa.Array:
        """The kind of request that a held create or delete waits for."""
        asks = pa.nulls(len(self.mask), pa.string())
        for kind in _WHOLE:
            mine = self.fates[kind] == HELD
            if kind is GuardKind.CREATE:
                mine &= ~self.held_before
            asks = pc.if_else(pa.array(mine), asks_of(kind, self.actions["doubt"]), asks)
        return asks

    def _requests(self) -> pa.Array:
        """The request that a create or delete waits for, or that released a part of the action."""
        found = pa.nulls(len(self.mask), pa.int64())
        for kind, match in self.matches.items():
            concerned = self.fates[kind] == APPROVED
            if kind in _WHOLE:
                concerned |= self.fates[kind] == HELD
            found = pc.if_else(pa.array(concerned), self.approvals.ids(match), found)
        return found

    # the ledger

    @cached_property
    def change_of(self) -> Positions:
        """Per action the change that waits for it."""
        seq = pc.fill_null(self.changes["seq"].combine_chunks(), -1).to_numpy().astype(np.int64)
        waiting = np.flatnonzero(seq >= 0)
        place = np.full(len(self.mask), -1, np.int64)
        place[seq[waiting]] = waiting
        return place

    def _changes_of(self, origins: Positions, **values: pa.Array) -> pa.Table:
        """The changes that wait for these actions, with other values in some columns."""
        taken = self.changes.take(pa.array(self.change_of[origins]))
        given = {name: taken[name] for name in LEDGER_CHANGES.names}
        return pa.table(given | values, schema=LEDGER_CHANGES)

    def _unconditional(self) -> pa.Table:
        return self.changes.filter(pc.is_null(self.changes["seq"]))

    def _conditional(self) -> pa.Table:
        """Each piece's share of what the base follows."""
        origin, _ = self.pieces
        followed = self.change_of[origin] >= 0
        origin = origin[followed]
        whole = ~self.update[origin]
        masks = np.where(whole, np.int32(ALL_FIELDS), self.piece_masks[followed])
        taken = self._changes_of(origin)
        return self._changes_of(
            origin,
            seq=self.seq.filter(pa.array(followed)),
            sc_mask=_within(taken, "sc_mask", masks),
            sf_mask=_within(taken, "sf_mask", masks),
            inputs=pa.array(flags(taken["inputs"].combine_chunks()) & ((masks & BIT["title"]) != 0)),
        )

    def _rejected_records(self) -> Iterator[pa.Table]:
        """The pair of a rejected create or delete is released, and a person keeps it out."""
        nothing = pa.nulls
        for side in Side:
            on_side = equals(self.actions["side"], side)
            deletes = np.flatnonzero((self.fates[GuardKind.DELETE] == REJECTED) & on_side)
            creates = np.flatnonzero((self.fates[GuardKind.CREATE] == REJECTED) & on_side)
            for origins, base in ((deletes, None), (creates, side.other)):
                length = len(origins)
                yield self._changes_of(
                    origins,
                    seq=nothing(length, pa.int32()),
                    state=constant(LinkState.RELEASED, length),
                    withheld=self._kept_out_as(origins),
                    # What the original holds now becomes its base: a change of it plans the create again.
                    sc_mask=constant(ALL_FIELDS * (base is Side.SALES_CONNECT), length, pa.int32()),
                    sf_mask=constant(ALL_FIELDS * (base is Side.SALESFORCE), length, pa.int32()),
                    inputs=constant(base is Side.SALES_CONNECT, length, pa.bool_()),
                )

    def _kept_out_as(self, origins: Positions) -> pa.Array:
        """Rejected; a pair that is kept out already stays so for its own reason, as that says which record is gone."""
        return pc.fill_null(
            take(array(self.given.links["withheld"].array), self.links[origins]), Withheld.REJECTED.value
        )

    def _rejected_fields(self) -> Iterator[pa.Table]:
        """Both present values of a rejected change become the base: nothing is left to be written."""
        for kind, name in FIELD_OF.items():
            for side in Side:
                here = (self.fates[kind] == REJECTED) & equals(self.actions["side"], side)
                origins = np.flatnonzero(here)
                bit = constant(BIT[name], len(origins), pa.int32())
                yield self._changes_of(
                    origins,
                    seq=pa.nulls(len(origins), pa.int32()),
                    sc_mask=bit,
                    sf_mask=bit,
                    inputs=constant(name == "title", len(origins), pa.bool_()),
                    **{f"{side.prefix}_{name}": take(self.actions[f"seen_{name}"], origins)},
                )

    # ends

    def _end_pairs(self) -> None:
        ends = self.draft.links
        held = self._whole(HELD) & ~self.held_before
        self._put(held | (self._fields(HELD) != 0), Disposition.HELD, "G3")
        sources = np.concatenate([*self.draft.action_sources, np.empty(0, np.int64)])
        for side, rows in self.strangers.items():
            new = held & (self.links < 0) & equals(self.actions["side"], side.other)
            rows.put(sources[new], Disposition.HELD, "G3")
        self._put(self._whole(APPROVED) & self.held_before, Disposition.PLANNED, "G3")
        self._put(self._whole(REJECTED), Disposition.RELEASED, Withheld.REJECTED)
        # A pair that had nothing else to do is done with.
        busy = np.zeros(len(ends.codes), np.bool_)
        busy[self.links[self.pieces[0]][self.links[self.pieces[0]] >= 0]] = True
        idle = ~gather(busy | (ends.codes != _PLANNED), self.links)
        self._put(idle & (self._fields(REJECTED) != 0), Disposition.UNCHANGED, Withheld.REJECTED)

    def _put(self, chosen: Flags, disposition: Disposition, rule: str) -> None:
        self.draft.links.put(self.links[chosen & (self.links >= 0)], disposition, rule)

    # answers

    def _answers(self) -> tuple[pa.Table, pa.Table]:
        """What becomes of each answered row, and which are left out and why."""
        approvals = self.approvals
        row, same_row = np.full(len(approvals), -1, np.int64), np.full(len(approvals), -1, np.int64)
        for match in self.matches.values():
            near, same = np.flatnonzero(match.row >= 0), np.flatnonzero(match.same)
            row[match.row[near]] = near
            same_row[match.row[same]] = same
        answered = np.flatnonzero(approvals.approved | approvals.rejected)
        done = same_row[answered] >= 0
        left = answered[~done]
        code, reason = approvals.why_not(
            left, row[left], self.actions, array(self.given.links["link_id"].array), self.draft.links
        )
        what = {name: take(approvals.rows[name], left) for name in ("link_id", "side")}
        left_out = pa.table(
            what | {"field": approvals.fields(left), "code": code, "reason": reason}, schema=LEFT_OUT
        )
        return self._outcomes(answered, same_row, left, reason), left_out

    def _outcomes(
        self, answered: Positions, same_row: Positions, left: Positions, reason: pa.Array
    ) -> pa.Table:
        origin, part = self.pieces
        main = np.flatnonzero(part < 0)
        seq_of = where_in(origin[main], len(self.mask))
        seq_of[seq_of >= 0] = main[seq_of[seq_of >= 0]]
        approved = self.approvals.approved[answered]
        done = same_row[answered] >= 0
        seq = np.where(approved & done, np.append(seq_of, -1)[same_row[answered]], -1)
        end = np.select([~done, ~approved], [RowEnd.LEFT_OUT.value, RowEnd.REJECTED.value], "")
        why = where_in(left, len(self.approvals))[answered]
        return pa.table(
            {
                "row_id": take(self.approvals.rows["row_id"], answered),
                "seq": pa.array(seq.astype(np.int32), mask=seq < 0),
                "end": pa.array(end.tolist(), pa.string(), mask=done & approved),
                "reason": take(reason, why),
            },
            schema=ANSWERED,
        )


def _within(changes: pa.Table, name: str, masks: Masks) -> pa.Array:
    return pa.array(changes[name].combine_chunks().to_numpy(zero_copy_only=False) & masks)


def _concat(blocks: list[pa.Table], schema: pa.Schema) -> pa.Table:
    return pa.concat_tables(blocks).combine_chunks() if blocks else schema.empty_table()
