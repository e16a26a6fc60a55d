"""Turns the signals that mean "stop" into an exception, so that `with` and `finally` clean up."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from stack.errors import Interrupted

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _raise_once(number: int, frame: FrameType | None) -> None:
    for other in STOP_SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    raise Interrupted(number)


@contextmanager
def stop_signals_raise() -> Iterator[None]:
    """Within the block the first stop signal raises `Interrupted`; further ones are ignored."""
    before = {number: signal.signal(number, _raise_once) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stop_signals_ignored() -> Iterator[None]:
    """For the clean-up: an impatient second ^C must not cut it short."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
