"""The connection type `sales_connect`.

Airflow imports this to test a connection, and whenever a DAG file is parsed: no client and no pandas up here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from airflow.sdk import BaseHook

from taskbridge.errors import ConnectionMissing
from taskbridge.hooks.connections import NEEDS, SALES_CONNECT, connection_named

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from taskbridge.sides.http import Sessions
    from taskbridge.sides.sales_connect.side import SalesConnectSide


_PORTS: Final = range(1, 65_536)


class SalesConnectHook(BaseHook):
    """A connection to Sales Connect: host = https address, login = client id, password = client secret.

    Its form is in `taskbridge.provider`.
    """

    conn_name_attr = "sales_connect_conn_id"
    default_conn_name = SALES_CONNECT
    conn_type = "sales_connect"
    hook_name = "Sales Connect"

    def __init__(self, sales_connect_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.conn_id = sales_connect_conn_id

    def get_conn(self, sessions: Sessions | None = None, concurrent_calls: int = 1) -> SalesConnectSide:
        """The client, not logged in yet. Raises ConnectionMissing."""
        from taskbridge.sides.sales_connect.side import SalesConnectSide

        connection = connection_named(self.conn_id)
        parts = {
            "address": connection.host,
            "client id": connection.login,
            "client secret": connection.password,
        }
        missing = [name for name, value in parts.items() if not value]
        if missing:
            raise ConnectionMissing(
                f"The Airflow connection {self.conn_id} lacks {', '.join(missing)}; "
                f"it needs {NEEDS[SALES_CONNECT]}."
            )
        address = _https_address(self.conn_id, connection)
        return SalesConnectSide(
            address,
            str(connection.login),
            str(connection.password),
            sessions=sessions,
            concurrent_calls=concurrent_calls,
        )

    def test_connection(self) -> tuple[bool, str]:
        """The checks of `taskbridge.doctor` that concern Sales Connect: whether it can be used, and what was
        found."""
        from taskbridge.engine.preflight import examine_sales_connect, in_a_sentence, is_well
        from taskbridge.settings import Settings

        section, _, _ = examine_sales_connect(cache(self.get_conn), Settings(), lambda: datetime.now(UTC))
        return is_well([section]), in_a_sentence(section)


def _https_address(conn_id: str, connection: Connection) -> str:
    """The address as the client wants it; credentials are never sent in the clear."""
    host = str(connection.host).strip().rstrip("/")
    try:
        address = urlsplit(host if "://" in host else f"https://{host}")
        port = connection.port if address.port is None else None
    except ValueError as error:
        raise ConnectionMissing(
            f"The Airflow connection {conn_id} has an address that is none ({error}); expected one such as "
            "https://api.example.com."
        ) from None
    if port and port not in _PORTS:
        raise ConnectionMissing(
            f"The Airflow connection {conn_id} has the port {port}; ports go up to {_PORTS[-1]}."
        )
    if address.scheme != "https" or not address.hostname or address.username:
        raise ConnectionMissing(
            f"The Airflow connection {conn_id} has an address that begins with {address.scheme}://"
            f"{' and holds a login' if address.username else ''}; expected one such as https://api.example.com."
        )
    return f"https://{address.netloc}{f':{port}' if port else ''}{address.path}"
