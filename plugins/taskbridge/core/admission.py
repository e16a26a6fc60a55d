"""Which records in no pair begin one (I1 to I5, S2, C2, G2)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import Flags, Positions, flags
from taskbridge.core.model import TASKS
from taskbridge.core.precedence import ADMISSION, first_line
from taskbridge.core.records import carries_marker, is_broken, is_live, is_reminder
from taskbridge.core.rules import Rules
from taskbridge.core.terms import FirstSyncMode, Side
from taskbridge.core.view import View


def admit(side: Side, newcomers: View, rules: Rules) -> npt.NDArray[np.int64]:
    """Of staged rows of a side the first line of ADMISSION that applies, or -1 where the record begins a pair."""
    rows, policy = {name: newcomers.cell(name) for name in TASKS[side].names}, rules.policy
    users = rules.people.place(side, rows["owner"])
    seen = {
        "broken": is_broken(rows),
        "gone": ~is_live(rows),
        "marked": carries_marker(rows),
        "unsynced": ~rules.people.synced(users),
        "unasked": ~rules.people.selected(users),
    }
    if side is Side.SALES_CONNECT:
        old = ~_since_switch_on(newcomers, "created_at", users, rules)
        seen |= {"old": old, "edited_old": old & _since_switch_on(newcomers, "modified_at", users, rules)}
    else:
        seen["no_reminder"] = ~is_reminder(rows, logged_activities=policy.include_logged_activities)
        seen["unwanted"] = ~_wanted_by_first_sync(newcomers, users, rules)
    return first_line(ADMISSION, seen, len(newcomers))


def _since_switch_on(newcomers: View, stamp: str, users: Positions, rules: Rules) -> Flags:
    return flags(pc.greater(newcomers.cell(stamp), rules.people.of("switched_on_sc", users)))


def _wanted_by_first_sync(newcomers: View, users: Positions, rules: Rules) -> Flags:
    policy = rules.policy
    mode = policy.first_sync_mode
    switched_on = rules.people.of("switched_on_sf", users)
    since = pc.subtract(switched_on, pa.scalar(policy.reach, pa.duration("us")))
    wanted = flags(pc.greater_equal(newcomers.cell("modified_at"), since))
    if mode in (FirstSyncMode.OPEN, FirstSyncMode.ALL):
        open_tasks = ~flags(newcomers.cell("is_closed"))
        wanted |= rules.people.owed(users) & (open_tasks | np.bool_(mode is FirstSyncMode.ALL))
    return wanted
