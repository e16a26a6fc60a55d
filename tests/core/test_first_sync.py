"""S2, I1 to I5, C2: who takes part, and which records begin a pair."""

from __future__ import annotations

from datetime import timedelta

import pytest

from taskbridge.core.terms import FirstSyncMode
from tests.core.frames import ANNA, DAY, HOUR, NOON, SWITCHED_ON, Row, absent, broken, decide, gone, sc, sf

SC, SF = "sales_connect", "salesforce"
TINY = timedelta(microseconds=1)
OLD = SWITCHED_ON - 60 * DAY


@pytest.mark.parametrize("owner", ["anna", None, "stranger"])
@pytest.mark.parametrize("synced", [True, False])
def test_S2_only_tasks_of_switched_on_mapped_users_take_part(owner: str | None, synced: bool) -> None:
    in_salesforce = "005A" if owner == "anna" else owner
    plan = decide([], [sc(owner=owner)], [sf(owner=in_salesforce)], users=[ANNA | {"synced": synced}])
    takes_part = synced and owner == "anna"
    expected = ("planned", "C1") if takes_part else ("ignored", "S2")
    assert plan.ends == {"1": expected, "T1": expected}
    assert len(plan.actions) == (2 if takes_part else 0)


def test_S2_a_user_who_was_not_asked_for_waits() -> None:
    plan = decide([], [sc()], [sf()], users=[ANNA | {"selected": False}])
    assert plan.actions == []
    assert plan.ends == {"1": ("deferred", "selection"), "T1": ("deferred", "selection")}


# mode, first sync owed, closed, last modified, imported
IMPORTS = [
    (FirstSyncMode.RECENT, True, False, SWITCHED_ON - DAY, True),
    (FirstSyncMode.RECENT, True, False, SWITCHED_ON - DAY - TINY, False),
    (FirstSyncMode.RECENT, False, True, SWITCHED_ON, True),
    (FirstSyncMode.NONE, True, False, SWITCHED_ON - TINY, False),
    (FirstSyncMode.NONE, True, False, SWITCHED_ON, True),
    (FirstSyncMode.OPEN, True, False, OLD, True),
    (FirstSyncMode.OPEN, True, True, OLD, False),
    (FirstSyncMode.OPEN, False, False, OLD, False),
    (FirstSyncMode.OPEN, False, False, SWITCHED_ON - DAY, True),
    (FirstSyncMode.ALL, True, True, OLD, True),
    (FirstSyncMode.ALL, False, True, OLD, False),
]


@pytest.mark.parametrize(("mode", "owed", "closed", "modified", "imported"), IMPORTS)
def test_I1_an_unlinked_salesforce_task_is_imported_if_it_changed_lately(
    mode: FirstSyncMode, owed: bool, closed: bool, modified: object, imported: bool
) -> None:
    row = sf(is_closed=closed, modified_at=modified, created_at=OLD, completed_at=NOON if closed else None)
    plan = decide([], [], [row], users=[ANNA | {"first_sync_owed": owed}], first_sync_mode=mode)
    assert plan.ends == {"T1": ("planned", "C1") if imported else ("ignored", "I1")}
    assert [action["first_import"] for action in plan.actions] == ([owed] if imported else [])


def test_I1_the_lookback_is_a_setting() -> None:
    row = sf(modified_at=SWITCHED_ON - 3 * DAY)
    assert decide([], [], [row], first_sync_lookback=3 * DAY).ends == {"T1": ("planned", "C1")}
    assert decide([], [], [row], first_sync_lookback=2 * DAY).ends == {"T1": ("ignored", "I1")}


@pytest.mark.parametrize("kind", ["email", "call", "inmail", "custom"])
def test_I2_a_task_created_after_the_switch_on_is_pushed(kind: str) -> None:
    plan = decide([], [sc(type=kind, created_at=SWITCHED_ON + TINY)], [])
    assert plan.ends == {"1": ("planned", "C1")}
    assert plan.write(SF)["title"] == "Call Ann"
    assert plan.actions[0]["first_import"] is False


