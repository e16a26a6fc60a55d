"""Writing the plan to one side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from taskbridge.operators.step import StepOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from taskbridge.core.run import Run
    from taskbridge.engine.engine import Engine
    from taskbridge.hooks.lineage import Lineage
    from taskbridge.settings import Settings


class LoadOperator(StepOperator):
    """Writes planned actions of some kinds to one side."""

    ops: ClassVar[tuple[str, ...]]  # core.terms.Op

    def __init__(self, *, side: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.side = side

    def step(self, engine: Engine, run: Run, context: Context) -> dict[str, int]:
        from taskbridge.core.terms import Op, Side
        from taskbridge.core.writes import Outcome
        from taskbridge.engine.steps.load import load
        from taskbridge.engine.steps.report import tell_rows

        side, ops = Side(self.side), [Op(op) for op in self.ops]
        result = load(engine, run, side, ops)
        done = {**result.outcomes, "stale": result.stale} if result.stale else dict(result.outcomes)
        self.log.info(
            "Written: %s%s", done or "nothing", f"; stopped: {result.stopped}" if result.stopped else ""
        )
        if refused := result.outcomes.get(Outcome.REJECTED, 0):
            self.log.warning("%s refused %d rows:", side.system, refused)
            for line in tell_rows(engine.ledger.runs.refused(run, side, ops), refused):
                self.log.warning("%s", line)
        return done


class UpsertOperator(LoadOperator):
    """Writes the plan's creates, then its updates, to one side.

    The switch and the lease are checked before every call, and rows that moved since the plan was made are
    left for the next run.
    """

    ops = ("create", "update")
    _of_run: tuple[Run, Settings] | None = None

    def step(self, engine: Engine, run: Run, context: Context) -> dict[str, int]:
        self._of_run = run, engine.settings
        return super().step(engine, run, context)

    def get_openlineage_facets_on_complete(self, task_instance: object) -> Lineage | None:
        """Which fields of the other system became those that were written. None where the run is not known."""
        from taskbridge.core.terms import Side
        from taskbridge.hooks.lineage import of_bringing_back, of_writing

        if self._of_run is None:
            return None
        run, settings = self._of_run
        side = Side(self.side)
        return of_bringing_back(side) if run.spec.mode.brings_back else of_writing(side, settings)


class DeleteOperator(LoadOperator):
    """Writes the plan's deletes to one side, after all creates and updates on both.

    The switch and the lease are checked before every call, and rows that moved since the plan was made are
    left for the next run.
    """

    ops = ("delete",)
