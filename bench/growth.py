"""What runs leave behind: rows and bytes of every table and of the catalogue, and the seconds that a run takes.

Quiet runs over some pairs, then as many while deletes wait for an answer that nobody gives. Each run has connections
of its own, as the steps of a DAG have.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

import psycopg
from psycopg import sql

from bench.result import Result
from stack.postgres import PostgresServer
from taskbridge.core.run import RunMode, RunOutcome, RunSpec
from taskbridge.engine.cycle import run_cycle
from taskbridge.engine.engine import Engine
from taskbridge.engine.ports import SidePort, Sides
from taskbridge.settings import Settings
from taskbridge.store import Ledger
from taskbridge.store.migrate import migrate
from tests.doubles.memory import MemorySalesConnect, MemorySalesforce

MINUTE: Final = 60
_GOAL: Final = 0.9
"""A run takes at most 1.1 times as long after so many others."""
_TABLES: Final = "SELECT schemaname, relname FROM pg_stat_user_tables"
_BYTES: Final = """
SELECT oid::regclass::text, pg_total_relation_size(oid) FROM pg_class
WHERE relkind = 'r' AND (relnamespace IN ('bridge'::regnamespace, 'staging'::regnamespace)
    OR relname IN ('pg_class', 'pg_attribute', 'pg_statistic', 'pg_type', 'pg_depend', 'pg_index'))
"""
_TIME_PASSES: Final = """
UPDATE bridge.link SET look_again_at = look_again_at - CAST(%(passed)s AS interval),
    dirty_since = dirty_since - CAST(%(passed)s AS interval)
WHERE look_again_at IS NOT NULL
"""


@dataclass
class Place:
    """Two systems and a ledger."""

    url: str
    sc: MemorySalesConnect = field(default_factory=MemorySalesConnect)
    sf: MemorySalesforce = field(default_factory=MemorySalesforce)
    settings: Settings = field(default_factory=Settings)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def cycle(self) -> float:
        """One run, a minute after the last one; how long it took."""
        self.sc.advance(MINUTE)
        self.sf.advance(MINUTE)
        spec = RunSpec(f"bench/{next(self._numbers)}", RunMode.SCHEDULED, self.settings.fingerprint, "bench")
        started = time.perf_counter()
        sides = Sides(cast(SidePort, self.sc), cast(SidePort, self.sf))
        with Ledger(self.url) as ledger:
            report = run_cycle(Engine(ledger, sides, self.settings, lambda: True), spec)
        took = time.perf_counter() - started
        if report.outcome not in (RunOutcome.CLEAN, RunOutcome.HELD, RunOutcome.PARTIAL):
            raise RuntimeError(report.text)
        return took

    def sizes(self) -> Mapping[str, Mapping[str, int]]:
        """Rows and bytes of every table, bytes of the catalogue."""
        with psycopg.connect(self.url) as connection:
            tables = [sql.Identifier(*names) for names in connection.execute(_TABLES)]
            rows = {
                table.as_string().replace('"', ""): connection.execute(
                    sql.SQL("SELECT count(*) FROM {}").format(table)
                ).fetchall()[0][0]
                for table in tables
            }
            return {"rows": rows, "bytes": dict(connection.execute(_BYTES).fetchall())}

    def pass_time(self, minutes: int) -> None:
        """What rests by the clock of the database comes due so much sooner."""
        with psycopg.connect(self.url) as connection:
            connection.execute(_TIME_PASSES, {"passed": f"{minutes} min"})


def measure(pairs: int, cycles: int, held: int) -> Iterator[Result]:
    """The last runs against the first; what they left behind is printed."""
    with PostgresServer.throw_away(durable=True) as server:
        server.create_database("growth")
        migrate(server.url("growth"))
        place = Place(server.url("growth"))
        tasks = paired(place, pairs)
        yield _measure(f"run {cycles} of quiet ones", place, cycles, lambda _: None)
        for task in tasks[:held]:
            place.sc.delete(task)
        for _ in range(3):
            place.cycle()
        yield _measure(
            f"run {cycles} while {held:,} deletes wait",
            place, cycles, lambda n: place.pass_time(5) if n % 5 == 4 else None,
        )  # fmt: skip


def paired(place: Place, pairs: int) -> list[str]:
    place.sf.add_user("ada@example.com")
    ada = place.sc.add_user("ada@example.com", sync_on=True)
    place.settings = Settings.model_validate(
        {
            "limits": {
                "create": {"count": pairs, "user_count": pairs},
                "delete": {"user_count": 0, "user_share": 0},
            }
        }
    )
    place.cycle()
    tasks = [place.sc.create(ada, f"Task {number}") for number in range(pairs)]
    for _ in range(3):
        place.cycle()
    place.sc.advance(15 * MINUTE)
    place.sf.advance(15 * MINUTE)
    for _ in range(3):
        place.cycle()
    return tasks


def _measure(name: str, place: Place, cycles: int, before: Callable[[int], None]) -> Result:
    before_runs = place.sizes()
    seconds = []
    for number in range(cycles):
        before(number)
        seconds.append(place.cycle())
    few = max(1, min(10, cycles // 4))
    first, last = statistics.median(seconds[:few]), statistics.median(seconds[-few:])
    for what, sizes in place.sizes().items():
        grown = {table: more for table, n in sizes.items() if (more := n - before_runs[what].get(table, 0))}
        for table, more in sorted(grown.items(), key=lambda item: -abs(item[1])):
            print(f"  {what:<6}{table:<32}{more:>+12,}   of {sizes[table]:>12,}")
    return Result.of(name, last, first, _GOAL, "the first ")
