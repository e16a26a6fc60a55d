"""A planner in a process of its own, so that none pays for the memory of another."""

from __future__ import annotations

import gc
import pickle
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from bench.digest import digest
from bench.planners import PLANNERS, Planner

_RESET_PEAK: Final = "5"


class PlannerEnded(Exception):
    """A planner's process is gone; what ends it is as a rule that the machine has no memory left."""


class Apart:
    """The planner of that name, with the job of that file in its own form, once it has answered a first time."""

    def __init__(self, name: str, job: Path) -> None:
        # no fork: a child would begin with this process's memory, and with locks of threads that it does not have
        processes = get_context("spawn")
        self._name = name
        self._pipe, there = processes.Pipe()
        self._process = processes.Process(target=_serve, args=(there, name, job), daemon=True)
        self._process.start()
        there.close()
        self.digest: str
        self.extra_peak: float
        self.digest, self.extra_peak = self._told()

    def __enter__(self) -> Apart:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()
        self._process.join()

    def seconds(self) -> float:
        """How long one plan takes. Raises PlannerEnded."""
        with suppress(BrokenPipeError):  # then there is no answer either
            self._pipe.send(None)
        taken: float = self._told()
        return taken

    def _told(self) -> Any:
        try:
            return self._pipe.recv()
        except (EOFError, ConnectionResetError) as gone:
            self._process.join()
            raise PlannerEnded(
                f"The process of {self._name} ended with exit code {self._process.exitcode} (-9: the machine ran out "
                "of memory). Run fewer pairs, as --pairs 10000 100000, or free some memory."
            ) from gone


def _serve(pipe: Connection, name: str, job: Path) -> None:
    planner = _prepared(name, job)
    gc.collect()
    # else each collection walks through all input dictionaries, which only the loop would pay for
    gc.freeze()
    extra_peak = _extra_peak(planner.plan)
    pipe.send((digest(planner.actions()), extra_peak))
    with suppress(EOFError):
        while True:
            pipe.recv()
            pipe.send(_seconds(planner.plan))


def _prepared(name: str, job: Path) -> Planner:
    with job.open("rb") as file:
        return PLANNERS[name](pickle.load(file))


def _extra_peak(work: Callable[[], object]) -> float:
    """GB that the process needs for it at its highest, beyond what it had before."""
    Path("/proc/self/clear_refs").write_text(_RESET_PEAK)
    before = _memory("VmRSS")
    work()
    return _memory("VmHWM") - before


def _memory(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    [kilobytes] = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
    return int(kilobytes) * 1024 / 1e9


def _seconds(work: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    result = work()
    taken = time.perf_counter() - start
    del result
    return taken
