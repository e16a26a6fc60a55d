"""What undo and restore have in common: row by row done or left out with a reason, and what is too much held."""

from __future__ import annotations

from collections.abc import Mapping
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
    choose,
    columns,
    constant,
    find,
    flags,
    take,
    whole,
)
from taskbridge.core.compare import compare
from taskbridge.core.creation import as_was_known, marker, next_generation
from taskbridge.core.draft import Draft, Ends, concat
from taskbridge.core.effects import keep_scope
from taskbridge.core.frames import empty, frame
from taskbridge.core.join import Joined, join
from taskbridge.core.judge import judge
from taskbridge.core.model import ACTIONS, CONFLICTS, LEDGER_CHANGES, LEFT_OUT, NEW_LINKS, Plan, PlanInput
from taskbridge.core.plan import dispositions
from taskbridge.core.rules import Rules
from taskbridge.core.terms import (
    ALL_FIELDS,
    FIELDS,
    SEEN_FIELDS,
    TEMPLATE_INPUTS,
    ActionState,
    Disposition,
    LinkState,
    Op,
    Side,
    Withheld,
)
from taskbridge.core.updates import seen_values
from taskbridge.core.view import View

SHOWN: Final = 60
"""Characters of a value that a reason shows."""

Text: TypeAlias = "pa.Array | str"


