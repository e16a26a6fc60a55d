"""What a part of a cycle comes to: its plan, and what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from taskbridge.core.model import Plan, PlanInput
from taskbridge.core.plan import make_plan
from taskbridge.core.plausible import Sight, look
from taskbridge.core.terms import Side


@dataclass(frozen=True)
class PlannedPart:
    """The plan of a part, and what the part shows of each side (G8)."""

    plan: Plan
    sights: Mapping[Side, Sight]

    @classmethod
    def of(cls, given: PlanInput, plan: Plan) -> PlannedPart:
        return cls(plan, {side: look(given, side) for side in Side})


def plan_part(given: PlanInput) -> PlannedPart:
    """Raises what `make_plan` raises."""
    return PlannedPart.of(given, make_plan(given))
