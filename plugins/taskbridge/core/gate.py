"""The approval gate: what is too much waits for a person, and a person's answer is carried out (G3, I4, C6).

An update is held field by field: what is harmless of it goes on, and the base follows for that alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.answered import what_became
from taskbridge.core.arrays import Flags, Positions, array, constant, equals, gather, take, whole
from taskbridge.core.draft import ALL_DISPOSITIONS, Draft, Ends, concat
from taskbridge.core.guard import FIELD_OF, kinds_of, names
from taskbridge.core.model import (
    ACTIONS,
    ANSWERED,
    LEDGER_CHANGES,
    LEFT_OUT,
    NEW_LINKS,
    WEIGHED,
    PlanInput,
)
from taskbridge.core.pieces import actions_of, change_of, cut, replaced, share
from taskbridge.core.terms import ALL_FIELDS, BIT, ActionState, Disposition, LinkState, Op, Side, Withheld
from taskbridge.core.verdicts import APPROVED, FREE, HELD, KINDS, REJECTED, Parts, join_answers

_PLANNED: Final = ALL_DISPOSITIONS.index(Disposition.PLANNED)


class Gated(NamedTuple):
    """The blocks of a plan behind the gate."""

    actions: pa.Table
    changes: pa.Table
    new_links: pa.Table
    left_out: pa.Table
    answered: pa.Table
    weighed: pa.Table


def pass_gate(given: PlanInput, draft: Draft, newcomers: Mapping[Side, Ends], *, limited: bool) -> Gated:
    """Splits off and holds what exceeds a limit or waits for an answer, and carries out what was answered. Ends the
    pairs and rows that are concerned. Not `limited`: everything goes on."""
    actions, changes = concat(draft.actions, ACTIONS), concat(draft.changes, LEDGER_CHANGES)
    new_links = concat(draft.new_links, NEW_LINKS)
    kinds = kinds_of(actions, rerender=given.rerender)
    parts = join_answers(actions, kinds, given) if limited else None
    if parts is None or not (len(given.approvals) or (parts.verdict != FREE).any()):
        as_drafted = {
            "kind": names(kinds, len(actions)),
            "state": constant(ActionState.PLANNED, len(actions)),
        }
        planned = pa.table({name: actions[name] for name in ACTIONS.names} | as_drafted, schema=ACTIONS)
        weighed = WEIGHED.empty_table() if parts is None else parts.weighed
        return Gated(planned, changes, new_links, LEFT_OUT.empty_table(), ANSWERED.empty_table(), weighed)
    pieces = cut(actions, parts)
    _end(actions, parts, pieces, draft, newcomers)
    answered, left_out = what_became(actions, parts, pieces, draft.links, given)
    refused = whole(actions, "link_id").filter(pa.array(parts.records(REJECTED)))
    return Gated(
        actions_of(pieces, actions, parts, given),
        pa.concat_tables(
            [
                changes.filter(pc.is_null(changes["seq"])),
                share(changes, pieces, actions),
                *_rejected_records(actions, parts, changes, draft, given),
                *_rejected_fields(actions, parts, changes),
            ]
        ),
        new_links.filter(pc.invert(pc.is_in(new_links["link_id"], value_set=refused))),
        left_out,
        answered,
        parts.weighed,
    )


def _links(draft: Draft) -> Positions:
    """Per action its link, -1 for a new pair."""
    return np.concatenate([*draft.action_links, np.empty(0, np.int64)])


def _end(
    actions: pa.Table, parts: Parts, pieces: pd.DataFrame, draft: Draft, newcomers: Mapping[Side, Ends]
) -> None:
    links, ends = _links(draft), draft.links

    def put(chosen: Flags, disposition: Disposition, rule: str) -> None:
        ends.put(links[chosen & (links >= 0)], disposition, rule)

    held = parts.records(HELD) & ~parts.held_before
    put(held | (parts.fields(HELD) != 0), Disposition.HELD, "G3")
    sources = np.concatenate([*draft.action_sources, np.empty(0, np.int64)])
    for side, rows in newcomers.items():
        new = held & (links < 0) & equals(whole(actions, "side"), side.other)
        rows.put(sources[new], Disposition.HELD, "G3")
    put(parts.records(APPROVED) & parts.held_before, Disposition.PLANNED, "G3")
    put(parts.records(REJECTED), Disposition.RELEASED, Withheld.REJECTED)
    # A pair that had nothing else to do is done with.
    busy = np.zeros(len(ends.codes), np.bool_)
    at_work = links[pieces["origin"].to_numpy()]
    busy[at_work[at_work >= 0]] = True
    idle = ~gather(busy | (ends.codes != _PLANNED), links)
    put(idle & (parts.fields(REJECTED) != 0), Disposition.UNCHANGED, Withheld.REJECTED)


def _rejected_records(
    actions: pa.Table, parts: Parts, changes: pa.Table, draft: Draft, given: PlanInput
) -> Iterator[pa.Table]:
    """The pair of a rejected create or delete is released, and a person keeps it out."""
    links, of_action = _links(draft), change_of(changes, len(actions))
    withheld = array(given.links["withheld"].array)
    for side in Side:
        rejected = parts.records(REJECTED) & equals(whole(actions, "side"), side)
        for op, base in ((Op.DELETE, None), (Op.CREATE, side.other)):
            rows = np.flatnonzero(rejected & equals(whole(actions, "op"), op))
            length = len(rows)
            yield replaced(
                changes.take(pa.array(of_action[rows])),
                seq=pa.nulls(length, pa.int32()),
                state=constant(LinkState.RELEASED, length),
                # A pair that is kept out already stays so for its own reason, as that says which record is gone.
                withheld=pc.fill_null(take(withheld, links[rows]), Withheld.REJECTED.value),
                # What the original holds now becomes its base: a change of it plans the create again.
                sc_mask=constant(ALL_FIELDS * (base is Side.SALES_CONNECT), length, pa.int32()),
                sf_mask=constant(ALL_FIELDS * (base is Side.SALESFORCE), length, pa.int32()),
                inputs=constant(base is Side.SALES_CONNECT, length, pa.bool_()),
            )


def _rejected_fields(actions: pa.Table, parts: Parts, changes: pa.Table) -> Iterator[pa.Table]:
    """Both present values of a rejected change become the base: nothing is left to be written."""
    of_action = change_of(changes, len(actions))
    for kind, name in FIELD_OF.items():
        chosen = (parts.kind == KINDS.index(kind)) & (parts.verdict == REJECTED)
        for side in Side:
            rows = parts.action[chosen & equals(whole(actions, "side"), side)[parts.action]]
            bit = constant(BIT[name], len(rows), pa.int32())
            yield replaced(
                changes.take(pa.array(of_action[rows])),
                seq=pa.nulls(len(rows), pa.int32()),
                sc_mask=bit,
                sf_mask=bit,
                inputs=constant(name == "title", len(rows), pa.bool_()),
                **{f"{side.prefix}_{name}": take(whole(actions, f"seen_{name}"), rows)},
            )
