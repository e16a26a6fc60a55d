"""One login a side for a whole run, and what its tasks share it by."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.sdk.crypto import get_fernet
from cryptography.fernet import Fernet

from taskbridge.core.terms import Side
from taskbridge.hooks.sessions import RunSession
from taskbridge.sides.http import Grant
from taskbridge.store import Ledger
from taskbridge.store.sides import KnownSides
from tests.dags.world import SALES_CONNECT, Installation

KEPT = "SELECT sealed FROM bridge.session"


@pytest.fixture
def fernet_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Gives Airflow another Fernet key; none when it is empty."""

    def change(key: str) -> None:
        monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", key)
        get_fernet.cache_clear()  # type: ignore[attr-defined]

    before = os.environ["AIRFLOW__CORE__FERNET_KEY"]
    yield change
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", before)
    get_fernet.cache_clear()  # type: ignore[attr-defined]


def write_on_both_sides(world: Installation) -> None:
    """A run that has something to write on both sides comes next."""
    world.sync()
    first, second, *_ = world.rows(
        "SELECT sc_id, sf_id FROM bridge.link WHERE state = 'linked' ORDER BY sc_id"
    )
    world.sandbox.sales_connect.control("PATCH", f"/people/tasks/{first['sc_id']}", {"details": "of here"})
    person = world.sandbox.salesforce.control("GET", "/snapshot")["Task"][0]["OwnerId"]
    body = {"as": person, "fields": {"Description": "of there"}}
    world.sandbox.salesforce.control("PATCH", f"/people/Task/{second['sf_id']}", body)
    world.let_time_pass()
    world.forget_calls()


def test_a_run_with_writes_on_both_sides_logs_in_once_to_each(world: Installation) -> None:
    write_on_both_sides(world)
    assert world.run().state == "success"
    assert min(world.calls("writes")) >= 1
    assert world.calls("logins") == (1, 1)
    assert world.rows(KEPT) == [], "forgotten when the run has ended"


def test_a_session_that_ends_in_the_middle_is_replaced_for_the_tasks_to_come(
    world: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_on_both_sides(world)
    for service, endpoint in (
        (world.sandbox.sales_connect, "GET /v2/tasks*"),
        (world.sandbox.salesforce, "GET *query*"),
    ):
        # Not at the first call of a run, which is for users, but in a task that found a session.
        service.fault(kind="status", endpoint=endpoint, status=401, code="INVALID_SESSION_ID", nth=2)
    assert world.run().state == "success"
    assert world.calls("logins") == (2, 2)
    assert min(world.calls("writes")) >= 1


def test_without_a_fernet_key_nothing_is_kept_and_each_task_logs_in(
    world: Installation, fernet_key: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_on_both_sides(world)
    fernet_key("")
    kept: list[Any] = []
    monkeypatch.setattr(KnownSides, "keep_session", lambda *given: kept.append(given))
    assert world.run().state == "success"
    assert kept == []
    assert min(world.calls("logins")) >= 3


@pytest.fixture
def session(world: Installation) -> Iterator[RunSession]:
    with Ledger(world.database_url) as ledger:
        yield RunSession(ledger, "task_sync/one", Side.SALES_CONNECT)


GRANT = Grant("https://one.example.com", "token-4711")


def test_what_is_kept_is_sealed(world: Installation, session: RunSession) -> None:
    session.keep(GRANT)
    (row,) = world.rows(KEPT)
    assert "4711" not in row["sealed"]
    assert "example" not in row["sealed"]
    assert session.recall() == GRANT
    assert "4711" not in repr(session)


def test_a_session_of_another_run_or_connection_or_key_is_not_taken(
    world: Installation, session: RunSession, fernet_key: Callable[[str], None]
) -> None:
    session.keep(GRANT)
    assert RunSession(session.ledger, "task_sync/two", session.side).recall() is None
    assert RunSession(session.ledger, session.run_key, Side.SALESFORCE).recall() is None
    url = world.sandbox.sales_connect.url
    world.connection(SALES_CONNECT, conn_type="sales_connect", host=url, login="other", password="x")
    assert session.recall() is None
    world.connect()
    assert session.recall() == GRANT
    fernet_key(Fernet.generate_key().decode())
    assert session.recall() is None


def test_a_renewed_session_takes_the_place_of_the_old_one(world: Installation, session: RunSession) -> None:
    session.keep(GRANT)
    session.keep(Grant(GRANT.base_url, "token-4712"))
    assert session.recall() == Grant(GRANT.base_url, "token-4712")
    world.execute("UPDATE bridge.session SET kept_at = now() - interval '25 hours'")
    session.ledger.runs.release_lease("another")
    assert world.rows(KEPT) == [], "of a run whose end nobody saw"
