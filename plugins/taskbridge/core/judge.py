"""What is seen of each pair, and what becomes of it by two tables: PRECEDENCE, then the decision table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import Flags, choose, distinct, equals, flags, is_in, later
from taskbridge.core.compare import INPUTS
from taskbridge.core.decision import ALL_DECISIONS, Decision, Seen, decide
from taskbridge.core.frames import Column
from taskbridge.core.precedence import PRECEDENCE, first_line
from taskbridge.core.rules import Rules
from taskbridge.core.terms import ALL_FIELDS, LinkState, Outside, Proof, Side
from taskbridge.core.view import View

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE
ASTRAY: Final = (LinkState.RELEASED, LinkState.MISSING, LinkState.HELD)
"""States of pairs that once were in step."""


def judge(compared: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Adds what is seen of each pair, and what becomes of it. Reads what `compare` answers.

    For either side, here `sc`: `sc_owner_said`: whose the record is; `sc_outside_now`: Outside, or null;
    `sc_outside_new` (bool): that is not what it was.
    A flag (bool) for each situation of PRECEDENCE. `line` (int64): its first line that applies, or -1. Where it is -1,
    `case` (int8) is the line of the decision table and `decision` (int8) the place in ALL_DECISIONS; else both are -1.
    `needs_person` (bool): the table holds the pair, and a person is asked whether the other record may go (C6).
    """
    pairs = View.of(compared)
    pairs = pairs.adding(_scope(pairs, rules))
    seen: dict[str, Flags] = {}
    for told in (_of_pairs(pairs), _of_people(pairs, rules), _of_returns(pairs, rules), _of_wishes(pairs)):
        seen |= told
    line = first_line(PRECEDENCE, seen | {"outdated": pairs.flag("outdated")}, len(pairs))
    pairs = pairs.adding({**seen, "line": line})
    return pairs.adding(_by_table(pairs, rules)).frame()


def _scope(pairs: View, rules: Rules) -> dict[str, Column]:
    """Whose each record is, or was when it was deleted, and why it takes no part (C2, C3): as it says itself, else as
    it was last known."""
    found: dict[str, Column] = {}
    for side in Side:
        prefix, told = side.prefix, _told(pairs, side)
        base, before = pairs.cell(f"{prefix}_owner"), pairs.cell(f"{prefix}_outside")
        owner = choose(told, pairs.cell(f"{prefix}_read_owner"), base)
        given_away = distinct(owner, base) & ~rules.people.synced(rules.people.place(side, owner))
        said = choose(given_away, pa.scalar(Outside.OWNER.value), pa.scalar(None, pa.string()))
        if side is _SF:
            other = flags(pc.is_valid(pairs.cell("sf_read_remote_id"))) & ~pairs.flag("sf_reminder")
            said = choose(other, pa.scalar(Outside.NO_REMINDER.value), said)
        outside = choose(told, said, before)
        found |= {
            f"{prefix}_owner_said": owner,
            f"{prefix}_outside_now": outside,
            f"{prefix}_outside_new": distinct(outside, before),
        }
    return found


def _told(pairs: View, side: Side) -> Flags:
    """Whether the record itself says whose and what it is. A deleted one is judged once, when it is first seen so:
    whoever joins later does not count (C2, C3)."""
    prefix = side.prefix
    names = flags(pc.is_valid(pairs.cell(f"{prefix}_read_owner")))
    judged = pc.and_(pc.is_valid(pairs.cell(f"{prefix}_outside")), pc.is_valid(pairs.cell(f"{prefix}_proof")))
    return pairs.flag(f"{prefix}_live") | (pairs.flag(f"{prefix}_deleted") & names & ~flags(judged))


