"""`make doctor`: the environment in which the running stack is examined."""

import json

import pytest

from stack.airflow import METADATA_DATABASE
from stack.doctor import running_environment
from stack.errors import StackError
from stack.layout import Layout
from stack.state import StackState, hold_lock

READY = {
    "ca_bundle": "/ca.pem",
    "salesforce": {"url": "https://localhost:1", "client_id": "a", "client_secret": "b"},
    "sales_connect": {"url": "https://localhost:2", "client_id": "c", "client_secret": "d"},
}
STATE = StackState(
    phase="ready",
    url="http://127.0.0.1:18080",
    database_url="postgresql://taskbridge@/taskbridge?host=%2Ftmp%2Fpg&port=5432",
)


def test_a_stack_that_does_not_run_says_how_to_examine_others(layout: Layout) -> None:
    with pytest.raises(StackError, match=r"python -m taskbridge\.doctor"):
        running_environment(layout)


def test_a_stack_that_starts_is_not_examined(layout: Layout) -> None:
    with hold_lock(layout):
        StackState().write(layout.state)
        with pytest.raises(StackError, match="still starting"):
            running_environment(layout)


def test_a_running_stack_is_examined_with_the_environment_of_its_airflow(layout: Layout) -> None:
    with hold_lock(layout):
        STATE.write(layout.state)
        (layout.sandbox / "ready.json").write_text(json.dumps(READY))
        env = running_environment(layout)
    assert env["AIRFLOW_HOME"] == str(layout.airflow_home)
    assert env["AIRFLOW_CONN_TASKBRIDGE_DB"] == "postgres://taskbridge@%2Ftmp%2Fpg:5432/taskbridge"
    assert env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == (
        f"postgresql+psycopg2://taskbridge@/{METADATA_DATABASE}?host=%2Ftmp%2Fpg&port=5432"
    )
    assert json.loads(env["AIRFLOW_CONN_SALES_CONNECT_DEFAULT"])["host"] == "https://localhost:2"
    assert env["REQUESTS_CA_BUNDLE"] == "/ca.pem"
