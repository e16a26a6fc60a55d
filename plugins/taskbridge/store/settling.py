"""The end of a run: the base advances, and what is unfinished is marked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from taskbridge.core.model import Side
from taskbridge.engine.ports import LONGEST_REST, Run, RunMode
from taskbridge.store.database import Transaction
from taskbridge.store.part import LedgerPart
from taskbridge.store.statistics import weigh_links

FIRST_LOOK: Final = timedelta(minutes=5)
"""How long a pair that only waits is left alone at first; each later rest is as long as it has waited (G9)."""


class Settling(LedgerPart):
    def settle(
        self,
        run: Run,
        watermarks: Mapping[Side, datetime],
        *,
        final: bool,
        longest_rest: timedelta = LONGEST_REST,
    ) -> None:
        """First syncs stay owed in a run that does not move watermarks; a rebase only sets first ones."""
        with self._db.fenced(run) as tx:
            work = tx.run("settle/read_work", run_id=run.run_id).one()
            _follow(tx, run, work)
            if work.looked:
                _see(tx, run, longest_rest)
            weigh_links(tx, work.staged, work.pairs)
            if work.parked:
                tx.run("settle/resolve_load_dead_letters", run_id=run.run_id)
                tx.run("settle/resolve_extract_dead_letters", run_id=run.run_id)
            if work.held:
                tx.run("settle/ask_anew")
            moves = final and run.spec.moves_watermarks
            if moves and work.owed:
                tx.run("settle/catch_up_users", run_id=run.run_id)
            if watermarks and (moves or (final and run.spec.mode is RunMode.REBASE)):
                tx.run(
                    "watermark/move_watermarks",
                    run_id=run.run_id,
                    sides=[side.value for side in watermarks],
                    positions=list(watermarks.values()),
                )
            tx.run("settle/mark_settled", run_id=run.run_id)


def _follow(tx: Transaction, run: Run, work: Row[Any]) -> None:
    """The base follows what was written, and with it what people asked for."""
    if work.found:
        tx.run("settle/mark_found", run_id=run.run_id)
    if work.changes:
        tx.run("settle/apply_changes", run_id=run.run_id)
    if work.decisions:
        tx.run("settle/close_decisions", run_id=run.run_id)
    if work.answered:
        tx.run("settle/end_approval_rows", run_id=run.run_id)
        tx.run("settle/finish_approvals", run_id=run.run_id)
    if work.restores:
        tx.run("settle/mark_restored", run_id=run.run_id)


def _see(tx: Transaction, run: Run, longest_rest: timedelta) -> None:
    """What the run saw is kept with the pairs, and with it whether they are finished."""
    for side in Side:
        tx.run(f"settle/see_{side.value}", run_id=run.run_id)
    tx.run("settle/mark_dirty", run_id=run.run_id, first_look=FIRST_LOOK, longest_rest=longest_rest)
    tx.run("settle/date_changes", run_id=run.run_id)
