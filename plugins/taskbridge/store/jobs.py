"""Jobs that write many rows in the background, and the actions that they carry out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd

from taskbridge.core.model import Op, Side
from taskbridge.engine.ports import WRITES, Run
from taskbridge.store.outbox import not_in_state
from taskbridge.store.part import LedgerPart


class Jobs(LedgerPart):
    def open_job(self, run: Run, side: Side, op: Op, job_id: str, action_ids: Sequence[str]) -> None:
        """Raises CountsDoNotAddUp when one of them is not planned (any more)."""
        with self._db.fenced(run) as tx:
            tx.run("job/save_job", job_id=job_id, run_id=run.run_id, side=side.value, op=op.value)
            sent = tx.run("job/mark_sent", action_ids=list(action_ids), job_id=job_id).rowcount
            if sent != len(action_ids):
                raise not_in_state(len(action_ids), sent, "planned")

    def open_jobs(self, side: Side) -> Sequence[tuple[str, Op]]:
        with self._db.transaction() as tx:
            return [(row.job_id, Op(row.op)) for row in tx.run("job/read_open", side=side.value)]

    def job_rows(self, job_id: str) -> pd.DataFrame:
        return self._db.frame("job/read_rows", WRITES, job_id=job_id)

    def end_job(self, run: Run, job_id: str, *, failed: bool, message: str | None) -> None:
        with self._db.fenced(run) as tx:
            tx.run("job/end_job", job_id=job_id, failed=failed, message=message)

    def job_failed(self, side: Side, within: timedelta) -> bool:
        with self._db.transaction() as tx:
            return bool(tx.run("job/read_failure", side=side.value, within=within).scalar_one_or_none())
