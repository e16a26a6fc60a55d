"""Settling writes whose answer is not known: creates by their marker, all else by reading the record (G2)."""

from __future__ import annotations

import logging
from typing import Any

import pandas as pd
import pyarrow as pa

from taskbridge.core.frames import Row, frame, rows_of
from taskbridge.core.run import Run, Window
from taskbridge.core.terms import BIT, FIELDS, Op, Presence, Side
from taskbridge.core.writes import KEPT, OUTCOMES, SEEN, Outcome
from taskbridge.engine.engine import Engine
from taskbridge.engine.loading.bulk import Job, finish
from taskbridge.engine.recovery.marked import resolve_marked
from taskbridge.engine.recovery.unmarked import resolve_unmarked
from taskbridge.errors import DeletesForgotten

_log = logging.getLogger(__name__)


def recover(engine: Engine, run: Run) -> int:
    """Finds out what became of every write left without an answer, and lets the base follow.

    What cannot be told yet, as the request may still land, stays sent; its pair waits and no other does. Answers the
    number of writes that were settled. The base has to follow before anything is decided, also what
    a run wrote that died between the answer and its end: a pair without its base would look as if both sides had
    changed everything.
    """
    with engine.ledger.transaction():
        pending = engine.ledger.outbox.pending(run, engine.settings.certain_after)
        unfollowed = engine.ledger.outbox.unfollowed()
    waiting = [side for side in Side if (side, None) in pending]
    found = sum(recover_side(engine, run, side) for side in waiting)
    for side in waiting:
        _watch_jobs(engine, run, side)
    if found or unfollowed:
        engine.ledger.links.settle(run, {}, final=False, longest_rest=engine.settings.longest_rest)
    return found


def recover_side(engine: Engine, run: Run, side: Side) -> int:
    """The same for one side, without settling. Jobs are looked at once: they tell what became of their rows."""
    told = resume_jobs(engine, run, side)
    lost = engine.ledger.outbox.unsettled(run, side, engine.settings.certain_after)
    if lost.empty:
        return told
    engine.still_mine(run)
    creates = lost[lost["op"] == Op.CREATE]
    others = lost[lost["op"] != Op.CREATE]
    found = resolve_marked if engine.sides[side].marks else resolve_unmarked
    outcomes = found(engine, side, creates) + _resolve_others(engine, run, side, others)
    engine.ledger.outbox.record(run, _outcomes(outcomes), engine.settings.parked_retry)
    _log.info("Settled %d of %d writes to %s whose answer was lost", len(outcomes), len(lost), side)
    return told + len(outcomes)


def resume_jobs(engine: Engine, run: Run, side: Side) -> int:
    """Goes on with jobs of which an earlier process saw no end; answers the number of rows that are settled."""
    told = 0
    for job_id, op in engine.ledger.outbox.open_jobs(side):
        engine.still_mine(run)
        told += len(finish(engine, run, side, Job(job_id, op, resumed=True), looks=1, adopt=adopt))
    return told


def _watch_jobs(engine: Engine, run: Run, side: Side) -> None:
    """What people type into records that a job may still write is kept (K5)."""
    for job_id, op in engine.ledger.outbox.open_jobs(side):
        rows = engine.ledger.outbox.job_rows(job_id)
        if op is not Op.UPDATE or rows.empty:
            continue
        engine.still_mine(run)
        read = engine.sides[side].read_ids(list(rows["remote_id"].unique()), {})
        present = {row["remote_id"]: row for row in rows_of(read)}
        unwritten = [
            row["action_id"]
            for row in rows_of(rows)
            if _other_outcome(row, present[row["remote_id"]]) is Outcome.RETRY
        ]
        _keep_in_sight(engine, run, side, rows[rows["action_id"].isin(unwritten)], read)


