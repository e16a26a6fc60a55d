"""Writing a plan: intent first, one remote effect, outcome after. Rows that moved meanwhile are left alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa

from taskbridge.core.arrays import columns, distinct, equals, find, take
from taskbridge.core.delicate import is_delicate
from taskbridge.core.model import FIELDS, Op, Presence, Side, frame
from taskbridge.engine.bulk import for_jobs, write_by_jobs
from taskbridge.engine.busy import busy_rows, given_up, in_rounds
from taskbridge.engine.carry import writable
from taskbridge.engine.engine import Engine
from taskbridge.engine.guarded import guard, honours_conditions, remember, since_read
from taskbridge.engine.originals import bring_back, with_originals
from taskbridge.engine.pause import refuse_paused
from taskbridge.engine.people import tell_left_out
from taskbridge.engine.ports import AUTHENTICATION, CALL_REFUSED, KEPT, OUTCOMES, Outcome, Run
from taskbridge.engine.recover import adopt, recover_side
from taskbridge.errors import NOTHING_DONE, ApiLimitReached, CallRefused, SwitchedOff

_log = logging.getLogger(__name__)

_ORDER = (Op.CREATE, Op.UPDATE, Op.DELETE)


@dataclass
class LoadResult:
    """What a load did: rows by outcome, rows that had moved, and why it stopped early, if it did."""

    outcomes: dict[str, int] = field(default_factory=dict)
    stale: int = 0
    stopped: str | None = None

    def add(self, outcomes: pd.DataFrame) -> None:
        """Counts OUTCOMES in; what is tried again within the load counts when it has ended."""
        for outcome in outcomes["outcome"]:
            if outcome != Outcome.BUSY:
                self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1


def load(engine: Engine, run: Run, side: Side, ops: Sequence[Op]) -> LoadResult:
    """Writes the run's planned actions of these kinds to one side, creates first, deletes last.

    Stops, with the rest still planned, when the switch goes off or the side's call allocation is used up.
    Rows that are busy are tried again alone. Raises LeaseLost, AuthenticationFailed, SideUnreachable and CallRefused;
    what was written of the chunk under way is recorded then, and the rest is planned still.
    """
    result = LoadResult()
    pending = engine.ledger.pending(run)
    if (side, None) in pending:
        recover_side(engine, run, side)
    if not any((side, op) in pending for op in ops):
        return result
    honoured = honours_conditions(engine, side)
    planned = writable(engine, run, side, ops, honoured)
    guard(engine, side, planned, honoured)
    try:
        for op in _ORDER:
            wanted = planned[planned["op"] == op]
            if wanted.empty:
                continue
            rows = _after_jobs(engine, run, side, op, wanted, result)
            in_rounds(rows, partial(_write_all, engine, run, side, op, result), engine.sleep)
    except (SwitchedOff, ApiLimitReached) as reason:
        engine.ledger.note(run, str(reason))
        _log.warning("%s", reason)
        result.stopped = str(reason)
    return result


def _write_all(
    engine: Engine, run: Run, side: Side, op: Op, result: LoadResult, rows: pd.DataFrame, last: bool
) -> pd.DataFrame:
    """One round over the rows, lot by lot; answers OUTCOMES of those that were busy, none in the last round."""
    busy: list[pd.DataFrame] = [frame(OUTCOMES.empty_table())]
    write = partial(_write, engine, run, side, op, fence=engine.fence(run), last=last)
    for lot in _lots(engine, side, op, rows):
        engine.require_switch()
        ready = _ready(engine, run, side, op, lot)
        result.stale += len(lot) - len(ready)
        for outcomes in _written(engine, side, ready, write):
            result.add(outcomes)
            busy.append(busy_rows(outcomes))
    return pd.concat(busy, ignore_index=True)


def _after_jobs(
    engine: Engine, run: Run, side: Side, op: Op, rows: pd.DataFrame, result: LoadResult
) -> pd.DataFrame:
    """The rows that are left to ordinary calls once jobs have done their part."""
    chosen = for_jobs(engine, side, op, rows)
    if op is Op.CREATE and chosen.any():
        chosen &= ~bring_back(engine, side, rows)
    if not chosen.any():
        return rows

    def look_again(lot: pd.DataFrame) -> pd.DataFrame:
        ready = _ready(engine, run, side, op, lot)
        result.stale += len(lot) - len(ready)
        return ready

    for outcomes in write_by_jobs(engine, run, side, op, rows[chosen], look_again, adopt):
        result.add(outcomes)
    left = engine.ledger.actions(run, side, [op])
    return left[left["action_id"].isin(rows["action_id"])]


def _lots(engine: Engine, side: Side, op: Op, rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Rows that are read once more together: as many as one call reads, or, where little time may pass
    between that and the write, as many as one call writes."""
    port = engine.sides[side]
    if op is Op.CREATE or len(rows) <= port.chunk_size:
        yield from _cut(rows, port.chunk_size)
        return
    delicate = is_delicate(rows)
    yield from _cut(rows[delicate], port.chunk_size)
    yield from _cut(rows[~delicate], port.look_up_size)