def _of_pairs(pairs: View) -> Mapping[str, Flags]:
    state = pairs.cell("state")
    either = {
        name: pairs.flag(f"sc_{name}") | pairs.flag(f"sf_{name}") for name in ("broken", "absent", "deleted")
    }
    ended = equals(state, LinkState.TOMBSTONE)
    half = ~flags(pc.and_(pc.is_valid(pairs.cell("sc_id")), pc.is_valid(pairs.cell("sf_id")))) & ~ended
    edited = (pairs.number("sc_edited") | pairs.number("sf_edited")) != 0
    known, moved = np.ones(len(pairs), np.bool_), np.zeros(len(pairs), np.bool_)
    for prefix in ("sc", "sf"):
        known &= (
            pairs.flag(f"{prefix}_live") | pairs.flag(f"{prefix}_deleted") | pairs.flag(f"{prefix}_absent")
        )
        read, before = pairs.cell(f"{prefix}_read_version"), pairs.cell(f"{prefix}_version")
        moved |= flags(pc.is_valid(read)) & flags(pc.fill_null(pc.not_equal(read, before), True))
    return {
        "unconfirmed": pairs.flag("unconfirmed"),
        "ended": ended,
        "half": half,
        "broken": either["broken"],
        "half_absent": half & either["absent"],
        "half_deleted": half & either["deleted"],
        "half_kept_out": half & _kept_out_by_person(pairs) & ~edited,
        "parked": pairs.flag("parked") & ~moved,
        "unread": (pairs.flag("dirty") | is_in(state, ASTRAY)) & ~known,
    }


def _kept_out_by_person(pairs: View) -> Flags:
    """Pairs that a person keeps out."""
    return flags(pc.is_valid(pairs.cell("withheld"))) & equals(pairs.cell("state"), LinkState.RELEASED)


def _of_people(pairs: View, rules: Rules) -> Mapping[str, Flags]:
    """Whether a pair and its owners take part, whatever became of the record that does not (C2, C3). Of a pair that
    lost both its records nothing is left to decide."""
    deleted = {side: pairs.flag(f"{side.prefix}_deleted") for side in Side}
    some = ~(deleted[_SC] & deleted[_SF])
    # Of a copy that was taken back, or never came to be, the owner of the original counts.
    nobody = {
        side: (pairs.flag(f"{side.prefix}_withdrawn") & deleted[side])
        | flags(pc.is_null(pairs.cell(f"{side.prefix}_id")))
        for side in Side
    }
    untold = [_untold(pairs, side) & ~nobody[side] for side in rules.untold]
    own = {side: rules.people.place(side, pairs.cell(f"{side.prefix}_owner_said")) for side in Side}
    user = {side: np.where(nobody[side], own[side.other], own[side]) for side in Side}
    outside = {
        why: some
        & np.any(
            [equals(pairs.cell(f"{one.prefix}_outside_now"), why) & ~nobody[one] for one in Side], axis=0
        )
        for why in Outside
    }
    return {
        "unasked": ~rules.people.selected(user[_SC]) & (user[_SC] >= 0),
        "untold": np.any(untold, axis=0) & some,
        "unsynced": ~(rules.people.synced(user[_SC]) & rules.people.synced(user[_SF])) & some,
        "given_away": outside[Outside.OWNER],
        "no_reminder": outside[Outside.NO_REMINDER],
        "went_with_user": pairs.flag("sc_with_user") & deleted[_SC] & some,
    }


def _untold(pairs: View, side: Side) -> Flags:
    """A record that is gone, and nothing says whose it was, unless a person is asked about its delete already."""
    prefix = side.prefix
    proof = pairs.cell(f"{prefix}_proof")
    unsaid = flags(pc.is_null(pairs.cell(f"{prefix}_read_owner")))
    return pairs.flag(f"{prefix}_deleted") & unsaid & (flags(pc.is_null(proof)) | equals(proof, Proof.READ))


