"""Answers that speak of the call and of none of its rows (G4), and what may have been done all the same (G2)."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any

import psycopg
import pytest

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Op
from taskbridge.errors import ApiDisabled, CallRefused, SideUnreachable, TaskBridgeError
from taskbridge.settings import Settings
from taskbridge.sides.salesforce.ids import to_18
from taskbridge.sides.salesforce.side import SalesforceSession, SalesforceSide
from taskbridge.store import Ledger
from tests.contract.conftest import sandbox_world
from tests.contract.sandbox_process import Sandbox
from tests.contract.scripted import scripted_sales_connect, scripted_salesforce
from tests.contract.test_guarded import TASK, update, versions
from tests.contract.test_whole_runs import BothWorlds
from tests.contract.worlds import SalesConnectWorld, SalesforceWorld, SandboxWorld, salesforce_side

STRANGERS = (301, 302, 307, 308, 403, 407)
WORLDS = ["sandbox sales_connect", "sandbox sales_connect, bare", "sandbox salesforce"]
SEEN = {
    301: r"redirect to sso\.example\.com \(HTTP 301.*sign-in page",
    302: r"redirect to sso\.example\.com \(HTTP 302.*sign-in page",
    307: r"redirect to sso\.example\.com \(HTTP 307.*sign-in page",
    308: r"redirect to sso\.example\.com \(HTTP 308.*sign-in page",
    403: r"HTTP 403 Forbidden.*page of a proxy.*let this worker reach",
    407: r"a proxy wants a login \(HTTP 407.*HTTPS_PROXY",
}
NOT_THERE = {
    "kind": "status",
    "code": "NOT_FOUND",
    "message": "The requested resource does not exist",
    "status": 404,
}


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> SandboxWorld:
    made = sandbox_world(request.getfixturevalue("sandbox"), request.param)
    assert isinstance(made, SandboxWorld)
    made.side.connect()
    return made


def rows(world: SandboxWorld, op: Op, number: int = 5) -> list[dict[str, Any]]:
    """Of a write that would change every one of these records."""
    if op is Op.CREATE:
        return [world.new(f"t{each}", f"tb:x:{each}:1") for each in range(number)]
    ids = [world.create(f"t{each}") for each in range(number)]
    return [{"remote_id": remote_id, "title": "ours"} for remote_id in ids]


def effect(world: SandboxWorld) -> list[tuple[str, str]]:
    """What the service holds: presence and title."""
    snapshot = world.service.control("GET", "/snapshot")
    if isinstance(world, SalesforceWorld):
        return sorted((str(one["IsDeleted"]), one["Subject"]) for one in snapshot.get("Task", ()))
    return sorted(("False", one["name"]) for one in snapshot.get("tasks", ()))


@pytest.mark.parametrize("op", list(Op))
@pytest.mark.parametrize("status", [302, 403, 407])
def test_G4_what_stands_before_a_system_refuses_no_row(world: SandboxWorld, op: Op, status: int) -> None:
    asked = rows(world, op)
    before = effect(world)
    world.service.fault(
        kind="stranger", status=status, endpoint="* *task*" if world.vendor == "sales_connect" else "*"
    )
    with pytest.raises(CallRefused, match=SEEN[status]) as refused:
        world.write(op, *asked)
    assert "not-for-eyes" not in str(refused.value), "the rest of an address is nobody's business"
    assert effect(world) == before
    assert {one["outcome"] for one in world.write(op, *asked)} == {"done"}


@pytest.mark.parametrize("op", list(Op))
@pytest.mark.parametrize("status", [302, 407])
def test_G4_rows_that_were_sent_one_by_one_before_it_are_told(
    bare_sales_connect: SalesConnectWorld, op: Op, status: int
) -> None:
    world = bare_sales_connect
    asked = rows(world, op)
    method = {Op.CREATE: "POST", Op.UPDATE: "PATCH", Op.DELETE: "DELETE"}[op]
    world.service.fault(kind="stranger", status=status, endpoint=f"{method} /v2/tasks*", nth=3)
    told = [(one["outcome"], one["code"]) for one in world.write(op, *asked)]
    assert told == 2 * [("done", None)] + 3 * [("retry", "CALL_REFUSED")]


@pytest.mark.parametrize("status", STRANGERS)
def test_G4_an_update_with_a_condition_is_no_exception(salesforce: SalesforceWorld, status: int) -> None:
    salesforce.service.switch(conditional_requests=True)
    salesforce.side.conditional = True
    seen = versions(salesforce, *(salesforce.create(f"t{number}") for number in range(3)))
    salesforce.service.fault(kind="stranger", status=status, endpoint="PATCH *")
    with pytest.raises(CallRefused):
        update(salesforce, seen)
    salesforce.service.fault(kind="stranger", status=status, endpoint="PATCH *", nth=2)
    told = update(salesforce, seen)
    assert sorted(told.values(), key=str) == [("done", None), *2 * [("retry", "CALL_REFUSED")]]


def test_G4_half_of_a_call_that_was_cut_in_two(salesforce: SalesforceWorld) -> None:
    """A row that spoils the call is looked for; what stands between comes in the midst of it."""
    asked = rows(salesforce, Op.CREATE, 4)
    endpoint = "POST *composite/sobjects"
    salesforce.service.fault(kind="status", status=400, code="JSON_PARSER_ERROR", endpoint=endpoint)
    salesforce.service.fault(kind="stranger", status=302, endpoint=endpoint, nth=3)
    told = [(one["outcome"], one["code"]) for one in salesforce.write(Op.CREATE, *asked)]
    assert told == 2 * [("done", None)] + 2 * [("retry", "CALL_REFUSED")]


@pytest.mark.parametrize("op", list(Op))
@pytest.mark.parametrize("status", [303, 200])
def test_G2_what_may_follow_upon_work_is_looked_up(world: SandboxWorld, op: Op, status: int) -> None:
    """A page with 200, or "see other", says neither that a write was done nor that it was not."""
    asked = rows(world, op, 1)
    world.service.fault(kind="stranger", status=status, endpoint="POST *" if op is Op.CREATE else "[!G]*")
    (told,) = world.write(op, *asked)
    assert told["outcome"] == "unknown"


def test_G2_a_page_is_no_proof_of_an_update_with_a_condition(salesforce: SalesforceWorld) -> None:
    salesforce.side.conditional = True
    seen = versions(salesforce, salesforce.create("t"))
    salesforce.service.fault(kind="stranger", status=200, endpoint="PATCH *")
    assert set(update(salesforce, seen).values()) == {("unknown", "ANSWER_UNUSABLE")}


@pytest.mark.parametrize("status", STRANGERS)
def test_G4_a_read_tells_what_stands_before_the_system(world: SandboxWorld, status: int) -> None:
    task = world.create("t")
    world.service.fault(kind="stranger", status=status, endpoint="[GP]* /[sv]*", times=None)
    for read in (
        world.side.connect,
        lambda: world.side.read_ids([task], {}),
        lambda: list(world.side.read_changes(world.lately())),
    ):
        with pytest.raises(CallRefused, match=SEEN[status]):
            read()


@pytest.mark.parametrize("status", [404, 410])
def test_C5_a_page_of_somebody_else_proves_no_delete(status: int) -> None:
    listed = {"data": [], "metadata": {"paging": {"next_page": None, "total_count": 0}}}
    side, _ = scripted_sales_connect((200, listed), (status, b"<html>gone</html>"))
    with pytest.raises(CallRefused, match=f"HTTP {status}"):
        side.read_ids(["7"], {})


@pytest.mark.parametrize(("version", "seen"), [("99.0", "NOT_FOUND"), ("20.0", "UNSUPPORTED_API_VERSION")])
def test_G4_a_version_that_is_not_there_names_its_setting(
    salesforce: SalesforceWorld, version: str, seen: str
) -> None:
    side = salesforce_side(salesforce.service, api_version=version)
    for read in (side.connect, lambda: side.connect(describe=True), side.allowance):
        with pytest.raises(CallRefused, match=rf"{seen}.*version {version}.*salesforce_api_version"):
            read()


@pytest.mark.parametrize("op", list(Op))
def test_G4_a_version_that_goes_in_the_midst_of_a_run_refuses_no_row(
    salesforce: SalesforceWorld, op: Op
) -> None:
    asked = rows(salesforce, op)
    salesforce.side.connect()
    salesforce.service.fault(endpoint="*composite/sobjects*", **NOT_THERE)
    with pytest.raises(CallRefused, match="salesforce_api_version"):
        salesforce.write(op, *asked)


def test_G4_a_batch_that_is_refused_for_one_of_its_operations_goes_one_by_one(
    sales_connect: SalesConnectWorld,
) -> None:
    asked = rows(sales_connect, Op.CREATE, 3)
    body = {"errors": {"operations": ["one of them holds too much"]}}
    sales_connect.service.fault(kind="status", status=422, body=body, endpoint="POST /v2/tasks/batch")
    sales_connect.fail_row("t1", "forbidden")
    told = sorted((one["outcome"], one["code"] or "") for one in sales_connect.write(Op.CREATE, *asked))
    assert [outcome for outcome, _ in told] == ["done", "done", "rejected"]


def test_G4_a_row_too_large_for_what_lies_between_delays_itself_alone() -> None:
    other = to_18("00T5g0000000002")
    done = [{"id": other, "success": True, "errors": []}]
    side, _ = scripted_salesforce((413, b"<html>too large</html>"), (413, b""), (200, done))
    assert update(side, {TASK: None, other: None}) == {TASK: ("rejected", "HTTP_413"), other: ("done", None)}


@pytest.mark.parametrize("code", ["API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED"])
def test_G4_a_permission_on_the_api_is_no_matter_of_a_row(salesforce: SalesforceWorld, code: str) -> None:
    salesforce.service.fault(kind="status", endpoint="POST *data*", status=403, code=code, times=None)
    asked = rows(salesforce, Op.CREATE, 4)
    salesforce.side.connect()
    salesforce.service.control("DELETE", "/calls")
    with pytest.raises(ApiDisabled, match="API Enabled"):
        salesforce.write(Op.CREATE, *asked)
    assert salesforce.service.calls()["total"] <= 1


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        *(({"kind": "stranger", "status": status}, SEEN[status]) for status in STRANGERS),
        (NOT_THERE, "salesforce_api_version"),
        ({"kind": "status", "status": 403, "code": "API_DISABLED_FOR_ORG"}, "API Enabled"),
    ],
    ids=lambda value: str(value.get("code", value["status"])) if isinstance(value, dict) else "",
)
def test_G4_none_of_five_creates_is_parked(
    sandbox: Sandbox, ledger: Ledger, database_url: str, fault: dict[str, Any], seen: str
) -> None:
    both = BothWorlds(sandbox, ledger, batch=True, feed=True)
    for number in range(5):
        both.sc.create(f"t{number}")
    both.sc.advance(60)
    both.sf.advance(60)
    sandbox.salesforce.fault(endpoint="POST *composite/sobjects", **fault)
    report = both.run()
    assert report.outcome is RunOutcome.FAILED
    assert_matches(seen, report.text)
    assert states(database_url) == [("planned", 5)]
    assert count(database_url, "bridge.dead_letter") == 0
    assert both.sync().outcome is RunOutcome.CLEAN
    assert len(both.tasks()[0]) == 5


@pytest.mark.postgres
def test_G4_what_was_written_before_it_counts_and_the_rest_is_planned(
    sandbox: Sandbox, ledger: Ledger, database_url: str
) -> None:
    both = BothWorlds(sandbox, ledger, batch=False, feed=True, settings=Settings(first_sync_mode="all"))
    for number in range(5):
        both.sf.create(f"t{number}")
    both.sc.advance(60)
    both.sf.advance(60)
    sandbox.sales_connect.fault(kind="stranger", status=307, endpoint="POST /v2/tasks", nth=3)
    report = both.run()
    assert report.outcome is RunOutcome.FAILED
    assert_matches(SEEN[307], report.text)
    assert states(database_url) == [("done", 2), ("planned", 3)]
    assert count(database_url, "bridge.dead_letter") == 0
    assert both.sync().outcome is RunOutcome.CLEAN
    assert len(both.tasks()[1]) == 5


@pytest.mark.postgres
@pytest.mark.parametrize("step", ["POST *jobs/ingest", "PUT *", "PATCH *jobs/ingest*"])
def test_G4_no_step_of_a_job_parks_its_rows(
    sandbox: Sandbox, ledger: Ledger, database_url: str, step: str
) -> None:
    both = BothWorlds(
        sandbox,
        ledger,
        batch=True,
        feed=True,
        settings=Settings(salesforce_bulk_threshold=1),
        sleep=lambda _: None,
    )
    for number in range(3):
        both.sc.create(f"t{number}")
    both.sc.advance(60)
    both.sf.advance(60)
    sandbox.salesforce.fault(kind="stranger", status=302, endpoint=step)
    report = both.run()
    assert report.outcome is RunOutcome.FAILED
    assert_matches(SEEN[302], report.text)
    assert count(database_url, "bridge.dead_letter") == 0
    both.sync()
    both.sync()
    assert both.sync().outcome is RunOutcome.CLEAN
    assert len(both.tasks()[0]) == 3


def assert_matches(pattern: str, text: str) -> None:
    with pytest.raises(CallRefused, match=pattern):
        raise CallRefused(text)


def states(url: str) -> list[tuple[str, int]]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT state, count(*) FROM bridge.action GROUP BY 1 ORDER BY 1"
        ).fetchall()


def count(url: str, table: str) -> int:
    with psycopg.connect(url) as connection:
        (number,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
        return int(number)


@pytest.mark.parametrize(
    ("answer", "error", "seen"),
    [
        ("407 Proxy Authentication Required", CallRefused, r"a proxy wants a login \(HTTP 407.*HTTPS_PROXY"),
        ("403 Forbidden", CallRefused, r"a proxy refuses to connect \(HTTP 403\).*let this worker reach"),
        ("502 Bad Gateway", SideUnreachable, "the proxy makes no connection"),
    ],
)
def test_a_proxy_that_makes_no_connection_is_told(
    monkeypatch: pytest.MonkeyPatch, answer: str, error: type[TaskBridgeError], seen: str
) -> None:
    """Before any TLS: so that the request never left, and a write is certainly not done."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=refuse_tunnels, args=(listener, answer), daemon=True).start()
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{listener.getsockname()[1]}")
        monkeypatch.setenv("NO_PROXY", "")
        side = SalesforceSide(
            lambda: SalesforceSession("https://org.example", "00D5g000004AbCd!secret-token")
        )
        with pytest.raises(error, match=seen):
            side.connect()


def refuse_tunnels(listener: socket.socket, answer: str) -> None:
    """Until the listener is closed."""
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            with client:
                client.recv(4096)
                client.sendall(
                    f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
                )
