"""How long people wait for the views of the schema `mart` and the queries of docs/operations.md, on a year of data.

python -m bench.views --scale 0.1
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import psycopg

from bench.result import Result
from stack.postgres import PostgresServer
from taskbridge.settings import Settings
from taskbridge.store.migrate import migrate

LIMIT: Final = 0.3
"""Seconds that a person waits at most."""

_GIVE_UP: Final = "60s"
_REPEATS: Final = 3
_YEAR: Final = Path(__file__).with_name("year.sql")
_DOCUMENTS: Final = [Path(__file__).parents[1] / "docs" / name for name in ("operations.md", "analysts.md")]
_SIZES: Final = {"runs": 525_600, "pairs": 300_000, "staged": 300_000, "held": 1_000, "errors": 10_000}

# Of a view that is too large to be read as a whole, what people ask of it.
_ASKED: Final = {
    "api_usage": ("order by run_id desc limit 100", "where run_id = {run}", "where day = current_date"),
    "change_log": (
        "where link_id = '{pair}'",
        "where run_id = {run}",
        "order by written_at desc limit 100",
        "where written_at > now() - interval '1 day'",
        "where user_name = 'User 17' and written_at > now() - interval '7 days'",
    ),
    "command_center": ("where user_name = 'User 17' order by due_date", "where sc_user_id = 'u17'"),
    "field_origins": ("where link_id = '{pair}'", "where sf_id = '{task}'", "where sc_id = '{number}'"),
    "latest_staged": ("where remote_id = '{task}'", "where run_id = {run}"),
    "plan": ("where run_id = {run}", "where run_id = {dry}", "where link_id = '{pair}'"),
    "sync_runs": (
        "order by run_id desc limit 20",
        "order by opened_at desc limit 20",
        "where run_id = {run}",
        "where outcome = 'failed' order by run_id desc limit 20",
        "where opened_at > now() - interval '7 days'",
        "where created + updated + deleted > 0 order by run_id desc limit 20",
    ),
    "task_pairs": (
        "where sf_id = '{task}'",
        "where link_id = '{pair}'",
        "where state = 'missing'",
        "where dirty",
        "where owner_name = 'User 17' and sc_status = 'open'",
        "where sc_title ilike '%renewal, {number}%'",
    ),
    "tasks_current": ("where remote_id = '{task}'", "where link_id = '{pair}'"),
}

# What a person puts in the place of what a documented query leaves open, in this order.
_HOLES: Final = {
    "pair_of('...')": "pair_of('{task}')",
    "%...%": "%renewal, {number}%",
    "= ...": "= {run}",
    "= 812": "= {run}",
    "'812-3'": "'{action}'",
    "'...'": "'STRING_TOO_LONG'",
}


@dataclass(frozen=True)
class Answer:
    query: str
    seconds: float
    rows: int


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    answers = on_a_year(options.scale)
    for answer in answers[: options.show]:
        print(f"{answer.seconds:8.3f} s {answer.rows:8,} rows  {answer.query}")
    late = sum(answer.seconds > LIMIT for answer in answers)
    print(f"{len(answers)} queries, {late} of them slower than {LIMIT} s")
    return 1 if late else 0


def measure(scale: float) -> Iterator[Result]:
    """The slowest of them against what a person waits at most."""
    slowest, *_ = on_a_year(scale)
    yield Result.of(f"slowest: {slowest.query[:33]}", slowest.seconds, LIMIT, 1.0, "a person")


def on_a_year(scale: float = 1.0) -> list[Answer]:
    """What was asked of that share of a year, the slowest first."""
    with PostgresServer.throw_away(durable=True) as server:
        server.create_database("year")
        migrate(server.url("year"))
        make_year(server.url("year"), scale)
        return time_all(server.url("year"), scale)


def make_year(url: str, scale: float = 1.0, sizes: Mapping[str, int] = _SIZES) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for name, size in sizes.items():
            _set(connection, f"year.{name}", str(round(size * scale)))
        _set(connection, "year.settings", Settings().model_dump_json())
        connection.execute(_YEAR.read_text(encoding="utf-8").encode())
        connection.execute("VACUUM ANALYZE")


def time_all(url: str, scale: float) -> list[Answer]:
    """Everything people ask, each in a transaction that is taken back."""
    with psycopg.connect(url, autocommit=True) as connection:
        _set(connection, "statement_timeout", _GIVE_UP)
        answers = [_timed(connection, query) for query in asked(connection, scale)]
    return sorted(answers, key=lambda answer: -answer.seconds)


def asked(connection: psycopg.Connection, scale: float) -> list[str]:
    """What people ask of the views and of bridge.pair_of, and every documented statement."""
    pair, run = round(_SIZES["pairs"] * scale) // 2 + 11, round(_SIZES["runs"] * scale) - 812
    given = {
        "pair": f"sf:1:{pair}", "number": str(pair), "task": f"00T{pair:015}", "run": str(run),
        "dry": str(run // 1000 * 1000 + 9), "action": f"{run}-3",
    }  # fmt: skip
    views = connection.execute("select viewname from pg_views where schemaname = 'mart'").fetchall()
    queries = [f"select * from mart.{view} {part}" for (view,) in views for part in _ASKED.get(view, ("",))]
    queries += [f"select bridge.pair_of('{name}')" for name in ("{pair}", "{number}", "unknown")]
    queries = [query.strip().format_map(given) for query in queries]
    for document in _DOCUMENTS:
        queries += [_filled(query, given) for query in documented(document.read_text(encoding="utf-8"))]
    return list(dict.fromkeys(queries))


def documented(text: str) -> Iterator[str]:
    """The statements in a document: of its blocks of SQL, and in backticks elsewhere."""
    blocks = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    for language, block in blocks.findall(text):
        if language == "sql":
            yield from filter(None, (part.strip() for part in re.sub(r"--.*", "", block).split(";")))
    yield from re.findall(r"`((?:select|update) [^`]*)`", blocks.sub("", text))


def _filled(query: str, given: dict[str, str]) -> str:
    """The query with something in place of what a person has to put there."""
    for hole, name in _HOLES.items():
        query = query.replace(hole, name.format_map(given))
    return " ".join(query.split())


def _timed(connection: psycopg.Connection, query: str) -> Answer:
    taken: list[float] = []
    rows = 0
    while len(taken) < _REPEATS:
        start = time.perf_counter()
        try:
            with connection.transaction(force_rollback=True):
                cursor = connection.execute(query.encode())
                rows = cursor.rowcount  # all of them have arrived by now
        except psycopg.errors.QueryCanceled:
            return Answer(query, float("inf"), 0)
        taken.append(time.perf_counter() - start)
    return Answer(query, median(taken), rows)


def _set(connection: psycopg.Connection, name: str, value: str) -> None:
    connection.execute("select set_config(%s, %s, false)", [name, value])


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.views", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the year's size, as 0.1")
    parser.add_argument("--show", type=int, default=20, help="so many of the slowest are printed")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
