"""K1 to K3, K5, K6: both sides changed, people decide, automations fight."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from taskbridge.core.delicate import is_delicate
from taskbridge.core.model import ACTIONS
from taskbridge.core.terms import ConflictPolicy
from tests.core.frames import NOON, Row, decide, decision, link, sc, sf, table, wrote

SC, SF = "sales_connect", "salesforce"
LATEST, MANUAL = ConflictPolicy.LATEST_WINS, ConflictPolicy.MANUAL
SC_WINS, SF_WINS = ConflictPolicy.SALES_CONNECT_WINS, ConflictPolicy.SALESFORCE_WINS
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def test_K1_changes_of_different_fields_both_survive() -> None:
    plan = decide([link()], [sc(priority="high")], [sf(due_date=date(2026, 4, 1))])
    assert plan.writes == [
        (SF, "update", {"priority": "High"}),
        (SC, "update", {"due_date": date(2026, 4, 1)}),
    ]
    assert plan.conflicts == []


@pytest.mark.parametrize(
    ("field", "left", "right"),
    [
        ("status", "complete", "Completed"),
        ("priority", "high", "High"),
        ("due_date", None, None),
        ("details", "same", "same"),
        ("owner", "ben", "005B"),
    ],
)
def test_K2_the_same_change_on_both_sides_is_agreement(field: str, left: object, right: object) -> None:
    plan = decide([link()], [sc(**{field: left})], [sf(**{field: right})], conflict_policy=MANUAL)
    assert (plan.actions, plan.conflicts) == ([], [])
    assert (plan.base("sc"), plan.base("sf")) == ({field: left}, {field: right})
    assert set(plan.ends.values()) == {("unchanged", "G1")}


# policy, when Sales Connect and Salesforce were edited, winner
WINNERS = [
    (LATEST, NOON + 120 * SECOND, NOON, SF),
    (LATEST, NOON + 121 * SECOND, NOON, SC),
    (LATEST, NOON, NOON + MINUTE, SF),
    (LATEST, NOON, NOON, SF),
    (SC_WINS, NOON, NOON + 60 * MINUTE, SC),
    (SF_WINS, NOON + 60 * MINUTE, NOON, SF),
    (MANUAL, NOON + 60 * MINUTE, NOON, None),
]


@pytest.mark.parametrize(("policy", "sc_stamp", "sf_stamp", "winner"), WINNERS)
def test_K3_K5_the_policy_decides_and_both_values_are_kept(
    policy: ConflictPolicy, sc_stamp: object, sf_stamp: object, winner: str | None
) -> None:
    left, right = sc(details="theirs", modified_at=sc_stamp), sf(details="ours", modified_at=sf_stamp)
    plan = decide([link()], [left], [right], conflict_policy=policy)
    expected = {
        SC: [(SF, "update", {"details": "theirs"})],
        SF: [(SC, "update", {"details": "ours"})],
        None: [],
    }
    assert plan.writes == expected[winner]
    [kept] = plan.conflicts
    assert (kept["field"], kept["rule"], kept["winner"]) == ("details", "K3", winner)
    assert (kept["value_sc"], kept["value_sf"]) == ("theirs", "ours")
    assert (kept["base_sc"], kept["base_sf"]) == ("Ask for the order",) * 2
    assert [action["rule"] for action in plan.actions] == ["C1,K3"] * len(expected[winner])


def test_K3_a_manual_field_is_held_and_the_others_go_on() -> None:
    left, right = sc(details="theirs", priority="high"), sf(details="ours", status="Completed")
    plan = decide([link()], [left], [right], field_policies={"details": MANUAL})
    assert plan.writes == [(SF, "update", {"priority": "High"}), (SC, "update", {"status": "complete"})]
    assert plan.base("sc") == {"priority": "high", "status": "complete"}
    assert set(plan.ends.values()) == {("held", "K3")}


def test_K3_a_policy_per_field_overrides_the_accounts() -> None:
    left, right = sc(details="theirs", priority="high"), sf(details="ours", priority="Low")
    policies = {"conflict_policy": SF_WINS, "field_policies": {"details": SC_WINS}}
    plan = decide([link()], [left], [right], **policies)
    assert plan.writes == [(SF, "update", {"details": "theirs"})]
    assert [row["winner"] for row in plan.conflicts] == [SF, SC]


LATER, BEFORE = NOON + 60 * MINUTE, NOON - 60 * MINUTE
# what the link knows of stamps, the winner; Sales Connect's row is from noon, Salesforce's half an hour
# younger
STAMPS: list[tuple[Row, str]] = [
    ({}, SF),
    ({"sf_written_at": LATER, "sf_modified_at": BEFORE}, SC),
    ({"sf_written_at": NOON, "sf_modified_at": BEFORE}, SF),
    ({"sc_written_at": NOON, "sc_modified_at": LATER + 60 * MINUTE}, SC),
    ({"sf_changed_at": BEFORE}, SC),
    ({"sc_changed_at": BEFORE, "sf_changed_at": BEFORE - 60 * MINUTE}, SC),
    ({"sf_written_at": LATER, "sf_modified_at": None}, SF),
]


@pytest.mark.parametrize(("known", "winner"), STAMPS)
def test_K3_a_stamp_that_our_write_moved_does_not_count(known: Row, winner: str) -> None:
    left, right = sc(details="theirs"), sf(details="ours", modified_at=NOON + 30 * MINUTE)
    assert decide([link(**known)], [left], [right]).conflicts[0]["winner"] == winner


def test_K3_the_margin_is_a_setting() -> None:
    left, right = sc(details="theirs", modified_at=NOON + MINUTE), sf(details="ours")
    plan = decide([link()], [left], [right], conflict_margin=timedelta(0))
    assert plan.conflicts[0]["winner"] == SC


def test_K3_the_subject_is_not_contested() -> None:
    plan = decide([link()], [sc(title="New")], [sf(title="Typed")], conflict_policy=MANUAL)
    assert plan.writes == [(SF, "update", {"title": "New"})]
    assert set(plan.ends.values()) == {("planned", "C1")}


def test_K5_an_action_knows_what_it_overwrites() -> None:
    low = sf(priority="Low")
    action = decide([link(right=low)], [sc(priority="high")], [low | {"details": "theirs"}]).actions[0]
    assert (action["seen_priority"], action["seen_details"], action["seen_owner"]) == (
        "Low",
        "theirs",
        "005A",
    )


def test_K5_contested_dates_are_kept_as_iso_text() -> None:
    plan = decide([link()], [sc(due_date=date(2026, 4, 1))], [sf(due_date=None)])
    assert (plan.conflicts[0]["value_sc"], plan.conflicts[0]["value_sf"]) == ("2026-04-01", None)


THEIRS, OURS = sc(details="theirs"), sf(details="ours")


@pytest.mark.parametrize(
    ("winner", "write"),
    [(SC, (SF, "update", {"details": "theirs"})), (SF, (SC, "update", {"details": "ours"}))],
)
def test_K3_a_decision_on_the_values_of_now_is_carried_out(winner: str, write: object) -> None:
    decided = [decision("details", winner, "theirs", "ours")]
    plan = decide([link(dirty=True)], [THEIRS], [OURS], decisions=decided, conflict_policy=MANUAL)
    assert plan.writes == [write]
    [kept] = plan.conflicts
    assert (kept["rule"], kept["winner"]) == ("K3", winner)
    assert (kept["value_sc"], kept["value_sf"]) == ("theirs", "ours"), "the loser is kept (K5)"
    assert plan.left_out == []
    assert set(plan.ends.values()) == {("planned", "C1")}


@pytest.mark.parametrize("seen", [("older", "ours"), ("theirs", None)])
def test_K3_a_decision_on_other_values_is_outdated_and_said_to_be(seen: tuple[str, str | None]) -> None:
    decided = [decision("details", SC, *seen)]
    plan = decide([link(dirty=True)], [THEIRS], [OURS], decisions=decided, conflict_policy=MANUAL)
    assert plan.writes == []
    assert plan.conflicts[0]["winner"] is None
    [left_out] = plan.left_out
    assert (left_out["link_id"], left_out["field"], left_out["code"]) == (
        link()["link_id"], "details", "DECISION_OUTDATED",
    )  # fmt: skip
    assert set(plan.ends.values()) == {("held", "K3")}


def test_K3_a_decision_is_about_its_own_field_and_pair() -> None:
    other = decision("details", SC, "theirs", "ours") | {"link_id": "sc:acc1:2"}
    decided = [other, decision("priority", SC, "theirs", "ours")]
    plan = decide([link(dirty=True)], [THEIRS], [OURS], decisions=decided, conflict_policy=MANUAL)
    assert (plan.writes, plan.left_out) == ([], [])


def test_K3_a_decision_about_dates_and_nothing() -> None:
    decided = [decision("due_date", SF, date(2026, 4, 1), None)]
    left, right = sc(due_date=date(2026, 4, 1)), sf(due_date=None)
    plan = decide([link(dirty=True)], [left], [right], decisions=decided, conflict_policy=MANUAL)
    assert plan.writes == [(SC, "update", {"due_date": None})]


def test_K3_F6_a_decided_winner_that_cannot_cross_leaves_both_as_the_new_base() -> None:
    decided = [decision("status", SF, "complete", "Deferred")]
    left, right = sc(status="complete"), sf(status="Deferred")
    plan = decide([link(dirty=True)], [left], [right], decisions=decided, conflict_policy=MANUAL)
    assert plan.writes == []
    assert (plan.base("sc"), plan.base("sf")) == ({"status": "complete"}, {"status": "Deferred"})
    assert set(plan.ends.values()) == {("unchanged", "G1")}


# K6: Salesforce's priority was Normal, became High by us, and so on; Sales Connect's high waits to cross.
TO_AND_FRO = [
    wrote(0, SF, "priority", "Normal", "High"),
    wrote(1, SC, "priority", "high", "normal"),
    wrote(2, SF, "priority", "Normal", "High"),  # the first reversal
    wrote(3, SC, "priority", "high", "normal"),  # the second
]


@pytest.mark.parametrize(("known", "held"), [(4, True), (3, False), (2, False)])
def test_K6_the_third_reversal_of_an_hour_is_held(known: int, held: bool) -> None:
    plan = decide([link()], [sc(priority="high", details="new")], [sf()], recent=TO_AND_FRO[:known])
    written = {"details": "new"} if held else {"details": "new", "priority": "High"}
    assert plan.writes == [(SF, "update", written)], "other fields go on"
    assert set(plan.ends.values()) == {("held", "K6") if held else ("planned", "C1")}
    assert [(row["field"], row["rule"], row["winner"]) for row in plan.conflicts] == (
        [("priority", "K6", None)] if held else []
    )
    assert ("priority" in plan.base("sc")) is not held, "the base waits as long as the write"


def test_K6_a_value_that_the_side_did_not_hold_is_no_reversal() -> None:
    recent = [
        row | {"mask": 1 << 4, "details": text, "seen_details": "b"}
        for row, text in zip(TO_AND_FRO, "abab", strict=True)
    ]
    assert decide([link()], [sc(details="new")], [sf()], recent=recent).writes == [
        (SF, "update", {"details": "new"})
    ]
    assert decide([link()], [sc(details="a")], [sf()], recent=recent).writes == []


def test_K6_what_a_create_wrote_counts_and_what_it_replaced_does_not() -> None:
    """A created record held nothing before: an empty due date is no value that comes back."""
    recent = [
        wrote(0, SF, "due_date", None, date(2026, 3, 9), op="create"),
        *(wrote(nth, SF, "due_date", date(2026, 3, nth), date(2026, 3, 9)) for nth in (1, 2)),
    ]
    kept = sf(due_date=date(2026, 3, 2))
    base = link(right=kept)
    assert decide([base], [sc(due_date=None)], [kept], recent=recent).write(SF) == {"due_date": None}
    back = decide([link(sc(due_date=None), kept)], [sc(due_date=date(2026, 3, 9))], [kept], recent=recent)
    assert set(back.ends.values()) == {("held", "K6")}


def test_K6_another_pair_field_or_side_has_counts_of_its_own() -> None:
    others = [row | {"link_id": "sc:acc1:2"} for row in TO_AND_FRO]
    status = [row | {"mask": 2, "status": "x"} for row in TO_AND_FRO]
    on_sc = [row | {"side": SC} for row in TO_AND_FRO]
    for recent in (others, status, on_sc):
        plan = decide([link()], [sc(priority="high")], [sf()], recent=recent)
        assert plan.writes == [(SF, "update", {"priority": "High"})]


def test_K6_a_contest_that_goes_to_and_fro_is_held_whatever_the_policy() -> None:
    low = link(sc(priority="normal"), sf(priority="Low"))
    plan = decide([low], [sc(priority="high")], [sf()], recent=TO_AND_FRO, conflict_policy=SC_WINS)
    assert plan.writes == []
    assert [(row["rule"], row["winner"]) for row in plan.conflicts] == [("K6", None)]


@pytest.mark.parametrize(
    ("winner", "write"),
    [(SC, (SF, "update", {"priority": "High"})), (SF, (SC, "update", {"priority": "normal"}))],
)
def test_K6_a_decision_lets_it_go(winner: str, write: object) -> None:
    decided = [decision("priority", winner, "high", "Normal")]
    plan = decide([link()], [sc(priority="high")], [sf()], recent=TO_AND_FRO, decisions=decided)
    assert plan.writes == [write]
    assert [(row["rule"], row["winner"]) for row in plan.conflicts] == [("K3", winner)]


NAMES = [wrote(nth, SF, "title", *pair) for nth, pair in enumerate([("a", "b"), ("b", "a"), ("a", "b")])]


def test_K6_a_subject_that_goes_to_and_fro_is_held_and_can_be_decided() -> None:
    pair, left, right = link(sc(title="b"), sf(title="b")), sc(title="a"), sf(title="b")
    held = decide([pair], [left], [right], recent=NAMES)
    assert (held.writes, set(held.ends.values())) == ([], {("held", "K6")})
    ours = decide([pair], [left], [right], recent=NAMES, decisions=[decision("title", SC, "a", "b")])
    assert ours.writes == [(SF, "update", {"title": "a"})]
    theirs = decide([pair], [left], [right], recent=NAMES, decisions=[decision("title", SF, "a", "b")])
    assert theirs.writes == [], "a Subject never goes to Sales Connect (F1)"
    assert theirs.base("sc") == {"title": "a"}


def test_K3_an_update_that_settles_a_conflict_is_delicate() -> None:
    both = decide(
        [link()], [sc(details="hers", modified_at=NOON)], [sf(details="his", modified_at=NOON - MINUTE)]
    )
    one = decide([link()], [sc(details="hers", modified_at=NOON)], [sf()])
    assert [list(is_delicate(table(ACTIONS, plan.actions))) for plan in (both, one)] == [[True], [False]]
