"""The plan compiler: ledger and two staged extracts in, all that is to happen out. Pure, deterministic.

The stages, in their order: join, compare, judge, merge and the effects that follow, and the gate.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from taskbridge.core.arrays import array, at_once, build, columns, constant, take
from taskbridge.core.compare import compare
from taskbridge.core.draft import Draft, Ends, concat
from taskbridge.core.effects import plan_newcomers, plan_pairs
from taskbridge.core.frames import chunked_frame, frame
from taskbridge.core.gate import pass_gate
from taskbridge.core.join import join
from taskbridge.core.judge import judge
from taskbridge.core.merge import merge
from taskbridge.core.model import CONFLICTS, DISPOSITIONS, LEFT_OUT, Plan, PlanInput
from taskbridge.core.records import is_broken
from taskbridge.core.rerender import with_new_renderings
from taskbridge.core.rules import Rules
from taskbridge.core.terms import Disposition, Side
from taskbridge.core.view import View


def make_plan(given: PlanInput, *, limited: bool = True) -> Plan:
    """Decides every staged row. The same input gives the same plan; the input is not changed.

    `limited`: what is too much at once waits, and what a person answered is carried out (G3).

    Raises UnknownTemplateField when the policy's template names a field that does not exist.
    """
    rules, joined = Rules.of(given), join(given)
    pairs = compare(joined, rules, everything=rules.rerender)
    if rules.rerender:
        pairs = with_new_renderings(pairs, rules)
    draft = Draft(Ends(len(given.links)))
    pairs = merge(judge(pairs, rules), rules)
    plan_pairs(View.of(pairs), rules, draft)
    read = (joined.pairs[["sc_place", "sf_place"]].to_numpy() >= 0).any(axis=1)
    draft.links.end(np.flatnonzero(read), Disposition.UNCHANGED, "G1")
    newcomers = {}
    for side in Side:
        staged = joined.staged(side)
        newcomers[side] = Ends(len(staged))
        alone = View.of(staged).only(staged["pair"].to_numpy() < 0)
        plan_newcomers(side, alone, rules, draft, newcomers[side])
    gated = pass_gate(given, draft, newcomers, limited=limited)

    def ended(side: Side) -> pa.Table:
        return dispositions(given, side, joined.staged(side), draft.links, newcomers[side])

    return Plan(
        actions=frame(gated.actions),
        ledger_changes=frame(gated.changes),
        new_links=frame(gated.new_links),
        conflicts=frame(concat(draft.conflicts, CONFLICTS)),
        # One chunk a side: the longest frame is only stored, and joining it would copy it once more.
        dispositions=chunked_frame(pa.concat_tables(at_once(ended, tuple(Side), len(pairs)))),
        left_out=frame(concat([*draft.left_out, gated.left_out], LEFT_OUT)),
        answered=frame(gated.answered),
        weighed=frame(gated.weighed),
    )


def dispositions(given: PlanInput, side: Side, staged: pd.DataFrame, pairs: Ends, alone: Ends) -> pa.Table:
    """A staged row ends as its pair ends, unless it is in none or cannot be understood."""
    rows, pair = columns(staged), staged["pair"].to_numpy()
    alone.put(np.flatnonzero(is_broken(rows)), Disposition.DEAD_LETTER, "G4")
    alone.follow(pairs, pair)
    return build(
        DISPOSITIONS,
        {
            "side": constant(side, len(staged)),
            "remote_id": rows["remote_id"],
            "link_id": take(array(given.links["link_id"].array), pair),
            "disposition": alone.dispositions,
            "rule": alone.rule_names,
        },
        len(staged),
    )
