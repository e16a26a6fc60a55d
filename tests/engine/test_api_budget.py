"""G7: work that does not fit into Salesforce's calls is carried over in order, and nothing is lost."""

from __future__ import annotations

from taskbridge.core.run import RunOutcome
from tests.engine.world import World, disagreements


def titles(world: World) -> list[str]:
    return [str(task["title"]) for task in world.sf.live().values()]


def test_G7_work_that_does_not_fit_is_carried_over_in_order(world: World) -> None:
    world.sf.chunk_size = 1
    for number in range(5):
        world.sc_task(f"Task {number}")
    world.sf.faults.calls_left = 2
    report = world.sync()
    assert report.outcome is RunOutcome.PARTIAL
    assert "no calls are left before the reserve" in report.text
    assert titles(world) == ["Task 0", "Task 1"]
    world.sc_task("Newer")
    world.sf.faults.calls_left = 2
    world.sync()
    assert titles(world) == ["Task 0", "Task 1", "Task 2", "Task 3"], "what is older goes first"
    world.sf.faults.calls_left = None
    world.sync()
    assert titles(world) == [*(f"Task {number}" for number in range(5)), "Newer"]
    assert world.sync().outcome is RunOutcome.CLEAN
    assert not disagreements(world)


def test_G7_the_other_side_is_still_written(world: World) -> None:
    mine, theirs = world.sc_task("There"), world.sf_task("Here")
    world.sync()
    world.sc.edit(mine, priority="high")
    world.sf.edit(theirs, priority="High")
    world.sf.faults.calls_left = 0
    assert world.sync().outcome is RunOutcome.PARTIAL
    assert world.sc_of(theirs)["priority"] == "high"
    assert world.sf_of(mine)["priority"] == "Normal"
    world.sf.faults.calls_left = None
    world.sync()
    assert world.sf_of(mine)["priority"] == "High"
