"""The plan and its rivals: each takes a job in its own form, and answers the same actions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bench.dict_loop import DictInput, Row, plan, rows_of
from bench.duckdb_plan import DuckDBPlan
from bench.polars_plan import PolarsPlan
from taskbridge.core.arrays import whole
from taskbridge.core.model import PlanInput
from taskbridge.core.plan import make_plan

_SHARED = 10_000
"""Columns with fewer different values share them: that spares memory, and time to the loop as well."""


class Planner(Protocol):
    def plan(self) -> object:
        """What is timed."""

    def actions(self) -> list[Row]:
        """The actions of such a plan."""


class FramesPlan:
    def __init__(self, given: PlanInput) -> None:
        self._given = given

    def plan(self) -> object:
        return make_plan(self._given)

    def actions(self) -> list[Row]:
        return rows_of(make_plan(self._given).actions)


class DictLoop:
    def __init__(self, given: PlanInput) -> None:
        self._given = DictInput.of(given, dictionaries)

    def plan(self) -> object:
        return plan(self._given)

    def actions(self) -> list[Row]:
        return plan(self._given).actions


OURS: Final = "frames"
LOOP: Final = "dict loop"
PLANNERS: Final[Mapping[str, Callable[[PlanInput], Planner]]] = {
    OURS: FramesPlan,
    LOOP: DictLoop,
    "DuckDB": DuckDBPlan,
    "polars": PolarsPlan,
}


def dictionaries(frame: pd.DataFrame) -> list[Row]:
    """A frame's rows as dictionaries, null as None."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    names = [sys.intern(name) for name in table.column_names]
    columns = [_objects(whole(table, name)) for name in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _objects(array: pa.Array) -> Iterator[Any]:
    """The values one after the other, so that those of a row lie together in memory."""
    shared = array.null_count < len(array) and pc.count_distinct(array[: 4 * _SHARED]).as_py() < _SHARED
    coded = array.dictionary_encode() if shared else None
    words = [] if coded is None else [*coded.dictionary.to_pylist(), None]
    for start in range(0, len(array), _SHARED):
        if coded is None:
            yield from array.slice(start, _SHARED).to_pylist()
        else:
            codes = pc.fill_null(coded.indices.slice(start, _SHARED), -1)
            yield from (words[code] for code in codes.to_pylist())
