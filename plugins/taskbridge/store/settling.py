"""The end of a run: the base advances, and what is unfinished is marked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from taskbridge.core.model import Side
from taskbridge.engine.ports import LONGEST_REST, Run, RunMode
from taskbridge.store.part import LedgerPart

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
        moves = final and run.spec.moves_watermarks
        with self._db.fenced(run) as tx:
            tx.run("settle/mark_found", run_id=run.run_id)
            tx.run("settle/apply_changes", run_id=run.run_id)
            tx.run("settle/mark_applied", run_id=run.run_id)
            tx.run("settle/close_decisions", run_id=run.run_id)
            tx.run("settle/end_approval_rows", run_id=run.run_id)
            tx.run("settle/finish_approvals", run_id=run.run_id)
            tx.run("settle/mark_restored", run_id=run.run_id)
            for side in Side:
                tx.run(f"settle/see_{side.value}", run_id=run.run_id)
            tx.run("settle/mark_dirty", run_id=run.run_id, first_look=FIRST_LOOK, longest_rest=longest_rest)
            for side in Side:
                tx.run(f"settle/date_changes_{side.value}", run_id=run.run_id)
            tx.run("settle/resolve_load_dead_letters", run_id=run.run_id)
            tx.run("settle/resolve_extract_dead_letters", run_id=run.run_id)
            tx.run("settle/ask_anew")
            if moves:
                tx.run("settle/end_first_syncs", run_id=run.run_id)
                tx.run("settle/end_absences")
            if moves or (final and run.spec.mode is RunMode.REBASE):
                for side, position in watermarks.items():
                    tx.run("watermark/move_watermark", run_id=run.run_id, side=side.value, position=position)
            tx.run("settle/mark_settled", run_id=run.run_id)
