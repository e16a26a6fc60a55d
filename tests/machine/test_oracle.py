"""Invariants 15 and 24: the plan equals the row-by-row planner's, whatever the order and the pieces of its input."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.dict_loop import DictInput, plan
from taskbridge.core.model import PlanInput
from taskbridge.core.plan import make_plan
from tests.core.frames import comparable
from tests.machine.plan_inputs import plan_inputs

_SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
_FRAMES = ("links", "sales_connect", "salesforce", "users", "history", "population")


@settings(_SLOW, max_examples=250)
@given(plan_inputs())
def test_the_plan_equals_the_row_by_row_plan(given: PlanInput) -> None:
    assert comparable(make_plan(given)) == comparable(plan(DictInput.of(given)))
