"""Whether everything is there that a run needs. `python -m taskbridge.doctor`, or `make doctor`.

Reads the Airflow connections and Variables that a task would read, from the environment, from the secrets
backend, or from Airflow's database; no Airflow service has to run. Ends with 1 when something has to be mended.
"""

from __future__ import annotations

import os
import sys

# Without it Airflow's SDK looks for connections in the environment alone, unless a worker runs it.
os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")

from taskbridge.engine.preflight import is_well, table
from taskbridge.errors import SettingsInvalid
from taskbridge.hooks.doctor import examine
from taskbridge.operators.variables import read_settings


def main() -> int:
    try:
        settings = read_settings()
    except SettingsInvalid as invalid:
        print(invalid, file=sys.stderr)
        return 1
    sections = examine(settings)
    print(table(sections))
    return 0 if is_well(sections) else 1


if __name__ == "__main__":
    sys.exit(main())
