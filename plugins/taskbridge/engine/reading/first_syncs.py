"""First syncs in turns: a few users in each run, so that nobody who is synced already waits for all of them (I1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import pandas as pd

from taskbridge.core.first_sync import User, in_line, recent_since
from taskbridge.core.run import Run
from taskbridge.core.terms import FirstSyncMode, Side
from taskbridge.engine.engine import Engine

AT_ONCE: Final = 20
"""Users that are asked for together, and read to the end."""

_OLDER: Final[Mapping[FirstSyncMode, str]] = {
    FirstSyncMode.OPEN: "all open tasks",
    FirstSyncMode.ALL: "all tasks",
}


def read_first_syncs(engine: Engine, run: Run, owed: Sequence[User]) -> Iterator[pd.DataFrame]:
    """SALESFORCE_TASKS of users whose first sync is owed, until the run has read `first_sync_tasks`. Whose turn that
    was is kept, and the run settles the first sync of nobody else."""
    if not owed:
        return
    waiting = in_line(owed, engine.ledger.people.first_sync_turns())
    tasks, had = 0, list[User]()
    while waiting and tasks < engine.settings.first_sync_tasks:
        lot, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
        for page in _tasks_of(engine, run, lot):
            tasks += len(page)
            yield page
        engine.ledger.people.save_first_sync_turns(run, [user["sf_user_id"] for user in lot])
        had += lot
    _tell(engine, run, had)
    if waiting:
        more = "1 more user" if len(waiting) == 1 else f"{len(waiting)} more users"
        text = f"First syncs in turns: {tasks:,} tasks were read; the next runs read those of {more}."
        engine.ledger.runs.note(run, f"{text} Setting first_sync_tasks (I1).")


def _tasks_of(engine: Engine, run: Run, users: Sequence[User]) -> Iterator[pd.DataFrame]:
    port, mode = engine.sides.salesforce, engine.settings.first_sync_mode
    end = run.windows[Side.SALESFORCE].end
    if mode in _OLDER:
        everybody = sorted(user["sf_user_id"] for user in users)
        yield from port.read_owned(everybody, None, end, open_only=mode is FirstSyncMode.OPEN)
    if recent := _recent(engine, run, users):
        yield from port.read_owned(sorted(recent), min(recent.values()), end, open_only=False)


def _recent(engine: Engine, run: Run, users: Sequence[User]) -> Mapping[str, datetime]:
    return recent_since(users, engine.settings.policy, run.windows[Side.SALESFORCE].start)


def _tell(engine: Engine, run: Run, had: Sequence[User]) -> None:
    if older := _OLDER.get(engine.settings.first_sync_mode):
        tell_owed(engine, run, Side.SALESFORCE, len(had), older)
    if recent := _recent(engine, run, had):
        tell_owed(engine, run, Side.SALESFORCE, len(recent), changes_since(min(recent.values())))


def changes_since(oldest: datetime) -> str:
    return f"changes since {oldest:%Y-%m-%d %H:%M:%S} UTC"


def tell_owed(engine: Engine, run: Run, side: Side, users: int, what: str) -> None:
    """The report tells the window; what is read beyond it is told by this."""
    who = "1 user who is" if users == 1 else f"{users} users who are"
    engine.ledger.runs.note(run, f"{side.system}: {what} were read of {who} new or back (I1, S2).")
