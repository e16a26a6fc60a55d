"""G2 in an org that has no external id field: what is told from who made what and when, and what is held."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from taskbridge.core.run import RunMode, RunOutcome
from tests.engine.world import World

OVER = 11 * 60
DOUBT = "select action_id from bridge.action where state = 'sent' and code = 'CREATE_UNCLEAR' order by 1"


@pytest.fixture
def unmarked(fresh: World) -> World:
    fresh.sf.marks = False
    assert "no marker field" in fresh.sync().text, "an empty ledger cannot be told from a lost one (G8)"
    return fresh


def subjects(world: World) -> list[str]:
    return sorted(values["title"] for values in world.sf.live().values())


def test_G2_without_a_marker_everything_else_is_as_usual(unmarked: World) -> None:
    task = unmarked.sc_task(details="a\nb")
    there = unmarked.sf_task("theirs")
    unmarked.settle()
    assert subjects(unmarked) == ["Call Ann", "theirs"]
    assert len(unmarked.sc.live()) == 2
    unmarked.sc.edit(task, due_date=date(2026, 5, 5))
    unmarked.sf.delete(there)
    unmarked.settle()
    assert [values["due_date"] for values in unmarked.sf.live().values()] == [date(2026, 5, 5)]
    writes = unmarked.writes
    assert unmarked.sync().outcome is RunOutcome.CLEAN
    assert unmarked.writes == writes


def test_G2_without_a_marker_a_lost_create_is_adopted_by_what_it_holds(unmarked: World) -> None:
    unmarked.sc_task("one", details="a\nb", due_date=date(2026, 5, 5))
    unmarked.sc_task("two")
    unmarked.sf.faults.lose_answers = 1
    unmarked.settle()
    assert subjects(unmarked) == ["one", "two"]
    assert len(unmarked.sc.live()) == 2
    writes = unmarked.writes
    assert unmarked.sync().outcome is RunOutcome.CLEAN
    assert unmarked.writes == writes


def test_G2_without_a_marker_a_create_is_repeated_only_when_it_can_no_longer_land(unmarked: World) -> None:
    unmarked.sc_task()
    unmarked.sf.faults.land_late = [timedelta(days=1)]
    for _ in range(3):
        unmarked.sync()
    assert unmarked.sf.writes == 1, "not repeated while it may land"
    unmarked.advance(OVER)
    unmarked.settle()
    assert subjects(unmarked) == ["Call Ann"]


def test_G2_without_a_marker_a_create_that_lands_late_is_adopted_and_never_imported(unmarked: World) -> None:
    """A listing shows it before anybody has looked for it: it is ours, so it begins no pair of its own."""
    unmarked.sc_task()
    unmarked.sf.faults.land_late = [timedelta(minutes=3)]
    for _ in range(5):
        unmarked.sync()
    assert (len(unmarked.sc.live()), subjects(unmarked)) == (1, ["Call Ann"])
    assert unmarked.sf.writes == 1
    assert unmarked.sync().outcome is RunOutcome.CLEAN


def test_G2_without_a_marker_a_create_that_shows_late_is_not_repeated(unmarked: World) -> None:
    """The commit is older than its sight: what cannot be seen yet has not been ruled out."""
    unmarked.sc_task()
    unmarked.sf.faults.visible_after = timedelta(minutes=8)
    unmarked.sf.faults.lose_answers = 1
    for _ in range(12):
        unmarked.sync()
    assert (len(unmarked.sc.live()), subjects(unmarked)) == (1, ["Call Ann"])
    assert unmarked.sf.writes == 1


def test_G2_without_a_marker_two_that_look_alike_are_held_never_repeated(unmarked: World) -> None:
    for _ in range(2):
        unmarked.sc_task("twin")
    unmarked.sf.faults.lose_answers = 1
    unmarked.sync()
    unmarked.advance(OVER)
    for _ in range(3):
        unmarked.sync()
    assert subjects(unmarked) == ["twin", "twin"]
    assert unmarked.sf.writes == 2
    assert len(unmarked.rows(DOUBT)) == 2
    told = unmarked.rows("select rule, remedy from mart.not_synced where side = 'sales_connect'")
    assert [rule for rule, _ in told] == ["G2", "G2"]
    assert "A create in doubt" in told[0][1]
    copies = list(unmarked.sf.live())
    for (action,), copy in zip(unmarked.rows(DOUBT), copies, strict=True):
        assert "it is" in unmarked.rows("select bridge.settle_create(%s, 'Ada', %s)", action, copy)[0][0]
    unmarked.settle()
    assert unmarked.rows("select state, dirty from bridge.link") == [("linked", False)] * 2
    assert (len(unmarked.sc.live()), len(unmarked.sf.live())) == (2, 2)


def test_G2_without_a_marker_a_create_that_somebody_changed_is_held(unmarked: World) -> None:
    unmarked.sc_task()
    unmarked.sf.faults.land_late = [timedelta(seconds=1)]
    unmarked.sync()
    (copy,) = unmarked.sf.live()
    unmarked.sf.edit(copy, details="typed before anybody knew it")
    unmarked.advance(OVER)
    for _ in range(2):
        unmarked.sync()
    assert (len(unmarked.sc.live()), len(unmarked.sf.live()), unmarked.sf.writes) == (1, 1, 1)
    ((action,),) = unmarked.rows(DOUBT)
    unmarked.rows("select bridge.settle_create(%s, 'Ada', %s)", action, copy)
    unmarked.settle()
    assert [values["details"] for values in unmarked.sc.live().values()] == ["typed before anybody knew it"]


def test_G2_without_a_marker_a_person_may_rule_a_create_out(unmarked: World) -> None:
    unmarked.sc_task("twin")
    unmarked.sf.faults.land_late = [timedelta(days=1)]
    unmarked.sync()
    other = unmarked.sf_task("twin")
    unmarked.sf.records[other].by_us = True  # made by hand, by the integration user
    unmarked.sf.records[other].values["details"] = "by hand"
    unmarked.advance(OVER)
    unmarked.settle()
    ((action,),) = unmarked.rows(DOUBT)
    assert "was not created" in unmarked.rows("select bridge.settle_create(%s, 'Ada')", action)[0][0]
    unmarked.settle()
    assert subjects(unmarked) == ["twin", "twin"]
    assert len(unmarked.sc.live()) == 1, "what the integration user makes by hand is not imported"


def test_G8_without_a_marker_a_rebase_pairs_what_agrees_in_everything(unmarked: World) -> None:
    unmarked.sc_task("one", details="a")
    unmarked.sf_task("two")
    unmarked.settle()
    pairs = unmarked.rows("select sc_id, sf_id from bridge.link order by 1")
    unmarked.rows_changed(
        "truncate bridge.link, bridge.action, bridge.ledger_change, bridge.conflict, bridge.dead_letter cascade"
    )
    unmarked.sync(mode=RunMode.REBASE)
    assert unmarked.rows("select sc_id, sf_id from bridge.link order by 1") == pairs


def test_G2_without_a_marker_twins_that_different_runs_lost_are_held(unmarked: World) -> None:
    unmarked.sc_task("twin")
    unmarked.sf.faults.land_late = [timedelta(minutes=3)]
    unmarked.sync()
    unmarked.sc_task("twin")
    unmarked.sf.faults.land_late = [timedelta(minutes=2)]
    for _ in range(4):
        unmarked.sync()
    unmarked.advance(OVER)
    unmarked.settle()
    assert (len(unmarked.sc.live()), subjects(unmarked), unmarked.sf.writes) == (2, ["twin", "twin"], 2)
    assert len(unmarked.rows(DOUBT)) == 2
