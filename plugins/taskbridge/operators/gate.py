"""The first task of a run: the switch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from taskbridge.errors import SwitchedOff
from taskbridge.operators.request import SYNC, Request
from taskbridge.operators.step import DocumentedOperator, end_skipped, one_sentence
from taskbridge.operators.variables import ENABLED, switch_is_on

if TYPE_CHECKING:
    from airflow.sdk import Context

_OFF: Final = (
    f"The sync is switched off, so this run did nothing: the Variable {ENABLED} is not true. Set it under Admin, "
    "Variables."
)


class GateOperator(DocumentedOperator):
    """Skips the whole run unless the Variable `taskbridge_enabled` is on. Dry runs and audits only look, so they
    pass.

    No system is called to find out. A backfill's run is not skipped but fails, or the next backfill would take its day
    for done. Parameters that cannot be meant as they are fail here.
    """

    def __init__(self, *, kind: str = SYNC, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.kind = kind

    def execute(self, context: Context) -> None:
        with one_sentence(context):
            request = Request.of(context, kind=self.kind)
            if context["dag_run"].run_type == "backfill" and not request.only_looks and not switch_is_on():
                raise SwitchedOff(
                    f"{_OFF} This day was not read: switch on, and start the backfill again with 'Missing and Errored "
                    "Runs' (by REST or command line: failed)."
                )
        self.log.info("Asked for: %s", request)
        if not request.only_looks and not switch_is_on():
            end_skipped(context, f"{_OFF} What was missed is caught up with after that.")
