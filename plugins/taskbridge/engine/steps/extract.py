"""Reading a side into staging: what changed in the window."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import columns
from taskbridge.core.first_sync import User
from taskbridge.core.run import Run
from taskbridge.core.terms import LinkState, Side
from taskbridge.core.users import chosen
from taskbridge.engine.engine import Engine
from taskbridge.engine.reading.first_syncs import changes_since, read_first_syncs, tell_owed
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
    """Older tasks: what the runs of an absence left out (S2), and of users whose first sync is owed (I1), which reads
    what they missed in Salesforce as well."""
    if run.spec.window is not None:
        return
    window, known = run.windows[side], pa.table(columns(engine.ledger.people.user_map()))
    known = known.append_column("asked", chosen(known, run.spec.users))
    users = known.filter(pc.equal(known["state"], "synced")).to_pylist()
    owed = [user for user in users if side is Side.SALESFORCE and user["first_sync"] == "owed"]
    others = users if side is Side.SALES_CONNECT else [user for user in users if user["first_sync"] != "owed"]
    since = {user[f"{side.prefix}_user_id"]: _unread_since(engine, user, side) for user in others}
    missed = {owner: start for owner, start in since.items() if start and start < window.start}
    if missed:
        oldest = min(missed.values())
        tell_owed(engine, run, side, len(missed), changes_since(oldest))
        yield from engine.sides[side].read_owned(sorted(missed), oldest, window.end, open_only=False)
    yield from read_first_syncs(engine, run, [user for user in owed if user["asked"]])


def _unread_since(engine: Engine, user: User, side: Side) -> datetime | None:
    """Since when the tasks of somebody who was away are to be read. Nothing older than the switch-on is let in, in
    Salesforce nothing older than a first sync reaches."""
    reach = engine.settings.policy.reach if side is Side.SALESFORCE else timedelta(0)
    unread: datetime | None = user[f"unread_since_{side.prefix}"]
    return unread and max(unread, user[f"switched_on_{side.prefix}"] - reach)
