"""G8: a side that looks emptied or set back halts the run; a part that is not seen is held (C5)."""

from __future__ import annotations

from copy import deepcopy
from datetime import date

import pytest

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Side
from tests.doubles.memory import MemorySide
from tests.engine.world import World, disagreements

SIDES = list(Side)
MANY = 24


def system(world: World, side: Side) -> MemorySide:
    return world.sc if side is Side.SALES_CONNECT else world.sf


def pairs(world: World, count: int = MANY) -> dict[str, str]:
    """So many pairs at rest: SC id -> SF id."""
    tasks = [world.sc_task(f"Task {number}", details="first") for number in range(count)]
    world.settle()
    found = {task: world.partner(Side.SALES_CONNECT, task) for task in tasks}
    return {task: partner for task, partner in found.items() if partner}


def edit_all(world: World, side: Side, ids: list[str], text: str) -> None:
    for one in ids:
        system(world, side).edit(one, details=text)


def states(world: World) -> dict[str, int]:
    return dict(world.rows("select state, count(*) from bridge.link group by state"))  # type: ignore[arg-type]


@pytest.mark.parametrize("feed", [True, False], ids=["feed", "no feed"])
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("edited", ["all", "the hidden ones"])
def test_C5_G8_a_sharing_rule_that_hides_half_deletes_nothing(
    world: World, side: Side, feed: bool, edited: str
) -> None:
    world.with_settings(sc_sweep_minutes=1)
    world.sc.features = frozenset({"deleted_tasks"} if feed else ())
    both = pairs(world)
    ids = {Side.SALES_CONNECT: list(both), Side.SALESFORCE: list(both.values())}
    hidden = ids[side][: MANY // 2]
    system(world, side).faults.hidden = set(hidden)
    touched = ids[side.other] if edited == "all" else ids[side.other][: MANY // 2]
    edit_all(world, side.other, touched, "second")
    for _ in range(4):
        assert world.sync().outcome is not RunOutcome.FAILED
        world.advance(600)
    assert (len(world.sc.live()), len(world.sf.live())) == (MANY, MANY), "0 deletes"
    assert world.rows("select 1 from bridge.action where op = 'delete'") == []
    assert states(world) == {"linked": MANY // 2, "missing": MANY // 2}
    system(world, side).faults.hidden = set()
    world.advance(3600)
    world.settle()
    assert states(world) == {"linked": MANY}
    assert not disagreements(world)


@pytest.mark.parametrize("side", SIDES)
def test_G8_a_side_that_looks_empty_halts_before_anything_is_planned(world: World, side: Side) -> None:
    both = pairs(world)
    ids = {Side.SALES_CONNECT: list(both), Side.SALESFORCE: list(both.values())}
    system(world, side).faults.hidden = set(ids[side])
    edit_all(world, side.other, ids[side.other][:12], "second")
    world.sync()  # the writes find no target
    before, writes = world.ledger.sides.state().watermarks, world.writes
    report = world.sync()
    assert report.outcome is RunOutcome.FAILED
    assert f"{side.system} looks empty: of {MANY} linked tasks looked at {MANY} are not found" in report.text
    assert f"accept_side = {side}" in report.text
    assert (world.ledger.sides.state().watermarks, world.writes) == (before, writes)
    assert states(world) == {"linked": MANY}, "not everything is marked missing"
    system(world, side).faults.hidden = set()
    world.settle()
    assert not disagreements(world)


def test_G8_a_few_records_are_no_side(world: World) -> None:
    both = pairs(world, 10)
    world.sf.faults.hidden = set(both.values())
    edit_all(world, Side.SALES_CONNECT, list(both), "second")
    world.sync()
    assert world.sync().outcome is RunOutcome.HELD
    assert states(world) == {"missing": 10}


def test_G8_a_side_that_is_found_out_a_few_records_at_a_time_halts_too(world: World) -> None:
    both = pairs(world)
    world.sf.faults.hidden = set(both.values())
    outcomes = []
    for start in (0, 4, 8):
        edit_all(world, Side.SALES_CONNECT, list(both)[start : start + 4], "second")
        outcomes += [world.sync().outcome, world.sync().outcome]
    assert outcomes[-1] is RunOutcome.FAILED
    assert states(world) == {"missing": 8, "linked": 16}


@pytest.mark.parametrize("accept", ["salesforce", "both"])
def test_G8_a_person_who_has_looked_lets_one_run_go_on(world: World, accept: str) -> None:
    both = pairs(world)
    world.sf.faults.hidden = set(both.values())
    edit_all(world, Side.SALES_CONNECT, list(both)[:12], "second")
    world.sync()
    wrong = world.sync(asked={"accept_side": "sales_connect"})
    assert wrong.outcome is RunOutcome.FAILED, "the other side was meant"
    report = world.sync(asked={"accept_side": accept})
    assert report.outcome is RunOutcome.HELD
    assert "Salesforce is accepted as it is" in report.text
    assert states(world) == {"missing": MANY}, "one run looks at all of them, so that the next ones go on"
    assert len(world.sc.live()) == MANY
    edit_all(world, Side.SALES_CONNECT, list(both), "third")
    assert world.sync().outcome is RunOutcome.HELD
    assert len(world.sc.live()) == MANY, "and nothing is deleted"


def restored(world: World, both: dict[str, str]) -> None:
    """Salesforce comes back as it was a day ago, after everything was edited since."""
    backup = deepcopy(world.sf.records)
    world.advance(86_400)
    edit_all(world, Side.SALES_CONNECT, list(both), "second")
    world.settle()
    world.sf.records = backup
    edit_all(world, Side.SALES_CONNECT, list(both), "third")
    world.sync()  # the targets are not as they were left: nothing is written


def test_G8_a_side_that_was_set_back_halts_before_anything_is_planned(world: World) -> None:
    both = pairs(world)
    restored(world, both)
    writes = world.writes
    report = world.sync()
    assert report.outcome is RunOutcome.FAILED
    assert "Salesforce looks like an older copy of itself" in report.text
    assert f"{MANY} have an older version than before" in report.text
    assert world.writes == writes
    assert "older copy" in world.sync().text, "as long as nobody has looked"


def test_G8_an_accepted_older_copy_is_merged_like_edits_and_nothing_is_lost(world: World) -> None:
    both = pairs(world)
    restored(world, both)
    look = world.sync(asked={"accept_side": "salesforce"}, dry_run=True)
    assert look.outcome is not RunOutcome.FAILED
    assert "older copy" in world.sync().text, "a dry run accepts nothing"
    assert world.sync(asked={"accept_side": "salesforce"}).outcome is RunOutcome.CONFLICTS
    world.sync()
    assert not disagreements(world)
    assert {one["details"] for one in world.sf.live().values()} == {"third"}, "the latest edit won"
    assert world.rows("select distinct value_sf from bridge.conflict") == [("first",)]
    assert world.sync().outcome is RunOutcome.CLEAN


def test_G9_a_few_older_versions_count_once_they_are_read_by_id_and_are_said_to(world: World) -> None:
    both = pairs(world, 2)
    restored(world, both)
    report = world.sync()
    assert "2 tasks of Salesforce have older versions than before" in report.text
    assert {one["details"] for one in world.sf.live().values()} == {"third"}, "the latest edit won"
    assert world.rows("select distinct value_sf from bridge.conflict") == [("first",)], (
        "and the other is kept"
    )
    assert world.sync().outcome is RunOutcome.CLEAN
    assert not disagreements(world)


def test_G8_a_look_at_more_records_costs_one_call_and_only_in_doubt(world: World) -> None:
    both = pairs(world)
    reads = world.sf.reads
    world.sync()
    idle = world.sf.reads - reads
    world.sf.faults.hidden = set(list(both.values())[:3])
    world.sf.edit(list(both.values())[5], due_date=date(2026, 5, 5))
    reads = world.sf.reads
    world.sync()
    assert world.sf.reads - reads == idle
