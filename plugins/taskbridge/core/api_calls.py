"""How many calls of Salesforce a piece of work takes: plain arithmetic, for whoever forecasts and whoever chooses.

Logins, calls that are repeated after a failure, and rows that have to be looked up once more come on top. Sizes are
rows. What a plan takes is `forecast`'s to say; when Bulk is used stands in docs/decisions/0023.
"""

from __future__ import annotations

from math import ceil
from typing import Final

NEVER: Final = "never"
"""A threshold that nothing reaches."""

COLLECTION_ROWS: Final = 200
"""Rows that one call of collections writes."""

LOOKED_UP: Final = 2_000
"""Ids whose records one call reads."""

PAGE_ROWS: Final = 2_000
"""Records on a page of a query."""

JOB_ROWS: Final = 50_000
"""Rows that one Bulk job writes at most; also records on a page of a Bulk query."""

JOB_POLLS: Final = 6
"""Looks at a job until it has ended, where nothing else is known: 63 seconds."""

JOB_PAYS_FROM: Final = COLLECTION_ROWS * (3 + JOB_POLLS + 2) + 1
"""Rows from which on a job takes fewer calls than collections."""

_LONGEST_WAIT: Final = 32  # seconds


def pause_before(look: int) -> int:
    """Seconds to wait before a look at a job, the first of which is look 0: twice as long before each."""
    return int(min(2**look, _LONGEST_WAIT))


def polls(seconds: float) -> int:
    """Looks that it takes to see the end of a job that takes so long."""
    looks, waited = 0, 0
    while looks == 0 or waited < seconds:
        waited += pause_before(looks)
        looks += 1
    return looks


def job_calls(rows: int, looks: int = JOB_POLLS) -> int:
    """Writing rows of one kind by Bulk: a job is opened, filled, closed, looked at, and its two result files read."""
    return ceil(rows / JOB_ROWS) * (3 + looks + 2)


def query_calls(records: int) -> int:
    """Reading records page by page."""
    return max(1, ceil(records / PAGE_ROWS))


def query_job_calls(records: int, looks: int = JOB_POLLS) -> int:
    """Reading them by a Bulk query: the page that told how many there are, opening, looks, pages, taking away."""
    return 1 + 1 + looks + max(1, ceil(records / JOB_ROWS)) + 1


def prefers_query_job(records: int) -> bool:
    """Whether a Bulk query takes fewer calls: above 20,000 records."""
    return query_job_calls(records) < query_calls(records)
