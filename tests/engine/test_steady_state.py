"""C1 to C7 and K1 to K5 over whole runs."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Side
from tests.engine.world import World, disagreements


def test_C1_created_edited_completed_and_deleted_in_sales_connect(world: World) -> None:
    task = world.sc_task("Call", details="a\nb", due_date=date(2026, 5, 1))
    world.sync()
    assert world.sf_of(task)["title"] == "Call"
    world.sc.edit(task, title="Call again", status="complete", priority="high", due_date=None)
    world.sync()
    there = world.sf_of(task)
    assert (there["title"], there["status"], there["priority"], there["due_date"], there["details"]) == (
        "Call again", "Completed", "High", None, "a\nb",
    )  # fmt: skip
    world.sc.delete(task)
    world.sync()
    assert world.sf.live() == {}


def test_C1_created_edited_completed_and_deleted_in_salesforce(world: World) -> None:
    task = world.sf_task("Call", details="a\nb", due_date=date(2026, 5, 1))
    world.sync()
    assert world.sc_of(task)["title"] == "Call"
    world.sf.edit(task, title="Typed here", status="Completed", priority="High", due_date=date(2026, 5, 2))
    world.sync()
    there = world.sc_of(task)
    assert (there["title"], there["status"], there["priority"], there["due_date"]) == (
        "Call", "complete", "high", date(2026, 5, 2),
    )  # fmt: skip
    world.sf.delete(task)
    world.sync()
    assert world.sc.live() == {}


def test_C3_reassignment_crosses_both_ways(world: World) -> None:
    task = world.sc_task(owner="ada")
    world.sync()
    world.sc.reassign(task, world.sc_users["ben"])
    world.sync()
    assert world.sf_of(task)["owner"] == world.sf_users["ben"]
    partner = world.partner(Side.SALES_CONNECT, task)
    assert partner is not None
    world.sf.reassign(partner, world.sf_users["ada"])
    world.sync()
    assert world.sc.live()[task]["owner"] == world.sc_users["ada"]


@pytest.mark.parametrize("side", list(Side))
def test_C2_C3_a_pair_that_leaves_the_scope_is_released_and_comes_back(world: World, side: Side) -> None:
    """Nothing is deleted, nothing is imported anew, and both sides' edits are merged on return."""
    sc_id = world.sc_task(owner="ada")
    world.sync()
    sf_id = world.partner(Side.SALES_CONNECT, sc_id)
    assert sf_id is not None
    if side is Side.SALES_CONNECT:
        world.sc.reassign(sc_id, world.sc_users["chi"])
    else:
        world.sf.reassign(sf_id, world.sf_users["chi"])
    world.settle()
    world.sc.edit(sc_id, due_date=date(2026, 6, 1))
    world.sf.edit(sf_id, priority="High")
    world.settle()
    assert (len(world.sc.live()), len(world.sf.live())) == (1, 1)
    assert world.sf.live()[sf_id]["due_date"] is None, "a released pair is left alone"
    world.sc.reassign(sc_id, world.sc_users["ben"])
    world.sf.reassign(sf_id, world.sf_users["ben"])
    world.settle()
    assert world.sf.live()[sf_id]["due_date"] == date(2026, 6, 1)
    assert world.sc.live()[sc_id]["priority"] == "high"


@pytest.mark.parametrize(
    "values", [{"subtype": "Email"}, {"is_recurrence": True}, {"status": "Completed"}], ids=str
)
def test_C2_logged_activities_and_series_masters_are_left_alone(world: World, values: dict[str, Any]) -> None:
    task = world.sf_task(**values)
    world.sync()
    assert world.partner(Side.SALESFORCE, task) is None


@pytest.mark.parametrize(("setting", "expected"), [("leave_open", "Not Started"), ("complete", "Completed")])
def test_C4_skipped(world: World, setting: str, expected: str) -> None:
    world.with_settings(skipped_tasks=setting)
    task = world.sc_task()
    world.sync()
    world.sc.edit(task, status="skipped")
    world.settle()
    assert world.sf_of(task)["status"] == expected
    if setting == "complete":
        partner = world.partner(Side.SALES_CONNECT, task)
        assert partner is not None
        world.sf.edit(partner, status="Not Started")
        world.sync()
        assert world.sc.live()[task]["status"] == "open"


