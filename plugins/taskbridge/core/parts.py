"""Cutting a large cycle into parts, so that what it takes of memory depends on a part and not on the whole.

Staged rows carry a bucket, which is a hash of the key of their pair: both records of a pair are in the same part, and
no pair knows of another but for the limits (G3), which are told what the other parts plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Final

BUCKETS: Final = 1024
"""As in `staging.bucket`."""


@dataclass(frozen=True)
class Part:
    """The rows of these buckets, both ends included."""

    low: int
    high: int


PART_ROWS: Final = 20_000
"""Staged rows of both sides that are planned at once: some 10,000 pairs, where both of their records were read."""
_WORTH_IT: Final = 2
"""Tasks: for fewer of them no process is started."""

WHOLE: Final = Part(0, BUCKETS - 1)


def cut(rows: int, most: int) -> list[Part]:
    """As few parts of about the same size as hold at most about so many of the rows each; one at least."""
    parts = min(max(1, ceil(rows / most)), BUCKETS)
    ends = [BUCKETS * number // parts for number in range(parts + 1)]
    return [Part(low, high - 1) for low, high in pairwise(ends)]


def for_tasks(parts: Sequence[Part], rows: int, most: int) -> list[Part]:
    """What tasks of their own plan, about so many of the rows each: some parts that lie beside each other. Nothing
    where the cycle is small."""
    if rows <= _WORTH_IT * most:
        return []
    each = ceil(len(parts) / ceil(rows / most))
    lots = (parts[start : start + each] for start in range(0, len(parts), each))
    return [Part(lot[0].low, lot[-1].high) for lot in lots]