def _of_returns(pairs: View, rules: Rules) -> Mapping[str, Flags]:
    """A deleted Salesforce task that is live again was restored by a person (C7): it is newer than all that was
    known of it, or was known to be deleted and is there when it is asked for."""
    known = later(pairs.cell("sf_version"), pairs.cell("sf_written_at"))
    back = flags(pc.fill_null(pc.greater(pairs.cell("sf_read_version"), known), True))
    back |= pairs.flag("sf_asked") & flags(pc.is_valid(pairs.cell("sf_proof")))
    # An earlier copy is another record, so that the stamps of the last one say nothing of it.
    back |= distinct(pairs.cell("sf_read_remote_id"), pairs.cell("sf_id"))
    back &= equals(pairs.cell("state"), LinkState.TOMBSTONE)
    user = rules.people.place(_SF, pairs.cell("sf_now_owner"))
    back &= pairs.flag("sf_live") & pairs.flag("sf_reminder") & rules.people.synced(user)
    asked = rules.people.selected(user)
    return {"back": back & asked, "back_unasked": back & ~asked}


def _of_wishes(pairs: View) -> Mapping[str, Flags]:
    """Pairs that a person keeps out while only one of their records is live. A copy that was taken back is made anew
    when its original was edited, and so is what is gone when somebody brought the other back."""
    live = {side: pairs.flag(f"{side.prefix}_live") for side in Side}
    deleted = {side: pairs.flag(f"{side.prefix}_deleted") for side in Side}
    whole = (live[_SC] & live[_SF]) | (deleted[_SC] & deleted[_SF])
    was_away = flags(pc.is_valid(pairs.cell("sf_proof")))
    wanted = {}
    for side in Side:
        edited = live[side.other] & (pairs.number(f"{side.other.prefix}_edited") != 0)
        wanted[f"copy_wanted_{side.prefix}"] = pairs.flag(f"{side.prefix}_withdrawn") & deleted[side] & edited
    kept_out = _kept_out_by_person(pairs)
    return wanted | {
        "brought_back": kept_out & was_away & live[_SF] & deleted[_SC],
        "kept_out": kept_out & ~whole,
    }


def _by_table(pairs: View, rules: Rules) -> Mapping[str, Column]:
    left = pairs.number("line") < 0
    decision, case = (np.full(len(pairs), -1, np.int8) for _ in range(2))
    sc, sf = (_seen(pairs, side)[left] for side in Side)
    decision[left], case[left] = decide(sc, sf, rules.policy.delete_policy)
    only_inputs = (pairs.number("sc_edited") & INPUTS) != 0
    decision[(decision == ALL_DECISIONS.index(Decision.NOTHING)) & only_inputs] = ALL_DECISIONS.index(
        Decision.MERGE
    )
    # A missing record is no proof (C5); after a gap, which leaves no other trace, a person is asked (C6).
    waiting = equals(pairs.cell("state"), LinkState.HELD)
    asked = np.zeros(len(pairs), np.bool_)
    for side in Side:
        there = side.other.prefix
        alone = ~(pairs.flag(f"{there}_absent") | pairs.flag(f"{there}_deleted"))
        asked |= pairs.flag(f"{side.prefix}_absent") & alone & (waiting | (side in rules.gaps))
    return {
        "decision": decision,
        "case": case,
        "needs_person": asked & (decision == ALL_DECISIONS.index(Decision.HOLD)),
    }


def _seen(pairs: View, side: Side) -> npt.NDArray[np.int8]:
    edited = (pairs.number(f"{side.prefix}_edited") & ALL_FIELDS) != 0
    return np.select(
        [pairs.flag(f"{side.prefix}_absent"), pairs.flag(f"{side.prefix}_deleted"), edited],
        [Seen.MISSING, Seen.DELETED, Seen.EDITED],
        Seen.SAME,
    ).astype(np.int8)


def chosen(pairs: View, decision: Decision) -> Flags:
    """The pairs of which the decision table says so."""
    found: Flags = pairs.number("decision") == ALL_DECISIONS.index(decision)
    return found
