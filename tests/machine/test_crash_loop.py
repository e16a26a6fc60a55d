"""Invariant 7: a run that is killed before or after any durable write or remote call is made good by the next ones.

It is played once, and what is there at each point is kept: that is what a process leaves which is killed there. No
handler on the way out can tidy up, as none does after a SIGKILL (tests/contract/test_sigkill.py kills real ones).
"""

from __future__ import annotations

import contextlib
import copy
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import psycopg
import pytest

from stack.postgres import PostgresServer
from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import ActionState, Side
from taskbridge.engine.cycle import LOAD_STEPS, run_cycle
from taskbridge.engine.steps.decide import decide
from taskbridge.engine.steps.extract import extract
from taskbridge.engine.steps.load import load
from taskbridge.engine.steps.opening import open_run
from taskbridge.engine.steps.read_dirty import read_dirty
from taskbridge.engine.steps.recover import recover
from taskbridge.engine.steps.report import RunReport, report
from taskbridge.engine.steps.settle import settle
from taskbridge.errors import CountsDoNotAddUp
from taskbridge.store import Ledger, statements
from tests.conftest import EMPTY, SHARED
from tests.doubles.memory import MemorySide
from tests.engine.world import World
from tests.machine.crash import Points, watch_sides, watched_ledger
from tests.machine.snapshot import Snapshot
from tests.machine.stories import (
    STORIES,
    CrashStory,
    base,
    broken_bases,
    carrying_out,
    kept,
    picture,
    unreachable,
)

pytestmark = pytest.mark.postgres

Result = TypeVar("Result")
Systems = tuple[MemorySide, MemorySide]
_LONGER_THAN_ANY_REQUEST = 16 * 60  # seconds
_ENOUGH_RUNS = 5

_WRITES = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM)\s+(bridge|staging)\.")
_BY_A_PERSON = "a person decides, in one transaction outside of any run"
_TOLD_AFTERWARDS = (
    "what people were told of a run that has ended; a run that is not told of is by the next one"
)
# Statements that write and that no run of the stories reaches, with the reason why no crash point is missing.
_AT_A_FAULT = (
    "before a plan is stored, which without it finds the same records at fault (tests/engine/test_parts.py)"
)
_AT_A_REFUSED_LOGIN = (
    "one row that says when to log in again; it decides nothing (tests/engine/test_pause.py)"
)
_BEFOREHAND = (
    "worked out beforehand; without it decide plans the part itself (tests/engine/test_planned_parts.py)"
)
_NOT_IN_A_RUN = {
    "part/save_part": _BEFOREHAND,
    "part/forget_parts": _BEFOREHAND,
    "conflict/save_decisions": _BY_A_PERSON,
    "conflict/replace_decisions": _BY_A_PERSON,
    "conflict/look_again": _BY_A_PERSON,
    "approval/answer": _BY_A_PERSON,
    "parked/save_answers": _BY_A_PERSON,
    "parked/mark_answered": _BY_A_PERSON,
    "parked/look_again": _BY_A_PERSON,
    "erasure/erase_actions": _BY_A_PERSON,
    "erasure/erase_changes": _BY_A_PERSON,
    "erasure/erase_conflicts": _BY_A_PERSON,
    "erasure/erase_drift": _BY_A_PERSON,
    "erasure/erase_ended": _BY_A_PERSON,
    "erasure/erase_errors": _BY_A_PERSON,
    "erasure/erase_kept": _BY_A_PERSON,
    "erasure/erase_requests": _BY_A_PERSON,
    "erasure/erase_sales_connect": _BY_A_PERSON,
    "erasure/erase_salesforce": _BY_A_PERSON,
    "notice/forget": _TOLD_AFTERWARDS,
    "notice/save": _TOLD_AFTERWARDS,
    "approval/ask": "names a DAG run before it is started; one that did not start is started under another name",
    "staging/park_sales_connect": _AT_A_FAULT,
    "staging/park_salesforce": _AT_A_FAULT,
    "pause/claim_login": _AT_A_REFUSED_LOGIN,
    "pause/pause_side": _AT_A_REFUSED_LOGIN,
    "pause/resume_side": _AT_A_REFUSED_LOGIN,
    "side/save_lacking": "names of fields that are not asked for; a run that is not told asks again",
    "session/save_session": "a login; without it the next task logs in, and nothing else (tests/dags/test_sessions.py)",
}


