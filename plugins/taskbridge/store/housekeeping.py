"""What grows with runs rather than with tasks is kept for a time, and then removed a lot at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from taskbridge.core.terms import Side
from taskbridge.store.database import Database

EVERY: Final = timedelta(hours=1)
LOT: Final = 2_000
"""So many runs are looked at each time; those that are kept longer come round again."""


@dataclass(frozen=True)
class Retention:
    """How long what grows with runs is kept: what they saw; those that changed nothing; what they wrote, with what it
    replaced, and what people decided."""

    staging: timedelta
    runs: timedelta
    history: timedelta


@dataclass
class Housekeeping:
    _db: Database

    def is_time_to_clean_up(self) -> bool:
        """True once an hour."""
        return self._db.change("retention/begin", every=EVERY) == 1

    def clean_up(self, keep: Retention) -> int:
        """Removes what is older than it is kept, a lot at a time. The calls of runs without staging are kept by day
        alone; returns the number of runs that lost theirs."""
        with self._db.transaction() as tx:
            tx.run("usage/fold_usage", keep=keep.staging)
            tx.run("usage/drop_allowances", keep=keep.staging)
            unstaged = list(tx.run("retention/find_old_staging", keep=keep.staging, lot=LOT).scalars())
            if unstaged:
                for side in Side:
                    tx.run(f"retention/drop_{side.value}_staging", run_ids=unstaged)
            youngest = min(keep.runs, keep.history)
            runs = list(tx.run("retention/find_runs", keep=youngest, lot=LOT).scalars())
            if runs:
                tx.run("retention/forget_changes", run_ids=runs, keep=keep.history)
                tx.run("retention/forget_actions", run_ids=runs, keep=keep.history)
                tx.run("retention/forget_rest", run_ids=runs, keep=keep.history)
                tx.run("retention/forget_runs", run_ids=runs, keep=keep.runs)
            tx.run("retention/move_on", up_to=runs[-1] if len(runs) == LOT else 0)
        return len(unstaged)
