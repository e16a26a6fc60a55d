"""`make mutants`: plants each fault in a copy of the project and runs the fast tests until one notices.

The unchanged copy runs through all of them first and has to be green. The last line is
`N mutants, N survived`; the exit code says whether any did.
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
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.mutants.faults import CODE, FAULTS, Fault

ROOT: Final = Path(__file__).resolve().parents[2]
PARTS: Final = ("plugins", "include", "tests", "bench", "stack", "sandbox", "pyproject.toml", "README.md")
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
"""Groups of tests, in their order; the group about the changed folder comes first."""

_FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (tests/\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Verdict:
    """Which test noticed a fault; none did if `caught_by` is None, and nobody knows if the tests did not run."""

    fault: Fault
    caught_by: str | None
    seconds: float
    trouble: str | None = None


class Unusable(Exception):
    """The tests could not be run, which says nothing about the fault."""


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


def try_out(copies: Copies, fault: Fault) -> Verdict:
    """Plants the fault, runs the tests, and takes it out again."""
    with copies.one() as copy:
        path = copy / CODE / fault.file
        whole = path.read_text(encoding="utf-8")
        begin = time.monotonic()
        caught_by, trouble = None, None
        try:
            path.write_text(fault.applied_to(copy), encoding="utf-8")
            caught_by = (_run(copy, fault.near) if fault.near else None) or first_failure(
                copy, fault.file.split("/")[0]
            )
        except Unusable as problem:
            trouble = str(problem)
        finally:
            path.write_text(whole, encoding="utf-8")
        return Verdict(fault, caught_by, time.monotonic() - begin, trouble)


def first_failure(copy: Path, folder: str) -> str | None:
    """The first test that fails, or None; tests about `folder` run first. Raises Unusable."""
    for step in sorted(STEPS, key=lambda name: name != folder):
        if found := _run(copy, *STEPS[step]):
            return found
    return None


def _run(copy: Path, *tests: str) -> str | None:
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
        with ThreadPoolExecutor(given.workers) as pool:
            healthy = pool.submit(_without_fault, copies)
            survived = sum(_tell(verdict) for verdict in pool.map(lambda one: try_out(copies, one), chosen))
            if red := healthy.result():
                print(f"Without any fault {red} fails: nothing is proved")
                survived = len(chosen)
    print(f"{len(chosen)} mutants, {survived} survived")
    return 1 if survived else 0


def _without_fault(copies: Copies) -> str | None:
    with copies.one() as copy:
        return first_failure(copy, "core")


def _tell(verdict: Verdict) -> bool:
    """Prints a verdict; answers whether the fault survived."""
    fault = verdict.fault
    told = f"caught by {verdict.caught_by}" if verdict.caught_by else f"SURVIVED: {fault.breaks}"
    told = f"NOT TRIED: {verdict.trouble}" if verdict.trouble else told
    print(f"{fault.name} ({fault.file}, {verdict.seconds:.0f} s): {told}", flush=True)
    return verdict.caught_by is None


if __name__ == "__main__":
    raise SystemExit(main())
