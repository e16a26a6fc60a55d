"""What a side makes of a system, a network or a login that fails."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path
from typing import Any

import certifi
import pytest

from taskbridge.core.terms import Op
from taskbridge.errors import ApiLimitReached, AuthenticationFailed, LeaseLost, SideUnreachable
from taskbridge.sides.sales_connect.side import SalesConnectSide
from taskbridge.sides.salesforce.side import SalesforceSession, SalesforceSide
from tests.contract.sandbox_process import Sandbox, running
from tests.contract.worlds import (
    SalesConnectWorld,
    SalesforceWorld,
    SandboxWorld,
    sales_connect_side,
    salesforce_side,
    write,
)

READS = {"sales_connect": "GET /v2/*", "salesforce": "GET /services/*"}
WRITES = {"sales_connect": "POST /v2/*", "salesforce": "POST /services/data/*"}
CONNECTIONS = {"sales_connect": "sales_connect_default", "salesforce": "salesforce_default"}


@pytest.fixture(params=["sales_connect", "salesforce"])
def world(request: pytest.FixtureRequest) -> SandboxWorld:
    made: SandboxWorld = request.getfixturevalue(request.param)
    return made


def test_a_session_that_has_ended_is_renewed_once(world: SandboxWorld) -> None:
    task = world.create("task")
    world.side.connect()
    world.advance(7300)
    world.service.control("DELETE", "/calls")
    assert world.read(task)[task]["presence"] == "live"
    assert world.write(Op.UPDATE, {"remote_id": task, "title": "again"})[0]["outcome"] == "done"
    assert world.service.calls()["logins"] == 1


def test_a_write_meets_an_ended_session_as_well(world: SandboxWorld) -> None:
    world.side.connect()
    world.advance(7300)
    (made,) = world.write(Op.CREATE, world.new("after", "tb:x:1:1"))
    assert made["outcome"] == "done"


def test_many_threads_renew_a_session_once(world: SandboxWorld) -> None:
    task = world.create("task")
    world.side.connect()
    world.advance(7300)
    world.service.control("DELETE", "/calls")
    threads = [threading.Thread(target=world.side.read_ids, args=([task], {})) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.service.calls()["logins"] == 1


def test_a_session_that_is_never_accepted_is_an_authentication_failure(world: SandboxWorld) -> None:
    world.side.connect()
    code = {"sales_connect": "invalid_token", "salesforce": "INVALID_SESSION_ID"}[world.vendor]
    world.service.fault(kind="status", endpoint=READS[world.vendor], status=401, code=code, times=None)
    world.service.control("DELETE", "/calls")
    with pytest.raises(AuthenticationFailed, match=CONNECTIONS[world.vendor]):
        world.side.connect()
    assert world.service.calls()["logins"] == 1


def test_wrong_credentials_say_which_connection_and_not_the_secret(sandbox: Sandbox) -> None:
    service = sandbox.sales_connect
    service.reset()
    side = SalesConnectSide(service.url, service.secrets["client_id"], "wrong-secret-4711")
    with pytest.raises(AuthenticationFailed) as failure:
        side.connect()
    assert "sales_connect_default" in str(failure.value)
    assert "correct" in str(failure.value)
    assert "4711" not in f"{failure.value!r} {side!r} {vars(side)}"


def test_a_token_is_in_no_message_and_no_repr(sandbox: Sandbox) -> None:
    sandbox.salesforce.reset()
    session = SalesforceSession(sandbox.salesforce.url, "00D5g000004AbCd!not-a-token-4711")
    side = SalesforceSide(lambda: session)
    with pytest.raises(AuthenticationFailed) as failure:
        side.connect()
    assert "4711" not in f"{failure.value!r} {session!r} {vars(side)}"


def test_a_closed_port_fails_within_seconds_and_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    began = time.monotonic()
    with pytest.raises(SideUnreachable, match=r"sales_connect_default: .*refused.*; check host and port"):
        SalesConnectSide(f"https://127.0.0.1:{port}", "id", "secret").connect()
    session = SalesforceSession(f"https://127.0.0.1:{port}", "00D5g000004AbCd!t")
    with pytest.raises(SideUnreachable, match=r"salesforce_default: .*refused.*; check host and port"):
        SalesforceSide(lambda: session).connect()
    assert time.monotonic() - began < 15


def test_a_closed_port_means_that_nothing_was_written(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    sandbox.salesforce.reset()
    world = SalesforceWorld(sandbox.salesforce)
    session = SalesforceSession(f"https://127.0.0.1:{port}", "00D5g000004AbCd!t")
    world.side = SalesforceSide(lambda: session)
    with pytest.raises(SideUnreachable):
        world.write(Op.CREATE, world.new("t", "tb:x:1:1"))


def test_a_host_without_a_name_says_so() -> None:
    with pytest.raises(
        SideUnreachable, match=r"sales_connect_default: .*sales-connect.invalid cannot be resolved"
    ):
        SalesConnectSide("https://sales-connect.invalid", "id", "secret").connect()


def test_a_certificate_of_nobody_is_not_accepted(
    world: SandboxWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certifi.where())
    with pytest.raises(
        SideUnreachable, match=rf"{CONNECTIONS[world.vendor]}.*certificate.*REQUESTS_CA_BUNDLE"
    ):
        world.side.connect()


def test_an_expired_certificate_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(tmp_path, "--expired-certificate") as expired:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", expired.sales_connect.ca_bundle)
        with pytest.raises(SideUnreachable, match=r"certificate has expired.*renew the certificate"):
            sales_connect_side(expired.sales_connect).connect()


HTML = "<html>Down for maintenance</html>"
FAILING: list[tuple[int, str]] = [
    (406, ""),
    (408, ""),
    (500, ""),
    (500, HTML),
    (502, ""),
    (503, HTML),
    (504, ""),
]
THROTTLING: list[tuple[int, str]] = [(420, ""), (429, ""), (429, HTML)]


@pytest.mark.parametrize(
    "fault",
    [
        *({"kind": "status", "status": status, "body": body} for status, body in [*FAILING, *THROTTLING]),
        *({"kind": kind} for kind in ("drop_before", "drop_midway", "drop_after")),
    ],
    ids=lambda fault: " ".join(map(str, fault.values()))[:20],
)
def test_a_read_survives_a_server_that_fails_for_a_moment(world: SandboxWorld, fault: dict[str, Any]) -> None:
    task = world.create("task")
    world.side.connect()
    world.service.fault(endpoint=READS[world.vendor], **fault)
    assert world.read(task)[task]["title"] == "task"


def test_a_read_gives_up_after_some_tries(world: SandboxWorld) -> None:
    html = "<html>Down for maintenance</html>"
    endpoint = READS[world.vendor]
    world.service.fault(kind="status", endpoint=endpoint, status=503, body=html, times=None)
    with pytest.raises(
        SideUnreachable, match=rf"{CONNECTIONS[world.vendor]}.*HTTP 503.*status page"
    ) as failure:
        world.side.connect()
    assert "port" not in str(failure.value), "it was reached, so that host and port are right"


@pytest.mark.parametrize(("status", "body"), FAILING)
@pytest.mark.parametrize("committed", [True, False])
def test_a_write_that_a_failing_server_answered_is_unknown(
    world: SandboxWorld, status: int, body: str, committed: bool
) -> None:
    endpoint = WRITES[world.vendor]
    world.service.fault(kind="status", endpoint=endpoint, status=status, body=body, committed=committed)
    (outcome,) = world.write(Op.CREATE, world.new("t", "tb:x:1:1"))
    over = status not in (408, 502, 504)  # behind a gateway the server may still be at work
    assert (outcome["outcome"], outcome["code"]) == ("unknown", "SERVER_FAILED" if over else "ANSWER_LOST")
    assert len(world.side.find_markers(["tb:x:1:1"])) == int(committed)


@pytest.mark.parametrize("kind", ["drop_before", "drop_midway", "drop_after"])
def test_a_write_whose_connection_was_cut_is_unknown_whether_it_was_done_or_not(
    world: SandboxWorld, kind: str
) -> None:
    world.service.fault(kind=kind, endpoint=WRITES[world.vendor])
    (outcome,) = world.write(Op.CREATE, world.new("t", "tb:x:1:1"))
    assert (outcome["outcome"], outcome["code"]) == ("unknown", "ANSWER_LOST")
    assert len(world.side.find_markers(["tb:x:1:1"])) == int(kind != "drop_before")


@pytest.mark.parametrize(("status", "body"), THROTTLING)
def test_a_write_that_a_throttling_server_sent_away_is_repeated(
    world: SandboxWorld, status: int, body: str
) -> None:
    world.service.fault(kind="status", endpoint=WRITES[world.vendor], status=status, body=body)
    (outcome,) = world.write(Op.CREATE, world.new("t", "tb:x:1:1"))
    assert outcome["outcome"] == "done"
    assert len(world.side.find_markers(["tb:x:1:1"])) == 1


def test_the_fence_is_asked_before_every_request_of_a_write_and_stops_it(world: SandboxWorld) -> None:
    """Repeated requests too: a worker that was paused between two tries must not write any more."""
    limit = {"kind": "status", "status": 429, "headers": {"Retry-After": "0"}}
    world.service.fault(endpoint=WRITES[world.vendor], times=3, **limit)
    world.side.connect()
    asked: list[None] = []

    def fence() -> None:
        asked.append(None)
        if len(asked) == 3:
            raise LeaseLost("another run has taken the lease")

    before = world.service.calls()["writes"]
    with pytest.raises(LeaseLost):
        write(world.side, Op.CREATE, world.new("t", "tb:x:1:1"), fence=fence)
    assert world.service.calls()["writes"] == before + 2
    (outcome,) = world.write(Op.CREATE, world.new("t", "tb:x:1:1"))
    assert (outcome["outcome"], len(asked)) == ("done", 3), "of other writes this fence knows nothing"


def test_throttling_is_waited_out(world: SandboxWorld) -> None:
    limit = {"kind": "status", "status": 429, "headers": {"Retry-After": "0"}}
    world.service.fault(endpoint=WRITES[world.vendor], times=2, **limit)
    world.service.fault(endpoint=READS[world.vendor], times=2, **limit)
    (outcome,) = world.write(Op.CREATE, world.new("t", "tb:x:1:1"))
    assert outcome["outcome"] == "done"
    assert world.side.connect().users is not None


def test_throttling_without_end_is_a_limit(world: SandboxWorld) -> None:
    limit = {"kind": "status", "status": 429, "headers": {"Retry-After": "0"}, "times": None}
    world.service.fault(endpoint=WRITES[world.vendor], **limit)
    with pytest.raises(ApiLimitReached, match=CONNECTIONS[world.vendor]):
        world.write(Op.CREATE, world.new("t", "tb:x:1:1"))


def test_a_slow_read_is_repeated_and_a_slow_write_unknown(world: SandboxWorld) -> None:
    task = world.create("task")
    make: Any = {"sales_connect": sales_connect_side, "salesforce": salesforce_side}[world.vendor]
    world.side = make(world.service, timeouts=(5.0, 0.4))
    world.service.fault(kind="slow", endpoint=READS[world.vendor], seconds=1.0)
    assert world.read(task)[task]["presence"] == "live"
    world.service.fault(kind="slow", endpoint=WRITES[world.vendor], seconds=1.0)
    (outcome,) = world.write(Op.CREATE, world.new("t", "tb:x:1:1"))
    assert outcome["outcome"] == "unknown"


def test_the_daily_limit_carries_the_work_over(salesforce: SalesforceWorld) -> None:
    error = {"code": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}
    salesforce.service.fault(kind="status", endpoint="*data*", status=403, times=None, **error)
    with pytest.raises(ApiLimitReached, match=r"salesforce_default.*TotalRequests.*carried over"):
        salesforce.side.connect()
    with pytest.raises(ApiLimitReached):
        salesforce.write(Op.CREATE, salesforce.new("t", "tb:x:1:1"))


def test_the_concurrency_limit_is_waited_out(salesforce: SalesforceWorld) -> None:
    message = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    error = {"code": "REQUEST_LIMIT_EXCEEDED", "message": message}
    salesforce.service.fault(kind="status", endpoint="*data*", status=403, times=2, **error)
    (outcome,) = salesforce.write(Op.CREATE, salesforce.new("t", "tb:x:1:1"))
    assert outcome["outcome"] == "done"


def test_a_timeout_that_calls_itself_invalid_field_is_a_timeout(salesforce: SalesforceWorld) -> None:
    task = salesforce.create("task")
    error = {"code": "INVALID_FIELD", "message": "INVALID_FIELD: Net::ReadTimeout"}
    salesforce.service.fault(kind="status", endpoint="GET *query*", status=400, **error)
    assert salesforce.read(task)[task]["presence"] == "live"
    salesforce.service.fault(kind="row_error", record="t", **error)
    (outcome,) = salesforce.write(Op.CREATE, salesforce.new("t", "tb:x:1:1"))
    assert (outcome["outcome"], outcome["code"], outcome["category"]) == (
        "busy",
        "READ_TIMEOUT",
        "intermittent",
    )


def test_a_failing_login_is_no_authentication_failure(sales_connect: SalesConnectWorld) -> None:
    sales_connect.service.fault(
        kind="status", endpoint="POST /oauth/token", status=503, body="<html>", times=1
    )
    assert sales_connect.side.connect().identity
    sales_connect.service.fault(
        kind="status", endpoint="POST /oauth/token", status=503, body="<html>", times=None
    )
    with pytest.raises(SideUnreachable, match=r"sales_connect_default.*login answered HTTP 503"):
        sales_connect_side(sales_connect.service).connect()
