"""Many long random stories: `make fuzz SEEDS=200 STEPS=50`.

Every seed plays some stories of so many steps with the machine of the tests. Seeds that are finished are kept in
`.taskbridge/fuzz.json`, so that an interrupted run goes on; they are forgotten when the code changes. Of a seed
that fails the shortest story is printed. The last line is `N seeds, N failed`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any, Final

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from stack.postgres import PostgresServer
from tests.machine.clock import StoryDatabase, story_database
from tests.machine.machine import TwoSystems

ROOT: Final = Path(__file__).resolve().parents[2]
STATE: Final = ROOT / ".taskbridge" / "fuzz.json"
_CODE: Final = (
    "plugins/taskbridge",
    "include/sql",
    "tests/doubles",
    "tests/machine",
    "tests/engine/world.py",
)
_STOP: Final = None


@dataclass(frozen=True)
class Played:
    """What became of a seed; `story` is the shortest one that fails, with what is wrong as its last part."""

    seed: int
    seconds: float
    steps: int
    story: str | None = None


def play(database: StoryDatabase, number: int, steps: int, stories: int, *, shrink: bool = True) -> Played:
    """Plays one seed's stories."""

    class Machine(TwoSystems):
        pass

    Machine.database = staticmethod(lambda: database)
    began, told = time.monotonic(), None
    phases = [Phase.generate, Phase.shrink] if shrink else [Phase.generate]
    try:
        run_state_machine_as_test(
            seed(number)(Machine),
            settings=settings(
                max_examples=stories,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                phases=phases,
                report_multiple_bugs=False,
                verbosity=Verbosity.quiet,
                suppress_health_check=list(HealthCheck),
            ),
        )
    except Exception as error:
        told = "\n".join([*Machine.told, f"{type(error).__name__}: {error}"])
    return Played(number, time.monotonic() - began, Machine.steps, told)


@dataclass
class Record:
    """The seeds that were finished with this code and these steps."""

    key: str
    passed: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, steps: int, stories: int) -> Record:
        digest = hashlib.sha256(f"{steps} {stories}".encode())
        for folder in _CODE:
            place = ROOT / folder
            for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
                if file.suffix in (".py", ".sql"):
                    digest.update(file.read_bytes())
        record = cls(digest.hexdigest())
        if STATE.exists():
            kept = json.loads(STATE.read_text())
            record.passed = kept["passed"] if kept["key"] == record.key else []
        return record

    def add(self, number: int) -> None:
        self.passed.append(number)
        STATE.parent.mkdir(exist_ok=True)
        STATE.write_text(json.dumps({"key": self.key, "passed": sorted(self.passed)}))


def _work(seeds: Any, answers: Any, steps: int, stories: int, shrink: bool) -> None:
    asked_by = multiprocessing.parent_process()
    if asked_by is None:
        raise RuntimeError("Seeds are played by a process that play_all starts.")
    with ExitStack() as stack:
        server = stack.enter_context(PostgresServer.throw_away())
        database = stack.enter_context(story_database(server))
        # Nobody is left to hear of a story once the process that asked for it was killed.
        while (number := seeds.get()) is not _STOP and asked_by.is_alive():
            answers.put(play(database, number, steps, stories, shrink=shrink))


def play_all(
    numbers: list[int], steps: int, stories: int, processes: int, *, shrink: bool = True
) -> Iterator[Played]:
    """The seeds as they are finished, by several processes, each with a PostgreSQL of its own."""
    context = multiprocessing.get_context("spawn")
    seeds, answers = context.Queue(), context.Queue()
    for number in numbers:
        seeds.put(number)
    for _ in range(processes):
        seeds.put(_STOP)
    workers = [
        context.Process(target=_work, args=(seeds, answers, steps, stories, shrink)) for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    left = len(numbers)
    while left:
        try:
            yield answers.get(timeout=5)
            left -= 1
        except Empty:
            if not any(worker.is_alive() for worker in workers):
                raise SystemExit(f"The processes ended with {left} seeds left.") from None
    for worker in workers:
        worker.join()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--stories", type=int, default=3, help="stories of a seed")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--no-shrink", action="store_true", help="print failing stories as they were found")
    given = parser.parse_args(arguments)
    wanted = range(given.first, given.first + given.seeds)
    record = Record.of(given.steps, given.stories)
    passed = set(record.passed) & set(wanted)
    todo = [number for number in wanted if number not in passed]
    if passed:
        print(f"{len(passed)} seeds were finished before with the same code", flush=True)
    failed, took, steps = 0, 0.0, 0
    for played in (
        play_all(
            todo, given.steps, given.stories, min(given.processes, len(todo) or 1), shrink=not given.no_shrink
        )
        if todo
        else ()
    ):
        took, steps = took + played.seconds, steps + played.steps
        if played.story is None:
            record.add(played.seed)
            continue
        failed += 1
        print(f"\nSeed {played.seed} fails ({played.seconds:.0f} s):\n{played.story}\n", flush=True)
    if steps:
        print(f"{steps} steps, {took / steps:.3f} s a step and process", flush=True)
    print(f"{len(wanted)} seeds, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
