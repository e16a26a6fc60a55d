"""What an idle run and a single edit take at several sizes of ledger, in turn, each run over connections of its own.

The pairs are copies of one that was synced, at rest for an hour, with the create that made them and what it taught.
"""

from __future__ import annotations

import itertools
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Final

import psycopg

from bench.growth import MINUTE, Place, paired
from bench.result import Result
from stack.postgres import PostgresServer
from taskbridge.store.migrate import migrate

_COPIES: Final = """
INSERT INTO bridge.link SELECT (jsonb_populate_record(l, jsonb_build_object(
    'link_id', 'sc:1:copy' || n, 'sc_id', 'copy' || n, 'sf_id', '00Tcopy' || lpad(n::text, 11, '0'))
)).* FROM bridge.link l CROSS JOIN generate_series(1, %(copies)s) n;
INSERT INTO bridge.action SELECT (jsonb_populate_record(a, jsonb_build_object(
    'action_id', 'copy-' || n, 'link_id', 'sc:1:copy' || n, 'seq', 1000 + n,
    'remote_id', '00Tcopy' || lpad(n::text, 11, '0'), 'answered_at', now() - interval '30 days'))
).* FROM bridge.action a CROSS JOIN generate_series(1, %(copies)s) n;
INSERT INTO bridge.ledger_change OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(c, jsonb_build_object(
    'change_id', 1000 + n, 'link_id', 'sc:1:copy' || n, 'seq', 1000 + n))
).* FROM bridge.ledger_change c CROSS JOIN generate_series(1, %(copies)s) n;
ANALYZE;
"""
"""A ledger as it is a month after its first import: the database knows how large it is."""


_GOAL: Final = 0.83
"""A run at the largest ledger takes at most 1.2 times as long as at the smallest."""


def measure(pairs: Sequence[int], rounds: int) -> Iterator[Result]:
    """Medians of each size, against those of the smallest."""
    seconds: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
    with ExitStack() as stack:
        places = {size: _of_size(stack, size) for size in sorted(pairs)}
        for number in range(rounds):
            for size, (place, task) in places.items():
                seconds["idle", size].append(place.cycle())
                place.sc.edit(task, details=f"edit {number}")
                seconds["edit", size].append(place.cycle())
                place.cycle()  # confirms it
                _past_the_overlap(place)
    least, *larger = places
    for what, size in itertools.product(("idle", "edit"), larger):
        small, large = (statistics.median(seconds[what, one]) for one in (least, size))
        yield Result.of(f"{what} run at {size:,} pairs", large, small, _GOAL, f"at {least:,}")


def _of_size(stack: ExitStack, pairs: int) -> tuple[Place, str]:
    """A server of its own with so many pairs in the ledger, and the task of one of them."""
    server = stack.enter_context(PostgresServer.throw_away(durable=True))
    server.create_database("sizes")
    migrate(server.url("sizes"))
    place = Place(server.url("sizes"))
    (task,) = paired(place, 1)
    with psycopg.connect(place.url, autocommit=True) as connection:
        for statement in _COPIES.split(";\n"):
            if statement.strip():
                connection.execute(statement.encode(), {"copies": pairs - 1})
    _past_the_overlap(place)
    return place, task


def _past_the_overlap(place: Place) -> None:
    place.sc.advance(15 * MINUTE)
    place.sf.advance(15 * MINUTE)
    place.cycle()
    place.cycle()
