"""A service of Airflow whose log server is reached from this machine alone.

    python -m stack.loopback triggerer

Airflow starts a log server beside its triggerer and its workers, on every address of the machine, and has no setting
for it. Services that shall be taken for several machines have an address each (`ADDRESS_VARIABLE`): Airflow
asks each worker for its logs at the worker's address, and at one port.
"""

import os
import sys
from typing import Any

import uvicorn
from airflow.__main__ import main as airflow

from stack.airflow import ADDRESS_VARIABLE


def address() -> str:
    """Where the log servers are found: Airflow's setting `hostname_callable`."""
    return os.environ.get(ADDRESS_VARIABLE, "127.0.0.1")


def run(*command: str) -> None:
    """What `airflow` does with `command`; a log server is a fork of this process, so it listens where this one says."""
    anywhere = uvicorn.run

    def here(app: Any, *, host: str = "", **options: Any) -> None:
        anywhere(app, host=host or address(), **options)

    uvicorn.run = here
    sys.argv = ["airflow", *command]
    airflow()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    run(*sys.argv[1:])
