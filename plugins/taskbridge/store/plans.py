"""What a plan is made from, and the plan stored in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Row

from taskbridge.core.arrays import to_table
from taskbridge.core.model import (
    ACTIONS,
    CONFLICTS,
    DECISIONS,
    DISPOSITIONS,
    HISTORY,
    LEDGER_CHANGES,
    LEFT_OUT,
    LINKS,
    NEW_LINKS,
    POPULATION,
    RECENT_WRITES,
    Plan,
)
from taskbridge.core.run import Run
from taskbridge.core.terms import ActionState, Op, Side
from taskbridge.errors import CountsDoNotAddUp
from taskbridge.store.approvals import save_approvals
from taskbridge.store.database import Database, Transaction
from taskbridge.store.frames import as_arrays, with_constants
from taskbridge.store.statistics import weigh_planned

LINK_IDS: Final = pa.schema([("link_id", pa.string())])

_EXAMPLES: Final = 5


@dataclass(frozen=True)
class PlanFacts:
    """What a plan has to know besides frames."""

    account: str  # of Sales Connect
    org: str  # of Salesforce, 18 characters
    decided: bool  # people have decided conflicts that no run has carried out (K3)
    asked: bool  # requests to people have rows without an end (G3)
    swept: bool  # Salesforce records were looked up as no listing could be trusted to tell deletes (C6)


@dataclass
class Plans:
    _db: Database

    def facts(self, run: Run) -> PlanFacts:
        [found] = self._db.rows("plan/read_facts", run_id=run.run_id)
        return PlanFacts(**found._mapping)

    def is_quiet(self, run: Run) -> bool:
        """Whether a run that syncs has nothing to decide, so that storing its plan would change nothing."""
        return bool(self._db.value("plan/is_quiet", run_id=run.run_id))

    def link_ids(self) -> pd.DataFrame:
        """(link_id) of every pair."""
        return self._db.frame("plan/read_link_ids", LINK_IDS)

    def links(self, run: Run) -> pd.DataFrame:
        """LINKS of every pair that has a staged row in this run."""
        return self._db.frame("plan/read_links", LINKS, run_id=run.run_id)

    def history(self) -> pd.DataFrame:
        """HISTORY."""
        return self._db.frame("plan/read_history", HISTORY)

    def population(self) -> pd.DataFrame:
        """POPULATION."""
        return self._db.frame("plan/read_population", POPULATION)

    def decisions(self) -> pd.DataFrame:
        """DECISIONS of people that no run has carried out yet (K3)."""
        return self._db.frame("plan/read_decisions", DECISIONS)

    def recent_writes(self, run: Run, at_least: int) -> pd.DataFrame:
        """RECENT_WRITES of pairs with a staged row in this run, written at least so often within the last hour (K6)."""
        return self._db.frame("plan/read_recent_writes", RECENT_WRITES, run_id=run.run_id, writes=at_least)

    def save_plan(self, run: Run, plan: Plan) -> None:
        """Stores links, actions, ledger changes, conflicts and dispositions in one transaction.

        Replaces a plan of the same run of which nothing was sent. Held actions of earlier runs for the same
        links become stale. What is held for approval and not asked for yet becomes a request, one a kind; requests
        of which nothing is held any more become obsolete. Raises CountsDoNotAddUp when a staged row has no
        disposition or a seq is used twice.

        A run that only looks keeps its actions, conflicts and dispositions for people to see; links, base and
        dead letters stay as they are.
        """
        actions = to_table(plan.actions, ACTIONS)
        changes = to_table(plan.ledger_changes, LEDGER_CHANGES)
        dispositions = to_table(plan.dispositions, DISPOSITIONS)
        _check_seq(actions, changes)
        with self._db.fenced(run) as tx:
            before = tx.run("plan/read_before", run_id=run.run_id).one()
            self._forget_plan(tx, run, before)
            self._save_dispositions(tx, run, dispositions)
            tx.copy(["bridge", "action"], _with_ids(actions, run))
            if not run.spec.only_looks:
                self._supersede(tx, run, actions, again=before.stored)
                self._save_new_links(tx, run, plan)
                tx.copy(["bridge", "ledger_change"], with_constants(changes, run_id=run.run_id))
                tx.run("plan/supersede_changes", run_id=run.run_id)
                if before.broken:
                    tx.run("plan/save_dead_letters", run_id=run.run_id)
                if dispositions.num_rows:
                    tx.run("plan/forget_sights", run_id=run.run_id)
                save_approvals(tx, run, plan, asked=before.asked)
            self._save_conflicts(tx, run, to_table(plan.conflicts, CONFLICTS), contested=before.contested)
            left_out = to_table(plan.left_out, LEFT_OUT)
            tx.copy(["bridge", "left_out"], with_constants(left_out, run_id=run.run_id))
            weigh_planned(tx, actions.num_rows)

    def _forget_plan(self, tx: Transaction, run: Run, before: Row[Any]) -> None:
        if before.begun:
            raise CountsDoNotAddUp(
                f"{before.begun} actions of run {run.spec.run_key} were sent already; a second plan would count "
                "or write them twice. Let the run go on with its plan, and start a new run for a new plan."
            )
        if before.stored:
            tx.run("plan/forget_plan", run_id=run.run_id)

    def _save_dispositions(self, tx: Transaction, run: Run, dispositions: pa.Table) -> None:
        ended = 0
        for side in Side:
            of_side = dispositions.filter(pc.equal(dispositions["side"], side.value))
            if of_side.num_rows:
                ends = as_arrays(of_side.drop_columns("side"))
                ended += tx.run(f"plan/save_{side.value}_dispositions", run_id=run.run_id, **ends).rowcount
        staged = tx.run("plan/count_staged", run_id=run.run_id).scalar_one()
        if not ended == staged == dispositions.num_rows:
            told = as_arrays(dispositions.select(["side", "remote_id"]))
            wrong = tx.run("plan/find_undisposed", run_id=run.run_id, examples=_EXAMPLES, **told).all()
            seen = ", ".join(f"{row.side} {row.remote_id} {row.times} times" for row in wrong)
            raise CountsDoNotAddUp(
                f"Every staged row of run {run.spec.run_key} must end in one place (G5). Seen: {seen}. "
                "Nothing of this plan was stored; this is a fault of the program, please report it."
            )

    def _supersede(self, tx: Transaction, run: Run, actions: pa.Table, *, again: bool) -> None:
        """What earlier runs still had in mind for these pairs no longer counts; what they held unchanged is held on.
        `again`: the plan is stored once more, and has superseded them already."""
        links = sorted({link for link in actions.column("link_id").to_pylist() if link is not None})
        if pc.any(pc.equal(actions["state"], ActionState.HELD.value)).as_py():
            tx.run("plan/forget_unchanged", run_id=run.run_id)
        if tx.run("plan/supersede_actions", run_id=run.run_id, link_ids=links).rowcount or again:
            tx.run("plan/carry_over", run_id=run.run_id)

    def _save_new_links(self, tx: Transaction, run: Run, plan: Plan) -> None:
        if (plan.actions["op"] == Op.CREATE).any():
            tx.run("plan/keep_recreated", run_id=run.run_id)
        links = to_table(plan.new_links, NEW_LINKS)
        if links.num_rows:
            tx.run("plan/save_new_links", run_id=run.run_id, **as_arrays(links))

    def _save_conflicts(self, tx: Transaction, run: Run, conflicts: pa.Table, *, contested: bool) -> None:
        """`contested`: whether any field waits for a decision, or any decision for a run."""
        found = as_arrays(conflicts)
        if (conflicts.num_rows or contested) and not run.spec.only_looks:
            named = {name: found[name] for name in ("link_id", "field", "winner")}
            tx.run("plan/close_conflicts", run_id=run.run_id, **named)
            tx.run("plan/follow_decisions", run_id=run.run_id, **named)
        if conflicts.num_rows:
            tx.run("plan/save_conflicts", run_id=run.run_id, dry_run=run.spec.dry_run, **found)


def _with_ids(actions: pa.Table, run: Run) -> pa.Table:
    """The actions with their run and an id that a plan stored again gives again."""
    actions = with_constants(actions, run_id=run.run_id)
    seq = actions.column("seq").cast(pa.string())
    return actions.append_column(
        "action_id", pc.binary_join_element_wise(pa.scalar(str(run.run_id)), seq, "-")
    )


def _check_seq(actions: pa.Table, changes: pa.Table) -> None:
    used = actions.column("seq")
    if pc.count_distinct(used, mode="all").as_py() != actions.num_rows:
        twice = used.value_counts()
        numbers = twice.filter(pc.greater(pc.struct_field(twice, "counts"), 1)).field("values").to_pylist()
        raise CountsDoNotAddUp(f"The plan uses a seq twice: {_some(numbers)}. Nothing of it was stored.")
    waits_for = changes.column("seq").drop_null()
    unknown = waits_for.filter(pc.invert(pc.is_in(waits_for, value_set=used.combine_chunks())))
    if len(unknown):
        raise CountsDoNotAddUp(
            f"Ledger changes wait for actions that the plan does not have: seq {_some(unknown.to_pylist())}. "
            "Nothing of it was stored."
        )


def _some(values: Sequence[object]) -> str:
    more = len(values) - _EXAMPLES
    return ", ".join(map(str, values[:_EXAMPLES])) + (f" and {more} more" if more > 0 else "")
