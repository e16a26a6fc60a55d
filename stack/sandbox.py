"""Starts the two simulated systems and waits until both answer."""

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.errors import StackError
from stack.files import read_json
from stack.layout import PROJECT
from stack.processes import Child

READY_SECONDS = 60.0
STOP_SECONDS = 5.0


@dataclass(frozen=True)
class SandboxAccess:
    """How to reach the two systems, as their ready file says it."""

    salesforce: dict[str, str]
    sales_connect: dict[str, str]
    ca_bundle: str

    @property
    def urls(self) -> dict[str, str]:
        return {"Salesforce": self.salesforce["url"], "Sales Connect": self.sales_connect["url"]}


class Sandbox:
    """The child process of the sandbox. `start` returns at once, `wait` when both systems answer."""

    def __init__(self, state_folder: Path, log: Path, seed: str) -> None:
        self._state_folder = state_folder
        self._ready_file = state_folder / "ready.json"
        self._log = log
        self._seed = seed
        self._child: Child | None = None

    @property
    def child(self) -> Child:
        if self._child is None:
            raise StackError("The sandbox has not been started.")
        return self._child

    def start(self) -> None:
        self._ready_file.unlink(missing_ok=True)
        self._child = Child.start(
            "sandbox",
            [
                # A host name other than Airflow's 127.0.0.1, whose login cookie any port of it could read.
                *(sys.executable, "-m", "sandbox", "--host", "127.0.0.1", "--public-host", "localhost"),
                *("--salesforce-port", "0", "--sales-connect-port", "0"),
                *("--state-dir", self._state_folder, "--seed", self._seed, "--ready-file", self._ready_file),
            ],
            log=self._log,
            env=dict(os.environ, PYTHONPATH=str(PROJECT)),
            cwd=PROJECT,
        )

    def wait(self) -> SandboxAccess:
        """Raises `StackError` with the end of its log when it ends, or is not ready in time."""
        deadline = time.monotonic() + READY_SECONDS
        while self.child.running and time.monotonic() < deadline:
            access = read_access(self._ready_file)
            if access is not None:
                return access
            time.sleep(0.05)
        raise StackError(f"The sandbox did not become ready. {self.child.obituary()}")

    def stop(self) -> None:
        if self._child is not None:
            self._child.ask_to_stop()
            self._child.wait_or_kill(STOP_SECONDS)
            self._child = None


def read_access(ready_file: Path) -> SandboxAccess | None:
    """What the sandbox has written, or None if it has not yet."""
    ready: dict[str, Any] | None = read_json(ready_file)
    if ready is None:
        return None
    return SandboxAccess(ready["salesforce"], ready["sales_connect"], ready["ca_bundle"])
