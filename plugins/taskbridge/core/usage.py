"""Calls of a system by what they are for, and how many of them it still takes (G7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import ceil


class CallKind(StrEnum):
    """What a request is for."""

    LOGIN = "login"
    QUERY = "query"  # what changed, who works there
    LOOK_UP = "look_up"  # records by id or marker: versions before a write, dirty pairs, lost answers
    WRITE = "write"
    BULK = "bulk"  # every request about a Bulk job
    DESCRIBE = "describe"
    LIMITS = "limits"


Calls = Mapping[CallKind, int]


@dataclass(frozen=True)
class Told:
    """What a system last told of its allocation. `most` is null where only the rest is told."""

    left: int
    most: int | None
    at: datetime | None = None  # by the system's clock

    def ours(self, reserve: float) -> int:
        """Calls that may still be made before the reserve, a share of the allocation, is touched."""
        return max(0, self.left - theirs(self.most or 0, reserve))


@dataclass(frozen=True)
class Usage:
    """Calls that were made, what was told on the way, and what had been forecast."""

    calls: Calls = field(default_factory=dict)
    told: Told | None = None
    forecast: Calls = field(default_factory=dict)


def theirs(most: int, reserve: float) -> int:
    """Calls of an allocation that are not ours to use."""
    return ceil(round(most * reserve, 3))


def counted(calls: Calls) -> int:
    """How many of them an allocation counts: a login is none of it."""
    return sum(number for kind, number in calls.items() if kind is not CallKind.LOGIN)
