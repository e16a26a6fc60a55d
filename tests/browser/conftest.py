"""The whole stack with something of everything, and a browser that is logged in to its Airflow."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect, sync_playwright

from stack.console import Progress
from stack.demo.systems import Systems
from stack.layout import PROJECT, Layout
from stack.supervisor import Options, Stack
from tests.browser import chromium
from tests.browser.stage import Stage

SCREENSHOTS = PROJECT / ".taskbridge" / "screenshots"
NEVER = "0 0 1 1 *"  # runs are started by the tests
_WAIT = 60_000  # milliseconds
expect.set_options(timeout=_WAIT)


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    options = Options(seed="demo", variables={"TASKBRIDGE_SCHEDULE": NEVER})
    layout = Layout(tmp_path_factory.mktemp("stack") / "browser")
    with Stack(layout, options, Progress()) as stack:
        wanted = ("approval", "backfill", "decide", "parked")
        stack.api.wait_for_dags({"task_sync", *(f"task_sync_{name}" for name in wanted)}, 60)
        made = Stage(stack.api, Systems.reached_by(stack.sandbox), stack.keys.passwords)
        made.set()
        yield made


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.found()
    if path is None:
        pytest.exit("The browser tests need Chromium: make test-browser finds or installs it.", 1)
    with sync_playwright() as playwright:
        # A root of a container has no namespaces for Chromium's own sandbox.
        made = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield made
        made.close()


class Visitor:
    """Somebody who is logged in. Whatever the browser complains of is kept in `complaints`."""

    def __init__(self, context: BrowserContext, url: str, page: Page) -> None:
        self.context, self.url, self.page = context, url, page
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: object) -> None:
        kind, text = message.type, message.text  # type: ignore[attr-defined]
        if kind == "error":
            self.complaints.append(text)

    def open(self, path: str) -> FrameLocator:
        """A page of ours, in Airflow's frame."""
        self.page.goto(f"{self.url}/plugin/taskbridge/taskbridge/{path}")
        frame = self.page.frame_locator("iframe")
        frame.locator("main").wait_for()
        return frame

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("iframe")

    def confirm(self, button: str, reason: str | None = None) -> None:
        """Presses a button and says yes; waits until it is done."""
        self.frame.get_by_role("button", name=button, exact=True).first.click()
        if reason:
            self.frame.get_by_label("Reason").fill(reason)
        self.frame.get_by_role("button", name="Yes").click()
        self.frame.locator("#told .note.good").wait_for()

    def picture(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")


def log_in(browser: Browser, stage: Stage, role: str, theme: str = "light", width: int = 1280) -> Visitor:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, locale="en-GB", timezone_id="Europe/Berlin"
    )
    context.set_default_timeout(_WAIT)
    context.add_init_script(f"localStorage.getItem('theme') ?? localStorage.setItem('theme', '{theme}')")
    page = context.new_page()
    page.goto(f"{stage.api.url}/")
    page.locator("input[name=username]").fill(role)
    page.locator("input[name=password]").fill(stage.passwords[role])
    page.locator("button[type=submit]").click()
    page.get_by_role("link", name="TaskBridge").first.wait_for(state="attached")
    return Visitor(context, stage.api.url, page)


_numbers = itertools.count()


@pytest.fixture
def admin(browser: Browser, stage: Stage, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    visitor = log_in(browser, stage, "admin")
    yield visitor
    visitor.picture(f"{next(_numbers):02}-{request.node.name.removeprefix('test_')[:60]}")
    visitor.context.close()
    assert visitor.complaints == []


@pytest.fixture(scope="session")
def axe() -> str:
    (path,) = (Path(__file__).parent / "vendor").glob("axe-*.min.js")
    return path.read_text(encoding="utf-8")
