"""The project's database, as the connection `taskbridge_db` names it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import URL

from taskbridge.errors import ConnectionMissing
from taskbridge.hooks.connections import DATABASE, NEEDS, connection_named

# What libpq understands of a Postgres connection's extras; the others are meant for Airflow's own hook.
_LIBPQ: Final = ("sslmode", "sslrootcert", "sslcert", "sslkey", "options", "target_session_attrs")

_GENERIC: Final = (
    " Airflow stores a type as generic when it lacks its provider: install apache-airflow-providers-postgres, "
    "delete the connection and add it again."
)


def database_url() -> str:
    """The URL of the database, password included. Raises ConnectionMissing."""
    connection = connection_named(DATABASE)
    if connection.conn_type not in ("postgres", "postgresql"):
        raise ConnectionMissing(
            f"The Airflow connection {DATABASE} is of type {connection.conn_type}; it needs {NEEDS[DATABASE]}."
            f"{_GENERIC if connection.conn_type == 'generic' else ''}"
        )
    if not connection.schema:
        raise ConnectionMissing(
            f"The Airflow connection {DATABASE} names no database; it needs {NEEDS[DATABASE]}."
        )
    extras = connection.extra_dejson
    query = {name: str(extras[name]) for name in _LIBPQ if extras.get(name)}
    host, port = connection.host, connection.port
    if host and host.startswith("/"):
        # A socket's folder cannot stand where a URL has its host.
        query |= {"host": host, "port": str(port or 5432)}
        host = port = None
    return URL.create(
        "postgresql",
        username=connection.login or None,
        password=connection.password or None,
        host=host or None,
        port=port or None,
        database=connection.schema,
        query=query,
    ).render_as_string(hide_password=False)
