"""Undoing a run: both systems are as they were before it, and nothing comes back or is carried over again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import Op, Side
from taskbridge.engine.steps.load import load
from taskbridge.engine.steps.report import RunReport
from tests.engine.undoing import SHOWN, codes, left_out, pair, quiet, snapshot, undo
from tests.engine.world import World

SC, SF = Side.SALES_CONNECT, Side.SALESFORCE


@pytest.fixture
def everything(world: World) -> tuple[World, Counter[tuple[Any, ...]], RunReport]:
    """A run that did everything that a run can do, and what both systems held before it."""
    world.with_settings(conflict_policy="salesforce_wins")
    world.sc.contacts["003A"] = "17"
    world.sf.add_person("003A")
    tasks = [world.sc_task(f"Task {number}", details="base", person="003A") for number in range(8)]
    theirs = [world.sf_task(f"Theirs {number}", status="In Progress", priority="Low") for number in range(3)]
    world.settle()
    there = {task: world.partner(SC, task) for task in tasks}
    world.sc.edit(tasks[0], due_date=date(2026, 5, 5), title="Renamed", status="complete")
    world.sf.edit(there[tasks[1]], details="edited\nthere", priority="High")
    world.sc.reassign(tasks[2], world.sc_users["ben"])
    world.sc.edit(tasks[3], due_date=date(2026, 1, 1))
    world.sf.edit(there[tasks[3]], due_date=date(2026, 2, 2))
    world.sc.edit(tasks[4], status="skipped")
    world.sc.delete(tasks[5])
    world.sf.delete(there[tasks[6]])
    world.sf.edit(there[tasks[7]], title="Typed there")
    world.sc.edit(tasks[7], title="Named here")
    there_sc = world.partner(SF, theirs[0])
    assert there_sc is not None
    world.sc.delete(there_sc)
    world.sf.edit(theirs[1], status="Completed")
    world.sc_task("New here", due_date=date(2026, 6, 6))
    world.sf_task("New there", status="Waiting on someone else", details="x")
    before = snapshot(world)
    report = world.sync()
    assert report.counts is not None
    done = {(side, op) for side, ops in report.counts.actions.items() for op in ops}
    assert len(done) == 6, "creates, updates and deletes on both sides"
    assert report.counts.conflicts == 2
    return world, before, report


def test_run_undo_run_leaves_both_systems_as_they_were(everything: Any) -> None:
    world, before, report = everything
    assert snapshot(world) != before
    undone = undo(world, report)
    assert undone.outcome is RunOutcome.CLEAN, undone.text
    assert snapshot(world) == before
    quiet(world)
    assert snapshot(world) == before


def test_an_undo_can_be_undone(everything: Any) -> None:
    """Redo: what was deleted again is created again, and the pairs are in sync as after the run."""
    world, _, report = everything
    after = snapshot(world)
    first = undo(world, report)
    again = undo(world, first)
    assert again.outcome is RunOutcome.CLEAN, again.text
    assert snapshot(world) == after
    quiet(world)
    # They live on: an edit crosses.
    (task,) = (key for key, values in world.sc.live().items() if values["title"] == "New here")
    world.sc.edit(task, details="goes on")
    world.settle()
    assert world.sf_of(task)["details"] == "goes on"


def test_G3_an_undo_is_weighed_and_a_person_releases_exactly_what_a_dry_run_showed(everything: Any) -> None:
    world, before, report = everything
    world.with_settings(limits={"count": 0, "share": 0, "delete_share": 0, "user_count": 0, "user_share": 0})
    held = undo(world, report)
    assert held.outcome is RunOutcome.PARTIAL
    assert codes(world, held)["OVER_LIMIT"] >= 6
    assert any("approved_plan" in row[3] for row in left_out(world, held))
    assert snapshot(world) != before
    shown = undo(world, report, dry_run=True)
    moved = next(key for key, values in world.sf.live().items() if values["title"] == "New here")
    world.sf.edit(moved, details="a person was quicker")
    undone = undo(world, report, asked={"approved_plan": shown.run_id})
    assert codes(world, undone)["CHANGED_SINCE"] == 1
    assert codes(world, undone)["OVER_LIMIT"] == 0
    assert sum((snapshot(world) - before).values()) == 1


def test_G3_nobody_releases_the_plan_of_a_dry_run_of_their_own(everything: Any) -> None:
    world, _, report = everything
    world.with_settings(approvers=["Ann", "Bea"])
    shown = undo(world, report, dry_run=True, asked_by="Ann")
    writes = world.writes
    approved = {"approved_plan": shown.run_id}
    assert "Ann made the dry run" in undo(world, report, asked=approved, asked_by="Ann").text
    assert (
        "Cy is not among the approvers (Ann, Bea)" in undo(world, report, asked=approved, asked_by="Cy").text
    )
    assert world.writes == writes
    assert undo(world, report, asked=approved, asked_by="Bea").outcome is RunOutcome.CLEAN


def test_a_dry_run_of_an_undo_shows_exactly_what_the_undo_does(everything: Any) -> None:
    world, _, report = everything
    writes, links = world.writes, world.rows("SELECT * FROM bridge.link ORDER BY link_id")
    columns = "seq, link_id, side, op, marker, rule, kind, mask, title, status, due_date, seen_title"
    query = f"SELECT {columns} FROM bridge.action WHERE run_id = %s ORDER BY seq"
    shown = undo(world, report, dry_run=True)
    assert (world.writes, world.rows("SELECT * FROM bridge.link ORDER BY link_id")) == (writes, links)
    done = undo(world, report)
    assert world.rows(query, shown.run_id) == world.rows(query, done.run_id)
    assert "Cost in Salesforce:" in shown.text


def test_what_changed_since_is_left_alone_and_named_with_both_values(world: World) -> None:
    task, there = pair(world, "Call", details="old", due_date=date(2026, 1, 1))
    world.sc.edit(task, details="new", due_date=date(2026, 2, 2))
    report = world.sync()
    world.sf.edit(there, details="a person's")
    undone = undo(world, report)
    assert undone.outcome is RunOutcome.PARTIAL
    assert left_out(world, undone) == [
        ("CHANGED_SINCE", "salesforce", "details", 'it holds "a person\'s", the run had written "new"')
    ]
    assert world.sf.live()[there]["due_date"] == date(2026, 1, 1)
    world.settle()
    assert world.sc.live()[task]["details"] == "a person's", "an edit since is carried over as ever"
    assert world.sc.live()[task]["due_date"] == date(2026, 2, 2)
    assert world.sf.live()[there]["due_date"] == date(2026, 1, 1)
    quiet(world)


def test_a_later_edit_of_the_field_ends_the_undo(world: World) -> None:
    task, there = pair(world, "Call", details="old")
    world.sc.edit(task, details="new")
    undo(world, world.sync())
    world.sc.edit(task, details="newer")
    world.settle()
    assert world.sf.live()[there]["details"] == "newer"


@pytest.mark.parametrize("which", ["the edit", "the delete"])
def test_C7_an_undo_does_not_hide_that_a_record_was_brought_back(world: World, which: str) -> None:
    task, there = pair(world, "Call Ann")
    world.sc.edit(task, details="edited")
    edited = world.sync()
    world.sc.delete(task)
    deleted = world.sync()
    assert not world.sf.live()
    world.sf.undelete(there)
    report = undo(world, edited if which == "the edit" else deleted)
    assert codes(world, report) == {"PAIR_NOT_IN_SYNC" if which == "the edit" else "ALREADY_UNDONE": 1}
    world.settle()
    [copy] = world.sc.live().values()
    assert (copy["title"], copy["details"]) == ("Call Ann", "edited")
    quiet(world)


def test_C7_a_record_that_comes_back_beside_the_one_that_an_undo_made_anew_is_merged_with_it(
    world: World,
) -> None:
    """Salesforce's delete had won over an edit, which the undo brought back."""
    world.with_settings(delete_policy="delete_wins")
    world.sc_task("anchor")
    task, there = pair(world, "Call", details="old")
    world.sc.edit(task, details="edited")
    world.sf.delete(there)
    undo(world, world.sync())
    (back,) = (key for key, values in world.sc.live().items() if values["title"] == "Call")
    quiet(world)
    world.sf.undelete(there)
    world.settle()
    assert world.sf.live()[there]["details"] == world.sc.live()[back]["details"] == "edited"
    quiet(world)


