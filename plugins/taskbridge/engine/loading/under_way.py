"""Calls of a load that are under way beside each other: one thread begins them and takes in what they answer.

So whatever a load stores, it stores in one thread, call by call (docs/decisions/0046).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

import pandas as pd

from taskbridge.engine.ports import Answer, Begin
from taskbridge.errors import ApiLimitReached, SwitchedOff

_log = logging.getLogger(__name__)


@contextmanager
def calls_under_way(most: int) -> Iterator[Calls]:
    """At most so many calls at once; with one, each is made by the thread that sends it.

    An error within ends the sending: what is under way is waited for and taken in, then the error is raised. Of
    several the first one is, unless it only ends the load early and another does not.
    """
    calls = Calls(most)
    try:
        errors: list[Exception] = []
        try:
            yield calls
        except Exception as error:
            errors.append(error)
        calls.finish(errors)
    finally:
        calls.close()


class Calls:
    """See `calls_under_way`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="load")
        self._under_way: dict[Future[pd.DataFrame], Callable[[], None]] = {}

    def room(self) -> None:
        """Waits until one more may be sent; takes in what was answered. Raises what that raises: nothing more may be
        sent then."""
        while len(self._under_way) >= self._most or any(call.done() for call in self._under_way):
            self._take_next()

    def send(self, start: Callable[[Begin], Answer], take: Callable[[Answer], None]) -> None:
        """`start` begins a call by what it is given; `take` gets its answer, by and by, in this thread."""
        if self._most == 1:
            take(start(lambda call: call))
            return
        self.room()
        begun: list[Future[pd.DataFrame]] = []

        def begin(call: Answer) -> Answer:
            begun.append(self._pool.submit(call))
            return begun[0].result

        answer = start(begin)
        self._under_way[begun[0]] = lambda: take(answer)

    def finish(self, errors: list[Exception]) -> None:
        """Takes in all that is under way, whatever it answers. Raises one of the errors, if there are any."""
        while self._under_way:
            try:
                self._take_next()
            except Exception as error:
                errors.append(error)
        if not errors:
            return
        told = min(errors, key=lambda error: isinstance(error, SwitchedOff | ApiLimitReached))
        for other in errors:
            if other is not told:
                _log.warning("%s", other)
        raise told

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _take_next(self) -> None:
        done = wait(self._under_way, return_when=FIRST_COMPLETED).done
        self._under_way.pop(next(call for call in self._under_way if call in done))()
