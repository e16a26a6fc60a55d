"""Progress for people: one line a step, with the seconds since the start."""

import time
from collections.abc import Callable


class Progress:
    """`say("PostgreSQL is ready")` prints ` 3.1 s  PostgreSQL is ready`; `told` keeps both."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self.told: list[tuple[float, str]] = []

    def __call__(self, text: str) -> None:
        self.told.append((round(self.seconds, 1), text))
        print(f"{self.seconds:5.1f} s  {text}", flush=True)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start


class Reminder:
    """Says in a polling loop, every few seconds, what is being waited for."""

    def __init__(self, say: Callable[[str], None], every: float = 3.0) -> None:
        self._say = say
        self._every = every
        self._next = time.monotonic() + every

    def __call__(self, text: str | Callable[[], str]) -> None:
        """text: what to say, or what makes it, asked only when it is time."""
        if time.monotonic() >= self._next:
            self._say(text if isinstance(text, str) else text())
            self._next = time.monotonic() + self._every
