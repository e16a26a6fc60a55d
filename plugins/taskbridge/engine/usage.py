"""Keeping what calls a step made (G7). Steps are processes: each stores its own part, one that dies loses its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from taskbridge.core.run import Run
from taskbridge.engine.engine import Engine
from taskbridge.errors import TaskBridgeError

RECENTLY: Final = timedelta(minutes=10)
"""What was told of an allocation holds so long for a process that was told nothing itself."""

_log = logging.getLogger(__name__)


@contextmanager
def counted(engine: Engine, run: Run | None) -> Iterator[None]:
    """Keeps what calls are made within, also when it fails."""
    try:
        yield
    finally:
        keep_usage(engine, run)


def keep_usage(engine: Engine, run: Run | None) -> None:
    """Adds the calls since the last time to those of the run. A count is not worth a run: what the ledger does
    not take is lost, and said in the log."""
    used = {port.side: port.meter.take() for port in engine.sides.used}
    used = {side: usage for side, usage in used.items() if usage.calls or usage.told}
    if not used:
        return
    try:
        engine.ledger.usage.add_usage(run, used)
    except TaskBridgeError as trouble:
        _log.warning("Calls that were not counted: %s (%s)", used, trouble)
