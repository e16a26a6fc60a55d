"""Subjects made anew after a change of the template, for their own sake (T3)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from taskbridge.core.arrays import distinct, flags
from taskbridge.core.compare import INPUTS
from taskbridge.core.rules import Rules
from taskbridge.core.view import View


def with_new_renderings(compared: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """The pairs that may need something, and those whose Subject renders differently now: they count as changed in
    Sales Connect. Reads what `compare` answers of everything; changes `sc_edited`."""
    template, pairs = rules.template, View.of(compared)
    now = {name: pairs.cell(f"sc_now_{name}") for name in template.columns}
    differs = distinct(template.render(now, len(pairs)), pairs.cell("sf_now_title"))
    anew = differs & pairs.flag("sc_live") & flags(pc.is_valid(pairs.cell("sf_id")))
    edited = pairs.number("sc_edited") | np.where(anew, np.int32(INPUTS), np.int32(0))
    return pairs.adding({"sc_edited": edited}).frame()[pairs.flag("concerned") | anew]
