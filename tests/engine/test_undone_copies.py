"""Undoing the run that made a copy: the copy goes, stays away, and is never doubled when it comes back."""

from __future__ import annotations

import pytest

from taskbridge.core.run import RunMode
from taskbridge.core.terms import Side
from tests.engine.undoing import copied, left_out, pair, quiet, swap_lives, undo
from tests.engine.world import World

SC, SF = Side.SALES_CONNECT, Side.SALESFORCE


@pytest.mark.parametrize("side", list(Side))
def test_an_undone_create_stays_away_until_its_original_is_edited(world: World, side: Side) -> None:
    make = world.sc_task if side is SC else world.sf_task
    here, there = (world.sc, world.sf) if side is SC else (world.sf, world.sc)
    task = make("Not wanted")
    undo(world, world.sync())
    assert list(here.live()) == [task]
    assert not there.live()
    quiet(world)
    here.edit(task, details="wanted after all")
    world.settle()
    (copy,) = there.live()
    assert there.live()[copy]["details"] == "wanted after all"
    assert there.live()[copy]["marker"].endswith(":2"), "the marker of the first copy is used up (G2)"
    quiet(world)


def test_a_copy_whose_original_was_edited_since_is_kept_and_the_edit_crosses(world: World) -> None:
    task, report, there = copied(world, "Call")
    world.sc.edit(task, details="nobody has read this yet")
    undone = undo(world, report)
    assert left_out(world, undone) == [
        ("CHANGED_SINCE", "salesforce", None,
         "its original in Sales Connect was edited since, which the next run carries over")
    ]  # fmt: skip
    world.settle()
    assert world.sf.live()[there]["details"] == "nobody has read this yet"


@pytest.mark.parametrize("feed", [True, False])
@pytest.mark.parametrize("side", list(Side))
def test_of_a_copy_that_was_withdrawn_nobody_asks_for_ever(world: World, side: Side, feed: bool) -> None:
    if not feed:
        world.sc.features = frozenset({"batch"})
    make = world.sc_task if side is SC else world.sf_task
    make("Not wanted")
    undo(world, world.sync())
    for _ in range(3):
        world.advance(11 * 60)
        report = world.sync()
    asked = "SELECT 1 FROM staging.{}_task WHERE run_id = %s AND source = 'by_id'"
    assert [world.rows(asked.format(name), report.run_id) for name in Side] == [[], []]


@pytest.mark.parametrize("witness", ["the feed", "another task"])
def test_C5_a_copy_whose_removal_was_not_answered_is_known_to_be_gone(world: World, witness: str) -> None:
    """Sales Connect answers 404, which proves nothing by itself; no pair of the person is in sync any more."""
    world.sf_task("Copied there")
    if witness == "another task":
        world.sc.features = frozenset({"batch"})
        world.sc_task("Copied here")
    report = world.sync()
    world.sc.faults.lose_answers = 1
    undo(world, report)
    assert world.rows("SELECT op, side FROM bridge.action WHERE state = 'sent'") == [
        ("delete", "sales_connect")
    ]
    world.settle()
    assert world.rows("SELECT 1 FROM bridge.action WHERE state = 'sent'") == []
    assert [values["title"] for values in world.sf.live().values()] == ["Copied there"]
    quiet(world)


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("edited", [True, False])
def test_C7_an_undone_copy_that_comes_back_is_the_pairs_own(world: World, edited: bool, marked: bool) -> None:
    if not marked:
        world.with_settings(salesforce_marker_field=None)
    world.sc_task("anchor")
    task, report, there = copied(world, "Call", details="old")
    undo(world, report)
    quiet(world)
    world.sf.undelete(there)
    if edited:
        world.sf.edit(there, priority="High")
    world.settle()
    world.sc.edit(task, details="new")
    world.settle()
    (copy,) = (values for values in world.sf.live().values() if values["title"] == "Call")
    assert (copy["details"], copy["priority"]) == ("new", "High" if edited else "Normal")
    assert world.sc.live()[task]["priority"] == ("high" if edited else "normal")
    quiet(world)


@pytest.mark.parametrize("looked", [True, False])
def test_C1_C2_what_somebody_without_part_does_with_an_undone_copy_decides_nothing(
    world: World, looked: bool
) -> None:
    """Out of the bin and deleted again: the copy stays taken back, and an edit of its original makes it anew."""
    task, report, there = copied(world, "Call")
    undo(world, report)
    quiet(world)
    world.sf.undelete(there)
    world.sf.reassign(there, world.sf_users["chi"])
    if looked:
        quiet(world)
    world.sf.delete(there)
    quiet(world)
    world.sc.edit(task, details="wanted after all")
    world.settle()
    assert [values["details"] for values in world.sf.live().values()] == ["wanted after all"]
    quiet(world)


@pytest.mark.parametrize("marked", [True, False])
def test_C5_an_undone_copy_that_was_purged_is_made_anew_once_its_original_is_edited(
    world: World, marked: bool
) -> None:
    if not marked:
        world.with_settings(salesforce_marker_field=None)
    task = world.sc_task("Call")
    undo(world, world.sync())
    quiet(world)
    world.sf.purge()
    quiet(world)
    world.sc.edit(task, details="wanted after all")
    world.settle()
    assert [values["details"] for values in world.sf.live().values()] == ["wanted after all"]
    quiet(world)


