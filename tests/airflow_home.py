"""Airflow in the process of a test, with home and metadata database of its own.

Airflow reads its configuration when it is imported, so this is imported before it.
"""

from __future__ import annotations

import base64
import os
import tempfile
from functools import cache
from pathlib import Path

_HOME = tempfile.TemporaryDirectory(prefix="taskbridge-airflow-")
_ROOT = Path(__file__).parents[1]
ROLES = ("viewer", "user", "op", "admin")
os.environ.update(
    {
        "AIRFLOW_HOME": _HOME.name,
        "AIRFLOW__CORE__DAGS_FOLDER": str(_ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(_ROOT / "plugins"),
        "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{role}:{role}" for role in ROLES),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_HOME.name}/airflow.db",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }
)


@cache
def make_tables() -> None:
    """The tables of Airflow's own database, once."""
    from airflow.utils.db import initdb

    initdb()
