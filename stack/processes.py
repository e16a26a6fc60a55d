"""Child processes that end together with the process that started them."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from stack.files import private

PR_SET_PDEATHSIG = 1
LOG_TAIL_LINES = 30
CLOCK_SLACK = 5.0  # seconds; a start time moves when the system's clock is set


@dataclass(frozen=True)
class Account:
    """An operating-system user that a child runs as, when the parent is root."""

    uid: int
    gid: int


def _end_with_parent(death_signal: int) -> Callable[[], None] | None:
    """A `preexec_fn` that asks Linux for `death_signal` when the starting thread ends; None elsewhere."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def arrange() -> None:
        libc.prctl(PR_SET_PDEATHSIG, death_signal)
        # The parent may have died between fork and prctl; then no signal will ever come.
        if os.getppid() != parent:
            os.kill(os.getpid(), death_signal)

    return arrange


class Child:
    """One running program in a session of its own, so that a ^C in the terminal reaches only its parent.

    Start it from the main thread: the death signal follows the thread that made the child.
    """

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path, stop_signal: int) -> None:
        self.name = name
        self.process = process
        self.log = log
        self.stop_signal = stop_signal

    @classmethod
    def start(
        cls,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | str | None = None,
        stop_signal: int = signal.SIGTERM,
        account: Account | None = None,
    ) -> Self:
        """Start `command` with both outputs in `log`; the log of the start before is kept as `*.old`.

        What it writes is for its own user alone.
        """
        if log.exists():
            log.replace(log.with_suffix(".old"))
        with private(log) as output:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                start_new_session=True,
                preexec_fn=_end_with_parent(stop_signal),
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                umask=0o077,
            )
        return cls(name, process, log, stop_signal)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def ask_to_stop(self) -> None:
        """Send the stop signal, once: a second one during shutdown can deadlock an Airflow service."""
        if self.running:
            self.process.send_signal(self.stop_signal)

    def wait_or_kill(self, seconds: float) -> bool:
        """Wait for the end; after `seconds` kill the whole group. True if it ended by itself."""
        try:
            self.process.wait(seconds)
            clean = True
        except subprocess.TimeoutExpired:
            clean = False
            self.process.kill()
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        return clean

    def kill_tree(self) -> None:
        """Kill it with all its descendants, also those in groups of their own, as each task of Airflow is."""
        try:
            # The first one first, so that it starts nobody in place of those who fall.
            family = [psutil.Process(self.pid), *psutil.Process(self.pid).children(recursive=True)]
        except psutil.NoSuchProcess:
            family = []
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        self.process.wait()

    def obituary(self) -> str:
        """What it ended with and the last lines of its log, for people."""
        code = self.process.poll()
        how = "is still running" if code is None else f"ended with {_exit_words(code)}"
        return f"{self.name} {how}. The end of {self.log}:\n{tail(self.log)}"


def _exit_words(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def tail(path: Path, lines: int = LOG_TAIL_LINES) -> str:
    """The last lines of a text file, indented; of a big file only its last 64 KiB are read."""
    if not path.exists():
        return "    (no such file)"
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 65536))
        text = file.read().decode(errors="replace")
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:]) or "    (empty)"


def alive(pid: int, started: float) -> psutil.Process | None:
    """The process with this id, if it is still the one created at `started` (seconds since the epoch)."""
    try:
        process = psutil.Process(pid)
        if abs(process.create_time() - started) < CLOCK_SLACK and process.status() != psutil.STATUS_ZOMBIE:
            return process
    except psutil.NoSuchProcess:
        pass
    return None


def memory(process: psutil.Process, tree: bool) -> int:
    """Bytes used by a process, with its descendants if `tree`; shared pages count once (PSS) on Linux."""
    total = 0
    for member in [process, *(process.children(recursive=True) if tree else [])]:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            info = member.memory_full_info()
            total += getattr(info, "pss", info.uss)
    return total
