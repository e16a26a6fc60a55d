"""Halting before anything is written over data that break a check of the data engineers (include/sql/checks)."""

from __future__ import annotations

from taskbridge.core.run import Run
from taskbridge.engine.deciding.summary import Summary
from taskbridge.engine.engine import Engine
from taskbridge.errors import CheckBroken
from taskbridge.store.checks import Broken


def require_checks(engine: Engine, run: Run, summary: Summary) -> None:
    """Within the transaction that stores the plan, so that a check sees it, and a broken one leaves nothing of it.

    A run that has nothing to write is not asked about. One that only looks, and checks that are to be noted, halt
    nothing: the report names them. Raises CheckBroken, CheckInvalid.
    """
    if not summary.work:
        return
    halting = []
    for broken in engine.ledger.checks.broken(run):
        if broken.check.name in engine.settings.checks_noted:
            engine.ledger.runs.note(run, _sentence(broken))
        elif run.spec.only_looks:
            engine.ledger.runs.note(run, f"A run that writes would halt: {_sentence(broken)}")
        else:
            halting.append(_sentence(broken))
    if halting:
        raise CheckBroken(f"{' '.join(halting)} Nothing was written.")


def _sentence(broken: Broken) -> str:
    check, more = broken.check, broken.rows - len(broken.keys)
    rows = "1 row breaks" if broken.rows == 1 else f"{broken.rows} rows break"
    named = ", ".join(broken.keys) + (f" and {more} more" if more else "")
    proves, remedy = check.proves.rstrip("."), check.remedy.rstrip(".")
    return f"{rows} the data check {check.name} ({proves}): {named}. To do: {remedy}."
