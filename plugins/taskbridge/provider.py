"""What Airflow asks an installed provider (entry point `apache_airflow_provider`).

Imports nothing: every component of Airflow reads it when it starts.
"""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Name, version and connection type, in the shape of Airflow's provider_info schema."""
    return {
        "package-name": "taskbridge",
        "name": "TaskBridge",
        "description": "Keeps Sales Connect reminder tasks and Salesforce Tasks the same, both ways.",
        "connection-types": [
            {
                "connection-type": "sales_connect",
                "hook-class-name": "taskbridge.hooks.SalesConnectHook",
                "hook-name": "Sales Connect",
                # Standard fields under the names that Sales Connect uses.
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "port", "extra"],
                    "relabeling": {"host": "Address", "login": "Client id", "password": "Client secret"},
                    "placeholders": {
                        "host": "https://api.example.com",
                        "login": "of the OAuth application",
                        "password": "of the OAuth application",
                    },
                },
            }
        ],
    }
