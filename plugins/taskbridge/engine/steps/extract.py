"""Reading a side into staging: what changed in the window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from taskbridge.core.frames import rows_of
from taskbridge.core.run import Run
from taskbridge.core.terms import LinkState, Side
from taskbridge.engine.engine import Engine
from taskbridge.engine.reading.first_syncs import read_first_syncs, tell_owed
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
    window, missed = run.windows[side], {}
    for row in users:
        since = _unread_since(row, side)
        if since is not None and since < window.start:
            missed[row[f"{side.prefix}_user_id"]] = since
    if missed:
        oldest = min(missed.values())
        tell_owed(engine, run, side, len(missed), f"changes since {oldest:%Y-%m-%d %H:%M:%S} UTC")
        yield from engine.sides[side].read_owned(sorted(missed), oldest, window.end, open_only=False)
    if side is Side.SALESFORCE:
        yield from read_first_syncs(engine, run, [row for row in users if row["first_sync"] == "owed"])


def _unread_since(user: Mapping[str, Any], side: Side) -> datetime | None:
    """Since when the tasks of somebody who was away are to be read. Nothing older than the switch-on is let in."""
    unread: datetime | None = user[f"unread_since_{side.prefix}"]
    return unread and max(unread, user[f"switched_on_{side.prefix}"])
