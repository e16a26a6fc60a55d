"""The three Airflow connections of the stack: as environment variables, and as Airflow's API takes them."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

from stack.postgres import PORT, USER
from stack.sandbox import SandboxAccess
from taskbridge.setup import CONNECTIONS


def sandbox_variables(sandbox: SandboxAccess) -> dict[str, str]:
    """The connections to the two systems, and the CA that signed their certificate."""
    address = urlsplit(sandbox.salesforce["url"]).netloc
    return {
        "AIRFLOW_CONN_SALESFORCE_DEFAULT": json.dumps(
            {
                "conn_type": "salesforce",
                "extra": {
                    # simple-salesforce appends ".salesforce.com/..." to the domain; the "#" turns that into
                    # a fragment, which is never sent. So the unmodified hook reaches our token endpoint.
                    "domain": f"{address}/services/oauth2/token#",
                    "consumer_key": sandbox.salesforce["client_id"],
                    "consumer_secret": sandbox.salesforce["client_secret"],
                },
            }
        ),
        "AIRFLOW_CONN_SALES_CONNECT_DEFAULT": json.dumps(
            {
                "conn_type": "sales_connect",
                "host": sandbox.sales_connect["url"],
                "login": sandbox.sales_connect["client_id"],
                "password": sandbox.sales_connect["client_secret"],
            }
        ),
        "REQUESTS_CA_BUNDLE": sandbox.ca_bundle,
    }


def database_variable(postgres_host: str, database: str) -> dict[str, str]:
    """The connection to the project's database. postgres_host: the folder of the server's socket."""
    return {
        "AIRFLOW_CONN_TASKBRIDGE_DB": f"postgres://{USER}@{quote(postgres_host, safe='')}:{PORT}/{database}"
    }


def shown(sandbox: SandboxAccess, postgres_host: str, database: str) -> Iterator[dict[str, Any]]:
    """The same for people, who see and test what Airflow has stored; tasks go by the environment."""
    systems = {
        name.removeprefix("AIRFLOW_CONN_").lower(): json.loads(value)
        for name, value in sandbox_variables(sandbox).items()
        if name.startswith("AIRFLOW_CONN_")
    }
    place = {"host": postgres_host, "port": PORT, "login": USER, "schema": database}
    for name, parts in {**systems, "taskbridge_db": place}.items():
        if "extra" in parts:
            parts["extra"] = json.dumps(parts["extra"])
        told = {
            **CONNECTIONS[name],
            "description": "Of the local stack, which sets it anew whenever it starts. Its tasks go by the same "
            f"values in their environment (AIRFLOW_CONN_{name.upper()}), not by changes here.",
        }
        yield {"connection_id": name, **told, **parts}
