"""The event lane in Airflow's triggerer: an asset event when there is something for the sync to do.

Imported by the DAG processor, the scheduler and the triggerer: no client and no pandas up here.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from taskbridge.errors import TaskBridgeError

if TYPE_CHECKING:
    from taskbridge.engine.lane import Lane
    from taskbridge.settings import Settings

_SETTINGS_HOLD: Final = 60.0  # seconds
_REST: Final = 30
_LONGEST_REST: Final = 600
"""Seconds: the longer the more looks in a row went wrong."""

_log = logging.getLogger(__name__)


class NewsTrigger(BaseEventTrigger):
    """Looks every `seconds` whether either system has something new, see `engine.lane`.

    Its event names the systems and nothing of what changed there: whoever is woken reads for himself.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seconds = seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{NewsTrigger.__module__}.{NewsTrigger.__qualname__}", {"seconds": self.seconds}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        looking = Looking(self.seconds)
        try:
            while True:
                # Of a thread of its own, as the clients of both systems and of the database block.
                if sides := await asyncio.to_thread(looking.look):
                    yield TriggerEvent({"sides": sides})  # type: ignore[no-untyped-call]
                await asyncio.sleep(looking.rest)
        finally:
            looking.close()


class Looking:
    """A lane over Airflow's connections, made anew when the settings change and after whatever breaks.

    `rest`: seconds until the next look.
    """

    def __init__(self, seconds: int) -> None:
        self._seconds = self.rest = seconds
        self._opened = ExitStack()
        self._lane: Lane | None = None
        self._settings: Settings | None = None
        self._settings_until = 0.0
        self._failures = 0

    def look(self) -> list[str]:
        """The sides with news. What goes wrong is said once, and the clock's runs go on without the lane."""
        self.rest = self._seconds
        try:
            found = sorted(side.value for side in self._current().look())
        except TaskBridgeError as error:
            self._leave_off(str(error))
            return []
        except Exception as error:
            # A trigger that raises is gone until the triggerer starts again.
            _log.debug("What lies behind it", exc_info=True)
            self._leave_off(f"{type(error).__name__}: {error}")
            return []
        if self._failures:
            self._failures = 0
            _log.info("The event lane looks again.")
        return found

    def close(self) -> None:
        self._lane = None
        self._opened.close()

    def _leave_off(self, why: str) -> None:
        self._failures += 1
        if self._failures == 1:
            _log.warning("The event lane rests, and the clock goes on: %s", why)
        self.rest = min(_REST * 2**self._failures, _LONGEST_REST)
        self.close()

    def _current(self) -> Lane:
        from taskbridge.operators.variables import read_settings

        if self._lane is None or time.monotonic() >= self._settings_until:
            settings = read_settings()
            self._settings_until = time.monotonic() + _SETTINGS_HOLD
            if self._lane is None or settings != self._settings:
                self.close()
                self._settings, self._lane = settings, self._made(settings)
        return self._lane

    def _made(self, settings: Settings) -> Lane:
        """Its sides are not those that runs have: a login that it keeps for days may be out of date."""
        from taskbridge.engine.lane import Lane
        from taskbridge.hooks.engine import looking_engine, open_ledger
        from taskbridge.operators.variables import switch_is_on

        ledger = self._opened.enter_context(open_ledger())
        return Lane(looking_engine(ledger, settings, switch_is_on), self._seconds)
