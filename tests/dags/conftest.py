"""Airflow in this process, with home and metadata database of its own; both systems as real services."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

_HOME = tempfile.TemporaryDirectory(prefix="taskbridge-airflow-")
_ROOT = Path(__file__).parents[2]
# Airflow reads its configuration when it is imported, so this stands before every import of it.
os.environ.update(
    {
        "AIRFLOW_HOME": _HOME.name,
        "AIRFLOW__CORE__DAGS_FOLDER": str(_ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(_ROOT / "plugins"),
        "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_HOME.name}/airflow.db",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }
)

import pytest  # noqa: E402

from tests.contract.sandbox_process import Sandbox, running  # noqa: E402
from tests.dags.world import Installation  # noqa: E402


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and item.path.name != "test_preview.py":
            item.add_marker(pytest.mark.airflow)


@pytest.fixture(scope="session")
def metadata_database() -> None:
    from airflow.utils.db import initdb

    initdb()


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
