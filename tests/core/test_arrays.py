"""Frames become Arrow tables and come back without pandas' own way, which says the same and takes longer."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

from taskbridge.core.arrays import columns, to_table
from taskbridge.core.frames import chunked_frame, frame, rows_of

TABLE = pa.table(
    {
        "text": pa.array(["a", None, "ü"]),
        "number": pa.array([1, None, 3], pa.int32()),
        "stamp": pa.array([None, 1, 2], pa.timestamp("us", "UTC")),
        "date": pa.array([1, 2, None], pa.date32()),
        "flag": pa.array([True, None, False]),
    }
)
FRAMES = {
    "as all are": frame(TABLE),
    "empty": frame(TABLE.slice(0, 0)),
    "no chunk": chunked_frame(TABLE.schema.empty_table()),
    "in chunks": chunked_frame(pa.concat_tables([TABLE, TABLE])),
    "a part of the rows": frame(TABLE).iloc[[2, 0]],
    "columns of numpy and pandas": frame(TABLE).assign(
        text=["x", None, "y"], flag=[True, False, True], more=pd.Series([1.5, None, 2.5])
    ),
}


@pytest.mark.parametrize("directly", [True, False])
@pytest.mark.parametrize("given", FRAMES)
def test_a_frame_is_told_as_pandas_and_arrow_tell_it(
    given: str, directly: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = FRAMES[given]
    told = pa.Table.from_pandas(frame, preserve_index=False)
    as_asked = pa.Table.from_pandas(frame, schema=TABLE.schema, preserve_index=False)
    if not directly:  # as with a pandas that has no such way
        monkeypatch.delattr(pd.DataFrame, "_iter_column_arrays")
    assert pa.table(columns(frame)).equals(told)
    assert to_table(frame, TABLE.schema).equals(as_asked)
    assert rows_of(frame) == told.to_pylist()


def test_a_table_is_told_as_pandas_tells_it() -> None:
    for table in (TABLE, TABLE.slice(0, 0), pa.concat_tables([TABLE, TABLE])):
        wanted = table.to_pandas(types_mapper=pd.ArrowDtype)
        pd.testing.assert_frame_equal(frame(table), wanted)
        pd.testing.assert_frame_equal(chunked_frame(table), wanted)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(KeyError):
        to_table(frame(TABLE).drop(columns="date"), TABLE.schema)
    with pytest.raises(pa.ArrowInvalid):
        to_table(frame(TABLE).assign(number=["x", "y", "z"]), TABLE.schema)
