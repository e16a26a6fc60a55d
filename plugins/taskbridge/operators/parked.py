"""What a person says of parked rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from taskbridge.operators.request import numbers, refuse_unknown, whoever_asks
from taskbridge.operators.step import DocumentedOperator, one_sentence

if TYPE_CHECKING:
    from airflow.sdk import Context

PARKED_DAG: Final = "task_sync_parked"


class AnswerParkedOperator(DocumentedOperator):
    """Keeps that parked rows are to be tried again, or to be ignored and why; the next sync goes by it.

    Writes to the project's database only, so it works while the sync is switched off.
    """

    def execute(self, context: Context) -> int:
        from taskbridge.engine.on_demand.parked import ParkedAnswer, answer_parked
        from taskbridge.hooks.engine import open_ledger

        with one_sentence(context):
            params = context["params"]
            refuse_unknown(context["dag_run"].conf or {}, list(context["dag"].params))
            person = whoever_asks(context)
            said = ParkedAnswer(
                str(params["answer"]),
                numbers(params["rows"]),
                params["side"],
                params["code"],
                params["reason"],
            )
            with open_ledger() as ledger:
                rows = answer_parked(ledger, said, person)
        self.log.info("%s of %d rows, says %s", said.answer, rows, person)
        return rows
