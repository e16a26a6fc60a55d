"""What grows with runs rather than with tasks is kept for a time, and then removed a lot at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from taskbridge.engine.ports import Retention
from taskbridge.store.part import LedgerPart

EVERY: Final = timedelta(hours=1)
LOT: Final = 2_000
"""So many runs are looked at each time; those that are kept longer come round again."""


class Retaining(LedgerPart):
    def is_time_to_clean_up(self) -> bool:
        with self._db.transaction() as tx:
            return tx.run("retention/begin", every=EVERY).rowcount == 1

    def clean_up(self, keep: Retention) -> int:
        with self._db.transaction() as tx:
            tx.run("usage/fold_usage", keep=keep.staging)
            tx.run("usage/drop_allowances", keep=keep.staging)
            unstaged = list(tx.run("retention/find_old_staging", keep=keep.staging, lot=LOT).scalars())
            if unstaged:
                tx.run("retention/drop_sales_connect_staging", run_ids=unstaged)
                tx.run("retention/drop_salesforce_staging", run_ids=unstaged)
            youngest = min(keep.runs, keep.history)
            runs = list(tx.run("retention/find_runs", keep=youngest, lot=LOT).scalars())
            if runs:
                tx.run("retention/forget_changes", run_ids=runs, keep=keep.history)
                tx.run("retention/forget_actions", run_ids=runs, keep=keep.history)
                tx.run("retention/forget_rest", run_ids=runs, keep=keep.history)
                tx.run("retention/forget_runs", run_ids=runs, keep=keep.runs)
            tx.run("retention/move_on", up_to=runs[-1] if len(runs) == LOT else 0)
        return len(unstaged)
