"""G2: requests whose connection was cut and that a system carries out only minutes later."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Op, Side
from tests.engine.world import World, disagreements

LATE = timedelta(minutes=5)
OVER = 11 * 60


def test_G2_a_create_that_lands_after_it_was_repeated_doubles_nothing(world: World) -> None:
    task, copied = world.sc_task(), world.sf_task("Call Bo")
    world.sf.faults.land_late = [LATE]
    world.sc.faults.land_late = [LATE]
    world.settle()
    assert world.partner(Side.SALES_CONNECT, task), "a create is repeated at once: its marker is unique"
    assert world.partner(Side.SALESFORCE, copied)
    world.advance(OVER)
    writes = world.writes
    assert world.sync().outcome is RunOutcome.CLEAN
    assert (len(world.sc.live()), len(world.sf.live())) == (2, 2)
    assert world.writes == writes


@pytest.mark.parametrize("side", list(Side))
def test_G2_a_create_that_lands_before_it_is_repeated_is_adopted(world: World, side: Side) -> None:
    here, there = (world.sc, world.sf) if side is Side.SALES_CONNECT else (world.sf, world.sc)
    task = world.sc_task() if side is Side.SALES_CONNECT else world.sf_task()
    there.faults.land_late = [timedelta(seconds=30)]
    world.settle()
    assert world.partner(side, task)
    assert len(here.live()) == len(there.live()) == 1
    writes = world.writes
    assert world.sync().outcome is RunOutcome.CLEAN
    assert world.writes == writes


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("lost", ["it shows late", "it lands late"])
def test_G2_C1_a_copy_that_shows_after_its_original_was_deleted_goes_too(
    world: World, side: Side, lost: str
) -> None:
    """No record carried the marker when the pair ended: the copy is looked for until it can no longer come."""
    here, there = (world.sc, world.sf) if side is Side.SALES_CONNECT else (world.sf, world.sc)
    world.with_settings(late_request_minutes=60)
    task = world.sc_task() if side is Side.SALES_CONNECT else world.sf_task()
    if lost == "it lands late":
        there.faults.land_late = [timedelta(minutes=30)]
    else:
        there.faults.lose_answers, there.faults.visible_after = 1, timedelta(minutes=30)
    world.sync()
    here.delete(task)
    world.settle()
    there.faults.visible_after = timedelta(0)
    world.advance(20 * 60)
    world.settle()  # by now no listing tells the delete of the original
    world.advance(OVER)
    world.settle()
    assert not here.live()
    assert not there.live(), "left alone it would be a task that nobody can get rid of"
    assert there.records, "it was there"
    writes = world.writes
    assert world.sync().outcome is RunOutcome.CLEAN
    assert world.writes == writes


@pytest.mark.parametrize("edited_there", [False, True])
def test_G2_K1_an_edit_made_before_a_lost_create_was_found_crosses(world: World, edited_there: bool) -> None:
    """The create is repeated with the edit in it, and finds the record that the lost one made without it."""
    task = world.sc_task()
    world.sf.faults.visible_after = timedelta(minutes=3)
    world.sf.faults.lose_answers = 1
    world.sync()
    world.sc.edit(task, details="edited")
    if edited_there:
        [copy] = world.sf.records
        world.sf.edit(copy, due_date=date(2026, 5, 5))
    for _ in range(6):
        world.sync()
    [there] = world.sf.live().values()
    here = world.sc.live()[task]
    assert (here["details"], there["details"]) == ("edited", "edited")
    assert here["due_date"] == there["due_date"] == (date(2026, 5, 5) if edited_there else None)
    assert world.sync().outcome is RunOutcome.CLEAN


def test_G2_a_late_update_is_not_repeated_and_its_pair_waits_alone(world: World) -> None:
    task, other = world.sc_task(), world.sc_task("other")
    world.settle()
    world.sc.edit(task, due_date=date(2026, 5, 5))
    world.sf.faults.land_late = [LATE]
    world.sync()
    writes = world.sf.writes
    world.sc.edit(task, due_date=date(2026, 6, 6))
    world.sc.edit(other, priority="high")
    world.sync()
    assert world.sf_of(other)["priority"] == "High", "no other pair waits"
    assert world.sf.writes == writes + 1, "what is decided now would be undone by the request under way"
    world.advance(OVER)
    world.settle()
    assert world.sf_of(task)["due_date"] == date(2026, 6, 6)
    assert world.sc.live()[task]["due_date"] == date(2026, 6, 6), "an echo of ours is nobody's edit (G1)"
    assert not disagreements(world)


def test_G2_an_update_that_never_lands_is_repeated_when_it_no_longer_can(world: World) -> None:
    task = world.sc_task()
    world.settle()
    world.sc.edit(task, due_date=date(2026, 5, 5))
    world.sf.faults.land_late = [timedelta(days=1)]
    for _ in range(3):
        world.sync()
    assert world.sf_of(task)["due_date"] is None
    world.advance(OVER)
    world.settle()
    assert world.sf_of(task)["due_date"] == date(2026, 5, 5)


def test_K5_what_a_late_update_overwrites_is_kept_when_a_run_has_seen_it(world: World) -> None:
    task = world.sc_task()
    world.settle()
    partner = world.partner(Side.SALES_CONNECT, task)
    assert partner is not None
    world.sc.edit(task, details="from here")
    world.sf.faults.land_late = [LATE]
    world.sync()
    world.sf.edit(partner, details="typed there meanwhile")
    world.sync()
    world.advance(OVER)
    world.settle()
    assert world.sf.live()[partner]["details"] == world.sc.live()[task]["details"] == "from here"
    kept = "select seen_details from bridge.action where op = 'update' and state = 'done'"
    assert world.rows(kept) == [("typed there meanwhile",)]


def test_K5_what_an_update_overwrote_stays_kept_when_the_system_altered_what_was_written(
    world: World,
) -> None:
    """Its answer is lost, and one of its fields shows that it landed."""
    task = world.sc_task(details="before", due_date=date(2026, 4, 4))
    world.settle()
    partner = world.partner(Side.SALES_CONNECT, task)
    assert partner is not None
    world.sf.edit(partner, details="after", due_date=date(2026, 5, 5))
    world.sc.faults.trigger = lambda values: {"details": (values["details"] or "").upper()}
    world.sc.faults.lose_answers = 1
    world.sync()
    world.settle()
    kept = "select seen_details, seen_due_date from bridge.action where op = 'update' and mask = 24"
    assert world.rows(kept)[0] == ("before", date(2026, 4, 4))


def test_K3_an_edit_made_while_an_update_could_still_land_is_merged_when_it_did_not(world: World) -> None:
    task = world.sc_task()
    world.settle()
    partner = world.partner(Side.SALES_CONNECT, task)
    assert partner is not None
    world.sc.edit(task, due_date=date(2026, 5, 5))
    world.sf.faults.land_late = [timedelta(days=1)]
    world.sync()
    world.sf.edit(partner, priority="High")
    world.sync()
    world.advance(OVER)
    world.settle()
    assert (world.sf_of(task)["due_date"], world.sc.live()[task]["priority"]) == (date(2026, 5, 5), "high")


def test_G2_a_late_delete_is_not_repeated_and_what_it_deletes_is_kept(world: World) -> None:
    task = world.sc_task()
    world.settle()
    partner = world.partner(Side.SALES_CONNECT, task)
    assert partner is not None
    world.sc.delete(task)
    world.sf.faults.land_late = [LATE]
    world.sync()
    writes = world.sf.writes
    world.sf.edit(partner, details="typed there meanwhile")
    world.sync()
    world.advance(OVER)
    world.settle()
    assert world.sf.writes == writes
    assert world.sf.live() == {}
    assert world.rows("select details from bridge.kept where reason = 'deleted'") == [
        ("typed there meanwhile",)
    ]


@pytest.mark.parametrize("op", [Op.UPDATE, Op.DELETE])
def test_G2_nothing_is_repeated_after_a_late_write_landed(world: World, op: Op) -> None:
    task = world.sf_task()
    world.settle()
    if op is Op.UPDATE:
        world.sf.edit(task, status="Completed")
    else:
        world.sf.delete(task)
    world.sc.faults.land_late = [timedelta(seconds=90)]
    world.sync()
    writes = world.writes
    for _ in range(3):
        world.sync()
    assert world.writes == writes
    assert not disagreements(world)
