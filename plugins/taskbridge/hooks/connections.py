"""The three Airflow connections. No message carries a password, a token or a whole URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from taskbridge.errors import ConnectionMissing

if TYPE_CHECKING:
    from airflow.sdk import Connection

SALESFORCE: Final = "salesforce_default"
SALES_CONNECT: Final = "sales_connect_default"
DATABASE: Final = "taskbridge_db"

NEEDS: Final = {
    SALESFORCE: "type Salesforce, with domain, consumer key and consumer secret",
    SALES_CONNECT: "type Sales Connect, with address, client id and client secret",
    DATABASE: "type Postgres, with host, port, database, login and password",
}


def connection_named(conn_id: str) -> Connection:
    """The Airflow connection. Raises ConnectionMissing when there is none, or one that cannot be read."""
    needs = NEEDS.get(conn_id, NEEDS[SALES_CONNECT])
    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException as error:
        raise ConnectionMissing(
            f"The Airflow connection {conn_id} does not exist; under Admin, Connections create it ({needs})."
        ) from error
    except ValueError:
        # The cause is left out: it may quote the connection, and its password with it.
        raise ConnectionMissing(
            f"The Airflow connection {conn_id} cannot be read: neither a URI nor JSON of a connection; "
            f"create it anew ({needs})."
        ) from None
