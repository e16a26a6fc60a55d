"""The parts of a large cycle that tasks of their own plan, beside each other (decision 0047).

What such a task leaves is what `decide` would have worked out itself. It is used where it was made from the same, so a
part whose task failed, or that came too late, costs time and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from taskbridge.core.parts import Part, cut
from taskbridge.core.planned_part import PlannedPart, plan_part
from taskbridge.core.run import Run
from taskbridge.engine.deciding.inputs import Inputs
from taskbridge.engine.engine import Engine

PART_ROWS: Final = 20_000
"""Staged rows of both sides that are planned at once: some 10,000 pairs, where both of their records were read."""
_WORTH_IT: Final = 2
"""Tasks: for fewer of them no process is started."""

_log = logging.getLogger(__name__)


def parts_of(engine: Engine, rows: int) -> list[Part]:
    """How a cycle of so many staged rows is cut."""
    return cut(rows, min(PART_ROWS, engine.settings.rows_per_task))


def to_tasks(engine: Engine, run: Run) -> list[Part]:
    """What tasks of their own plan, once all records are staged: each some parts that lie beside each other. None where
    the cycle is small, or no sync. What was planned before is forgotten."""
    if not run.spec.mode.syncs:
        return []
    rows = engine.ledger.staging.weigh_staged(run)
    if not _is_large(engine, rows):
        return []
    engine.ledger.planned_parts.forget(run)
    parts, tasks = parts_of(engine, rows), -(-rows // engine.settings.rows_per_task)
    each = -(-len(parts) // tasks)
    lots = [parts[start : start + each] for start in range(0, len(parts), each)]
    return [Part(lot[0].low, lot[-1].high) for lot in lots]


def plan_parts(engine: Engine, run: Run, among: Part) -> int:
    """Plans the parts that lie within these buckets, one after the other, and answers how many. Stores nothing else.

    Raises whatever a plan fails with: `decide` finds the records that are the reason.
    """
    planned, inputs = 0, Inputs(engine, run)
    for part in parts_of(engine, engine.ledger.staging.weigh_staged(run)):
        if among.low <= part.low and part.high <= among.high:
            # First, so that what changes meanwhile makes it unfit.
            fits = _fits(inputs, part)
            engine.ledger.planned_parts.save(run, part, fits, plan_part(inputs.of(part)))
            planned += 1
    return planned


class Beforehand:
    """The parts of a run that are planned already, if any are."""

    def __init__(self, engine: Engine, run: Run, rows: int) -> None:
        self._engine, self._run = engine, run
        self._expected = _is_large(engine, rows) and engine.ledger.planned_parts.exist(run)
        self._missing: list[Part] = []

    def take(self, inputs: Inputs, part: Part) -> PlannedPart | None:
        if not self._expected:
            return None
        found = self._engine.ledger.planned_parts.read(self._run, part, _fits(inputs, part))
        if found is None:
            self._missing.append(part)
        return found

    def tell(self, parts: Sequence[Part]) -> None:
        """Once the plan is made of them."""
        if self._expected:
            there = len(parts) - len(self._missing)
            _log.info(
                "%d of %d parts were planned by tasks of their own%s", there, len(parts), self._others()
            )

    def put_away(self) -> None:
        """Once the plan is stored, or made without them."""
        if self._expected:
            self._engine.ledger.planned_parts.forget(self._run)
        self._expected = False

    def _others(self) -> str:
        if not self._missing:
            return ""
        return "; planned here: buckets " + ", ".join(f"{part.low} to {part.high}" for part in self._missing)


def _is_large(engine: Engine, rows: int) -> bool:
    return rows > _WORTH_IT * engine.settings.rows_per_task


def _fits(inputs: Inputs, part: Part) -> str:
    """A digest of what people and the two systems may change until the plan is stored. The links of a part change
    under the lease alone, settings are those of the run, and limits are looked at again over all parts."""
    return sha256(repr((inputs.said(part), inputs.staged(part))).encode()).hexdigest()
