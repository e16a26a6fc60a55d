"""Asking a person about what is held, and keeping the answer (G3)."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk.exceptions import AirflowSkipException
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from taskbridge.errors import DatabaseUnavailable
from taskbridge.operators.request import run_key
from taskbridge.operators.step import StepOperator, one_sentence
from taskbridge.operators.variables import read_settings, switch_is_on

if TYPE_CHECKING:
    from airflow.sdk import Context

    from taskbridge.core.run import Run
    from taskbridge.engine.engine import Engine
    from taskbridge.settings import Settings
    from taskbridge.store import Ledger
    from taskbridge.store.approvals import Approval

APPROVAL_DAG: Final = "task_sync_approval"
APPROVAL_ID: Final = "approval_id"
ASK: Final = "ask"
APPROVE, REJECT = "Approve", "Reject"
_UNDER_WAY: Final = ["queued", "running"]


class RequestsOperator(StepOperator):
    """Finds the requests that nobody is asked about, and answers that nobody carries out.

    Those are new ones, those whose run of `task_sync_approval` was deleted or failed, and those that were answered
    while the sync was switched off. Leaves name, note and parameters of the run to start for each.
    """

    def step(self, engine: Engine, run: Run, context: Context) -> list[dict[str, Any]]:
        from taskbridge.engine.on_demand.approval import due
        from taskbridge.engine.on_demand.approval_text import subject

        def under_way(dag_run_id: str) -> bool:
            runs = context["ti"].get_dr_count(APPROVAL_DAG, run_ids=[dag_run_id], states=_UNDER_WAY)
            return runs > 0

        approvals = engine.ledger.approvals
        return [
            {
                "trigger_run_id": name,
                # Shown beside the run wherever Airflow lists it.
                "note": subject(approval, approvals.approval_details(approval.approval_id, 0)),
                "conf": {APPROVAL_ID: approval.approval_id},
            }
            for approval, name in due(engine.ledger, under_way)
        ]


class AskOperator(HITLOperator):
    """Shows a person what is held and waits for *Approve* or *Reject*, without a worker slot and without an end.

    There is no default and no time after which it answers itself. A request that was answered already passes.
    Then it keeps in the ledger what the person said, who it was and when: from then on the answer is carried out also
    when this run is not, since the next sync run sees to it. An answer of somebody whom the setting `approvers` does
    not name, or to a request that is not open any more, is refused.
    """

    def __init__(self, **kwargs: Any) -> None:
        given = {
            "subject": "What is held",
            "options": [APPROVE, REJECT],
            "doc_md": inspect.getdoc(type(self)),
            # Answered within the second, Airflow can take the end of the asking for the end of what follows, and fail
            # it. Tried again, it finds the answer in the ledger.
            "retries": 2,
            "retry_delay": timedelta(seconds=10),
        }
        super().__init__(**{**given, **kwargs})

    def execute(self, context: Context) -> Any:
        from taskbridge.engine.on_demand.approval import find
        from taskbridge.hooks.engine import open_ledger
        from taskbridge.store.approvals import ApprovalState

        with one_sentence(context), open_ledger() as ledger:
            settings = read_settings()
            approval = find(ledger, context["params"].get(APPROVAL_ID))
            if approval.state is ApprovalState.OBSOLETE:
                raise AirflowSkipException(
                    "Everything that was asked for has moved or gone: nothing to answer."
                )
            if approval.state is not ApprovalState.OPEN:
                self.log.info("Request %d is %s already.", approval.approval_id, approval.answer)
                return None
            self.subject, self.body = _texts(ledger, approval, settings)
            self.assigned_users = [{"id": name, "name": name} for name in settings.approvers]
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, object]:
        """The event is Airflow's own word of who answered; XCom, which more people may write, is not asked."""
        from taskbridge.hooks.engine import open_ledger

        said = super().execute_complete(context, event)
        with one_sentence(context), open_ledger() as ledger:
            approval = _PATIENTLY(_record, ledger, context, said)
        self.log.info("%s by %s", approval.answer, approval.answered_by)
        return {"answer": approval.answer and approval.answer.value, "answered_by": approval.answered_by}


# Asked anew, the person would have to answer again: an answer outlives a database that is away for a while.
_PATIENTLY: Final = Retrying(
    retry=retry_if_exception_type(DatabaseUnavailable),
    wait=wait_fixed(timedelta(seconds=15)),
    stop=stop_after_delay(timedelta(minutes=5)),
    reraise=True,
)


def _record(ledger: Ledger, context: Context, said: Mapping[str, Any]) -> Approval:
    from taskbridge.core.terms import Answer
    from taskbridge.engine.on_demand.approval import Person, record_answer

    # Airflow takes exactly one of the options, and no answer without one.
    (chosen,) = said["chosen_options"]
    answer = {APPROVE: Answer.APPROVED, REJECT: Answer.REJECTED}[chosen]
    by = Person.of(said["responded_by_user"])
    # Without Airflow's own class of datetime, which drivers treat differently.
    at = datetime.fromisoformat(said["responded_at"].isoformat()).astimezone(UTC)
    asked, approvers = context["params"].get(APPROVAL_ID), read_settings().approvers
    return record_answer(ledger, asked, answer, by=by, at=at, place=run_key(context), approvers=approvers)


def _texts(ledger: Ledger, approval: Approval, settings: Settings) -> tuple[str, str]:
    from taskbridge.engine.on_demand.approval_text import SAMPLES, body, subject
    from taskbridge.hooks.engine import build_engine

    details = ledger.approvals.approval_details(approval.approval_id, SAMPLES)
    sides = build_engine(ledger, settings, switch_is_on, approval.features).sides
    return subject(approval, details), body(approval, details, sides)
