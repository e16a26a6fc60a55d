"""C2 to C4: what takes part, whose it is, and the third status."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Op, Side
from taskbridge.engine.steps.load import load
from taskbridge.engine.steps.settle import settle
from tests.engine.world import World, disagreements, planned

DUE = date(2026, 6, 1)
STATE = "select state from bridge.link"


def pair(world: World, **values: Any) -> tuple[str, str]:
    """A Sales Connect task of Ada's and its partner."""
    sc_id = world.sc_task("Pair", **values)
    world.sync()
    sf_id = world.partner(Side.SALES_CONNECT, sc_id)
    assert sf_id is not None
    world.sync()
    return sc_id, sf_id


@pytest.mark.parametrize("left", [{"subtype": "Email"}, {"is_recurrence": True}], ids=str)
def test_C2_a_pair_that_leaves_the_scope_is_left_alone_until_it_is_back(
    world: World, left: dict[str, Any]
) -> None:
    sc_id, sf_id = pair(world)
    world.sf.edit(sf_id, **left)
    world.sync()
    assert world.rows(STATE) == [("released",)]
    writes = world.writes
    world.sc.edit(sc_id, due_date=DUE)
    world.sf.edit(sf_id, priority="High")
    world.settle()
    assert world.writes == writes
    assert (len(world.sc.live()), len(world.sf.live())) == (1, 1), "neither imported nor pushed anew"
    world.sf.edit(sf_id, subtype="Task", is_recurrence=False)
    world.settle()
    assert world.rows(STATE) == [("linked",)]
    assert (world.sf.live()[sf_id]["due_date"], world.sc.live()[sc_id]["priority"]) == (DUE, "high")
    assert not disagreements(world)


def test_C2_a_released_pair_that_lost_a_record_deletes_nothing(world: World) -> None:
    sc_id, sf_id = pair(world)
    world.sf.edit(sf_id, subtype="Email")
    world.sync()
    world.sc.delete(sc_id)
    world.settle()
    assert list(world.sf.live()) == [sf_id]


def test_C2_a_task_of_ours_that_was_complete_from_the_start_stays_a_reminder(world: World) -> None:
    """Completed in the moment of its creation: that is how our own copy of a completed task looks."""
    sc_id, sf_id = pair(world, status="complete")
    assert world.sf.live()[sf_id]["status"] == "Completed"
    world.sf.edit(sf_id, due_date=DUE)
    world.sync()
    assert world.sc.live()[sc_id]["due_date"] == DUE


def test_C2_a_logged_activity_that_is_reopened_becomes_a_reminder(world: World) -> None:
    task = world.sf_task("Logged", status="Completed")
    world.sync()
    assert world.partner(Side.SALESFORCE, task) is None
    world.sf.edit(task, status="Not Started")
    world.sync()
    assert world.sc_of(task)["status"] == "open", "as the record is now"


def test_C2_logged_activities_come_in_by_setting(world: World) -> None:
    world.with_settings(include_logged_activities=True)
    logged, mail = world.sf_task("Logged", status="Completed"), world.sf_task("Mail", subtype="Email")
    world.sync()
    assert world.sc_of(logged)["status"] == "complete"
    assert world.partner(Side.SALESFORCE, mail) is None


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("way", [("ben",), ("ben", "ada"), ("ben", "ada", "ben")], ids="-".join)
def test_C3_between_synced_users_the_owner_follows(world: World, side: Side, way: tuple[str, ...]) -> None:
    sc_id, sf_id = pair(world)
    for name in way:
        if side is Side.SALES_CONNECT:
            world.sc.reassign(sc_id, world.sc_users[name])
        else:
            world.sf.reassign(sf_id, world.sf_users[name])
        world.sync()
        assert world.sc.live()[sc_id]["owner"] == world.sc_users[name]
        assert world.sf.live()[sf_id]["owner"] == world.sf_users[name]


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("back", ["ada", "ben"])
def test_C3_a_task_given_to_somebody_unsynced_is_released_and_comes_back(
    world: World, side: Side, back: str
) -> None:
    sc_id, sf_id = pair(world)

    def give(name: str) -> None:
        if side is Side.SALES_CONNECT:
            world.sc.reassign(sc_id, world.sc_users[name])
        else:
            world.sf.reassign(sf_id, world.sf_users[name])

    give("chi")
    writes = world.writes
    world.settle()
    assert world.rows(STATE) == [("released",)]
    world.sc.edit(sc_id, details="meanwhile")
    world.settle()
    assert world.writes == writes, "left alone"
    give(back)
    world.settle()
    assert world.sf.live()[sf_id]["details"] == "meanwhile"
    assert world.sc.live()[sc_id]["owner"] == world.sc_users[back]
    assert world.sf.live()[sf_id]["owner"] == world.sf_users[back]
    assert (len(world.sc.live()), len(world.sf.live())) == (1, 1)


