"""How many calls an org has left for us: its daily allocation without the reserve for its people (G7)."""

from __future__ import annotations

import re
from math import ceil
from typing import Final

from taskbridge.errors import ApiLimitReached
from taskbridge.sides.http import Answer

HEADER: Final = "Sforce-Limit-Info"
_USAGE: Final = re.compile(r"(?:^|;)\s*api-usage=(\d+)/(\d+)\s*(?=;|$)")


class Budget:
    """What the last answer told of the allocation. `reserve` is the share of it that is not ours to use."""

    def __init__(self, connection: str, reserve: float) -> None:
        self._connection, self._reserve = connection, reserve
        self._used: int | None = None
        self._most = 0

    @property
    def known(self) -> bool:
        """Whether any answer told of it."""
        return self._used is not None

    def note(self, answer: Answer) -> None:
        """Reads "api-usage=906/15000", alone or followed by other parts; what cannot be read tells nothing."""
        if told := _USAGE.search(answer.headers.get(HEADER, "")):
            self._used, self._most = int(told[1]), int(told[2])

    def require(self, calls: int = 1) -> None:
        """Raises ApiLimitReached when so many calls more would touch the reserve."""
        theirs = ceil(round(self._most * self._reserve, 3))
        if self._used is not None and self._used + calls > self._most - theirs:
            raise ApiLimitReached(
                f"{self._connection}: {self._used} of the {self._most} calls of the last 24 hours are used, and "
                f"{theirs} are left to the org's people (setting salesforce_api_reserve); the work that "
                "is left is carried over to later runs"
            )