def _cut(rows: pd.DataFrame, size: int) -> Iterator[pd.DataFrame]:
    """The rows in their order, at most so many at a time."""
    for start in range(0, len(rows), size):
        yield rows.iloc[start : start + size].reset_index(drop=True)


def _written(
    engine: Engine, side: Side, lot: pd.DataFrame, write: Callable[[pd.DataFrame], pd.DataFrame]
) -> Iterator[pd.DataFrame]:
    """Writes a lot whose targets were just read once more, call by call; the switch is asked before each (S1). Yields
    OUTCOMES of each call."""
    for number, chunk in enumerate(_cut(lot, engine.sides[side].chunk_size)):
        if number:
            engine.require_switch()
        yield write(chunk)


def _ready(engine: Engine, run: Run, side: Side, op: Op, lot: pd.DataFrame) -> pd.DataFrame:
    if op is Op.CREATE:
        return with_originals(engine, side, lot)
    return _still_as_seen(engine, run, side, op, lot)


def _still_as_seen(engine: Engine, run: Run, side: Side, op: Op, chunk: pd.DataFrame) -> pd.DataFrame:
    """Reads the targets once more and leaves out those that differ from what decide saw (invariant 19).

    What is going to be deleted is read and kept in full, with everything that the side tells of it (K5).
    """
    read = engine.sides[side].read_ids(list(chunk["remote_id"]), {}, whole=op is Op.DELETE)
    target, wanted = columns(read), columns(chunk)
    place = find(wanted["remote_id"], target["remote_id"])
    # A target that is deleted already goes through: the answer is a fact for a delete, and proof for an update.
    deleted = equals(take(target["presence"], place), Presence.DELETED)
    moved = ~equals(take(target["presence"], place), Presence.LIVE)
    for name in FIELDS:
        moved |= distinct(take(target[name], place), wanted[f"seen_{name}"])
    stale = moved & ~deleted
    if stale.any():
        engine.ledger.mark_stale(run, list(chunk.loc[stale, "action_id"]))
    # Of an update the plan does not know the person, by whom a job is sorted.
    known = chunk.assign(person=pd.Series(take(target["person"], place), dtype=pd.ArrowDtype(pa.string())))
    ready = known.loc[np.logical_not(stale)].reset_index(drop=True)
    if op is Op.DELETE:
        _keep(engine, run, side, ready, read[read["presence"] == Presence.LIVE])
    return since_read(engine, side, ready, read) if op is Op.UPDATE else ready


def _keep(engine: Engine, run: Run, side: Side, deletes: pd.DataFrame, records: pd.DataFrame) -> None:
    kept = deletes[["action_id", "link_id", "side", "remote_id"]].merge(records, on="remote_id")
    if not kept.empty:
        engine.ledger.keep(run, kept.reindex(columns=KEPT[side].names))


def _write(
    engine: Engine, run: Run, side: Side, op: Op, rows: pd.DataFrame, *, fence: Callable[[], None], last: bool
) -> pd.DataFrame:
    """Raises, with everything recorded, SidePaused when rows were answered that our login is not accepted, and
    CallRefused when others were not tried, as their call was answered as a whole."""
    ids = list(rows["action_id"])
    known = engine.sides[side].conditional
    engine.ledger.mark_sent(run, ids)
    try:
        outcomes = engine.sides[side].write(op, rows, fence)
    except NOTHING_DONE:
        engine.ledger.unsend(run, ids)
        raise
    outcomes = _one_for_each(rows, outcomes)
    if op is Op.CREATE:
        outcomes = adopt(engine, side, rows, outcomes)
    if last:
        outcomes = given_up(outcomes)
    untried = outcomes[outcomes["code"].eq(CALL_REFUSED).fillna(False)]
    back = pd.concat([busy_rows(outcomes), untried])
    engine.ledger.unsend(run, list(back["action_id"]))
    engine.ledger.record(run, outcomes.drop(back.index), engine.settings.parked_retry)
    tell_left_out(engine, run, side, outcomes)
    remember(engine, run, side, known)
    if (outcomes["category"] == AUTHENTICATION).any():
        refuse_paused(engine.ledger)
    if not untried.empty:
        raise CallRefused(untried["message"].iloc[0])
    return outcomes


def _one_for_each(rows: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Exactly one outcome for each row: what was not answered is unknown, and recovered later."""
    asked, answered = columns(rows)["action_id"], columns(outcomes)
    place = find(asked, answered["action_id"])
    table = pa.table({name: take(answered[name], place) for name in OUTCOMES.names}, schema=OUTCOMES)
    table = table.set_column(0, OUTCOMES.field("action_id"), asked)
    filled = table["outcome"].combine_chunks().fill_null(Outcome.UNKNOWN.value)
    return frame(table.set_column(1, OUTCOMES.field("outcome"), filled))
