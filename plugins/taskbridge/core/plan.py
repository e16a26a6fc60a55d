"""The plan compiler: ledger and two staged extracts in, all that is to happen out. Pure, deterministic."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core import guard
from taskbridge.core.arrays import build, choose, constant, equals, take, whole
from taskbridge.core.creation import plan_new_pairs
from taskbridge.core.diff import Changes
from taskbridge.core.draft import Draft, Ends
from taskbridge.core.fields import Crossing
from taskbridge.core.match import Matched
from taskbridge.core.model import (
    ACTIONS,
    CONFLICTS,
    DISPOSITIONS,
    LEDGER_CHANGES,
    LEFT_OUT,
    NEW_LINKS,
    ActionState,
    Disposition,
    Plan,
    PlanInput,
    Side,
    frame,
)
from taskbridge.core.pairs import PairPlanner
from taskbridge.core.template import SubjectTemplate


def make_plan(given: PlanInput) -> Plan:
    """Decides every staged row. The same input gives the same plan; the input is not changed.

    Raises UnknownTemplateField when the policy's template names a field that does not exist.
    """
    matched = Matched.of(given)
    crossing = Crossing.of(matched.users, given.policy.skipped_tasks)
    template = SubjectTemplate.parse(given.policy.subject_template)
    draft = Draft(Ends(len(given.links)))
    strangers = {side: Ends(len(matched[side])) for side in Side}
    for side in Side:
        broken = np.flatnonzero(matched[side].broken)
        strangers[side].put(broken, Disposition.DEAD_LETTER, "G4")
    PairPlanner(matched, draft, crossing, template, Changes.found_in(matched)).plan()
    plan_new_pairs(matched, draft, strangers, crossing, template)
    actions = _guarded(_concat(draft.actions, ACTIONS), draft, strangers, given)
    return Plan(
        actions=frame(actions),
        ledger_changes=frame(_concat(draft.changes, LEDGER_CHANGES)),
        new_links=frame(_concat(draft.new_links, NEW_LINKS)),
        conflicts=frame(_concat(draft.conflicts, CONFLICTS)),
        left_out=frame(_concat(draft.left_out, LEFT_OUT)),
        # One chunk a side: the longest frame is only stored, and joining it would copy it once more.
        dispositions=pa.concat_tables(
            [_dispositions(matched, side, draft, strangers[side]) for side in Side]
        ).to_pandas(types_mapper=pd.ArrowDtype),
    )


def _concat(blocks: list[pa.Table], schema: pa.Schema) -> pa.Table:
    return pa.concat_tables(blocks) if blocks else schema.empty_table()


def _guarded(actions: pa.Table, draft: Draft, strangers: Mapping[Side, Ends], given: PlanInput) -> pa.Table:
    """Sets state and kind of each action, and ends what is held as held (G3)."""
    if not len(actions):
        return actions
    given_columns = {name: whole(actions, name) for name in ACTIONS.names}
    verdict = guard.judge(actions, given)
    held = pa.array(verdict.held)
    state = choose(verdict.held, constant(ActionState.HELD, len(actions)), given_columns["state"])
    rule = given_columns["rule"]
    columns = given_columns | {
        "kind": verdict.kinds,
        "rule": pc.if_else(held, pc.binary_join_element_wise(rule, "G3", ","), rule),
        "state": pc.fill_null(state, ActionState.PLANNED.value),
    }
    links = np.concatenate(draft.action_links)
    draft.links.put(links[verdict.held & (links >= 0)], Disposition.HELD, "G3")
    sources = np.concatenate(draft.action_sources)
    for side, ends in strangers.items():
        new = verdict.held & (links < 0) & equals(columns["side"], side.other)
        ends.put(sources[new], Disposition.HELD, "G3")
    return build(ACTIONS, columns, len(actions))


def _dispositions(matched: Matched, side: Side, draft: Draft, rows: Ends) -> pa.Table:
    """A staged row ends as its pair ends, unless it is in none or cannot be understood."""
    staged = matched[side]
    rows.follow(draft.links, staged.link)
    return build(
        DISPOSITIONS,
        {
            "side": constant(side, len(staged)),
            "remote_id": staged.rows["remote_id"],
            "link_id": take(matched.links["link_id"], staged.link),
            "disposition": rows.dispositions,
            "rule": rows.rule_names,
        },
        len(staged),
    )
