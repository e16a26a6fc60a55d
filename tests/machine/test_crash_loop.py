"""Invariant 7: a run that is killed before or after any durable write or remote call is made good by the next ones."""

from __future__ import annotations

import contextlib
import copy
import re
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from taskbridge.core.model import ActionState, Side
from taskbridge.engine.cycle import run_cycle
from taskbridge.engine.ports import RunOutcome
from taskbridge.engine.report import RunReport
from taskbridge.store import PostgresLedger
from tests.conftest import EMPTY
from tests.engine.world import World
from tests.machine.crash import Killed, Points, watch_sides, watched_ledger
from tests.machine.snapshot import Snapshot
from tests.machine.stories import STORIES, Story, base, broken_bases, kept, picture, unreachable

pytestmark = pytest.mark.postgres

SQL = Path(__file__).parents[2] / "include" / "sql"
_LONGER_THAN_ANY_REQUEST = 16 * 60  # seconds
_ENOUGH_RUNS = 5

_WRITES = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM)\s+(bridge|staging)\.")
# Statements that write and that no run of the stories reaches, with the reason why no crash point is missing.
_NOT_IN_A_RUN: dict[str, str] = {}


@dataclass
class Stage:
    """A story just before the run that is killed, to begin from again and again."""

    story: Story
    world: World
    ledger: Snapshot

    def begin(self) -> World:
        self.ledger.restore()
        world = copy.copy(self.world)
        world.sc, world.sf = copy.deepcopy((self.world.sc, self.world.sf))
        return world


@pytest.fixture(params=STORIES)
def stage(request: pytest.FixtureRequest, ledger: PostgresLedger, database_url: str) -> Stage:
    world = World(ledger, database_url)
    story = STORIES[request.param]
    story.before(world)
    world.advance(60)
    return Stage(story, world, Snapshot.take(database_url))


def test_a_run_killed_at_any_point_is_made_good(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """Points that leave systems and ledger in the same state are one case, as nothing else outlives a process."""
    world, points, states = stage.begin(), Points(), list[int]()
    points.watch = lambda _: states.append(_state(world))
    _perform(stage, world, points)
    _make_good(stage, world)
    wanted = _end(world)
    cases = {state: number for number, state in reversed(list(enumerate(states)))}
    for number in sorted(cases.values()):
        world = stage.begin()
        _perform(stage, world, Points(die_at=number))
        _make_good(stage, world)
        assert _end(world) == wanted, f"killed {points.names[number]}, point {number} of {len(states)}"
    with capsys.disabled():
        print(f" [{len(points.names)} points, {len(cases)} states] ", end="")


def test_every_durable_write_is_a_crash_point(ledger: PostgresLedger, database_url: str) -> None:
    """A new statement that writes has to be reached by a story, and a new way to the database has to be watched."""
    statements: set[str] = set()
    for story in STORIES.values():
        with psycopg.connect(database_url) as connection:
            connection.execute(EMPTY)
        world, points = World(ledger, database_url), Points()
        story.before(world)
        world.advance(60)
        (first,) = world.rows("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")[0]
        _perform(Stage(story, world, Snapshot.take(database_url)), world, points)
        statements |= points.statements
        assert not _written_unwatched(world, int(first), points.transactions)
    writing = {name for name, text in _statements().items() if _WRITES.search(text)}
    assert writing - statements == _NOT_IN_A_RUN.keys(), "reach it by a story, or say why no sync runs it"


def _statements() -> dict[str, str]:
    files = [path for path in SQL.rglob("*.sql") if path.parent.name not in ("migrations", "views")]
    return {str(path.relative_to(SQL).with_suffix("")): path.read_text(encoding="utf-8") for path in files}


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


def _state(world: World) -> int:
    return hash(
        (Snapshot.take(world.database_url).without_clocks(), repr(world.sc.records), repr(world.sf.records))
    )


def _end(world: World) -> dict[str, object]:
    """Everything that has to be as if nothing had happened."""
    assert not broken_bases(world)
    return {"systems": picture(world), "base": base(world), "kept": kept(world)}


def _perform(stage: Stage, world: World, points: Points) -> None:
    """One run, until it dies or ends; its ledger has connections of its own. What people do meanwhile they do in
    any case."""
    story, seen, acted = stage.story, points.watch, list[str]()

    def meanwhile(name: str) -> None:
        if seen:
            seen(name)
        if name == "after save_plan" and not acted:
            acted.append(name)
            story.during(world)
        if name == f"before write of {story.unreachable}" and name not in acted:
            acted.append(name)
            raise unreachable()

    points.watch = meanwhile
    watch_sides(points, {Side.SALES_CONNECT: world.sc, Side.SALESFORCE: world.sf})
    with watched_ledger(world.database_url, points) as ledger, contextlib.suppress(Killed):
        world.ledger = ledger
        run_cycle(world.engine, world.spec())
    world.sc.faults.on_call = world.sf.faults.on_call = None
    if not acted:
        story.during(world)


def _make_good(stage: Stage, world: World) -> None:
    """Other processes run until nothing is left to do; the last of them writes nothing."""
    world.rows_changed("UPDATE bridge.lease SET expires_at = now() - interval '1 second'")
    world.advance(_LONGER_THAN_ANY_REQUEST)
    world.ledger = stage.world.ledger
    for _ in range(_ENOUGH_RUNS):
        writes = world.writes
        report = world.sync()
        assert report.outcome is not RunOutcome.FAILED, report.text
        if world.writes == writes and not _unfinished(report):
            return
    raise AssertionError(f"still at work after {_ENOUGH_RUNS} runs:\n{report.text}")


def _unfinished(report: RunReport) -> bool:
    """Whether the run leaves work to the next one; what is held or parked waits for a person."""
    assert report.counts is not None
    states = {state for ops in report.counts.actions.values() for found in ops.values() for state in found}
    return bool(states - {ActionState.DONE, ActionState.HELD, ActionState.DEAD})
