"""Staging: what a run saw, and what it has to look at besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import pandas as pd
import pyarrow as pa

from taskbridge.core.arrays import columns, to_table
from taskbridge.core.known import QUIET
from taskbridge.core.model import TASKS, LinkState, Side
from taskbridge.engine.ports import Run
from taskbridge.store.frames import as_arrays
from taskbridge.store.part import LedgerPart

IDS: Final = pa.schema([("remote_id", pa.string()), ("control", pa.string())])
"""Records to read by id, each with another linked record of the same owner (C5)."""

SIDED_IDS: Final = IDS.insert(0, pa.field("side", pa.string()))


class Staging(LedgerPart):
    def unstaged(self, run: Run, side: Side) -> tuple[int, int]:
        with self._db.transaction() as tx:
            found = tx.run("staging/count_unstaged", run_id=run.run_id, side=side.value).one()
        return found.missing, found.known

    def quiet(self, side: Side, records: pd.DataFrame) -> pd.DataFrame:
        ids = as_arrays(pa.table(columns(records)))
        return self._db.frame("staging/read_quiet", QUIET, side=side.value, remote_ids=ids["remote_id"])

    def save_known(self, run: Run, side: Side, rows: int) -> None:
        with self._db.fenced(run) as tx:
            tx.run("staging/save_known", run_id=run.run_id, side=side.value, rows=rows)

    def stage(self, run: Run, side: Side, page: pd.DataFrame, source: str) -> int:
        table = to_table(page, TASKS[side])
        if table.num_rows == 0:
            return 0
        with self._db.fenced(run) as tx:
            tx.run(f"staging/create_incoming_{side.value}")
            tx.copy([f"incoming_{side.value}"], table)
            tx.run(f"staging/merge_{side.value}", run_id=run.run_id, source=source)
            if source == "by_id":
                # An answer that tells less does not replace what was seen, yet the record has been asked for.
                tx.run(f"staging/mark_read_{side.value}", run_id=run.run_id)
        return int(table.num_rows)

    def staged(self, run: Run, side: Side) -> pd.DataFrame:
        return self._db.frame(f"staging/read_{side.value}", TASKS[side], run_id=run.run_id)

    def ids_to_read(self, run: Run) -> Mapping[Side, pd.DataFrame]:
        found = self._db.frame("staging/find_ids", SIDED_IDS, run_id=run.run_id)
        return {side: found.loc[found["side"] == side, IDS.names].reset_index(drop=True) for side in Side}

    def unseen_ids(self, run: Run, side: Side, states: Sequence[LinkState]) -> pd.DataFrame:
        return self._unseen(run, side, states, None)

    def sample_ids(self, run: Run, side: Side, sample: int) -> pd.DataFrame:
        return self._unseen(run, side, [LinkState.LINKED], sample)

    def _unseen(self, run: Run, side: Side, states: Sequence[LinkState], sample: int | None) -> pd.DataFrame:
        wanted = [state.value for state in states]
        return self._db.frame(
            "staging/find_unseen", IDS, run_id=run.run_id, side=side.value, states=wanted, sample=sample
        )

    def named_ids(self, run: Run) -> Mapping[Side, pd.DataFrame]:
        return {
            side: self._db.frame("staging/find_named", IDS, run_id=run.run_id, side=side.value)
            for side in Side
        }

    def sweep_ids(self, run: Run, every: timedelta) -> pd.DataFrame:
        """The longest unchecked first. None is looked up twice within half of `every`, and as many as a run's
        share of the other half asks for, so that pairs imported together are not all due together."""
        return self._db.frame("staging/find_sweep_ids", IDS, run_id=run.run_id, seconds=every.total_seconds())
