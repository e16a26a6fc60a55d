"""What is made of Airflow's connections, and the connection type `sales_connect`."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers_manager import ProvidersManager

from taskbridge.core.terms import Side
from taskbridge.errors import ConnectionMissing
from taskbridge.hooks import SalesConnectHook
from taskbridge.hooks.database import database_url
from taskbridge.hooks.engine import ConnectedSides
from taskbridge.hooks.sales_connect import _https_address
from taskbridge.hooks.salesforce import log_in
from taskbridge.settings import Settings
from tests.dags.world import DATABASE, SALES_CONNECT, SALESFORCE, Installation

SECRET = "hunter2-and-longer"


def set_connection(monkeypatch: pytest.MonkeyPatch, name: str, **parts: Any) -> None:
    monkeypatch.setenv(name, json.dumps(parts))


def test_airflow_offers_the_form(metadata_database: None) -> None:
    manager = ProvidersManager()
    offered = manager.hooks["sales_connect"]
    assert offered is not None
    assert offered.hook_class_name == "taskbridge.hooks.SalesConnectHook"
    assert offered.hook_name == "Sales Connect"
    form = manager.field_behaviours["sales_connect"]
    assert form["relabeling"] == {"host": "Address", "login": "Client id", "password": "Client secret"}
    assert set(form["hidden_fields"]) == {"schema", "port", "extra"}


def test_the_button_says_what_it_found(world: Installation) -> None:
    worked, said = SalesConnectHook().test_connection()
    assert worked
    assert "login: accepted" in said
    assert "3 active of 4 in account acc_" in said
    assert "2 with salesforce_task_sync on" in said
    assert "feed of deletes: answers" in said


def test_the_button_says_what_is_wrong(world: Installation) -> None:
    url = world.sandbox.sales_connect.url
    world.connection(SALES_CONNECT, conn_type="sales_connect", host=url, login="nobody", password=SECRET)
    worked, said = SalesConnectHook().test_connection()
    assert not worked
    assert "refused the login" in said
    assert SECRET not in said


@pytest.mark.parametrize(
    ("parts", "lacking"),
    [
        ({"login": "x", "password": SECRET}, "address"),
        ({"host": "https://api.example.com", "password": SECRET}, "client id"),
        ({"host": "https://api.example.com", "login": "x"}, "client secret"),
        ({"host": "http://api.example.com", "login": "x", "password": SECRET}, "http://"),
        ({"host": f"https://x:{SECRET}@api.example.com", "login": "x", "password": SECRET}, "holds a login"),
    ],
)
def test_an_incomplete_connection_names_what_it_lacks(
    parts: dict[str, str], lacking: str, monkeypatch: pytest.MonkeyPatch, metadata_database: None
) -> None:
    set_connection(monkeypatch, SALES_CONNECT, conn_type="sales_connect", **parts)
    with pytest.raises(ConnectionMissing, match=lacking) as refused:
        SalesConnectHook().get_conn()
    assert SECRET not in str(refused.value)


def test_a_connection_that_is_no_connection_is_not_quoted(
    monkeypatch: pytest.MonkeyPatch, metadata_database: None
) -> None:
    monkeypatch.setenv(SALES_CONNECT, f'{{"conn_type": "sales_connect", "password": "{SECRET}"')
    with pytest.raises(ConnectionMissing, match="sales_connect_default") as refused:
        SalesConnectHook().get_conn()
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("parts", "url"),
    [
        (
            {"host": "db.example.com", "port": 5433, "login": "u", "password": "p@:/", "schema": "tb"},
            "postgresql://u:p%40%3A%2F@db.example.com:5433/tb",
        ),
        ({"host": "/run/pg", "login": "u", "schema": "tb"}, "postgresql://u@/tb?host=%2Frun%2Fpg&port=5432"),
        (
            {"host": "h", "schema": "tb", "extra": {"sslmode": "require", "cursor": "dictcursor"}},
            "postgresql://h/tb?sslmode=require",
        ),
    ],
)
def test_the_database_is_the_one_that_is_named(
    parts: dict[str, Any], url: str, monkeypatch: pytest.MonkeyPatch, metadata_database: None
) -> None:
    set_connection(monkeypatch, DATABASE, conn_type="postgres", **parts)
    assert database_url() == url


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        ({"conn_type": "mysql", "schema": "tb"}, "mysql"),
        ({"conn_type": "generic", "schema": "tb"}, "install apache-airflow-providers-postgres"),
        ({"conn_type": "postgres"}, "names no database"),
    ],
)
def test_another_database_is_refused(
    parts: dict[str, Any], word: str, monkeypatch: pytest.MonkeyPatch, metadata_database: None
) -> None:
    set_connection(monkeypatch, DATABASE, **parts)
    with pytest.raises(ConnectionMissing, match=word):
        database_url()


@pytest.mark.parametrize(
    ("host", "port"), [("api.example.com:99999", None), ("api.example.com", 99999), ("[::1", None)]
)
def test_an_address_that_is_none_is_refused_with_a_sentence(host: str, port: int | None) -> None:
    given: Any = SimpleNamespace(host=host, port=port)
    with pytest.raises(ConnectionMissing, match="sales_connect_default has"):
        _https_address("sales_connect_default", given)


def test_a_side_that_is_not_asked_needs_no_connection(
    monkeypatch: pytest.MonkeyPatch, metadata_database: None
) -> None:
    for name in (SALES_CONNECT, SALESFORCE):
        monkeypatch.delenv(name, raising=False)
    sides = ConnectedSides(Settings(), frozenset({"batch"}))
    with pytest.raises(ConnectionMissing, match="sales_connect_default"):
        _ = sides[Side.SALES_CONNECT]


def test_sales_connect_is_told_what_the_account_offers(world: Installation) -> None:
    sides = ConnectedSides(Settings(), frozenset({"batch"}))
    assert sides.sales_connect.features == {"batch"}
    assert sides.sales_connect is sides[Side.SALES_CONNECT]


def test_the_providers_hook_logs_in_with_user_and_password_as_well(world: Installation) -> None:
    secrets = world.sandbox.salesforce.secrets
    world.connection(
        SALESFORCE,
        conn_type="salesforce",
        login=secrets["username"],
        password=secrets["password"],
        extra={
            "domain": f"{world.sandbox.salesforce.url.removeprefix('https://')}/services/oauth2/token#",
            "consumer_key": secrets["client_id"],
            "consumer_secret": secrets["client_secret"],
        },
    )
    session = log_in()
    assert session.instance_url == world.sandbox.salesforce.url
    assert session.access_token not in repr(session)


def test_each_login_is_a_fresh_one(world: Installation) -> None:
    world.forget_calls()
    log_in()
    log_in()
    assert world.calls("logins")[1] == 2
