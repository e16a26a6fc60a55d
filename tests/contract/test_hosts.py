"""Tokens and secrets stay with their host: redirects, addresses out of answers, and TLS."""

from __future__ import annotations

from typing import Any

import pytest

from taskbridge.errors import CallRefused, ContractBroken, SideUnreachable
from taskbridge.sides.hosts import own_address
from taskbridge.sides.sales_connect.side import SalesConnectSide
from taskbridge.sides.salesforce.side import SalesforceSession, SalesforceSide
from tests.contract.sandbox_process import Sandbox
from tests.contract.scripted import scripted_salesforce
from tests.contract.worlds import SalesConnectWorld, SalesforceWorld

HERE = "https://org.example"
ELSEWHERE = [
    "@other-host/services/data",
    ".other-host/services/data",
    ":443@other-host/",
    "other-host/x",
    "//other-host/services/data",
    "https://other-host/services/data",
    "https://org.example@other-host/",
    "https://org.example:444/services/data",
    "http://org.example/services/data",
    "https://[other-host/services/data",
    "",
]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_login_to_sales_connect_follows_a_redirect(
    sales_connect: SalesConnectWorld, sandbox: Sandbox, status: int
) -> None:
    sandbox.salesforce.control("DELETE", "/calls")
    there = {"Location": f"{sandbox.salesforce.url}/services/oauth2/token"}
    sales_connect.service.fault(
        kind="status", endpoint="POST /oauth/token", status=status, headers=there, body="x"
    )
    with pytest.raises(CallRefused, match=f"redirect to 127.0.0.1 .HTTP {status} "):
        sales_connect.side.connect()
    assert sandbox.salesforce.calls()["total"] == 0


@pytest.mark.parametrize("location", [None, "https://[", "/sign-in"])
def test_a_redirect_to_nowhere_is_one_as_well(sales_connect: SalesConnectWorld, location: str | None) -> None:
    headers = {} if location is None else {"Location": location}
    sales_connect.service.fault(
        kind="status", endpoint="POST /oauth/token", status=302, headers=headers, body="x"
    )
    with pytest.raises(CallRefused, match=r"sales_connect_default.*redirect"):
        sales_connect.side.connect()


@pytest.mark.parametrize("status", [302, 307])
def test_no_call_follows_a_redirect(salesforce: SalesforceWorld, sandbox: Sandbox, status: int) -> None:
    sandbox.sales_connect.control("DELETE", "/calls")
    there = {"Location": f"{sandbox.sales_connect.url}/v2/users"}
    salesforce.service.fault(
        kind="status", endpoint="GET /services/data/*", status=status, headers=there, body="x", times=None
    )
    with pytest.raises(CallRefused, match="salesforce_default"):
        salesforce.changes(*_window(salesforce))
    assert sandbox.sales_connect.calls()["total"] == 0


@pytest.mark.parametrize("address", ELSEWHERE)
def test_a_next_page_on_another_host_is_not_asked(address: str) -> None:
    page = {
        "totalSize": 2,
        "done": False,
        "nextRecordsUrl": address,
        "records": [{"Id": "00T5g0000000001AAA"}],
    }
    side, script = scripted_salesforce((200, page))
    with pytest.raises(ContractBroken, match=r"salesforce_default.*not its own") as refused:
        side.connect()
    assert len(script.requests) == 1
    assert "secret-token" not in str(refused.value)


@pytest.mark.parametrize("address", ELSEWHERE)
def test_what_is_no_address_of_the_host(address: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        own_address(HERE, address)


@pytest.mark.parametrize("address", ["/services/data/v67.0/query/01g-2000", f"{HERE}/services/data"])
def test_an_address_of_the_host(address: str) -> None:
    assert own_address(HERE, address).startswith(f"{HERE}/services/data")


@pytest.mark.parametrize(
    "side",
    [
        lambda: SalesConnectSide("http://sc.example", "client", "secret"),
        lambda: SalesforceSide(lambda: SalesforceSession("http://org.example", "00D5g000004AbCd!token")),
    ],
    ids=["sales_connect", "salesforce"],
)
def test_nothing_is_sent_without_tls(side: Any) -> None:
    with pytest.raises(SideUnreachable, match="does not begin with https"):
        side().connect()


def _window(world: SalesforceWorld) -> tuple[Any, Any]:
    window = world.lately()
    return window.start, window.end
