"""`python -m stack demo`: everything from nothing, the story, the check, the picture, and nothing left running."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from stack.console import Progress
from stack.demo import picture
from stack.demo.agreement import Agreement, check, pair_up
from stack.demo.people import People
from stack.demo.picture import Look, Played
from stack.demo.records import Snapshot, look
from stack.demo.runs import DAG, Run, Runner
from stack.demo.story import Scene, before_the_first_run, scenes
from stack.demo.systems import SIDES, TITLES, Side, Systems
from stack.layout import PROJECT, Layout
from stack.supervisor import Options, Stack, discard

NAME = "demo"
REPORT = PROJECT / "demo-report.json"
BACKFILL = "task_sync_backfill"
DAG_SECONDS = 60.0
# The demo starts its runs by hand; a schedule of its own would come in between.
VARIABLES = {"TASKBRIDGE_SCHEDULE": "0 0 1 1 *"}


@dataclass
class Outcome:
    """What the demo has to tell."""

    story: Sequence[Played] = ()
    runs: list[Run] = field(default_factory=list)
    left_out: Sequence[Mapping[str, Any]] = ()
    agreement: Agreement = field(default_factory=lambda: Agreement(0, 0, 0, ()))
    problems: list[str] = field(default_factory=list)
    stages: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.stages[name] = round(time.monotonic() - started, 1)


def demo() -> int:
    """0 if both sides agree in the end and every run did what the rules say, else 1. Raises `StackError`."""
    say = Progress()
    REPORT.unlink(missing_ok=True)
    layout = Layout.named(NAME)
    discard(layout)
    outcome = Outcome()
    stack = Stack(layout, Options(variables=VARIABLES), say)
    with outcome.stage("start"):
        stack.__enter__()
    return 0