@dataclass
class Stage:
    """A story just before the run that is killed, to begin from again and again."""

    story: CrashStory
    world: World
    ledger: Snapshot
    asked: dict[str, Any]

    def begin(self) -> World:
        return self.at(self.ledger, (self.world.sc, self.world.sf))

    def at(self, ledger: Snapshot, systems: Systems) -> World:
        """With this ledger and a copy of these systems."""
        ledger.restore()
        world = copy.copy(self.world)
        world.sc, world.sf = copy.deepcopy(systems)
        return world


@dataclass
class Left:
    """What a process leaves behind that is killed at a point: ledger and systems; nothing else outlives it."""

    number: int
    ledger: Snapshot
    systems: Systems
    acted: bool  # whether people had done by then what they do meanwhile


@dataclass
class Played:
    """The run of a story, which nobody kills."""

    stage: Stage
    points: Points
    lefts: dict[int, Left]  # by state, each where it was seen first
    unwatched: list[str]
    wanted: dict[str, object]  # how the story ends

    @classmethod
    def of(cls, story: CrashStory, ledger: Ledger, url: str) -> Played:
        with psycopg.connect(url) as connection:
            connection.execute(EMPTY)
        world = World(ledger, url)
        story.before(world)
        world.advance(60)
        stage = Stage(story, world, Snapshot.take(url), story.asked(world))
        world, lefts, acted = stage.begin(), dict[int, Left](), list[str]()

        def see(_: str) -> None:
            seen = Snapshot.take(url)
            if (state := _state(seen, world)) not in lefts:
                systems = copy.deepcopy((world.sc, world.sf), {id(points): points})
                for system in systems:
                    system.faults.on_call = None
                lefts[state] = Left(len(points.names) - 1, seen, systems, bool(acted))

        points = Points(see)
        (first,) = world.rows("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")[0]
        _perform(stage, world, points, acted)
        unwatched = _written_unwatched(world, int(first), points.transactions)
        _make_good(stage, world)
        return cls(stage, points, lefts, unwatched, _end(world))


@pytest.fixture(scope="module")
def play(shared_ledger: Ledger, postgres_server: PostgresServer) -> Callable[[str], Played]:
    """Plays a story of this name, once."""
    return cache(lambda name: Played.of(STORIES[name], shared_ledger, postgres_server.url(SHARED)))


