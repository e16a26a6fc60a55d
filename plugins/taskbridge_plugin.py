"""The one file here that Airflow's plugin loader runs; `.airflowignore` keeps it off the package's own."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin


class WarmStart:
    """Lets the scheduler import what our tasks need before its executor forks workers.

    LocalExecutor's tasks are forks of those workers: they then find the engine imported, which saves each of
    them a second or more of CPU. Elsewhere this does nothing.
    """

    @hookimpl
    def on_starting(self, component: Any) -> None:
        if getattr(component, "job_type", None) == "SchedulerJob":
            import_module("taskbridge.hooks.engine")
            import_module("taskbridge.engine.cycle")


class TaskBridgePlugin(AirflowPlugin):
    name = "taskbridge"
    listeners: list[Any] = [WarmStart()]  # noqa: RUF012
