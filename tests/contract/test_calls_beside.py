"""Calls that write beside each other over HTTPS: as many as the side may make, each fenced, counted and told apart."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Op
from taskbridge.core.usage import CallKind
from taskbridge.errors import CallRefused, LeaseLost
from taskbridge.sides.http import Channel
from taskbridge.sides.salesforce.side import SalesforceSide
from taskbridge.store import Ledger
from tests.contract.sandbox_process import Sandbox
from tests.contract.test_whole_runs import BothWorlds
from tests.contract.worlds import SalesConnectWorld, sales_connect_side, write

MOST = 4
ROWS = 40
PATIENCE = 30  # seconds
_WRITTEN = ("/v2/tasks", "/composite/sobjects")


class Watch:
    """Counts the requests that write and are under way. With `meet` each waits until MOST are."""

    def __init__(self, session: requests.Session, *, meet: bool) -> None:
        self._request = session.request
        session.request = self._watched  # type: ignore[method-assign]
        self._met = threading.Barrier(MOST if meet else 1)
        self._lock = threading.Lock()
        self._present = self.most = self.sent = 0

    def _watched(self, method: str, url: str, **options: Any) -> requests.Response:
        if method == "GET" or not any(path in url for path in _WRITTEN):
            return self._request(method, url, **options)
        with self._lock:
            self._present, self.sent = self._present + 1, self.sent + 1
            self.most = max(self.most, self._present)
        try:
            self._met.wait(PATIENCE)
            return self._request(method, url, **options)
        finally:
            with self._lock:
                self._present -= 1


@pytest.fixture
def bare(sandbox: Sandbox) -> SalesConnectWorld:
    """Sales Connect without batches, by MOST calls at once."""
    sandbox.sales_connect.reset()
    world = SalesConnectWorld(sandbox.sales_connect, batch=False, feed=True, gone_status=404)
    world.side = sales_connect_side(sandbox.sales_connect, concurrent_calls=MOST)
    world.side.log_in()
    return world


def rows(world: SalesConnectWorld, count: int = ROWS) -> list[dict[str, Any]]:
    return [world.new(f"t{number}", f"tb:x:{number}:1") for number in range(count)]


def names(world: SalesConnectWorld) -> dict[str, str]:
    tasks = world.service.control("GET", "/snapshot").get("tasks", [])
    return {str(task["id"]): task["name"] for task in tasks}


def slow_down(world: SalesConnectWorld) -> None:
    world.service.fault(endpoint="POST /v2/tasks", kind="slow", seconds=0.02, times=None)


def watch(channel: Channel, *, meet: bool = False) -> Watch:
    return Watch(channel._session, meet=meet)


def test_G2_creates_without_batches_go_four_at_a_time_and_each_is_there_once(bare: SalesConnectWorld) -> None:
    watched = watch(bare.side._channel, meet=True)
    bare.side.meter.take()
    slow_down(bare)
    outcomes = bare.write(Op.CREATE, *rows(bare))
    assert [one["outcome"] for one in outcomes] == ["done"] * ROWS
    assert watched.most == MOST, "the barrier would not have opened for fewer"
    assert watched.sent == ROWS
    told = {one["remote_id"]: f"t{number}" for number, one in enumerate(outcomes)}
    assert told == names(bare), "each outcome is that of its row"
    assert bare.side.meter.take().calls == {CallKind.WRITE: ROWS}


@pytest.mark.postgres
def test_a_whole_run_writes_by_four_collections_at_a_time_and_nothing_comes_back(
    sandbox: Sandbox, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SalesforceSide, "chunk_size", ROWS // (2 * MOST))
    both = BothWorlds(sandbox, ledger, batch=True, feed=True, concurrent_calls=MOST)
    watched = watch(both.sf.side._channel, meet=True)
    tasks = [both.sc.create(f"t{number}") for number in range(ROWS)]
    both.sync()
    for number, task in enumerate(tasks):
        both.sc.edit(task, details=f"of t{number}")
    both.sync()
    written = {(one["Subject"], one["Description"]) for one in both.tasks()[0]}
    assert written == {(f"t{number}", f"of t{number}") for number in range(ROWS)}
    assert len(both.tasks()[0]) == ROWS
    assert (watched.most, watched.sent) == (MOST, 2 * 2 * MOST)
    before = both.writes()
    assert both.sync().outcome is RunOutcome.CLEAN
    assert both.writes() == before


def test_G4_once_a_call_is_refused_as_a_whole_no_further_one_is_sent(bare: SalesConnectWorld) -> None:
    before = 10
    bare.service.fault(endpoint="POST /v2/tasks", kind="stranger", status=403, nth=before + 1, times=None)
    watched = watch(bare.side._channel)
    outcomes = bare.write(Op.CREATE, *rows(bare))
    done = {one["remote_id"] for one in outcomes if one["outcome"] == "done"}
    left = [one for one in outcomes if one["outcome"] != "done"]
    assert done == names(bare).keys()
    assert len(done) == before
    assert {(one["outcome"], one["code"]) for one in left} == {("retry", "CALL_REFUSED")}
    assert watched.sent <= before + MOST, "at most those that were under way beside it"
    with pytest.raises(CallRefused):
        bare.write(Op.CREATE, *rows(bare))


def test_G2_an_answer_that_is_lost_beside_others_is_that_of_its_row_alone(bare: SalesConnectWorld) -> None:
    bare.service.fault(endpoint="POST /v2/tasks", kind="drop_after", record="t7")
    outcomes = bare.write(Op.CREATE, *rows(bare))
    assert [number for number, one in enumerate(outcomes) if one["outcome"] == "unknown"] == [7]
    assert sorted(names(bare).values()) == sorted(f"t{number}" for number in range(ROWS))


def test_invariant_23_each_call_is_fenced_whichever_thread_makes_it(bare: SalesConnectWorld) -> None:
    watched = watch(bare.side._channel)
    lock, asked = threading.Lock(), [0]

    def fence() -> None:
        with lock:
            asked[0] += 1
            if asked[0] > ROWS // 2:
                raise LeaseLost("another run has it")

    with pytest.raises(LeaseLost):
        write(bare.side, Op.CREATE, *rows(bare), fence=fence)
    assert watched.sent == ROWS // 2 == len(names(bare))


def test_a_session_that_ends_costs_one_login_for_all_that_are_under_way(bare: SalesConnectWorld) -> None:
    bare.advance(7_201)
    bare.side.meter.take()
    outcomes = bare.write(Op.CREATE, *rows(bare))
    assert [one["outcome"] for one in outcomes] == ["done"] * ROWS
    assert bare.side.meter.take().calls[CallKind.LOGIN] == 1


def test_no_more_calls_are_under_way_where_several_batches_are_refused_and_go_one_by_one(
    bare: SalesConnectWorld,
) -> None:
    """The account takes no batches any more: each of several writes at once sends its rows alone."""
    bare.side.features |= {"batch"}
    assert bare.side.writes_at_once == MOST
    watched = watch(bare.side._channel)
    parts = [rows(bare)[start : start + 10] for start in range(0, ROWS, 10)]
    troubles: list[BaseException] = []
    threads = [threading.Thread(target=_noting(troubles, bare, part)) for part in parts]
    slow_down(bare)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert troubles == []
    assert len(names(bare)) == ROWS
    assert watched.most <= MOST


def test_no_cookie_is_kept(bare: SalesConnectWorld) -> None:
    """A jar that is filled while another thread reads it breaks that thread's call."""
    cookie = {"Set-Cookie": "BrowserId=abc; Path=/"}
    body = {"errors": {"name": ["is too long"]}}
    bare.service.fault(endpoint="POST /v2/tasks", kind="status", status=422, headers=cookie, body=body)
    bare.write(Op.CREATE, *rows(bare, 1))
    assert not list(bare.side._channel._session.cookies)


def _noting(
    troubles: list[BaseException], world: SalesConnectWorld, part: list[dict[str, Any]]
) -> Callable[[], None]:
    def work() -> None:
        try:
            world.write(Op.CREATE, *part)
        except BaseException as trouble:
            troubles.append(trouble)

    return work
