"""The event lane: asks both sides every few seconds, and cheaply, whether there is anything for a run to do.

What it finds means "look now" and nothing else: a run reads for itself, and the clock's runs find what the lane
overlooks. It asks nobody while the switch is off, while a side is paused, while any run is under way, and where its
questions would not leave enough of Salesforce's calls (G7).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from taskbridge.core.lane import affords, calls_a_day
from taskbridge.core.stamps import Stamp, Stamps
from taskbridge.core.terms import Side
from taskbridge.engine.engine import Engine
from taskbridge.engine.usage import keep_usage
from taskbridge.errors import AuthenticationFailed, TaskBridgeError
from taskbridge.store.lane import LaneState

_A_MINUTE: Final = 60.0  # seconds
_LONGEST_REST: Final = 600.0  # seconds, after failures in a row
_TOLD: Final = timedelta(days=1)
_NOBODY: Final[frozenset[Side]] = frozenset()
_BOTH: Final = frozenset(Side)
_NOTHING: Final[frozenset[Stamp]] = frozenset()

_log = logging.getLogger(__name__)


@dataclass
class _Watched:
    """How far a side was looked at. `there`: what it showed at that very moment, which it will show again."""

    cursor: datetime | None = None
    there: frozenset[Stamp] = frozenset()
    failures: int = 0
    rests_until: float = 0.0


def news_since(
    engine: Engine, side: Side, since: datetime, there: frozenset[Stamp] = _NOTHING
) -> tuple[bool, Stamps]:
    """Whether a side shows anything, from a moment of its clock on, that no run has read or written; and what it shows.

    `there`: versions that are no news, as it showed them before. Raises what a read of the side and the ledger raise.
    """
    stamps = engine.sides[side].stamps_since(since)
    fresh = [one for one in stamps.shown if one not in there]
    # More than a page is news whatever it is, and what comes behind it is the run's to read.
    return stamps.more or (bool(fresh) and engine.ledger.lane.has_news(side, fresh)), stamps


class Lane:
    """Looks when it is told to, every `seconds`; use it in one process, by one thread at a time."""

    def __init__(self, engine: Engine, seconds: int) -> None:
        self._engine, self._seconds = engine, seconds
        self._sides = {side: _Watched() for side in Side}
        self._asking = True
        self._reckons_at = self._due_at = 0.0
        self._woke_after: int | None = None
        self._waits_until = 0.0

    def look(self) -> frozenset[Side]:
        """The sides with something new for a run, both when something waits in the ledger; mostly none.

        Until a run has begun since, or for a minute, it answers no second time: what comes meanwhile that run reads.
        Raises what the ledger raises, and AuthenticationFailed: what was logged in with may be out of date. A side that
        fails otherwise is asked again later.
        """
        now = self._engine.monotonic()
        if not self._engine.switch():
            return _NOBODY
        known = self._engine.ledger.lane.state()
        if known.busy or known.paused or len(known.positions) < len(Side):
            return _NOBODY
        if known.last_run == self._woke_after and now < self._waits_until:
            return _NOBODY
        news = self._news(known, now)
        if news:
            self._woke_after, self._waits_until = known.last_run, now + _A_MINUTE
        return news

    def keep_calls(self) -> None:
        """Adds the calls since the last time to those that no run made."""
        keep_usage(self._engine, None)

    def _news(self, known: LaneState, now: float) -> frozenset[Side]:
        if known.due and now >= self._due_at:
            self._due_at = now + _A_MINUTE
            return _BOTH
        if not self._may_ask(now):
            return _NOBODY
        return frozenset(side for side in Side if self._has_news(side, known, now))

    def _may_ask(self, now: float) -> bool:
        """Reckoned once a minute; the clock's runs keep what Salesforce tells of its calls while the lane rests."""
        if now < self._reckons_at:
            return self._asking
        self._reckons_at = now + _A_MINUTE
        self.keep_calls()
        told = self._engine.ledger.usage.last_told(Side.SALESFORCE, _TOLD)
        if told is None:
            return self._asking
        reserve, before = self._engine.settings.salesforce_api_reserve, self._asking
        self._asking = affords(told, reserve, self._seconds, asking=before)
        if before and not self._asking:
            _log.warning(
                "The event lane rests, and the clock goes on: asking every %d s takes %s calls of Salesforce a day, "
                "while of %s there are %s left, and the share %s of them is not ours (salesforce_api_reserve).",
                self._seconds,
                f"{calls_a_day(self._seconds):,}",
                f"{told.most or 0:,}",
                f"{told.left:,}",
                reserve,
            )
        elif self._asking and not before:
            _log.info("The event lane asks again: Salesforce has %s calls left.", f"{told.left:,}")
        return self._asking

    def _has_news(self, side: Side, known: LaneState, now: float) -> bool:
        watched = self._sides[side]
        if now < watched.rests_until:
            return False
        since = max(known.positions[side], watched.cursor or known.positions[side])
        try:
            news, stamps = news_since(self._engine, side, since, watched.there)
        except AuthenticationFailed:
            raise
        except TaskBridgeError as error:
            self._leave_alone(side, now, error)
            return False
        watched.failures = 0
        if stamps.shown:
            cursor = max(one.at for one in stamps.shown)
            watched.cursor = cursor + timedelta(seconds=1) if stamps.more else cursor
            watched.there = frozenset(one for one in stamps.shown if one.at == cursor)
        return news

    def _leave_alone(self, side: Side, now: float, error: TaskBridgeError) -> None:
        """For twice as long after each failure."""
        watched = self._sides[side]
        watched.failures += 1
        watched.rests_until = now + min(self._seconds * 2**watched.failures, _LONGEST_REST)
        if watched.failures == 1:
            _log.warning("The event lane leaves %s alone for a while: %s", side.system, error)
