"""The event lane over HTTPS: it wakes for what a run would read, and for nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import LiteralString

import psycopg
import pytest

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Side
from taskbridge.core.usage import CallKind
from taskbridge.engine.engine import Engine
from taskbridge.engine.lane import Lane
from taskbridge.engine.ports import Sides
from taskbridge.errors import AuthenticationFailed
from taskbridge.settings import Settings
from taskbridge.store import Ledger
from tests.contract.sandbox_process import Sandbox
from tests.contract.test_whole_runs import BothWorlds
from tests.contract.worlds import SalesConnectWorld, SalesforceWorld

pytestmark = pytest.mark.postgres
SECONDS = 30
BOTH = frozenset(Side)


class Watched:
    """Two systems in step, and a lane with a clock and a switch that the test moves."""

    def __init__(self, sandbox: Sandbox, ledger: Ledger, database_url: str, *, feed: bool = True) -> None:
        self.both = BothWorlds(sandbox, ledger, batch=True, feed=feed)
        self.ledger, self._database_url = ledger, database_url
        self.on = True
        self.now = 1_000.0
        self.lane = self.another()
        self.settle()

    def another(self, settings: Settings | None = None, seconds: int = SECONDS) -> Lane:
        sides = Sides(self.both.sc.side, self.both.sf.side)
        given = settings or Settings()
        return Lane(Engine(self.ledger, sides, given, lambda: self.on, lambda: self.now), seconds)

    def world(self, side: Side) -> SalesConnectWorld | SalesforceWorld:
        return self.both.sc if side is Side.SALES_CONNECT else self.both.sf

    def settle(self) -> None:
        """Runs until one has nothing to do, as the clock's would."""
        while self.writes_in(self.both.sync):
            pass

    def rows(self, statement: LiteralString, *values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self._database_url) as connection:
            done = connection.execute(statement, values)
            return done.fetchall() if done.description else []

    def writes_in(self, do: Callable[[], object]) -> int:
        before = self.both.writes()
        do()
        return self.both.writes() - before

    def counted(self) -> dict[tuple[object, ...], int]:
        """Calls that no run made, by system and kind."""
        found = self.rows("SELECT side, kind, calls FROM bridge.api_usage WHERE run_id IS NULL")
        return {(side, kind): int(str(calls)) for side, kind, calls in found}

    def look(self, later: float = SECONDS) -> frozenset[Side]:
        self.now += later
        self.both.sc.advance(later)
        self.both.sf.advance(later)
        return self.lane.look()

    def calls(self) -> int:
        services = (self.both.sandbox.salesforce, self.both.sandbox.sales_connect)
        return sum(int(service.calls()["total"]) for service in services)

    def calls_in(self, do: Callable[[], object]) -> int:
        before = self.calls()
        do()
        return self.calls() - before


@pytest.fixture
def watched(sandbox: Sandbox, ledger: Ledger, database_url: str) -> Watched:
    return Watched(sandbox, ledger, database_url)


def test_without_a_change_nobody_is_woken_and_a_look_takes_three_calls(watched: Watched) -> None:
    assert watched.look() == frozenset()  # logs in, too
    assert watched.calls_in(lambda: watched.look()) == 3, (
        "one of Salesforce, two of Sales Connect with its feed"
    )
    assert [watched.look() for _ in range(5)] == [frozenset()] * 5


@pytest.mark.parametrize("side", list(Side))
def test_a_new_task_an_edit_and_a_delete_wake_each_once(watched: Watched, side: Side) -> None:
    world = watched.world(side)
    assert watched.look() == frozenset()
    task = world.create("Call Ann", owner=world.owner)
    for act in (
        lambda: None,
        lambda: world.edit(task, title="Call Ann at noon"),
        lambda: world.delete(task),
    ):
        act()
        assert watched.look() == {side}
        assert watched.look(120) == frozenset(), "the same is no news again, also when no run came"
        watched.settle()
        assert watched.look() == frozenset()


