"""F1 to F8: which values cross, which stay, and what a created record gets."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from taskbridge.core.policy import Limits
from taskbridge.core.terms import FIELDS, ConflictPolicy
from tests.core.frames import DUE, NOON, Row, decide, link, sc, sf

SC, SF = "sales_connect", "salesforce"


def test_F1_a_new_name_becomes_the_subject() -> None:
    plan = decide([link()], [sc(title="Call Bob")], [sf()])
    assert plan.writes == [(SF, "update", {"title": "Call Bob"})]


def test_F1_a_subject_edited_in_salesforce_never_comes_back() -> None:
    plan = decide([link()], [sc()], [sf(title="Typed over")])
    assert plan.writes == []
    assert plan.base("sf") == {"title": "Typed over"}
    assert plan.base("sc") == {}


def test_F1_on_import_the_subject_becomes_the_name() -> None:
    plan = decide([], [], [sf(title="Visit")])
    assert plan.write(SC)["title"] == "Visit"


# field, Sales Connect before and after, Salesforce before and after; None: the change stays where it is
CROSSINGS = [
    ("status", "open", "complete", "Not Started", "Completed"),
    ("status", "complete", "open", "Completed", "Not Started"),
    ("priority", "normal", "high", "Normal", "High"),
    ("priority", "high", "normal", "High", "Normal"),
    ("due_date", DUE, date(2026, 4, 1), DUE, date(2026, 4, 1)),
    ("due_date", DUE, None, DUE, None),
    ("due_date", None, DUE, None, DUE),
    ("details", "old", "two\nlines", "old", "two\nlines"),
    ("details", "old", None, "old", None),
    ("owner", "anna", "ben", "005A", "005B"),
]


@pytest.mark.parametrize(("field", "sc_old", "sc_new", "sf_old", "sf_new"), CROSSINGS)
def test_F2_F3_F4_F5_values_cross_both_ways(
    field: str, sc_old: object, sc_new: object, sf_old: object, sf_new: object
) -> None:
    left, right = sc(**{field: sc_old}), sf(**{field: sf_old})
    there = decide([link(left, right)], [sc(**{field: sc_new})], [right])
    assert there.writes == [(SF, "update", {field: sf_new})]
    back = decide([link(left, right)], [left], [sf(**{field: sf_new})])
    assert back.writes == [(SC, "update", {field: sc_new})]
    for plan in (there, back):
        assert plan.base("sc") == {field: sc_new}
        assert plan.base("sf") == {field: sf_new}


@pytest.mark.parametrize("status", ["In Progress", "Waiting on someone else", "Deferred", "Our own status"])
def test_F2_another_salesforce_status_stays_there(status: str) -> None:
    plan = decide([link()], [sc()], [sf(status=status)])
    assert plan.writes == []
    assert (plan.base("sc"), plan.base("sf")) == ({}, {"status": status})


@pytest.mark.parametrize("priority", ["Low", "Our own priority"])
def test_F3_another_salesforce_priority_stays_there(priority: str) -> None:
    plan = decide([link()], [sc()], [sf(priority=priority)])
    assert plan.writes == []
    assert (plan.base("sc"), plan.base("sf")) == ({}, {"priority": priority})


def test_F4_a_due_date_is_the_same_day_in_every_time_zone() -> None:
    zones = sorted(available_timezones())
    dates = [datetime(2026, 3, 29, 23, 59, tzinfo=ZoneInfo(zone)).date() for zone in zones]
    rows = [sc(str(number), due_date=due) for number, due in enumerate(dates)]
    plan = decide([], rows, [], limits=Limits(count=1_000, user_count=1_000))
    assert len(zones) > 300
    assert [action["due_date"] for action in plan.actions] == dates


HELD = "x" * 31_998 + "😀"  # exactly 32,000 UTF-16 code units


def test_F5_what_does_not_fit_is_cut_for_salesforce_only() -> None:
    plan = decide([link()], [sc(details=HELD + " and more")], [sf()])
    assert plan.write(SF)["details"] == HELD
    assert plan.base("sc")["details"] == HELD + " and more"
    assert plan.base("sf")["details"] == HELD


def test_F5_a_cut_never_splits_a_code_point() -> None:
    plan = decide([link()], [sc(details="x" + HELD)], [sf()])
    assert plan.write(SF)["details"] == "x" * 31_999


def test_F5_a_change_behind_the_cut_writes_nothing() -> None:
    left, right = sc(details=HELD + " one"), sf(details=HELD)
    plan = decide([link(left, right)], [sc(details=HELD + " two")], [right])
    assert plan.writes == []
    assert plan.base("sc") == {"details": HELD + " two"}


@pytest.mark.parametrize("edited", ["short", None, HELD.replace("x", "y")])
def test_F5_an_edit_of_cut_text_keeps_the_tail(edited: str | None) -> None:
    left, right = sc(details=HELD + " tail"), sf(details=HELD)
    plan = decide([link(left, right)], [left], [sf(details=edited)])
    assert plan.write(SC)["details"] == ((edited or "") + " tail").strip()
    assert plan.base("sf") == {"details": edited}


def test_F5_a_second_edit_of_cut_text_keeps_the_tail_too() -> None:
    left, right = sc(details="short tail"), sf(details="short")
    plan = decide([link(left, right)], [left], [sf(details="shorter")])
    assert plan.write(SC)["details"] == "shorter tail"


def test_F5_the_tail_is_the_one_of_the_text_that_was_cut() -> None:
    left, right = sc(details=HELD + " tail"), sf(details=HELD)
    plan = decide(
        [link(left, right)],
        [sc(details=HELD + " rewritten")],
        [sf(details="short")],
        conflict_policy=ConflictPolicy.SALESFORCE_WINS,
    )
    assert plan.write(SC)["details"] == "short tail"
    assert plan.conflicts[0]["value_sc"] == HELD + " rewritten"


def test_F5_a_text_that_salesforce_held_whole_is_replaced_whole() -> None:
    left, right = sc(details="whole"), sf(details="whole")
    plan = decide([link(left, right)], [left], [sf(details="new")])
    assert plan.write(SC)["details"] == "new"


PROGRESS: Row = {"status": "In Progress", "priority": "Low"}


def test_F6_in_progress_low_survives_a_due_date_change() -> None:
    plan = decide([link(right=sf(**PROGRESS))], [sc(due_date=date(2026, 5, 1))], [sf(**PROGRESS)])
    assert plan.writes == [(SF, "update", {"due_date": date(2026, 5, 1)})]


def test_F6_completing_in_sales_connect_completes_what_is_in_progress() -> None:
    plan = decide([link(right=sf(**PROGRESS))], [sc(status="complete")], [sf(**PROGRESS)])
    assert plan.writes == [(SF, "update", {"status": "Completed"})]


def test_F6_a_winner_that_cannot_cross_leaves_both_as_the_new_base() -> None:
    late = NOON + timedelta(hours=1)
    plan = decide([link()], [sc(status="complete")], [sf(status="In Progress", modified_at=late)])
    assert plan.writes == []
    assert (plan.base("sc"), plan.base("sf")) == ({"status": "complete"}, {"status": "In Progress"})


def test_F6_skipped_survives_a_change_of_the_priority() -> None:
    left = sc(status="skipped")
    plan = decide([link(left)], [left], [sf(priority="High")])
    assert plan.writes == [(SC, "update", {"priority": "high"})]


def test_F6_only_changed_fields_are_written() -> None:
    plan = decide([link()], [sc(priority="high", details="new")], [sf()])
    assert plan.writes == [(SF, "update", {"priority": "High", "details": "new"})]


def test_F7_an_import_that_cannot_cross_gets_open_and_normal_without_an_echo() -> None:
    original = sf(**PROGRESS)
    plan = decide([], [], [original])
    assert plan.write(SC) == {
        "title": "Call Ann",
        "status": "open",
        "priority": "normal",
        "due_date": DUE,
        "details": "Ask for the order",
        "owner": "anna",
    }
    imported = plan.base("sc")
    assert plan.base("sf") == {name: original[name] for name in FIELDS}
    assert decide([link(sc(**imported), original)], [sc(**imported)], [original]).actions == []


def test_F7_an_import_without_subject_and_due_date() -> None:
    plan = decide([], [], [sf(title=None, due_date=None, details=None, person="003X")])
    written = plan.write(SC)
    assert (written["title"], written["due_date"], written["details"]) == ("(no subject)", None, None)
    assert plan.actions[0]["person"] == "003X"
    assert plan.changes[0]["sc_type"] == "custom"
    assert decide([], [], [sf()]).actions[0]["person"] is None


def test_F7_a_skipped_task_is_pushed_as_not_started() -> None:
    plan = decide([], [sc(status="skipped")], [])
    assert plan.write(SF)["status"] == "Not Started"
    assert plan.base("sc")["status"] == "skipped"


def test_F8_no_column_of_an_action_is_the_salesforce_type() -> None:
    action = decide([], [sc(type="call")], []).actions[0]
    assert not {"type", "sf_type"} & action.keys()
    assert "Call" not in [action[name] for name in FIELDS]


GOLDEN = {
    "every field": (
        {
            "title": "Zürich 電話 😀",
            "status": "complete",
            "priority": "high",
            "due_date": DUE,
            "details": "a\nb",
            "owner": "ben",
        },
        {
            "title": "Zürich 電話 😀",
            "status": "Completed",
            "priority": "High",
            "due_date": DUE,
            "details": "a\nb",
            "owner": "005B",
        },
    ),
    "empty fields": (
        {
            "title": "T",
            "status": "open",
            "priority": "normal",
            "due_date": None,
            "details": None,
            "owner": "anna",
        },
        {
            "title": "T",
            "status": "Not Started",
            "priority": "Normal",
            "due_date": None,
            "details": None,
            "owner": "005A",
        },
    ),
    "line breaks": (
        {
            "title": "one\u2028two",
            "status": "open",
            "priority": "normal",
            "due_date": DUE,
            "details": "1\n\n2\u20283",
            "owner": "anna",
        },
        {
            "title": "onetwo",
            "status": "Not Started",
            "priority": "Normal",
            "due_date": DUE,
            "details": "1\n\n2\u20283",
            "owner": "005A",
        },
    ),
    "an emoji across position 255": (
        {
            "title": "x" * 254 + "😀",
            "status": "open",
            "priority": "normal",
            "due_date": DUE,
            "details": "d",
            "owner": "anna",
        },
        {
            "title": "x" * 254,
            "status": "Not Started",
            "priority": "Normal",
            "due_date": DUE,
            "details": "d",
            "owner": "005A",
        },
    ),
}


@pytest.mark.parametrize(("there", "here"), GOLDEN.values(), ids=GOLDEN)
def test_golden_tasks_are_created_in_salesforce(there: Row, here: Row) -> None:
    plan = decide([], [sc("7", **there)], [])
    assert plan.writes == [(SF, "create", here)]
    assert plan.base("sc") == there
    assert plan.base("sf") == here


@pytest.mark.parametrize("name", ["every field", "empty fields"])
def test_golden_tasks_are_imported_from_salesforce(name: str) -> None:
    there, here = GOLDEN[name]
    plan = decide([], [], [sf("T7", **here)])
    assert plan.writes == [(SC, "create", there)]
    assert plan.ends == {"T7": ("planned", "C1")}


@pytest.mark.parametrize(("there", "here"), GOLDEN.values(), ids=GOLDEN)
def test_golden_tasks_do_not_echo(there: Row, here: Row) -> None:
    plan = decide([link(sc(**there), sf(**here))], [sc(**there)], [sf(**here)])
    assert (plan.actions, plan.changes) == ([], [])