def test_C2_G9_a_copy_out_of_the_bin_that_is_no_reminder_any_more_is_not_looked_up_for_ever(
    world: World,
) -> None:
    _, report, there = copied(world, "Call")
    undo(world, report)
    world.sf.undelete(there)  # before any run has seen it deleted
    world.sf.edit(there, is_recurrence=True)
    world.settle()
    world.advance(3_700)
    world.settle()
    before = world.reads
    world.sync()
    idle = world.reads - before
    other = world.reads
    world.sync()
    assert world.reads - other == idle
    assert world.rows("SELECT state, sf_written_at FROM bridge.link") == [("released", None)]
    quiet(world)


def test_a_created_record_that_somebody_worked_on_is_kept(world: World) -> None:
    _, report, there = copied(world, "Call")
    world.sf.edit(there, priority="High")
    undone = undo(world, report)
    assert [row[:3] for row in left_out(world, undone)] == [("CHANGED_SINCE", "salesforce", "priority")]
    assert there in world.sf.live()


@pytest.mark.parametrize("together", [False, True])
def test_C7_an_earlier_copy_out_of_the_bin_is_the_task_again_when_its_pair_has_ended(
    world: World, together: bool
) -> None:
    task, report, first = copied(world, "Call Ann")
    undo(world, report)
    world.sc.edit(task, details="wanted after all")
    world.settle()
    (second,) = world.sf.live()
    world.sf.delete(second)
    if not together:
        world.settle()
        assert not world.sc.live()
    world.sf.undelete(first)
    world.settle()
    world.settle()
    (back,) = world.sc.live()
    assert world.partner(SC, back) == first
    world.sf.edit(first, details="goes on")
    world.settle()
    assert world.sc.live()[back]["details"] == "goes on"
    quiet(world)


def test_G2_an_earlier_copy_beside_the_living_one_is_left_alone(world: World) -> None:
    task, report, first = copied(world, "Call Ann")
    undo(world, report)
    world.sc.edit(task, details="wanted after all")
    world.settle()
    world.sf.undelete(first)
    world.settle()
    assert list(world.sc.live()) == [task]
    assert world.rows("SELECT sf_id = %s FROM bridge.link", first) == [(False,)]


def test_G2_an_earlier_copy_is_left_alone_when_one_that_was_taken_back_is_made_anew(world: World) -> None:
    task, report, first = copied(world, "Call Ann")
    undo(world, report)
    world.sc.edit(task, details="wanted after all")
    undo(world, world.sync())
    world.settle()
    world.sf.undelete(first)
    world.sc.edit(task, details="and again")
    world.settle()
    (again,) = [one for one in world.sf.live() if one != first]
    assert world.partner(SF, again) == task
    assert world.rows("SELECT rule FROM mart.not_synced WHERE remote_id = %s", first) == [("G2",)]
    quiet(world)


def test_G2_C7_a_copy_out_of_the_bin_and_out_of_sight_is_left_alone_beside_the_one_made_anew(
    world: World,
) -> None:
    """Nothing tells it from one that the bin has forgotten, which a restore makes anew (K5)."""
    task, there = pair(world, "Call Ann")
    world.sc.delete(task)
    world.settle()
    world.sf.undelete(there)
    world.sf.faults.hidden.add(there)
    asked = {"link_id": world.pair_of(SC, task)}
    world.sync(mode=RunMode.RESTORE, asked=asked, asked_by="Eva")
    (again,), (anew,) = world.sc.live(), [one for one in world.sf.live() if one != there]
    world.sf.faults.hidden.clear()
    world.sf.edit(there, details="nobody looks here any more")
    world.settle()
    assert world.sc.live()[again]["details"] is None
    assert world.rows("SELECT rule FROM mart.not_synced WHERE remote_id = %s", there) == [("G2",)]
    world.sf.delete(anew)
    world.settle()
    world.advance(3_700)  # what is held is looked at again at intervals (G9)
    world.settle()
    (back,) = world.sc.live()
    assert world.sc.live()[back]["details"] == "nobody looks here any more", "its pair had ended"
    quiet(world)


@pytest.mark.parametrize("edited", [False, True])
def test_C7_a_withdrawn_copy_out_of_the_bin_brings_its_deleted_original_back(
    world: World, edited: bool
) -> None:
    task, report, there = copied(world, "Call")
    undo(world, report)
    world.sc.delete(task)
    world.sf.undelete(there)
    if edited:
        world.sf.edit(there, details="wanted after all")
    world.settle()
    (again,) = world.sc.live()
    assert again != task
    assert world.partner(SC, again) == there
    assert world.sc.live()[again]["details"] == world.sf.live()[there]["details"]
    quiet(world)


@pytest.mark.parametrize("unreadable", [False, True])
def test_C7_a_task_out_of_the_bin_brings_back_the_one_that_an_undo_had_made_again(
    world: World, unreadable: bool
) -> None:
    _, there = pair(world, "Call")
    world.sf.delete(there)
    undo(world, world.sync())
    (again,) = world.sc.live()
    quiet(world)
    swap_lives(world, again, there, unreadable=unreadable)
    (last,) = world.sc.live()
    assert world.partner(SC, last) == there
    world.sf.edit(there, details="goes on")
    world.settle()
    assert world.sc.live()[last]["details"] == "goes on"
    quiet(world)