@pytest.mark.parametrize("side", list(Side))
def test_what_a_run_writes_to_the_other_side_wakes_nobody(watched: Watched, side: Side) -> None:
    world = watched.world(side)
    task = world.create("Call Ann", owner=world.owner)
    assert watched.look() == {side}
    for act in (
        lambda: None,
        lambda: world.edit(task, priority=world.words["high"]),
        lambda: world.delete(task),
    ):
        act()
        assert watched.writes_in(watched.both.sync) == 1
        assert [watched.look() for _ in range(3)] == [frozenset()] * 3, "not for what we wrote"
        assert watched.another().look() == frozenset(), "nor a lane that begins after it"


@pytest.mark.parametrize("side", list(Side))
def test_an_edit_over_what_a_run_wrote_wakes(watched: Watched, side: Side) -> None:
    here, there = watched.world(side), watched.world(side.other)
    here.create("Call Ann", owner=here.owner)
    watched.both.sync()
    ((sc_id, sf_id),) = watched.rows("SELECT sc_id, sf_id FROM bridge.link")
    copy = str(sc_id if side.other is Side.SALES_CONNECT else sf_id)
    watched.look(2)
    there.edit(copy, title="Call Ann at noon")
    assert watched.look() == {side.other}


def test_what_no_run_would_take_in_wakes_nobody(watched: Watched) -> None:
    outsider = watched.both.sf._user("carl@example.com")
    watched.both.sf.create("Carl's own", owner=outsider)
    assert watched.look() == frozenset()


def test_edits_before_a_run_begins_wake_once_and_those_after_it_again(watched: Watched) -> None:
    sc, sf = watched.both.sc, watched.both.sf
    sc.create("One")
    assert watched.look(SECONDS) == {Side.SALES_CONNECT}
    sf.create("Two", owner=sf.owner)
    assert watched.calls_in(lambda: watched.look(SECONDS)) == 0, "the run that is on its way reads it too"
    watched.both.sync(wait=1)
    sc.create("Three")
    assert watched.look(1) == {Side.SALES_CONNECT}
    sc.create("Four")
    assert watched.look(61) == {Side.SALES_CONNECT}, "no run has come: the event is lost, so there is another"


def test_nobody_is_asked_while_a_run_is_under_way(watched: Watched) -> None:
    watched.both.sc.create("One")
    assert watched.ledger.runs.take_lease("somebody", watched.both.engine.settings.lease) is not None
    assert watched.calls_in(lambda: watched.look()) == 0
    watched.ledger.runs.release_lease("somebody")
    assert watched.look() == {Side.SALES_CONNECT}


def test_S1_nobody_is_asked_while_the_switch_is_off(watched: Watched) -> None:
    watched.on = False
    watched.both.sc.create("One")
    assert watched.calls_in(lambda: watched.look()) == 0
    watched.on = True
    assert watched.look() == {Side.SALES_CONNECT}


def test_nobody_is_asked_while_a_side_is_paused(watched: Watched) -> None:
    watched.ledger.sides.pause_side(
        Side.SALESFORCE, "its login is refused", watched.both.engine.settings.lease
    )
    watched.both.sc.create("One")
    assert watched.calls_in(lambda: watched.look(3_600)) == 0, "also not when the next login is due"
    watched.ledger.sides.resume_side(Side.SALESFORCE)
    assert watched.look() == {Side.SALES_CONNECT}


