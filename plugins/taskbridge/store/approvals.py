"""What is asked of people and what they answer: requests, opened with the plan that holds something, answered once and
carried out (G3), and decisions about fields that are held (K3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import Row

from taskbridge.core.model import APPROVAL_ROWS
from taskbridge.core.parts import WHOLE, Part
from taskbridge.core.run import Run
from taskbridge.core.terms import Answer, ApprovalKind, Side
from taskbridge.errors import ConflictNotOpen
from taskbridge.store.database import Database, Transaction
from taskbridge.store.frames import as_arrays


class ApprovalState(StrEnum):
    """Where a request to a person stands (G3)."""

    OPEN = "open"
    ANSWERED = "answered"  # to be carried out
    CARRIED_OUT = "carried_out"
    OBSOLETE = "obsolete"  # every row went away before an answer


@dataclass(frozen=True)
class Approval:
    """A request to a person to approve or reject effects of one kind, exactly as they were held."""

    approval_id: int
    kind: ApprovalKind
    state: ApprovalState
    run_id: int  # that held it
    requested_at: datetime
    features: frozenset[str] = frozenset()  # of Sales Connect in that run
    dag_run_id: str | None = None  # the last DAG run that was started to ask for an answer or to carry it out
    asked: int = 0  # how many were started
    answer: Answer | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True)
class ApprovalDetails:
    """What a request asks for, for people.

    `counts`: rows (doubt or null, side, op, owner, campaign, rows), the most first. `samples`: some of the effects
    (side, op, owner, title, status, due_date, mask, new_title, new_status, new_due_date, old_owner, new_owner).
    """

    counts: Sequence[Mapping[str, Any]]
    samples: Sequence[Mapping[str, Any]]


@dataclass
class Approvals:
    _db: Database

    def approval_rows(self, run: Run, part: Part = WHOLE) -> pd.DataFrame:
        """APPROVAL_ROWS of the pairs of a part that have a staged row in this run, and of the request that it carries
        out."""
        return self._db.frame("approval/read_rows", APPROVAL_ROWS, run_id=run.run_id, **vars(part))

    def approval(self, approval_id: int) -> Approval | None:
        row = self._db.row("approval/read_request", approval_id=approval_id)
        return None if row is None else _approval(row)

    def unfinished_approvals(self) -> Sequence[Approval]:
        """Requests that are open or answered, the oldest first."""
        return [_approval(row) for row in self._db.rows("approval/read_unfinished")]

    def approval_details(self, approval_id: int, samples: int) -> ApprovalDetails:
        with self._db.transaction() as tx:
            counts = tx.run("approval/count_rows", approval_id=approval_id).mappings().all()
            shown = tx.run("approval/read_samples", approval_id=approval_id, samples=samples).mappings().all()
        return ApprovalDetails([dict(row) for row in counts], [dict(row) for row in shown])

    def ask(self, approval_id: int, dag_run_id: str) -> None:
        """Notes the DAG run that is started for a request, before it is started."""
        self._db.change("approval/ask", approval_id=approval_id, dag_run_id=dag_run_id)

    def answer(
        self, approval_id: int, answer: Answer, *, answered_by: str, answered_at: datetime, answered_in: str
    ) -> bool:
        """Stores a person's answer; False, and nothing stored, when the request is not open."""
        stored = self._db.change(
            "approval/answer",
            approval_id=approval_id,
            answer=answer.value,
            answered_by=answered_by,
            answered_at=answered_at,
            answered_in=answered_in,
        )
        return stored == 1

    def decide_conflicts(self, conflict_ids: Sequence[int], winner: Side, decided_by: str) -> int:
        """Records what a person decided about open conflicts, all of them or none; answers how many.

        Raises ConflictNotOpen, naming each that does not exist or is not open any more.
        """
        wanted = sorted(set(conflict_ids))
        with self._db.transaction() as tx:
            known = {row.conflict_id: row for row in tx.run("conflict/lock_conflicts", conflict_ids=wanted)}
            problems = [problem for number in wanted if (problem := _why_not(number, known.get(number)))]
            if problems:
                raise ConflictNotOpen(
                    f"{'; '.join(problems)}. Nothing was recorded; mart.conflicts_open lists what waits."
                )
            tx.run("conflict/replace_decisions", conflict_ids=wanted)
            saved = tx.run(
                "conflict/save_decisions", conflict_ids=wanted, winner=winner.value, decided_by=decided_by
            )
            tx.run("conflict/look_again", conflict_ids=wanted)
            return saved.rowcount


def save_approvals(tx: Transaction, run: Run, answered: pa.Table, *, asks: bool, asked: bool) -> None:
    """What a stored plan means for requests: rows carried out (ANSWERED), new requests, rows that went away. `asks`:
    whether it holds anything. `asked`: whether any request is open.

    In the transaction of the plan, so that a request is neither lost nor made twice.
    """
    if answered.num_rows:
        tx.run("approval/save_answered", run_id=run.run_id, **as_arrays(answered))
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


def _why_not(number: int, conflict: Row[Any] | None) -> str | None:
    if conflict is None or conflict.dry_run:
        return f"There is no conflict {number}"
    if conflict.winner is not None:
        return f"Conflict {number} ({conflict.field}) was decided already: {Side(conflict.winner).system} won"
    if conflict.decided_at is not None:
        return f"Conflict {number} ({conflict.field}) is over since {conflict.decided_at:%Y-%m-%d %H:%M} UTC"
    return None
