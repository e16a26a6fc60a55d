"""What undo and restore have in common: row by row done or left out with a reason, and what is too much held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, Self, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core import guard
from taskbridge.core.arrays import (
    Columns,
    Flags,
    Masks,
    Positions,
    choose,
    columns,
    constant,
    find,
    flags,
    gather,
    take,
    whole,
)
from taskbridge.core.creation import known_inputs
from taskbridge.core.diff import Changes
from taskbridge.core.draft import Draft, Ends
from taskbridge.core.fields import Crossing
from taskbridge.core.frames import empty, frame
from taskbridge.core.match import MARKER_PREFIX, Matched
from taskbridge.core.model import ACTIONS, CONFLICTS, LEDGER_CHANGES, LEFT_OUT, NEW_LINKS, Plan, PlanInput
from taskbridge.core.pair_step import PairStep
from taskbridge.core.plan import dispositions
from taskbridge.core.template import SubjectTemplate
from taskbridge.core.terms import ALL_FIELDS, FIELDS, ActionState, Disposition, LinkState, Op, Side, Withheld

SHOWN: Final = 60
"""Characters of a value that a reason shows."""

Text: TypeAlias = "pa.Array | str"


@dataclass
class Deliberate(PairStep):
    """A plan for rows that a person asked about. `asked` has a link_id and a side; the arrays run along it."""

    rule: ClassVar[str]  # what the plan's actions name as their reason
    asked: Columns = field(default_factory=dict)

    @classmethod
    def begin(cls, given: PlanInput, asked: pd.DataFrame) -> Self:
        matched = Matched.of(given)
        crossing = Crossing.of(matched.users, given.policy.skipped_tasks)
        template = SubjectTemplate.parse(given.policy.subject_template)
        draft = Draft(Ends(len(given.links)))
        return cls(matched, draft, crossing, template, Changes.found_in(matched), columns(asked))

    def link(self, rows: Positions) -> Positions:
        """The places of their pairs among the links, -1 for a pair that is not known."""
        return find(take(self.asked["link_id"], rows), self.matched.links["link_id"])

    def linked(self, column: str, rows: Positions) -> pa.Array:
        """A column of their pairs."""
        return take(self.matched.links[column], self.link(rows))

    # leaving out

    def leave_out(self, rows: Positions, code: str, *reason: Text, name: str | None = None) -> None:
        length = len(rows)
        parts = [pa.repeat(pa.scalar(part), length) if isinstance(part, str) else part for part in reason]
        self.draft.add_left_out(
            {
                "link_id": take(self.asked["link_id"], rows),
                "side": take(self.asked["side"], rows),
                "field": constant(name, length),
                "code": constant(code, length),
                "reason": pc.binary_join_element_wise(*parts, ""),
            },
            length,
        )

    def without(self, rows: Positions, bad: Flags, code: str, *reason: Text) -> Positions:
        """Leaves out the bad ones, and answers the others. The parts of a reason run along all rows."""
        parts = [part if isinstance(part, str) else part.filter(pa.array(bad)) for part in reason]
        self.leave_out(rows[bad], code, *parts)
        return rows[~bad]

    def of_known_pairs(self, rows: Positions) -> Positions:
        return self.without(
            rows, self.link(rows) < 0, "PAIR_UNKNOWN", "the ledger does not know the pair any more"
        )

    def of_synced_owners(self, side: Side, owners: pa.Array, rows: Positions) -> Positions:
        """Leaves out what belongs to somebody who takes no part (S2)."""
        taking_part = gather(self.matched.synced, self.matched.user_of(side, owners))
        reason = ("its owner, ", shown(owners), ", takes no part in the sync")
        return self.without(rows, ~taking_part, "NOT_SYNCED", *reason)

    def of_read_records(self, side: Side, rows: Positions) -> Positions:
        """Leaves out those whose record on `side` is not there, or was not read."""
        link = self.link(rows)
        rows = self.without(rows, self.matched.deleted[side][link], "GONE", "the record was deleted since")
        unseen = ~self.matched.seen[side][self.link(rows)]
        return self.without(rows, unseen, "NOT_READ", "the record is not found, or cannot be understood")

    # planning

    def now_of(self, side: Side, rows: Positions) -> dict[str, pa.Array]:
        link = self.link(rows)
        return {name: self.matched.now(side, name, link) for name in FIELDS}

    def update(self, side: Side, rows: Positions, mask: Masks, values: Mapping[str, pa.Array]) -> pa.Array:
        """Plans these fields of the pairs' records; answers the actions' seq."""
        return self._act(
            side, rows, Op.UPDATE, {"remote_id": self.linked(f"{side.prefix}_id", rows), "mask": pa.array(mask),
                                    **values, **self.seen_values(side, self.link(rows))},
        )  # fmt: skip

    def delete(self, side: Side, rows: Positions) -> pa.Array:
        """Plans that the pairs' records go away; answers the actions' seq."""
        return self._act(
            side, rows, Op.DELETE, {"remote_id": self.linked(f"{side.prefix}_id", rows),
                                    "mask": constant(0, len(rows), pa.int32()),
                                    **self.seen_values(side, self.link(rows))},
        )  # fmt: skip

    def create_again(
        self, side: Side, rows: Positions, values: dict[str, pa.Array], person: pa.Array
    ) -> pa.Array:
        """Plans the next generation of the pairs' records, with these values; answers the actions' seq.

        The marker of a deleted record is used up: neither system takes it twice (G2).
        """
        generation = pa.array(self.generation(self.link(rows)) + np.int32(1))
        numbers = pc.cast(generation, pa.string())
        marker = pc.binary_join_element_wise(
            MARKER_PREFIX, take(self.asked["link_id"], rows), ":", numbers, ""
        )
        mask = constant(ALL_FIELDS, len(rows), pa.int32())
        return self._act(side, rows, Op.CREATE, {"marker": marker, "mask": mask, "person": person, **values})

    def _act(self, side: Side, rows: Positions, op: Op, values: dict[str, pa.Array]) -> pa.Array:
        link, length = self.link(rows), len(rows)
        self.draft.links.put(link, Disposition.PLANNED, self.rule)
        usual = {
            "link_id": take(self.asked["link_id"], rows),
            "side": constant(side, length),
            "op": constant(op, length),
            "rule": constant(self.rule, length),
            "sc_user_id": self.owner(link),
            "first_import": constant(False, length, pa.bool_()),
        }
        return self.draft.add_actions(usual | values, link)

    def created_inputs(self, rows: Positions) -> dict[str, pa.Array | bool]:
        """The template inputs of the Sales Connect records that are created again, as a change of the base."""
        known = known_inputs(self.matched, self.link(rows))
        return {"inputs": True, **{f"sc_{name}": values for name, values in known.items()}}

    def next_generation(self, rows: Positions, kept: Mapping[Side, pa.Array]) -> None:
        """Makes the pairs pending under their next generation; `kept`: the ids that they keep meanwhile."""
        link = self.link(rows)
        values = {
            "link_id": take(self.asked["link_id"], rows),
            "origin": take(self.matched.links["origin"], link),
            "generation": pa.array(self.generation(link) + np.int32(1)),
            "owner": self.owner(link),
            **{f"{side.prefix}_id": ids for side, ids in kept.items()},
        }
        self.draft.add_new_links(values, len(rows))

    def follow(self, rows: Positions, **values: pa.Array | str | int | bool | None) -> None:
        """Adds a ledger change for each of these pairs; what is no array is the same for all."""
        length = len(rows)
        given = {"link_id": take(self.asked["link_id"], rows)}
        for name, value in values.items():
            kind = LEDGER_CHANGES.field(name).type
            given[name] = value if isinstance(value, pa.Array) else constant(value, length, kind)
        if length:
            self.draft.add_changes(given, length)

    def keep_out(
        self, rows: Positions, seq: pa.Array, reason: Withheld, **values: pa.Array | str | int | bool | None
    ) -> None:
        """Releases the pairs, and keeps them out, once the actions are done."""
        self.follow(rows, seq=seq, state=LinkState.RELEASED, withheld=reason, **values)

    # the end

    def conclude(self, approved: pd.DataFrame) -> Plan:
        """The plan. `approved`: actions that a person has seen held, and which are released as they are (G3)."""
        actions, held = self._weigh(_concat(self.draft.actions, ACTIONS), columns(approved))
        self.note_scope(np.flatnonzero(~self.matched.outdated))
        links = np.concatenate([np.empty(0, np.int64), *self.draft.action_links])
        self.draft.links.put(links[held], Disposition.HELD, "G3")
        self.draft.links.put(np.flatnonzero(self.draft.links.open), Disposition.UNCHANGED, self.rule)
        new_links = _concat(self.draft.new_links, NEW_LINKS)
        # A pair whose record is not created now stays as it is.
        waiting = actions["link_id"].filter(pa.array(held))
        return Plan(
            actions=frame(actions),
            ledger_changes=frame(_concat(self.draft.changes, LEDGER_CHANGES)),
            new_links=frame(new_links.filter(pc.invert(pc.is_in(new_links["link_id"], value_set=waiting)))),
            conflicts=empty(CONFLICTS),
            dispositions=frame(
                pa.concat_tables(
                    [dispositions(self.matched, side, self.draft, self._strangers(side)) for side in Side]
                )
            ),
            left_out=frame(_concat(self.draft.left_out, LEFT_OUT)),
        )

    def _strangers(self, side: Side) -> Ends:
        """Staged rows of no pair: those that a pair had before a plan of this run, made once already, replaced them."""
        ends = Ends(len(self.matched[side]))
        ends.end(np.flatnonzero(self.matched[side].link < 0), Disposition.IGNORED, self.rule)
        return ends

    def _weigh(self, actions: pa.Table, approved: Columns) -> tuple[pa.Table, Flags]:
        """The actions with their state and kind, and which of them are held."""
        given = {name: whole(actions, name) for name in ACTIONS.names}
        kinds = guard.kinds_of(actions, rerender=False)
        exceeded = guard.too_many(actions, kinds, self.matched.given)
        held = np.zeros(len(actions), np.bool_)
        for kind, of_kind in kinds.items():
            held |= of_kind & exceeded[kind]
        held &= find(_key(given), _key(approved)) < 0
        # A pair waits as a whole: what is written to one side only, the next run carries over.
        held = flags(pc.is_in(given["link_id"], value_set=given["link_id"].filter(pa.array(held))))
        state = choose(held, constant(ActionState.HELD, len(held)), constant(ActionState.PLANNED, len(held)))
        rule = pc.if_else(
            pa.array(held), pc.binary_join_element_wise(given["rule"], "G3", ","), given["rule"]
        )
        given |= {"kind": guard.names(kinds, len(actions)), "state": state, "rule": rule}
        self._say_held(given, held)
        return pa.table(given, schema=ACTIONS), held

    def _say_held(self, actions: Columns, held: Flags) -> None:
        rows = pa.array(held)
        kinds = pc.fill_null(actions["kind"].filter(rows), "of the same pair")
        self.draft.add_left_out(
            {
                "link_id": actions["link_id"].filter(rows),
                "side": actions["side"].filter(rows),
                "code": constant("OVER_LIMIT", int(held.sum())),
                "reason": pc.binary_join_element_wise("a limit holds ", kinds, _APPROVE, ""),
            },
            int(held.sum()),
        )


def shown(values: pa.Array) -> pa.Array:
    """Values as a reason tells them."""
    text = pc.cast(values, pa.string())
    quoted = pc.binary_join_element_wise('"', pc.utf8_slice_codeunits(text, 0, SHOWN), '"', "")
    return pc.fill_null(quoted, "(empty)")


def _concat(blocks: Sequence[pa.Table], schema: pa.Schema) -> pa.Table:
    return pa.concat_tables(blocks) if blocks else schema.empty_table()


def _key(actions: Columns) -> pa.Array:
    """Everything that an effect is, as one text: what is the same here is the very same effect."""
    texts = [pc.fill_null(pc.cast(actions[name], pa.string()), _NOTHING) for name in _EFFECT]
    return pc.binary_join_element_wise(*texts, _SEPARATOR)


_SEPARATOR: Final = "\x1f"  # in no text: a record with control characters is not understood
_NOTHING: Final = "\x1e"
_EFFECT: Final = ("link_id", "side", "op", "remote_id", "mask", *FIELDS, *(f"seen_{name}" for name in FIELDS))
_APPROVE: Final = (
    ": look at mart.plan of a dry run, and start again with the number of that run as approved_plan"
)
