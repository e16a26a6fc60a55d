"""A sandbox of its own process, over TLS, for the time of a test session."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

_START_UP = 30.0
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Service:
    """One of the two services: what a client needs, and the control API."""

    url: str
    ca_bundle: str
    secrets: dict[str, str]
    session: requests.Session = field(default_factory=requests.Session, repr=False)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.url}/__sandbox__{path}"
        answer = self.session.request(method, url, json=body, verify=self.ca_bundle, timeout=20)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def reset(self) -> None:
        """An empty service whose clock stands still."""
        self.control("POST", "/reset", {"seed": "empty"})
        self.control("POST", "/clock", {"freeze": True})

    def fault(self, **fault: Any) -> None:
        self.control("POST", "/faults", fault)

    def switch(self, **switches: Any) -> None:
        self.control("PATCH", "/switches", switches)

    def calls(self) -> dict[str, Any]:
        counted: dict[str, Any] = self.control("GET", "/calls")
        return counted


@dataclass(frozen=True)
class Sandbox:
    """Both services of one process."""

    salesforce: Service
    sales_connect: Service


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Sandbox]:
    ready_file = folder / "ready.json"
    command = [
        *(sys.executable, "-m", "sandbox", "--state-dir", str(folder / "state"), "--seed", "empty"),
        *("--ready-file", str(ready_file), *options),
    ]
    log = folder / "sandbox.log"
    with (
        log.open("w") as output,
        subprocess.Popen(command, cwd=_ROOT, stdout=output, stderr=output) as process,
    ):
        try:
            yield _connected(_wait_for(ready_file, process, log))
        finally:
            process.terminate()
            process.wait(timeout=20)


@contextmanager
def trusted(sandbox: Sandbox) -> Iterator[None]:
    """The clients of this process accept the sandbox's certificate."""
    before = os.environ.get("REQUESTS_CA_BUNDLE")
    os.environ["REQUESTS_CA_BUNDLE"] = sandbox.salesforce.ca_bundle
    try:
        yield
    finally:
        del os.environ["REQUESTS_CA_BUNDLE"]
        if before is not None:
            os.environ["REQUESTS_CA_BUNDLE"] = before


def _wait_for(ready_file: Path, process: subprocess.Popen[bytes], log: Path) -> dict[str, Any]:
    deadline = time.monotonic() + _START_UP
    while not ready_file.exists():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, f"no sandbox within {_START_UP} s: {log.read_text()}"
        time.sleep(0.05)
    ready: dict[str, Any] = json.loads(ready_file.read_text())
    return ready


def _connected(ready: dict[str, Any]) -> Sandbox:
    salesforce, sales_connect = (
        Service(ready[name]["url"], ready["ca_bundle"], ready[name])
        for name in ("salesforce", "sales_connect")
    )
    return Sandbox(salesforce, sales_connect)
