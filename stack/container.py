"""Entry of the Airflow containers: `python -m stack.container airflow scheduler`.

The sandbox makes its credentials and its certificate at its first start. This reads them from its ready file,
hands them to Airflow as connections, and becomes the command.
"""

import os
import sys
from pathlib import Path

from stack.connections import sandbox_variables
from stack.files import write_json
from stack.sandbox import read_access

READY_FILE = "TASKBRIDGE_SANDBOX_READY_FILE"
ADMIN_PASSWORD = "TASKBRIDGE_ADMIN_PASSWORD"
PASSWORDS_FILE = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"


def main(command: list[str]) -> None:
    ready_file = Path(os.environ[READY_FILE])
    access = read_access(ready_file)
    if access is None:
        sys.exit(f"The sandbox has not written {ready_file} yet. Is its service healthy?")
    write_json(Path(os.environ[PASSWORDS_FILE]), {"admin": os.environ[ADMIN_PASSWORD]})
    os.execvpe(command[0], command, dict(os.environ) | sandbox_variables(access))


if __name__ == "__main__":
    main(sys.argv[1:])
