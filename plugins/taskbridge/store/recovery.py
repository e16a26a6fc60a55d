"""What undo and restore work with: what was written, what was lost, and what a person has looked at."""

from __future__ import annotations

import pandas as pd

from taskbridge.core.model import ACTIONS, ALL_FIELDS, BIT, LOST, WRITTEN
from taskbridge.engine.ports import PastRun, RunMode
from taskbridge.store.part import LedgerPart


class Recovery(LedgerPart):
    def past_run(self, run_id: int) -> PastRun | None:
        with self._db.transaction() as tx:
            row = tx.run("run/read_past_run", run_id=run_id).one_or_none()
        if row is None:
            return None
        return PastRun(row.run_id, RunMode(row.mode), row.dry_run, row.asked, row.asked_by, row.written)

    def written(self, run_id: int) -> pd.DataFrame:
        return self._db.frame("undo/read_written", WRITTEN, run_id=run_id)

    def shown_held(self, run_id: int) -> pd.DataFrame:
        return self._db.frame("undo/read_held", ACTIONS, run_id=run_id)

    def lost_in_conflict(self, conflict_id: int) -> pd.DataFrame:
        return self._db.frame("restore/read_lost_conflict", LOST, conflict_id=conflict_id)

    def lost_by_action(self, action_id: str, field: str | None) -> pd.DataFrame:
        bits = ALL_FIELDS if field is None else BIT[field]
        return self._db.frame("restore/read_lost_action", LOST, action_id=action_id, bits=bits)

    def lost_task(self, link_id: str) -> pd.DataFrame:
        return self._db.frame("restore/read_lost_task", LOST, link_id=link_id)
