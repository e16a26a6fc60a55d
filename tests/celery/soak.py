"""A long time of real work: random edits, faults, and workers that are killed, under a real scheduler.

python -m tests.celery.soak --minutes 30

At its end people rest, and both systems have to be equal: nothing lost, nothing there twice, nothing back from the
dead. What the services and the tables take is told of the first and of the last third. Exit code 1 when the systems
differ, or when a service, or what an edit leaves in the tables, has grown by more than GROWTH.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import psutil

from stack.demo.people import Edit, People
from stack.demo.records import look
from stack.demo.systems import SIDES, Side
from tests.celery.cluster import WORKERS, Cluster, two_workers

GROWTH: Final = 1.25
EVERY: Final = "* * * * * */20"  # the sixth field counts seconds
PEOPLE: Final = ("ada@example.com", "ben@example.com")
# The limits have tests of their own; here they would hold what two people do in half an hour.
SETTINGS: Final = (
    '{"lease_minutes": 1, "limits": {"count": 100000, "user_count": 100000, "half_of_more_than": 100000}}'
)
FAULTS: Final[Sequence[Mapping[str, Any]]] = (
    {"kind": "drop_before"},
    {"kind": "drop_midway"},
    {"kind": "drop_after"},
    {"kind": "slow", "seconds": 3.0},
    {"kind": "status", "status": 503},
    {"kind": "stranger", "status": 403},
)
_EDIT, _FAULT, _KILL, _SAMPLE = 1.0, 12.0, 150.0, 10.0  # seconds between two of them
_DEAD_FOR: Final = 20.0
_REST: Final = 1_200.0
_TABLES: Final = (
    "SELECT sum(pg_total_relation_size(c.oid))::bigint AS bytes FROM pg_class c "
    "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('bridge', 'staging') AND c.relkind = 'r'"
)

_STUCK: Final = "SELECT 'not in sync:', title, rule, explanation FROM mart.not_synced ORDER BY title"


@dataclass
class Task:
    """One that a person made, by its id where it was made. `touched`: when somebody last edited it."""

    side: Side
    id: str
    title: str
    by: str
    touched: float


@dataclass
class Sample:
    megabytes: dict[str, float]  # by service
    table_bytes: int
    edits: int


@dataclass
class Soak:
    """Everything that is done is drawn from `draw`, so that a seed does the same again, as far as time allows."""

    cluster: Cluster
    draw: Random
    people: People
    tasks: list[Task] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)  # titles
    done: Counter[str] = field(default_factory=Counter)
    samples: list[Sample] = field(default_factory=list)

    def go_on(self, seconds: float) -> None:
        """Until so much time has passed."""
        end = time.monotonic() + seconds
        due = {self.edit: 0.0, self.fault: _FAULT, self.kill: _KILL, self.sample: 0.0}
        pauses = {self.edit: _EDIT, self.fault: _FAULT, self.kill: _KILL, self.sample: _SAMPLE}
        begun = time.monotonic()
        while (now := time.monotonic()) < end:
            for act, at in due.items():
                if now - begun >= at:
                    act()
                    due[act] = now - begun + pauses[act] * self.draw.uniform(0.5, 1.5)
            self.done.update(f"{name} started again" for name in self.cluster.stack.revive())
            time.sleep(0.1)

    def edit(self) -> None:
        now = time.monotonic()
        rested = [task for task in self.tasks if now - task.touched > 90]
        act = self.draw.choices(("create", "change", "delete"), (4, 8, 1 if len(rested) > 20 else 0))[0]
        if act == "create" or not self.tasks:
            self._create()
        elif act == "change":
            task = self.draw.choice(self.tasks)
            task.touched = now
            self.people.make(Edit(task.side, "change", task.by, self._values()), task.id)
        else:
            # One that rests: an edit that a delete had not seen would bring it back, and rightly so (K4).
            task = self.draw.choice(rested)
            self.tasks.remove(task)
            self.gone.append(task.title)
            self.people.make(Edit(task.side, "delete", task.by), task.id)
        self.done[act] += 1

    def _create(self) -> None:
        side, by = self.draw.choice(SIDES), self.draw.choice(PEOPLE)
        title = f"Soak {len(self.tasks) + len(self.gone)} of {by}"
        # Of two values a field goes to and fro by chance, and is held for it (K6): it is not edited any more.
        priority = self.draw.choice(("high", "normal"))
        priority = priority if side == "sales_connect" else priority.capitalize()
        made = self.people.make(
            Edit(side, "create", by, {"title": title, "priority": priority, **self._values()})
        )
        self.tasks.append(Task(side, made, title, by, time.monotonic()))

    def _values(self) -> dict[str, str | None]:
        due = datetime.now(UTC).date() + timedelta(days=self.draw.randrange(60))
        return {"details": f"Said at {self.draw.random():.9f}", "due": due.isoformat()}

    def fault(self) -> None:
        side, fault = self.draw.choice(SIDES), self.draw.choice(FAULTS)
        # People are spared: what they do is to be known.
        endpoint = "* /v2/*" if side == "sales_connect" else "* /services/data/*"
        self.cluster.systems[side].control("POST", "/faults", {**fault, "endpoint": endpoint})
        self.done[f"fault {fault['kind']}"] += 1

    def kill(self) -> None:
        name = self.draw.choice(list(WORKERS.values()))
        self.cluster.stack.kill(name)
        self.done[f"killed {name}"] += 1
        time.sleep(_DEAD_FOR)
        self.cluster.stack.start_again(name)

    def sample(self) -> None:
        [row] = self.cluster.rows(_TABLES)
        megabytes = {name: _megabytes(pid) for name, pid in self.cluster.stack.pids().items()}
        edits = sum(self.done[act] for act in ("create", "change", "delete"))
        self.samples.append(Sample(megabytes, row["bytes"], edits))

    def rest(self) -> list[str]:
        """Where the two systems differ once nobody edits any more. A create without an answer is not repeated before it
        is certain that it cannot land any more (G2), which takes some minutes."""
        self.cluster.let_go()
        self.cluster.made = [task.title for task in self.tasks]
        end = time.monotonic() + _REST
        while (found := self.cluster.differences()) and time.monotonic() < end:
            time.sleep(_SAMPLE)
        seen = look(self.cluster.systems).records
        back = [
            f"{record.title!r} is back in {side}"
            for side in SIDES
            for record in seen[side]
            if record.title in self.gone
        ]
        return [*found, *back]


def _megabytes(pid: int) -> float:
    """What it and its children have for themselves: the database's cache, which they share, grows until it is full."""
    try:
        own = psutil.Process(pid)
        return sum(one.memory_full_info().uss for one in (own, *own.children(recursive=True))) / 2**20
    except psutil.NoSuchProcess:
        return 0.0


