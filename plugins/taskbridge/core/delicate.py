"""Writes that must not overtake an edit of a person, however short the time for it (invariant 19)."""

from __future__ import annotations

import pandas as pd

from taskbridge.core.fields import DONE
from taskbridge.core.terms import BIT, Op


def is_delicate(actions: pd.DataFrame) -> pd.Series:
    """Which ACTIONS are deletes, complete a task (which can send a campaign's next e-mail), or settle a conflict."""
    closing = actions["status"].isin(list(DONE.values())) & ((actions["mask"] & BIT["status"]) != 0)
    completes = (actions["op"] == Op.UPDATE) & closing
    found: pd.Series = (actions["op"] == Op.DELETE) | completes | actions["contested"]
    return found.fillna(False).astype(bool)
