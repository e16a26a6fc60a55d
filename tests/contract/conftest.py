"""Every test of the contract runs in every world: memory and sandbox, optional parts on and off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.sandbox_process import Sandbox, running, trusted
from tests.contract.worlds import OneSystem, SalesConnectWorld, SalesforceWorld, memory_worlds

_SALES_CONNECT = {
    "sandbox sales_connect": {"batch": True, "feed": True, "gone_status": 404},
    "sandbox sales_connect, bare": {"batch": False, "feed": False, "gone_status": 404},
    "sandbox sales_connect, 410": {"batch": True, "feed": False, "gone_status": 410},
}
_WORLDS = [*memory_worlds(), *_SALES_CONNECT, "sandbox salesforce"]


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("sandbox")) as started, trusted(started):
        yield started


@pytest.fixture(params=_WORLDS)
def world(request: pytest.FixtureRequest) -> OneSystem:
    name: str = request.param
    if make := memory_worlds().get(name):
        made: OneSystem = make()
        return made
    started: Sandbox = request.getfixturevalue("sandbox")
    return sandbox_world(started, name)


@pytest.fixture
def sales_connect(sandbox: Sandbox) -> SalesConnectWorld:
    sandbox.sales_connect.reset()
    return SalesConnectWorld(sandbox.sales_connect, batch=True, feed=True, gone_status=404)


@pytest.fixture
def bare_sales_connect(sandbox: Sandbox) -> SalesConnectWorld:
    """Without delete feed and batches."""
    sandbox.sales_connect.reset()
    return SalesConnectWorld(sandbox.sales_connect, batch=False, feed=False, gone_status=404)


@pytest.fixture
def salesforce(sandbox: Sandbox) -> SalesforceWorld:
    sandbox.salesforce.reset()
    return SalesforceWorld(sandbox.salesforce)


def sandbox_world(started: Sandbox, name: str) -> OneSystem:
    if name == "sandbox salesforce":
        started.salesforce.reset()
        return SalesforceWorld(started.salesforce)
    started.sales_connect.reset()
    options = _SALES_CONNECT[name]
    return SalesConnectWorld(
        started.sales_connect,
        batch=bool(options["batch"]),
        feed=bool(options["feed"]),
        gone_status=options["gone_status"],
    )