def test_C3_both_gave_it_to_different_users_is_a_conflict_like_any(world: World) -> None:
    world.sc.switch(world.sc_users["chi"], True)
    world.sync()
    sc_id, sf_id = pair(world)
    world.sc.reassign(sc_id, world.sc_users["ben"])
    world.sf.reassign(sf_id, world.sf_users["chi"])
    assert world.sync().outcome is RunOutcome.CONFLICTS
    assert world.sc.live()[sc_id]["owner"] == world.sc_users["chi"], "Salesforce wins within the margin"
    assert world.rows("select field, winner from bridge.conflict") == [("owner", "salesforce")]


def test_C3_an_owner_that_cannot_be_written_is_a_row_error_with_a_remedy(world: World) -> None:
    """Ben becomes inactive in Salesforce after the run has opened."""
    sc_id, sf_id = pair(world)
    other = world.sc_task("Other")
    world.sc.reassign(sc_id, world.sc_users["ben"])
    run = planned(world)
    world.sf.set_user(world.sf_users["ben"], active=False)
    for op in (Op.CREATE, Op.UPDATE):
        load(world.engine, run, Side.SALESFORCE, (op,))
    settle(world.engine, run)
    world.ledger.runs.release_lease(run.spec.run_key)
    assert world.sf.live()[sf_id]["owner"] == world.sf_users["ada"], "never a guess"
    assert world.partner(Side.SALES_CONNECT, other), "the others go on"
    [(code, remedy)] = world.rows("select code, remedy from bridge.dead_letter where resolved_at is null")
    assert code == "INACTIVE_OWNER_OR_USER"
    assert remedy
    world.sf.set_user(world.sf_users["ben"], active=True)
    world.sc.edit(sc_id, details="tried again")
    world.settle()
    assert world.sf.live()[sf_id]["owner"] == world.sf_users["ben"]


@pytest.mark.parametrize("setting", ["leave_open", "complete"])
def test_C4_completing_a_skipped_task_in_salesforce(world: World, setting: str) -> None:
    """With `complete` it is completed there already, so there is nothing that could come back."""
    world.with_settings(skipped_tasks=setting)
    sc_id, sf_id = pair(world)
    world.sc.edit(sc_id, status="skipped")
    world.settle()
    assert world.sf.live()[sf_id]["status"] == ("Completed" if setting == "complete" else "Not Started")
    world.sf.edit(sf_id, status="Completed", priority="High")
    world.settle()
    expected = "skipped" if setting == "complete" else "complete"
    assert (world.sc.live()[sc_id]["status"], world.sc.live()[sc_id]["priority"]) == (expected, "high")


def test_C4_reopening_in_salesforce_reopens_a_skipped_task_under_complete(world: World) -> None:
    world.with_settings(skipped_tasks="complete")
    sc_id, sf_id = pair(world)
    world.sc.edit(sc_id, status="skipped")
    world.sync()
    world.sf.edit(sf_id, status="Not Started")
    world.sync()
    assert world.sc.live()[sc_id]["status"] == "open"
    writes = world.writes
    assert world.sync().outcome is RunOutcome.CLEAN
    assert world.writes == writes


@pytest.mark.parametrize(("setting", "status"), [("leave_open", "open"), ("complete", "open")])
def test_C4_reopening_in_sales_connect(world: World, setting: str, status: str) -> None:
    world.with_settings(skipped_tasks=setting)
    sc_id, sf_id = pair(world)
    for value in ("skipped", status):
        world.sc.edit(sc_id, status=value)
        world.settle()
    assert world.sf.live()[sf_id]["status"] == "Not Started"
    assert not disagreements(world)
