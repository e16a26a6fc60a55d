"""How many logins a system that refuses us sees: the real clients, each run with clients of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
import requests

from taskbridge.core.run import RunMode, RunOutcome, RunSpec
from taskbridge.core.terms import Side
from taskbridge.engine.cycle import run_cycle
from taskbridge.engine.engine import Engine
from taskbridge.engine.pause import WatchedSides
from taskbridge.engine.ports import Sides
from taskbridge.errors import AuthenticationFailed
from taskbridge.settings import Settings
from taskbridge.sides.salesforce.side import SalesforceSession, SalesforceSide
from taskbridge.store import Ledger
from tests.contract.sandbox_process import Sandbox, Service
from tests.contract.worlds import (
    SalesConnectWorld,
    SalesforceWorld,
    sales_connect_side,
    salesforce_login,
)

pytestmark = pytest.mark.postgres


def refuse_logins(service: Service) -> None:
    body = {"error": "invalid_client", "error_description": "invalid client credentials"}
    service.fault(kind="status", endpoint="POST *oauth*/token", status=400, body=body, times=None)


def refuse_sessions(service: Service) -> None:
    salesforce = "username" in service.secrets
    code = "INVALID_SESSION_ID" if salesforce else "invalid_token"
    endpoint = "GET /services/data*" if salesforce else "GET /v2/*"
    service.fault(kind="status", endpoint=endpoint, status=401, code=code, times=None)


def let_the_password_expire(service: Service) -> None:
    """Logins work, and each call is refused. Sales Connect has no password of ours."""
    if "username" in service.secrets:
        service.switch(password_expired=True)
    else:
        refuse_sessions(service)


@pytest.mark.parametrize("refuse", [refuse_logins, refuse_sessions, let_the_password_expire])
@pytest.mark.parametrize("side", list(Side))
def test_at_most_three_logins_an_hour(
    sandbox: Sandbox,
    sales_connect: SalesConnectWorld,
    salesforce: SalesforceWorld,
    ledger: Ledger,
    database_url: str,
    side: Side,
    refuse: Callable[[Service], None],
) -> None:
    service = sandbox.sales_connect if side is Side.SALES_CONNECT else sandbox.salesforce
    outcomes = [_run(sandbox, ledger, "before")]
    service.control("DELETE", "/calls")
    refuse(service)
    for minute in range(0, 60, 5):
        outcomes.append(_run(sandbox, ledger, f"minute {minute}"))
        _pass_minutes(database_url, 5)
    assert outcomes == [RunOutcome.CLEAN, RunOutcome.FAILED, *11 * [RunOutcome.SKIPPED]]
    assert 2 <= service.calls()["logins"] <= 3
    service.control("DELETE", "/faults")
    sandbox.salesforce.switch(password_expired=False)
    _pass_minutes(database_url, 60)
    assert _run(sandbox, ledger, "after") is RunOutcome.CLEAN


def _run(sandbox: Sandbox, ledger: Ledger, key: str) -> RunOutcome:
    sides = Sides(
        sales_connect_side(sandbox.sales_connect), SalesforceSide(lambda: _login(sandbox.salesforce))
    )
    engine = Engine(ledger, WatchedSides(sides, ledger), Settings(), lambda: True)
    return run_cycle(engine, RunSpec(key, RunMode.SCHEDULED, "settings", "code")).outcome


def _login(service: Service) -> SalesforceSession:
    """As `hooks.salesforce.log_in`: a refusal is told as one."""
    try:
        return salesforce_login(service)
    except requests.HTTPError as error:
        raise AuthenticationFailed("invalid client credentials") from error


def _pass_minutes(database_url: str, minutes: int) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE bridge.side_state SET since = since - %(so_long)s, "
            "next_attempt_at = next_attempt_at - %(so_long)s",
            {"so_long": timedelta(minutes=minutes)},
        )