@dataclass
class Deliberate:
    """A plan for rows that a person asked about.

    `asked`: a `link_id` and a `side`, whatever else a row says, and the columns of its pair as `compare` answers them;
    null, and `pair` -1, for a pair that is not known. What is planned runs along a part of these rows.
    """

    rule: ClassVar[str]  # what the plan's actions name as their reason
    given: PlanInput
    rules: Rules
    joined: Joined
    pairs: pd.DataFrame
    asked: View
    draft: Draft = field(init=False)

    def __post_init__(self) -> None:
        self.draft = Draft(Ends(len(self.pairs)))

    @classmethod
    def begin(cls, given: PlanInput, asked: pd.DataFrame) -> Self:
        rules, joined = Rules.of(given), join(given)
        pairs = compare(joined, rules, everything=True)
        theirs, rows = columns(pairs), View.of(asked)
        place = find(rows.cell("link_id"), theirs.pop("link_id"))
        of_pair = {name: take(values, place) for name, values in theirs.items()}
        return cls(given, rules, joined, pairs, rows.adding({**of_pair, "pair": place}))

    # leaving out

    def leave_out(self, rows: View, code: str, *reason: Text, name: str | None = None) -> None:
        length = len(rows)
        parts = [pa.repeat(pa.scalar(part), length) if isinstance(part, str) else part for part in reason]
        self.draft.add_left_out(
            {
                "link_id": rows.cell("link_id"),
                "side": rows.cell("side"),
                "field": constant(name, length),
                "code": constant(code, length),
                "reason": pc.binary_join_element_wise(*parts, ""),
            },
            length,
        )

    def without(self, rows: View, bad: Flags, code: str, *reason: Text) -> View:
        """Leaves out the bad ones, and answers the others. The parts of a reason run along all rows."""
        parts = [part if isinstance(part, str) else part.filter(pa.array(bad)) for part in reason]
        self.leave_out(rows.only(bad), code, *parts)
        return rows.only(~bad)

    def of_known_pairs(self, rows: View) -> View:
        unknown = rows.number("pair") < 0
        return self.without(rows, unknown, "PAIR_UNKNOWN", "the ledger does not know the pair any more")

    def of_synced_owners(self, side: Side, owners: pa.Array, rows: View) -> View:
        """Leaves out what belongs to somebody who takes no part (S2)."""
        people = self.rules.people
        taking_part = people.synced(people.place(side, owners))
        reason = ("its owner, ", shown(owners), ", takes no part in the sync")
        return self.without(rows, ~taking_part, "NOT_SYNCED", *reason)

    def of_read_records(self, side: Side, rows: View) -> View:
        """Leaves out those whose record on `side` is not there, or was not read."""
        gone = rows.flag(f"{side.prefix}_deleted")
        rows = self.without(rows, gone, "GONE", "the record was deleted since")
        unseen = ~rows.flag(f"{side.prefix}_live")
        return self.without(rows, unseen, "NOT_READ", "the record is not found, or cannot be understood")

    # planning

    def update(self, side: Side, rows: View, mask: Masks, values: Mapping[str, pa.Array]) -> pa.Array:
        """Plans these fields of the pairs' records; answers the actions' seq."""
        target = {"remote_id": rows.cell(f"{side.prefix}_id"), "mask": pa.array(mask)}
        return self._act(side, rows, Op.UPDATE, {**target, **values, **seen_values(side, rows)})

    def delete(self, side: Side, rows: View) -> pa.Array:
        """Plans that the pairs' records go away; answers the actions' seq."""
        target = {"remote_id": rows.cell(f"{side.prefix}_id"), "mask": constant(0, len(rows), pa.int32())}
        return self._act(side, rows, Op.DELETE, {**target, **seen_values(side, rows)})

    def create_again(self, side: Side, rows: View, values: dict[str, pa.Array], person: pa.Array) -> pa.Array:
        """Plans the next generation of the pairs' records, with these values; answers the actions' seq.

        The marker of a deleted record is used up: neither system takes it twice (G2).
        """
        mask = constant(ALL_FIELDS, len(rows), pa.int32())
        carried = marker(rows.cell("link_id"), next_generation(rows))
        return self._act(side, rows, Op.CREATE, {"marker": carried, "mask": mask, "person": person, **values})

    def _act(self, side: Side, rows: View, op: Op, values: dict[str, pa.Array]) -> pa.Array:
        length, pair = len(rows), rows.number("pair")
        self.draft.links.put(pair, Disposition.PLANNED, self.rule)
        usual = {
            "link_id": rows.cell("link_id"),
            "side": constant(side, length),
            "op": constant(op, length),
            "rule": constant(self.rule, length),
            "sc_user_id": rows.cell("sc_now_owner"),
            "first_import": constant(False, length, pa.bool_()),
        }
        return self.draft.add_actions(usual | values, pair)

    def created_inputs(self, rows: View) -> dict[str, pa.Array | bool]:
        """The template inputs of the Sales Connect records that are created again, as a change of the base."""
        known = as_was_known({name: rows.cell(f"sc_{name}") for name in TEMPLATE_INPUTS})
        return {"inputs": True, **{f"sc_{name}": values for name, values in known.items()}}

    def next_generation(self, rows: View, kept: Mapping[Side, pa.Array]) -> None:
        """Makes the pairs pending under their next generation; `kept`: the ids that they keep meanwhile."""
        values = {
            "link_id": rows.cell("link_id"),
            "origin": rows.cell("origin"),
            "generation": next_generation(rows),
            "owner": rows.cell("sc_now_owner"),
            **{f"{side.prefix}_id": ids for side, ids in kept.items()},
        }
        self.draft.add_new_links(values, len(rows))

    def follow(self, rows: View, **values: pa.Array | str | int | bool | None) -> None:
        """Adds a ledger change for each of these pairs; what is no array is the same for all."""
        length = len(rows)
        given = {"link_id": rows.cell("link_id")}
        for name, value in values.items():
            kind = LEDGER_CHANGES.field(name).type
            given[name] = value if isinstance(value, pa.Array) else constant(value, length, kind)
        if length:
            self.draft.add_changes(given, length)

    def keep_out(
        self,
        rows: View,
        seq: pa.Array,
        reason: Withheld,
        **values: pa.Array | str | int | bool | None,
    ) -> None:
        """Releases the pairs, and keeps them out, once the actions are done."""
        self.follow(rows, seq=seq, state=LinkState.RELEASED, withheld=reason, **values)

    # the end

    def conclude(self, approved: pd.DataFrame) -> Plan:
        """The plan. `approved`: actions that a person has seen held, and which are released as they are (G3)."""
        draft = self.draft
        actions, held = self._weigh(concat(draft.actions, ACTIONS), columns(approved))
        judged = View.of(judge(self.pairs, self.rules))
        keep_scope(judged.only(~judged.flag("outdated")), draft)
        links = np.concatenate([np.empty(0, np.int64), *draft.action_links])
        draft.links.put(links[held], Disposition.HELD, "G3")
        draft.links.put(np.flatnonzero(draft.links.open), Disposition.UNCHANGED, self.rule)
        new_links = concat(draft.new_links, NEW_LINKS)
        # A pair whose record is not created now stays as it is.
        waiting = actions["link_id"].filter(pa.array(held))
        return Plan(
            actions=frame(actions),
            ledger_changes=frame(concat(draft.changes, LEDGER_CHANGES)),
            new_links=frame(new_links.filter(pc.invert(pc.is_in(new_links["link_id"], value_set=waiting)))),
            conflicts=empty(CONFLICTS),
            dispositions=frame(pa.concat_tables([self._dispositions(side) for side in Side])),
            left_out=frame(concat(draft.left_out, LEFT_OUT)),
        )

    def _dispositions(self, side: Side) -> pa.Table:
        """In no pair are those that a pair had before a plan of this run, made once already, replaced them."""
        staged = self.joined.staged(side)
        alone = Ends(len(staged))
        alone.end(np.flatnonzero(staged["pair"].to_numpy() < 0), Disposition.IGNORED, self.rule)
        return dispositions(self.given, side, staged, self.draft.links, alone)

    def _weigh(self, actions: pa.Table, approved: Columns) -> tuple[pa.Table, Flags]:
        """The actions with their state and kind, and which of them are held."""
        given = {name: whole(actions, name) for name in ACTIONS.names}
        kinds = guard.kinds_of(actions, rerender=False)
        exceeded = guard.too_many(actions, guard.weigh(actions, kinds), self.given)
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


def now_of(side: Side, rows: View) -> dict[str, pa.Array]:
    """What these pairs' records hold now."""
    return {name: rows.cell(f"{side.prefix}_now_{name}") for name in FIELDS}


def shown(values: pa.Array) -> pa.Array:
    """Values as a reason tells them."""
    text = pc.cast(values, pa.string())
    quoted = pc.binary_join_element_wise('"', pc.utf8_slice_codeunits(text, 0, SHOWN), '"', "")
    return pc.fill_null(quoted, "(empty)")


def _key(actions: Columns) -> pa.Array:
    """Everything that an effect is, as one text: what is the same here is the very same effect."""
    texts = [pc.fill_null(pc.cast(actions[name], pa.string()), _NOTHING) for name in _EFFECT]
    return pc.binary_join_element_wise(*texts, _SEPARATOR)


_SEPARATOR: Final = "\x1f"  # in no text: a record with control characters is not understood
_NOTHING: Final = "\x1e"
_EFFECT: Final = ("link_id", "side", "op", "remote_id", "mask", *FIELDS, *SEEN_FIELDS)
_APPROVE: Final = (
    ": look at mart.plan of a dry run, and start again with the number of that run as approved_plan"
)
