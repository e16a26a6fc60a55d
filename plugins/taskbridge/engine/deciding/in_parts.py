"""Planning a cycle part by part, so that what it takes of memory depends on the part.

A part is planned and stored before the next one is read, all of them in one transaction. Two things are known only when
all parts have been seen: whether a side can be what it seems (G8), and whether a limit is exceeded (G3). Nearly always
neither is so. Otherwise everything is taken back and planned once more, with what is known by then; so it is where the
program fails with some records, which are parked then (G4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from taskbridge.core.arrays import to_table
from taskbridge.core.frames import frame
from taskbridge.core.guard import is_too_much, together
from taskbridge.core.model import WEIGHED, Plan, PlanInput
from taskbridge.core.parts import Part
from taskbridge.core.plan import make_plan
from taskbridge.core.planned_part import PlannedPart
from taskbridge.core.plausible import Sight
from taskbridge.core.run import Run, RunMode
from taskbridge.core.terms import Side
from taskbridge.engine.deciding.checks import require_checks
from taskbridge.engine.deciding.contract import require_contract
from taskbridge.engine.deciding.faults import Fault, find_fault, park
from taskbridge.engine.deciding.inputs import Inputs
from taskbridge.engine.deciding.planned_parts import Beforehand, parts_of
from taskbridge.engine.deciding.plausibility import believe, sample, to_sample
from taskbridge.engine.deciding.summary import Summary
from taskbridge.engine.engine import Engine
from taskbridge.engine.on_demand.audit import compare_everything
from taskbridge.errors import TaskBridgeError


class _Again(Exception):
    """What was planned is taken back, and planned once more."""


@dataclass
class _Known:
    """What earlier attempts have found out."""

    beforehand: Beforehand
    doubted: set[Side] = field(default_factory=set)  # sides of which more is to be read
    sampled: set[Side] = field(default_factory=set)  # of which more was read
    weighed: Sequence[
        pa.Table
    ] = ()  # WEIGHED of each part, where a limit is exceeded by all of them together
    fault: Fault | None = None  # whose records are to be parked
    parked: set[tuple[Side, str]] = field(default_factory=set)  # records that are, by their ids


def plan_in_parts(engine: Engine, run: Run, rows: int) -> Summary:
    """Plans and stores a sync or an audit of so many staged rows."""
    parts = parts_of(engine, rows)
    known = _Known(Beforehand(engine, run, parts))
    while True:
        try:
            summary = _attempt(engine, run, parts, known)
            known.beforehand.tell()
            known.beforehand.put_away()
            return summary
        except _Again:
            known.beforehand.put_away()  # made from less than is known now
            engine.still_mine(run)  # what renewed the lease meanwhile was taken back as well
            if known.fault:
                park(engine, run, known.fault)
                known.fault = None
            for side in known.doubted:
                sample(engine, run, side)
            known.sampled |= known.doubted
            known.doubted.clear()


def _attempt(engine: Engine, run: Run, parts: Sequence[Part], known: _Known) -> Summary:
    summary, weighed = Summary(), []
    sights = dict.fromkeys(Side, Sight())
    inputs = Inputs(engine, run)
    with engine.ledger.plans.saving(run) as saving:
        if len(parts) > 1:
            saving.begin()  # what an audit stores besides is taken back with the plan as well
        for number, part in enumerate(parts):
            planned = known.beforehand.take(inputs, part)
            if planned is None:
                given = _told(inputs.of(part), known.weighed, number)
                planned = PlannedPart.of(given, _plan(engine, run, given, known, first=number == 0))
                del given
            sights = {side: sight + planned.sights[side] for side, sight in sights.items()}
            plan = planned.plan
            weighed.append(to_table(plan.weighed, WEIGHED))
            if number == len(parts) - 1 and run.spec.mode is not RunMode.AUDIT:
                _weigh(engine, run, inputs.shared, sights, weighed, known)
            require_contract(engine, run, plan)
            saving.add(part, plan)
            engine.still_mine(run)
            summary.add(plan)
            # The next part is read into the place of this one, not beside it.
            del planned, plan
        saving.finish()
        require_checks(engine, run, summary)
    return summary


def _plan(engine: Engine, run: Run, given: PlanInput, known: _Known, *, first: bool) -> Plan:
    if run.spec.mode is RunMode.AUDIT:
        return compare_everything(engine, run, given, first=first)
    try:
        return make_plan(given)
    except (TaskBridgeError, MemoryError):
        raise
    except Exception as error:
        known.fault = find_fault(given, make_plan, error)
        # What is parked is not looked at: it cannot be the reason once more.
        if known.fault is None or known.parked & known.fault.records:
            raise
        known.parked |= known.fault.records
        raise _Again from error


def _told(given: PlanInput, weighed: Sequence[pa.Table], number: int) -> PlanInput:
    """With what the other parts plan."""
    others = [*weighed[:number], *weighed[number + 1 :]]
    return replace(given, elsewhere=frame(together(others))) if others else given


def _weigh(
    engine: Engine,
    run: Run,
    shared: PlanInput,
    sights: dict[Side, Sight],
    weighed: Sequence[pa.Table],
    known: _Known,
) -> None:
    """After the last part, and before anything of it is stored."""
    known.doubted = set(to_sample(engine, run, sights)) - known.sampled
    if known.doubted:
        raise _Again
    if len(weighed) > 1 and not known.weighed and is_too_much(together(weighed), shared):
        known.weighed = weighed
        raise _Again
    believe(engine, run, sights)
