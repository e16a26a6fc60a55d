"""Airflow's triggerer, and what its scheduler shares with it: log servers that only this machine reaches.

    python -m stack.loopback triggerer

Airflow starts a log server beside each of the two, on every address of the machine, and has no setting for it.
"""

import sys
from typing import Any

import uvicorn
from airflow.__main__ import main as airflow

ADDRESS = "127.0.0.1"


def address() -> str:
    """Where the log servers are found: Airflow's setting `hostname_callable`."""
    return ADDRESS


def run(service: str) -> None:
    """A service of Airflow; its log server is a fork of this process, so that it listens where this one says."""
    anywhere = uvicorn.run

    def here(app: Any, *, host: str = "", **options: Any) -> None:
        anywhere(app, host=host or ADDRESS, **options)

    uvicorn.run = here
    sys.argv = ["airflow", service]
    airflow()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    run(sys.argv[1])
