"""What a person decides about fields that are held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from taskbridge.operators.request import numbers, refuse_unknown, whoever_asks
from taskbridge.operators.step import DocumentedOperator, one_sentence

if TYPE_CHECKING:
    from airflow.sdk import Context

CONFLICTS: Final = "conflicts"
WINNER: Final = "winner"


class RecordDecisionOperator(DocumentedOperator):
    """Records which system is right in the conflicts that the run names; the next sync carries it out.

    Writes to the project's database only, so it works while the sync is switched off. All or none: an
    unknown or closed conflict is refused, and then nothing is recorded.
    """

    def execute(self, context: Context) -> int:
        from taskbridge.core.terms import Side
        from taskbridge.engine.on_demand.conflicts import decide_conflicts
        from taskbridge.hooks.engine import open_ledger

        with one_sentence(context):
            params = context["params"]
            refuse_unknown(context["dag_run"].conf or {}, list(context["dag"].params))
            person = whoever_asks(context)
            winner = Side(params[WINNER])
            with open_ledger() as ledger:
                recorded = decide_conflicts(ledger, numbers(params[CONFLICTS]), winner, person)
        self.log.info("Recorded for %d conflicts: %s is right, says %s", recorded, winner.system, person)
        return recorded
