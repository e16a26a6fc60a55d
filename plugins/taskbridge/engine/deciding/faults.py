"""Parking the records that a plan fails with: a fault of the program, which must not keep all others waiting (G4)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb
from typing import Final

import taskbridge
from taskbridge.core.faults import faulty_records
from taskbridge.core.model import PlanInput
from taskbridge.core.run import Run
from taskbridge.core.terms import Side
from taskbridge.engine.engine import Engine

PLAN_FAILED: Final = "PLAN_FAILED"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fault:
    """What went wrong, and with which records."""

    place: (
        str  # such as "KeyError in core/merge.py, line 12": the text of an error may hold what a record holds
    )
    by_side: Mapping[Side, list[str]]

    @property
    def records(self) -> frozenset[tuple[Side, str]]:
        return frozenset((side, one) for side, ids in self.by_side.items() for one in ids)


def find_fault(given: PlanInput, plan: Callable[[PlanInput], object], error: Exception) -> Fault | None:
    """Of a plan that failed with this error; None where a few records are not the reason."""

    def fails(some: PlanInput) -> bool:
        try:
            plan(some)
        except Exception:  # whatever it is: the question is with which records
            return True
        return False

    by_side = faulty_records(given, fails)
    return Fault(_place(error), by_side) if any(by_side.values()) else None


def park(engine: Engine, run: Run, fault: Fault) -> None:
    """Has them taken for records that cannot be understood, names them in the log and in the report."""
    for side, ids in fault.by_side.items():
        if ids:
            engine.ledger.staging.park(run, side, ids, PLAN_FAILED, f"Planning failed: {fault.place}.")
    named = "; ".join(f"{side.system} {', '.join(ids)}" for side, ids in fault.by_side.items() if ids)
    told = (
        f"Planning failed with {named} ({fault.place}), which are parked; the others go on. "
        "This is a fault of the program, please report it."
    )
    _log.error("%s", told)
    engine.ledger.runs.note(run, told)


def _place(error: Exception) -> str:
    home = Path(taskbridge.__file__).parent
    ours = [frame for frame in extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(home)]
    where = f" in {Path(ours[-1].filename).relative_to(home)}, line {ours[-1].lineno}" if ours else ""
    return f"{type(error).__name__}{where}"
