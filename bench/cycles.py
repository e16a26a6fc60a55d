"""Whole cycles over PostgreSQL without the time of the two systems, against a naive pipeline over the same rows, and
against what each stage takes at least.

python -m bench.cycles --tasks 20000 --edits 2000 --profile 15

The systems answer frames, so neither ours nor the naive pipeline's time has the reading of JSON in it.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, LiteralString, Self

import psycopg

from bench.floors import bare, recorded, stages
from bench.naive import Naive
from bench.result import Result
from bench.served import Served
from stack.postgres import PostgresServer
from taskbridge.core.model import PlanInput
from taskbridge.core.run import RunMode, RunSpec
from taskbridge.engine.cycle import run_cycle
from taskbridge.engine.engine import Engine
from taskbridge.engine.pause import WatchedSides
from taskbridge.settings import Settings
from taskbridge.store import Ledger
from taskbridge.store.database import Database, Transaction
from taskbridge.store.migrate import migrate

_PAST_THE_OVERLAP: Final = 3600.0
_MOST_RUNS: Final = 100
_EDITS: Final = 100
_OWED: Final = "SELECT count(*) FROM bridge.user_map WHERE first_sync = 'owed'"
_WRITTEN: Final = (
    "SELECT count(*) FROM bridge.action "
    "WHERE state = 'done' AND run_id = (SELECT max(run_id) FROM bridge.run)"
)
_UPDATED: Final = (
    "SELECT count(*) FROM bridge.action WHERE state = 'done' AND op = 'update' "
    "AND run_id = (SELECT max(run_id) FROM bridge.run)"
)
_LARGE: Final = 100_000
"""Tasks from which on the goals hold."""
_MOST_MEMORY: Final = 350.0
"""MB of a worker."""


class Profile:
    """Seconds by statement, of all that goes through the store."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()
        self._time(Transaction, "run", lambda name, **_: name)
        self._time(Transaction, "copy", lambda target, table: f"COPY {target[-1]}")
        self._time(Database, "frame", lambda name, *_, **__: name)
        self._time(psycopg.Connection, "commit", lambda: "COMMIT")

    def _time(self, owner: Any, method: str, named: Callable[..., str]) -> None:
        inner = getattr(owner, method)

        def timed(this: Any, *given: Any, **values: Any) -> Any:
            start = time.perf_counter()
            try:
                return inner(this, *given, **values)
            finally:
                name = named(*given, **values)
                self.seconds[name] += time.perf_counter() - start
                self.calls[name] += 1

        setattr(owner, method, timed)

    def take(self, most: int) -> Iterator[str]:
        if most:
            yield f"    {sum(self.seconds.values()):8.3f} s {self.calls.total():6} x in all"
        for name, seconds in sorted(self.seconds.items(), key=lambda one: -one[1])[:most]:
            yield f"    {seconds:8.3f} s {self.calls[name]:6} x {name}"
        self.seconds.clear()
        self.calls.clear()


@dataclass
class Took:
    """Of each run, by name: seconds that were not spent in the systems, and the most MB that this process had
    meanwhile."""

    served: Served
    seconds: dict[str, float] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def measured(self, name: str, rows: int) -> Iterator[None]:
        Path("/proc/self/clear_refs").write_text("5")
        before, start = self.served.seconds, time.perf_counter()
        yield
        self.seconds[name] = own = time.perf_counter() - start - (self.served.seconds - before)
        peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
        self.memory[name] = memory = int(peak.group(1)) // 1024 if peak else 0
        print(f"{name:<24}{own:8.2f} s own {rows / own:10,.0f} rows/s {memory:6} MB", flush=True)


class Cycles:
    """A ledger on a server of its own, and two systems in another process."""

    def __init__(self, shown: int = 0) -> None:
        """`shown`: so many statements of each run are shown."""
        self._shown = shown
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.server = stack.enter_context(PostgresServer.throw_away(durable=True))
            self.served = Served()
            stack.callback(self.served.stop)
            self.server.create_database("bench")
            self.url = self.server.url("bench")
            migrate(self.url)
            self._ledger = stack.enter_context(Ledger(self.url))
            self._open = stack.pop_all()
        self.took, self._profile = Took(self.served), Profile()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def run(self, name: str, rows: int) -> None:
        """One run, which reads so many."""
        self.served.ask("advance", 60)
        settings = Settings()
        # Each run has new clients, as a process of its own would.
        engine = Engine(self._ledger, WatchedSides(self.served.sides(), self._ledger), settings, lambda: True)
        spec = RunSpec(name, RunMode.SCHEDULED, settings.fingerprint, "bench")
        with self.took.measured(name, rows):
            report = run_cycle(engine, spec)
        for line in self._profile.take(self._shown):
            print(line)
        if report.outcome != "clean":
            print(report.text)

    def first_import(self, tasks: int) -> None:
        self.served.ask("make", tasks)
        self.run("first import", tasks)

    def first_syncs(self, tasks: int) -> None:
        """Of so many older tasks, in as many runs as it takes, and one that confirms the last. In each from the second
        on edits of those who are synced cross."""
        self.served.ask("make", tasks)
        self.served.ask("advance", _PAST_THE_OVERLAP)
        with psycopg.connect(self.url, autocommit=True) as ledger:
            edits = min(_EDITS, tasks)
            for number in range(1, _MOST_RUNS + 1):
                owed = number == 1 or _one(ledger, _OWED)
                if number > 1:
                    self.served.ask("edit", edits)
                self.run(f"first syncs, run {number}", tasks)
                if number > 1 and _one(ledger, _UPDATED) < edits:
                    raise RuntimeError("an edit did not cross while first syncs went on")
                if not owed:
                    return
        raise RuntimeError(f"first syncs are still owed after {_MOST_RUNS} runs")

    def play(self, tasks: int, edits: int) -> Sequence[PlanInput]:
        """A day in short; answers what was planned from when both records of each pair had changed."""
        self.first_import(tasks)
        self.run("confirming", 2 * tasks)
        self.run("overlap", 2 * tasks)
        self._rest()
        self.served.ask("edit", edits)
        self.run("edits", edits)
        self.run("after the edits", 2 * edits)
        self._rest()
        self.served.ask("edit_both")
        with recorded() as given:
            self.run("all changed", 2 * tasks)
        return given

    def _rest(self) -> None:
        self.served.ask("advance", _PAST_THE_OVERLAP)
        self.run("window past", 0)
        self.run("idle", 0)


