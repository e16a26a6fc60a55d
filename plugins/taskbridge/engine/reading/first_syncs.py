"""First syncs in turns: a few users in each run, so that nobody who is synced already waits for all of them (I1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import pandas as pd

from taskbridge.core.run import Run
from taskbridge.core.terms import FirstSyncMode, Side
from taskbridge.engine.engine import Engine

AT_ONCE: Final = 20
"""Users that are asked for together, and read to the end."""

_OLDER: Final[Mapping[FirstSyncMode, str]] = {
    FirstSyncMode.OPEN: "all open tasks",
    FirstSyncMode.ALL: "all tasks",
}

User = Mapping[str, Any]  # a row of USER_MAP


def read_first_syncs(engine: Engine, run: Run, owed: Sequence[User]) -> Iterator[pd.DataFrame]:
    """SALESFORCE_TASKS of users whose first sync is owed, until the run has read `first_sync_tasks`. Whose turn that
    was is kept, and the run settles the first sync of nobody else.

    Those who never had a turn come first, then those whose turn is the longest ago: a task of somebody that cannot be
    written keeps nobody else waiting.
    """
    asked = [user for user in owed if _is_asked_for(run, user)]
    turns = engine.ledger.people.first_sync_turns() if asked else {}
    waiting = sorted(
        asked,
        key=lambda user: (turns.get(user["sf_user_id"], 0), user["switched_on_sf"], user["sf_user_id"]),
    )
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
        text = (
            f"First syncs in turns: {tasks:,} tasks were read; the next runs read those of {_users(waiting)}."
        )
        engine.ledger.runs.note(run, f"{text} Setting first_sync_tasks (I1).")


def _is_asked_for(run: Run, user: User) -> bool:
    names = {user["sc_user_id"].casefold(), (user["email"] or "").casefold()}
    return not run.spec.users or any(one.casefold() in names for one in run.spec.users)


def _tasks_of(engine: Engine, run: Run, users: Sequence[User]) -> Iterator[pd.DataFrame]:
    port, mode, end = (
        engine.sides.salesforce,
        engine.settings.first_sync_mode,
        run.windows[Side.SALESFORCE].end,
    )
    if mode in _OLDER:
        everybody = sorted(user["sf_user_id"] for user in users)
        yield from port.read_owned(everybody, None, end, open_only=mode is FirstSyncMode.OPEN)
    if recent := _recent(engine, run, users):
        yield from port.read_owned(sorted(recent), min(recent.values()), end, open_only=False)


def _recent(engine: Engine, run: Run, users: Sequence[User]) -> Mapping[str, datetime]:
    """Salesforce user id -> since when every task comes in, where neither the run's window nor the rest tells it."""
    mode = engine.settings.first_sync_mode
    if mode is FirstSyncMode.ALL:
        return {}
    lookback = timedelta(hours=0 if mode is FirstSyncMode.NONE else engine.settings.first_sync_lookback_hours)
    since = {user["sf_user_id"]: user["switched_on_sf"] - lookback for user in users}
    return {owner: start for owner, start in since.items() if start < run.windows[Side.SALESFORCE].start}


def _tell(engine: Engine, run: Run, had: Sequence[User]) -> None:
    if had and (what := _OLDER.get(engine.settings.first_sync_mode)):
        tell_owed(engine, run, Side.SALESFORCE, len(had), what)
    if recent := _recent(engine, run, had):
        what = f"changes since {min(recent.values()):%Y-%m-%d %H:%M:%S} UTC"
        tell_owed(engine, run, Side.SALESFORCE, len(recent), what)


def tell_owed(engine: Engine, run: Run, side: Side, users: int, what: str) -> None:
    """The report tells the window; what is read beyond it is told by this."""
    who = "1 user who is" if users == 1 else f"{users} users who are"
    engine.ledger.runs.note(run, f"{side.system}: {what} were read of {who} new or back (I1, S2).")


def _users(some: Sequence[User]) -> str:
    return "1 more user" if len(some) == 1 else f"{len(some)} more users"
