"""What is planned for the pairs that were judged (C1 to C7, K4), and for the records that begin a pair."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from taskbridge.core.admission import admit
from taskbridge.core.arrays import equals, is_in
from taskbridge.core.creation import originals_of_newcomers, originals_of_pairs, plan_creates
from taskbridge.core.decision import Decision
from taskbridge.core.deletes import keep_records, plan_deletes
from taskbridge.core.draft import Draft, Ends
from taskbridge.core.judge import ASTRAY, chosen
from taskbridge.core.precedence import ADMISSION, ENDS_AS, PRECEDENCE, Fate, Line
from taskbridge.core.rules import Rules
from taskbridge.core.terms import Disposition, LinkState, Side, Withheld
from taskbridge.core.updates import plan_updates
from taskbridge.core.view import View

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE


def plan_pairs(pairs: View, rules: Rules, draft: Draft) -> None:
    """Plans what the tables say of each pair. Reads what `compare`, `judge` and `merge` answer."""
    keep_scope(pairs.only(~pairs.flag("outdated")), draft)
    lines = pairs.number("line")
    for number in np.unique(lines[lines >= 0]):
        _carry_out(PRECEDENCE[number], pairs.only(lines == number), rules, draft)
    _carry_out_table(pairs.only(lines < 0), rules, draft)


def keep_scope(pairs: View, draft: Draft) -> None:
    """Keeps what the records say of their own scope, for when they say nothing any more (C2, C3)."""
    for prefix in ("sc", "sf"):
        news = pairs.only(pairs.flag(f"{prefix}_outside_new"))
        outside = pc.fill_null(news.cell(f"{prefix}_outside_now"), "")
        draft.add_changes({"link_id": news.cell("link_id"), f"{prefix}_outside": outside}, len(news))


def _carry_out(line: Line[Fate], pairs: View, rules: Rules, draft: Draft) -> None:
    rows = pairs.places
    match line.follows:
        case Fate.STAY_OUT:
            for reason in Withheld:
                here = equals(pairs.cell("withheld"), reason)
                draft.links.put(rows[here], ENDS_AS[line.follows], reason)
        case Fate.COMPLETE:
            for source in Side:
                mine = pairs.only(pairs.flag(f"{source.prefix}_live"))
                _create(source, mine, line.rule, rules, draft, again=False, lost=False)
        case Fate.COPY_AGAIN_IN_SALES_CONNECT:
            _create(_SF, pairs, line.rule, rules, draft, again=True, lost=False)
        case Fate.COPY_AGAIN_IN_SALESFORCE:
            _create(_SC, pairs, line.rule, rules, draft, again=True, lost=False)
        case Fate.BRING_BACK:
            _create(_SF, pairs, line.rule, rules, draft, again=True, lost=True)
        case _:
            draft.links.put(rows, ENDS_AS[line.follows], line.rule)
    if line.follows is Fate.END:
        draft.set_state(pairs, LinkState.TOMBSTONE)
    if line.follows is Fate.RELEASE:
        # Nothing is deleted, link and base stay (C2, C3).
        draft.set_state(pairs.only(~equals(pairs.cell("state"), LinkState.RELEASED)), LinkState.RELEASED)


def _create(
    source: Side, pairs: View, rule: str, rules: Rules, draft: Draft, *, again: bool, lost: bool
) -> None:
    draft.links.put(pairs.places, Disposition.PLANNED, rule)
    plan_creates(source, originals_of_pairs(source, pairs, again=again), rules, draft, rule=rule, lost=lost)


def _carry_out_table(pairs: View, rules: Rules, draft: Draft) -> None:
    groups = {decision: pairs.only(chosen(pairs, decision)) for decision in Decision}
    # A released, missing or held pair of which both records were read takes part again.
    for decision in (Decision.NOTHING, Decision.MERGE):
        back = groups[decision]
        draft.set_state(back.only(is_in(back.cell("state"), ASTRAY)), LinkState.LINKED)
    plan_updates(groups[Decision.MERGE], draft)
    plan_deletes(_SF, groups[Decision.DELETE_IN_SALESFORCE], rules, draft)
    plan_deletes(_SC, groups[Decision.DELETE_IN_SALES_CONNECT], rules, draft)
    for source, decision in (
        (_SC, Decision.RECREATE_IN_SALESFORCE),
        (_SF, Decision.RECREATE_IN_SALES_CONNECT),
    ):
        # The edit wins over the delete (K4).
        keep_records(groups[decision], source, draft)
        _create(source, groups[decision], "K4", rules, draft, again=True, lost=True)
    draft.links.put(groups[Decision.END].places, Disposition.UNCHANGED, "C1")
    draft.set_state(groups[Decision.END], LinkState.TOMBSTONE)
    _hold(groups[Decision.HOLD], rules, draft)


def _hold(pairs: View, rules: Rules, draft: Draft) -> None:
    """A missing record is no proof (C5); after a gap a person is asked (C6)."""
    asked = pairs.flag("needs_person")
    for side in Side:
        plan_deletes(side.other, pairs.only(asked & pairs.flag(f"{side.prefix}_absent")), rules, draft)
    missing = pairs.only(~asked)
    draft.links.put(missing.places, Disposition.WAITING, "C5")
    draft.set_state(missing, LinkState.MISSING)


def plan_newcomers(side: Side, newcomers: View, rules: Rules, draft: Draft, ends: Ends) -> None:
    """Decides every staged row of a side that is in no pair: let in and created on the other side, or left alone."""
    rows, lines = newcomers.places, admit(side, newcomers, rules)
    for number in np.unique(lines[lines >= 0]):
        ends.put(rows[lines == number], ADMISSION[number].follows, ADMISSION[number].rule)
    let_in = newcomers.only(lines < 0)
    ends.put(let_in.places, Disposition.PLANNED, "C1")
    originals = originals_of_newcomers(side, let_in, rules)
    plan_creates(side, originals, rules, draft, rule="C1", lost=False, new=True)
