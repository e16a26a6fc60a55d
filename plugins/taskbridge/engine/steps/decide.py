"""From staging and ledger to a stored plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from taskbridge.core.arrays import columns
from taskbridge.core.model import Plan
from taskbridge.core.rebase import rebase
from taskbridge.core.run import Run, RunMode
from taskbridge.engine.deciding.checks import require_checks
from taskbridge.engine.deciding.contract import require_contract
from taskbridge.engine.deciding.forecasting import keep_forecast
from taskbridge.engine.deciding.in_parts import plan_in_parts
from taskbridge.engine.deciding.inputs import plan_input
from taskbridge.engine.deciding.summary import Summary
from taskbridge.engine.engine import Engine
from taskbridge.engine.on_demand.undo import restore, undo
from taskbridge.engine.usage import keep_usage


def decide(engine: Engine, run: Run) -> Summary:
    """Plans the run and stores the plan in one transaction; a dry run's plan is only there to be looked at.

    Raises, with nothing stored, ContractBroken, CountsDoNotAddUp (G5), LeaseLost, CheckBroken, CheckInvalid,
    SideLooksEmpty and SideLooksOld (G8).
    """
    keep_usage(engine, run)
    with engine.ledger.transaction():
        if run.spec.mode.syncs and engine.ledger.plans.is_quiet(run):
            summary = Summary()
            keep_forecast(engine, run, summary)
            return summary
        rows = engine.ledger.staging.weigh_staged(run)
    planner = _IN_ONE_PIECE.get(run.spec.mode)
    summary = _plan_whole(engine, run, planner) if planner else plan_in_parts(engine, run, rows)
    keep_usage(engine, run)
    keep_forecast(engine, run, summary)
    return summary


def _plan_whole(engine: Engine, run: Run, planner: Callable[[Engine, Run], Plan]) -> Summary:
    plan = planner(engine, run)
    summary = Summary.of(plan)
    require_contract(engine, run, plan)
    with engine.ledger.transaction():
        engine.still_mine(run)
        engine.ledger.plans.save_plan(run, plan)
        require_checks(engine, run, summary)
    return summary


def _plan_rebase(engine: Engine, run: Run) -> Plan:
    """Likeness pairs records only of a ledger that was empty: it would draw into a sound one what the first sync
    has left out (I1, I2)."""
    if engine.ledger.outbox.unfollowed():
        # This run has found pairs already: without their base they would pass for sound ones.
        engine.ledger.links.settle(run, {}, final=False, longest_rest=engine.settings.longest_rest)
    known = columns(engine.ledger.plans.link_ids())["link_id"]
    return rebase(plan_input(engine, run), known, likeness=len(known) == 0)


def _plan_undo(engine: Engine, run: Run) -> Plan:
    return undo(engine, run, plan_input(engine, run))


def _plan_restore(engine: Engine, run: Run) -> Plan:
    return restore(engine, run, plan_input(engine, run))


_IN_ONE_PIECE: Final[Mapping[RunMode, Callable[[Engine, Run], Plan]]] = {
    RunMode.REBASE: _plan_rebase,
    RunMode.UNDO: _plan_undo,
    RunMode.RESTORE: _plan_restore,
}
"""What plans the runs that look for pairs among all records, or are about what one run wrote."""