def test_C5_absence_is_no_delete(world: World) -> None:
    """A sharing rule hides half of the tasks, also by id: nothing is deleted, the pairs are held."""
    tasks = [world.sf_task(f"Task {number}") for number in range(4)]
    world.sync()
    world.sf.faults.hidden = set(tasks[:2])
    for task in tasks:
        partner = world.partner(Side.SALESFORCE, task)
        assert partner is not None
        world.sc.edit(partner, priority="high")
    world.settle()
    assert len(world.sc.live()) == 4
    assert world.sf.live()[tasks[3]]["priority"] == "High"
    world.sf.faults.hidden = set()
    world.settle()
    assert {one["priority"] for one in world.sf.live().values()} == {"High"}, (
        "held pairs go on when seen again"
    )


@pytest.mark.parametrize("gone_status", [404, 410])
def test_C5_without_a_delete_feed_the_sweep_finds_deletes(world: World, gone_status: int) -> None:
    world.sc.features = frozenset()
    world.sc.gone_status = gone_status
    kept, gone = world.sc_task("kept"), world.sc_task("gone")
    world.sync()
    world.sc.delete(gone)
    world.sync()
    world.advance(3_600)
    world.settle()
    assert [one["title"] for one in world.sf.live().values()] == ["kept"]
    assert world.partner(Side.SALES_CONNECT, kept)


def test_C5_tasks_that_went_with_their_user_are_not_carried_over(world: World) -> None:
    world.sc_task(owner="ben")
    world.sync()
    world.sc.delete_user(world.sc_users["ben"])
    world.settle()
    assert len(world.sf.live()) == 1


def test_C7_a_restored_salesforce_task_is_created_again(world: World) -> None:
    task = world.sf_task("Restored")
    world.sync()
    world.sf.delete(task)
    world.sync()
    assert world.sc.live() == {}
    world.advance(60)
    world.sf.undelete(task)
    world.settle()
    assert [one["title"] for one in world.sc.live().values()] == ["Restored"]
    writes = world.writes
    world.sync()
    assert world.writes == writes


def test_C7_a_restore_that_a_run_for_others_saw_is_not_lost(world: World) -> None:
    task = world.sf_task("Restored", owner="ada")
    world.sync()
    world.sf.delete(task)
    world.sync()
    world.advance(60)
    world.sf.undelete(task)
    world.sync(users=(world.sc_users["ben"],))
    assert world.sc.live() == {}
    world.sync()
    assert [one["title"] for one in world.sc.live().values()] == ["Restored"]


def test_K1_different_fields_both_survive(world: World) -> None:
    task = world.sc_task()
    world.sync()
    partner = world.partner(Side.SALES_CONNECT, task)
    assert partner is not None
    world.sc.edit(task, priority="high")
    world.sf.edit(partner, due_date=date(2026, 7, 7))
    world.sync()
    assert world.sf.live()[partner]["priority"] == "High"
    assert world.sc.live()[task]["due_date"] == date(2026, 7, 7)


@pytest.mark.parametrize(
    ("policy", "sc_waits", "winner"),
    [
        ("latest_wins", 300, date(2026, 1, 1)),
        ("latest_wins", 60, date(2026, 2, 2)),
        ("salesforce_wins", 300, date(2026, 2, 2)),
        ("sales_connect_wins", 0, date(2026, 1, 1)),
    ],
)
def test_K3_policies(world: World, policy: str, sc_waits: int, winner: date) -> None:
    world.with_settings(conflict_policy=policy)
    task = world.sc_task()
    world.sync()
    partner = world.partner(Side.SALES_CONNECT, task)
    assert partner is not None
    world.sf.edit(partner, due_date=date(2026, 2, 2))
    world.advance(sc_waits)
    world.sc.edit(task, due_date=date(2026, 1, 1))
    report = world.sync()
    assert world.sc.live()[task]["due_date"] == world.sf.live()[partner]["due_date"] == winner
    assert report.outcome is RunOutcome.CONFLICTS


