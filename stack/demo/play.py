"""`python -m stack demo`: everything from nothing, the story, the check, the picture."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta

from stack.console import Progress
from stack.demo import picture
from stack.demo.agreement import check, members
from stack.demo.outcome import Outcome, Played, Stages
from stack.demo.people import People
from stack.demo.records import Snapshot, look
from stack.demo.runs import Run, Runner
from stack.demo.story import Scene, before_the_first_run, scenes
from stack.demo.systems import Systems
from stack.errors import StackError
from stack.layout import PROJECT, Layout
from stack.supervisor import Options, Stack, discard

NAME = "demo"
REPORT = PROJECT / "demo-report.json"
SWITCH = "taskbridge_enabled"
BACKFILL = "task_sync_backfill"
DAG_SECONDS = 60.0
# The demo starts its runs by hand; scheduled ones would come in between.
VARIABLES = {"TASKBRIDGE_SCHEDULE": "0 0 1 1 *"}
Cast = list[tuple[Scene, str]]  # each scene with the id of its task in the system where it began


def demo() -> int:
    """0 if both sides agree in the end and every run did what the rules say, else 1. Raises `StackError`."""
    say = Progress()
    REPORT.unlink(missing_ok=True)
    layout = Layout.named(NAME)
    discard(layout)
    stages = Stages()
    with ExitStack() as cleanup:
        with stages.timed("start"):
            stack = cleanup.enter_context(Stack(layout, Options(variables=VARIABLES), say))
        outcome = Play(stack, stages, say).perform()
        with stages.timed("stop"):
            cleanup.close()
    outcome.write(REPORT, say.told)
    picture.show(outcome, REPORT.name, NAME)
    return 1 if outcome.problems else 0


class Play:
    """The demo on a stack that has just been started."""

    def __init__(self, stack: Stack, stages: Stages, say: Callable[[str], None]) -> None:
        self._api = stack.api
        self._systems = Systems.reached_by(stack.sandbox)
        self._runner = Runner(stack, self._systems, say)
        self._stages = stages
        self._say = say

    def perform(self) -> Outcome:
        with self._stages.timed("switched-off run"):
            off = self._run_switched_off()
        with self._stages.timed("first run"):
            switched_on, first = self._switch_on()
        with self._stages.timed("edits"):
            before = look(self._systems)
            cast = self._edit(before, switched_on)
            edited = look(self._systems)
        with self._stages.timed("second run"):
            second = self._run("2 after the edits")
            after = look(self._systems)
        with self._stages.timed("third run"):
            third = self._run("3 nothing new")
        with self._stages.timed("check"):
            self._say("Asking both systems whether they agree")
            agreement = check(look(self._systems), switched_on, _typed_subjects(cast))
        return Outcome(
            story=[
                self._played(scene, record_id, (before, edited, after), second) for scene, record_id in cast
            ],
            runs=[off, first, second, third],
            left_out=self._runner.left_out(),
            agreement=agreement,
            stages=self._stages,
        )

    def _run_switched_off(self) -> Run:
        """The first run of all, which nobody has switched on; it also warms Airflow's workers up."""
        self._api.wait_for_dags({"task_sync", BACKFILL}, DAG_SECONDS)
        self._api.unpause("task_sync")
        self._say("The switch is off, as it is at first: a run must call nobody")
        off = self._run("0 switched off")
        # Airflow starts yesterday's run by itself; it must not wake up to a switch that is on.
        self._runner.wait_for_idle(BACKFILL)
        return off

    def _switch_on(self) -> tuple[datetime, Run]:
        users = look(self._systems).users
        for edit in before_the_first_run():
            People(self._systems, users).make(edit)
        switched_on = self._let_the_second_pass()
        self._say(f"Switching the sync on: Variable {SWITCH} = true")
        self._api.set_variable(SWITCH, "true")
        return switched_on, self._run("1 first import")

    def _edit(self, seen: Snapshot, switched_on: datetime) -> Cast:
        people = People(self._systems, seen.users)
        cast: Cast = []
        for scene in scenes(switched_on.date()):
            self._say(f"People: {scene.says}")
            cast.append((scene, _perform(scene, seen, people)))
        self._let_the_second_pass()
        return cast

    def _run(self, name: str) -> Run:
        self._say(f"Run {name}: triggered in Airflow")
        run = self._runner.run(name)
        written = ", ".join(
            f"{run.ledger[done]} {done}" for done in ("created", "updated", "deleted") if run.ledger
        )
        self._say(f"Run {name}: {run.outcome} after {run.seconds:.1f} s; {written or 'no call made'}")
        return run

    def _let_the_second_pass(self) -> datetime:
        """Stamps of Salesforce have whole seconds, and a run reads what is older than its own second."""
        started = self._clock()
        deadline = time.monotonic() + 5
        while (now := self._clock()) < started.replace(microsecond=0) + timedelta(seconds=1):
            if time.monotonic() > deadline:
                raise StackError(f"The clock of Salesforce stands still at {now}.")
            time.sleep(0.05)
        return now

    def _clock(self) -> datetime:
        return datetime.fromisoformat(self._systems.salesforce.control("GET", "/clock")["now"])

    def _played(self, scene: Scene, record_id: str, seen: tuple[Snapshot, ...], run: Run) -> Played:
        before, edited, after = (members(one, scene.origin, record_id) for one in seen)
        ids = {record.id for records in (before, edited, after) for record in records.values() if record}
        return Played(scene, before, edited, after, self._runner.did(run, ids))


def _perform(scene: Scene, seen: Snapshot, people: People) -> str:
    """Makes the edits of a scene; the id of its task in the system where it began."""
    if scene.creation:
        return people.make(scene.creation)
    record_id = _find(scene, seen)
    ids = members(seen, scene.origin, record_id)
    for edit in scene.edits:
        record = ids[edit.side]
        if record is None:
            raise StackError(f"{scene.says}: the task {scene.title!r} is not there in {edit.side}.")
        people.make(edit, record.id)
    return record_id


def _find(scene: Scene, seen: Snapshot) -> str:
    for record in seen.records[scene.origin]:
        if record.title == scene.title and record.marker is None:
            return record.id
    raise StackError(f"{scene.says}: {scene.origin} shows no task {scene.title!r}.")


def _typed_subjects(cast: Cast) -> Iterator[str]:
    """Salesforce tasks whose Subject a person has written: it stays there (F1)."""
    for scene, record_id in cast:
        if any(edit.side == "salesforce" and "title" in edit.values for edit in scene.edits):
            yield record_id
