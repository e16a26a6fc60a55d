"""From staging and ledger to a stored plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from taskbridge.core.arrays import columns
from taskbridge.core.frames import empty
from taskbridge.core.model import ACTIONS, CONFLICTS, DISPOSITIONS, LEDGER_CHANGES, NEW_LINKS, Plan
from taskbridge.core.plan import make_plan
from taskbridge.core.rebase import rebase
from taskbridge.core.run import Run, RunMode
from taskbridge.engine.deciding.checks import require_checks
from taskbridge.engine.deciding.contract import require_contract
from taskbridge.engine.deciding.forecasting import keep_forecast
from taskbridge.engine.deciding.inputs import plan_input
from taskbridge.engine.deciding.plausibility import believable_input
from taskbridge.engine.engine import Engine
from taskbridge.engine.on_demand.audit import compare_everything
from taskbridge.engine.on_demand.undo import restore, undo
from taskbridge.engine.usage import keep_usage

NOTHING: Final = Plan(*map(empty, (ACTIONS, LEDGER_CHANGES, NEW_LINKS, CONFLICTS, DISPOSITIONS)))
"""The plan of a run that found nothing to decide."""


def decide(engine: Engine, run: Run) -> Plan:
    """Plans the run and stores the plan in one transaction; a dry run's plan is only there to be looked at.

    Raises ContractBroken, CountsDoNotAddUp (G5), LeaseLost, CheckBroken, CheckInvalid, and before anything is planned
    SideLooksEmpty and SideLooksOld (G8).
    """
    keep_usage(engine, run)
    with engine.ledger.transaction():
        if run.spec.mode.syncs and engine.ledger.plans.is_quiet(run):
            keep_forecast(engine, run, NOTHING)
            return NOTHING
        engine.ledger.staging.weigh_staged(run)
    plan = _PLANNERS.get(run.spec.mode, _plan_sync)(engine, run)
    require_contract(engine, run, plan)
    with engine.ledger.transaction():
        engine.still_mine(run)
        engine.ledger.plans.save_plan(run, plan)
        require_checks(engine, run, plan)
    keep_usage(engine, run)
    keep_forecast(engine, run, plan)
    return plan


def _plan_sync(engine: Engine, run: Run) -> Plan:
    return make_plan(believable_input(engine, run))


def _plan_rebase(engine: Engine, run: Run) -> Plan:
    """Likeness pairs records only of a ledger that was empty: it would draw into a sound one what the first sync
    has left out (I1, I2)."""
    if engine.ledger.outbox.unfollowed():
        # This run has found pairs already: without their base they would pass for sound ones.
        engine.ledger.links.settle(run, {}, final=False, longest_rest=engine.settings.longest_rest)
    known = columns(engine.ledger.plans.link_ids())["link_id"]
    return rebase(plan_input(engine, run), known, likeness=len(known) == 0)


def _plan_audit(engine: Engine, run: Run) -> Plan:
    return compare_everything(engine, run, plan_input(engine, run))


def _plan_undo(engine: Engine, run: Run) -> Plan:
    return undo(engine, run, plan_input(engine, run))


def _plan_restore(engine: Engine, run: Run) -> Plan:
    return restore(engine, run, plan_input(engine, run))


_PLANNERS: Mapping[RunMode, Callable[[Engine, Run], Plan]] = {
    RunMode.AUDIT: _plan_audit,
    RunMode.REBASE: _plan_rebase,
    RunMode.UNDO: _plan_undo,
    RunMode.RESTORE: _plan_restore,
}
"""What plans a deliberate run; every other run is planned as a sync."""


def count(plan: Plan) -> Mapping[str, int]:
    """The plan in numbers, such as {"salesforce create planned": 3}."""
    return {" ".join(key): rows for key, rows in _kinds(plan).items()}


def by_side(plan: Plan) -> Mapping[str, Mapping[str, Mapping[str, int]]]:
    """The same as side -> op -> state -> actions, as `RunCounts` has it."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for (side, op, state), rows in _kinds(plan).items():
        found.setdefault(side, {}).setdefault(op, {})[state] = rows
    return found


def _kinds(plan: Plan) -> Mapping[tuple[str, str, str], int]:
    return Counter(zip(plan.actions["side"], plan.actions["op"], plan.actions["state"], strict=True))
