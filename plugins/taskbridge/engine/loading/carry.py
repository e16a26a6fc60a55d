"""Choosing what is written now, when the calls that are left do not last for all of it (G7)."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import pandas as pd

from taskbridge.core.run import Run
from taskbridge.core.terms import Op, Side
from taskbridge.engine.deciding.forecasting import fitting_rows, terms_now
from taskbridge.engine.engine import Engine
from taskbridge.errors import ApiLimitReached

_log = logging.getLogger(__name__)


def writable(engine: Engine, run: Run, side: Side, ops: Sequence[Op], honoured: bool | None) -> pd.DataFrame:
    """OUTLINES of these kinds, as far as the calls last: the choice is made among all kinds, so that new creates do
    not take the calls of deletes that have waited since yesterday.

    The rest stays planned, is decided anew by the next run, and is the first there. Asks for the calls that are left
    only when there is something to write. `honoured`: as `honours_conditions` has it.
    """
    planned = engine.ledger.outbox.outlines(run, side)
    wanted = planned["op"].isin(ops)
    if not wanted.any():
        return planned[wanted]
    chosen = fitting_rows(
        planned, _left(engine, run, side), terms_now(engine, run, side, len(planned), honoured)
    )
    if len(chosen) < len(planned):
        _log.warning(
            "%d of %d changes to %s fit into the calls that are left", len(chosen), len(planned), side
        )
    wanted = wanted.iloc[: len(chosen)]
    return chosen if wanted.all() else chosen[wanted]


def _left(engine: Engine, run: Run, side: Side) -> int | None:
    try:
        return engine.sides[side].calls_left()
    except ApiLimitReached as reason:
        engine.ledger.runs.note(run, str(reason))
        return 0
