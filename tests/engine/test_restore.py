"""K5: any lost value and any task that TaskBridge deleted can be brought back, on both sides, without an echo."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import Side
from taskbridge.engine.loading.busy import TRIES
from taskbridge.engine.steps.report import RunReport
from tests.engine.undoing import SHOWN, codes, left_out, pair, quiet
from tests.engine.world import World

SC, SF = Side.SALES_CONNECT, Side.SALESFORCE


def restore(world: World, **asked: Any) -> RunReport:
    dry_run = asked.pop("dry_run", False)
    return world.sync(mode=RunMode.RESTORE, asked=asked, asked_by="Ann", dry_run=dry_run)


def conflict(world: World, field: str) -> int:
    ((number,),) = world.rows(
        "SELECT conflict_id FROM bridge.conflict WHERE field = %s AND NOT dry_run", field
    )
    return int(number)


def both(world: World, task: str, there: str, field: str) -> tuple[Any, Any]:
    return world.sc.live()[task][field], world.sf.live()[there][field]


@pytest.fixture
def contested(world: World) -> tuple[World, str, str]:
    """A pair of which Salesforce won every field."""
    world.with_settings(conflict_policy="salesforce_wins")
    task, there = pair(world, "Call", details="base", due_date=date(2026, 1, 1))
    world.sc.edit(task, details="ours", due_date=date(2026, 2, 2), status="skipped", priority="high")
    world.sf.edit(there, details="theirs", due_date=date(2026, 3, 3), status="Completed")
    world.settle()
    assert both(world, task, there, "details") == ("theirs", "theirs")
    return world, task, there


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("details", ("ours", "ours")),
        ("due_date", (date(2026, 2, 2), date(2026, 2, 2))),
        ("status", ("skipped", "Completed")),
    ],
)
def test_K5_the_loser_of_a_conflict_comes_back_on_both_sides_as_far_as_it_crosses(
    contested: tuple[World, str, str], field: str, expected: tuple[Any, Any]
) -> None:
    world, task, there = contested
    number = conflict(world, field)
    report = restore(world, conflict_id=number)
    assert report.outcome is RunOutcome.CLEAN, report.text
    assert both(world, task, there, field) == expected
    assert both(world, task, there, "priority") == ("high", "High")
    ((restored,),) = world.rows(
        "SELECT restored_at IS NOT NULL FROM bridge.conflict WHERE conflict_id = %s", number
    )
    assert restored
    quiet(world)
    again = restore(world, conflict_id=number)
    assert codes(world, again) == {"ALREADY_THERE": 1}


def test_K5_a_subject_that_was_overwritten_comes_back_in_salesforce_alone(world: World) -> None:
    task, there = pair(world, "Call")
    world.sf.edit(there, title="Typed there")
    world.sc.edit(task, title="Renamed")
    world.settle()
    restore(world, conflict_id=conflict(world, "title"))
    assert both(world, task, there, "title") == ("Renamed", "Typed there")
    quiet(world)


def test_K5_what_a_write_of_ours_replaced_comes_back_on_both_sides(world: World) -> None:
    task, there = pair(world, "Call", details="old", due_date=date(2026, 1, 1))
    world.sc.edit(task, details="new", due_date=date(2026, 2, 2))
    report = world.sync()
    ((action,),) = world.rows("SELECT action_id FROM bridge.action WHERE run_id = %s", report.run_id)
    restored = restore(world, action_id=action, field="details")
    assert restored.outcome is RunOutcome.CLEAN, restored.text
    assert both(world, task, there, "details") == ("old", "old")
    assert both(world, task, there, "due_date") == (date(2026, 2, 2),) * 2
    quiet(world)
    restore(world, action_id=action)
    assert both(world, task, there, "due_date") == (date(2026, 1, 1),) * 2
    quiet(world)


def test_F5_restored_comments_are_cut_for_salesforce_alone(world: World) -> None:
    long = "x" * 32_000 + " and the tail"
    task, there = pair(world, "Call", details=long)
    world.sf.edit(there, details="short")
    world.settle()
    ((action,),) = world.rows(
        "SELECT action_id FROM bridge.action WHERE side = 'sales_connect' AND op = 'update'"
    )
    restore(world, action_id=action)
    assert both(world, task, there, "details") == (long, "x" * 32_000)
    quiet(world)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("name", ["link", "record"])
def test_K5_a_task_that_was_deleted_on_both_sides_comes_back_on_both(
    world: World, side: Side, name: str
) -> None:
    world.sc_task("anchor")
    world.sc.contacts["003A"] = "17"
    world.sf.add_person("003A")
    task, there = pair(world, "Gone", details="kept", priority="high", person="003A")
    world.sf.edit(there, status="In Progress")
    world.settle()
    before = {SC: world.sc.live()[task], SF: world.sf.live()[there]}
    (world.sc.delete(task) if side is SC else world.sf.delete(there))
    world.settle()
    asked = f"sc:{world.sc.identity}:{task}" if name == "link" else (task, there)[side is SC]
    report = restore(world, link_id=asked)
    assert report.outcome is RunOutcome.CLEAN, report.text
    for one, system in ((SC, world.sc), (SF, world.sf)):
        (back,) = (values for values in system.live().values() if values["title"] == "Gone")
        assert {key: back.get(key) for key in SHOWN} == {key: before[one].get(key) for key in SHOWN}, one
    quiet(world)
    (key,) = (key for key, values in world.sc.live().items() if values["title"] == "Gone")
    world.sc.edit(key, details="lives on")
    world.settle()
    assert world.sf_of(key)["details"] == "lives on"


def test_C5_the_last_task_of_a_person_comes_back_without_a_witness(world: World) -> None:
    task, _ = pair(world, "Gone")
    world.sc.delete(task)
    world.settle()
    assert restore(world, link_id=task).outcome is RunOutcome.CLEAN
    assert [len(system.live()) for system in (world.sc, world.sf)] == [1, 1]
    quiet(world)


def test_K5_an_edit_that_a_delete_overruled_comes_back_with_its_task(world: World) -> None:
    world.sc_task("anchor")
    task, there = pair(world, "Gone", details="old")
    world.sf.edit(there, details="edited")
    world.sc.delete(task)
    world.settle()
    restore(world, conflict_id=conflict(world, "record"))
    for system in (world.sc, world.sf):
        (back,) = (values for values in system.live().values() if values["title"] == "Gone")
        assert back["details"] == "edited"
    quiet(world)


@pytest.mark.parametrize("undone", ["delete", "create"])
def test_K5_a_task_that_an_undo_left_on_one_side_comes_back_on_the_other(world: World, undone: str) -> None:
    world.sc_task("anchor")
    task = world.sc_task("Call")
    report = world.sync()
    if undone == "delete":
        world.sc.delete(task)
        report = world.sync()
    world.sync(mode=RunMode.UNDO, asked={"run_id": report.run_id})
    if undone == "create":
        world.sc.edit(task, title="Call again")  # not read by any run yet
    title = "Call again" if undone == "create" else "Call"
    restored = restore(world, link_id=task)
    assert restored.outcome is RunOutcome.CLEAN, restored.text
    for system in (world.sc, world.sf):
        assert [values["title"] for values in system.live().values()].count(title) == 1
    quiet(world)


def test_a_restore_of_which_half_was_written_loses_nothing_and_can_be_repeated(world: World) -> None:
    world.sc_task("anchor")
    task, _ = pair(world, "Gone")
    world.sc.delete(task)
    world.settle()
    world.sf.faults.lock_titles["Gone"] = TRIES
    report = restore(world, link_id=task)
    assert report.outcome is RunOutcome.PARTIAL
    titles = [values["title"] for system in (world.sc, world.sf) for values in system.live().values()]
    assert titles.count("Gone") == 1
    quiet(world)
    restore(world, link_id=task)
    titles = [values["title"] for system in (world.sc, world.sf) for values in system.live().values()]
    assert titles.count("Gone") == 2
    quiet(world)


def test_a_value_of_which_half_was_written_is_carried_over_by_the_next_run(
    contested: tuple[World, str, str],
) -> None:
    world, task, there = contested
    world.sc.faults.lock_titles["Call"] = TRIES
    assert restore(world, conflict_id=conflict(world, "details")).outcome is RunOutcome.PARTIAL
    world.settle()
    assert both(world, task, there, "details") == ("ours", "ours")
    quiet(world)


def test_G3_a_restore_is_weighed(contested: tuple[World, str, str]) -> None:
    world, task, there = contested
    world.with_settings(limits={"count": 0, "share": 0, "user_count": 0, "user_share": 0})
    number = conflict(world, "due_date")
    writes = world.writes
    assert codes(world, restore(world, conflict_id=number)) == {"OVER_LIMIT": 2}
    assert world.writes == writes
    shown = restore(world, conflict_id=number, dry_run=True)
    restore(world, conflict_id=number, approved_plan=shown.run_id)
    assert both(world, task, there, "due_date") == (date(2026, 2, 2),) * 2


def test_what_is_not_kept_any_more_is_named(world: World) -> None:
    task, _ = pair(world, "Call")
    for asked in ({"conflict_id": 4711}, {"action_id": "1-99"}, {"link_id": "sc:no:1"}):
        report = restore(world, **asked)
        assert report.outcome is RunOutcome.PARTIAL
        ((code, side, field, reason),) = left_out(world, report)
        assert (code, side, field) == ("NOT_KEPT", None, None)
        assert str(next(iter(asked.values()))) in reason
        assert "purged" in reason
    ((code, *_, reason),) = left_out(world, restore(world, link_id=task))
    assert (code, "deleted no record of it" in reason) == ("NOT_KEPT", True)


def test_what_was_not_lost_is_named(world: World) -> None:
    world.with_settings(conflict_policy="manual")
    task, there = pair(world, "Call", details="base")
    world.sc.edit(task, details="ours")
    world.sf.edit(there, details="theirs")
    world.sync()
    ((code, *_, reason),) = left_out(world, restore(world, conflict_id=conflict(world, "details")))
    assert (code, "waits for a decision" in reason) == ("UNDECIDED", True)
    ((action,),) = world.rows("SELECT action_id FROM bridge.action WHERE op = 'create'")
    ((code, *_, reason),) = left_out(world, restore(world, action_id=action))
    assert (code, "replaces nothing" in reason) == ("NOTHING_LOST", True)


def test_a_value_of_a_pair_that_ended_or_takes_no_part_is_refused(contested: tuple[World, str, str]) -> None:
    world, task, there = contested
    number = conflict(world, "details")
    world.sf.reassign(there, world.sf_users["chi"])
    writes = world.writes
    assert codes(world, restore(world, conflict_id=number)) == {"NOT_SYNCED": 1}
    assert world.writes == writes
    world.sf.reassign(there, world.sf_users["ada"])
    world.sc.delete(task)
    world.settle()
    report = restore(world, conflict_id=number)
    ((code, *_, reason),) = left_out(world, report)
    assert (code, "bring the task back first" in reason) == ("PAIR_NOT_IN_SYNC", True)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "exactly one of conflict_id, action_id, link_id; given: none"),
        ({"conflict_id": 1, "link_id": "x"}, "given: conflict_id, link_id"),
        ({"run_id": 1}, "run_id, which it does not know"),
        ({"action_id": "1-1", "field": "colour"}, "Unknown field 'colour'; known: title"),
        ({"conflict_id": 1, "field": "title"}, "chosen of an action only"),
    ],
)
def test_a_restore_of_what_cannot_be_meant_is_refused(world: World, asked: dict[str, Any], said: str) -> None:
    report = restore(world, **asked)
    assert report.outcome is RunOutcome.FAILED
    assert said in report.text
