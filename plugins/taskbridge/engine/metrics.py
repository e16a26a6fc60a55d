"""What a run tells in numbers, for charts and alarms: names, kinds and meanings, and the numbers of one report.

Nothing is asked for it: the report has counted all of it already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from taskbridge.core.usage import counted
from taskbridge.engine.steps.report import RunReport
from taskbridge.store.runs import RunCounts, Waiting


class Kind(StrEnum):
    """How a number adds up."""

    COUNTER = "counter"  # of this run; nought is not sent
    GAUGE = "gauge"  # as it is now, nought too
    TIMING = "timing"  # seconds


@dataclass(frozen=True)
class Metric:
    """One number of one run."""

    name: str
    kind: Kind
    value: float


NAMES: Final[Mapping[str, tuple[Kind, str]]] = {
    "taskbridge.run.<outcome>": (Kind.COUNTER, "runs that ended so; `skipped` while the sync is off or paused, "
    "`quiet` where nothing was new and nothing else ran"),
    "taskbridge.run_time": (Kind.TIMING, "from the opening of the run to its report (StatsD: milliseconds)"),
    "taskbridge.behind_seconds": (Kind.GAUGE, "seconds since a run last moved the watermarks: about the time of a "
    "run while there is something to do, up to 5 minutes while all is quiet, and growing while runs fail or a side is "
    "paused"),
    "taskbridge.staged.<side>.<place>": (Kind.COUNTER, "rows that were read, by where they ended; `known`: nothing "
    "new of them"),
    "taskbridge.action.<side>.<op>.<state>": (Kind.COUNTER, "planned writes, by what became of them"),
    "taskbridge.conflicts": (Kind.COUNTER, "contested fields"),
    "taskbridge.rejected": (Kind.COUNTER, "newly rejected rows"),
    "taskbridge.calls.<side>": (Kind.COUNTER, "API calls of the run"),
    "taskbridge.calls_left.<side>": (Kind.GAUGE, "API calls that the system last said are left"),
    "taskbridge.waiting.parked": (Kind.GAUGE, "rejected rows that wait to be mended"),
    "taskbridge.waiting.approval": (Kind.GAUGE, "rows that wait for an approval"),
    "taskbridge.waiting.decision": (Kind.GAUGE, "fields that wait for a decision"),
    "taskbridge.waiting.missing": (Kind.GAUGE, "pairs with a record that is not found"),
    "taskbridge.waiting.unfinished": (Kind.GAUGE, "pairs that the next run decides"),
}  # fmt: skip
"""Every name that is sent, by kind and meaning."""


def metrics(told: RunReport) -> list[Metric]:
    """The numbers of a run that has ended. Of a dry run no gauges: it changes nothing of what they show."""
    found = [(f"run.{told.outcome}", Kind.COUNTER, 1.0)]
    if told.counts is not None:
        found.append(("run_time", Kind.TIMING, told.counts.seconds))
        found += ((name, Kind.COUNTER, number) for name, number in _counted(told, told.counts) if number)
    if not told.dry_run:
        found += ((name, Kind.GAUGE, number) for name, number in _standing(told))
    return [Metric(f"taskbridge.{name}", kind, value) for name, kind, value in found]


def of_quiet(behind: float) -> list[Metric]:
    """Those of a run that did nothing as nothing is new. `behind`: seconds since the sides were read."""
    return [
        Metric("taskbridge.run.quiet", Kind.COUNTER, 1.0),
        Metric("taskbridge.behind_seconds", Kind.GAUGE, behind),
    ]


def describe() -> str:
    """The names as the table of the documentation."""
    lines = ["| Name | Kind | Meaning |", "|---|---|---|"]
    return "\n".join(
        [*lines, *(f"| `{name}` | {kind} | {meaning} |" for name, (kind, meaning) in NAMES.items())]
    )


def _counted(told: RunReport, counts: RunCounts) -> Iterator[tuple[str, int]]:
    for side, ends in counts.staged.items():
        yield from ((f"staged.{side}.{end or 'nowhere'}", rows) for end, rows in ends.items())
    for side, ops in counts.actions.items():
        for op, states in ops.items():
            yield from ((f"action.{side}.{op}.{state}", rows) for state, rows in states.items())
    yield "conflicts", counts.conflicts
    yield "rejected", counts.rejected_new
    yield from ((f"calls.{side}", counted(usage.calls)) for side, usage in told.used.items())


def _standing(told: RunReport) -> Iterator[tuple[str, float]]:
    if told.behind is not None:
        yield "behind_seconds", told.behind
    for side, usage in told.used.items():
        if usage.told is not None:
            yield f"calls_left.{side}", usage.told.left
    if told.counts is not None:
        yield from ((f"waiting.{name}", number) for name, number in _waits(told.counts.waiting))


def _waits(waiting: Waiting) -> Iterator[tuple[str, int]]:
    yield "parked", waiting.parked
    yield "approval", sum(waiting.asked.values())
    yield "decision", waiting.undecided
    yield "missing", waiting.missing
    yield "unfinished", waiting.unfinished
