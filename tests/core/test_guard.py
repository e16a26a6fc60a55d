"""G3: what exceeds a limit is planned and held."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from taskbridge.core.policy import Limits
from taskbridge.core.terms import BIT
from tests.core.frames import ANNA, BEN, NOON, Read, Row, decide, gone, many, sc, sf, written

SF = "salesforce"
EVERYONE = [{"sc_user_id": "anna", "pairs": 1_000}]


def states(plan: Read) -> set[str]:
    return {row["state"] for row in plan.actions}


def edited(count: int, **values: object) -> tuple[list[Row], list[Row], list[Row]]:
    links, lefts, rights = many(count)
    return links, [row | values for row in lefts], rights


# kind, how such a change looks in Sales Connect
CHANGES: list[tuple[str, Callable[[Row], Row]]] = [
    ("complete", lambda row: row | {"status": "complete"}),
    ("due_date", lambda row: row | {"due_date": date(2026, 6, 1)}),
    ("owner", lambda row: row | {"owner": "ben"}),
    ("delete", gone),
]


@pytest.mark.parametrize(("kind", "change"), CHANGES)
def test_G3_above_a_limit_nothing_of_that_kind_is_written(kind: str, change: Callable[[Row], Row]) -> None:
    limits = Limits(count=3, user_count=3, share=0, user_share=0)
    for count, expected in ((3, "planned"), (4, "held")):
        links, lefts, rights = many(count)
        plan = decide(links, [change(row) for row in lefts], rights, limits=limits)
        assert [row["kind"] for row in plan.actions] == [kind] * count
        assert states(plan) == {expected}
        assert all(row["rule"].endswith("G3") == (expected == "held") for row in plan.actions)
        assert set(plan.ends.values()) == {("held", "G3") if expected == "held" else ("planned", "C1")}


def test_G3_creates_are_counted_on_both_sides_together() -> None:
    limits = Limits(count=3, user_count=3)
    plan = decide([], [sc("1"), sc("2")], [sf("T1"), sf("T2")], limits=limits)
    assert states(plan) == {"held"}
    assert set(plan.ends.values()) == {("held", "G3")}
    assert states(decide([], [sc("1"), sc("2")], [sf("T1")], limits=limits)) == {"planned"}


def test_G3_creates_of_a_first_import_do_not_count() -> None:
    rows = [sf(f"T{number}") for number in range(30)]
    limits = Limits()
    assert states(decide([], [], rows, limits=limits)) == {"held"}
    first = decide([], [sc()], rows, users=[ANNA | {"first_sync_owed": True}], limits=limits)
    assert states(first) == {"planned"}
    assert sorted({row["first_import"] for row in first.actions}) == [False, True]


def test_G3_a_first_import_that_was_interrupted_still_does_not_count() -> None:
    links, _, rows = many(30)
    halves = [row | {"sc_id": None, "origin": "salesforce", "state": "pending"} for row in links]
    owed, limits = ANNA | {"first_sync_owed": True}, Limits()
    assert states(decide(halves, [], rows, users=[owed], limits=limits)) == {"planned"}
    assert states(decide(halves, [], rows, users=[ANNA], limits=limits)) == {"held"}
    buried = [row | {"state": "tombstone"} for row in links]
    assert states(decide(buried, [], rows, users=[owed], limits=limits)) == {"held"}


def test_G3_an_update_of_no_counted_kind_is_never_held() -> None:
    plan = decide(*edited(30, title="new", details="new", priority="high"))
    assert {row["kind"] for row in plan.actions} == {None}
    assert states(plan) == {"planned"}


def test_G3_one_update_can_count_for_several_kinds() -> None:
    plan = decide(*edited(1, status="complete", due_date=None, owner="ben"))
    assert plan.actions[0]["kind"] == "complete,owner,due_date"


def test_G3_reopening_is_not_completing() -> None:
    links, lefts, rights = many(1)
    done = links[0] | {"sc_status": "complete", "sf_status": "Completed"}
    plan = decide([done], [lefts[0]], [rights[0] | {"status": "Completed"}])
    assert plan.actions[0]["kind"] is None


def test_G3_completing_counts_in_the_words_of_each_side() -> None:
    links, lefts, rights = many(1)
    plan = decide(links, lefts, [rights[0] | {"status": "Completed"}])
    assert (plan.actions[0]["side"], plan.actions[0]["kind"]) == ("sales_connect", "complete")


# changed pairs, linked pairs, written in the last hour, held; the limit is the larger of 25 and 20 % for a
# user
SHARES = [(25, 0, 0, False), (26, 0, 0, True), (26, 1_000, 0, False), (20, 0, 5, False), (21, 0, 5, True)]


@pytest.mark.parametrize(("changes", "pairs", "written", "held"), SHARES)
def test_G3_numbers_shares_and_the_rolling_hour(changes: int, pairs: int, written: int, held: bool) -> None:
    plan = decide(
        *edited(changes, due_date=None),
        population=[{"sc_user_id": "anna", "pairs": pairs}] if pairs else [],
        history=[{"kind": "due_date", "sc_user_id": "anna", "within_hour": written, "within_day": 900}],
    )
    assert states(plan) == {"held" if held else "planned"}


# new tasks, linked pairs of the user and of all, held; the limit is the larger of 250 and 50 % for a user, of 1,000 and
# 20 % overall
BURSTS = [
    (100, 0, 0, False), (250, 12, 12, False), (251, 12, 12, True), (300, 600, 600, False), (301, 600, 600, True),
    (1_000, 4_000, 4_000, False), (1_001, 4_000, 4_000, True), (1_001, 4_000, 6_000, False),
]  # fmt: skip


@pytest.mark.parametrize(("new", "mine", "everybody", "held"), BURSTS)
def test_G3_creates_come_in_bursts_and_have_limits_of_their_own(
    new: int, mine: int, everybody: int, held: bool
) -> None:
    population = [{"sc_user_id": "anna", "pairs": mine}, {"sc_user_id": "ben", "pairs": everybody - mine}]
    rows = [sc(str(number)) for number in range(new)]
    assert states(decide([], rows, [], population=population)) == {"held" if held else "planned"}


def test_G3_a_burst_of_creates_makes_no_room_for_another_kind() -> None:
    links, lefts, rights = edited(26, due_date=None)
    plan = decide(links, [*lefts, *(sc(f"new {number}") for number in range(100))], rights)
    assert {(row["op"], row["state"]) for row in plan.actions} == {("create", "planned"), ("update", "held")}


def test_G3_deletes_also_count_over_the_last_day() -> None:
    links, lefts, rights = many(5)
    for within_day, expected in ((20, "planned"), (21, "held")):
        history = [{"kind": "delete", "sc_user_id": "anna", "within_hour": 0, "within_day": within_day}]
        plan = decide(links, [gone(row) for row in lefts], rights, history=history)
        assert states(plan) == {expected}


@pytest.mark.parametrize(("count", "expected"), [(6, "planned"), (7, "held")])
def test_G3_not_more_than_half_of_a_users_pairs(count: int, expected: str) -> None:
    population = [{"sc_user_id": "anna", "pairs": 12}, {"sc_user_id": "ben", "pairs": 500}]
    assert states(decide(*edited(count, due_date=None), population=population)) == {expected}


def test_G3_half_of_ten_pairs_or_fewer_is_no_wave() -> None:
    population = [{"sc_user_id": "anna", "pairs": 10}]
    assert states(decide(*edited(10, due_date=None), population=population)) == {"planned"}


def test_G3_one_users_wave_does_not_hold_the_others() -> None:
    links, lefts, rights = edited(30, due_date=None)
    for number in range(3):
        links[number] |= {"sc_owner": "ben", "sf_owner": "005B"}
        lefts[number] |= {"owner": "ben"}
        rights[number] |= {"owner": "005B"}
    plan = decide(links, lefts, rights, users=[ANNA, BEN])
    assert {(row["sc_user_id"], row["state"]) for row in plan.actions} == {
        ("anna", "held"),
        ("ben", "planned"),
    }


def test_G3_the_whole_counts_when_no_user_is_above_a_limit() -> None:
    links, lefts, rights = edited(6, due_date=None)
    population = [{"sc_user_id": "someone else", "pairs": 11}]
    assert states(decide(links, lefts, rights, population=population)) == {"held"}


def test_G3_pairs_and_writes_of_nobody_count_for_the_whole() -> None:
    population = [{"sc_user_id": None, "pairs": 11}]
    history = [{"kind": "due_date", "sc_user_id": None, "within_hour": 5, "within_day": 5}]
    plan = decide(*edited(1, due_date=None), population=population, history=history)
    assert states(plan) == {"held"}


def test_G3_the_harmless_fields_of_a_held_update_are_written() -> None:
    plan = decide(*edited(26, due_date=None, details="new", title="new"))
    assert [(row["state"], row["kind"], written(row)) for row in plan.actions[:2]] == [
        ("planned", None, {"title": "new", "details": "new"}),
        ("held", "due_date", {"due_date": None}),
    ]
    assert len(plan.actions) == 52
    assert [row["seq"] for row in plan.actions] == list(range(52))
    assert set(plan.ends.values()) == {("held", "G3")}


def test_G3_the_base_of_a_held_field_waits_for_its_own_write() -> None:
    plan = decide(*edited(26, due_date=None, details="new", title="new"))
    state_of = {row["seq"]: row["state"] for row in plan.actions}
    followed = {(state_of[row["seq"]], row["sc_mask"], row["sf_mask"], row["inputs"]) for row in plan.changes}
    due_date, others = BIT["due_date"], BIT["title"] | BIT["details"]
    assert followed == {("planned", others, others, True), ("held", due_date, due_date, False)}


def test_G3_only_the_kinds_that_are_too_many_are_held() -> None:
    links, lefts, rights = edited(26, due_date=None)
    lefts[0] |= {"status": "complete"}
    plan = decide(links, lefts, rights)
    first = [row for row in plan.actions if row["link_id"] == links[0]["link_id"]]
    assert [(row["state"], row["kind"], written(row)) for row in first] == [
        ("planned", "complete", {"status": "Completed"}),
        ("held", "due_date", {"due_date": None}),
    ]


def test_G3_two_kinds_that_are_too_many_are_held_apart() -> None:
    plan = decide(*edited(26, due_date=None, status="complete"))
    assert [(row["state"], row["asks"]) for row in plan.actions[:2]] == [
        ("held", "complete"),
        ("held", "due_date"),
    ]
    assert len(plan.actions) == 52


def test_G3_a_held_kind_does_not_hold_another_write_of_the_pair() -> None:
    links, lefts, rights = edited(26, due_date=None)
    rights = [row | {"priority": "High"} for row in rights]
    plan = decide(links, lefts, rights)
    assert {(row["side"], row["state"]) for row in plan.actions} == {
        (SF, "held"),
        ("sales_connect", "planned"),
    }
    assert set(plan.ends.values()) == {("held", "G3")}


def test_G3_a_delete_that_is_held_for_its_age_does_not_count() -> None:
    links, lefts, rights = many(30)
    links = [row | {"sf_version": None} for row in links]
    old = [gone(row, version=NOON.replace(year=2025)) for row in rights]
    plan = decide(links, lefts, old)
    assert {row["rule"] for row in plan.actions} == {"I4"}
