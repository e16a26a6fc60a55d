"""Reading a side into staging: what changed in the window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from taskbridge.core.frames import rows_of
from taskbridge.core.run import Run
from taskbridge.core.terms import FirstSyncMode, LinkState, Side
from taskbridge.engine.engine import Engine
from taskbridge.engine.reading.lots import look_up, stage
from taskbridge.errors import DeletesForgotten


def extract(engine: Engine, run: Run, side: Side) -> int:
    """Stages everything of the side that is in the run's window; answers the number of rows read.

    A run that does one thing for a person reads its pairs by id, and nothing here, unless it is about everything.
    Raises what the side raises: a listing that does not reach its end fails, and is never taken for a whole one.
    """
    return sum(stage(engine, run, side, pages, source) for source, pages in _sources(engine, run, side))


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
        yield "sweep", look_up(engine, side, engine.ledger.staging.unseen_ids(run, side, [LinkState.LINKED]))
    elif side is Side.SALES_CONNECT and "deleted_tasks" not in run.features and run.spec.catches_up:
        wanted = engine.ledger.staging.sweep_ids(run, timedelta(minutes=engine.settings.sc_sweep_minutes))
        yield "sweep", look_up(engine, side, wanted)


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
        oldest = min(missed.values())
        _tell_owed(engine, run, side, len(missed), f"changes since {oldest:%Y-%m-%d %H:%M:%S} UTC")
        yield from engine.sides[side].read_owned(sorted(missed), oldest, end, open_only=False)
    owed = sorted(row["sf_user_id"] for row in users if row["first_sync"] == "owed")
    if owed and side is Side.SALESFORCE and mode in (FirstSyncMode.OPEN, FirstSyncMode.ALL):
        open_only = mode is FirstSyncMode.OPEN
        _tell_owed(engine, run, side, len(owed), "all open tasks" if open_only else "all tasks")
        yield from engine.sides.salesforce.read_owned(owed, None, end, open_only=open_only)


def _tell_owed(engine: Engine, run: Run, side: Side, users: int, what: str) -> None:
    """The report tells the window; what is read beyond it is told by this."""
    who = "1 user who is" if users == 1 else f"{users} users who are"
    engine.ledger.runs.note(run, f"{side.system}: {what} were read of {who} new or back (I1, S2).")


def _owed_since(user: Mapping[str, Any], side: Side, lookback: timedelta) -> datetime | None:
    """What was modified since then is to be read; None: nothing. Nothing older than the switch-on is let in."""
    oldest: datetime = user[f"switched_on_{side.prefix}"] - lookback
    if side is Side.SALESFORCE and user["first_sync"] == "owed":
        return oldest
    unread: datetime | None = user[f"unread_since_{side.prefix}"]
    return unread and max(unread, oldest)
