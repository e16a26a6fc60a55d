"""A plan on its way into the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Row

from taskbridge.core.arrays import to_table
from taskbridge.core.model import (
    ACTIONS,
    ANSWERED,
    CONFLICTS,
    DISPOSITIONS,
    LEDGER_CHANGES,
    LEFT_OUT,
    NEW_LINKS,
    Plan,
)
from taskbridge.core.parts import Part
from taskbridge.core.run import Run
from taskbridge.core.terms import ActionState, Op, Side
from taskbridge.errors import CountsDoNotAddUp
from taskbridge.store.approvals import save_approvals
from taskbridge.store.database import Transaction
from taskbridge.store.frames import as_arrays, with_constants
from taskbridge.store.statistics import weigh_planned

_EXAMPLES: Final = 5


class PlanSaving:
    """Stores links, actions, ledger changes, conflicts and dispositions of each part; what looks at the plan as a whole
    comes after the last one.

    Replaces a plan of the same run of which nothing was sent. Held actions of earlier runs for the same links become
    stale. What is held for approval and not asked for yet becomes a request, one a kind; requests of which nothing is
    held any more become obsolete. Raises CountsDoNotAddUp when a staged row has no disposition or a seq is used twice.

    A run that only looks keeps its actions, conflicts and dispositions for people to see; links, base and dead letters
    stay as they are.
    """

    def __init__(self, run: Run, begin: Callable[[], Transaction]) -> None:
        """`begin` opens the transaction, which its owner ends."""
        self._run, self._begin = run, begin
        self._tx: Transaction | None = None
        self._actions = self._staged = 0
        self._conflicts: list[pa.Table] = [CONFLICTS.empty_table()]
        self._answered: list[pa.Table] = [ANSWERED.empty_table()]
        self._asks = self._superseded = False

    def begin(self) -> None:
        """Opens the transaction, which the first part does otherwise."""
        self._open()

    def add(self, part: Part, plan: Plan) -> None:
        """One part. The seq of its actions go on where those of the part before it ended."""
        actions, changes = to_table(plan.actions, ACTIONS), to_table(plan.ledger_changes, LEDGER_CHANGES)
        _check_seq(actions, changes)
        run, first = self._run, self._actions
        tx = self._open()
        self._save_dispositions(tx, part, to_table(plan.dispositions, DISPOSITIONS))
        tx.copy(["bridge", "action"], _with_ids(_moved(actions, first, "seq"), run))
        if not run.spec.only_looks:
            self._asks |= pc.any(pc.equal(actions["state"], ActionState.HELD.value)).as_py() is True
            _save_new_links(tx, run, plan, first)
            tx.copy(
                ["bridge", "ledger_change"],
                with_constants(_moved(changes, first, "seq", "also"), run_id=run.run_id),
            )
        tx.copy(["bridge", "left_out"], with_constants(to_table(plan.left_out, LEFT_OUT), run_id=run.run_id))
        self._conflicts.append(to_table(plan.conflicts, CONFLICTS))
        self._answered.append(_moved(to_table(plan.answered, ANSWERED), first, "seq"))
        self._actions += actions.num_rows

    def finish(self) -> None:
        """What looks at all parts."""
        tx, run, before = self._open(), self._run, self._before
        if not run.spec.only_looks:
            self._supersede(tx)
            if self._superseded:
                tx.run("plan/carry_over", run_id=run.run_id)
            tx.run("plan/supersede_changes", run_id=run.run_id)
            if before.broken:
                tx.run("plan/save_dead_letters", run_id=run.run_id)
            if self._staged:
                tx.run("plan/forget_sights", run_id=run.run_id)
            answered = pa.concat_tables(self._answered)
            save_approvals(tx, run, answered, asks=self._asks, asked=before.asked)
        _save_conflicts(tx, run, pa.concat_tables(self._conflicts), contested=before.contested)
        weigh_planned(tx, self._actions)

    def _open(self) -> Transaction:
        if self._tx is None:
            tx = self._begin()
            self._before: Row[Any] = tx.run("plan/read_before", run_id=self._run.run_id).one()
            _forget_plan(tx, self._run, self._before)
            # Stored once more, the plan has superseded others already.
            self._superseded = self._before.stored and not self._run.spec.only_looks
            self._tx = tx
        return self._tx

    def _save_dispositions(self, tx: Transaction, part: Part, dispositions: pa.Table) -> None:
        run, ended = self._run, 0
        for side in Side:
            of_side = dispositions.filter(pc.equal(dispositions["side"], side.value))
            if of_side.num_rows:
                ends = as_arrays(of_side.drop_columns("side"))
                ended += tx.run(f"plan/save_{side.value}_dispositions", run_id=run.run_id, **ends).rowcount
        here = {"run_id": run.run_id, **vars(part)}
        staged = tx.run("plan/count_staged", **here).scalar_one()
        if not ended == staged == dispositions.num_rows:
            told = as_arrays(dispositions.select(["side", "remote_id"]))
            wrong = tx.run("plan/find_undisposed", examples=_EXAMPLES, **here, **told).all()
            seen = ", ".join(f"{row.side} {row.remote_id} {row.times} times" for row in wrong)
            raise CountsDoNotAddUp(
                f"Every staged row of run {run.spec.run_key} must end in one place (G5). Seen: {seen}. "
                "Nothing of this plan was stored; this is a fault of the program, please report it."
            )
        self._staged += staged

    def _supersede(self, tx: Transaction) -> None:
        """What earlier runs still had in mind for these pairs no longer counts; what they held unchanged is held on."""
        if self._asks:
            tx.run("plan/forget_unchanged", run_id=self._run.run_id)
        if tx.run("plan/supersede_actions", run_id=self._run.run_id).rowcount:
            self._superseded = True


def _forget_plan(tx: Transaction, run: Run, before: Row[Any]) -> None:
    if before.begun:
        raise CountsDoNotAddUp(
            f"{before.begun} actions of run {run.spec.run_key} were sent already; a second plan would count "
            "or write them twice. Let the run go on with its plan, and start a new run for a new plan."
        )
    if before.stored:
        tx.run("plan/forget_plan", run_id=run.run_id)


def _save_new_links(tx: Transaction, run: Run, plan: Plan, first: int) -> None:
    if (plan.actions["op"] == Op.CREATE).any():
        tx.run("plan/keep_recreated", run_id=run.run_id, first=first)
    links = to_table(plan.new_links, NEW_LINKS)
    if links.num_rows:
        tx.run("plan/save_new_links", run_id=run.run_id, **as_arrays(links))


def _save_conflicts(tx: Transaction, run: Run, conflicts: pa.Table, *, contested: bool) -> None:
    """`contested`: whether any field waits for a decision, or any decision for a run."""
    found = as_arrays(conflicts)
    if (conflicts.num_rows or contested) and not run.spec.only_looks:
        named = {name: found[name] for name in ("link_id", "field", "winner")}
        tx.run("plan/close_conflicts", run_id=run.run_id, **named)
        tx.run("plan/follow_decisions", run_id=run.run_id, **named)
    if conflicts.num_rows:
        tx.run("plan/save_conflicts", run_id=run.run_id, dry_run=run.spec.dry_run, **found)


def _moved(table: pa.Table, by: int, *names: str) -> pa.Table:
    """The numbers of actions, which begin anew in each part, behind those of the parts before."""
    for name in names:
        place = table.schema.get_field_index(name)
        numbers = pc.add(table.column(place), pa.scalar(by, pa.int32()))
        table = table.set_column(place, table.schema.field(place), numbers)
    return table


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
