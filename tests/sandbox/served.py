"""Services under test: real servers over TLS in a thread of the test process."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from sandbox.kernel.secrets import new_private_key
from sandbox.kernel.service import Kernel, Service
from sandbox.kernel.serving import Binding, ServerGroup, listen
from sandbox.kernel.tls import make_tls_files

SECRETS = {
    "client_id": "test-client",
    "client_secret": "test-secret",
    "username": "integration@sandbox.example",
    "password": "test-password",
    "private_key": new_private_key(),
    "refresh_token": "test-refresh-token",
}


@dataclass(frozen=True)
class Served:
    """A running service; `api` sends an access token, `control` none; paths begin with a slash."""

    service: Service
    ca_bundle: Path
    session: requests.Session
    control_session: requests.Session

    @property
    def url(self) -> str:
        return self.service.kernel.base_url

    def api(self, method: str, path: str, **rest: Any) -> requests.Response:
        return self.session.request(
            method, f"{self.url}{path}", verify=str(self.ca_bundle), timeout=10, **rest
        )

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """The decoded answer; fails the test when the sandbox refuses the call."""
        url = f"{self.url}/__sandbox__{path}"
        answer = self.control_session.request(method, url, json=body, verify=str(self.ca_bundle), timeout=10)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def refused(self, method: str, path: str, body: Any) -> str:
        """The text with which the control API refuses a call."""
        url = f"{self.url}/__sandbox__{path}"
        answer = self.control_session.request(method, url, json=body, verify=str(self.ca_bundle), timeout=10)
        assert answer.status_code == 400, answer.text
        message: str = answer.json()["message"]
        return message

    def log_in(self) -> None:
        """A new access token for `api`, valid from the service's present time on."""
        self.session.headers["Authorization"] = f"Bearer {self.service.vendor.issue_token()}"

    def fault(self, **fault: Any) -> int:
        number: int = self.control("POST", "/faults", fault)["id"]
        return number

    def switch(self, **switches: Any) -> None:
        self.control("PATCH", "/switches", switches)

    def reset(self, seed: str = "empty") -> None:
        self.control("POST", "/reset", {"seed": seed})


@contextmanager
def serving(create_app: Callable[[Kernel], Service], state_dir: Path) -> Iterator[Served]:
    files = make_tls_files(state_dir, [])
    listener = listen("127.0.0.1", 0)
    kernel = Kernel.open(
        state_dir / "state.sqlite", SECRETS, f"https://127.0.0.1:{listener.getsockname()[1]}"
    )
    service = create_app(kernel)
    service.seed_once("empty")
    group = ServerGroup([Binding(listener, service)], files.certificate)
    ready = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(group.run(ready.set)))
    thread.start()
    session, control_session = requests.Session(), requests.Session()
    try:
        assert ready.wait(10), "the server did not start"
        yield Served(service, files.ca_bundle, session, control_session)
    finally:
        session.close()
        control_session.close()
        group.stop()
        thread.join()
