"""Staging: what a run saw, and what it has to look at besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import pandas as pd
import pyarrow as pa

from taskbridge.core.arrays import columns, to_table
from taskbridge.core.known import QUIET
from taskbridge.core.model import TASKS
from taskbridge.core.parts import WHOLE, Part
from taskbridge.core.run import Run
from taskbridge.core.terms import LinkState, Side
from taskbridge.store.database import Database
from taskbridge.store.frames import as_arrays
from taskbridge.store.statistics import weigh_staged

IDS: Final = pa.schema([("remote_id", pa.string()), ("control", pa.string())])
"""Records to read by id, each with another linked record of the same owner (C5)."""
SIDED_IDS: Final = IDS.insert(0, pa.field("side", pa.string()))


@dataclass(frozen=True)
class StagedState:
    """How things stand with a part of a run."""

    rows: int
    staged_at: datetime | None  # when the last of them was staged, or replaced by another version
    settled_at: datetime | None  # of the run: links are others since then


@dataclass
class Staging:
    _db: Database

    def unstaged(self, run: Run, side: Side) -> tuple[int, int]:
        """Pairs of which a record is not found, and no proof says that it was deleted (C5); rows of the run's
        listings that were known."""
        [found] = self._db.rows("staging/count_unstaged", run_id=run.run_id, side=side.value)
        return found.missing, found.known

    def quiet(self, side: Side, records: pd.DataFrame) -> pd.DataFrame:
        """QUIET of those records (`remote_id`) whose pair is linked and confirmed, with nothing unfinished in it."""
        ids = as_arrays(pa.table(columns(records)))
        return self._db.frame("staging/read_quiet", QUIET, side=side.value, remote_ids=ids["remote_id"])

    def save_known(self, run: Run, side: Side, rows: int) -> None:
        """So many rows of a listing showed nothing new, and were not staged (G5)."""
        with self._db.fenced(run) as tx:
            tx.run("staging/save_known", run_id=run.run_id, side=side.value, rows=rows)

    def stage(self, run: Run, side: Side, page: pd.DataFrame, source: str) -> int:
        """Upserts a page into the run's staging; `source` is delta, deleted, first_sync, by_id or sweep.

        For one record the newer version stays, and what was read by id stays against all that was listed before; a
        delete stays against a live row of the same or an older version; "absent" never replaces a delete. Returns
        the number of rows of the page.
        """
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

    def park(self, run: Run, side: Side, ids: Sequence[str], code: str, message: str) -> None:
        """Takes these staged records for such as cannot be understood (G4)."""
        with self._db.fenced(run) as tx:
            given = {"remote_ids": list(ids), "code": code, "message": message}
            tx.run(f"staging/park_{side.value}", run_id=run.run_id, **given)

    def staged(self, run: Run, side: Side, part: Part = WHOLE) -> pd.DataFrame:
        """TASKS[side] of a part; `payload` is null, as no plan looks at it."""
        statement = f"staging/read_{side.value}"
        return self._db.frame(statement, TASKS[side], run_id=run.run_id, **vars(part))

    def ids_to_read(self, run: Run) -> Mapping[Side, pd.DataFrame]:
        """Per side (remote_id, control): records that must be read by id before anything is decided (G9).

        Both records of every pair that is dirty, of pending pairs the origin's record; of those that only wait if
        their next look is due or a listing shows something new of them; of released pairs that have a staged row;
        of pairs with a row older than what was seen last, and of ended ones whose deleted record shows up live;
        and a record whose last write of ours no read has confirmed and that is not staged. Of a deliberate run
        nothing but the pairs it is about. What is already staged with source "by_id" is left out. `control`: another
        linked record of the same owner, or null.
        """
        found = self._db.frame("staging/find_ids", SIDED_IDS, run_id=run.run_id)
        return {side: found.loc[found["side"] == side, IDS.names].reset_index(drop=True) for side in Side}

    def unseen_ids(self, run: Run, side: Side, states: Sequence[LinkState]) -> pd.DataFrame:
        """(remote_id, control) of the records of pairs in these states that no listing of this run showed (C6)."""
        return self._unseen(run, side, states, None)

    def sample_ids(self, run: Run, side: Side, sample: int) -> pd.DataFrame:
        """(remote_id, control) of at most so many linked records that the run has not read, chosen by chance (G8)."""
        return self._unseen(run, side, [LinkState.LINKED], sample)

    def _unseen(self, run: Run, side: Side, states: Sequence[LinkState], sample: int | None) -> pd.DataFrame:
        wanted = [state.value for state in states]
        return self._db.frame(
            "staging/find_unseen", IDS, run_id=run.run_id, side=side.value, states=wanted, sample=sample
        )

    def named_ids(self, run: Run) -> Mapping[Side, pd.DataFrame]:
        """Per side (remote_id, control) of records that staged markers name and no listing of this run showed."""
        return {
            side: self._db.frame("staging/find_named", IDS, run_id=run.run_id, side=side.value)
            for side in Side
        }

    def sweep_ids(self, run: Run, every: timedelta) -> pd.DataFrame:
        """(remote_id, control) of linked SC tasks to look up in this run, so that all come round once in `every`.

        The longest unchecked first. None is looked up twice within half of `every`, and as many as a run's
        share of the other half asks for, so that pairs imported together are not all due together.
        """
        return self._db.frame("staging/find_sweep_ids", IDS, run_id=run.run_id, seconds=every.total_seconds())

    def state(self, run: Run, part: Part) -> StagedState:
        [found] = self._db.rows("staging/read_state", run_id=run.run_id, **vars(part))
        return StagedState(**found._mapping)

    def weigh_staged(self, run: Run) -> int:
        """How many rows the run has staged; lets the database know, before they are read and joined."""
        with self._db.transaction() as tx:
            rows: int = tx.run("plan/count_staged", run_id=run.run_id, **vars(WHOLE)).scalar_one()
            weigh_staged(tx, rows)
        return rows
