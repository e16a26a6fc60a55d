"""Pairs: how their base advances at the end of a run, what an audit found of them, what undo and restore work with,
and what a person who asks is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import pandas as pd
import pyarrow as pa
from sqlalchemy import Row

from taskbridge.core.model import ACTIONS, LOST, WRITTEN
from taskbridge.core.run import DELETES_TOLD, Run, RunMode
from taskbridge.core.terms import ALL_FIELDS, BIT, Side
from taskbridge.store.database import Database, Transaction
from taskbridge.store.frames import with_constants
from taskbridge.store.statistics import weigh_links

FIRST_LOOK: Final = timedelta(minutes=5)
"""How long a pair that only waits is left alone at first; each later rest is as long as it has waited (G9)."""
LONGEST_REST: Final = timedelta(hours=1)
"""After so long at the latest what only waits is read again, where nothing else is set (G9)."""


@dataclass(frozen=True)
class PastRun:
    """A run of the past, as far as undoing it is concerned."""

    run_id: int
    mode: RunMode
    dry_run: bool
    asked: Mapping[str, str | int]
    asked_by: str | None
    written: int  # effects that it had, or may have had


@dataclass(frozen=True)
class Known:
    """What the ledger knows of one task: rows of the statements in `include/sql/explain`, by column name."""

    pair: Mapping[str, Any] | None  # null: the task is in no pair
    fields: Sequence[Mapping[str, Any]] = ()  # of the pair, in the order of FIELDS
    conflicts: Sequence[Mapping[str, Any]] = ()  # the latest first
    actions: Sequence[Mapping[str, Any]] = ()  # planned, held or sent
    reasons: Sequence[Mapping[str, Any]] = ()  # why it is not in sync
    sight: Mapping[str, Any] | None = None  # the last sight of a record in no pair


@dataclass
class Links:
    _db: Database

    def settle(
        self,
        run: Run,
        watermarks: Mapping[Side, datetime],
        *,
        final: bool,
        longest_rest: timedelta = LONGEST_REST,
    ) -> None:
        """One transaction: ledger changes whose action is done or that wait for none, tombstones, last seen
        versions, dirty flags, first syncs, rows of answered requests, dead letters of pairs that went through, and,
        when `final`, watermarks. `longest_rest`: what only waits is read again after so long at the latest (G9).

        First syncs stay owed in a run that does not move watermarks; a rebase only sets first ones.
        """
        with self._db.fenced(run) as tx:
            work = tx.run("settle/read_work", run_id=run.run_id).one()
            moved = _follow(tx, run, work)
            if work.looked:
                moved += _see(tx, run, longest_rest)
            weigh_links(tx, moved, work.pairs)
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

    def save_drift(self, run: Run, drift: pa.Table, *, first: bool = True) -> None:
        """Keeps `core.audit.DRIFT` of a part of the run; the first one in place of all that it had found before."""
        with self._db.fenced(run) as tx:
            if first:
                tx.run("audit/delete_drift", run_id=run.run_id)
            tx.copy(["bridge", "drift"], with_constants(drift, run_id=run.run_id))

    def mark_drifted(self, run: Run) -> int:
        """Makes the pairs that the run found adrift dirty (G9), and answers how many. A difference that no change
        explains loses its base (K3); a delete without a recent date waits for a person (C6)."""
        with self._db.fenced(run) as tx:
            marked = tx.run("audit/mark_drifted", run_id=run.run_id, deletes_told=DELETES_TOLD)
            tx.run("settle/mark_settled", run_id=run.run_id)
            return marked.rowcount

    def past_run(self, run_id: int) -> PastRun | None:
        row = self._db.row("run/read_past_run", run_id=run_id)
        if row is None:
            return None
        return PastRun(row.run_id, RunMode(row.mode), row.dry_run, row.asked, row.asked_by, row.written)

    def written(self, run_id: int) -> pd.DataFrame:
        """WRITTEN of a run."""
        return self._db.frame("undo/read_written", WRITTEN, run_id=run_id)

    def shown_held(self, run_id: int) -> pd.DataFrame:
        """ACTIONS that a dry run showed as held."""
        return self._db.frame("undo/read_held", ACTIONS, run_id=run_id)

    def lost_in_conflict(self, conflict_id: int) -> pd.DataFrame:
        """LOST: what the conflict's loser was. Nothing for a conflict that is not kept."""
        return self._db.frame("restore/read_lost_conflict", LOST, conflict_id=conflict_id)

    def lost_by_action(self, action_id: str, field: str | None) -> pd.DataFrame:
        """LOST: what a write replaced (in that field), or the record that it removed. Nothing for an unknown action."""
        bits = ALL_FIELDS if field is None else BIT[field]
        return self._db.frame("restore/read_lost_action", LOST, action_id=action_id, bits=bits)

    def lost_task(self, link_id: str) -> pd.DataFrame:
        """LOST: the record that our last delete removed. `link_id` may be any id that the pair has or had."""
        return self._db.frame("restore/read_lost_task", LOST, link_id=link_id)

    def known(self, task: str) -> Known:
        """By a Sales Connect id, a Salesforce id (15 or 18 characters), a marker, or the name of a pair; also by the
        id of a record that its pair no longer has."""
        with self._db.transaction() as tx:
            pair = next(iter(_rows(tx, "explain/read_pair", task=task)), None)
            link_id = pair and pair["link_id"]
            reasons = _rows(tx, "explain/read_reasons", task=task, link_id=link_id)
            if pair is None:
                sight = next(iter(_rows(tx, "explain/read_sight", task=task)), None)
                return Known(pair=None, sight=sight, reasons=reasons)
            return Known(
                pair=pair,
                fields=_rows(tx, "explain/read_fields", link_id=link_id),
                conflicts=_rows(tx, "explain/read_conflicts", link_id=link_id),
                actions=_rows(tx, "explain/read_actions", link_id=link_id),
                reasons=reasons,
            )

    def titled(self, title: str) -> list[dict[str, Any]]:
        """The tasks of that title, whatever its case: rows of `explain/find_titled`."""
        with self._db.transaction() as tx:
            return _rows(tx, "explain/find_titled", title=title)


def _follow(tx: Transaction, run: Run, work: Row[Any]) -> int:
    """The base follows what was written, and with it what people asked for. Answers how many pairs moved."""
    if work.wrote:
        tx.run("settle/note_freshness", run_id=run.run_id)
    if work.found:
        tx.run("settle/mark_found", run_id=run.run_id)
    moved = tx.run("settle/apply_changes", run_id=run.run_id).rowcount if work.changes else 0
    if work.decisions:
        tx.run("settle/close_decisions", run_id=run.run_id)
    if work.answered:
        tx.run("settle/end_approval_rows", run_id=run.run_id)
        tx.run("settle/finish_approvals", run_id=run.run_id)
    if work.restores:
        tx.run("settle/mark_restored", run_id=run.run_id)
    return moved


def _see(tx: Transaction, run: Run, longest_rest: timedelta) -> int:
    """What the run saw is kept with the pairs, and with it whether they are finished. Answers how many it moved."""
    moved = tx.run("settle/see", run_id=run.run_id).rowcount
    tx.run("settle/mark_dirty", run_id=run.run_id, first_look=FIRST_LOOK, longest_rest=longest_rest)
    tx.run("settle/date_changes", run_id=run.run_id)
    return moved


def _rows(tx: Transaction, statement: str, **parameters: object) -> list[dict[str, Any]]:
    return [dict(row) for row in tx.run(statement, **parameters).mappings()]
