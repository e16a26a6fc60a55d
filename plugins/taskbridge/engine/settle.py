"""Letting ledger and watermarks follow what was written."""

from __future__ import annotations

from taskbridge.core.model import Side
from taskbridge.engine.engine import Engine
from taskbridge.engine.ports import Run


def settle(engine: Engine, run: Run) -> bool:
    """Settles the run in one transaction; answers whether the watermarks moved.

    They stay where they are when the run was given a window or users, and when the switch went off meanwhile:
    answers to what was sent are recorded all the same (S3). Pairs with unwritten actions are dirty, so moving past
    them loses nothing.
    """
    if run.spec.dry_run:
        return False
    final = run.spec.moves_watermarks and engine.switch()
    marks = {side: run.windows[side].end for side in Side} if final else {}
    engine.ledger.settle(run, marks, final=final)
    return final
