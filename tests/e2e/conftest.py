"""The whole local stack, once, under the real scheduler and its workers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stack.console import Progress
from stack.layout import Layout
from stack.supervisor import Options, Stack
from tests.e2e.theatre import SCHEDULE, Theatre


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    """The switch is off at first; `task_sync` is due every few seconds instead of every minute."""
    options = Options(seed="demo", variables={"TASKBRIDGE_SCHEDULE": SCHEDULE})
    with Stack(Layout(tmp_path_factory.mktemp("stack") / "e2e"), options, Progress()) as stack:
        stack.api.wait_for_dags({"task_sync", "task_sync_backfill"}, 60)
        yield Theatre(stack)
