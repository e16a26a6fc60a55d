"""The command that puts Variables and connections into an Airflow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from airflow.models.connection import Connection
from airflow.models.variable import Variable
from airflow.utils.session import create_session
from sqlalchemy import delete, select

from taskbridge import setup
from taskbridge.hooks.connections import NEEDS
from taskbridge.operators.variables import ENABLED, SETTINGS


@pytest.fixture
def nothing_there(metadata_database: None) -> Iterator[None]:
    _forget()
    yield
    _forget()


def _forget() -> None:
    with create_session() as session:
        session.execute(delete(Variable))
        session.execute(delete(Connection))


def test_it_puts_in_what_a_run_reads_and_leaves_what_is_there(nothing_there: None) -> None:
    with create_session() as session:
        session.add(Variable(ENABLED, "true"))
    for _ in range(2):
        assert setup.main() == 0
    with create_session() as session:
        variables = {each.key: (each.val, each.description) for each in session.scalars(select(Variable))}
        connections = {each.conn_id: each.conn_type for each in session.scalars(select(Connection))}
        described = [each.description for each in session.scalars(select(Connection))]
    assert variables[ENABLED] == ("true", None)
    assert variables[SETTINGS] == ("{}", setup.VARIABLES[SETTINGS]["description"])
    assert connections == {name: given["conn_type"] for name, given in setup.CONNECTIONS.items()}
    assert connections.keys() == NEEDS.keys()
    assert all(described)
