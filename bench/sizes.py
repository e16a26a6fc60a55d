"""What runs take at several sizes of ledger, in turn, each run over connections of its own: idle ones, and ones with
one change, a hundred and a thousand.

Of the pairs a thousand were synced, and are in the two systems as well; the others are copies of one of them, at rest
for an hour, with the create that made them and what it taught. No run looks at a copy: the rival loads them all.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Final

import psycopg
from adbc_driver_postgresql import dbapi

from bench.growth import MINUTE, Place, paired
from bench.result import Result
from stack.postgres import PostgresServer
from taskbridge.core.frames import frame
from taskbridge.core.model import LINKS
from taskbridge.store.migrate import migrate

_COPIES: Final = """
CREATE TEMPORARY TABLE model AS SELECT link_id FROM bridge.link ORDER BY link_id LIMIT 1;
INSERT INTO bridge.link SELECT (jsonb_populate_record(l, jsonb_build_object(
    'link_id', 'sc:1:copy' || n, 'sc_id', 'copy' || n, 'sf_id', '00Tcopy' || lpad(n::text, 11, '0'))
)).* FROM model JOIN bridge.link l USING (link_id) CROSS JOIN generate_series(1, %(copies)s) n;
INSERT INTO bridge.action SELECT (jsonb_populate_record(a, jsonb_build_object(
    'action_id', 'copy-' || n, 'link_id', 'sc:1:copy' || n, 'seq', 1000000 + n,
    'remote_id', '00Tcopy' || lpad(n::text, 11, '0'), 'answered_at', now() - interval '30 days'))
).* FROM model JOIN bridge.action a USING (link_id) CROSS JOIN generate_series(1, %(copies)s) n;
INSERT INTO bridge.ledger_change OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(c, jsonb_build_object(
    'change_id', 1000000 + n, 'link_id', 'sc:1:copy' || n, 'seq', 1000000 + n))
).* FROM model JOIN bridge.ledger_change c USING (link_id) CROSS JOIN generate_series(1, %(copies)s) n;
ANALYZE;
"""
"""A ledger as it is a month after its first import: the database knows how large it is."""

_GOAL: Final = 0.83
"""A run at the largest ledger takes at most 1.2 times as long as at the smallest."""
_EDITS: Final = (1, 100, 1_000)
_ONE, _SOME, _MANY = range(3)
_LARGE: Final = 1_000_000
"""Pairs from which on the goals hold that are told against loading all of them."""
_LOADS: Final = 3

Seconds = defaultdict[tuple[int, int], list[float]]
"""By changes and pairs."""


def measure(pairs: Sequence[int], rounds: int) -> Iterator[Result]:
    """Medians of each size, against those of the smallest, and of the largest against loading all its pairs."""
    seconds: Seconds = defaultdict(list)
    edits = [min(count, *pairs) for count in _EDITS]
    with ExitStack() as stack:
        places = {size: _of_size(stack, size, max(edits)) for size in sorted(pairs)}
        for number in range(rounds):
            for size, (place, tasks) in places.items():
                _round(place, [[], *(tasks[:count] for count in edits)], size, number, seconds)
        largest = max(places)
        loads = statistics.median(_load_all(places[largest][0].url) for _ in range(_LOADS))
    took = {key: statistics.median(values) for key, values in seconds.items()}
    yield from _against_loading(took, edits[_SOME], largest, loads)
    least, *larger = places
    for size, changes in itertools.product(larger, (0, edits[_ONE], edits[_MANY])):
        figure, goal = ("3", 0.67 if size >= _LARGE else None) if changes == edits[_MANY] else (None, _GOAL)
        name, ours, rival = _named(changes, size), took[changes, size], took[changes, least]
        yield Result.of(name, ours, rival, goal, f"at {least:,}", figure=figure)


def _against_loading(
    took: dict[tuple[int, int], float], some: int, pairs: int, loads: float
) -> Iterator[Result]:
    for changes, goal in ((0, 100.0), (some, 50.0)):
        ours, wanted = took[changes, pairs], goal if pairs >= _LARGE else None
        yield Result.of(_named(changes, pairs), ours, ours + loads, wanted, "loading all", figure="2")


def _named(changes: int, pairs: int) -> str:
    what = {0: "no change", 1: "one change"}.get(changes, f"{changes:,} changes")
    return f"run with {what} at {pairs:,} pairs"


def _round(place: Place, edited: Sequence[Sequence[str]], size: int, number: int, seconds: Seconds) -> None:
    for tasks in edited:
        text = f"one of {len(tasks)}, round {number}"
        for task in tasks:
            place.sc.edit(task, details=text)
        seconds[len(tasks), size].append(place.cycle())
        arrived = sum(record["details"] == text for record in place.sf.live().values())
        if arrived != len(tasks):
            raise RuntimeError(f"{arrived:,} of {len(tasks):,} edits arrived in Salesforce")
        place.cycle()  # confirms it
        _past_the_overlap(place)


def _of_size(stack: ExitStack, pairs: int, known: int) -> tuple[Place, list[str]]:
    """A server of its own with so many pairs in the ledger, and the tasks of those that both systems know."""
    server = stack.enter_context(PostgresServer.throw_away(durable=True))
    server.create_database("sizes")
    migrate(server.url("sizes"))
    place = Place(server.url("sizes"))
    tasks = paired(place, known)
    with psycopg.connect(place.url, autocommit=True) as connection:
        for statement in _COPIES.split(";\n"):
            if statement.strip():
                connection.execute(statement.encode(), {"copies": pairs - known})
    _past_the_overlap(place)
    return place, tasks


def _load_all(url: str) -> float:
    """Seconds until all of `bridge.link` that a plan looks at is a frame, by Arrow."""
    start = time.perf_counter()
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        held = connection.adbc_get_table_schema("link", db_schema_filter="bridge").names
        cursor.execute(f"SELECT {', '.join(name for name in LINKS.names if name in held)} FROM bridge.link")
        frame(cursor.fetch_arrow_table())
    return time.perf_counter() - start


def _past_the_overlap(place: Place) -> None:
    place.sc.advance(15 * MINUTE)
    place.sf.advance(15 * MINUTE)
    place.cycle()
    place.cycle()
