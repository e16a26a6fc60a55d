"""The checks before a first run, as a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowFailException

from taskbridge.operators.step import DocumentedOperator, one_sentence
from taskbridge.operators.variables import read_settings

if TYPE_CHECKING:
    from airflow.sdk import Context


class DoctorOperator(DocumentedOperator):
    """Checks both systems, the users and the database, and shows a line for each check in its log.

    Writes nothing, and fails when something has to be mended.
    """

    def execute(self, context: Context) -> dict[str, int]:
        from taskbridge.engine.preflight import count, is_well, table
        from taskbridge.hooks.doctor import examine

        with one_sentence(context):
            sections = examine(read_settings())
        for line in table(sections).splitlines():
            self.log.info("%s", line)
        found = count(sections)
        if not is_well(sections):
            raise AirflowFailException(f"Something has to be mended ({found}); this task's log names it.")
        return found