@pytest.mark.parametrize("side", list(Side))
def test_an_undone_delete_brings_the_record_back_and_leaves_the_other_side_deleted(
    world: World, side: Side
) -> None:
    world.sc_task("anchor")
    world.sc.contacts["003A"] = "17"
    world.sf.add_person("003A")
    task, there = pair(world, "Gone", details="kept", person="003A")
    here, other = (world.sc, world.sf) if side is SC else (world.sf, world.sc)
    record, partner = (task, there) if side is SC else (there, task)
    values = other.live()[partner]
    here.delete(record)
    undo(world, world.sync())
    back = [one for one in other.live().values() if one["title"] == "Gone"]
    assert [{name: one.get(name) for name in SHOWN} for one in back] == [
        {name: values.get(name) for name in SHOWN}
    ]
    assert not [one for one in here.live().values() if one["title"] == "Gone"]
    quiet(world)


def forget(world: World, there: str) -> None:
    """The pair goes from the ledger, as after a rebase that could not find it."""
    pair = f"(SELECT link_id FROM bridge.link WHERE sf_id = '{there}')"
    world.rows_changed(f"DELETE FROM bridge.ledger_change WHERE link_id IN {pair}")
    world.rows_changed(f"DELETE FROM bridge.link WHERE sf_id = '{there}'")


