"""How fast a plan is made, against a plain loop over dictionaries with the same data and the same rules."""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bench.dict_loop import DictInput, Row, plan, rows_of
from bench.digest import digest
from bench.job import job
from bench.result import Result
from taskbridge.core.arrays import whole
from taskbridge.core.plan import make_plan

_SHARED = 10_000
"""Columns with fewer different values share them: that spares memory, and time to the loop as well."""


class PlansDiffer(Exception):
    """The two planners answered different actions for the same job."""


def reconcile(pairs: int, repeats: int, goal: float) -> Result:
    """Medians of the repeats, which take turns so that both planners see the same machine.

    Frames and dictionaries are made before the clock starts; the first run of each is not timed, its actions
    are compared. Raises PlansDiffer.
    """
    given = job(pairs)
    rows = DictInput.of(given, dictionaries)
    ours, theirs = digest(rows_of(make_plan(given).actions)), digest(plan(rows).actions)
    if ours != theirs:
        raise PlansDiffer(f"{pairs:,} pairs: the frames' plan is {ours}, the loop's {theirs}")
    gc.collect()
    # else each collection walks through all input dictionaries, which only the loop would pay for
    gc.freeze()
    times = [(seconds(lambda: make_plan(given)), seconds(lambda: plan(rows))) for _ in range(repeats)]
    gc.unfreeze()
    value, rival = (median(column) for column in zip(*times, strict=True))
    return Result.of(f"reconcile {pairs:,} pairs", value, rival, goal)


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


def seconds(work: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    result = work()
    taken = time.perf_counter() - start
    del result
    return taken


def peak_gigabytes() -> float:
    """Highest resident size of this process so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
