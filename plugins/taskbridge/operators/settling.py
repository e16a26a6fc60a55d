"""Letting the ledger follow what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskbridge.operators.step import StepOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from taskbridge.core.run import Run
    from taskbridge.engine.engine import Engine


class SettleOperator(StepOperator):
    """Lets the ledger follow what was answered with success and moves the watermarks, in one transaction.

    Runs whenever a plan was made, also after a load that failed: the next run looks at its pairs again.
    """

    def step(self, engine: Engine, run: Run, context: Context) -> bool:
        from taskbridge.engine.steps.settle import settle

        moved = settle(engine, run)
        self.log.info("Settled; the watermarks %s", "moved" if moved else "stay where they are")
        return moved