def test_I3_a_task_from_before_stays_unsynced_also_when_it_is_edited() -> None:
    plan = decide([], [sc(created_at=SWITCHED_ON, modified_at=NOON)], [])
    assert plan.ends == {"1": ("ignored", "I3")}
    assert plan.actions == []
    still = decide([], [sc(created_at=SWITCHED_ON - HOUR, modified_at=SWITCHED_ON)], [])
    assert still.ends == {"1": ("ignored", "I2")}, "not edited since"


def test_I2_the_switch_on_of_the_present_assignee_counts() -> None:
    ben = ANNA | {"sc_user_id": "ben", "sf_user_id": "005B", "switched_on_sc": NOON}
    row = sc(created_at=NOON - HOUR)
    assert decide([], [row], [], users=[ANNA, ben]).ends == {"1": ("planned", "C1")}
    assert decide([], [row | {"owner": "ben"}], [], users=[ANNA, ben]).ends == {"1": ("ignored", "I2")}


def test_I5_what_was_created_while_the_user_was_off_counts_as_existing() -> None:
    again = ANNA | {"switched_on_sc": NOON, "first_sync_owed": True}
    assert decide([], [sc(created_at=NOON - DAY)], [], users=[again]).ends == {"1": ("ignored", "I2")}


def test_I2_the_clock_of_each_system_is_its_own() -> None:
    user = ANNA | {"switched_on_sc": NOON - 2 * HOUR, "switched_on_sf": NOON + 2 * DAY}
    plan = decide([], [sc()], [sf()], users=[user])
    assert plan.ends == {"1": ("planned", "C1"), "T1": ("ignored", "I1")}


ACTIVITIES: list[tuple[Row, bool]] = [
    ({}, True),
    ({"subtype": None}, True),
    ({"subtype": "Call"}, False),
    ({"subtype": "Email"}, False),
    ({"is_recurrence": True}, False),
    ({"status": "Completed", "is_closed": True, "completed_at": NOON - HOUR}, False),
    ({"status": "Completed", "is_closed": True, "completed_at": NOON}, True),
    ({"status": "Not Started", "is_closed": False, "completed_at": NOON - HOUR}, True),
]


@pytest.mark.parametrize(("values", "reminder"), ACTIVITIES)
def test_C2_only_reminders_take_part(values: Row, reminder: bool) -> None:
    assert decide([], [], [sf(**values)]).ends == {"T1": ("planned", "C1") if reminder else ("ignored", "C2")}


def test_C2_logged_activities_take_part_by_setting() -> None:
    logged = sf(status="Completed", is_closed=True, completed_at=NOON - HOUR)
    assert decide([], [], [logged], include_logged_activities=True).ends == {"T1": ("planned", "C1")}


def test_C1_a_deleted_or_absent_stranger_is_ignored() -> None:
    plan = decide([], [gone(sc("1")), absent(sc("2"))], [gone(sf())])
    assert set(plan.ends.values()) == {("ignored", "C1")}


def test_G4_a_stranger_that_cannot_be_understood_is_a_dead_letter() -> None:
    assert decide([], [broken(sc())], []).ends == {"1": ("dead_letter", "G4")}


@pytest.mark.parametrize("marker", ["tb:sc:acc1:5:1", "tb:sf:00D1:T5:2"])
def test_G2_a_stranger_that_carries_our_marker_is_held(marker: str) -> None:
    plan = decide([], [sc(marker=marker)], [sf(marker=marker)])
    assert plan.actions == []
    assert set(plan.ends.values()) == {("held", "G2")}


def test_G2_a_marker_is_derived_and_goes_with_the_create() -> None:
    plan = decide([], [sc("7")], [sf("T7")])
    assert {(row["side"], row["link_id"], row["marker"]) for row in plan.actions} == {
        (SF, "sc:acc1:7", "tb:sc:acc1:7:1"),
        (SC, "sf:00D1:T7", "tb:sf:00D1:T7:1"),
    }
    assert [(row["link_id"], row["sc_id"], row["sf_id"], row["generation"]) for row in plan.new_links] == [
        ("sc:acc1:7", "7", None, 1),
        ("sf:00D1:T7", None, "T7", 1),
    ]