@pytest.mark.parametrize(
    ("move", "expected"),
    [
        (lambda world, there: world.sf.delete(there), {"GONE": 1}),
        (lambda world, there: world.sf.spoil(there), {"NOT_READ": 1}),
        (lambda world, there: world.sf.faults.hidden.add(there), {"NOT_READ": 1}),
        (lambda world, there: world.sf.reassign(there, world.sf_users["chi"]), {"NOT_SYNCED": 1}),
        (lambda world, there: world.sf.edit(there, details="old"), {"ALREADY_UNDONE": 1}),
        (lambda world, there: forget(world, there), {"PAIR_UNKNOWN": 1}),
    ],
)  # fmt: skip
def test_what_cannot_be_undone_is_named(
    world: World, move: Callable[[World, str], None], expected: dict[str, int]
) -> None:
    world.sc_task("another pair")
    task, there = pair(world, "Call", details="old")
    world.sc.edit(task, details="new")
    report = world.sync()
    move(world, there)
    before = world.sf.writes
    undone = undo(world, report)
    assert codes(world, undone) == expected
    assert world.sf.writes == before


def test_an_undo_twice_says_that_it_was_done(world: World) -> None:
    task, _ = pair(world, "Call", details="old")
    gone, _ = pair(world, "Gone")
    world.sc.edit(task, details="new")
    world.sc.delete(gone)
    world.sc_task("New")
    report = world.sync()
    undo(world, report)
    writes = world.writes
    again = undo(world, report)
    assert codes(world, again) == {"ALREADY_UNDONE": 2, "REPLACED": 1}
    assert world.writes == writes


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "exactly one of run_id; given: none"),
        ({"run_id": 4711}, "knows no run 4711"),
        ({"run_id": "x"}, "run_id is 'x'; expected a number"),
        ({"run_id": 1, "conflict_id": 2}, "conflict_id, which it does not know"),
        ({"run_id": 1}, "wrote to neither system"),
        ({"run_id": 2}, "was a dry run"),
        ({"run_id": 3, "approved_plan": 1}, "no dry run of this very request"),
        ({"run_id": 3, "approved_plan": 2}, "no dry run of this very request"),
    ],
)
def test_an_undo_of_what_cannot_be_meant_is_refused(world: World, asked: dict[str, Any], said: str) -> None:
    world.sc_task()
    world.sync(dry_run=True)
    world.sync()
    writes = world.writes
    report = world.sync(mode=RunMode.UNDO, asked=asked)
    assert report.outcome is RunOutcome.FAILED
    assert said in report.text
    assert world.writes == writes


def test_S3_an_undo_obeys_the_switch_and_its_dry_run_does_not_need_it(world: World) -> None:
    world.sc_task()
    report = world.sync()
    world.enabled = False
    assert undo(world, report).outcome is RunOutcome.SKIPPED
    shown = undo(world, report, dry_run=True)
    assert shown.counts is not None
    assert shown.counts.actions == {"salesforce": {"delete": {"planned": 1}}}


def test_an_undo_moves_no_watermark_and_decides_nothing_else(world: World) -> None:
    """A pair with an edit that no run has seen yet is undone in its own fields; the edit crosses afterwards."""
    task, there = pair(world, "Call", details="old", priority="normal")
    world.sc.edit(task, details="new")
    report = world.sync()
    marks = world.ledger.sides.state().watermarks
    world.sf.edit(there, priority="High")
    world.sc_task("Not read by the undo")
    undo(world, report)
    assert world.ledger.sides.state().watermarks == marks
    assert len(world.sf.live()) == 1
    assert world.sc.live()[task]["priority"] == "normal"
    world.settle()
    assert world.sc.live()[task]["priority"] == "high"
    assert world.sf.live()[there]["details"] == "old"
    assert len(world.sf.live()) == 2


def test_an_undo_whose_answers_are_lost_is_finished_by_the_next_run(everything: Any) -> None:
    world, before, report = everything
    world.sc.faults.lose_answers = world.sf.faults.lose_answers = 1
    undo(world, report)
    quiet(world, 2)
    assert snapshot(world) == before


def test_an_undo_that_dies_before_it_settles_is_followed_by_the_next_run(everything: Any) -> None:
    from taskbridge.engine.steps.decide import decide
    from taskbridge.engine.steps.opening import open_run
    from taskbridge.engine.steps.read_dirty import read_dirty

    world, before, report = everything
    world.advance(60)
    run = open_run(world.engine, world.spec(mode=RunMode.UNDO, asked={"run_id": report.run_id}))
    assert run is not None
    read_dirty(world.engine, run)
    decide(world.engine, run)
    for side in Side:
        load(world.engine, run, side, list(Op))
    world.ledger.runs.release_lease(run.spec.run_key)
    assert snapshot(world) == before
    quiet(world)
    assert snapshot(world) == before
