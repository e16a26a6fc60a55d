"""The parts of a large cycle in tasks of their own: none in a small one, and a run that goes on when one fails."""

from __future__ import annotations

import pytest

from taskbridge.engine.deciding import in_parts, planned_parts
from tests.dags.world import Installation

TASKS = "SELECT count(*) AS n FROM bridge.action"


@pytest.fixture
def large(world: Installation) -> Installation:
    """A first run whose every row is a part of its own."""
    world.settings('{"rows_per_task": 1}')
    return world


def test_a_small_cycle_has_no_task_for_parts(world: Installation) -> None:
    ended = world.run()
    assert ended.state == "success"
    assert ended.tasks["plan_parts"] == "skipped"
    assert ended.tasks["decide"] == "success"


def test_a_large_cycle_is_planned_by_tasks_of_its_own(
    large: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_parts, "make_plan", None)  # decide need not plan anything
    ended = large.run()
    assert ended.state == "success"
    assert ended.tasks["plan_parts"] == "success"
    parts = ended.xcom["read_dirty", "return_value"]
    assert len(parts) > 2
    assert large.rows(TASKS)[0]["n"] > 2
    assert large.rows("SELECT * FROM staging.planned_part") == []


def test_a_part_that_fails_is_planned_by_decide(large: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise KeyError

    monkeypatch.setattr(planned_parts, "plan_part", fails)
    ended = large.run()
    assert ended.tasks["plan_parts"] == "failed"
    assert ended.state == ended.tasks["decide"] == ended.tasks["settle"] == ended.tasks["report"] == "success"
    assert large.rows(TASKS)[0]["n"] > 2
