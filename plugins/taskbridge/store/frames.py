"""Frames on their way into PostgreSQL (COPY) and out of it (Arrow)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from psycopg import sql

from taskbridge.core.canonical import storable
from taskbridge.core.frames import frame

_SLICE: Final = 10_000
_OPTIONS: Final = pacsv.WriteOptions(include_header=False, quoting_style="needed")
# Before PostgreSQL 18 a line `\.` ends a CSV stream even inside quotes.
_END_OF_COPY: Final = r"(?m)^\\\."


def to_frame(table: pa.Table, schema: pa.Schema) -> pd.DataFrame:
    """The columns of the schema, in its order and with its types; further columns are dropped. Whoever hands over the
    table keeps none: its chunks go as they are joined, or a large answer would be in memory twice."""
    chunked = dict(zip(schema.names, table.select(schema.names).cast(schema).columns, strict=True))
    del table
    joined = {name: chunked.pop(name).combine_chunks() for name in schema.names}
    return frame(pa.table(joined, schema=schema))


def with_constants(table: pa.Table, **values: object) -> pa.Table:
    """The table with columns that hold the same value in every row."""
    for name, value in values.items():
        table = table.append_column(name, pa.repeat(pa.scalar(value), table.num_rows))
    return table


def as_arrays(table: pa.Table) -> dict[str, str]:
    """The columns in PostgreSQL's words, each to be cast to an array of its type: a set of rows for a statement, which
    leaves nothing in the catalogue as a temporary table does."""
    return {name: _as_array(table.column(name).cast(pa.string())) for name in table.column_names}


def _as_array(texts: pa.ChunkedArray) -> str:
    for special in ("\\", '"'):
        texts = pc.replace_substring(texts, special, f"\\{special}")
    quoted = pc.fill_null(pc.binary_join_element_wise('"', texts, '"', ""), "NULL")
    return "{" + ",".join(quoted.to_pylist()) + "}"


def copy_in(connection: psycopg.Connection[Any], target: Sequence[str], table: pa.Table) -> None:
    """Append the table to `target` (schema and name, or a temporary table) by COPY, columns by name."""
    if table.num_rows == 0:
        return
    table = _storable(table)
    columns = sql.SQL(", ").join(map(sql.Identifier, table.column_names))
    command = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(*target), columns)
    with connection.cursor() as cursor:
        if _looks_like_end_of_copy(table):
            with cursor.copy(command) as copy:
                for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
                    copy.write_row(row)
        else:
            with cursor.copy(command + sql.SQL(" (FORMAT csv)")) as copy:
                # In slices, as the text of a whole large table would be one more copy of it in memory.
                for start in range(0, table.num_rows, _SLICE):
                    copy.write(_csv(table.slice(start, _SLICE)))


def _storable(table: pa.Table) -> pa.Table:
    """The table with NUL, the one text of Arrow that a database cannot hold, shown in its place."""
    for position, kind in enumerate(table.schema):
        column = table.column(position)
        if pa.types.is_string(kind.type) and pc.any(pc.match_substring(column, "\x00")).as_py():
            shown = pc.replace_substring(column, "\x00", storable("\x00"))
            table = table.set_column(position, kind, shown)
    return table


def _csv(table: pa.Table) -> memoryview:
    """Null as nothing, every text in quotes: so an empty text stays an empty text."""
    stream = io.BytesIO()
    # For a column that begins with an empty chunk the writer emits a buffer of NUL.
    pacsv.write_csv(table.combine_chunks(), stream, _OPTIONS)
    return stream.getbuffer()


def _looks_like_end_of_copy(table: pa.Table) -> bool:
    texts = (column for column in table.columns if pa.types.is_string(column.type))
    return any(pc.any(pc.match_substring_regex(column, _END_OF_COPY)).as_py() for column in texts)
