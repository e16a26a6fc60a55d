"""What tests of undoing and restoring share."""

from __future__ import annotations

from collections import Counter
from typing import Any

from taskbridge.core.run import RunMode
from taskbridge.core.terms import Side
from taskbridge.engine.steps.report import RunReport
from tests.engine.world import World

# What a run is judged by: everything that a person sees of a task.
SHOWN = ("title", "status", "priority", "due_date", "details", "owner", "person")


def snapshot(world: World) -> Counter[tuple[Any, ...]]:
    """All live tasks of both systems, their ids and markers aside."""
    return Counter(
        (system.identity, *(values.get(name) for name in SHOWN))
        for system in (world.sc, world.sf)
        for values in system.live().values()
    )


def undo(world: World, run: RunReport | int | None, **given: Any) -> RunReport:
    run_id = run.run_id if isinstance(run, RunReport) else run
    asked = {"run_id": run_id, **given.pop("asked", {})}
    return world.sync(mode=RunMode.UNDO, asked=asked, asked_by=given.pop("asked_by", "Ann"), **given)


def left_out(world: World, report: RunReport) -> list[tuple[Any, ...]]:
    return world.rows(
        "SELECT code, side, field, reason FROM bridge.left_out WHERE run_id = %s ORDER BY 1, 2, 3",
        report.run_id,
    )


def codes(world: World, report: RunReport) -> Counter[str]:
    return Counter(row[0] for row in left_out(world, report))


def quiet(world: World, runs: int = 2) -> None:
    """The next runs write nothing."""
    writes = world.writes
    reports = [world.sync() for _ in range(runs)]
    assert world.writes == writes, "\n".join(report.text for report in reports)


def swap_lives(world: World, task: str, there: str, *, unreadable: bool) -> None:
    """Somebody takes the Salesforce task out of the bin and deletes the Sales Connect one, which could not be
    understood meanwhile, so that runs saw the first without the second; or both between two runs."""
    if unreadable:
        world.sc.spoil(task)
    world.sf.undelete(there)
    if unreadable:
        world.settle()
    world.sc.delete(task)
    world.settle()


def pair(world: World, title: str, **values: Any) -> tuple[str, str]:
    """A pair at rest: its Sales Connect and its Salesforce task."""
    task = world.sc_task(title, **values)
    world.settle()
    there = world.partner(Side.SALES_CONNECT, task)
    assert there is not None
    return task, there


def copied(world: World, title: str, **values: Any) -> tuple[str, RunReport, str]:
    """A Sales Connect task, the run that copies it, and the copy."""
    task = world.sc_task(title, **values)
    report = world.sync()
    there = world.partner(Side.SALES_CONNECT, task)
    assert there is not None
    return task, report, there
