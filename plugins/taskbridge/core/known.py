"""Which rows of a listing show nothing new, so that they need not be staged."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from taskbridge.core.arrays import Flags, columns, distinct, find, take
from taskbridge.core.model import TASKS
from taskbridge.core.records import is_live, is_reminder
from taskbridge.core.terms import FIELDS, TEMPLATE_INPUTS, Side

_STAMP = TASKS[Side.SALESFORCE].field("version").type

QUIET = pa.schema(
    [
        ("remote_id", pa.string()),
        ("version", _STAMP),  # last seen
        *((name, TASKS[Side.SALESFORCE].field(name).type) for name in FIELDS),
        *((name, pa.string()) for name in TEMPLATE_INPUTS),  # null for Salesforce
    ]
)
"""A record of a pair in which nothing is unfinished, with its base."""


def known(side: Side, listed: pd.DataFrame, quiet: pd.DataFrame, *, logged_activities: bool) -> Flags:
    """Of TASKS rows, those of QUIET pairs that a plan would end as unchanged and from which nothing would be learnt.

    An equal version alone proves nothing (G1): Salesforce's tells no less than a second.
    """
    rows, base = columns(listed), columns(quiet)
    place = find(rows["remote_id"], base["remote_id"])
    same = (place >= 0) & is_live(rows)
    compared = ("version", *FIELDS, *(TEMPLATE_INPUTS if side is Side.SALES_CONNECT else ()))
    for name in compared:
        same &= ~distinct(rows[name], take(base[name], place))
    if side is Side.SALESFORCE:
        same &= is_reminder(rows, logged_activities=logged_activities)
    return same
