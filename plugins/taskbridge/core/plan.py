"""The plan compiler: ledger and two staged extracts in, all that is to happen out. Pure, deterministic."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from taskbridge.core.arrays import build, constant, take
from taskbridge.core.creation import plan_new_pairs
from taskbridge.core.diff import Changes
from taskbridge.core.draft import Draft, Ends
from taskbridge.core.fields import Crossing
from taskbridge.core.frames import chunked_frame, frame
from taskbridge.core.holding import weigh
from taskbridge.core.match import Matched
from taskbridge.core.model import CONFLICTS, DISPOSITIONS, LEFT_OUT, Plan, PlanInput
from taskbridge.core.pairs import PairPlanner
from taskbridge.core.rerender import with_new_renderings
from taskbridge.core.template import SubjectTemplate
from taskbridge.core.terms import Disposition, Side


def make_plan(given: PlanInput, *, limited: bool = True) -> Plan:
    """Decides every staged row. The same input gives the same plan; the input is not changed.

    `limited`: what is too much at once waits, and what a person answered is carried out (G3).

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
    changes = Changes.found_in(matched)
    if given.rerender:
        changes = with_new_renderings(changes, matched, template)
    PairPlanner(matched, draft, crossing, template, changes).plan()
    plan_new_pairs(matched, draft, strangers, crossing, template)
    weighed = weigh(matched, draft, strangers, limited=limited)
    return Plan(
        actions=frame(weighed.actions),
        ledger_changes=frame(weighed.changes),
        new_links=frame(weighed.new_links),
        conflicts=frame(_concat(draft.conflicts, CONFLICTS)),
        # One chunk a side: the longest frame is only stored, and joining it would copy it once more.
        dispositions=chunked_frame(
            pa.concat_tables([dispositions(matched, side, draft, strangers[side]) for side in Side])
        ),
        left_out=frame(_concat([*draft.left_out, weighed.left_out], LEFT_OUT)),
        answered=frame(weighed.answered),
    )


def _concat(blocks: list[pa.Table], schema: pa.Schema) -> pa.Table:
    return pa.concat_tables(blocks) if blocks else schema.empty_table()


def dispositions(matched: Matched, side: Side, draft: Draft, rows: Ends) -> pa.Table:
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
