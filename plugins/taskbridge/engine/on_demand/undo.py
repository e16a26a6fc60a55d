"""Undoing a run, and bringing back what was lost (K5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import pandas as pd
import pyarrow as pa

from taskbridge.core.bounds import LAST_NUMBER, is_number
from taskbridge.core.frames import empty, frame
from taskbridge.core.model import ACTIONS, LOST, Plan, PlanInput
from taskbridge.core.restore import plan_restore
from taskbridge.core.run import Run, RunMode, RunSpec
from taskbridge.core.terms import FIELDS
from taskbridge.core.undo import plan_undo
from taskbridge.engine.engine import Engine
from taskbridge.errors import NotAnApprover, RequestRefused
from taskbridge.store import Ledger
from taskbridge.store.links import PastRun

RUN_ID: Final = "run_id"
CONFLICT_ID: Final = "conflict_id"
ACTION_ID: Final = "action_id"
LINK_ID: Final = "link_id"
FIELD: Final = "field"
APPROVED_PLAN: Final = "approved_plan"

_THINGS: Final = (CONFLICT_ID, ACTION_ID, LINK_ID)
_WANTS: Final[Mapping[RunMode, tuple[str, ...]]] = {
    RunMode.UNDO: (RUN_ID, APPROVED_PLAN),
    RunMode.RESTORE: (*_THINGS, FIELD, APPROVED_PLAN),
}
_NUMBERS: Final = (RUN_ID, CONFLICT_ID, APPROVED_PLAN)


def check(ledger: Ledger, spec: RunSpec, approvers: Collection[str] = ()) -> None:
    """Raises RequestRefused for what cannot be meant, or cannot be done by any run, and NotAnApprover for an approved
    plan that this person may not approve."""
    if spec.mode not in _WANTS:
        return
    _check_parameters(spec)
    if spec.mode is RunMode.UNDO:
        _check_run(ledger, _number(spec, RUN_ID))
    if APPROVED_PLAN in spec.asked:
        _check_plan(ledger, spec, approvers)


def undo(engine: Engine, run: Run, given: PlanInput) -> Plan:
    """The plan of a run of mode undo."""
    return plan_undo(
        given, engine.ledger.links.written(_number(run.spec, RUN_ID)), _approved(engine.ledger, run.spec)
    )


def restore(engine: Engine, run: Run, given: PlanInput) -> Plan:
    """The plan of a run of mode restore."""
    lost = _lost(engine.ledger, run.spec)
    return plan_restore(
        given, _not_kept(run.spec) if lost.empty else lost, _approved(engine.ledger, run.spec)
    )


def _check_parameters(spec: RunSpec) -> None:
    wanted = _WANTS[spec.mode]
    strange = [name for name in spec.asked if name not in wanted]
    if strange:
        raise RequestRefused(
            f"A run of mode {spec.mode} was asked for {', '.join(strange)}, which it does not know; it takes "
            f"{', '.join(wanted)}. Correct the parameters, or the mode."
        )
    choices = [name for name in wanted if name in (RUN_ID, *_THINGS)]
    given = [name for name in choices if name in spec.asked]
    if len(given) != 1:
        raise RequestRefused(
            f"A run of mode {spec.mode} takes exactly one of {', '.join(choices)}; "
            f"given: {', '.join(given) or 'none'}. mart.sync_runs lists runs, bridge.conflict and mart.change_log "
            "what was lost."
        )
    for name in _NUMBERS:
        if name in spec.asked:
            _number(spec, name)
    if spec.asked.get(FIELD, FIELDS[0]) not in FIELDS:
        raise RequestRefused(f"Unknown field {spec.asked[FIELD]!r}; known: {', '.join(FIELDS)}.")
    if FIELD in spec.asked and ACTION_ID not in spec.asked:
        raise RequestRefused("A field is chosen of an action only; give its action_id, see mart.change_log.")


def _number(spec: RunSpec, name: str) -> int:
    text = str(spec.asked[name])
    number = int(text) if text.isdecimal() and len(text) <= len(str(LAST_NUMBER)) else None
    if not is_number(number):
        raise RequestRefused(f"The parameter {name} is {text!r}; expected a number from 0 to {LAST_NUMBER}.")
    return number


def _check_run(ledger: Ledger, run_id: int) -> None:
    past = ledger.links.past_run(run_id)
    if past is None:
        raise RequestRefused(f"The ledger knows no run {run_id}; mart.sync_runs lists what ran.")
    if past.dry_run:
        raise RequestRefused(f"Run {run_id} was a dry run: it wrote nothing, so there is nothing to undo.")
    if not past.written:
        raise RequestRefused(
            f"Run {run_id} wrote to neither system, so there is nothing to undo; mart.change_log tells which run "
            "wrote what."
        )


def _check_plan(ledger: Ledger, spec: RunSpec, approvers: Collection[str]) -> None:
    number = _number(spec, APPROVED_PLAN)
    past = ledger.links.past_run(number)
    asked = {name: value for name, value in spec.asked.items() if name != APPROVED_PLAN}
    if past is None or not past.dry_run or past.mode is not spec.mode or dict(past.asked) != asked:
        raise RequestRefused(
            f"The parameter {APPROVED_PLAN} is {number}, which is no dry run of this very request. Make a dry run "
            "with the same parameters, look at its plan in mart.plan, and give its number."
        )
    if approvers:
        _check_approver(spec.asked_by or "somebody without a name", past, approvers)


def _check_approver(person: str, plan: PastRun, approvers: Collection[str]) -> None:
    """An approved plan is an approval: by one who may, and never by who made the plan."""
    if person not in approvers:
        raise NotAnApprover(
            f"{person} is not among the approvers ({', '.join(approvers)}), and {APPROVED_PLAN} releases what a limit "
            "holds. Let one of them start this run, or change the setting approvers."
        )
    if person == plan.asked_by:
        raise NotAnApprover(
            f"{person} made the dry run that {APPROVED_PLAN} names. Let another of the approvers "
            f"({', '.join(approvers)}) look at its plan and start this run."
        )


def _approved(ledger: Ledger, spec: RunSpec) -> pd.DataFrame:
    if APPROVED_PLAN not in spec.asked:
        return empty(ACTIONS)
    return ledger.links.shown_held(_number(spec, APPROVED_PLAN))


def _lost(ledger: Ledger, spec: RunSpec) -> pd.DataFrame:
    if CONFLICT_ID in spec.asked:
        return ledger.links.lost_in_conflict(_number(spec, CONFLICT_ID))
    if ACTION_ID in spec.asked:
        wanted = spec.asked.get(FIELD)
        return ledger.links.lost_by_action(
            str(spec.asked[ACTION_ID]), None if wanted is None else str(wanted)
        )
    return ledger.links.lost_task(str(spec.asked[LINK_ID]))


def _not_kept(spec: RunSpec) -> pd.DataFrame:
    """What nobody knows, as a row that says so."""
    what = next(f"{name.removesuffix('_id')} {spec.asked[name]}" for name in _THINGS if name in spec.asked)
    row = {
        "what": what,
        "code": "NOT_KEPT",
        "reason": "the ledger does not have it; it never had, or it was purged",
    }
    return frame(pa.Table.from_pylist([dict.fromkeys(LOST.names) | row], schema=LOST))
