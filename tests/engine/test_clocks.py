"""Invariant 16, G9, C7: a stamp never decides whether something happened, as clocks that are put right show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import Side
from taskbridge.engine.deciding.plausibility import ACCEPT_SIDE
from taskbridge.engine.on_demand.audit import REPAIR
from tests.engine.world import World, disagreements

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE
DUE = date(2026, 5, 1)
FAST = 90  # seconds; a run takes place 61 s after the one before
HIGH = {_SC: "high", _SF: "High"}


def edited_while_fast(world: World, side: Side, titles: list[str] | None = None) -> list[str]:
    """Pairs that were last edited and synced while the clock of a side was fast; it is right again. Ids there."""
    tasks = [world.sc_task(title) for title in titles or ["Call Ann"]]
    world.settle()
    system = world.sc if side is _SC else world.sf
    ids = [task if side is _SC else world.partner(_SC, task) or "" for task in tasks]
    system.advance(FAST)
    for one in ids:
        system.edit(one, details="typed while the clock was fast")
    world.sync()
    system.advance(-FAST)
    return ids


def other(world: World, side: Side, remote_id: str) -> dict[str, object]:
    return world.sf_of(remote_id) if side is _SC else world.sc_of(remote_id)


def by_a_run(world: World) -> None:
    world.sync()


def by_a_backfill(world: World) -> None:
    world.advance(1)
    world.sync(mode=RunMode.BACKFILL, window=world.window(3_600))


def by_an_audit(world: World) -> None:
    """What was edited is looked at by id, and no listing shows it."""
    world.sync(mode=RunMode.AUDIT, asked={REPAIR: 1})
    world.sync()


@pytest.mark.parametrize("look", [by_a_run, by_a_backfill, by_an_audit])
@pytest.mark.parametrize("side", Side)
def test_G9_an_edit_made_after_a_fast_clock_was_put_right_crosses(
    world: World, side: Side, look: Callable[[World], None]
) -> None:
    (task,) = edited_while_fast(world, side)
    system = world.sc if side is _SC else world.sf
    if look is by_an_audit:
        system.faults.visible_after = timedelta(days=5)
    system.edit(task, due_date=DUE, priority=HIGH[side])
    system.faults.visible_after = timedelta(0)
    look(world)
    assert (other(world, side, task)["due_date"], other(world, side, task)["priority"]) == (
        DUE,
        HIGH[side.other],
    )
    assert not world.rows("select field from bridge.conflict"), "one side only was edited"
    world.settle()
    assert not disagreements(world)


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("fast", [90, 2_000, 90_000])
def test_G9_what_was_edited_since_the_clock_was_put_right_is_read_however_fast_it_was(
    world: World, side: Side, fast: float
) -> None:
    """An hour without a run: stamps of its first minute are long before the watermark."""
    task = world.sc_task("Call Ann")
    world.settle()
    system = world.sc if side is _SC else world.sf
    system.advance(fast)
    world.settle()
    system.advance(-fast)
    one = task if side is _SC else world.partner(_SC, task) or ""
    system.edit(one, due_date=DUE)
    world.advance(3_600)
    world.rows_changed("update bridge.run set opened_at = opened_at - interval '1 hour'")
    world.sync()
    assert other(world, side, one)["due_date"] == DUE


@pytest.mark.parametrize("side", Side)
def test_G9_a_delete_after_a_fast_clock_was_put_right_crosses(world: World, side: Side) -> None:
    (task,) = edited_while_fast(world, side)
    (world.sc if side is _SC else world.sf).delete(task)
    world.settle()
    assert (world.sc.live(), world.sf.live()) == ({}, {})


@pytest.mark.parametrize("back", [FAST, 60], ids=["put right", "the very second"])
@pytest.mark.parametrize("side", Side)
def test_C7_a_restore_is_seen_whatever_its_stamp_says(world: World, side: Side, back: float) -> None:
    """Deleted by a person or by us; the stamp of the restore is no later than the one of the delete."""
    task = world.sc_task("Call Ann")
    world.settle()
    partner = world.partner(_SC, task) or ""
    world.sf.advance(back)
    (world.sf.delete(partner) if side is _SF else world.sc.delete(task))
    world.sync()
    deleted_at = world.sf.records[partner].version
    world.sf.advance((deleted_at - world.sf.now).total_seconds() if back == 60 else -back)
    world.sf.undelete(partner)
    assert world.sf.records[partner].version <= deleted_at
    world.settle()
    assert world.sc_of(partner)["title"] == "Call Ann"
    assert not disagreements(world)
    writes = world.writes
    world.sync()
    assert world.writes == writes


def test_G8_G9_many_at_once_halt_and_the_way_on_is_told_and_works(world: World) -> None:
    tasks = edited_while_fast(world, _SF, [f"Task {number}" for number in range(15)])
    for task in tasks:
        world.sf.edit(task, details="typed since")
    for report in (world.sync(), world.sync()):
        assert report.outcome is RunOutcome.FAILED
        assert "its clock was fast and was put right" in report.text
        assert "start task_sync with accept_side = salesforce" in report.text
    accepted = world.sync(mode=RunMode.MANUAL, asked={ACCEPT_SIDE: "salesforce"})
    assert accepted.outcome is RunOutcome.CLEAN
    assert {one["details"] for one in world.sc.live().values()} == {"typed since"}
    for report in (world.sync(), world.sync()):
        assert report.outcome is RunOutcome.CLEAN
    assert not disagreements(world)


def test_G4_G9_a_parked_pair_is_tried_again_when_it_moves_to_an_older_stamp(world: World) -> None:
    (task,) = edited_while_fast(world, _SC)
    world.sf.faults.refuse_titles["Call Ann"] = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    world.sc.edit(task, details="refused")
    world.sync()
    world.sf.faults.refuse_titles.clear()
    world.sc.advance(-200)
    world.sc.edit(task, details="moved")
    world.sync()
    assert world.sf_of(task)["details"] == "moved"
