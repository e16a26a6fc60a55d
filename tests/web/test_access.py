"""Who gets to see a page, who is offered to act, and that nothing is written by one."""

from __future__ import annotations

import subprocess
import sys

import pytest
from fastapi.routing import APIRoute

from taskbridge.web.plugin import PREFIX
from tests.airflow_home import ROLES
from tests.engine.world import World
from tests.web.conftest import Browser

PAGES = (
    "overview", "find", "find?q=Refused", "plan", "plan?request=1", "plan?run=1", "plan.csv?run=1", "conflicts",
    "problems", "problems.csv", "problems?reason=missing", "drift", "drift.csv", "command-center",
    "command-center?user=1", "run?run=1", "run?dag_id=other",
)  # fmt: skip


def test_every_route_is_among_those_that_are_tried() -> None:
    from taskbridge.web.app import application

    paths = {route.path for route in application().routes if isinstance(route, APIRoute)}
    assert paths == {f"/{page.partition('?')[0]}" for page in PAGES} | {"/static/{name}"}
    methods = {method for route in application().routes for method in getattr(route, "methods", None) or ()}
    assert methods <= {"GET", "HEAD"}, "a page writes nothing"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", [None, *ROLES])
def test_a_page_is_for_whoever_may_read_the_dag(
    browser: Browser, stage: World, role: str | None, page: str
) -> None:
    answer = browser(role).get(f"{PREFIX}/{page}")
    assert answer.status_code == (200 if role else 401), answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert answer.headers["cache-control"] == "no-store"
    if role is None:
        assert "Refused" not in answer.text


def test_a_stranger_gets_no_static_file_either(browser: Browser) -> None:
    from taskbridge.web.files import named

    for name in named().values():
        assert browser(None).get(f"{PREFIX}/static/{name}").status_code == 401
        seen = browser("viewer").get(f"{PREFIX}/static/{name}")
        assert seen.status_code == 200
        assert "immutable" in seen.headers["cache-control"]
    assert browser("viewer").get(f"{PREFIX}/static/app.js").status_code == 404


def test_who_may_not_read_the_dag_sees_nothing(
    browser: Browser, stage: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

    monkeypatch.setattr(SimpleAuthManager, "is_authorized_dag", lambda *_, **__: False)
    for page in PAGES:
        answer = browser("admin").get(f"{PREFIX}/{page}")
        assert answer.status_code == 403
        assert "read access to the DAG task_sync" in answer.text


@pytest.mark.parametrize(
    ("role", "acts", "switches"),
    [("viewer", False, False), ("user", True, False), ("op", True, True), ("admin", True, True)],
)
def test_buttons_are_for_those_who_may(
    browser: Browser, stage: World, role: str, acts: bool, switches: bool
) -> None:
    client = browser(role)
    contested = next(key for key, values in stage.sc.live().items() if values["title"] == "Contested")
    for page in (
        "conflicts",
        "problems",
        "drift",
        "run?run=2",
        "plan",
        "plan?request=1",
        f"find?task={contested}",
    ):
        assert ("data-act=" in client.get(f"{PREFIX}/{page}").text) is acts, page
    assert ('data-act="variable"' in client.get(f"{PREFIX}/overview").text) is switches


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {
            "Sec-Fetch-Site": "same-site",
            "Origin": "http://testserver:9999",
            "Content-Type": "application/json",
        },
        {
            "Sec-Fetch-Site": "same-origin",
            "Origin": "http://testserver:9999",
            "Content-Type": "application/json",
        },
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver", "Content-Type": "text/plain"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://example.com", "Content-Type": "application/json"},
    ],
)
def test_a_post_of_another_port_of_the_same_host_is_refused(
    browser: Browser, headers: dict[str, str]
) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = browser("admin").request(method, f"{PREFIX}/overview", headers=headers, content="{}")
        assert answer.status_code == 403
        assert "Refused" in answer.text


def test_a_post_of_our_own_page_finds_nothing_to_write(browser: Browser) -> None:
    own = {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver", "Content-Type": "application/json"}
    assert browser("admin").post(f"{PREFIX}/overview", headers=own, content="{}").status_code == 405


def test_without_airflows_check_nothing_is_shown() -> None:
    """As in an Airflow that has moved it: the import fails, and with it every page."""
    program = """
import asyncio, sys
sys.modules["airflow.api_fastapi.core_api.security"] = None
from taskbridge.web.plugin import pages
sent = []
async def send(message): sent.append(message)
async def receive(): return {"type": "http.request", "body": b""}
scope = {"type": "http", "method": "GET", "path": "/overview", "headers": [], "query_string": b"", "root_path": ""}
asyncio.run(pages(scope, receive, send))
print(sent[0]["status"])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "503", done.stderr