def growth(samples: Sequence[Sample]) -> dict[str, float]:
    """How many times as much as in the first third each service takes in the last, and an edit leaves in the tables."""
    third = max(1, len(samples) // 3)
    first, last = samples[:third], samples[-third:]
    found = {
        name: median(one.megabytes.get(name, 0.0) for one in last)
        / max(1.0, median(one.megabytes[name] for one in first))
        for name in first[0].megabytes
    }
    found["tables per edit"] = _an_edit(last) / max(1.0, _an_edit(first))
    return found


def _an_edit(samples: Sequence[Sample]) -> float:
    edits = samples[-1].edits - samples[0].edits
    return (samples[-1].table_bytes - samples[0].table_bytes) / max(1, edits)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    with (
        TemporaryDirectory(prefix="soak-") as folder,
        two_workers(Path(folder) / "stack", variables={"TASKBRIDGE_SCHEDULE": EVERY}) as cluster,
        cluster.service_manager(),
    ):
        cluster.api.set_variable("taskbridge_settings", SETTINGS)
        cluster.run()  # a task from before the first run stays out (I3)
        soak = Soak(cluster, Random(options.seed), People(cluster.systems, look(cluster.systems).users))
        soak.go_on(options.minutes * 60)
        differences = soak.rest()
        if differences:
            differences += [" ".join(map(str, row.values())) for row in cluster.rows(_STUCK)]
        grown = growth(soak.samples)
        ended = cluster.rows("SELECT outcome, count(*) FROM mart.sync_runs GROUP BY 1 ORDER BY 1")
    print("done:", ", ".join(f"{what} {times}" for what, times in sorted(soak.done.items())))
    print("runs:", ", ".join(f"{row['outcome']} {row['count']}" for row in ended))
    for name, times in grown.items():
        print(f"{name}: {times:.2f} x of the first third{'' if times <= GROWTH else ', too much'}")
    print(
        "\n".join(differences)
        or f"Both systems are equal: {len(soak.tasks)} tasks, {len(soak.gone)} deleted."
    )
    return 1 if differences or any(times > GROWTH for times in grown.values()) else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.celery.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="how long people are at work")
    parser.add_argument("--seed", type=int, default=1, help="of what is done")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
