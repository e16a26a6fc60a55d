"""G1, G4, G5, G9: no echo, one bad row delays itself only, every row ends once, dirty pairs wait."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.frames import HOUR, NOON, Row, absent, broken, decide, gone, link, many, sc, sf

SC, SF = "sales_connect", "salesforce"


def test_G1_pairs_in_step_write_nothing() -> None:
    links, lefts, rights = many(50)
    plan = decide(links, lefts, rights)
    assert (plan.actions, plan.changes, plan.new_links, plan.conflicts) == ([], [], [], [])
    assert set(plan.ends.values()) == {("unchanged", "G1")}


EDITS: list[tuple[Row, Row]] = [
    ({"title": "New", "details": "a\nb"}, {}),
    ({}, {"status": "Completed", "details": None}),
    ({"status": "complete"}, {"priority": "High", "title": "typed"}),
    ({"details": "theirs"}, {"details": "ours"}),
    ({"status": "skipped"}, {"priority": "Low"}),
]


@pytest.mark.parametrize(("left", "right"), EDITS)
def test_G1_what_was_written_never_comes_back(left: Row, right: Row) -> None:
    """The plan is carried out and its base applied: the next plan is empty."""
    before = link()
    rows = {SC: sc(**left), SF: sf(**right)}
    plan = decide([before], [rows[SC]], [rows[SF]])
    for side, _, values in plan.writes:
        rows[side] |= values
    after = before | {f"sc_{name}": value for name, value in plan.base("sc").items()}
    after |= {f"sf_{name}": value for name, value in plan.base("sf").items()}
    again = decide([after], [rows[SC]], [rows[SF]])
    assert (again.actions, again.changes) == ([], [])


def test_G1_a_later_stamp_alone_is_no_change() -> None:
    late = {"version": NOON + HOUR, "modified_at": NOON + HOUR}
    assert decide([link()], [sc(**late)], [sf(**late)]).actions == []


def test_G4_a_row_that_cannot_be_understood_delays_its_own_pair_only() -> None:
    links, lefts, rights = many(3)
    lefts = [lefts[0] | {"priority": "high"}, broken(lefts[1]), lefts[2]]
    rights[1] |= {"priority": "High"}
    plan = decide(links, lefts, rights)
    assert plan.writes == [(SF, "update", {"priority": "High"})]
    assert (plan.ends["1"], plan.ends["T1"]) == (("dead_letter", "G4"), ("waiting", "G4"))
    assert (plan.ends["0"], plan.ends["2"]) == (("planned", "C1"), ("unchanged", "G1"))


def test_G4_a_broken_half_is_a_dead_letter() -> None:
    assert decide([link(sf_id=None)], [broken(sc())], []).ends == {"1": ("dead_letter", "G4")}


@pytest.mark.parametrize(
    ("known", "version", "end"),
    [
        (NOON, NOON, ("waiting", "G4")),
        (NOON, NOON + HOUR, ("planned", "C1")),
        (None, NOON, ("planned", "C1")),
    ],
)
@pytest.mark.parametrize("half", [True, False])
def test_G4_a_parked_pair_waits_until_it_moves(known: Any, version: Any, end: object, half: bool) -> None:
    values: Row = {"parked": True, "dirty": True, "sc_version": known, "sf_version": NOON}
    pair = link(**values | ({"sf_id": None} if half else {}))
    plan = decide([pair], [sc(priority="high", version=version)], [] if half else [sf()])
    assert plan.ends["1"] == end


def test_G5_every_staged_row_ends_in_exactly_one_place() -> None:
    links, lefts, rights = many(6)
    lefts[0] |= {"details": "new"}
    rights[1] = gone(rights[1])
    lefts[2] = absent(lefts[2])
    lefts[3] = broken(lefts[3])
    rights[4] |= {"subtype": "Call"}
    strangers = [sc("90"), sc("91", owner=None), broken(sc("92"))]
    plan = decide(links, lefts + strangers, rights)
    keys = [(row["side"], row["remote_id"]) for row in plan.dispositions]
    assert len(keys) == len(set(keys)) == len(lefts) + len(strangers) + len(rights)
    assert all(row["disposition"] and row["rule"] for row in plan.dispositions)
    seqs = [row["seq"] for row in plan.actions]
    assert seqs == list(range(len(seqs)))


@pytest.mark.parametrize("state", ["linked", "released", "missing", "held"])
@pytest.mark.parametrize("right", [None, sf(version=NOON - 2 * HOUR), gone(sf(), version=NOON - 2 * HOUR)])
def test_G9_an_unsettled_pair_waits_until_both_records_were_read(state: str, right: Row | None) -> None:
    pair = link(state=state, dirty=state == "linked")
    plan = decide([pair], [sc(details="new")], [] if right is None else [right])
    assert (plan.actions, plan.changes) == ([], [])
    assert set(plan.ends.values()) == {("deferred", "G9")}


def test_G9_a_dirty_pair_is_decided_once_both_records_were_read() -> None:
    assert decide([link(dirty=True)], [sc(details="new")], [sf()]).write(SF) == {"details": "new"}
    assert decide([link(dirty=True)], [gone(sc())], [sf()]).actions[0]["op"] == "delete"
    assert set(decide([link(dirty=True)], [sc()], [absent(sf())]).ends.values()) == {("waiting", "C5")}


def test_G9_of_a_clean_pair_a_side_that_was_not_read_is_unchanged() -> None:
    assert decide([link()], [sc(details="new")], []).write(SF) == {"details": "new"}


@pytest.mark.parametrize(
    "old",
    [
        sf(version=NOON - 2 * HOUR, details="late page"),
        sf(version=NOON - 2 * HOUR, subtype="Call"),
        gone(sf(), version=NOON - 2 * HOUR),
    ],
)
def test_G9_a_row_older_than_the_version_last_seen_decides_nothing_and_makes_its_pair_dirty(old: Row) -> None:
    plan = decide([link(), link(sc("2"), sf("T2"))], [sc()], [old, sf("T2")])
    assert (plan.actions, plan.changes) == ([], [])
    assert plan.ends == dict.fromkeys(("1", "T1"), ("deferred", "G9")) | {"T2": ("unchanged", "G1")}


def test_G9_a_late_page_does_not_release_the_tasks_of_a_deleted_user() -> None:
    late = gone(sc(), version=NOON - 2 * HOUR, delete_cause="user_deleted")
    assert decide([link()], [late], [sf()]).ends["1"] == ("deferred", "G9")


def test_G9_what_was_read_by_id_is_the_present_whatever_its_stamp_says() -> None:
    old = {"version": NOON - 2 * HOUR}
    asked = link(sf_asked=True)
    assert decide([asked], [], [sf(details="edited", **old)]).write(SC) == {"details": "edited"}
    assert decide([asked], [sc()], [gone(sf(), **old)]).actions[0]["op"] == "delete"
    listed = decide([link(sc_asked=True)], [sc(details="here", **old)], [sf(details="there", **old)])
    assert set(listed.ends.values()) == {("deferred", "G9")}, "the other record was not read by id"


def test_G4_G9_a_parked_pair_moves_with_a_clock_that_was_put_right() -> None:
    parked = link(parked=True, dirty=True, sc_asked=True, sf_asked=True)
    moved = sf(details="edited", version=NOON - 2 * HOUR)
    assert decide([parked], [sc(version=NOON - HOUR)], [moved]).write(SC) == {"details": "edited"}
