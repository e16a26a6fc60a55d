"""Puts the Variables and connections that TaskBridge reads into Airflow, to be filled in under Admin.

What is there already stays as it is, so `python -m taskbridge.setup` may be run again at any time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

VARIABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "taskbridge_enabled": {
        "value": "false",
        "description": "The switch of the sync: true, or anything else for off. Also the brake.",
    },
    "taskbridge_settings": {
        "value": "{}",
        "description": "Settings as one JSON object; {} means all defaults. Keys: docs/settings.md.",
    },
}
CONNECTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "taskbridge_db": {
        "conn_type": "postgres",
        "description": "TaskBridge's own database. Needs host, port, database, login and password.",
    },
    "salesforce_default": {
        "conn_type": "salesforce",
        "description": "The Salesforce org. Needs domain (My Domain), consumer key and consumer secret of an app.",
    },
    "sales_connect_default": {
        "conn_type": "sales_connect",
        "description": "The Sales Connect account. Needs address, client id and client secret.",
    },
}


def main() -> int:
    ended = [
        _import(CONNECTIONS, "connections", "import"),
        _import(VARIABLES, "variables", "import", "--action-on-existing-key", "skip"),
    ]
    if not any(ended):
        print(
            "Now fill the connections in under Admin, Connections; python -m taskbridge.doctor checks them."
        )
    return max(ended)


def _import(values: Mapping[str, Mapping[str, str]], *command: str) -> int:
    """By Airflow's own command line; answers its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "given.json"
        file.write_text(json.dumps(values), encoding="utf-8")
        return subprocess.run([sys.executable, "-m", "airflow", *command, str(file)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
