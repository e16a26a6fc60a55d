"""Since when a describe document is as it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sandbox.kernel.clock import Clock


class Describes:
    """What was shown last, and since when: switches change what an org is like."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._shown: dict[str, tuple[dict[str, Any], datetime]] = {}

    def modified(self, path: str, document: dict[str, Any]) -> datetime:
        """Whole seconds; a change is never of the same second as the one before."""
        now = self._clock.now().replace(microsecond=0)
        before = self._shown.get(path)
        if before is not None and before[0] == document:
            return before[1]
        since = now if before is None else max(now, before[1] + timedelta(seconds=1))
        self._shown[path] = (document, since)
        return since

    def clear(self) -> None:
        self._shown.clear()
