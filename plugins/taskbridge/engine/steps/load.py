"""Writing a plan: intent first, one remote effect, outcome after. Rows that moved meanwhile are left alone."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from taskbridge.core.api_calls import JOB_ROWS
from taskbridge.core.arrays import columns, distinct, equals, find, take
from taskbridge.core.delicate import is_delicate
from taskbridge.core.frames import empty, frame
from taskbridge.core.run import Run
from taskbridge.core.terms import FIELDS, Op, Presence, Side
from taskbridge.core.writes import CALL_REFUSED, KEPT, ORIGINALS, OUTCOMES, Outcome
from taskbridge.engine.engine import Engine
from taskbridge.engine.loading.bulk import for_jobs, write_by_jobs
from taskbridge.engine.loading.busy import TRIES, busy_rows, given_up, in_rounds
from taskbridge.engine.loading.carry import writable
from taskbridge.engine.loading.guarded import beside, guard, honours_conditions, remember, since_read
from taskbridge.engine.loading.originals import with_originals
from taskbridge.engine.loading.under_way import Calls, calls_under_way
from taskbridge.engine.pause import refuse_paused
from taskbridge.engine.people import tell_left_out
from taskbridge.engine.ports import AUTHENTICATION, Answer, Begin
from taskbridge.engine.steps.recover import adopt, recover_side
from taskbridge.errors import NOTHING_DONE, ApiLimitReached, CallRefused, SwitchedOff

_log = logging.getLogger(__name__)

WAVE_ROWS: Final = 10_000
"""So many rows are read and written before the next ones are read; where jobs write, as many as one job takes."""

_ORDER = (Op.CREATE, Op.UPDATE, Op.DELETE)


@dataclass
class LoadResult:
    """What a load did: rows by outcome, rows that had moved, and why it stopped early, if it did."""

    outcomes: dict[str, int] = field(default_factory=dict)
    stale: int = 0
    stopped: str | None = None

    def add(self, outcomes: pd.DataFrame) -> None:
        """Counts OUTCOMES in; what is tried again within the load counts when it has ended."""
        for outcome, rows in Counter(outcomes["outcome"]).items():
            if outcome != Outcome.BUSY:
                self.outcomes[outcome] = self.outcomes.get(outcome, 0) + rows


def load(engine: Engine, run: Run, side: Side, ops: Sequence[Op]) -> LoadResult:
    """Writes the run's planned actions of these kinds to one side, creates first, deletes last.

    Stops, with the rest still planned, when the switch goes off or the side's call allocation is used up.
    Calls are under way beside each other where the side takes that; rows that are busy are tried again alone. Raises
    LeaseLost, AuthenticationFailed, SideUnreachable and CallRefused; whatever is the reason, what was written of the
    chunks under way is recorded then, and the rest is planned still.
    """
    result = LoadResult()
    pending = engine.ledger.outbox.pending(run, engine.settings.certain_after)
    if (side, None) in pending:
        recover_side(engine, run, side)
    if not any((side, op) in pending for op in ops):
        return result
    honoured = honours_conditions(engine, side)
    planned = writable(engine, run, side, ops, honoured)
    guard(engine, side, planned, honoured)
    # What it takes of memory depends on a wave, however much there is to write: of the rest only the ids are kept.
    ids = {op: planned.loc[planned["op"] == op, "action_id"] for op in _ORDER}
    del planned
    wave = WAVE_ROWS if engine.sides[side].jobs is None else JOB_ROWS
    try:
        for op, wanted in ids.items():
            for start in range(0, len(wanted), wave):
                among = list(wanted.iloc[start : start + wave])
                rows = engine.ledger.outbox.actions(run, side, [op], among)
                _Writing.of(engine, run, side, op, rows, result).write_all(rows)
    except (SwitchedOff, ApiLimitReached) as reason:
        engine.ledger.runs.note(run, str(reason))
        _log.warning("%s", reason)
        result.stopped = str(reason)
    return result


@dataclass
class _Writing:
    """The writes of one operation to one side."""

    engine: Engine
    run: Run
    side: Side
    op: Op
    originals: pd.DataFrame  # ORIGINALS that its creates bring back
    result: LoadResult

    @classmethod
    def of(
        cls, engine: Engine, run: Run, side: Side, op: Op, rows: pd.DataFrame, result: LoadResult
    ) -> _Writing:
        creates = list(rows["action_id"]) if op is Op.CREATE else []
        originals = engine.ledger.outbox.originals(side, creates) if creates else empty(ORIGINALS)
        return cls(engine, run, side, op, originals, result)

    def write_all(self, rows: pd.DataFrame) -> None:
        in_rounds(self._after_jobs(rows), self._round, self.engine.sleep)

    def _round(self, rows: pd.DataFrame, number: int) -> pd.DataFrame:
        """One round over the rows, lot by lot; answers OUTCOMES of those that were busy, none in the last round."""
        busy: list[pd.DataFrame] = [frame(OUTCOMES.empty_table())]
        fence = self.engine.fence(self.run)

        def take(chunk: pd.DataFrame, answer: Answer) -> None:
            outcomes = self._take(chunk, answer, last=number == TRIES)
            self.result.add(outcomes)
            busy.append(busy_rows(outcomes))

        # Rows that were busy may have been in each other's way.
        most = beside(self.engine, self.side, self.op) if number == 1 else 1
        with calls_under_way(most) as calls:
            for chunk in self._chunks(rows, calls):
                calls.send(partial(self._begin, chunk, fence), partial(take, chunk))
        return pd.concat(busy, ignore_index=True)

    def _chunks(self, rows: pd.DataFrame, calls: Calls) -> Iterator[pd.DataFrame]:
        """What one call after the other writes. Its targets are read when there is room for the call, not before."""
        for lot in self._lots(rows):
            calls.room()
            self.engine.require_switch()
            # The switch is asked before each call (S1).
            for number, chunk in enumerate(_cut(self._ready(lot), self.engine.sides[self.side].chunk_size)):
                if number:
                    calls.room()
                    self.engine.require_switch()
                yield chunk

    def _after_jobs(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows that are left to ordinary calls once jobs have done their part."""
        engine, side, op = self.engine, self.side, self.op
        chosen = for_jobs(engine, side, op, rows) & ~rows["action_id"].isin(self.originals["action_id"])
        if not chosen.any():
            return rows
        for outcomes in write_by_jobs(engine, self.run, side, op, rows[chosen], self._ready, adopt):
            self.result.add(outcomes)
        return engine.ledger.outbox.actions(self.run, side, [op], list(rows["action_id"]))

    def _lots(self, rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
        """Rows that are read once more together: as many as one call reads, or, where little time may pass
        between that and the write, as many as one call writes."""
        port = self.engine.sides[self.side]
        if self.op is Op.CREATE or len(rows) <= port.chunk_size:
            yield from _cut(rows, port.chunk_size)
            return
        delicate = is_delicate(rows)
        yield from _cut(rows[delicate], port.chunk_size)
        yield from _cut(rows[~delicate], port.look_up_size)

    def _ready(self, lot: pd.DataFrame) -> pd.DataFrame:
        """What is to be written of the lot, right before it is."""
        if self.op is Op.CREATE:
            return with_originals(self.engine, self.side, lot, self.originals)
        ready = self._still_as_seen(lot)
        self.result.stale += len(lot) - len(ready)
        return ready

    def _still_as_seen(self, chunk: pd.DataFrame) -> pd.DataFrame:
        """Reads the targets once more and leaves out those that differ from what decide saw (invariant 19).

        What is going to be deleted is read and kept in full, with everything that the side tells of it (K5).
        """
        engine, op = self.engine, self.op
        read = engine.sides[self.side].read_ids(list(chunk["remote_id"]), {}, whole=op is Op.DELETE)
        target, wanted = columns(read), columns(chunk)
        place = find(wanted["remote_id"], target["remote_id"])
        # A target that is deleted already goes through: the answer is a fact for a delete, and proof for an update.
        deleted = equals(take(target["presence"], place), Presence.DELETED)
        moved = ~equals(take(target["presence"], place), Presence.LIVE)
        for name in FIELDS:
            moved |= distinct(take(target[name], place), wanted[f"seen_{name}"])
        stale = moved & ~deleted
        if stale.any():
            engine.ledger.outbox.mark_stale(self.run, list(chunk.loc[stale, "action_id"]))
        # Of an update the plan does not know the person, by whom a job is sorted.
        known = chunk.assign(
            person=pd.Series(take(target["person"], place), dtype=pd.ArrowDtype(pa.string()))
        )
        ready = known.loc[np.logical_not(stale)].reset_index(drop=True)
        if op is Op.DELETE:
            self._keep(ready, read[read["presence"] == Presence.LIVE])
        return since_read(engine, self.side, ready, read) if op is Op.UPDATE else ready

    def _keep(self, deletes: pd.DataFrame, records: pd.DataFrame) -> None:
        kept = deletes[["action_id", "link_id", "side", "remote_id"]].merge(records, on="remote_id")
        if not kept.empty:
            self.engine.ledger.outbox.keep(self.run, kept.reindex(columns=KEPT[self.side].names))

    def _begin(self, rows: pd.DataFrame, fence: Callable[[], None], begin: Begin) -> Answer:
        """Begins one call, whose intent is stored before."""
        self.engine.ledger.outbox.mark_sent(self.run, list(rows["action_id"]))
        with self._sent_back(rows):
            return self.engine.sides.begin_write(self.side, self.op, rows, fence, begin)

    @contextmanager
    def _sent_back(self, rows: pd.DataFrame) -> Iterator[None]:
        """The rows are planned still when certainly none of them was written."""
        try:
            yield
        except NOTHING_DONE:
            self.engine.ledger.outbox.unsend(self.run, list(rows["action_id"]))
            raise

    def _take(self, rows: pd.DataFrame, answer: Answer, *, last: bool) -> pd.DataFrame:
        """OUTCOMES of one call. Raises, with everything recorded, SidePaused when rows were answered that our login is
        not accepted, and CallRefused when others were not tried, as their call was answered as a whole."""
        engine, run, side = self.engine, self.run, self.side
        known = engine.sides[side].conditional
        with self._sent_back(rows):
            outcomes = answer()
        outcomes = _one_for_each(rows, outcomes)
        if _nothing_but_done(outcomes):
            engine.ledger.outbox.record(run, outcomes, engine.settings.parked_retry)
            remember(engine, run, side, known)
            return outcomes
        outcomes = self._record(rows, outcomes, last=last)
        remember(engine, run, side, known)
        if (outcomes["category"] == AUTHENTICATION).any():
            refuse_paused(engine.ledger)
        untried = _untried(outcomes)
        if not untried.empty:
            raise CallRefused(untried["message"].iloc[0])
        return outcomes

    def _record(self, rows: pd.DataFrame, outcomes: pd.DataFrame, *, last: bool) -> pd.DataFrame:
        """Stores what became of the rows; those that are busy, and those that nobody tried, are planned still."""
        engine, run = self.engine, self.run
        if self.op is Op.CREATE:
            outcomes = adopt(engine, self.side, rows, outcomes)
        if last:
            outcomes = given_up(outcomes)
        back = pd.concat([busy_rows(outcomes), _untried(outcomes)])
        engine.ledger.outbox.unsend(run, list(back["action_id"]))
        engine.ledger.outbox.record(run, outcomes.drop(back.index), engine.settings.parked_retry)
        tell_left_out(engine, run, self.side, outcomes)
        return outcomes


def _cut(rows: pd.DataFrame, size: int) -> Iterator[pd.DataFrame]:
    """The rows in their order, at most so many at a time."""
    for start in range(0, len(rows), size):
        yield rows.iloc[start : start + size].reset_index(drop=True)


def _nothing_but_done(outcomes: pd.DataFrame) -> bool:
    return set(outcomes["outcome"]) == {Outcome.DONE} and bool(outcomes["code"].isna().all())


def _untried(outcomes: pd.DataFrame) -> pd.DataFrame:
    return outcomes[outcomes["code"].eq(CALL_REFUSED).fillna(False)]


def _one_for_each(rows: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Exactly one outcome for each row: what was not answered is unknown, and recovered later."""
    if list(outcomes["action_id"]) == list(rows["action_id"]) and outcomes["outcome"].notna().all():
        return outcomes
    asked, answered = columns(rows[["action_id"]])["action_id"], columns(outcomes)
    place = find(asked, answered["action_id"])
    table = pa.table({name: take(answered[name], place) for name in OUTCOMES.names}, schema=OUTCOMES)
    table = table.set_column(0, OUTCOMES.field("action_id"), asked)
    filled = table["outcome"].combine_chunks().fill_null(Outcome.UNKNOWN.value)
    return frame(table.set_column(1, OUTCOMES.field("outcome"), filled))
