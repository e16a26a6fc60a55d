"""Requests to people: answered once, carried out while they are answered, refused otherwise (G3)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from taskbridge.core.bounds import is_number
from taskbridge.core.run import RunSpec
from taskbridge.core.terms import Answer
from taskbridge.errors import ApprovalClosed, NotAnApprover, SettingsInvalid
from taskbridge.store import Ledger
from taskbridge.store.approvals import Approval, ApprovalState

APPROVAL_ID: Final = "approval_id"
"""What a run of mode approval is asked for."""


def find(ledger: Ledger, approval_id: object) -> Approval:
    """The request of that number. Raises SettingsInvalid when it is no number, ApprovalClosed when nobody knows it."""
    if not is_number(approval_id):
        raise SettingsInvalid(
            f"The parameter {APPROVAL_ID} is {approval_id!r}; expected the number of a request, see mart.approvals."
        )
    known = ledger.approvals.approval(approval_id)
    if known is None:
        raise ApprovalClosed(
            f"The ledger knows no request {approval_id}. Look in mart.approvals for the one that was meant."
        )
    return known


@dataclass(frozen=True)
class Person:
    """Somebody, as Airflow knows them."""

    id: str
    name: str

    @classmethod
    def of(cls, told: Mapping[str, str | None] | None) -> Person:
        told = told or {}
        name = told.get("name") or told.get("id") or "somebody without a name"
        return cls(str(told.get("id") or name), str(name))

    def is_one_of(self, approvers: Collection[str]) -> bool:
        """Whether they may approve: everybody, where nobody is named."""
        return not approvers or self.id in approvers or self.name in approvers


def record_answer(
    ledger: Ledger,
    approval_id: object,
    answer: Answer,
    *,
    by: Person,
    at: datetime,
    place: str,
    approvers: Collection[str] = (),
) -> Approval:
    """Stores what a person said; saying the same in the same place again is the same answer.

    Raises NotAnApprover for somebody who is not one of `approvers`, and ApprovalClosed for a request that is not open:
    nothing is written for it.
    """
    known = find(ledger, approval_id)
    if not by.is_one_of(approvers):
        raise NotAnApprover(
            f"{by.name} is not among the approvers ({', '.join(approvers)}), so request {known.approval_id} stays "
            "open. Let one of them answer, or change the setting approvers."
        )
    ledger.approvals.answer(known.approval_id, answer, answered_by=by.name, answered_at=at, answered_in=place)
    now = find(ledger, approval_id)
    if (now.answer, now.answered_by, now.answered_at) != (answer, by.name, at):
        raise ApprovalClosed(f"The answer of {by.name} ({answer}) counts for nothing: {_standing(now)}")
    return now


def answered(ledger: Ledger, spec: RunSpec) -> Approval:
    """The answered request that a run carries out. Raises ApprovalClosed when there is nothing to carry out."""
    known = find(ledger, spec.asked.get(APPROVAL_ID))
    if known.state is not ApprovalState.ANSWERED:
        raise ApprovalClosed(f"There is nothing to carry out: {_standing(known)}")
    return known


def due(ledger: Ledger, under_way: Callable[[str], bool]) -> list[tuple[Approval, str]]:
    """Requests that nobody is asked about, or that nobody carries out, each with the name of the DAG run to start.

    `under_way` tells whether a DAG run of that name is waiting or running. The name is stored before it is used: a
    DAG run that then does not come about is missed, and started under another name by the next run.
    """
    started = []
    for one in ledger.approvals.unfinished_approvals():
        if one.dag_run_id is None or not under_way(one.dag_run_id):
            name = f"approval-{one.approval_id}" + (f"-{one.asked + 1}" if one.asked else "")
            ledger.approvals.ask(one.approval_id, name)
            started.append((one, name))
    return started


def _standing(known: Approval) -> str:
    what = f"request {known.approval_id} ({known.kind})"
    if known.state is ApprovalState.OPEN:
        return f"{what} has not been answered; answer its DAG run {known.dag_run_id or '(not started yet)'}."
    if known.state is ApprovalState.OBSOLETE:
        return (
            f"{what} is obsolete, as everything that it asked for has moved or gone. Nothing is left to do."
        )
    said = f"{what} was {known.answer} by {known.answered_by} at {known.answered_at:%Y-%m-%d %H:%M:%S} UTC"
    if known.state is ApprovalState.ANSWERED:
        return f"{said} and is being carried out; see mart.approvals."
    return f"{said} and has been carried out; see mart.approvals. What is held since is asked for anew."
