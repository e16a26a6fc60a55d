"""The outbox: actions on their way to a side, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pandas as pd
import pyarrow.compute as pc

from taskbridge.core.arrays import to_table
from taskbridge.core.model import Op, Side
from taskbridge.engine.ports import (
    KEPT,
    ORIGINALS,
    OUTCOMES,
    PARKED_RETRY,
    SEEN,
    UNSETTLED,
    WRITES,
    Outcome,
    Run,
)
from taskbridge.errors import ContractBroken, CountsDoNotAddUp
from taskbridge.store.frames import as_arrays, with_constants
from taskbridge.store.part import LedgerPart


class Outbox(LedgerPart):
    def pending(self, run: Run) -> frozenset[tuple[Side, Op | None]]:
        with self._db.transaction() as tx:
            rows = tx.run("outbox/read_pending", run_id=run.run_id).all()
        return frozenset((Side(row.side), row.op and Op(row.op)) for row in rows)

    def actions(self, run: Run, side: Side, ops: Sequence[Op]) -> pd.DataFrame:
        wanted = ",".join(op.value for op in ops)
        return self._db.frame("outbox/read_planned", WRITES, run_id=run.run_id, side=side.value, ops=wanted)

    def waiting_since(self, run: Run) -> Mapping[Side, datetime]:
        with self._db.transaction() as tx:
            rows = tx.run("outbox/read_waiting", run_id=run.run_id).all()
        return {Side(row.side): row.since.astimezone(UTC) for row in rows}

    def unsettled(self, run: Run, side: Side) -> pd.DataFrame:
        return self._db.frame("outbox/read_sent", UNSETTLED, run_id=run.run_id, side=side.value)

    def given_up(self, side: Side, markers: Sequence[str]) -> pd.DataFrame:
        return self._db.frame("outbox/read_given_up", WRITES, side=side.value, markers=list(markers))

    def linked(self, side: Side, remote_ids: Sequence[str]) -> frozenset[str]:
        with self._db.transaction() as tx:
            found = tx.run("outbox/find_linked", side=side.value, remote_ids=list(remote_ids))
            return frozenset(found.scalars())

    def see_again(self, run: Run, seen: pd.DataFrame) -> None:
        with self._db.fenced(run) as tx:
            tx.run("outbox/create_seen")
            tx.copy(["incoming_seen"], to_table(seen, SEEN))
            tx.run("outbox/see_again")

    def keep(self, run: Run, records: pd.DataFrame) -> None:
        side = Side(records["side"].iloc[0])
        table = with_constants(to_table(records, KEPT[side]), run_id=run.run_id, reason="deleted")
        with self._db.fenced(run) as tx:
            tx.run("outbox/forget_kept", action_ids=table.column("action_id").to_pylist())
            tx.copy(["bridge", "kept"], table)

    def originals(self, side: Side, action_ids: Sequence[str]) -> pd.DataFrame:
        return self._db.frame(
            "outbox/read_originals", ORIGINALS, side=side.value, action_ids=list(action_ids)
        )

    def unfollowed(self) -> int:
        with self._db.transaction() as tx:
            return int(tx.run("outbox/count_unfollowed").scalar_one())

    def mark_sent(self, run: Run, action_ids: Sequence[str]) -> None:
        """Raises CountsDoNotAddUp when one of them is not planned (any more)."""
        self._move(run, "outbox/mark_sent", action_ids, "planned")

    def unsend(self, run: Run, action_ids: Sequence[str]) -> None:
        """Raises CountsDoNotAddUp when one of them is not sent."""
        self._move(run, "outbox/unsend", action_ids, "sent")

    def mark_stale(self, run: Run, action_ids: Sequence[str]) -> None:
        """Raises CountsDoNotAddUp when one of them has ended already."""
        self._move(run, "outbox/mark_stale", action_ids, "planned, held or sent")

    def record(self, run: Run, outcomes: pd.DataFrame, parked_retry: timedelta = PARKED_RETRY) -> None:
        """EXISTS leaves the action at sent, as UNKNOWN does: whether to adopt a record is not decided here.

        Raises CountsDoNotAddUp when an answered action is not in state sent or is answered twice,
        ContractBroken for a create that is done without a remote id.
        """
        table = to_table(outcomes, OUTCOMES)
        if table.num_rows == 0:
            return
        answered = table.column("action_id")
        if pc.count_distinct(answered).as_py() != table.num_rows:
            raise CountsDoNotAddUp(f"{table.num_rows} outcomes name an action twice. None was stored.")
        arrays = as_arrays(table)
        ids = arrays["action_id"]
        with self._db.fenced(run) as tx:
            tx.run("outbox/lock_links", action_id=ids)
            told = tx.run("outbox/record_outcomes", run_id=run.run_id, **arrays).one()
            if told.nameless:
                raise ContractBroken(
                    f"A create was answered {Outcome.DONE.value!r} without the id of the new record. It "
                    "stays sent, and the next run looks it up by its marker."
                )
            if told.stored != table.num_rows:
                raise not_in_state(table.num_rows, told.stored, "sent")
            if (outcomes["outcome"] == Outcome.REJECTED).any():
                tx.run(
                    "outbox/save_dead_letters", run_id=run.run_id, parked_retry=parked_retry, action_id=ids
                )

    def _move(self, run: Run, statement: str, action_ids: Sequence[str], state: str) -> None:
        if not action_ids:
            return
        with self._db.fenced(run) as tx:
            moved = tx.run(statement, action_ids=list(action_ids)).rowcount
            if moved != len(action_ids):
                raise not_in_state(len(action_ids), moved, state)


def not_in_state(asked: int, found: int, state: str) -> CountsDoNotAddUp:
    return CountsDoNotAddUp(
        f"{asked} actions should have been {state}, but {found} were. Nothing was changed; "
        "another worker may have handled them. The next run reads both records again."
    )
