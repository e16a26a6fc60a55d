"""From what an earlier run left open to a stored plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.bases.skipmixin import SkipMixin

from taskbridge.operators.approval import RequestsOperator
from taskbridge.operators.load import LoadOperator
from taskbridge.operators.settling import SettleOperator
from taskbridge.operators.step import PLAN_PARTS, StepOperator, tell_outlets

if TYPE_CHECKING:
    from airflow.sdk import Context

    from taskbridge.core.run import Run
    from taskbridge.engine.deciding.summary import Summary
    from taskbridge.engine.engine import Engine
    from taskbridge.hooks.lineage import Lineage


class RecoverOperator(StepOperator):
    """Finds out what became of writes whose answer an earlier run never got.

    A dry run does so too: it writes to neither system, and a plan made without those answers would not be the
    one that the next run makes.
    """

    def step(self, engine: Engine, run: Run, context: Context) -> int:
        from taskbridge.engine.steps.recover import recover

        return recover(engine, run)


class ExtractOperator(StepOperator):
    """Copies everything that changed on one side in the run's window into its staging table."""

    def __init__(self, *, side: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.side = side

    def step(self, engine: Engine, run: Run, context: Context) -> int:
        from taskbridge.core.terms import Side
        from taskbridge.engine.steps.extract import extract

        rows = extract(engine, run, Side(self.side))
        tell_outlets(self, context, {"run_id": run.run_id, "rows": rows})
        return rows

    def get_openlineage_facets_on_complete(self, task_instance: object) -> Lineage:
        """Which field of the system each column of staging was read from."""
        from taskbridge.core.terms import Side
        from taskbridge.hooks.lineage import of_reading

        return of_reading(Side(self.side))


class ReadDirtyOperator(StepOperator, SkipMixin):
    """Reads by id, on both sides, the records of pairs with anything unfinished."""

    def step(self, engine: Engine, run: Run, context: Context) -> list[dict[str, int]]:
        """Answers what `PlanPartOperator` is mapped over: nothing in a small cycle."""
        from taskbridge.engine.deciding.planned_parts import to_tasks
        from taskbridge.engine.steps.read_dirty import read_dirty

        self.log.info("Read by id: %d records", read_dirty(engine, run))
        parts = to_tasks(engine, run)
        if not parts:
            # Skipped here and not by the scheduler, which would take a round of its own for it.
            self.skip(context["ti"], [task for task in self.downstream_list if task.task_id == PLAN_PARTS])
        return [vars(part) for part in parts]


class PlanPartOperator(StepOperator):
    """Plans some parts of a large cycle, beside the tasks that plan the others. Small cycles have none of these.

    A part that fails fails alone: `decide` plans it, and stores all of the plan or nothing.
    """

    template_fields = ("part",)

    def __init__(self, *, part: dict[str, int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.part = part

    def step(self, engine: Engine, run: Run, context: Context) -> int:
        from taskbridge.core.parts import Part
        from taskbridge.engine.deciding.planned_parts import plan_parts

        part = Part(**self.part)
        planned = plan_parts(engine, run, part)
        self.log.info("Parts planned: %d, buckets %d to %d", planned, part.low, part.high)
        return planned


class DecideOperator(StepOperator, SkipMixin):
    """Makes the plan and stores it; a dry run shows it as a table in this task's log instead. What a person asked
    for and is not done, the log names row by row.

    Tasks that would have nothing to do are skipped: load tasks for which the plan holds nothing, and asking when
    no request is unfinished. After a dry run all that would write, settle or ask.
    """

    def step(self, engine: Engine, run: Run, context: Context) -> None:
        from taskbridge.engine.steps.decide import decide

        plan = decide(engine, run)
        counts = dict(plan.count())
        self.log.info("Plan: %s", counts or "nothing to write")
        _show(self, engine, run, plan)
        tell_outlets(self, context, {"run_id": run.run_id, **counts})
        context["ti"].xcom_push(key="plan", value=counts)
        self.skip(context["ti"], _without_work(self, engine, run, plan))

    def get_openlineage_facets_on_complete(self, task_instance: object) -> Lineage:
        """What the plan was made from."""
        from taskbridge.hooks.lineage import of_deciding

        return of_deciding()


def _show(operator: StepOperator, engine: Engine, run: Run, plan: Summary) -> None:
    from taskbridge.engine.deciding.call_text import costs
    from taskbridge.engine.on_demand.preview import left_out, preview

    used = engine.ledger.usage.of_run(run)
    shown = (
        preview(plan, used).splitlines()
        if run.spec.dry_run
        else [*costs(used, plan.by_side()), *left_out(plan)]
    )
    for line in shown:
        operator.log.info("%s", line)


def _without_work(operator: StepOperator, engine: Engine, run: Run, plan: Summary) -> list[Any]:
    downstream = operator.get_flat_relatives(upstream=False)
    if run.spec.dry_run:
        return [
            task for task in downstream if isinstance(task, LoadOperator | SettleOperator | RequestsOperator)
        ]
    work = plan.work
    idle: list[Any] = [
        task
        for task in downstream
        if isinstance(task, LoadOperator) and not any((task.side, op) in work for op in task.ops)
    ]
    if not engine.ledger.approvals.unfinished_approvals():
        idle += [task for task in downstream if isinstance(task, RequestsOperator)]
    return idle
