"""Letting ledger and watermarks follow what was written."""

from __future__ import annotations

from taskbridge.core.run import Run, RunMode
from taskbridge.core.terms import Side
from taskbridge.engine.engine import Engine
from taskbridge.engine.on_demand.audit import hand_over


def settle(engine: Engine, run: Run) -> bool:
    """Settles the run in one transaction; answers whether the watermarks moved.

    They stay where they are when the run was given a window or users, and when the switch went off meanwhile:
    answers to what was sent are recorded all the same (S3). Pairs with unwritten actions are dirty, so moving past
    them loses nothing.
    """
    if run.spec.mode is RunMode.AUDIT:
        hand_over(engine, run)
        return False
    if run.spec.dry_run:
        return False
    final = (run.spec.moves_watermarks or run.spec.mode is RunMode.REBASE) and engine.switch()
    marks = {side: run.windows[side].end for side in Side} if final else {}
    if run.spec.mode is RunMode.REBASE:
        # A rebase begins a ledger that had read nothing, and changes nothing in one that had.
        known = engine.ledger.sides.state().watermarks
        marks = {side: end for side, end in marks.items() if side not in known}
    engine.ledger.links.settle(run, marks, final=final, longest_rest=engine.settings.longest_rest)
    return bool(marks)
