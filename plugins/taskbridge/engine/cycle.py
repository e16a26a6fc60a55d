"""A whole run in one process, in the order in which the DAG runs its steps."""

from __future__ import annotations

from taskbridge.core.run import Run, RunMode, RunOutcome, RunSpec
from taskbridge.core.terms import Op, Side
from taskbridge.core.writes import Outcome
from taskbridge.engine.engine import Engine
from taskbridge.engine.steps.decide import decide
from taskbridge.engine.steps.extract import extract
from taskbridge.engine.steps.load import load
from taskbridge.engine.steps.opening import open_run
from taskbridge.engine.steps.read_dirty import read_dirty
from taskbridge.engine.steps.recover import recover
from taskbridge.engine.steps.report import RunReport, report
from taskbridge.engine.steps.settle import settle
from taskbridge.engine.usage import counted
from taskbridge.errors import SidePaused, TaskBridgeError

LOAD_STEPS = (
    (Side.SALESFORCE, (Op.CREATE, Op.UPDATE)),
    (Side.SALES_CONNECT, (Op.CREATE, Op.UPDATE)),
    (Side.SALESFORCE, (Op.DELETE,)),
    (Side.SALES_CONNECT, (Op.DELETE,)),
)
"""Creates and updates on both sides before any delete."""


def run_cycle(engine: Engine, spec: RunSpec, *, waits: bool = False) -> RunReport:
    """Runs every step and reports. An error of a step is in the report; it is not raised.

    Answers outcome skipped, without a call to either side, when the switch is off, another run
    holds the lease, or a side is paused and nobody asked for the run. `waits`: as in `open_run`.
    """
    if not engine.may_run(spec):
        return RunReport(
            None,
            RunOutcome.SKIPPED,
            "The Variable taskbridge_enabled is not on: nothing was read or written.",
        )
    try:
        run = open_run(engine, spec, waits=waits)
        if run is None:
            return RunReport(None, RunOutcome.SKIPPED, "Another run holds the lease.")
        with counted(engine, run):
            error = _steps(engine, run)
    except SidePaused as paused:
        if spec.mode is RunMode.SCHEDULED and engine.ledger.runs.run_by_key(spec.run_key) is None:
            return RunReport(None, RunOutcome.SKIPPED, str(paused))
        error = str(paused)
    except TaskBridgeError as problem:
        error = str(problem)
    return report(engine, spec.run_key, error)


def _steps(engine: Engine, run: Run) -> str | None:
    recover(engine, run)
    for side in Side:
        extract(engine, run, side)
    read_dirty(engine, run)
    decide(engine, run)
    if run.spec.dry_run:
        return None
    error = None
    # Whatever a step leaves without an answer, the side's next one looks up, as it would in a process of its own.
    pending = set(engine.ledger.outbox.pending(run, engine.settings.certain_after))
    for side, ops in LOAD_STEPS:
        if not any((side, op) in pending for op in (None, *ops)):
            continue
        try:
            if Outcome.UNKNOWN in load(engine, run, side, ops).outcomes:
                pending.add((side, None))
        except TaskBridgeError as problem:
            pending.add((side, None))
            # The other side still gets its share; what was not written stays planned and its pairs dirty.
            error = error or str(problem)
    settle(engine, run)
    return error
