"""What an audit found, and the pairs that it hands to the next run."""

from __future__ import annotations

import pyarrow as pa

from taskbridge.engine.ports import DELETES_TOLD, Run
from taskbridge.store.frames import with_constants
from taskbridge.store.part import LedgerPart


class Audits(LedgerPart):
    def save_drift(self, run: Run, drift: pa.Table) -> None:
        with self._db.fenced(run) as tx:
            tx.run("audit/delete_drift", run_id=run.run_id)
            tx.copy(["bridge", "drift"], with_constants(drift, run_id=run.run_id))

    def mark_drifted(self, run: Run) -> int:
        with self._db.fenced(run) as tx:
            marked = tx.run("audit/mark_drifted", run_id=run.run_id, deletes_told=DELETES_TOLD)
            tx.run("settle/mark_settled", run_id=run.run_id)
            return marked.rowcount
