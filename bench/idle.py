"""What a quiet day costs and how long a change takes, by the clock of every minute and with the event lane.

`python -m bench.idle` starts the real stack twice, for some ten minutes in all, and prints two lines and the figures.
Changes are new tasks, alternately on both sides; a stopwatch looks for each copy through the vendors' APIs twice a
second. With the lane idle runs are those that would begin every 15 minutes, and here are started by hand; those of the
clock are the quiet ones of its own, of which a day has four for each run in full.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from bench.result import Result
from stack.airflow_api import RUN_ENDED
from stack.console import Progress
from stack.demo.people import Edit, People
from stack.demo.records import API, look
from stack.demo.systems import SIDES, Side, Systems
from stack.layout import Layout
from stack.supervisor import Options, Stack

SYNC: Final = "task_sync"
BEN: Final = "ben@example.com"
CHANGES: Final = 12
SECONDS: Final = 5
PATIENCE: Final = 300.0
CLOCK: Final = {"TASKBRIDGE_SCHEDULE": "* * * * *"}
LANE: Final = {"TASKBRIDGE_SCHEDULE": "*/15 * * * *", "TASKBRIDGE_LANE_SECONDS": str(SECONDS)}
RUNS_A_DAY: Final = {"clock": 24 * 60, "lane": 24 * 4}
GAPS: Final = {"clock": 5.0, "lane": 13.0}
"""Seconds between two changes: they fall into every part of a minute, and of what lies between two looks."""
WAITS: Final = {"clock": (45.0, 75.0), "lane": (6.0, 12.0)}
"""Seconds at most from a change to its copy, p50 and p95."""
IDLE_RUN: Final = 2.0
RUNS: Final = 100
"""Runs that a quiet day leaves at most, with the lane."""


@dataclass(frozen=True)
class Measured:
    """One way of starting runs. Seconds; `cpu`, `off`: of all processes in a minute without changes, on and off."""

    run: float
    tasks: int  # task instances that an idle run leaves
    started: int  # of them those that a worker ran
    cpu: float
    off: float
    waits: tuple[float, ...]


class Bench:
    """A stack that is switched on and in step."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.api = stack, stack.api
        self.systems = Systems.reached_by(stack.sandbox)
        # A large org, which affords a question every five seconds.
        self.systems.salesforce.control("PATCH", "/switches", {"api_daily_max": 1_000_000})
        self.api.wait_for_dags({SYNC}, 60)
        self.switch(True)
        for _ in range(3):
            self.idle_run()

    def switch(self, on: bool) -> None:
        self.api.set_variable("taskbridge_enabled", "true" if on else "false")

    def idle_run(self) -> dict[str, Any]:
        return self.api.wait_for_run(SYNC, self.api.trigger(SYNC), PATIENCE)

    def quiet_runs(self) -> list[dict[str, Any]]:
        """The next three of the clock that were one task each."""
        found: list[dict[str, Any]] = []

        def step() -> bool:
            found[:] = [
                run
                for run in self.api.runs(SYNC, run_type="scheduled", state="success")
                if sum(task["pid"] is not None for task in self.api.tasks(SYNC, run["dag_run_id"])) == 1
            ][:3]
            return len(found) == 3

        self.until(step, every=5)
        return found

    def cpu_of_a_minute(self) -> float:
        self.until(lambda: all(run["state"] in RUN_ENDED for run in self.api.runs(SYNC)))
        before = _cpu()
        time.sleep(60)
        return _cpu() - before

    def waits(self, gap: float) -> tuple[float, ...]:
        """Of each change, until its copy is there."""
        users = look(self.systems).users
        made: dict[str, tuple[Side, float]] = {}
        seen: dict[str, float] = {}
        began = time.monotonic()

        def step() -> bool:
            now = time.monotonic()
            if len(made) < CHANGES and now - began >= gap * len(made):
                side, title = SIDES[len(made) % 2], f"Stopwatch {len(made)}"
                made[title] = side, time.monotonic()
                People(self.systems, users).make(Edit(side, "create", BEN, {"title": title}))
            for side in SIDES:
                for title in self._titles(side):
                    if title in made and made[title][0] != side:
                        seen.setdefault(title, time.monotonic() - made[title][1])
            return len(seen) == CHANGES

        self.until(step)
        return tuple(seen.values())

    def _titles(self, side: Side) -> list[str]:
        if side == "salesforce":
            query = {"q": "SELECT Subject FROM Task WHERE Subject LIKE 'Stopwatch%'"}
            return [row["Subject"] for row in self.systems[side].read(f"{API}/query", query)["records"]]
        newest = {"sort_by": "created_at", "sort_direction": "DESC", "per_page": 100}
        return [row["name"] for row in self.systems[side].read("/v2/tasks", newest)["data"]]

    def until(self, reached: Callable[[], bool], every: float = 0.5) -> None:
        deadline = time.monotonic() + PATIENCE
        while not reached():
            self.stack.check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"not reached within {PATIENCE:.0f} s")
            time.sleep(every)


