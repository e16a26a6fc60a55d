"""Airflow in this process, with home and metadata database of its own; both systems as real services."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import airflow_home
from tests.contract.sandbox_process import Sandbox, running
from tests.dags.world import Installation


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and item.path.name != "test_preview.py":
            item.add_marker(pytest.mark.airflow)


@pytest.fixture(scope="session")
def metadata_database() -> None:
    airflow_home.make_tables()


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("sandbox")) as services:
        yield services


@pytest.fixture
def world(
    metadata_database: None, sandbox: Sandbox, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Installation:
    """Both systems with the demo people and tasks, an empty ledger, all connections, and the switch on."""
    for service in (sandbox.sales_connect, sandbox.salesforce):
        service.control("POST", "/reset", {"seed": "demo"})
        service.control("DELETE", "/faults")
    world = Installation(sandbox, database_url, monkeypatch)
    world.connect()
    world.switch("true")
    return world
