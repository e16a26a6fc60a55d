"""Invariant 23: one run at a time, whoever starts it; what lost its lease writes nothing, neither here nor there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from taskbridge.core.run import RunMode, RunOutcome, RunSpec
from taskbridge.core.terms import Op, Side
from taskbridge.engine.cycle import run_cycle
from taskbridge.engine.engine import Engine
from taskbridge.engine.steps.load import load
from taskbridge.errors import LeaseLost
from taskbridge.store import Ledger
from tests.engine.world import World, disagreements, planned

RUNS_OF_EACH = 4
MODES = (RunMode.SCHEDULED, RunMode.SCHEDULED, RunMode.MANUAL, RunMode.BACKFILL)


def test_runs_of_every_kind_at_once_take_turns_and_lose_nothing(
    world: World, open_ledger: Callable[..., Ledger]
) -> None:
    """Each worker has connections of its own, and starts over whenever another holds the lease."""
    world.with_settings(limits={"count": 1_000, "user_count": 1_000, "half_of_more_than": 1_000})
    office = _Office(world)
    workers = [
        threading.Thread(target=office.work, args=(number, mode, open_ledger()))
        for number, mode in enumerate(MODES)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert office.troubles == []
    assert len(office.turns) == RUNS_OF_EACH * len(MODES), "no run was interrupted by another's calls"
    assert len(set(office.turns)) == len(office.turns)
    overlapping = """
        WITH turn AS (
            SELECT run_id, min(sent_at) AS began, max(answered_at) AS ended
            FROM bridge.action WHERE sent_at IS NOT NULL GROUP BY run_id
        )
        SELECT a.run_id, b.run_id FROM turn a JOIN turn b ON a.run_id < b.run_id
        WHERE a.began < b.ended AND b.began < a.ended
    """
    assert world.rows(overlapping) == []
    numbers = [number for (number,) in world.rows("SELECT fencing FROM bridge.run ORDER BY run_id")]
    assert numbers == sorted(set(numbers)), "every run had the lease under a number of its own"
    world.settle()
    assert not disagreements(world)
    assert len(world.sc.live()) == len(world.sf.live()) == 2 * office.edits
    writes = world.writes
    assert world.sync().outcome is RunOutcome.CLEAN
    assert world.writes == writes


class _Office:
    """Workers that run at the same time. Each call tells whose it is; people edit while somebody reads the users."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.turns: list[str] = []
        self.troubles: list[str] = []
        self.edits = 0
        for system in (world.sc, world.sf):
            system.faults.on_call = self._call

    def work(self, number: int, mode: RunMode, ledger: Ledger) -> None:
        done = 0
        while done < RUNS_OF_EACH and not self.troubles:
            key = f"{mode}/{number}/{done}"
            threading.current_thread().name = key
            window = self.world.window(3_600) if mode is RunMode.BACKFILL else None
            report = run_cycle(
                replace(self.world.engine, ledger=ledger),
                RunSpec(key, mode, "settings", "code", window=window),
            )
            if report.outcome is RunOutcome.FAILED:
                self.troubles.append(report.text)
            done += report.outcome is not RunOutcome.SKIPPED

    def _call(self, moment: str) -> None:
        key = threading.current_thread().name
        if self.turns[-1:] != [key]:
            self.turns.append(key)
            self.world.advance(60)
            self.world.sc_task(f"here {self.edits}")
            self.world.sf_task(f"there {self.edits}", owner="ben")
            self.edits += 1


def test_a_process_that_was_paused_before_its_call_writes_nothing_after_another_took_over(
    world: World, open_ledger: Callable[..., Ledger]
) -> None:
    """Its intent is stored and its lease is gone: the request must not leave any more."""
    task = world.sc_task()
    world.settle()
    world.sc.edit(task, due_date=date(2026, 5, 5))
    run, clock = planned(world), _Clock()
    engine = replace(world.engine, monotonic=clock)

    def paused(moment: str) -> None:
        if moment == "before write":
            world.sf.faults.on_call = None
            clock.now += world.settings.lease.total_seconds() + 1
            world.rows_changed("UPDATE bridge.lease SET expires_at = now() - interval '1 second'")
            _another_run(replace(world.engine, ledger=open_ledger()), world)
            world.sc.edit(task, due_date=date(2026, 6, 6))

    world.sf.faults.on_call = paused
    with pytest.raises(LeaseLost, match="another run has taken it"):
        load(engine, run, Side.SALESFORCE, (Op.UPDATE,))
    assert world.sf_of(task)["due_date"] is None
    assert world.sf.writes == 1, "the create of the pair"
    world.advance(11 * 60)
    world.settle()
    assert world.sf_of(task)["due_date"] == date(2026, 6, 6)


def test_a_pause_in_which_nobody_took_the_lease_costs_nothing(world: World) -> None:
    task = world.sc_task()
    run, clock = planned(world), _Clock()

    def paused(moment: str) -> None:
        if moment == "before write":
            clock.now += world.settings.lease.total_seconds() + 1
            world.rows_changed("UPDATE bridge.lease SET expires_at = now() - interval '1 second'")

    world.sf.faults.on_call = paused
    result = load(replace(world.engine, monotonic=clock), run, Side.SALESFORCE, (Op.CREATE,))
    assert result.outcomes == {"done": 1}
    assert world.partner(Side.SALES_CONNECT, task)
    assert world.ledger.runs.lease_holder() == run.spec.run_key, "renewed before the call"


def test_the_fence_asks_the_database_only_when_the_lease_could_have_expired(world: World) -> None:
    run, clock = planned(world), _Clock()
    fence = replace(world.engine, monotonic=clock).fence(run)
    world.rows_changed("UPDATE bridge.lease SET fencing = fencing + 1")
    clock.now += world.settings.lease.total_seconds() / 2 - 1
    fence()
    clock.now += 1
    with pytest.raises(LeaseLost):
        fence()


class _Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def _another_run(engine: Engine, world: World) -> None:
    world.advance(60)
    assert run_cycle(engine, world.spec()).outcome is not RunOutcome.FAILED
