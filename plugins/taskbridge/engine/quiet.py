"""Whether a run of the clock has nothing to do: asked before it begins, as the event lane asks (decision 0045).

What is found means "look now" or "not yet" and nothing else. What a look cannot see, a run in full finds: no more than
`LONGEST` lies between two of them by a clock of every minute, and no more than half of what people may wait before
they are told that nothing crosses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from taskbridge.core.terms import Side
from taskbridge.engine.engine import Engine
from taskbridge.engine.lane import news_since
from taskbridge.engine.usage import counted
from taskbridge.settings import Settings
from taskbridge.store.lane import LaneState

LONGEST: Final = timedelta(minutes=5)
"""Between two runs in full."""
_UNTIL_THE_NEXT: Final = timedelta(minutes=1)
"""A run that skips its tasks counts on the next one within this time."""


@dataclass(frozen=True)
class Quiet:
    """Nothing is to be done. `since`: how far both systems were read, by their clocks; `until`: which run begins later
    is one in full, by ours; both UTC. `behind`: seconds since they were read."""

    since: datetime
    until: datetime
    behind: float

    def __str__(self) -> str:
        return (
            f"Nothing is new in either system since {self.since:%H:%M:%S} UTC: nothing else runs. The first run after "
            f"{self.until:%H:%M:%S} UTC is one in full."
        )


def quiet(engine: Engine) -> Quiet | None:
    """None when a run in full is to begin. By one call of each side, or one more where deletes are told apart (G7), and
    by none where the ledger says enough. Its calls are counted as those that no run made.

    Raises what a read of a side and the ledger raise.
    """
    known, patience = engine.ledger.lane.state(), _patience(engine.settings)
    if known.read_at is None or known.age is None or not _is_idle(known, engine.settings):
        return None
    if not 0 <= known.age < patience.total_seconds():
        return None
    with counted(engine, None):
        if any(news_since(engine, side, known.positions[side])[0] for side in Side):
            return None
    return Quiet(min(known.positions.values()), known.read_at + patience, known.age)


def _is_idle(known: LaneState, settings: Settings) -> bool:
    """Whether nothing in the ledger asks for a run. After one that had something to write a look is not worth its
    calls: people are at work, and what it wrote is due to be read again."""
    waits = known.due or known.paused or known.busy
    return known.at_rest and not waits and known.last_settings == settings.fingerprint


def _patience(settings: Settings) -> timedelta:
    """How old may be what was read, so that the next run, if it skips nothing, comes in time."""
    late = settings.patience
    return (LONGEST if late is None else min(LONGEST, late / 2)) - _UNTIL_THE_NEXT
