"""Write calls beside each other: never more at once than may be, and each is taken in as if it were alone."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pandas as pd
import psycopg
import pytest

from taskbridge.core.run import Run
from taskbridge.core.terms import Op, Side
from taskbridge.engine.loading import under_way
from taskbridge.engine.loading.guarded import beside
from taskbridge.engine.ports import Answer, Begin, unfenced
from taskbridge.engine.steps import load as load_step
from taskbridge.engine.steps.load import LoadResult, load
from taskbridge.errors import (
    ApiLimitReached,
    AuthenticationFailed,
    CallRefused,
    LeaseLost,
    SidePaused,
    SideUnreachable,
)
from tests.doubles.memory import MemorySide
from tests.engine.world import World, disagreements, planned

PATIENCE = 10  # seconds; nobody waits so long unless the test fails
MOST = 3


class Gate:
    """Holds the write calls of a system, one row each, until as many are under way as may be.

    `failing`: what the first call raises then, the second and so on; the others are answered once the load has stopped
    sending.
    """

    def __init__(self, system: MemorySide, failing: dict[int, Exception] | None = None) -> None:
        system.chunk_size, system.writes_at_once = 1, MOST
        self._write = system.write
        system.write = self._held  # type: ignore[method-assign]
        self.failing = failing or {}
        self.met = threading.Barrier(MOST, action=self._full)
        self.stopped = threading.Event()
        self.when_full: Callable[[], None] = lambda: None
        self.sent: list[str] = []
        self.most = 0
        self._present = 0
        self._lock, self._one = threading.Lock(), threading.Lock()

    def _held(self, op: Op, rows: pd.DataFrame, fence: Callable[[], None] = unfenced) -> pd.DataFrame:
        with self._lock:
            place = len(self.sent)
            self.sent.append(rows["title"].iloc[0])
            self._present += 1
            self.most = max(self.most, self._present)
        try:
            self.met.wait(PATIENCE)
            return self._answered(place, op, rows, fence)
        finally:
            with self._lock:
                self._present -= 1

    def _answered(self, place: int, op: Op, rows: pd.DataFrame, fence: Callable[[], None]) -> pd.DataFrame:
        if place in self.failing:
            raise self.failing[place]
        if self.failing:
            assert self.stopped.wait(PATIENCE)
        with self._one:  # the system itself is of one thread
            return self._write(op, rows, fence)

    def _full(self) -> None:
        self.when_full()


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch) -> Callable[[Gate], None]:
    """Tells a gate when the load sends nothing more."""

    def watch(gate: Gate) -> None:
        finish = under_way.Calls.finish

        def finishing(calls: under_way.Calls, errors: list[Exception]) -> None:
            gate.stopped.set()
            finish(calls, errors)

        monkeypatch.setattr(under_way.Calls, "finish", finishing)

    return watch


def made(world: World, count: int) -> list[str]:
    return [world.sc_task(f"Task {number}") for number in range(count)]


def create(world: World, **other: Any) -> LoadResult:
    return load(replace(world.engine, **other), planned(world), Side.SALESFORCE, (Op.CREATE,))


def titles(world: World) -> set[str]:
    return {values["title"] for values in world.sf.live().values()}


def states(world: World) -> Counter[str]:
    return Counter(
        state for (state,) in world.rows("SELECT state FROM bridge.action WHERE side = 'salesforce'")
    )


def test_as_many_calls_are_under_way_as_may_be_and_never_one_more(world: World) -> None:
    gate = Gate(world.sf)
    tasks = made(world, 4 * MOST)
    assert create(world).outcomes == {"done": 4 * MOST}
    assert gate.most == MOST, "the barrier would not have opened for fewer"
    assert sorted(gate.sent) == sorted(f"Task {number}" for number in range(len(tasks))), "each is sent once"


def test_invariant_15_outcomes_belong_to_their_rows_whatever_the_order_of_the_answers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call that was sent last is answered first."""
    gate = Gate(world.sf)
    tasks = made(world, MOST)
    answered = [threading.Event() for _ in range(MOST)]
    answer = gate._answered

    def in_turn(place: int, *given: Any) -> pd.DataFrame:
        if place + 1 < MOST:
            assert answered[place + 1].wait(PATIENCE)
        try:
            return answer(place, *given)
        finally:
            answered[place].set()

    monkeypatch.setattr(gate, "_answered", in_turn)
    create(world)
    assert [record.values["title"] for record in world.sf.records.values()] == gate.sent[::-1]
    for number, task in enumerate(tasks):
        (sf_id,) = world.rows("SELECT remote_id FROM bridge.action WHERE title = %s", f"Task {number}")[0]
        assert world.partner(Side.SALES_CONNECT, task) == sf_id


