"""K1 to K3, K5: both sides changed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from taskbridge.core.model import ConflictPolicy
from tests.core.frames import NOON, Row, decide, link, sc, sf

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
