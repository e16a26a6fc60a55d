"""A few updates that depend on their record being unmodified since it was read, where the org honours that.

Reading the targets just before a write leaves milliseconds in which somebody may edit one of them (invariant 19).
Salesforce can refuse such a write, if it is sent alone, so a run with few updates sends them so. Whether an org
does is nowhere documented for tasks: the first such update finds it out, and the ledger remembers.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pandas as pd
import pyarrow as pa

from taskbridge.core.arrays import columns, find, take
from taskbridge.core.frames import frame
from taskbridge.core.run import Run
from taskbridge.core.terms import Op, Side
from taskbridge.core.writes import UNMODIFIED_SINCE
from taskbridge.engine.engine import Engine

FOUND_OUT_FOR: Final = timedelta(days=1)
"""So long an org is taken for what it was found to be."""


def honours_conditions(engine: Engine, side: Side) -> bool | None:
    """Whether the side refuses an update whose record was modified since a moment; None: the next one finds it out."""
    return engine.ledger.sides.conditional(side, FOUND_OUT_FOR) if side is Side.SALESFORCE else False


def guard(engine: Engine, side: Side, planned: pd.DataFrame, honoured: bool | None) -> None:
    """Tells the side whether updates of this load are to be guarded: where it can, and if they are few."""
    if side is not Side.SALESFORCE:
        return
    updates = int((planned["op"] == Op.UPDATE).sum())
    few = 0 < updates <= engine.settings.salesforce_guarded_updates
    engine.sides[side].conditional = honoured if few else False


def beside(engine: Engine, side: Side, op: Op) -> int:
    """Calls of a load that may be under way at once: where updates are guarded, one finds out how the next is sent."""
    port = engine.sides[side]
    return 1 if op is Op.UPDATE and port.conditional is not False else port.writes_at_once


def since_read(engine: Engine, side: Side, updates: pd.DataFrame, read: pd.DataFrame) -> pd.DataFrame:
    """The updates, if they are guarded with the version that their record had when it was read.

    A version is never before the last edit, so it is a condition that holds as long as nobody edits.
    """
    if engine.sides[side].conditional is False:
        return updates
    wanted, target = columns(updates), columns(read)
    place = find(wanted["remote_id"], target["remote_id"])
    return frame(pa.table({**wanted, UNMODIFIED_SINCE: take(target["version"], place)}))


def remember(engine: Engine, run: Run, side: Side, known: bool | None) -> None:
    """Keeps what the side was found to be by a write, before which only `known` was known."""
    honoured = engine.sides[side].conditional
    if known is None and honoured is not None:
        engine.ledger.sides.save_conditional(run, side, honoured)
