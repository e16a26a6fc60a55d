"""From staging and ledger to a stored plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import columns
from taskbridge.core.model import USERS, ApprovalKind, Plan, PlanInput, Side, frame
from taskbridge.core.oscillation import REVERSALS
from taskbridge.core.plan import make_plan
from taskbridge.core.rebase import rebase
from taskbridge.engine.approval import answered
from taskbridge.engine.audit import compare_everything
from taskbridge.engine.engine import Engine
from taskbridge.engine.ports import Run, RunMode
from taskbridge.engine.undo import restore, undo


def decide(engine: Engine, run: Run) -> Plan:
    """Plans the run and stores the plan in one transaction; a dry run's plan is only there to be looked at.

    Raises CountsDoNotAddUp (G5) and LeaseLost.
    """
    plan = _PLANNERS.get(run.spec.mode, _plan_sync)(engine, run)
    engine.still_mine(run)
    engine.ledger.save_plan(run, plan)
    return plan


def _plan_sync(engine: Engine, run: Run) -> Plan:
    return make_plan(plan_input(engine, run))


def _plan_rebase(engine: Engine, run: Run) -> Plan:
    """Likeness pairs records only of a ledger that was empty: it would draw into a sound one what the first sync
    has left out (I1, I2)."""
    if engine.ledger.unfollowed():
        # This run has found pairs already: without their base they would pass for sound ones.
        engine.ledger.settle(run, {}, final=False)
    known = columns(engine.ledger.link_ids())["link_id"]
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


def plan_input(engine: Engine, run: Run) -> PlanInput:
    """Everything the plan depends on."""
    ledger = engine.ledger
    identities = ledger.identities()
    return PlanInput(
        links=ledger.links(run),
        sales_connect=ledger.staged(run, Side.SALES_CONNECT),
        salesforce=ledger.staged(run, Side.SALESFORCE),
        users=_users(ledger.user_map(), run.spec.users),
        history=ledger.history(),
        population=ledger.population(),
        account=identities[Side.SALES_CONNECT],
        org=identities[Side.SALESFORCE],
        sc_now=run.started[Side.SALES_CONNECT],
        sf_now=run.started[Side.SALESFORCE],
        policy=engine.settings.policy,
        decisions=ledger.decisions(),
        recent=ledger.recent_writes(REVERSALS),
        gaps=run.gaps,
        approvals=ledger.approval_rows(run),
        rerender=run.spec.mode is RunMode.RERENDER or _answers_subjects(engine, run),
    )


def _answers_subjects(engine: Engine, run: Run) -> bool:
    """Whether the run carries out the answer to Subjects that were to be made anew (T3)."""
    if run.spec.mode is not RunMode.APPROVAL:
        return False
    return answered(engine.ledger, run.spec).kind is ApprovalKind.SUBJECT


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


def _users(user_map: pd.DataFrame, chosen: tuple[str, ...]) -> pd.DataFrame:
    """USERS of a run; `chosen` are SC user ids or e-mail addresses, none means everybody."""
    table = pa.Table.from_pandas(user_map, preserve_index=False)
    table = table.filter(pc.is_valid(table["sf_user_id"]))
    names = pa.array([name.casefold() for name in chosen], pa.string())
    asked = pc.or_(pc.is_in(table["sc_user_id"], names), pc.is_in(pc.utf8_lower(table["email"]), names))
    columns = {
        **{name: table[name] for name in table.column_names if name in USERS.names},
        "synced": pc.equal(table["state"], "synced"),
        "selected": asked if chosen else pa.repeat(True, len(table)),
        "first_sync_owed": pc.fill_null(pc.equal(table["first_sync"], "owed"), False),
    }
    return frame(pa.table({name: columns[name] for name in USERS.names}, schema=USERS))
