"""How long a change takes to the other side is kept when it crosses (mart.freshness)."""

from __future__ import annotations

from typing import Any

import pytest

from taskbridge.core.run import RunMode
from taskbridge.core.terms import Op, Side
from taskbridge.engine.steps.load import load
from taskbridge.engine.steps.settle import settle
from tests.engine.undoing import undo
from tests.engine.world import World, planned

SECOND = 1.0
BEFORE_A_RUN = 60
"""Seconds that `World.sync` lets pass first."""


def told(world: World) -> list[tuple[Any, ...]]:
    return world.rows(
        "SELECT side, user_name, changes, seconds_p50, seconds_longest FROM mart.freshness ORDER BY side, user_name"
    )


@pytest.fixture
def task(world: World) -> str:
    """A task in both systems, and nothing told of how it came there."""
    task = world.sc_task("Call Ann")
    world.settle()
    world.rows_changed("DELETE FROM bridge.freshness")
    return task


@pytest.mark.parametrize("ahead", [0, 7_200])
def test_a_change_is_told_by_the_clock_of_the_system_that_took_it(
    world: World, task: str, ahead: int
) -> None:
    """Also where the clocks of the two are hours apart."""
    world.sf.advance(ahead)
    world.sc.edit(task, details="new")
    world.advance(40)
    world.sync()
    [(side, name, changes, half, longest)] = told(world)
    assert (side, name, changes) == ("salesforce", "Ada", 1)
    assert half == longest == pytest.approx(40 + BEFORE_A_RUN, abs=SECOND)


def test_the_changes_of_an_hour_are_told_together(world: World, task: str) -> None:
    for seconds in (10, 20, 90):
        world.sf.edit(str(world.partner(Side.SALES_CONNECT, task)), details=f"after {seconds} s")
        world.advance(seconds)
        world.sync()
    assert sum(row[2] for row in told(world)) == 3
    assert max(row[4] for row in told(world)) == pytest.approx(90 + BEFORE_A_RUN, abs=SECOND)


def test_settling_again_counts_nothing_twice(world: World, task: str) -> None:
    world.sc.edit(task, details="new")
    run = planned(world)
    load(world.engine, run, Side.SALESFORCE, [Op.UPDATE])
    settle(world.engine, run)
    settle(world.engine, run)
    [(_, _, changes, _, _)] = told(world)
    assert changes == 1


def test_a_delete_is_a_change(world: World, task: str) -> None:
    world.sc.delete(task)
    world.advance(30)
    world.sync()
    [(side, _, changes, half, _)] = told(world)
    assert (side, changes) == ("salesforce", 1)
    assert half == pytest.approx(30 + BEFORE_A_RUN, abs=SECOND)


def test_a_new_task_is_a_change(world: World) -> None:
    world.sf_task("new")
    world.advance(5)
    world.sync()
    [(side, name, changes, half, _)] = told(world)
    assert (side, name, changes) == ("sales_connect", "Ada", 1)
    assert half == pytest.approx(5 + BEFORE_A_RUN, abs=SECOND)


def test_first_syncs_and_what_a_person_asked_for_are_not_counted(fresh: World) -> None:
    fresh.sf_task("was there before")
    report = fresh.sync()
    assert len(fresh.sc.live()) == 1
    undo(fresh, report)
    assert fresh.rows("SELECT count(*) FROM bridge.run WHERE mode = %s", RunMode.UNDO.value) == [(1,)]
    assert told(fresh) == []
