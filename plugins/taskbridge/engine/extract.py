"""Reading both sides into staging: what changed in the window, and by id what silence says nothing about (G9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import pandas as pd

from taskbridge.core.frames import rows_of
from taskbridge.core.known import known
from taskbridge.core.run import Run, RunMode
from taskbridge.core.terms import FirstSyncMode, LinkState, Side
from taskbridge.engine.engine import Engine
from taskbridge.errors import DeletesForgotten

_LOT: Final = 5_000
"""So many rows are staged together: a transaction a page would cost more than what is in it."""

_COMPARED = [state for state in LinkState if state is not LinkState.TOMBSTONE]


def extract(engine: Engine, run: Run, side: Side) -> int:
    """Stages everything of the side that is in the run's window; answers the number of rows read.

    A run that does one thing for a person reads its pairs by id, and nothing here, unless it is about everything.
    Raises what the side raises: a listing that does not reach its end fails, and is never taken for a whole one.
    """
    return sum(_stage(engine, run, side, pages, source) for source, pages in _sources(engine, run, side))


def read_dirty(engine: Engine, run: Run) -> int:
    """Reads by id, on both sides, the records of pairs with anything unfinished (G9); in a run about everything
    the linked records, and those that markers name, that no listing showed."""
    read = 0
    for side, wanted in _wanted(engine, run).items():
        read += _stage(engine, run, side, _lookups(engine, side, wanted), "by_id")
    return read


def _wanted(engine: Engine, run: Run) -> Mapping[Side, pd.DataFrame]:
    if run.spec.mode is RunMode.REBASE:
        return engine.ledger.staging.named_ids(run)
    if run.spec.mode is RunMode.AUDIT:
        return {side: engine.ledger.staging.unseen_ids(run, side, _COMPARED) for side in Side}
    return engine.ledger.staging.ids_to_read(run)


def read_sample(engine: Engine, run: Run, side: Side, sample: int) -> int:
    """Reads by id at most so many linked records that the run has not read yet; answers how many (G8)."""
    wanted = engine.ledger.staging.sample_ids(run, side, sample)
    return _stage(engine, run, side, _lookups(engine, side, wanted), "by_id")


def _sources(engine: Engine, run: Run, side: Side) -> Iterator[tuple[str, Iterator[pd.DataFrame]]]:
    mode = run.spec.mode
    if not mode.syncs and not mode.reads_everything:
        return
    port, window = engine.sides[side], run.windows[side]
    forgotten: set[Side] = set()
    # First, so that a query's whole record replaces the bare id that the feed tells.
    yield "deleted", _deletes(engine, run, side, forgotten)
    yield "delta", port.read_changes(window)
    if mode.reads_everything:
        return
    yield "first_sync", _owed(engine, run, side)
    # What is asked for here is asked for after everything before it was staged.
    if side in run.gaps | forgotten:
        yield "sweep", _lookups(engine, side, engine.ledger.staging.unseen_ids(run, side, [LinkState.LINKED]))
    elif side is Side.SALES_CONNECT and "deleted_tasks" not in run.features and run.spec.catches_up:
        wanted = engine.ledger.staging.sweep_ids(run, timedelta(minutes=engine.settings.sc_sweep_minutes))
        yield "sweep", _lookups(engine, side, wanted)


def _deletes(engine: Engine, run: Run, side: Side, forgotten: set[Side]) -> Iterator[pd.DataFrame]:
    """The feed; a side that does not know all deletes of the window is added to `forgotten`."""
    if side is Side.SALESFORCE and run.spec.window is not None:
        return  # a window that somebody asked for is read as queries show it
    try:
        yield from engine.sides[side].read_deletes(run.windows[side])
    except DeletesForgotten as gap:
        engine.ledger.runs.note(run, str(gap))
        forgotten.add(side)


def _owed(engine: Engine, run: Run, side: Side) -> Iterator[pd.DataFrame]:
    """Older tasks: of users whose first sync is owed (I1), and what the runs of an absence left out (S2)."""
    if run.spec.window is not None:
        return
    users = [row for row in rows_of(engine.ledger.people.user_map()) if row["state"] == "synced"]
    mode, end = engine.settings.first_sync_mode, run.windows[side].end
    lookback = timedelta(0)
    if side is Side.SALESFORCE and mode is not FirstSyncMode.NONE:
        lookback = timedelta(hours=engine.settings.first_sync_lookback_hours)
    since = {row[f"{side.prefix}_user_id"]: _owed_since(row, side, lookback) for row in users}
    missed = {owner: start for owner, start in since.items() if start and start < run.windows[side].start}
    if missed:
        yield from engine.sides[side].read_owned(sorted(missed), min(missed.values()), end, open_only=False)
    owed = sorted(row["sf_user_id"] for row in users if row["first_sync"] == "owed")
    if owed and side is Side.SALESFORCE and mode in (FirstSyncMode.OPEN, FirstSyncMode.ALL):
        open_only = mode is FirstSyncMode.OPEN
        yield from engine.sides.salesforce.read_owned(owed, None, end, open_only=open_only)


def _owed_since(user: Mapping[str, Any], side: Side, lookback: timedelta) -> datetime | None:
    """What was modified since then is to be read; None: nothing. Nothing older than the switch-on is let in."""
    oldest: datetime = user[f"switched_on_{side.prefix}"] - lookback
    if side is Side.SALESFORCE and user["first_sync"] == "owed":
        return oldest
    unread: datetime | None = user[f"unread_since_{side.prefix}"]
    return unread and max(unread, oldest)


def _lookups(engine: Engine, side: Side, wanted: pd.DataFrame) -> Iterator[pd.DataFrame]:
    size = engine.sides[side].look_up_size
    for start in range(0, len(wanted), size):
        lot = wanted.iloc[start : start + size]
        controls: dict[str, str] = dict(
            lot.dropna(subset=["control"])[["remote_id", "control"]].itertuples(index=False)
        )
        yield engine.sides[side].read_ids(list(lot["remote_id"]), controls)


def _stage(engine: Engine, run: Run, side: Side, pages: Iterable[pd.DataFrame], source: str) -> int:
    read = staged = 0
    for lot in _lots(engine, run, pages):
        read += len(lot)
        if source == "delta" and run.spec.catches_up:
            lot = _news(engine, side, lot)
        if run.spec.mode.reads_everything:
            # Two whole populations as they came would be most of the database.
            lot = lot.assign(payload=lot["payload"].where(lot["problem_code"].notna()))
        engine.ledger.staging.stage(run, side, lot, source)
        staged += len(lot)
    if read > staged:
        engine.ledger.staging.save_known(run, side, read - staged)
    return read


def _news(engine: Engine, side: Side, lot: pd.DataFrame) -> pd.DataFrame:
    """Without the rows that the overlap reads again as they are known: they are counted, and that is their end (G5)."""
    quiet = engine.ledger.staging.quiet(side, lot[["remote_id"]])
    logged = engine.settings.include_logged_activities
    return lot if quiet.empty else lot.loc[~known(side, lot, quiet, logged_activities=logged)]


def _lots(engine: Engine, run: Run, pages: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """The pages, gathered; the lease is kept while they come."""
    gathered: list[pd.DataFrame] = []
    keep = None
    for page in pages:
        keep = keep or engine.fence(run)
        keep()
        gathered.append(page)
        if sum(map(len, gathered)) >= _LOT:
            yield pd.concat(gathered, ignore_index=True)
            gathered = []
    if gathered:
        yield pd.concat(gathered, ignore_index=True)