def adopt(engine: Engine, side: Side, rows: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Replaces "exists" and "gone" of creates by what the marker shows (G2)."""
    unclear = outcomes["outcome"].isin([Outcome.EXISTS, Outcome.GONE])
    if not unclear.any():
        return outcomes
    told: dict[str, Any] = dict(outcomes.loc[unclear, ["action_id", "remote_id"]].itertuples(index=False))
    creates = rows[rows["action_id"].isin(list(told))]
    resolved = _outcomes(resolve_marked(engine, side, creates, told, retry_unseen=False))
    return pd.concat([outcomes[~unclear], resolved], ignore_index=True)


def _resolve_others(engine: Engine, run: Run, side: Side, lost: pd.DataFrame) -> list[dict[str, Any]]:
    """One outcome for each write that is settled: its effect is there, or it can no longer come."""
    if lost.empty:
        return []
    controls: dict[str, str] = dict(
        lost.dropna(subset=["control"])[["remote_id", "control"]].itertuples(index=False)
    )
    deletes = bool((lost["op"] == Op.DELETE).any())
    read = engine.sides[side].read_ids(list(lost["remote_id"].unique()), controls, whole=deletes)
    present = {row["remote_id"]: row for row in rows_of(read)}
    outcomes = {row["action_id"]: _other_outcome(row, present[row["remote_id"]]) for row in rows_of(lost)}
    unclear = [row for row in rows_of(lost) if outcomes[row["action_id"]] is Outcome.UNKNOWN]
    outcomes |= dict.fromkeys(_told_by_feed(engine, run, side, unclear), Outcome.GONE)
    late = engine.settings.late_request.total_seconds()
    open_still = [
        row["action_id"]
        for row in rows_of(lost)
        if outcomes[row["action_id"]] is Outcome.UNKNOWN
        or (outcomes[row["action_id"]] is Outcome.RETRY and row["waited"] < late and not row["over"])
    ]
    _keep_in_sight(engine, run, side, lost[lost["action_id"].isin(open_still)], read)
    return [
        {"action_id": action_id, "outcome": outcome}
        for action_id, outcome in outcomes.items()
        if action_id not in open_still
    ]


def _told_by_feed(engine: Engine, run: Run, side: Side, unclear: list[dict[str, Any]]) -> list[str]:
    """The deletes, by action, whose record the feed of deletes tells: proof where no other task of the same person is
    left to answer beside one that is not found (C5)."""
    if not unclear:
        return []
    start = min(row["sent_after"] for row in unclear) - engine.settings.overlap
    try:
        pages = list(engine.sides[side].read_deletes(Window(start, run.started[side])))
    except DeletesForgotten:
        return []
    told = {remote_id for page in pages for remote_id in page["remote_id"]}
    return [row["action_id"] for row in unclear if row["remote_id"] in told]


def _keep_in_sight(engine: Engine, run: Run, side: Side, waiting: pd.DataFrame, read: pd.DataFrame) -> None:
    """What people type while a request may still land is kept: it may be overwritten or deleted by it (K5)."""
    live = read[read["presence"] == Presence.LIVE]
    for op, keep in ((Op.UPDATE, engine.ledger.outbox.see_again), (Op.DELETE, engine.ledger.outbox.keep)):
        rows = waiting.loc[waiting["op"] == op, ["action_id", "link_id", "side", "remote_id"]]
        found = rows.merge(live, on="remote_id")
        names = SEEN.names if op is Op.UPDATE else KEPT[side].names
        if not found.empty:
            keep(run, found.reindex(columns=names))


def _other_outcome(row: Row, now: Row) -> Outcome:
    if now["presence"] == Presence.DELETED:
        return Outcome.GONE
    if now["presence"] != Presence.LIVE:
        # Were a delete that was done taken for one that was not, its proof, coming later, would pass for a person's.
        return Outcome.UNKNOWN if row["op"] == Op.DELETE else Outcome.RETRY
    if row["op"] == Op.DELETE:
        return Outcome.RETRY
    written = [name for name in FIELDS if row["mask"] & BIT[name]]
    return Outcome.DONE if all(now[name] == row[name] for name in written) else Outcome.RETRY


def _outcomes(rows: list[dict[str, Any]]) -> pd.DataFrame:
    filled = [{name: row.get(name) for name in OUTCOMES.names} for row in rows]
    return frame(pa.Table.from_pylist(filled, schema=OUTCOMES))
