"""What Airflow is told of the pages and of the timetable. Every component of Airflow imports this, so it loads little.

Installed, Airflow finds it by its entry point `airflow.plugins`; in a checkout by `plugins/taskbridge_plugin.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote, urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

from taskbridge.timetables import DaysToBackfill

PREFIX: Final = "/taskbridge"
_log = logging.getLogger(__name__)
_BASE: Final = urlsplit(conf.get("api", "base_url", fallback="") or "").path.rstrip("/")
_ICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="{}" stroke-width="2" '
    'stroke-linecap="round" stroke-linejoin="round"><path d="M4 8h13l-3-3M20 16H7l3 3"/></svg>'
)


def _icon(colour: str) -> str:
    return f"data:image/svg+xml,{quote(_ICON.format(colour))}"


async def pages(
    scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """The application, made by the first request that reaches it. Where Airflow's checks are not, nothing is shown."""
    from fastapi.concurrency import run_in_threadpool
    from starlette.responses import PlainTextResponse

    try:
        app = await run_in_threadpool(_application)
    except ImportError as error:
        _log.exception("The pages of TaskBridge cannot be imported")
        app = PlainTextResponse(f"The pages of TaskBridge do not fit this Airflow: {error}", 503)
    await app(scope, receive, send)


def _application() -> Any:
    from taskbridge.web.app import application

    return application()


class TaskBridgePlugin(AirflowPlugin):
    name = "taskbridge"
    timetables = [DaysToBackfill]  # noqa: RUF012 - as Airflow has it
    fastapi_apps = [{"app": pages, "url_prefix": PREFIX, "name": "TaskBridge"}]  # noqa: RUF012 - as Airflow has it
    external_views = [  # noqa: RUF012 - as Airflow has it
        {
            "name": "TaskBridge",
            "href": f"{_BASE}{PREFIX}/overview",
            "destination": "nav",
            "nav_top_level": True,
            "url_route": "taskbridge",
            "icon": _icon("#5b8fd6"),
            "icon_dark_mode": _icon("#8fb6ea"),
        },
        {
            "name": "TaskBridge",
            "href": f"{_BASE}{PREFIX}/run?dag_id={{DAG_ID}}&dag_run_id={{RUN_ID}}",
            "destination": "dag_run",
            "url_route": "taskbridge_run",
            "icon": _icon("#5b8fd6"),
            "icon_dark_mode": _icon("#8fb6ea"),
        },
    ]
