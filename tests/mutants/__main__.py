"""`make mutants`: plants each fault in a copy of the project and runs tests until one notices.

The tests that a fault names as near run first, all others only if these notice nothing. A fault counts as caught
if the same tests, run the same way, are green without it. The last line is `N mutants, N survived`; the exit code
says whether any did.
"""

from __future__ import annotations

import argparse
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.mutants.faults import CODE, FAULTS, Fault

ROOT: Final = Path(__file__).resolve().parents[2]
PARTS: Final = ("plugins", "include", "tests", "bench", "stack", "sandbox", "pyproject.toml", "docs")
PATIENCE: Final = 900.0
"""Seconds for one group of tests; a fault that makes them hang is noticed too."""

STEPS: Final = {
    "core": ("tests/core", "tests/machine/test_oracle.py"),
    "engine": (
        "tests/engine/test_safety.py",
        "tests/engine/test_switching.py",
        "tests/engine",
        "tests/machine/test_crash_loop.py",
    ),
    "stories": ("tests/scenarios", "tests/machine/test_two_systems.py"),
}
"""Groups of tests for what no near test notices, in their order; the group about the changed folder comes first."""

_FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (tests/.*?)(?: - .*)?$", re.MULTILINE)


@dataclass(frozen=True)
class Verdict:
    """Which test noticed a fault; none did if `caught_by` is None, and nobody knows if there was trouble."""

    fault: Fault
    caught_by: str | None
    seconds: float
    trouble: str | None = None


@dataclass(frozen=True)
class Notice:
    """The test that failed, and all that were run with it."""

    test: str
    among: tuple[str, ...]


class Unusable(Exception):
    """The tests could not be run, or fail anyway, which says nothing about the fault."""


class Copies:
    """Copies of the project, one for each worker."""

    def __init__(self, folder: Path, count: int) -> None:
        self._free: queue.SimpleQueue[Path] = queue.SimpleQueue()
        for number in range(count):
            copy = folder / f"copy_{number}"
            copy.mkdir()
            for part in PARTS:
                source = ROOT / part
                if source.is_dir():
                    shutil.copytree(source, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy2(source, copy / part)
            self._free.put(copy)

    @contextmanager
    def one(self) -> Iterator[Path]:
        copy = self._free.get()
        try:
            yield copy
        finally:
            self._free.put(copy)


class Unchanged:
    """What the tests say where no fault is planted; the same tests are run once."""

    def __init__(self) -> None:
        self._failures: dict[tuple[str, ...], str | None] = {}
        self._lock = threading.Lock()

    def require_green(self, copy: Path, tests: tuple[str, ...]) -> None:
        """Raises Unusable when one of these tests fails in a copy without a fault."""
        with self._lock:
            if tests not in self._failures:
                self._failures[tests] = _run(copy, tests)
        if red := self._failures[tests]:
            raise Unusable(f"{red} fails without the fault, too")


def try_out(copies: Copies, unchanged: Unchanged, fault: Fault) -> Verdict:
    """Plants the fault, runs the tests, takes it out again, and sees that it was the fault they failed for."""
    begin = time.monotonic()
    notice, trouble = None, None
    with copies.one() as copy:
        try:
            with _planted(copy, fault):
                notice = _first_notice(copy, fault)
            if notice:
                unchanged.require_green(copy, notice.among)
        except Unusable as problem:
            notice, trouble = None, str(problem)
    return Verdict(fault, notice and notice.test, time.monotonic() - begin, trouble)


@contextmanager
def _planted(copy: Path, fault: Fault) -> Iterator[None]:
    path = copy / CODE / fault.file
    whole = path.read_text(encoding="utf-8")
    path.write_text(fault.applied_to(copy), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(whole, encoding="utf-8")


def _first_notice(copy: Path, fault: Fault) -> Notice | None:
    """The first test that fails, or None. Raises Unusable."""
    folder = fault.file.split("/")[0]
    others = (STEPS[step] for step in sorted(STEPS, key=lambda name: name != folder))
    for tests in (tuple(fault.near.split()), *others):
        if failed := _run(copy, tests):
            return Notice(failed, tests)
    return None


def _run(copy: Path, tests: Sequence[str]) -> str | None:
    """The first of these tests that fails, or None. Raises Unusable."""
    command = [sys.executable, "-m", "pytest", *tests, "-x", "-q", "-rfE", "-p", "no:cacheprovider"]
    # The project is installed where it stands; here the copy's code counts.
    env = os.environ | {"PYTHONPATH": f"{copy / 'plugins'}:{copy}", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=copy, env=env, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return f"{' '.join(tests)} (no end after {PATIENCE:.0f} s)"
    failed = _FAILED.search(done.stdout)
    if done.returncode == 1 and failed:
        return failed[1]
    if done.returncode:
        raise Unusable(
            f"{' '.join(tests)} ended with code {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="faults to try; all if none is named")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    unknown = set(given.names) - {fault.name for fault in FAULTS}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(one.name for one in FAULTS)}")
    chosen = [fault for fault in FAULTS if not given.names or fault.name in given.names]
    with tempfile.TemporaryDirectory(prefix="taskbridge-mutants-") as folder:
        copies = Copies(Path(folder), given.workers)
        unchanged = Unchanged()
        with ThreadPoolExecutor(given.workers) as pool:
            verdicts = pool.map(lambda fault: try_out(copies, unchanged, fault), chosen)
            survived = sum(_tell(verdict) for verdict in verdicts)
    print(f"{len(chosen)} mutants, {survived} survived")
    return 1 if survived else 0


def _tell(verdict: Verdict) -> bool:
    """Prints a verdict; answers whether the fault survived."""
    fault = verdict.fault
    told = f"caught by {verdict.caught_by}" if verdict.caught_by else f"SURVIVED: {fault.breaks}"
    told = f"NOTHING PROVED: {verdict.trouble}" if verdict.trouble else told
    print(f"{fault.name} ({fault.file}, {verdict.seconds:.0f} s): {told}", flush=True)
    return verdict.caught_by is None


if __name__ == "__main__":
    raise SystemExit(main())