@pytest.mark.parametrize(
    ("trouble", "raised", "left"),
    [
        (RuntimeError("the process dies"), RuntimeError, "sent"),
        (SideUnreachable("no route"), SideUnreachable, "planned"),
        (CallRefused("a sign-in page"), CallRefused, "planned"),
        (AuthenticationFailed("refused"), AuthenticationFailed, "planned"),
        (LeaseLost("another run has it"), LeaseLost, "sent"),
        (ApiLimitReached("none left"), None, "planned"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_G2_G4_what_is_under_way_beside_a_failure_is_recorded_and_nothing_more_is_sent(
    world: World,
    stopping: Callable[[Gate], None],
    trouble: Exception,
    raised: type[Exception] | None,
    left: str,
) -> None:
    gate = Gate(world.sf, {1: trouble})
    stopping(gate)
    made(world, 3 * MOST)
    if raised is None:
        assert create(world).stopped == "none left"
    else:
        with pytest.raises(raised):
            create(world)
    assert len(gate.sent) == MOST
    expected = Counter({"done": 2, "planned": 3 * MOST - MOST})
    expected[left] += 1
    assert states(world) == expected


def test_two_that_are_refused_for_the_login_pause_the_side_once_and_the_third_is_recorded(
    world: World, stopping: Callable[[Gate], None]
) -> None:
    gate = Gate(world.sf, {0: AuthenticationFailed("refused"), 2: AuthenticationFailed("refused")})
    stopping(gate)
    made(world, MOST)
    with pytest.raises(AuthenticationFailed) as told:
        create(world)
    assert not isinstance(told.value, SidePaused), "its owner is told"
    assert states(world) == {"done": 1, "planned": 2}


def test_what_ends_the_load_early_hides_no_failure_beside_it(
    world: World, stopping: Callable[[Gate], None]
) -> None:
    gate = Gate(world.sf, {0: ApiLimitReached("none left"), 1: CallRefused("a sign-in page")})
    stopping(gate)
    made(world, MOST)
    with pytest.raises(CallRefused):
        create(world)


def test_S1_the_switch_stops_further_calls_and_those_under_way_are_recorded(world: World) -> None:
    gate = Gate(world.sf)

    def pull_the_brake() -> None:
        world.enabled = False

    gate.when_full = pull_the_brake
    tasks = made(world, 3 * MOST)
    assert "switched off" in world.sync().text
    assert len(gate.sent) == MOST
    assert states(world) == {"done": MOST, "planned": 2 * MOST}
    world.enabled = True
    gate.when_full = lambda: None
    world.settle()
    assert len(world.sf.live()) == len(tasks)
    assert not disagreements(world)
    assert len(gate.sent) == len(set(gate.sent)), "nothing is sent twice"


def test_a_write_that_is_under_way_when_the_load_dies_is_found_later_and_not_repeated(
    world: World, stopping: Callable[[Gate], None]
) -> None:
    gate = Gate(world.sf, {1: RuntimeError("the process dies")})
    stopping(gate)
    made(world, MOST)
    with pytest.raises(RuntimeError):
        create(world)
    (never_arrived,) = (title for title in gate.sent if title not in titles(world))
    world.rows_changed("UPDATE bridge.lease SET expires_at = now() - interval '1 second'")
    world.sf.writes_at_once, gate.met = 1, threading.Barrier(1)
    gate.failing.clear()
    world.advance(11 * 60)
    world.settle()
    assert gate.sent[MOST:] == [never_arrived]
    assert len(world.sf.live()) == MOST
    assert not disagreements(world)


def test_rows_that_were_busy_are_tried_again_one_call_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may have been in each other's way."""
    at_once: list[int] = []

    def noting(most: int) -> AbstractContextManager[under_way.Calls]:
        at_once.append(most)
        return under_way.calls_under_way(most)

    monkeypatch.setattr(load_step, "calls_under_way", noting)
    gate = Gate(world.sf)
    made(world, MOST)
    world.sf.faults.lock_titles = {f"Task {number}": 1 for number in range(MOST)}

    def from_now_on_alone() -> None:
        gate.met = threading.Barrier(1)

    gate.when_full = from_now_on_alone
    assert create(world).outcomes == {"done": MOST}
    assert len(gate.sent) == 2 * MOST
    assert at_once == [MOST, 1]


def test_an_answer_that_came_meanwhile_stops_the_next_call_though_there_is_room_for_it() -> None:
    answered, begun = threading.Event(), []

    def refused() -> pd.DataFrame:
        raise ApiLimitReached("none left")

    def start(begin: Begin) -> Answer:
        answer = begin(refused)
        begun.append(answer)
        with contextlib.suppress(ApiLimitReached):
            answer()  # it has ended now
        return answer

    def take(answer: Answer) -> None:
        answered.set()
        answer()

    with under_way.calls_under_way(MOST) as calls:
        calls.send(start, take)
        with pytest.raises(ApiLimitReached):
            calls.send(start, take)
    assert answered.is_set()
    assert len(begun) == 1


@pytest.mark.parametrize(("known", "most"), [(None, 1), (True, 1), (False, MOST)])
def test_guarded_updates_go_one_at_a_time(world: World, known: bool | None, most: int) -> None:
    world.sf.writes_at_once, world.sf.conditional = MOST, known
    assert beside(world.engine, Side.SALESFORCE, Op.UPDATE) == most
    assert beside(world.engine, Side.SALESFORCE, Op.CREATE) == MOST


def test_invariant_23_calls_that_wait_while_the_lease_is_lost_leave_no_more(world: World) -> None:
    """All are fenced from their threads, also those whose neighbour was stopped already."""
    gate = Gate(world.sf)
    clock = [0.0]
    made(world, 2 * MOST)

    def taken_over() -> None:
        clock[0] += world.settings.lease.total_seconds()
        world.rows_changed("UPDATE bridge.lease SET fencing = fencing + 1")

    gate.when_full = taken_over
    with pytest.raises(LeaseLost):
        create(world, monotonic=lambda: clock[0])
    assert not world.sf.live()
    assert len(gate.sent) == MOST
    assert states(world) == {"sent": MOST, "planned": MOST}


def test_one_of_many_threads_renews_the_lease_and_never_within_what_the_load_stores(world: World) -> None:
    """The load has a transaction open that it takes back: what a fence has renewed meanwhile stays."""
    run, clock, renewals = planned(world), [0.0], []
    ledger = world.ledger
    fence = replace(world.engine, monotonic=lambda: clock[0]).fence(run)
    clock[0] += world.settings.lease.total_seconds()
    before = world.rows("SELECT expires_at FROM bridge.lease")
    renew = ledger.runs.renew_lease

    def counting(*given: Any) -> None:
        renewals.append(given)
        renew(*given)

    ledger.runs.renew_lease = counting  # type: ignore[method-assign]
    threads = [threading.Thread(target=fence) for _ in range(MOST)]
    with pytest.raises(ZeroDivisionError):
        _renewed_within_a_transaction(world, run, threads)
    for thread in threads:
        thread.join(PATIENCE)
    assert len(renewals) == 1
    assert world.rows("SELECT expires_at FROM bridge.lease") > before


def _renewed_within_a_transaction(world: World, run: Run, threads: list[threading.Thread]) -> None:
    with world.ledger._db.fenced(run):
        for thread in threads:
            thread.start()
        _until_one_waits(world)
        assert all(thread.is_alive() for thread in threads)
        raise ZeroDivisionError


def _until_one_waits(world: World) -> None:
    with psycopg.connect(world.database_url, autocommit=True) as connection:
        for _ in range(PATIENCE * 100):
            waiting = connection.execute(
                "SELECT count(*), pg_sleep(0.01) FROM pg_stat_activity "
                "WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).fetchone()
            if waiting and waiting[0]:
                return
    raise AssertionError("nobody waits for the lease")
