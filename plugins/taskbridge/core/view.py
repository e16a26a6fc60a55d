"""Some rows of a frame, read column by column, and taken only when they are asked for.

In the words of pandas, for a frame `df`: `view.only(mask)` is `df[mask]`, `view.cell("a")` is `df["a"]` as an Arrow
array, `view.flag("a")` is `df["a"].fillna(False).to_numpy()`, `view.places` is `df.index`, `view.adding(new)` is
`df.assign(**new)`. Nothing is copied for a column that nobody reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from taskbridge.core.arrays import Flags, Positions, array, flags, held_by, take
from taskbridge.core.frames import Column, made


@dataclass(frozen=True)
class View:
    """A frame with its index, of which `rows` (positions; None: all) count."""

    held: Mapping[str, Any]
    index: pd.Index
    rows: Positions | None = None

    @classmethod
    def of(cls, frame: pd.DataFrame) -> View:
        return cls(dict(held_by(frame)), frame.index)

    def __len__(self) -> int:
        return len(self.index if self.rows is None else self.rows)

    @property
    def places(self) -> npt.NDArray[np.int64]:
        """The index of the rows that count."""
        places: npt.NDArray[np.int64] = self.index.to_numpy()
        return places if self.rows is None else places[self.rows]

    def only(self, chosen: Flags) -> View:
        """Those of the rows that are chosen."""
        if chosen.all():
            return self
        here = np.flatnonzero(chosen)
        return replace(self, rows=here if self.rows is None else self.rows[here])

    def cell(self, name: str) -> pa.Array:
        """A column as one Arrow array."""
        values = array(self.held[name])
        return values if self.rows is None else take(values, self.rows)

    def flag(self, name: str) -> Flags:
        """A column of flags; null is False."""
        return flags(self.cell(name)) if _is_arrow(self.held[name]) else self._plain(name)

    def number(self, name: str) -> npt.NDArray[Any]:
        """A column of whole numbers without null."""
        return self.cell(name).to_numpy() if _is_arrow(self.held[name]) else self._plain(name)

    def _plain(self, name: str) -> npt.NDArray[Any]:
        values: npt.NDArray[Any] = self.held[name].reshape(-1)
        return values if self.rows is None else values[self.rows]

    def adding(self, new: Mapping[str, Column]) -> View:
        """The frame with further columns, or others in place of its own; for a view of all rows."""
        return replace(self, held={**self.held, **new})

    def frame(self) -> pd.DataFrame:
        """A frame again, which shares its columns; for a view of all rows."""
        return made(self.held, self.index)


def _is_arrow(held: Any) -> bool:
    return isinstance(held, (pa.Array, pa.ChunkedArray, pd.arrays.ArrowExtensionArray))
