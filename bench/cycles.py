"""Whole cycles over PostgreSQL without the time of the two systems, against a naive pipeline over the same rows.

python -m bench.cycles --tasks 20000 --edits 2000 --profile 15
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pandas as pd
import psycopg
from adbc_driver_postgresql import dbapi
from sqlalchemy import create_engine, text

from bench.result import Result
from bench.served import Served
from stack.postgres import PostgresServer
from taskbridge.core.run import RunMode, RunSpec
from taskbridge.engine.cycle import run_cycle
from taskbridge.engine.engine import Engine
from taskbridge.engine.pause import WatchedSides
from taskbridge.settings import Settings
from taskbridge.store import Ledger
from taskbridge.store.database import Database, Transaction
from taskbridge.store.frames import copy_in
from taskbridge.store.migrate import migrate

_PAST_THE_OVERLAP: Final = 3600.0
_GOALS: Final = {"first import": None, "overlap": 4.0, "edits": None}


class Profile:
    """Seconds by statement, of all that goes through the store."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()
        self._time(Transaction, "run", lambda name, **_: name)
        self._time(Transaction, "copy", lambda target, table: f"COPY {target[-1]}")
        self._time(Database, "frame", lambda name, *_, **__: name)
        self._time(psycopg.Connection, "commit", lambda: "COMMIT")

    def _time(self, owner: Any, method: str, named: Callable[..., str]) -> None:
        inner = getattr(owner, method)

        def timed(this: Any, *given: Any, **values: Any) -> Any:
            start = time.perf_counter()
            try:
                return inner(this, *given, **values)
            finally:
                name = named(*given, **values)
                self.seconds[name] += time.perf_counter() - start
                self.calls[name] += 1

        setattr(owner, method, timed)

    def take(self, most: int) -> Iterator[str]:
        if most:
            yield f"    {sum(self.seconds.values()):8.3f} s {self.calls.total():6} x in all"
        for name, seconds in sorted(self.seconds.items(), key=lambda one: -one[1])[:most]:
            yield f"    {seconds:8.3f} s {self.calls[name]:6} x {name}"
        self.seconds.clear()
        self.calls.clear()


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    for result in measure(options.tasks, options.edits, options.profile, rivals=not options.alone):
        print(result)


def measure(tasks: int, edits: int, profile: int = 0, *, rivals: bool = True) -> Iterator[Result]:
    """Own seconds against those of the naive pipeline, and against what moving the same rows takes at least. Without
    `rivals`, whose rows are all in memory, it only prints what it plays."""
    seconds: dict[str, float] = {}
    with ExitStack() as stack:
        server, served = stack.enter_context(PostgresServer.throw_away(durable=True)), Served()
        stack.callback(served.stop)
        server.create_database("bench")
        migrate(server.url("bench"))
        _play(server.url("bench"), served, seconds, tasks, edits, profile)
        if not rivals:
            return
        _play_naive(server.sqlalchemy_url("bench"), served, seconds, tasks, edits)
        floor = _floor(server.url("bench"))
    for name, goal in _GOALS.items():
        rows = f"{name}, {edits if name == 'edits' else tasks:,} tasks"
        yield Result.of(rows, seconds[name], seconds[f"naive, {name}"], goal, "naive")
    yield Result.of(f"overlap, {tasks:,} tasks", seconds["overlap"], floor, None, "floor")


def _play(url: str, served: Served, seconds: dict[str, float], tasks: int, edits: int, shown: int) -> None:
    profile = Profile()
    with Ledger(url) as ledger:
        settings = Settings()

        def run(name: str, rows: int) -> None:
            served.ask("advance", 60)
            # Each run has new clients, as a process of its own would.
            engine = Engine(ledger, WatchedSides(served.sides(), ledger), settings, lambda: True)
            spec = RunSpec(name, RunMode.SCHEDULED, settings.fingerprint, "bench")
            with _measured(name, rows, served, seconds):
                report = run_cycle(engine, spec)
            for line in profile.take(shown):
                print(line)
            if report.outcome != "clean":
                print(report.text)

        served.ask("make", tasks)
        run("first import", tasks)
        run("confirming", 2 * tasks)
        run("overlap", 2 * tasks)
        served.ask("advance", _PAST_THE_OVERLAP)
        run("window past", 0)
        run("idle", 0)
        served.ask("edit", edits)
        run("edits", edits)
        run("after the edits", 2 * edits)
        served.ask("advance", _PAST_THE_OVERLAP)
        run("window past again", 0)
        run("idle again", 0)


