"""Creates that bring a record back: what it held besides the mapped fields is written again (K5).

Undo, restore, C7 and K4 all make a record anew that was there before. What a delete of ours removed was read in full
just before. What a person deleted, and an edit brings back, Salesforce still shows in its bin; of Sales Connect's
the ledger has what it last knew.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from taskbridge.core.arrays import choose, columns, find, flags, take
from taskbridge.core.frames import frame
from taskbridge.core.terms import Side
from taskbridge.core.writes import BROUGHT_BACK
from taskbridge.engine.engine import Engine


def with_originals(engine: Engine, side: Side, creates: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """The creates, with the columns BROUGHT_BACK if any of them brings back one of these ORIGINALS."""
    known = known[known["action_id"].isin(creates["action_id"])]
    if known.empty:
        return creates
    originals, wanted = columns(_read_in_full(engine, side, known)), columns(creates)
    place = find(wanted["action_id"], originals["action_id"])
    return frame(pa.table({**wanted, **{name: take(originals[name], place) for name in BROUGHT_BACK}}))


def _read_in_full(engine: Engine, side: Side, known: pd.DataFrame) -> pd.DataFrame:
    """The originals, those that we did not delete as Salesforce still shows them."""
    rest = known.loc[~known["full"].astype(bool), "remote_id"]
    if side is not Side.SALESFORCE or rest.empty:
        return known
    read = columns(engine.sides[side].read_ids(list(rest), {}, whole=True))
    table = columns(known)
    shown = take(read["payload"], find(table["remote_id"], read["remote_id"]))
    payload = choose(np.logical_not(flags(table["full"])), shown, table["payload"])
    return frame(pa.table({**table, "payload": payload}))
