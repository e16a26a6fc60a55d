"""The outbox: actions on their way to a side, the jobs that carry many of them, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import pandas as pd
import pyarrow.compute as pc

from taskbridge.core.arrays import to_table
from taskbridge.core.run import Run
from taskbridge.core.terms import Op, Side
from taskbridge.core.writes import KEPT, ORIGINALS, OUTCOMES, OUTLINES, SEEN, UNSETTLED, WRITES, Outcome
from taskbridge.errors import ContractBroken, CountsDoNotAddUp
from taskbridge.store.database import Database
from taskbridge.store.frames import as_arrays, with_constants

PARKED_RETRY: Final = timedelta(hours=24)
"""How long the pair of a rejected row rests, where nothing else is set (G4)."""


@dataclass
class Outbox:
    _db: Database

    def pending(self, run: Run, certain_after: timedelta) -> frozenset[tuple[Side, Op | None]]:
        """Which ops the run has still planned on which side; and, with None, the sides of which any run waits for
        answers or for the end of a job. `certain_after`: how long a lost request may still show an effect."""
        rows = self._db.rows("outbox/read_pending", run_id=run.run_id, certain_after=certain_after)
        return frozenset((Side(row.side), row.op and Op(row.op)) for row in rows)

    def outlines(self, run: Run, side: Side) -> pd.DataFrame:
        """OUTLINES of all that is still planned, those first that have waited longest (G7), then as FIRST_TO_GO has it,
        then by seq."""
        return self._db.frame("outbox/read_outlines", OUTLINES, run_id=run.run_id, side=side.value)

    def actions(
        self, run: Run, side: Side, ops: Sequence[Op], among: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """WRITES rows still planned, of these actions or all, in the order of `outlines`."""
        given = {"side": side.value, "ops": ",".join(op.value for op in ops), "among": among}
        return self._db.frame("outbox/read_planned", WRITES, run_id=run.run_id, **given)

    def waiting_since(self, run: Run) -> Mapping[Side, datetime]:
        """Since when the oldest of the run's planned changes to a side has waited for being written; nothing for a
        side to which all was written."""
        rows = self._db.rows("outbox/read_waiting", run_id=run.run_id)
        return {Side(row.side): row.since.astimezone(UTC) for row in rows}

    def unsettled(self, run: Run, side: Side, certain_after: timedelta) -> pd.DataFrame:
        """UNSETTLED rows of any run that were written perhaps, answer unknown; not those of an open job. With them
        creates that an earlier run took for lost, until one look has found nothing `certain_after` they were sent."""
        return self._db.frame(
            "outbox/read_sent", UNSETTLED, run_id=run.run_id, side=side.value, certain_after=certain_after
        )

    def given_up(self, side: Side, markers: Sequence[str]) -> pd.DataFrame:
        """WRITES rows of creates under these markers that were taken for lost (NOT_CREATED), the oldest first."""
        return self._db.frame("outbox/read_given_up", WRITES, side=side.value, markers=list(markers))

    def linked(self, side: Side, remote_ids: Sequence[str]) -> frozenset[str]:
        """Those of these records that are in a pair."""
        found = self._db.rows("outbox/find_linked", side=side.value, remote_ids=list(remote_ids))
        return frozenset(row[0] for row in found)

    def see_again(self, run: Run, seen: pd.DataFrame) -> None:
        """Stores SEEN rows, which a write that may still land would overwrite, with their sent actions (K5)."""
        with self._db.fenced(run) as tx:
            tx.run("outbox/create_seen")
            tx.copy(["incoming_seen"], to_table(seen, SEEN))
            tx.run("outbox/see_again")

    def keep(self, run: Run, records: pd.DataFrame) -> None:
        """Keeps KEPT rows of one side in `bridge.kept`, before their deletes are sent; kept again, the last
        reading stays (K5)."""
        side = Side(records["side"].iloc[0])
        table = with_constants(to_table(records, KEPT[side]), run_id=run.run_id, reason="deleted")
        with self._db.fenced(run) as tx:
            tx.run("outbox/forget_kept", action_ids=table.column("action_id").to_pylist())
            tx.copy(["bridge", "kept"], table)

    def originals(self, side: Side, action_ids: Sequence[str]) -> pd.DataFrame:
        """ORIGINALS of those of these creates that bring a record back."""
        return self._db.frame(
            "outbox/read_originals", ORIGINALS, side=side.value, action_ids=list(action_ids)
        )

    def unfollowed(self) -> int:
        """Number of ledger changes that are due and that no settling has applied: of done actions, of a rebase."""
        return int(self._db.value("outbox/count_unfollowed"))

    def mark_sent(self, run: Run, action_ids: Sequence[str]) -> None:
        """Raises CountsDoNotAddUp when one of them is not planned (any more)."""
        self._move(run, "outbox/mark_sent", action_ids, "planned")

    def unsend(self, run: Run, action_ids: Sequence[str]) -> None:
        """Sent rows of which nothing can have been written go back to planned.

        Raises CountsDoNotAddUp when one of them is not sent.
        """
        self._move(run, "outbox/unsend", action_ids, "sent")

    def mark_stale(self, run: Run, action_ids: Sequence[str]) -> None:
        """Raises CountsDoNotAddUp when one of them has ended already."""
        self._move(run, "outbox/mark_stale", action_ids, "planned, held or sent")

    def record(self, run: Run, outcomes: pd.DataFrame, parked_retry: timedelta = PARKED_RETRY) -> None:
        """Stores OUTCOMES of actions; maps Outcome to state: done -> done, gone -> done for a delete and stale
        otherwise, retry -> retry, rejected -> dead with a dead letter; unknown stays sent, and so does exists: whether
        to adopt a record is not decided here. New remote ids go into the link in the same transaction.
        `parked_retry`: how long the pair of a rejected row rests (G4).

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
            _must_be_all(answered, told.stored, "sent")
            if (outcomes["outcome"] == Outcome.REJECTED).any():
                tx.run(
                    "outbox/save_dead_letters", run_id=run.run_id, parked_retry=parked_retry, action_id=ids
                )

    def _move(self, run: Run, statement: str, action_ids: Sequence[str], state: str) -> None:
        if not action_ids:
            return
        with self._db.fenced(run) as tx:
            moved = tx.run(statement, action_ids=list(action_ids)).rowcount
            _must_be_all(action_ids, moved, state)

    def open_job(self, run: Run, side: Side, op: Op, job_id: str, action_ids: Sequence[str]) -> None:
        """Writes down a job that was opened, and that it carries out these actions: they are sent from now on.

        Raises CountsDoNotAddUp when one of them is not planned (any more).
        """
        with self._db.fenced(run) as tx:
            tx.run("job/save_job", job_id=job_id, run_id=run.run_id, side=side.value, op=op.value)
            sent = tx.run("job/mark_sent", action_ids=list(action_ids), job_id=job_id).rowcount
            _must_be_all(action_ids, sent, "planned")

    def open_jobs(self, side: Side) -> Sequence[tuple[str, Op]]:
        """Jobs of any run whose end is not recorded, the oldest first."""
        return [(row.job_id, Op(row.op)) for row in self._db.rows("job/read_open", side=side.value)]

    def job_rows(self, job_id: str) -> pd.DataFrame:
        """WRITES rows of a job that have no outcome yet."""
        return self._db.frame("job/read_rows", WRITES, job_id=job_id)

    def end_job(self, run: Run, job_id: str, *, failed: bool, message: str | None) -> None:
        """Writes down that a job has ended and that the outcomes of its rows are recorded."""
        with self._db.fenced(run) as tx:
            tx.run("job/end_job", job_id=job_id, failed=failed, message=message)

    def job_failed(self, side: Side, within: timedelta) -> bool:
        """Whether the last job of a side that ended failed so short a time ago."""
        return bool(self._db.value("job/read_failure", side=side.value, within=within))


def _must_be_all(asked: Sized, found: int, state: str) -> None:
    if found != len(asked):
        raise CountsDoNotAddUp(
            f"{len(asked)} actions should have been {state}, but {found} were. Nothing was changed; "
            "another worker may have handled them. The next run reads both records again."
        )