def test_G7_it_rests_where_a_day_of_asking_is_not_ours_and_says_so_once(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    most = watched.ledger.usage.last_told(Side.SALESFORCE, watched.both.engine.settings.parked_retry)
    assert most is not None
    assert most.most == 15_000
    watched.lane = watched.another(seconds=5)  # 17,280 a day
    watched.both.sc.create("One")
    with caplog.at_level(logging.INFO):
        assert watched.calls_in(lambda: [watched.look(70) for _ in range(5)]) == 0
    (said,) = [record for record in caplog.records if "lane" in record.message]
    assert "17,280 calls of Salesforce a day" in said.message
    assert watched.both.sync().outcome is RunOutcome.CLEAN, "the clock goes on"


def test_G7_it_rests_while_little_is_left_and_goes_on_when_there_is_more(watched: Watched) -> None:
    """Of 140 calls 126 are ours: enough for the 96 of a day of looks, of which a quarter is kept."""
    watched.both.sandbox.salesforce.switch(api_daily_max=140)
    watched.lane = watched.another(seconds=900)
    assert watched.look() == frozenset()
    while watched.both.sf.side.allowance().left >= 14 + 24:  # somebody else uses them
        pass
    watched.both.sync()
    watched.both.sc.create("One")
    assert watched.calls_in(lambda: [watched.look(61) for _ in range(3)]) == 0
    watched.both.sync(wait=25 * 60 * 60)  # a run of the clock is told that there are more
    watched.both.sc.create("Two")
    assert watched.look(61) == {Side.SALES_CONNECT}


def test_a_side_that_fails_is_left_alone_for_longer_each_time_and_the_other_is_not(watched: Watched) -> None:
    assert watched.look() == frozenset()
    watched.both.sandbox.salesforce.fault(kind="status", status=503, endpoint="GET *query*", times=None)
    asked = []
    for _ in range(8):
        before = int(watched.both.sandbox.salesforce.calls()["total"])
        watched.look(SECONDS)
        asked.append(int(watched.both.sandbox.salesforce.calls()["total"]) > before)
    assert asked == [True, False, True, False, False, False, True, False]
    watched.both.sc.create("One")
    assert watched.look() == {Side.SALES_CONNECT}
    watched.both.sandbox.salesforce.control("DELETE", "/faults")
    watched.both.sf.create("Two", owner=watched.both.sf.owner)
    assert watched.look(600) == {Side.SALESFORCE}


def test_a_refused_login_pauses_no_side(watched: Watched) -> None:
    """What the lane logs in with may be older than the connection."""
    assert watched.look() == frozenset()
    watched.both.sandbox.salesforce.fault(
        kind="status", status=401, code="INVALID_SESSION_ID", endpoint="GET *query*", times=None
    )
    with pytest.raises(AuthenticationFailed):
        watched.look()
    assert not any(state.pause for state in watched.ledger.sides.side_states().values())


def test_what_waits_in_the_ledger_wakes_as_often_as_the_clock_of_a_minute_would(watched: Watched) -> None:
    watched.both.sc.create("One")
    watched.both.sync()
    watched.rows("UPDATE bridge.link SET dirty = true")
    assert watched.look() == BOTH
    assert watched.look(20) == frozenset()
    assert watched.look(61) == BOTH
    watched.settle()
    assert watched.look(61) == frozenset()


def test_G7_its_calls_are_counted_without_a_row_for_each_look(watched: Watched) -> None:
    watched.look()
    watched.lane.keep_calls()
    before = watched.counted()
    made = watched.calls_in(lambda: [watched.look(20) for _ in range(9)])
    watched.lane.keep_calls()
    after = watched.counted()
    assert sum(after.values()) - sum(before.values()) == made
    assert {kind for _, kind in after} <= {CallKind.QUERY, CallKind.LOGIN}
    assert len(after) <= 4


def test_without_a_feed_an_edit_wakes_and_a_delete_is_left_to_the_clock(
    sandbox: Sandbox, ledger: Ledger, database_url: str
) -> None:
    watched = Watched(sandbox, ledger, database_url, feed=False)
    task = watched.both.sc.create("One")
    assert watched.look() == {Side.SALES_CONNECT}
    watched.settle()
    watched.both.sc.delete(task)
    assert watched.look() == frozenset()
    assert watched.calls_in(lambda: watched.look()) == 2
