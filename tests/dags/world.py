"""Runs of the DAGs, and what tests want to know of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row
from sqlalchemy import make_url

from tests.contract.sandbox_process import Sandbox

SALES_CONNECT = "AIRFLOW_CONN_SALES_CONNECT_DEFAULT"
SALESFORCE = "AIRFLOW_CONN_SALESFORCE_DEFAULT"
DATABASE = "AIRFLOW_CONN_TASKBRIDGE_DB"
DAGS = Path(__file__).parents[2] / "dags"
_known_to_airflow: set[str] = set()


@dataclass(frozen=True)
class Ended:
    """A DAG run that has ended."""

    state: str
    tasks: Mapping[str, str | None]  # task id -> state
    xcom: Mapping[tuple[str, str], Any]  # (task id, key) -> value

    @property
    def error(self) -> str:
        """The sentence of the first task that told one."""
        return next((value for (_, key), value in self.xcom.items() if key == "error"), "")


@dataclass
class Installation:
    """The outside of a run: two systems, a database, Airflow's connections and Variables."""

    sandbox: Sandbox
    database_url: str
    monkeypatch: pytest.MonkeyPatch = field(repr=False)

    def connect(self) -> None:
        """All three connections, as they are in the local stack."""
        salesforce, sales_connect = self.sandbox.salesforce, self.sandbox.sales_connect
        self.connection(
            SALESFORCE,
            conn_type="salesforce",
            extra={
                # Makes the rest of the library's token URL a fragment, which is not sent.
                "domain": f"{urlsplit(salesforce.url).netloc}/services/oauth2/token#",
                "consumer_key": salesforce.secrets["client_id"],
                "consumer_secret": salesforce.secrets["client_secret"],
            },
        )
        self.connection(
            SALES_CONNECT,
            conn_type="sales_connect",
            host=sales_connect.url,
            login=sales_connect.secrets["client_id"],
            password=sales_connect.secrets["client_secret"],
        )
        url = make_url(self.database_url)
        self.connection(
            DATABASE,
            conn_type="postgres",
            host=url.query.get("host", url.host),
            port=int(str(url.query.get("port", url.port))),
            login=url.username,
            schema=url.database,
        )
        self.monkeypatch.setenv("REQUESTS_CA_BUNDLE", salesforce.ca_bundle)

    def connection(self, name: str, **parts: Any) -> None:
        self.monkeypatch.setenv(name, json.dumps(parts))

    def without(self, name: str) -> None:
        self.monkeypatch.delenv(name)

    def switch(self, value: str | None) -> None:
        self.variable("TASKBRIDGE_ENABLED", value)

    def settings(self, text: str) -> None:
        self.variable("TASKBRIDGE_SETTINGS", text)

    def variable(self, name: str, value: str | None) -> None:
        if value is None:
            self.monkeypatch.delenv(f"AIRFLOW_VAR_{name}", raising=False)
        else:
            self.monkeypatch.setenv(f"AIRFLOW_VAR_{name}", value)

    def run(self, dag_id: str = "task_sync", *, at: datetime | None = None, **conf: Any) -> Ended:
        """One run, as a person triggers it; without `at` it has no logical date and no data interval."""
        from airflow.dag_processing import dagbag
        from airflow.models.xcom import XComModel
        from airflow.utils.session import create_session
        from sqlalchemy import select

        # Read anew for each run, as its params stay in it; but that of all files `dag.test` need not do each time.
        dag = dagbag.DagBag(DAGS / f"{dag_id}.py").dags[dag_id]
        if dag_id in _known_to_airflow:
            self.monkeypatch.setattr(dagbag, "BundleDagBag", lambda **_: None)
            self.monkeypatch.setattr(dagbag, "sync_bag_to_db", lambda *_: None)
        _known_to_airflow.add(dag_id)
        ended = dag.test(logical_date=at, run_conf=conf or None)
        with create_session() as session:
            stored = session.scalars(select(XComModel).where(XComModel.run_id == ended.run_id))
            xcom = {(row.task_id, row.key): XComModel.deserialize_value(row) for row in stored}
        tasks = {task.task_id: task.state and str(task.state) for task in ended.get_task_instances()}
        return Ended(str(ended.state), tasks, xcom)

    def sync(self) -> None:
        """The steps of a run without Airflow, which takes most of their time: for what is there when a test begins."""
        from taskbridge.core.run import RunMode, RunOutcome, RunSpec
        from taskbridge.engine.cycle import run_cycle
        from taskbridge.hooks.engine import build_engine, open_ledger
        from taskbridge.operators.variables import read_settings, switch_is_on

        settings = read_settings()
        spec = RunSpec(f"test/{uuid4()}", RunMode.SCHEDULED, settings.fingerprint, "test")
        with open_ledger() as ledger:
            told = run_cycle(build_engine(ledger, settings, switch_is_on), spec)
        assert told.outcome is RunOutcome.CLEAN, told.text

    def let_time_pass(self) -> None:
        """Two seconds on both servers: they tell their time by the second, and a run reads up to that."""
        for service in (self.sandbox.sales_connect, self.sandbox.salesforce):
            service.control("POST", "/clock", {"advance_seconds": 2})

    def forget_calls(self) -> None:
        for service in (self.sandbox.sales_connect, self.sandbox.salesforce):
            service.control("DELETE", "/calls")

    def calls(self, kind: str = "total") -> tuple[int, int]:
        """Calls since the last `forget_calls`, of Sales Connect and of Salesforce."""
        return self.sandbox.sales_connect.calls()[kind], self.sandbox.salesforce.calls()[kind]

    def execute(self, statement: str) -> None:
        """Changes the project's database behind its back."""
        with self._connection() as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def rows(self, query: str) -> list[dict[str, Any]]:
        """What the project's database answers."""
        with self._connection() as connection:
            return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]

    def _connection(self) -> psycopg.Connection[dict[str, Any]]:
        plain = make_url(self.database_url).set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(plain, row_factory=dict_row)
