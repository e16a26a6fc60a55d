"""What a benchmark found, as it is printed and stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Result:
    """One measure of ours and of the rival's, mostly seconds, and how many times ours fits into the rival's.

    `goal`: how many times at least; `most`: what ours is at most. Without either it is `ok` whatever it is. `figure`:
    its number among the figures of the table.
    """

    name: str
    value: float
    unit: str
    rival: float
    ratio: float
    goal: float | None
    ok: bool
    against: str = "dict loop"
    figure: str | None = None
    most: float | None = None

    @classmethod
    def of(
        cls,
        name: str,
        value: float,
        rival: float,
        goal: float | None,
        against: str = "dict loop",
        unit: str = "s",
        *,
        figure: str | None = None,
        most: float | None = None,
    ) -> Result:
        ratio = round(rival / value, 2)
        ok = (goal is None or ratio >= goal) and (most is None or value <= most)
        value, rival = round(value, 4), round(rival, 4)
        return cls(name, value, unit, rival, ratio, goal, ok, against, figure, most)

    @classmethod
    def limited(cls, name: str, value: float, most: float, unit: str = "s", *, figure: str) -> Result:
        """A figure that nothing else is measured beside: the rival is what it is at most."""
        return cls.of(name, value, most, None, "the goal", unit, figure=figure, most=most)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def goals(self) -> str:
        least = "" if self.goal is None else f"{self.goal:.2f} x"
        most = "" if self.most is None else f"at most {self.most:g} {self.unit}"
        return ", ".join(filter(None, (least, most)))

    def __str__(self) -> str:
        goal = f"   goal {self.goals}   {'ok' if self.ok else 'MISSED'}" if self.goals else ""
        ours, rival = (f"{measure:>9.3f} {self.unit}" for measure in (self.value, self.rival))
        return (
            f"{self.figure or '':<3}{self.name:<52}{ours}   {self.against}{rival}{self.ratio:>8.2f} x{goal}"
        )


def table(results: Iterable[Result]) -> Iterator[str]:
    """The lines of the figures, in the order of their numbers."""
    heads = ("#", "what", "ours", "rival", "ratio", "goal", "reached")
    layout = "{:<3}{:<54}{:>14}{:>14} {:<14}{:>10}  {:<26}{}"
    yield layout.format(*heads[:4], "", *heads[4:])
    for one in sorted((one for one in results if one.figure), key=_place):
        ours, rival = (f"{measure:,.3f} {one.unit}" for measure in (one.value, one.rival))
        reached = ("yes" if one.ok else "NO") if one.goals else ""
        ratio = f"{one.ratio:.2f} x"
        yield layout.format(
            one.figure, one.name, ours, rival, one.against, ratio, one.goals, reached
        ).rstrip()


def _place(result: Result) -> tuple[int, str]:
    figure = result.figure or ""
    return int(figure.rstrip("a")), figure
