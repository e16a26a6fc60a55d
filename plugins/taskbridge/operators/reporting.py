"""The end of a run, whatever happened."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowFailException

from taskbridge.errors import RowsRejected, TaskBridgeError
from taskbridge.operators.metrics import send, send_outcome, send_paused
from taskbridge.operators.notifying import tell_changes
from taskbridge.operators.request import run_key
from taskbridge.operators.step import (
    ERROR_KEY,
    GATE,
    OPEN,
    PLAN_PARTS,
    SKIPPED_KEY,
    DocumentedOperator,
    end_skipped,
    one_sentence,
    settings_of,
    tell_outlets,
)
from taskbridge.operators.variables import switch_is_on

if TYPE_CHECKING:
    from airflow.sdk import Context

    from taskbridge.engine.steps.report import RunReport
    from taskbridge.hooks.lineage import Lineage
    from taskbridge.settings import Settings


class ReportOperator(DocumentedOperator):
    """Closes the run, gives the lease back and logs one summary, or why there is none.

    Fails, and with it the DAG run, when a step failed or when more rows were newly rejected than
    `reject_tolerance` allows.
    """

    def execute(self, context: Context) -> dict[str, object]:
        from taskbridge.core.run import RunOutcome

        states = _states(context)
        error = _what_failed(context, states)
        if not error and (
            before := next((task for task in (GATE, OPEN) if states.get(task) == "skipped"), None)
        ):
            if before == OPEN:
                tell_changes(context, ran=False)
                send_paused()
            else:
                send_outcome(RunOutcome.SKIPPED)
            told = context["ti"].xcom_pull(task_ids=before, key=SKIPPED_KEY)
            end_skipped(
                context, told or "Nothing was done: a task before this one was skipped; its log says why."
            )
        if error and states.get(GATE) != "success":
            send_outcome(RunOutcome.FAILED)
            self.log.error("%s", error)
            raise AirflowFailException(error)
        try:
            with one_sentence(context):
                told, settings = self._close(run_key(context), error)
                for line in told.text.splitlines():
                    self.log.log(_weight(told), "%s", line)
                send(told)
                tell_outlets(self, context, _extra(told))
                _fail_if_bad(told, settings, error)
        except AirflowFailException as failed:
            tell_changes(context, ran=True, error=str(failed))
            raise
        tell_changes(context, ran=True, report=told.text)
        return {"run_id": told.run_id, "outcome": told.outcome.value}

    def get_openlineage_facets_on_complete(self, task_instance: object) -> Lineage:
        """What the report was made from."""
        from taskbridge.hooks.lineage import of_reporting

        return of_reporting()

    def _close(self, key: str, error: str | None) -> tuple[RunReport, Settings]:
        from taskbridge.core.run import RunOutcome
        from taskbridge.engine.steps.report import report
        from taskbridge.hooks.engine import build_engine, open_ledger
        from taskbridge.settings import Settings

        try:
            with open_ledger() as ledger:
                run = ledger.runs.run_by_key(key)
                settings = settings_of(run) if run else Settings()
                return report(build_engine(ledger, settings, switch_is_on), key, error), settings
        except TaskBridgeError as trouble:
            send_outcome(RunOutcome.FAILED)
            # What stopped the run matters more than that it cannot be written down.
            raise TaskBridgeError(
                f"{error} The run could not be closed: {trouble}" if error else str(trouble)
            ) from trouble


def _extra(told: RunReport) -> dict[str, object]:
    """What a consumer of the run's asset event wants to know."""
    extra: dict[str, object] = {"run_id": told.run_id, "outcome": told.outcome.value}
    if (counts := told.counts) is not None:
        extra |= {"staged": counts.staged, "actions": counts.actions}
        extra |= {
            "conflicts": counts.conflicts,
            "rejected": counts.rejected_new,
            "parked": counts.waiting.parked,
        }
    return extra


def _weight(told: RunReport) -> int:
    """Level of the report's lines in the log: what somebody has to look at stands out."""
    from taskbridge.core.run import RunOutcome

    weights = {
        RunOutcome.FAILED: logging.ERROR,
        RunOutcome.PARTIAL: logging.WARNING,
        RunOutcome.HELD: logging.WARNING,
    }
    return weights.get(told.outcome, logging.INFO)


def _states(context: Context) -> dict[str, str]:
    dag_run = context["dag_run"]
    found = context["ti"].get_task_states(dag_id=dag_run.dag_id, run_ids=[dag_run.run_id])
    states: dict[str, str] = found.get(dag_run.run_id, {})
    return states


def _what_failed(context: Context, states: dict[str, str]) -> str | None:
    """A sentence for each task that failed, in the order of the DAG."""
    sentences = []
    for task in context["dag"].topological_sort():  # type: ignore[no-untyped-call]
        # One of several tasks made from one is named with its number.
        own = {
            state for name, state in states.items() if name.rstrip("0123456789").rstrip("_") == task.task_id
        }
        if task.task_id == PLAN_PARTS:
            continue
        if "failed" in own | {states.get(task.task_id)}:
            told = context["ti"].xcom_pull(task_ids=task.task_id, key=ERROR_KEY)
            sentences.append(f"{task.task_id}: {told or 'it ended unexpectedly; its log tells why.'}")
    return " ".join(sentences) or None


def _fail_if_bad(told: RunReport, settings: Settings, error: str | None) -> None:
    from taskbridge.core.run import RunOutcome
    from taskbridge.engine.steps.report import tell_parked

    if told.outcome is RunOutcome.FAILED:
        raise AirflowFailException(error or told.text)
    if told.counts is not None and told.counts.rejected_new > settings.reject_tolerance:
        first = "".join(f" The first: {tell_parked(one)}" for one in told.counts.waiting.examples[:1])
        raise RowsRejected(
            f"Rejected: {told.counts.rejected_new} rows, while reject_tolerance allows {settings.reject_tolerance}; "
            f"mart.errors_by_code tells codes and remedies.{first}"
        )
