"""A service's own time: runs with the machine's, can be moved and stopped."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any


def machine_time() -> datetime:
    return datetime.now(UTC)


class Clock:
    """Aware UTC with microseconds; `state` and `restore` carry it over a restart as a JSON object."""

    def __init__(self, source: Callable[[], datetime] = machine_time) -> None:
        self._source = source
        self._offset = timedelta()
        self._frozen_at: datetime | None = None

    def now(self) -> datetime:
        return self._frozen_at if self._frozen_at is not None else self._source() + self._offset

    @property
    def frozen(self) -> bool:
        return self._frozen_at is not None

    def advance(self, seconds: float) -> None:
        """Moves the time by `seconds`, also back. Raises ValueError beyond the years 1970 to 2999."""
        try:
            self._move(self.now() + timedelta(seconds=seconds))
        except OverflowError as problem:
            raise ValueError(f"{seconds:g} seconds from now is outside the calendar") from problem

    def set(self, moment: datetime) -> None:
        """Raises ValueError for a time without a zone, and beyond the years 1970 to 2999."""
        if moment.tzinfo is None:
            seen = moment.isoformat()
            raise ValueError(f"{seen} has no time zone; write for example {seen}Z")
        self._move(moment.astimezone(UTC))

    def freeze(self, frozen: bool) -> None:
        """Stops the time where it is, or lets it run on from there."""
        if frozen and self._frozen_at is None:
            self._frozen_at = self.now()
        elif not frozen and self._frozen_at is not None:
            self._offset = self._frozen_at - self._source()
            self._frozen_at = None

    def _move(self, moment: datetime) -> None:
        if not 1970 <= moment.year <= 2999:
            raise ValueError(f"{moment.isoformat()} is outside the years 1970 to 2999")
        if self._frozen_at is not None:
            self._frozen_at = moment
        else:
            self._offset = moment - self._source()

    def reset(self) -> None:
        self._offset = timedelta()
        self._frozen_at = None

    def state(self) -> dict[str, Any]:
        return {
            "offset_microseconds": self._offset // timedelta(microseconds=1),
            "frozen_at": self._frozen_at.isoformat() if self._frozen_at else None,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self._offset = timedelta(microseconds=state["offset_microseconds"])
        self._frozen_at = datetime.fromisoformat(state["frozen_at"]) if state["frozen_at"] else None
