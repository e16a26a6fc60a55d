"""Telling people what has changed, by Airflow's notifier classes."""

from __future__ import annotations

import logging
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from airflow.sdk import BaseNotifier
from airflow.sdk.exceptions import AirflowException

from taskbridge.errors import SettingsInvalid, TaskBridgeError
from taskbridge.operators.request import started_by_the_clock
from taskbridge.operators.variables import read_settings

if TYPE_CHECKING:
    from airflow.sdk import Context

    from taskbridge.settings import NotifierSettings
    from taskbridge.store.notices import Notice

_log = logging.getLogger(__name__)


def tell_changes(context: Context, *, ran: bool, error: str | None = None, report: str = "") -> None:
    """Tells the notifiers of the settings what has changed. Who cannot be told is a warning, and never fails a run.

    `ran`: whether the run got as far as to show whether the sync works. Without a database, where it stands what was
    told, nobody is told anything.
    """
    from taskbridge.engine.news import Ended, tell
    from taskbridge.hooks.engine import open_ledger

    try:
        settings = read_settings()
        if not settings.notifiers:
            return
        ended = Ended(context["dag_run"].dag_id, error) if ran and started_by_the_clock(context) else None
        with open_ledger() as ledger:

            def send(notices: list[Notice]) -> bool:
                reached = [_send(one, context, notices, report) for one in settings.notifiers]
                return any(reached)

            for notice in tell(ledger, ended, settings.patience, send):
                _log.info("Told: %s", notice.text)
    except TaskBridgeError as trouble:
        _log.warning("Nobody was told what has changed: %s", trouble)


def _send(given: NotifierSettings, context: Context, notices: list[Notice], report: str) -> bool:
    subject = notices[0].text + (f" (and {len(notices) - 1} more)" if len(notices) > 1 else "")
    text = "\n".join([*(notice.text for notice in notices), "", report]).strip()
    try:
        _notifier(given)({**context, "notice": {"subject": " ".join(subject.split())[:200], "text": text}})
    except Exception as error:  # whatever a notifier raises; its words may hold an address with a secret
        _log.warning(
            "%s could not tell what has changed (%s); the next run tries again unless another notifier did.",
            given.notifier,
            error if isinstance(error, SettingsInvalid) else type(error).__name__,
        )
        return False
    return True


def _notifier(given: NotifierSettings) -> BaseNotifier:
    try:
        made = resolve_name(given.notifier)(**given.arguments)
    except (ImportError, AttributeError, TypeError, AirflowException) as error:
        raise SettingsInvalid(f"{error}; see its documentation for its place and its arguments") from error
    if not isinstance(made, BaseNotifier):
        raise SettingsInvalid("it is no notifier of Airflow")
    return made
