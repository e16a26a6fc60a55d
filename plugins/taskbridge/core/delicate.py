"""Writes that must not overtake an edit of a person, however short the time for it (invariant 19)."""

from __future__ import annotations

from typing import Final

import pandas as pd

from taskbridge.core.fields import DONE
from taskbridge.core.terms import BIT, Op

_CONTESTED: Final = r"\bK3\b"


def is_delicate(actions: pd.DataFrame) -> pd.Series:
    """Which ACTIONS are deletes, complete a task (which can send a campaign's next e-mail), or settle a conflict."""
    closing = actions["status"].isin(list(DONE.values())) & ((actions["mask"] & BIT["status"]) != 0)
    completes = (actions["op"] == Op.UPDATE) & closing
    contested = actions["rule"].str.contains(_CONTESTED, regex=True)
    found: pd.Series = (actions["op"] == Op.DELETE) | completes | contested
    return found.fillna(False).astype(bool)
