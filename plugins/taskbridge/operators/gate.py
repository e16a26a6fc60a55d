"""The first task of a run: the switch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskbridge.operators.request import SYNC, Request
from taskbridge.operators.step import DocumentedOperator, end_skipped, one_sentence
from taskbridge.operators.variables import ENABLED, switch_is_on

if TYPE_CHECKING:
    from airflow.sdk import Context


class GateOperator(DocumentedOperator):
    """Skips the whole run unless the Variable `taskbridge_enabled` is on. Dry runs and audits only look, so they
    pass.

    No system is called to find out. Parameters that cannot be meant as they are fail here.
    """

    def __init__(self, *, kind: str = SYNC, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.kind = kind

    def execute(self, context: Context) -> None:
        with one_sentence(context):
            request = Request.of(context, kind=self.kind)
        self.log.info("Asked for: %s", request)
        if not request.only_looks and not switch_is_on():
            end_skipped(
                context,
                f"The sync is switched off, so this run did nothing: the Variable {ENABLED} is not true. Set it under "
                "Admin, Variables; what was missed is then caught up with.",
            )
