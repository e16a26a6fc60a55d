import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from stack.airflow import AirflowPlan, Workers, environment, services
from stack.connections import database_variable, sandbox_variables
from stack.keys import Keys
from stack.layout import Layout
from stack.sandbox import SandboxAccess

ACCESS = SandboxAccess(
    salesforce={"url": "https://localhost:8443", "client_id": "key", "client_secret": "secret"},
    sales_connect={"url": "https://localhost:8444", "client_id": "id", "client_secret": "hush"},
    ca_bundle="/ca.pem",
)


@pytest.fixture
def plan(layout: Layout) -> AirflowPlan:
    return AirflowPlan(layout, Keys(), base_port=21000, metadata_url="postgresql+psycopg2://x@/airflow")


def test_airflow_settings_of_the_caller_do_not_reach_the_stack(
    plan: AirflowPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    monkeypatch.setenv("AIRFLOW_CONN_SALESFORCE_DEFAULT", "salesforce://a-real-org")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    env = environment(plan, {})
    assert env["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert "AIRFLOW_CONN_SALESFORCE_DEFAULT" not in env
    assert "PYTHONDONTWRITEBYTECODE" not in env


def test_every_address_has_the_chosen_port(plan: AirflowPlan) -> None:
    env = environment(plan, {})
    assert env["AIRFLOW__API__PORT"] == "21000"
    assert env["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:21000/execution/"
    assert env["AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT"] == "21001"
    assert env["AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT"] == "21002"


def test_celery_workers_share_no_folder_and_no_address(plan: AirflowPlan) -> None:
    assert [service.name for service in services(plan)] == [
        "api-server", "scheduler", "dag-processor", "triggerer",
    ]  # fmt: skip
    workers = Workers(2, 3, broker_url="redis://:secret@127.0.0.1:21003/0", result_url="db+postgresql://x")
    plan = replace(plan, workers=workers)
    found = [service for service in services(plan) if service.name.startswith("worker-")]
    assert len(found) == 2
    for name in ("AIRFLOW_HOME", "AIRFLOW__LOGGING__BASE_LOG_FOLDER", "TASKBRIDGE_ADDRESS"):
        assert len({service.more[name] for service in found}) == 2, name
    env = environment(plan, {})
    assert env["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert env["AIRFLOW__CELERY__BROKER_URL"] == workers.broker_url
    assert env["AIRFLOW__CORE__PARALLELISM"] == "6"


@pytest.mark.parametrize(
    ("before", "after"), [("", "localhost,127.0.0.1"), ("a.example", "a.example,localhost,127.0.0.1")]
)
def test_no_proxy_stands_between_the_services(
    plan: AirflowPlan, monkeypatch: pytest.MonkeyPatch, before: str, after: str
) -> None:
    monkeypatch.setenv("NO_PROXY", before)
    monkeypatch.delenv("no_proxy", raising=False)
    assert environment(plan, {})["NO_PROXY"] == after


def test_keys_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first = Keys.load_or_make(path)
    assert Keys.load_or_make(path) == first
    assert path.stat().st_mode & 0o077 == 0
    assert Keys() != first


def test_salesforce_connection_leads_to_the_sandbox() -> None:
    """simple-salesforce makes https://{domain}.salesforce.com/services/oauth2/token of it."""
    connection = _connection(sandbox_variables(ACCESS), "SALESFORCE_DEFAULT")
    assert connection == {
        "conn_type": "salesforce",
        "extra": {
            "domain": "localhost:8443/services/oauth2/token#",
            "consumer_key": "key",
            "consumer_secret": "secret",
        },
    }


def test_sales_connect_connection() -> None:
    connection = _connection(sandbox_variables(ACCESS), "SALES_CONNECT_DEFAULT")
    assert connection == {
        "conn_type": "sales_connect",
        "host": "https://localhost:8444",
        "login": "id",
        "password": "hush",
    }
    assert sandbox_variables(ACCESS)["REQUESTS_CA_BUNDLE"] == "/ca.pem"


def test_database_connection_is_what_libpq_understands() -> None:
    url = database_variable("/tmp/A folder", "taskbridge")["AIRFLOW_CONN_TASKBRIDGE_DB"]
    parts = psycopg.conninfo.conninfo_to_dict(url.replace("postgres://", "postgresql://"))
    assert parts == {"user": "taskbridge", "host": "/tmp/A folder", "port": "5432", "dbname": "taskbridge"}


def _connection(variables: Mapping[str, str], name: str) -> object:
    return json.loads(variables[f"AIRFLOW_CONN_{name}"])
