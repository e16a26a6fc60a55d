"""Requests to people: opened with the plan that holds something, answered once, carried out (G3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Row

from taskbridge.core.arrays import to_table
from taskbridge.core.model import ANSWERED, APPROVAL_ROWS, ActionState, Answer, ApprovalKind, Plan
from taskbridge.engine.ports import Approval, ApprovalDetails, ApprovalState, Run
from taskbridge.store.database import Transaction
from taskbridge.store.frames import as_arrays
from taskbridge.store.part import LedgerPart


class Approvals(LedgerPart):
    def approval_rows(self, run: Run) -> pd.DataFrame:
        return self._db.frame("approval/read_rows", APPROVAL_ROWS, run_id=run.run_id)

    def approval(self, approval_id: int) -> Approval | None:
        with self._db.transaction() as tx:
            row = tx.run("approval/read_request", approval_id=approval_id).one_or_none()
        return None if row is None else _approval(row)

    def unfinished_approvals(self) -> Sequence[Approval]:
        with self._db.transaction() as tx:
            return [_approval(row) for row in tx.run("approval/read_unfinished")]

    def approval_details(self, approval_id: int, samples: int) -> ApprovalDetails:
        with self._db.transaction() as tx:
            counts = tx.run("approval/count_rows", approval_id=approval_id).mappings().all()
            shown = tx.run("approval/read_samples", approval_id=approval_id, samples=samples).mappings().all()
        return ApprovalDetails([dict(row) for row in counts], [dict(row) for row in shown])

    def ask(self, approval_id: int, dag_run_id: str) -> None:
        with self._db.transaction() as tx:
            tx.run("approval/ask", approval_id=approval_id, dag_run_id=dag_run_id)

    def answer(
        self, approval_id: int, answer: Answer, *, answered_by: str, answered_at: datetime, answered_in: str
    ) -> bool:
        with self._db.transaction() as tx:
            stored = tx.run(
                "approval/answer",
                approval_id=approval_id,
                answer=answer.value,
                answered_by=answered_by,
                answered_at=answered_at,
                answered_in=answered_in,
            )
            return stored.rowcount == 1


def save_approvals(tx: Transaction, run: Run, plan: Plan, *, asked: bool) -> None:
    """What a stored plan means for requests: rows carried out, new requests, rows that went away. `asked`: whether any
    request is open.

    In the transaction of the plan, so that a request is neither lost nor made twice.
    """
    if not plan.answered.empty:
        tx.run("approval/save_answered", run_id=run.run_id, **as_arrays(to_table(plan.answered, ANSWERED)))
    asks = bool((plan.actions["state"] == ActionState.HELD).any())
    if asks and tx.run("approval/open_requests", run_id=run.run_id).rowcount:
        tx.run("approval/save_rows", run_id=run.run_id)
        tx.run("approval/note_requests", run_id=run.run_id)
    if asks or asked:
        tx.run("approval/mark_wanted", run_id=run.run_id)
        tx.run("approval/close_obsolete")


def _approval(row: Row[Any]) -> Approval:
    return Approval(
        approval_id=row.approval_id,
        kind=ApprovalKind(row.kind),
        state=ApprovalState(row.state),
        run_id=row.run_id,
        requested_at=row.requested_at.astimezone(UTC),
        features=frozenset(row.features),
        dag_run_id=row.dag_run_id,
        asked=row.asked,
        answer=None if row.answer is None else Answer(row.answer),
        answered_by=row.answered_by,
        answered_at=None if row.answered_at is None else row.answered_at.astimezone(UTC),
    )
