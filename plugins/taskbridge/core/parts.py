"""Cutting a large cycle into parts, so that what it takes of memory depends on a part and not on the whole.

Staged rows carry a bucket, which is a hash of the key of their pair: both records of a pair are in the same part, and
no pair knows of another but for the limits (G3), which are told what the other parts plan.
"""

from __future__ import annotations

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


WHOLE: Final = Part(0, BUCKETS - 1)


def cut(rows: int, most: int) -> list[Part]:
    """As few parts of about the same size as hold at most about so many of the rows each; one at least."""
    parts = min(max(1, ceil(rows / most)), BUCKETS)
    ends = [BUCKETS * number // parts for number in range(parts + 1)]
    return [Part(low, high - 1) for low, high in pairwise(ends)]
