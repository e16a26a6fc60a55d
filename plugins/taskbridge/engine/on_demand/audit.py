"""An audit: what differs between the two systems and the ledger, written down for people, and nothing else."""

from __future__ import annotations

import logging
from dataclasses import replace

import pyarrow as pa

from taskbridge.core.arrays import choose, columns, constant, equals
from taskbridge.core.audit import find_drift
from taskbridge.core.frames import empty, frame
from taskbridge.core.model import ACTIONS, CONFLICTS, DISPOSITIONS, LEDGER_CHANGES, NEW_LINKS, Plan, PlanInput
from taskbridge.core.plan import make_plan
from taskbridge.core.run import Run
from taskbridge.core.terms import Disposition
from taskbridge.engine.engine import Engine

_log = logging.getLogger(__name__)
REPAIR = "repair"


def compare_everything(engine: Engine, run: Run, given: PlanInput, *, first: bool) -> Plan:
    """Stores what has drifted, and answers a plan of nothing: where each record would end if a sync saw it now.
    `first`: of the parts of the audit, so that what it had stored before goes away."""
    plan = make_plan(given, limited=False)
    drift = find_drift(given, plan)
    engine.ledger.links.save_drift(run, drift, first=first)
    _log.info("Found %d lines of drift", len(drift) - 1)
    return replace(
        plan,
        actions=empty(ACTIONS),
        ledger_changes=empty(LEDGER_CHANGES),
        new_links=empty(NEW_LINKS),
        conflicts=empty(CONFLICTS),
        dispositions=frame(_without_plans(plan)),
    )


def hand_over(engine: Engine, run: Run) -> None:
    """Lets the next run mend what has drifted, if that was asked for; the audit itself mends nothing."""
    if run.spec.asked.get(REPAIR) and not run.spec.dry_run:
        marked = engine.ledger.links.mark_drifted(run)
        engine.ledger.runs.note(run, f"{marked} pairs are read by id and mended by the next run (repair).")


def _without_plans(plan: Plan) -> pa.Table:
    """Nothing is planned by an audit: what a sync would have planned waits for one."""
    ends = columns(plan.dispositions)
    waits = equals(ends["disposition"], Disposition.PLANNED)
    length = len(waits)
    ends["disposition"] = choose(waits, constant(Disposition.DEFERRED, length), ends["disposition"])
    ends["rule"] = choose(waits, constant("audit", length), ends["rule"])
    return pa.table({name: ends[name] for name in DISPOSITIONS.names}, schema=DISPOSITIONS)
