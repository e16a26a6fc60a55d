"""The checks before a first run, as a task."""

from __future__ import annotations

import logging
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
        from taskbridge.core.finding import Level
        from taskbridge.engine.preflight import count, is_well, lines, verdict
        from taskbridge.hooks.doctor import examine

        weights = {
            Level.PROBLEM: logging.ERROR,
            Level.WARNING: logging.WARNING,
            Level.NOT_CHECKED: logging.WARNING,
        }

        with one_sentence(context):
            sections = examine(read_settings())
        for level, line in lines(sections):
            self.log.log(weights.get(level, logging.INFO), "%s", line)
        self.log.info("%s", verdict(sections))
        if not is_well(sections):
            raise AirflowFailException(f"{verdict(sections)} The lines above name it, with what helps.")
        return count(sections)
