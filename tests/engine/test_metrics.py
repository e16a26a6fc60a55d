"""The numbers that a run tells: documented names alone, and the right ones."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Side
from taskbridge.core.usage import CallKind, Told, Usage
from taskbridge.engine.metrics import NAMES, Kind, metrics
from taskbridge.engine.steps.report import RunReport
from taskbridge.store.runs import RunCounts, Waiting
from tests.engine.world import World


def documented(name: str) -> str:
    """The documented name that this one is an instance of."""
    patterns = {one: re.sub(r"<\w+>", r"[a-z_]+", re.escape(one)) for one in NAMES}
    (found,) = [one for one, pattern in patterns.items() if re.fullmatch(pattern, name)]
    return found


def values(told: RunReport) -> dict[str, float]:
    return {one.name.removeprefix("taskbridge."): one.value for one in metrics(told)}


FULL = RunReport(
    7,
    RunOutcome.PARTIAL,
    "",
    RunCounts(
        staged={"salesforce": {"planned": 2, "": 1}},
        actions={"sales_connect": {"update": {"done": 2, "stale": 0}}},
        conflicts=3,
        left_out=0,
        rejected_new=4,
        notes=(),
        waiting=Waiting(parked=5, asked={"delete (request 1)": 6, "create (request 2)": 1}, missing=8),
        seconds=9.5,
    ),
    {Side.SALESFORCE: Usage({CallKind.QUERY: 2, CallKind.LOGIN: 1}, Told(90, 100))},
    behind=70.0,
)


def test_every_documented_name_is_sent_and_no_other() -> None:
    found = metrics(FULL)
    assert {documented(one.name) for one in found} == set(NAMES)
    assert all(one.kind is NAMES[documented(one.name)][0] for one in found)


def test_each_number_is_the_one_of_the_report() -> None:
    told = values(FULL)
    assert told["run.partial"] == 1
    assert (told["run_time"], told["behind_seconds"]) == (9.5, 70.0)
    assert (told["staged.salesforce.planned"], told["staged.salesforce.nowhere"]) == (2, 1)
    assert told["action.sales_connect.update.done"] == 2
    assert "action.sales_connect.update.stale" not in told, "nought is no event"
    assert (told["conflicts"], told["rejected"]) == (3, 4)
    assert (told["calls.salesforce"], told["calls_left.salesforce"]) == (2, 90), "a login counts for nothing"
    assert (told["waiting.parked"], told["waiting.approval"], told["waiting.missing"]) == (5, 7, 8)
    assert told["waiting.decision"] == 0, "a gauge that is over goes down to nought"


def test_a_dry_run_and_a_run_without_a_row_set_no_gauge() -> None:
    dry = RunReport(7, RunOutcome.PLANNED, "", FULL.counts, FULL.used, dry_run=True, behind=70.0)
    assert Kind.GAUGE not in {one.kind for one in metrics(dry)}
    assert [one.name for one in metrics(RunReport(None, RunOutcome.SKIPPED, ""))] == [
        "taskbridge.run.skipped"
    ]


def a_listing_breaks_off(world: World) -> None:
    world.sf.faults.truncate_reads = 1


def another_org(world: World) -> None:
    world.rows_changed("UPDATE bridge.side_identity SET identity = 'another' WHERE side = 'salesforce'")


@pytest.mark.parametrize(
    ("failure", "opened"), [(None, True), (a_listing_breaks_off, True), (another_org, False)]
)
def test_how_far_behind_the_sync_is_grows_until_a_run_works(
    world: World, failure: Callable[[World], None] | None, opened: bool
) -> None:
    world.sync()
    world.rows_changed("UPDATE bridge.watermark SET moved_at = moved_at - interval '1 hour'")
    if failure:
        world.sf_task("Call Ann")
        failure(world)
    told = world.sync()
    assert (told.outcome is RunOutcome.FAILED) == bool(failure)
    assert (told.counts is not None) == opened
    behind = values(told)["behind_seconds"]
    assert (behind > 3_500) == bool(failure), behind
    if opened:
        assert 0 < values(told)["run_time"] < 60
