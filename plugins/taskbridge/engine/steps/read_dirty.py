"""Reading by id what silence says nothing about (G9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd

from taskbridge.core.run import Run, RunMode
from taskbridge.core.terms import LinkState, Side
from taskbridge.engine.engine import Engine
from taskbridge.engine.reading.lots import look_up, stage

_COMPARED: Final = [state for state in LinkState if state is not LinkState.TOMBSTONE]


def read_dirty(engine: Engine, run: Run) -> int:
    """Reads by id, on both sides, the records of pairs with anything unfinished (G9); in a run about everything
    the linked records, and those that markers name, that no listing showed."""
    read = 0
    for side, wanted in _wanted(engine, run).items():
        read += stage(engine, run, side, look_up(engine, side, wanted), "by_id")
    return read


def _wanted(engine: Engine, run: Run) -> Mapping[Side, pd.DataFrame]:
    if run.spec.mode is RunMode.REBASE:
        return engine.ledger.staging.named_ids(run)
    if run.spec.mode is RunMode.AUDIT:
        return {side: engine.ledger.staging.unseen_ids(run, side, _COMPARED) for side in Side}
    return engine.ledger.staging.ids_to_read(run)
