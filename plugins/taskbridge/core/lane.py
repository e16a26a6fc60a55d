"""What the event lane costs, and when it may ask (G7): plain arithmetic.

The lane asks both systems every few seconds whether anything changed, so that a run begins when there is something to
do. Salesforce counts each question.
"""

from __future__ import annotations

from math import ceil
from typing import Final

from taskbridge.core.finding import Finding, ok, warning
from taskbridge.core.usage import Told, theirs

SHORTEST: Final = 5
"""Seconds between two questions, at least."""
LONGEST: Final = 900
"""Seconds, at most: a clock does as well."""

_DAY: Final = 24 * 60 * 60
_LEFT_TO_RUNS: Final = 0.25
"""Of a day of questions: so many calls are left for what the runs read and write."""
_SHOWN: Final = (5, 10, 30, 60)


def calls_a_day(seconds: int) -> int:
    """Calls of Salesforce that asking every so many seconds takes. In Sales Connect, which counts by the minute, it is
    twice that where there is a feed of deletes."""
    return ceil(_DAY / seconds)


def least_seconds(most: int, reserve: float) -> int | None:
    """The shortest time between two questions that an allocation of `most` calls a day affords; None for none."""
    ours = most - theirs(most, reserve)
    affordable = (seconds for seconds in range(SHORTEST, LONGEST + 1) if _with_runs(seconds) <= ours)
    return next(affordable, None)


def affords(told: Told, reserve: float, seconds: int, *, asking: bool) -> bool:
    """Whether the lane may ask: a day of it fits below the reserve, and what is left now lasts for a while.

    `asking`: whether it does already. One that has stopped goes on when twice as much is left, not to and fro.
    """
    if told.most is None:
        return True
    if _with_runs(seconds) > told.most - theirs(told.most, reserve):
        return False
    kept = calls_a_day(seconds) * _LEFT_TO_RUNS
    return told.ours(reserve) >= (kept if asking else 2 * kept)


def _with_runs(seconds: int) -> float:
    return calls_a_day(seconds) * (1 + _LEFT_TO_RUNS)


def cost(most: int, reserve: float) -> Finding:
    """What the lane would take of an allocation, for whoever thinks of switching it on."""
    ours = most - theirs(most, reserve)
    prices = ", ".join(f"every {seconds} s {calls_a_day(seconds):,}" for seconds in _SHOWN)
    seen = f"asking takes, of {ours:,} calls a day that are ours: {prices}"
    least = least_seconds(most, reserve)
    if least is None:
        return warning(
            "event lane", f"{seen}: too many in any case", "", "leave it off: the clock does without it"
        )
    return ok("event lane", f"{seen}; affordable from {least} s on (TASKBRIDGE_LANE_SECONDS)")
