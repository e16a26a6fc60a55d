"""How many calls an org has left for us: its daily allocation without the reserve for its people (G7)."""

from __future__ import annotations

import re
from typing import Final

from taskbridge.core.usage import CallKind, Told, theirs
from taskbridge.errors import ApiLimitReached
from taskbridge.sides.http_answer import HttpAnswer
from taskbridge.sides.meter import CallMeter

HEADER: Final = "Sforce-Limit-Info"
_USAGE: Final = re.compile(r"(?:^|;)\s*api-usage=(\d{1,9})/(\d{1,9})\s*(?=;|$)")


def named_kind(path: str) -> CallKind | None:
    """What a request is for, where its path tells it."""
    if "/jobs/" in path:
        return CallKind.BULK
    return {"describe": CallKind.DESCRIBE, "limits": CallKind.LIMITS}.get(path.rpartition("/")[2])


class Budget:
    """What the last answer told of the allocation. `reserve` is the share of it that is not ours to use."""

    def __init__(self, connection: str, reserve: float, meter: CallMeter | None = None) -> None:
        self._connection, self._reserve = connection, reserve
        self._meter = meter or CallMeter()
        self._told: Told | None = None

    @property
    def known(self) -> bool:
        """Whether any answer told of it."""
        return self._told is not None

    @property
    def ours(self) -> int | None:
        """Calls that may be made before the reserve is touched; None while nobody told."""
        return None if self._told is None else self._told.ours(self._reserve)

    def note(self, answer: HttpAnswer) -> None:
        """Reads "api-usage=906/15000", alone or followed by other parts; what cannot be read tells nothing."""
        if told := _USAGE.search(answer.headers.get(HEADER, "")):
            used, most = int(told[1]), int(told[2])
            self._told = Told(most - used, most, answer.date)
            self._meter.tell(self._told)

    def learn(self, told: Told) -> None:
        """Takes what somebody else was told for what is left, until an answer says more."""
        self._told = told

    def require(self, calls: int = 1) -> None:
        """Raises ApiLimitReached when so many calls more would touch the reserve, as far as answers have told: those
        that are under way beside it are not counted. A load begins no more calls than were left when it began."""
        told = self._told
        if told is not None and told.ours(self._reserve) < calls:
            most = told.most or 0
            raise ApiLimitReached(
                f"{self._connection}: {most - told.left} of the {most} calls of the last 24 hours are used, and "
                f"{theirs(most, self._reserve)} are left to the org's people (setting salesforce_api_reserve); the "
                "work that is left is carried over to later runs"
            )
