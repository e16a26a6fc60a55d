"""Each page in light and dark, wide and narrow: readable by everybody, without errors, and kept as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame

from tests.browser.conftest import Visitor, log_in
from tests.browser.stage import Stage

PAGES = {
    "overview": "overview",
    "find": "find",
    "found": "find?q=task",
    "task": "find?q={contested}",
    "plan": "plan",
    "request": "plan?request=1",
    "conflicts": "conflicts",
    "problems": "problems",
    "drift": "drift",
    "command-center": "command-center",
    "due": "command-center?user=101",
    "run": "run?run=2",
}


@pytest.fixture(
    scope="module", params=[("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)], ids=str
)
def visitor(browser: Browser, stage: Stage, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    theme, width = request.param
    made = log_in(browser, stage, "admin", theme, width)
    made.name = f"{theme}-{width}"  # type: ignore[attr-defined]
    yield made
    made.context.close()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_readable_and_without_errors(visitor: Visitor, stage: Stage, axe: str, page: str) -> None:
    visitor.complaints.clear()
    contested = stage.titled()["sales_connect"]["Contested due date"]
    visitor.open(PAGES[page].format(contested=contested))
    frame = _ours(visitor)
    frame.wait_for_load_state("networkidle")
    visitor.picture(f"{page}-{visitor.name}")  # type: ignore[attr-defined]
    assert frame.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, "scrolls sideways"
    frame.evaluate(axe)
    found: dict[str, Any] = frame.evaluate("() => axe.run()")
    serious = [
        (one["id"], [node["html"][:160] for node in one["nodes"]][:3])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []
    assert visitor.complaints == []


def _ours(visitor: Visitor) -> Frame:
    return next(frame for frame in visitor.page.frames if frame.parent_frame is not None)
