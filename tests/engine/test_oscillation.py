"""K6: a field that goes to and fro is held and reported rather than written for ever."""

from __future__ import annotations

from typing import Any

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Side
from taskbridge.engine.on_demand.conflicts import decide_conflicts
from tests.engine.world import World

OPEN = "select conflict_id, field, rule, value_sc, value_sf from mart.conflicts_open"


def fight(world: World) -> str:
    """Salesforce puts every task back to Normal, Sales Connect to high, whenever they are written."""
    world.sf.faults.trigger = lambda _: {"priority": "Normal"}
    world.sc.faults.trigger = lambda _: {"priority": "high"}
    return world.sc_task("Fought over", priority="high")


def runs_until_held(world: World) -> int:
    for number in range(1, 12):
        if world.sync().outcome is RunOutcome.HELD:
            return number
    raise AssertionError("the fight went on")


def test_K6_two_automations_that_fight_are_stopped(world: World) -> None:
    task = fight(world)
    assert runs_until_held(world) <= 6
    writes = world.writes
    for _ in range(3):
        assert world.sync().outcome is RunOutcome.HELD
    assert world.writes == writes, "held, not written for ever"
    [(_, field, rule, *_)] = world.rows(OPEN)
    assert (field, rule) == ("priority", "K6")
    [(rule, remedy)] = world.rows("select rule, remedy from mart.not_synced where remote_id = %s", task)
    assert rule == "K6"
    assert "automation" in remedy


def test_K6_other_fields_and_other_pairs_go_on(world: World) -> None:
    task = fight(world)
    runs_until_held(world)
    world.sf.faults.trigger = world.sc.faults.trigger = None
    world.sc.edit(task, details="goes on")
    other = world.sc_task("At peace", priority="high")
    world.sync()
    assert world.sf_of(task)["details"] == "goes on"
    assert world.sf_of(other)["priority"] == "High"
    assert len(world.rows(OPEN)) == 1


def test_K6_a_person_who_changes_her_mind_twice_is_not_held(world: World) -> None:
    task = world.sc_task()
    world.sync()
    for status in ("complete", "open", "complete"):
        world.sc.edit(task, status=status)
        assert world.sync().outcome is RunOutcome.CLEAN
    assert world.sf_of(task)["status"] == "Completed"
    assert world.rows(OPEN) == []


def test_K6_the_third_reversal_waits_until_the_hour_has_passed(world: World) -> None:
    task = world.sc_task()
    world.sync()
    for status in ("complete", "open", "complete", "open"):
        world.sc.edit(task, status=status)
        report = world.sync()
    assert report.outcome is RunOutcome.HELD
    assert world.sf_of(task)["status"] == "Completed"
    world.rows_changed("update bridge.action set answered_at = answered_at - interval '61 minutes'")
    world.advance(61 * 60)
    world.settle()
    assert world.sf_of(task)["status"] == "Not Started", "by itself"
    assert world.rows(OPEN) == []
    assert world.sync().outcome is RunOutcome.CLEAN


def test_K6_agreeing_by_hand_ends_it(world: World) -> None:
    task = fight(world)
    runs_until_held(world)
    world.sf.faults.trigger = world.sc.faults.trigger = None
    partner = world.partner(Side.SALES_CONNECT, task)
    assert partner is not None
    world.sf.edit(partner, priority=_other(world.sc.live()[task]["priority"]))
    assert world.settle()[-1].outcome is RunOutcome.CLEAN
    assert world.rows(OPEN) == []


def test_K6_a_decision_ends_it_before_the_hour_has_passed(world: World) -> None:
    task = fight(world)
    runs_until_held(world)
    world.sf.faults.trigger = world.sc.faults.trigger = None
    [(number, *_)] = world.rows(OPEN)
    decide_conflicts(world.ledger, [number], Side.SALES_CONNECT, "ann")
    world.sync()
    assert world.sf_of(task)["priority"] == _other(world.sc.live()[task]["priority"])
    assert world.sync().outcome is RunOutcome.CLEAN


def _other(priority: Any) -> str:
    return {"high": "High", "normal": "Normal"}[priority]
