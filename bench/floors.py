"""What the work of a cycle takes at least: the same rows moved by the fastest way, without a look at any that is not
needed.

Bare tables have no key, index or check, but for the key by which the base is found.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg
import pyarrow as pa
from adbc_driver_postgresql import dbapi

from taskbridge.core.arrays import to_table
from taskbridge.core.frames import frame
from taskbridge.core.model import ACTIONS, LEDGER_CHANGES, LINKS, TASKS, Plan, PlanInput
from taskbridge.core.plan import make_plan
from taskbridge.core.terms import FIELDS, Side
from taskbridge.engine.deciding import in_parts
from taskbridge.store.frames import copy_in

_LINK: Final = (
    "CREATE TABLE bare_link AS SELECT * FROM bridge.link; ALTER TABLE bare_link ADD PRIMARY KEY (link_id)"
)
_BASE: Final = [f"{side.prefix}_{name}" for side in Side for name in FIELDS]
_FOLLOW: Final = (
    f"UPDATE bare_link l SET {', '.join(f'{one} = coalesce(c.{one}, l.{one})' for one in _BASE)} "
    "FROM bare_ledger_change c WHERE l.link_id = c.link_id AND l.state = 'linked'"
)


@contextmanager
def recorded() -> Iterator[list[PlanInput]]:
    """What the plans of the block are made from."""
    given: list[PlanInput] = []

    def keep(one: PlanInput) -> Plan:
        given.append(one)
        return make_plan(one)

    vars(in_parts)["make_plan"] = keep
    try:
        yield given
    finally:
        vars(in_parts)["make_plan"] = make_plan


def bare(url: str) -> float:
    """Seconds that it takes to put the rows that both listings of `overlap` showed into a bare table and to read what
    is known of them."""
    with psycopg.connect(url) as connection, dbapi.connect(url) as reader, reader.cursor() as cursor:
        cursor.execute(
            "SELECT sc_id AS remote_id, sc_details AS details FROM bridge.link UNION ALL "
            "SELECT sf_id, sf_details FROM bridge.link"
        )
        shown = cursor.fetch_arrow_table()
        connection.execute("CREATE TABLE bare (remote_id text, details text)")
        start = time.perf_counter()
        copy_in(connection, ["bare"], shown)
        connection.commit()
        cursor.execute("SELECT * FROM bridge.link")
        cursor.fetch_arrow_table()
        return time.perf_counter() - start


def stages(url: str, given: Sequence[PlanInput]) -> dict[str, float]:
    """Seconds of each stage of the cycle that planned from this."""
    with psycopg.connect(url) as connection, dbapi.connect(url, autocommit=True) as reader:
        staged = {side: _joined([one.tasks(side) for one in given], TASKS[side]) for side in Side}
        for side in Side:
            _make(connection, f"staging.{side}_task", TASKS[side])
        _make(connection, "bridge.action", ACTIONS)
        _make(connection, "bridge.ledger_change", LEDGER_CHANGES)
        connection.execute(_LINK)
        connection.commit()
        seconds = {
            "staging": _timed(lambda: _put(connection, {f"{side}_task": staged[side] for side in Side}))
        }
        read = [f"SELECT * FROM bare_{side}_task" for side in Side]
        known = ", ".join(_held(reader, LINKS))
        seconds["fetch"] = _timed(lambda: _fetch(reader, *read, f"SELECT {known} FROM bare_link"))
        plans: list[Plan] = []
        seconds["plan"] = _timed(lambda: plans.extend(map(make_plan, given)))
        tables = {
            "action": _joined([plan.actions for plan in plans], ACTIONS),
            "ledger_change": _joined([plan.ledger_changes for plan in plans], LEDGER_CHANGES),
        }
        seconds["outbox"] = _timed(lambda: _put(connection, tables))
        seconds["read"] = _timed(lambda: _fetch(reader, "SELECT * FROM bare_action"))
        seconds["base"] = _timed(lambda: _follow(connection))
    return seconds


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _joined(frames: Sequence[Any], schema: pa.Schema) -> pa.Table:
    return pa.concat_tables([to_table(one, schema) for one in frames])


def _make(connection: psycopg.Connection[Any], like: str, schema: pa.Schema) -> None:
    name, columns = like.partition(".")[2], ", ".join(schema.names)
    connection.execute(f"CREATE TABLE bare_{name} AS SELECT {columns} FROM {like} WITH NO DATA".encode())


def _put(connection: psycopg.Connection[Any], tables: dict[str, pa.Table]) -> None:
    for name, table in tables.items():
        copy_in(connection, [f"bare_{name}"], table)
    connection.commit()


def _held(reader: dbapi.Connection, schema: pa.Schema) -> list[str]:
    held = set(reader.adbc_get_table_schema("link", db_schema_filter="bridge").names)
    return [name for name in schema.names if name in held]


def _fetch(reader: dbapi.Connection, *queries: str) -> None:
    with reader.cursor() as cursor:
        for query in queries:
            cursor.execute(query)
            frame(cursor.fetch_arrow_table())


def _follow(connection: psycopg.Connection[Any]) -> None:
    connection.execute(_FOLLOW.encode())
    connection.commit()
