"""What a benchmark found, as it is printed and stored."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Result:
    """One measure of ours and of the rival's, mostly seconds, and how many times ours fits into the rival's.

    Without a goal it is `ok` whatever it is.
    """

    name: str
    value: float
    unit: str
    rival: float
    ratio: float
    goal: float | None
    ok: bool
    against: str = "dict loop"

    @classmethod
    def of(
        cls,
        name: str,
        value: float,
        rival: float,
        goal: float | None,
        against: str = "dict loop",
        unit: str = "s",
    ) -> Result:
        ratio = round(rival / value, 2)
        ok = goal is None or ratio >= goal
        return cls(name, round(value, 4), unit, round(rival, 4), ratio, goal, ok, against)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        goal = "" if self.goal is None else f"   goal {self.goal:.2f} x   {'ok' if self.ok else 'MISSED'}"
        ours, rival = (f"{measure:>9.3f} {self.unit}" for measure in (self.value, self.rival))
        return f"{self.name:<42}{ours}   {self.against}{rival}{self.ratio:>8.2f} x{goal}"