def test_K3_manual_holds_that_field_and_lets_the_others_go_on(world: World) -> None:
    world.with_settings(conflict_policy="manual")
    task = world.sc_task()
    world.sync()
    partner = world.partner(Side.SALES_CONNECT, task)
    assert partner is not None
    world.sf.edit(partner, due_date=date(2026, 2, 2))
    world.sc.edit(task, due_date=date(2026, 1, 1), priority="high")
    assert world.sync().outcome is RunOutcome.HELD
    world.sync()
    assert world.sc.live()[task]["due_date"] == date(2026, 1, 1)
    assert world.sf.live()[partner]["due_date"] == date(2026, 2, 2)
    assert world.sf.live()[partner]["priority"] == "High"
    world.sf.edit(partner, due_date=date(2026, 1, 1))
    assert world.settle()[-1].outcome is RunOutcome.CLEAN, "agreeing by hand decides it"


@pytest.mark.parametrize("deleted", list(Side))
@pytest.mark.parametrize("policy", ["delete_wins", "edit_wins"])
def test_K4_delete_against_edit(world: World, deleted: Side, policy: str) -> None:
    world.with_settings(delete_policy=policy)
    sc_id = world.sc_task("Contested")
    world.sync()
    sf_id = world.partner(Side.SALES_CONNECT, sc_id)
    assert sf_id is not None
    if deleted is Side.SALES_CONNECT:
        world.sc.delete(sc_id)
        world.sf.edit(sf_id, due_date=date(2026, 8, 8))
    else:
        world.sf.delete(sf_id)
        world.sc.edit(sc_id, due_date=date(2026, 8, 8))
    world.settle()
    expected = [] if policy == "delete_wins" else [date(2026, 8, 8)]
    assert [one["due_date"] for one in world.sc.live().values()] == expected
    assert [one["due_date"] for one in world.sf.live().values()] == expected
    assert not disagreements(world)


def test_F6_in_progress_low_survives_a_due_date_change_and_completing_completes(world: World) -> None:
    task = world.sf_task(status="In Progress", priority="Low")
    world.sync()
    partner = world.partner(Side.SALESFORCE, task)
    assert partner is not None
    world.sc.edit(partner, due_date=date(2026, 9, 9))
    world.settle()
    there = world.sf.live()[task]
    assert (there["status"], there["priority"], there["due_date"]) == ("In Progress", "Low", date(2026, 9, 9))
    world.sc.edit(partner, status="complete")
    world.sync()
    assert world.sf.live()[task]["status"] == "Completed"


def test_F5_a_text_too_long_for_salesforce_keeps_its_tail(world: World) -> None:
    head, tail = "h" * 31_999 + "🙂", "tail that only Sales Connect holds"
    task = world.sc_task(details=head + tail)
    world.sync()
    partner = world.partner(Side.SALES_CONNECT, task)
    assert partner is not None
    assert world.sf.live()[partner]["details"] == "h" * 31_999, "a code point is never split"
    world.sf.edit(partner, details="shorter now ")
    world.settle()
    assert world.sc.live()[task]["details"] == "shorter now" + "🙂" + tail
    assert world.sf.live()[partner]["details"].strip() == "shorter now"
    world.sf.edit(partner, details="again")
    world.settle()
    assert world.sc.live()[task]["details"] == "again" + "🙂" + tail


def test_T3_a_rename_reaches_salesforce_only_if_the_template_shows_the_name(world: World) -> None:
    world.with_settings(subject_template="Reminder: {{activity_type}}")
    task = world.sc_task("one", type="call")
    world.sync()
    assert world.sf_of(task)["title"] == "Reminder: Call"
    world.sc.edit(task, title="two")
    writes = world.writes
    world.settle()
    assert world.writes == writes
    world.with_settings(subject_template="{{activity_subject}}")
    world.settle()
    assert world.writes == writes, "a change of the template alone writes nothing"
    world.sc.edit(task, title="three")
    world.sync()
    assert world.sf_of(task)["title"] == "three"


def test_F1_T3_a_subject_typed_in_salesforce_never_comes_back_and_is_kept(world: World) -> None:
    task = world.sc_task("Name")
    world.sync()
    partner = world.partner(Side.SALES_CONNECT, task)
    assert partner is not None
    world.sf.edit(partner, title="Typed by a person")
    world.settle()
    assert world.sc.live()[task]["title"] == "Name"
    world.sc.edit(task, title="New name")
    world.sync()
    assert world.sf.live()[partner]["title"] == "New name"
    kept = "select title, seen_title from bridge.action where op = 'update' and link_id = %s"
    assert world.rows(kept, world.pair_of(Side.SALES_CONNECT, task)) == [("New name", "Typed by a person")], (
        "K5"
    )