@pytest.mark.parametrize("story", STORIES)
def test_a_run_killed_at_any_point_is_made_good(
    play: Callable[[str], Played], story: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Points that leave systems and ledger in the same state are one case."""
    played = play(story)
    names, stage = played.points.names, played.stage
    for left in played.lefts.values():
        world = stage.at(left.ledger, left.systems)
        if not left.acted:
            stage.story.during(world)
        _make_good(stage, world)
        assert _end(world) == played.wanted, (
            f"killed {names[left.number]}, point {left.number} of {len(names)}"
        )
    with capsys.disabled():
        print(f" [{story}: {len(names)} points, {len(played.lefts)} states] ", end="")


@pytest.mark.parametrize("story", STORIES)
def test_every_step_done_twice_is_done_once(play: Callable[[str], Played], story: str) -> None:
    """Within one run, as when a task of it is cleared in Airflow."""
    stage = play(story).stage
    world = stage.begin()
    engine, spec = world.engine, world.spec(**stage.asked)
    run = _twice(open_run, engine, spec)
    assert run is not None
    _twice(recover, engine, run)
    for side in Side:
        _twice(extract, engine, run, side)
    _twice(read_dirty, engine, run)
    _twice(decide, engine, run)
    stage.story.during(world)
    for side, ops in LOAD_STEPS:
        _twice(load, engine, run, side, ops)
    writes = world.writes
    for side, ops in LOAD_STEPS:
        load(engine, run, side, ops)
    assert world.writes == writes, "a load that comes again writes nothing"
    with contextlib.suppress(CountsDoNotAddUp):  # unless nothing was sent, a second plan is refused
        decide(engine, run)
    _twice(settle, engine, run)
    _twice(report, engine, spec.run_key)
    _make_good(stage, world)
    assert _end(world) == play(story).wanted


def _twice(step: Callable[..., Result], *given: Any) -> Result:
    step(*given)
    return step(*given)


def test_every_durable_write_is_a_crash_point(play: Callable[[str], Played]) -> None:
    """A new statement that writes has to be reached by a story, and a new way to the database has to be watched."""
    played = [play(name) for name in STORIES]
    assert not [row for one in played for row in one.unwatched]
    reached = set[str]().union(*(one.points.statements for one in played))
    writing = {name for name in statements.names() if _WRITES.search(statements.source(name))}
    assert writing - reached == _NOT_IN_A_RUN.keys(), "reach it by a story, or say why no sync runs it"


def _written_unwatched(world: World, first: int, watched: set[int]) -> list[str]:
    """Rows of the ledger that were written in the run by a transaction that was no crash point."""
    tables = world.rows(
        "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('bridge', 'staging')"
    )
    found = []
    for (table,) in tables:
        rows = world.rows(
            f"SELECT xmin::text::bigint, t::text FROM {table} t WHERE xmin::text::bigint >= %s", first
        )
        found += [f"{table}: {row}" for number, row in rows if number not in watched]
    return found


def _state(ledger: Snapshot, world: World) -> int:
    return hash(
        (
            ledger.without_clocks(),
            repr(world.sc.records),
            repr(world.sf.records),
            repr(world.sf.jobs and world.sf.jobs.book),
        )
    )


def _end(world: World) -> dict[str, object]:
    """Everything that has to be as if nothing had happened."""
    assert not broken_bases(world)
    return {"systems": picture(world), "base": base(world), "kept": kept(world)}


def _perform(stage: Stage, world: World, points: Points, acted: list[str]) -> None:
    """One run; its ledger has connections of its own. What people do meanwhile they do in any case, and `acted` is
    told."""
    story, seen = stage.story, points.watch

    def meanwhile(name: str) -> None:
        seen(name)
        if name == "after save_plan" and not acted:
            acted.append(name)
            story.during(world)
        if name == f"before write of {story.unreachable}" and name not in acted:
            acted.append(name)
            raise unreachable()

    points.watch = meanwhile
    watch_sides(points, {Side.SALES_CONNECT: world.sc, Side.SALESFORCE: world.sf})
    with watched_ledger(world.database_url, points) as ledger:
        world.ledger = ledger
        run_cycle(world.engine, world.spec(**stage.asked))
    world.sc.faults.on_call = world.sf.faults.on_call = None
    if not acted:
        story.during(world)


def _make_good(stage: Stage, world: World) -> None:
    """Other processes run until nothing is left to do; the last of them writes nothing."""
    world.rows_changed("UPDATE bridge.lease SET expires_at = now() - interval '1 second'")
    world.advance(_LONGER_THAN_ANY_REQUEST)
    world.ledger = stage.world.ledger
    a_person_asks = "mode" in stage.asked or "asked" in stage.asked
    if a_person_asks and stage.asked.get("mode") is not RunMode.APPROVAL:  # and asks again
        told = world.sync(**stage.asked)
        assert told.outcome is not RunOutcome.FAILED, told.text
    for _ in range(_ENOUGH_RUNS):
        writes = world.writes
        reports = [world.sync(), *_carry_out_answers(world)]
        for told in reports:
            assert told.outcome is not RunOutcome.FAILED, told.text
        if world.writes == writes and not any(map(_unfinished, reports)):
            return
    raise AssertionError(f"still at work after {_ENOUGH_RUNS} runs:\n{told.text}")


def _carry_out_answers(world: World) -> list[RunReport]:
    """What the sync has started for a request that was answered."""
    asked = carrying_out(world)
    return [world.sync(**asked)] if asked else []


def _unfinished(told: RunReport) -> bool:
    """Whether the run leaves work to the next one; what is held or parked waits for a person."""
    assert told.counts is not None
    states = {state for ops in told.counts.actions.values() for found in ops.values() for state in found}
    return bool(states - {ActionState.DONE, ActionState.HELD, ActionState.DEAD})
