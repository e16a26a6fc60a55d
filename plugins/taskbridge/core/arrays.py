"""Small kernels over Arrow columns and positions.

A position is the row number of a record in a frame, -1 where there is none. Positions and flags are numpy
arrays; values stay Arrow arrays until they are gathered for the few rows that need them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]
Masks = npt.NDArray[np.int32]
Columns = Mapping[str, pa.Array]

SLICE: Final = 16_384
"""Rows compared at once: gathered text of that many rows still fits into the cache."""

Given = TypeVar("Given")
Answered = TypeVar("Answered")


def at_once(work: Callable[[Given], Answered], of: Collection[Given], rows: int) -> list[Answered]:
    """`work` of each, in their order, on all cores where so many rows are worth it: while a kernel of Arrow runs, the
    interpreter is free for the next one."""
    if rows <= SLICE:
        return [work(one) for one in of]
    with ThreadPoolExecutor(pa.cpu_count()) as threads:
        return list(threads.map(work, of))


def columns(frame: pd.DataFrame) -> dict[str, pa.Array]:
    """The frame's columns as contiguous Arrow arrays, without a copy where they are Arrow-backed."""
    return {name: _joined(_array(values)) for name, values in held_by(frame)}


def to_table(frame: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    """The frame as a table of exactly this schema. Raises KeyError for a missing column, ArrowInvalid for a value that
    does not fit."""
    held = dict(held_by(frame))
    return pa.Table.from_arrays([_array(held[field.name], field.type) for field in schema], schema=schema)


def held_by(frame: pd.DataFrame) -> Iterator[tuple[str, Any]]:
    """Each column's name and what holds its values.

    pandas promises no way to them but a Series for each column, which takes five times as long; `Table.from_pandas`,
    which takes it, was a quarter of what a small run computed.
    """
    directly = getattr(frame, "_iter_column_arrays", None)
    held = directly() if directly else (column.array for _, column in frame.items())
    return zip(frame.columns, held, strict=True)


def _array(held: Any, kind: pa.DataType | None = None) -> pa.Array | pa.ChunkedArray:
    values = held if isinstance(held, pd.arrays.ArrowExtensionArray) else pd.Series(held, copy=False)
    return pa.array(values, kind, from_pandas=True)


def array(held: Any) -> pa.Array:
    """A column, whatever holds it, as one contiguous Arrow array."""
    return _joined(held if isinstance(held, (pa.Array, pa.ChunkedArray)) else _array(held))


def whole(table: pa.Table, name: str) -> pa.Array:
    """The column as one array; joining chunks copies even a single one."""
    return _joined(table.column(name))


def _joined(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(values, pa.Array):
        return values
    return values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()


def flags(values: pa.Array) -> Flags:
    """A boolean Arrow array as numpy; null is False."""
    if values.null_count:
        values = pc.fill_null(values, False)
    return cast(Flags, values.to_numpy(zero_copy_only=False))


def ticks(values: pa.Array, null: int) -> npt.NDArray[np.int64]:
    """Stamps as microseconds since 1970, with `null` for null."""
    return cast(npt.NDArray[np.int64], pc.fill_null(values.cast(pa.int64()), null).to_numpy())


def is_in(values: pa.Array, among: Sequence[str]) -> Flags:
    return flags(pc.is_in(values, pa.array(among, pa.string())))


def equals(values: pa.Array, value: str) -> Flags:
    return flags(pc.equal(values, value))


def find(values: pa.Array, among: pa.Array) -> Positions:
    """Position of each value in `among`, -1 for null or not there."""
    if len(among) == 0:
        return np.full(len(values), -1, np.int64)
    found = pc.index_in(values, among, skip_nulls=True)
    return cast(Positions, pc.fill_null(found, -1).to_numpy().astype(np.int64))


def take(values: pa.Array, positions: Positions) -> pa.Array:
    """Values at the positions; null at -1."""
    if len(values) == 0:
        return pa.nulls(len(positions), values.type)
    return values.take(pa.array(positions, mask=positions < 0))


def take_all(values: Columns, positions: Positions) -> dict[str, pa.Array]:
    """`take` of several columns."""
    taken = at_once(lambda column: take(column, positions), values.values(), len(positions))
    return dict(zip(values, taken, strict=True))


def gather(known: npt.NDArray[np.bool_], positions: Positions) -> Flags:
    """Flags at the positions; False at -1."""
    result = np.zeros(len(positions), np.bool_)
    found = positions >= 0
    result[found] = known[positions[found]]
    return result


def distinct(left: pa.Array, right: pa.Array) -> Flags:
    """True where the two differ; null equals null and differs from everything else."""
    differ = pc.not_equal(left, right)
    if left.null_count == 0 and right.null_count == 0:
        return flags(differ)
    return flags(pc.coalesce(differ, pc.xor(pc.is_null(left), pc.is_null(right))))


def choose(condition: Flags, then: pa.Array, otherwise: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(condition), then, otherwise)


def later(left: pa.Array, right: pa.Array) -> pa.Array:
    """The later of two stamps; null counts as never."""
    return pc.coalesce(pc.if_else(pc.greater(left, right), left, right), left, right)


def constant(value: str | int | bool | None, length: int, kind: pa.DataType | None = None) -> pa.Array:
    return pa.repeat(pa.scalar(value, kind or pa.string()), length)


def build(schema: pa.Schema, given: Mapping[str, pa.Array], length: int) -> pa.Table:
    """A table of that schema; columns that are not given are null."""
    arrays = [
        given[field.name].cast(field.type) if field.name in given else pa.nulls(length, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