def measure(tasks: int, edits: int, profile: int = 0, *, rivals: bool = True) -> Iterator[Result]:
    """Own seconds against those of the naive pipeline, and against what each stage takes at least. Without `rivals`,
    whose rows are all in memory, it only prints what it plays."""
    with Cycles(profile) as cycles:
        given = cycles.play(tasks, edits)
        if not rivals:
            return
        with psycopg.connect(cycles.url) as connection:
            changed = _one(connection, _WRITTEN)
        if changed != 2 * tasks:
            raise RuntimeError(f"{changed:,} writes were done, expected {2 * tasks:,}")
        floor = bare(cycles.url)
        of_stages = stages(cycles.url, given)
        _play_naive(cycles, tasks, edits)
        took = cycles.took.seconds
    large = tasks >= _LARGE
    for name, rows in (("first import", tasks), ("overlap", tasks), ("edits", edits)):
        goal = 4.0 if large and name == "overlap" else None
        yield Result.of(f"{name}, {rows:,} tasks", took[name], took[f"naive, {name}"], goal, "naive")
    yield Result.of(f"overlap, {tasks:,} tasks", took["overlap"], floor, None, "floor")
    for name, seconds in of_stages.items():
        print(f"    floor of {name:<12}{seconds:8.3f} s")
    name, ours = f"{tasks:,} changed rows a side", took["all changed"]
    yield Result.of(name, ours, took["naive, all changed"], 10.0 if large else None, "naive", figure="6")
    stage_floors, goal = sum(of_stages.values()), 0.71 if large else None
    yield Result.of(name, ours, stage_floors, goal, "stage floors", figure="6")


def _one(connection: psycopg.Connection[Any], query: LiteralString) -> int:
    found = connection.execute(query).fetchone()
    return int(found[0]) if found else 0


def _play_naive(cycles: Cycles, tasks: int, edits: int) -> None:
    served, took = cycles.served, cycles.took
    with Naive(cycles.server.sqlalchemy_url("bench")) as naive:

        def cycle(name: str, rows: int, changed: int) -> None:
            told = served.ask("as_records")
            with took.measured(f"naive, {name}", rows):
                found = naive.cycle(told)
            if found != changed:
                raise RuntimeError(f"naive, {name}: {found:,} pairs had changed, expected {changed:,}")

        told = served.ask("as_records")
        with took.measured("naive, first import", tasks):
            naive.first_import(told)
        cycle("overlap", 2 * tasks, 0)
        served.ask("edit", edits)
        cycle("edits", edits, edits)
        served.ask("edit_both")
        cycle("all changed", 2 * tasks, tasks)


def measure_first_imports(sizes: Sequence[int]) -> Iterator[Result]:
    """First syncs of everybody, each in a process of its own: memory, and own seconds against those of the smallest."""
    took = {size: apart(size) for size in sizes}
    least, *larger = sizes
    few, large = took[least], least >= _LARGE
    most = _MOST_MEMORY if large else None
    name = f"memory of a first import of {least:,}"
    yield Result.of(name, few.memory, _MOST_MEMORY, None, "the goal", "MB", figure="5", most=most)
    for size in larger:
        many = took[size]
        name, rival = f"memory of a first import of {size:,}", f"of {least:,}"
        yield Result.of(name, many.memory, few.memory, 0.87 if large else None, rival, "MB", figure="5")
        name, times = f"first import of {size:,}", size // least
        wanted = 0.91 if large else None
        yield Result.of(name, many.seconds, times * few.seconds, wanted, f"{times} x {least:,}", figure="6a")
        # Whoever edits meanwhile waits for one run.
        yield Result.of(
            f"longest of its {many.runs} runs", many.longest, many.seconds, None, "all of it", figure="6a"
        )


@dataclass(frozen=True)
class FirstImport:
    """`seconds`, `longest`: own, of all runs and of the longest one; `memory`: MB, of the largest."""

    runs: int
    seconds: float
    longest: float
    memory: int


def apart(tasks: int) -> FirstImport:
    """First syncs of so many tasks, in a process that did nothing before."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_first_import, tasks).result()


def _first_import(tasks: int) -> FirstImport:
    with Cycles() as cycles:
        cycles.first_syncs(tasks)
        seconds, memory = cycles.took.seconds.values(), cycles.took.memory.values()
        return FirstImport(len(seconds), sum(seconds), max(seconds), max(memory))


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    for result in measure(options.tasks, options.edits, options.profile, rivals=not options.alone):
        print(result)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.cycles", description=__doc__)
    parser.add_argument("--tasks", type=int, default=20_000)
    parser.add_argument("--edits", type=int, default=2_000)
    parser.add_argument("--alone", action="store_true", help="without the naive pipeline and the floor")
    parser.add_argument("--profile", type=int, default=0, help="so many statements of each run are shown")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