def _cpu() -> float:
    """CPU seconds of all descendants so far; those that have ended count with their parents."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def measured(folder: Path, name: str, variables: Mapping[str, str]) -> Measured:
    with Stack(Layout(folder / name), Options(variables=variables), Progress()) as stack:
        bench = Bench(stack)
        cpu = bench.cpu_of_a_minute()
        runs = bench.quiet_runs() if name == "clock" else [bench.idle_run() for _ in range(3)]
        tasks = bench.api.tasks(SYNC, runs[0]["dag_run_id"])
        lasted = [_seconds(one) for one in runs]
        waits = bench.waits(GAPS[name])
        bench.switch(False)
        return Measured(
            statistics.median(lasted),
            len(tasks),
            sum(task["pid"] is not None for task in tasks),
            cpu,
            bench.cpu_of_a_minute(),
            waits,
        )


def _seconds(run: Mapping[str, Any]) -> float:
    return float(run["duration"])


def measure() -> Iterator[Result]:
    """The figures of both ways; the lane's rival is the clock."""
    with tempfile.TemporaryDirectory(prefix="taskbridge-idle-") as folder:
        found = {name: measured(Path(folder), name, how) for name, how in (("clock", CLOCK), ("lane", LANE))}
    print("\n".join(_told(name, one) for name, one in found.items()))
    yield from _visible(found)
    clock, lane = found["clock"], found["lane"]
    yield Result.limited("idle run, by the clock", clock.run, IDLE_RUN, figure="9")
    for what, unit, theirs, ours, most in (
        ("CPU of an idle minute, lane", "s", clock.cpu, lane.cpu, None),
        ("runs of a quiet day, lane", "runs", RUNS_A_DAY["clock"], RUNS_A_DAY["lane"], RUNS),
        (
            "task instances of a quiet day, lane",
            "tasks",
            _instances("clock", clock),
            _instances("lane", lane),
            None,
        ),
    ):
        yield Result.of(what, ours, theirs, None, "clock", unit, figure="9", most=most)


def _visible(found: Mapping[str, Measured]) -> Iterator[Result]:
    clock = _percentiles(found["clock"])
    for percentile, ours, most in zip(("p50", "p95"), clock, WAITS["clock"], strict=True):
        yield Result.limited(f"change to copy, clock, {percentile}", ours, most, figure="8")
    of_lane = zip(("p50", "p95"), _percentiles(found["lane"]), clock, WAITS["lane"], strict=True)
    for percentile, ours, rival, most in of_lane:
        name = f"change to copy, lane, {percentile}"
        yield Result.of(name, ours, rival, None, "clock", figure="8", most=most)


def _percentiles(found: Measured) -> tuple[float, float]:
    """Of the waits, p50 and p95."""
    twentieths = statistics.quantiles(found.waits, n=20)
    return twentieths[9], twentieths[18]


def _instances(name: str, found: Measured) -> int:
    return RUNS_A_DAY[name] * found.tasks


def _told(name: str, found: Measured) -> str:
    p50, p95 = _percentiles(found)
    return (
        f"{name:<6} idle run {found.run:5.1f} s, {found.started} of {found.tasks} tasks started   "
        f"CPU of an idle minute {found.cpu:5.1f} s (switched off {found.off:5.1f} s)   "
        f"a quiet day {RUNS_A_DAY[name]:>5,} runs, {_instances(name, found):>6,} task instances   "
        f"change to copy p50 {p50:5.1f} s, p95 {p95:5.1f} s"
    )


def main() -> None:
    for result in measure():
        print(result)


if __name__ == "__main__":
    main()
