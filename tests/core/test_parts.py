"""How a large cycle is cut, and what of it tasks of their own plan."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise

import pytest

from taskbridge.core.model import PLAN, Plan
from taskbridge.core.parts import BUCKETS, WHOLE, cut, for_tasks


@pytest.mark.parametrize("most", [1, 30_000, 60_000])
@pytest.mark.parametrize("rows", [130_000, 240_000, 1_000_000])
def test_15_tasks_have_whole_parts_and_every_part_has_a_task(rows: int, most: int) -> None:
    parts = cut(rows, min(20_000, most))
    tasks = for_tasks(parts, rows, most)
    assert [tasks[0].low, tasks[-1].high] == [WHOLE.low, WHOLE.high]
    assert all(one.high + 1 == other.low for one, other in pairwise(tasks))
    assert {task.low for task in tasks} <= {part.low for part in parts}
    assert len(tasks) <= min(BUCKETS, -(-rows // most))


@pytest.mark.parametrize(("rows", "tasks"), [(0, 0), (120_000, 0), (120_001, 3)])
def test_a_small_cycle_has_no_tasks(rows: int, tasks: int) -> None:
    assert len(for_tasks(cut(rows, 20_000), rows, 60_000)) == tasks


def test_a_plan_is_kept_with_all_of_its_frames() -> None:
    assert list(PLAN) == [field.name for field in fields(Plan)]
