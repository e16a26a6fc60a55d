"""What runs: written by the supervisor, read by `status` and `down`."""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import psutil

from stack.errors import AlreadyRunning, StackError
from stack.files import read_json, write_json
from stack.layout import Layout
from stack.processes import Child, alive


@dataclass(frozen=True)
class ServiceState:
    name: str
    pid: int
    started: float  # seconds since the epoch; with the pid it names one process
    port: str

    def process(self) -> psutil.Process | None:
        return alive(self.pid, self.started)


@dataclass(frozen=True)
class StackState:
    """`url` is Airflow's; what is not known yet is empty. The first of `services` is the supervisor."""

    phase: Literal["starting", "ready"] = "starting"
    url: str = ""
    database_url: str = ""
    sandbox: dict[str, str] = field(default_factory=dict)  # system -> URL
    services: tuple[ServiceState, ...] = ()

    def write(self, path: Path) -> None:
        write_json(path, asdict(self))

    @classmethod
    def read(cls, path: Path) -> "StackState | None":
        stored = read_json(path)
        if stored is None:
            return None
        services = tuple(ServiceState(**service) for service in stored.pop("services"))
        return cls(services=services, **stored)


def service_state(child: Child, port: str) -> ServiceState:
    return ServiceState(child.name, child.pid, _started(child.pid), port)


def own_state() -> ServiceState:
    return ServiceState("supervisor", os.getpid(), _started(os.getpid()), "")


def _started(pid: int) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return time.time()


@contextmanager
def hold_lock(layout: Layout) -> Iterator[None]:
    """Be the one supervisor of this data folder. The kernel frees the lock however the holder ends.

    Raises `AlreadyRunning`.
    """
    with layout.lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"A stack already runs on {layout.root}. `make down` stops it.") from None
        yield


def is_running(layout: Layout) -> bool:
    """Whether a supervisor holds the data folder."""
    if not layout.lock.exists():
        return False
    try:
        with hold_lock(layout):
            return False
    except AlreadyRunning:
        return True


def end_leftovers(layout: Layout) -> list[str]:
    """Stop services that a killed supervisor left behind; returns their names.

    Call it while holding the lock: only then are they nobody's.
    """
    state = StackState.read(layout.state)
    left = (
        [(service, process) for service in state.services if (process := service.process())] if state else []
    )
    for _, process in left:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGTERM)
    _, stubborn = psutil.wait_procs([process for _, process in left], timeout=10)
    for process in stubborn:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    layout.state.unlink(missing_ok=True)
    return [service.name for service, _ in left]


def stop_running(layout: Layout, seconds: float) -> bool:
    """Ask the supervisor to stop and wait until it has; False if none runs.

    Raises `StackError` when it takes longer than `seconds`.
    """
    if not is_running(layout):
        return False
    state = StackState.read(layout.state)
    process = state.services[0].process() if state else None
    if process is None:
        raise StackError(f"A supervisor holds {layout.lock} but {layout.state} does not tell its process id.")
    process.terminate()
    deadline = time.monotonic() + seconds
    while is_running(layout):
        if time.monotonic() > deadline:
            raise StackError(
                f"The supervisor (pid {process.pid}) has not stopped after {seconds:.0f} s. "
                f"See {layout.logs}; `kill -9 {process.pid}` ends it and its services."
            )
        time.sleep(0.1)
    return True