@contextmanager
def _measured(name: str, rows: int, served: Served, seconds: dict[str, float]) -> Iterator[None]:
    """Seconds that were not spent in the systems, and the most memory that this process had meanwhile."""
    Path("/proc/self/clear_refs").write_text("5")
    before, start = served.seconds, time.perf_counter()
    yield
    seconds[name] = own = time.perf_counter() - start - (served.seconds - before)
    peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    memory = int(peak.group(1)) // 1024 if peak else 0
    print(f"{name:<24}{own:8.2f} s own {rows / own:10,.0f} rows/s {memory:6} MB", flush=True)


def _play_naive(url: str, served: Served, seconds: dict[str, float], tasks: int, edits: int) -> None:
    """What a data engineer writes first: json, to_sql, read_sql, a loop over dictionaries, an UPDATE a row."""
    engine = create_engine(url)
    told = served.ask("as_json")
    with _measured("naive, first import", tasks, served, seconds), engine.begin() as connection:
        rows = json.loads(told[1])
        pd.DataFrame(rows).to_sql("naive_sf", connection, if_exists="replace", index=False)
        pairs = [{"sc_id": None, "sf_id": row["id"], "details": row["details"]} for row in rows]
        pd.DataFrame(pairs).to_sql("naive_pair", connection, index=False)
        connection.execute(text("CREATE UNIQUE INDEX ON naive_pair (sf_id)"))
        for sc_id, row in zip(json.loads(told[0]), pairs, strict=True):
            given = {"sc": sc_id["id"], "sf": row["sf_id"]}
            connection.execute(text("UPDATE naive_pair SET sc_id = :sc WHERE sf_id = :sf"), given)
    with _measured("naive, overlap", 2 * tasks, served, seconds):
        _naive_cycle(engine, told)
    served.ask("edit", edits)
    with _measured("naive, edits", edits, served, seconds):
        _naive_cycle(engine, served.ask("as_json"))


def _naive_cycle(engine: Any, told: Sequence[str]) -> None:
    sides = ("sc", "sf")
    with engine.begin() as connection:
        seen = {}
        for side, records in zip(sides, told, strict=True):
            frame = pd.DataFrame(json.loads(records))
            frame.to_sql(f"naive_{side}", connection, if_exists="replace", index=False)
            read = pd.read_sql(f"SELECT * FROM naive_{side}", connection)
            seen[side] = {row["id"]: row for row in read.to_dict("records")}
        for pair in pd.read_sql("SELECT * FROM naive_pair", connection).to_dict("records"):
            new = next((row["details"] for side in sides if (row := seen[side].get(pair[f"{side}_id"]))
                        and row["details"] != pair["details"]), None)  # fmt: skip
            if new is not None:
                given = {"details": new, "sf": pair["sf_id"]}
                connection.execute(text("UPDATE naive_pair SET details = :details WHERE sf_id = :sf"), given)


def _floor(url: str) -> float:
    """Seconds that it takes to put the rows that both listings showed into a bare table and to read what is known of
    them, without a look at any."""
    with psycopg.connect(url) as connection, dbapi.connect(url) as reader, reader.cursor() as cursor:
        cursor.execute("SELECT sc_id, sc_title, sc_details, sf_id, sf_title, sf_details FROM bridge.link")
        rows = cursor.fetch_arrow_table()
        start = time.perf_counter()
        for columns in (rows.column_names[:3], rows.column_names[3:]):
            connection.execute("CREATE TEMPORARY TABLE floor (id text, title text, details text)")
            copy_in(connection, ["floor"], rows.select(columns).rename_columns(["id", "title", "details"]))
            connection.execute("DROP TABLE floor")
        cursor.execute("SELECT * FROM bridge.link")
        cursor.fetch_arrow_table()
        return time.perf_counter() - start


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.cycles", description=__doc__)
    parser.add_argument("--tasks", type=int, default=20_000)
    parser.add_argument("--edits", type=int, default=2_000)
    parser.add_argument("--alone", action="store_true", help="without the naive pipeline and the floor")
    parser.add_argument("--profile", type=int, default=0, help="so many statements of each run are shown")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
