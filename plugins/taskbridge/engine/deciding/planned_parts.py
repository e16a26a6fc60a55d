"""The parts of a large cycle that tasks of their own plan, beside each other (decision 0047).

What such a task leaves is what `decide` would have worked out itself. It is used where it was made from the same, so a
part whose task failed, or that came too late, costs time and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from hashlib import sha256

from taskbridge.core.parts import PART_ROWS, WHOLE, Part, cut, for_tasks
from taskbridge.core.planned_part import PlannedPart, plan_part
from taskbridge.core.run import Run
from taskbridge.engine.deciding.inputs import Inputs
from taskbridge.engine.engine import Engine

_log = logging.getLogger(__name__)


def parts_of(engine: Engine, rows: int) -> list[Part]:
    """How a cycle of so many staged rows is cut."""
    return cut(rows, min(PART_ROWS, engine.settings.rows_per_task))


def to_tasks(engine: Engine, run: Run) -> list[Part]:
    """What tasks of their own plan, once all records are staged; nothing where the cycle is small, or no sync. What was
    planned before is forgotten."""
    ledger = engine.ledger
    if not run.spec.mode.syncs:
        return []
    rows = ledger.staging.state(run, WHOLE).rows
    tasks = for_tasks(parts_of(engine, rows), rows, engine.settings.rows_per_task)
    if tasks:
        ledger.staging.weigh_staged(run)
        ledger.planned_parts.forget(run)
    return tasks


def plan_parts(engine: Engine, run: Run, among: Part) -> int:
    """Plans the parts that lie within these buckets, one after the other, and answers how many. Stores nothing else.

    Raises whatever a plan fails with: `decide` finds the records that are the reason.
    """
    inputs, rows = Inputs(engine, run), engine.ledger.staging.state(run, WHOLE).rows
    parts = [part for part in parts_of(engine, rows) if among.low <= part.low and part.high <= among.high]
    for part in parts:
        # First, so that what changes meanwhile makes it unfit.
        fits = _fits(engine, run, inputs, part)
        engine.ledger.planned_parts.save(run, part, fits, plan_part(inputs.of(part)))
    return len(parts)


class Beforehand:
    """Those of a run's parts that are planned already, if any are."""

    def __init__(self, engine: Engine, run: Run, parts: Sequence[Part]) -> None:
        self._engine, self._run, self._parts = engine, run, parts
        self._expected = len(parts) > 1 and engine.ledger.planned_parts.exist(run)
        self._missing: list[Part] = []

    def take(self, inputs: Inputs, part: Part) -> PlannedPart | None:
        if not self._expected:
            return None
        fits = _fits(self._engine, self._run, inputs, part)
        found = self._engine.ledger.planned_parts.read(self._run, part, fits)
        if found is None:
            self._missing.append(part)
        return found

    def tell(self) -> None:
        """Once the plan is made of them."""
        if not self._expected:
            return
        there, here = len(self._parts) - len(self._missing), ""
        if self._missing:
            buckets = ", ".join(f"{part.low} to {part.high}" for part in self._missing)
            here = f"; planned here: buckets {buckets}"
        _log.info("%d of %d parts were planned by tasks of their own%s", there, len(self._parts), here)

    def put_away(self) -> None:
        """Once the plan is stored, or made without them."""
        if self._expected:
            self._engine.ledger.planned_parts.forget(self._run)
        self._expected = False


def _fits(engine: Engine, run: Run, inputs: Inputs, part: Part) -> str:
    """A digest of what may change until the plan is stored: what people say, and what is staged. The links of a part
    change when the run is settled, and else under another lease; settings are those of the run, and limits are looked
    at again over all parts."""
    made_of = inputs.said(part), engine.ledger.staging.state(run, part)
    return sha256(repr(made_of).encode()).hexdigest()
