"""Rows on their way into staging, as a run stages them, against pandas' `to_sql` into a table of the same columns.

python -m bench.staging --rows 100000

The floor is a bare table, without key, index or check, that the same rows are put into at once.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Final, cast

import pandas as pd
import psycopg
import pyarrow.compute as pc
from adbc_driver_postgresql import dbapi
from sqlalchemy import create_engine

from bench.growth import Place
from bench.job import job
from bench.result import Result
from stack.postgres import PostgresServer
from taskbridge.core.arrays import to_table
from taskbridge.core.frames import frame
from taskbridge.core.model import TASKS
from taskbridge.core.run import RunMode, RunSpec
from taskbridge.core.terms import Side
from taskbridge.engine.engine import Engine
from taskbridge.engine.ports import SidePort, Sides
from taskbridge.engine.reading.lots import stage
from taskbridge.engine.steps.opening import open_run
from taskbridge.store import Ledger
from taskbridge.store.frames import copy_in
from taskbridge.store.migrate import migrate

GOAL: Final = 12.0
LARGE: Final = 1_000_000
"""Rows from which on the goal holds."""
_SIDE: Final = Side.SALESFORCE
_PAGE: Final = 2_000
"""Rows of a page, as Salesforce answers a query."""


def measure(rows: int) -> Iterator[Result]:
    """Seconds until the rows are staged and committed."""
    given = _rows(rows)
    with PostgresServer.throw_away(durable=True) as server:
        server.create_database("staging")
        migrate(server.url("staging"))
        ours = _staged(server.url("staging"), given)
        bare = {"ADBC": _ingested, "COPY": _copied}
        floors = {name: put(server.url("staging"), given) for name, put in bare.items()}
        rival = _to_sql(server.sqlalchemy_url("staging"), given)
    name = f"staging {rows:,} rows"
    goal = GOAL if rows >= LARGE else None
    yield Result.of(name, ours, rival, goal, "to_sql", figure="1")
    for floor, seconds in floors.items():
        yield Result.of(name, ours, seconds, None, f"bare {floor}", figure="1")


def _rows(rows: int) -> pd.DataFrame:
    """So many tasks of Salesforce, each with the record as it came."""
    table = to_table(job(rows + rows // 20 + 100).salesforce, TASKS[_SIDE]).slice(0, rows)
    texts = [table[name].combine_chunks() for name in ("remote_id", "title", "details")]
    texts = [pc.replace_substring(pc.fill_null(text, ""), "\n", "\\n") for text in texts]
    parts = ['{"Id": "', texts[0], '", "Subject": "', texts[1], '", "Description": "', texts[2], '"}']
    payload = pc.binary_join_element_wise(*parts, "")
    return frame(table.set_column(table.column_names.index("payload"), "payload", payload))


def _staged(url: str, given: pd.DataFrame) -> float:
    place = Place(url)
    with Ledger(url) as ledger:
        sides = Sides(cast(SidePort, place.sc), cast(SidePort, place.sf))
        engine = Engine(ledger, sides, place.settings, lambda: True)
        run = open_run(engine, RunSpec("staging", RunMode.SCHEDULED, place.settings.fingerprint, "bench"))
        assert run is not None
        pages = (given.iloc[start : start + _PAGE] for start in range(0, len(given), _PAGE))
        start = time.perf_counter()
        stage(engine, run, _SIDE, pages, "delta")
        taken = time.perf_counter() - start
        staged = len(ledger.staging.staged(run, _SIDE))
    if staged != len(given):
        raise RuntimeError(f"{staged:,} of {len(given):,} rows were staged")
    return taken


def _to_sql(url: str, given: pd.DataFrame) -> float:
    with ExitStack() as stack:
        engine = create_engine(url)
        stack.callback(engine.dispose)
        start = time.perf_counter()
        given.to_sql("by_to_sql", engine, index=False)
        return time.perf_counter() - start


def _ingested(url: str, given: pd.DataFrame) -> float:
    start = time.perf_counter()
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest("by_adbc", to_table(given, TASKS[_SIDE]), mode="create")
        connection.commit()
    return time.perf_counter() - start


def _copied(url: str, given: pd.DataFrame) -> float:
    start = time.perf_counter()
    with psycopg.connect(url) as connection:
        table = to_table(given, TASKS[_SIDE])
        columns = ", ".join(table.column_names)
        connection.execute(
            f"CREATE TABLE by_copy AS SELECT {columns} FROM staging.{_SIDE}_task WITH NO DATA".encode()
        )
        copy_in(connection, ["by_copy"], table)
    return time.perf_counter() - start


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.staging", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    for result in measure(parser.parse_args(arguments).rows):
        print(result)


if __name__ == "__main__":
    main()
