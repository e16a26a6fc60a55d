"""The real API server of Airflow in this process, with the pages, and a ledger with something of everything."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import make_url

from taskbridge.core.run import RunMode
from taskbridge.core.terms import Side
from taskbridge.store import Ledger
from tests import airflow_home
from tests.engine.begun import Begun, now
from tests.engine.world import World

HERE = Path(__file__).parent
HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("https://example.com","click")',
    "\u202eabc.exe\u200b right to left",
)
CODE = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
Browser = Callable[[str | None], TestClient]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.airflow)


@pytest.fixture(scope="session")
def airflow_app() -> object:
    airflow_home.make_tables()
    from airflow.api_fastapi.app import create_app

    return create_app("core")


@pytest.fixture(scope="session")
def clients(airflow_app: object) -> Browser:
    """A client logged in with a role; None: a stranger."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    def client(role: str | None) -> TestClient:
        made = TestClient(airflow_app, follow_redirects=False)  # type: ignore[arg-type]
        if role:
            user = SimpleAuthManagerUser(username=role, role=role)
            made.cookies.set("_token", get_auth_manager().generate_jwt(user))
        return made

    return client


@pytest.fixture
def connected(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection and the switch, as Airflow finds them."""
    url = make_url(database_url)
    place = {
        "host": url.query.get("host") or url.host,
        "port": int(url.query.get("port") or url.port or 5432),
    }
    named = {"conn_type": "postgres", "login": url.username, "schema": url.database, **place}
    monkeypatch.setenv("AIRFLOW_CONN_TASKBRIDGE_DB", json.dumps(named))
    monkeypatch.setenv("AIRFLOW_VAR_TASKBRIDGE_ENABLED", "true")


@pytest.fixture(scope="session")
def staged(begun: Begun, shared_ledger: Ledger) -> Begun:
    """A refused row, a contested field, a held due date, a drift, hostile titles, and a dry run."""
    world = begun.again().with_settings(conflict_policy="manual")
    since = now(world.database_url)
    # Whatever other tests have asked, the request is number 1.
    world.rows_changed("SELECT setval(pg_get_serial_sequence('bridge.approval', 'approval_id'), 1, false)")
    for title in HOSTILE:
        world.sc_task(title, due_date=datetime.now(UTC).date())
    contested, held = world.sc_task("Contested"), world.sc_task("Held")
    world.sf.faults.refuse_titles["Refused"] = CODE
    world.sc_task("Refused")
    world.sync()
    world.sc.edit(contested, details="told by phone")
    world.sf.edit(_partner(world, contested), details="told by mail")
    world.with_settings(limits={"count": 0, "share": 0, "user_count": 0, "user_share": 0})
    world.sc.edit(held, due_date=date(2026, 7, 7))
    world.sync()
    world.rows_changed("UPDATE bridge.approval SET dag_run_id = 'approval-1'")
    world.sync(dry_run=True)
    world.sync(mode=RunMode.AUDIT)
    return Begun.of(world, since)


@pytest.fixture
def stage(connected: None, staged: Begun) -> World:
    return staged.again()


@pytest.fixture
def browser(clients: Browser, connected: None) -> Browser:
    return clients


def _partner(world: World, sc_id: str) -> str:
    partner = world.partner(Side.SALES_CONNECT, sc_id)
    assert partner is not None
    return partner
