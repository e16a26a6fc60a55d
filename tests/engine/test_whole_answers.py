"""What answers for a call as a whole parks no row: the run fails, and the next one goes on (G4)."""

from __future__ import annotations

import pytest

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Side
from tests.engine.world import World, disagreements

STATES = "SELECT state, count(*) FROM bridge.action WHERE run_id = %s GROUP BY 1 ORDER BY 1"
LETTERS = "SELECT 1 FROM bridge.dead_letter"


@pytest.mark.parametrize("before", [0, 3])
@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("what", ["creates", "updates", "deletes"])
def test_G4_a_whole_answer_leaves_its_rows_planned(world: World, side: Side, what: str, before: int) -> None:
    here, there = (world.sf, world.sc) if side is Side.SALES_CONNECT else (world.sc, world.sf)
    make = world.sf_task if side is Side.SALES_CONNECT else world.sc_task
    tasks = [make(f"t{number}") for number in range(5)]
    if what != "creates":
        world.sync()
    for task in tasks:
        if what == "updates":
            here.edit(task, details="edited")
        elif what == "deletes":
            here.delete(task)

    def come_between(moment: str) -> None:
        if moment == "before write":
            there.faults.stand_between, there.faults.on_call = before, None

    there.faults.on_call = come_between
    report = world.sync()
    assert report.outcome is RunOutcome.FAILED
    assert "redirect to sso.example.com" in report.text
    written = [("done", before)] if before else []
    assert world.rows(STATES, report.run_id) == [*written, ("planned", 5 - before)]
    assert world.rows(LETTERS) == []
    failed = world.sync()
    assert failed.outcome is RunOutcome.FAILED
    assert failed.run_id is None, "no run is opened while a side cannot be read"
    there.faults.stand_between = None
    assert world.sync().outcome is RunOutcome.CLEAN
    assert world.sync().outcome is RunOutcome.CLEAN
    assert world.rows(LETTERS) == []
    assert not disagreements(world)


def test_G4_a_job_that_what_stands_between_stops_parks_nothing(world: World) -> None:
    world.with_settings(salesforce_bulk_threshold=1)
    for number in range(3):
        world.sc_task(f"t{number}")

    def come_between(moment: str) -> None:
        if moment == "before fill_job":
            world.sf.faults.stand_between, world.sf.faults.on_call = 0, None

    world.sf.faults.on_call = come_between
    assert world.sync().outcome is RunOutcome.FAILED
    assert world.rows(LETTERS) == []
    world.sf.faults.stand_between = None
    for _ in range(3):
        report = world.sync()
    assert report.outcome is RunOutcome.CLEAN
    assert not disagreements(world)
