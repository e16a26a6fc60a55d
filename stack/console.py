"""Progress for people: one line a step, with the seconds since the start."""

import time


class Progress:
    """`say("PostgreSQL is ready")` prints ` 3.1 s  PostgreSQL is ready`."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __call__(self, text: str) -> None:
        print(f"{self.seconds:5.1f} s  {text}", flush=True)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start
