"""Frames made of Arrow tables, without a copy."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from taskbridge.core.arrays import columns

# Not in the stubs; pandas 2 has no such way, and takes longer for small frames.
_INTERNALS: Final = getattr(pd.api, "internals", None)

Row: TypeAlias = Mapping[str, Any]
"""A row as a dictionary, null as None."""

Column: TypeAlias = "pa.Array | pa.ChunkedArray | npt.NDArray[Any] | pd.api.extensions.ExtensionArray"


def empty(schema: pa.Schema) -> pd.DataFrame:
    """An empty frame of that schema."""
    return frame(schema.empty_table())


def frame(table: pa.Table) -> pd.DataFrame:
    """The table as an Arrow-backed frame, its chunks joined, as kernels on chunks cost twice."""
    return chunked_frame(table.combine_chunks())


def chunked_frame(table: pa.Table) -> pd.DataFrame:
    """The same, its chunks as they are."""
    return made(dict(zip(table.column_names, table.columns, strict=True)), pd.RangeIndex(table.num_rows))


def made(columns: Mapping[str, Column], index: pd.Index) -> pd.DataFrame:
    """A frame of these columns, Arrow-backed or numpy, which are not copied."""
    if _INTERNALS is None:
        return pd.DataFrame(
            {name: _held(values) for name, values in columns.items()}, index=index, copy=False
        )
    # `to_pandas` and `DataFrame` say the same, and take three times as long for a small table.
    names, places = _named(tuple(columns))
    blocks = list(zip(map(_block, columns.values()), places, strict=True))
    frame: pd.DataFrame = _INTERNALS.create_dataframe_from_blocks(blocks, index=index, columns=names)
    return frame


def _held(values: Column) -> Any:
    return (
        pd.arrays.ArrowExtensionArray(values) if isinstance(values, (pa.Array, pa.ChunkedArray)) else values
    )


def _block(values: Column) -> Any:
    return values.reshape(1, -1) if isinstance(values, np.ndarray) else _held(values)


@lru_cache(maxsize=128)
def _named(names: tuple[str, ...]) -> tuple[pd.Index, list[npt.NDArray[np.intp]]]:
    """What frames with these columns have in common: an index never changes, and finds names once it has looked."""
    return pd.Index(names), [np.array([place]) for place in range(len(names))]


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as dictionaries, null as None. For the few rows that a person or a call needs one by one."""
    found: list[dict[str, Any]] = pa.table(columns(frame)).to_pylist()
    return found
