"""What people decided about contested fields, as long as the contest is the one that they saw (K3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import Columns, Flags, distinct, equals, find, take
from taskbridge.core.terms import Side


@dataclass(frozen=True)
class Rulings:
    """Decisions by pair and field. A decision is about two values: when either moved, it says nothing."""

    decisions: Columns

    def on(
        self, name: str, links: pa.Array, values: Mapping[Side, pa.Array]
    ) -> tuple[npt.NDArray[np.int8], Flags]:
        """For a field of these pairs with these values: who wins (place in `merge.WINNERS`, 0 for nobody),
        and whether there is a decision on other values."""
        of_field = equals(self.decisions["field"], name)
        winner, outdated = np.zeros(len(links), np.int8), np.zeros(len(links), np.bool_)
        if not of_field.any():
            return winner, outdated
        mine = {column: cells.filter(pa.array(of_field)) for column, cells in self.decisions.items()}
        place = find(links, mine["link_id"])
        same = place >= 0
        for side in Side:
            seen = take(mine[f"value_{side.prefix}"], place)
            same &= ~distinct(pc.cast(values[side], pa.string()), seen)
        to_sales_connect = equals(take(mine["winner"], place), Side.SALES_CONNECT)
        winner[same] = np.where(to_sales_connect, 1, 2)[same]
        return winner, (place >= 0) & ~same
