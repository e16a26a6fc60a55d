"""Sending what a run tells in numbers to Airflow's metrics: StatsD or OpenTelemetry, where Airflow has them on."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from taskbridge.errors import TaskBridgeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from taskbridge.core.run import RunOutcome
    from taskbridge.engine.metrics import Metric
    from taskbridge.engine.steps.report import RunReport


_log = logging.getLogger(__name__)


def send(told: RunReport) -> None:
    """Sends the numbers of a run that has ended (`taskbridge.engine.metrics`)."""
    from taskbridge.engine.metrics import metrics

    _send(metrics(told))


def send_quiet(behind: float) -> None:
    """The same of a run that did nothing as nothing is new."""
    from taskbridge.engine.metrics import of_quiet

    _send(of_quiet(behind))


def _send(found: Iterable[Metric]) -> None:
    from airflow.sdk.observability import stats

    from taskbridge.engine.metrics import Kind

    for one in found:
        if one.kind is Kind.COUNTER:
            stats.incr(one.name, int(one.value))
        elif one.kind is Kind.GAUGE:
            stats.gauge(one.name, one.value)
        else:
            stats.timing(one.name, timedelta(seconds=one.value))


def send_outcome(outcome: RunOutcome) -> None:
    """The same of a run that nothing else is known of: it did not begin, or the database does not answer."""
    from taskbridge.engine.steps.report import RunReport

    send(RunReport(None, outcome, ""))


def send_paused() -> None:
    """The same of a run that was skipped as a side is paused, or another run writes."""
    from taskbridge.core.run import RunOutcome
    from taskbridge.engine.steps.report import RunReport
    from taskbridge.hooks.engine import open_ledger

    try:
        with open_ledger() as ledger:
            behind = ledger.sides.behind()
    except TaskBridgeError as trouble:
        _log.warning("How far behind the sync is could not be found out: %s", trouble)
        behind = None
    send(RunReport(None, RunOutcome.SKIPPED, "", behind=behind))
