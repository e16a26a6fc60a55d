"""What people are told of a plan, whatever its size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from taskbridge.core.frames import empty
from taskbridge.core.model import ACTIONS, LEFT_OUT, Plan
from taskbridge.core.terms import ActionState, Op, Side

SHOWN: Final = 200
"""So many rows of each frame are kept to be shown."""


@dataclass
class Summary:
    """A plan in numbers, and its first rows."""

    kinds: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # (side, op, state) -> actions
    actions: pd.DataFrame = field(default_factory=lambda: empty(ACTIONS))  # the first SHOWN
    left_out: pd.DataFrame = field(default_factory=lambda: empty(LEFT_OUT))  # the first SHOWN
    more_left_out: int = 0  # that are not shown

    @classmethod
    def of(cls, *plans: Plan) -> Summary:
        made = cls()
        for plan in plans:
            made.add(plan)
        return made

    def add(self, plan: Plan) -> None:
        """One more part."""
        actions = plan.actions
        self.kinds.update(zip(actions["side"], actions["op"], actions["state"], strict=True))
        self.actions = _first(self.actions, actions)
        shown = _first(self.left_out, plan.left_out)
        self.more_left_out += len(self.left_out) + len(plan.left_out) - len(shown)
        self.left_out = shown

    @property
    def all_actions(self) -> int:
        return self.kinds.total()

    @property
    def work(self) -> frozenset[tuple[Side, Op]]:
        """What is to be written, and where."""
        planned = (kind for kind in self.kinds if kind[2] == ActionState.PLANNED)
        return frozenset((Side(side), Op(op)) for side, op, _ in planned)

    def count(self) -> Mapping[str, int]:
        """Such as {"salesforce create planned": 3}."""
        return {" ".join(kind): rows for kind, rows in self.kinds.items()}

    def by_side(self) -> Mapping[str, Mapping[str, Mapping[str, int]]]:
        """The same as side -> op -> state -> actions, as `RunCounts` has it."""
        found: dict[str, dict[str, dict[str, int]]] = {}
        for (side, op, state), rows in self.kinds.items():
            found.setdefault(side, {}).setdefault(op, {})[state] = rows
        return found


def _first(shown: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """With the first rows of `more` that fit. A copy: a slice would keep all of them."""
    fitting = more.take(range(min(len(more), SHOWN - len(shown))))
    return pd.concat([shown, fitting], ignore_index=True) if len(fitting) else shown
