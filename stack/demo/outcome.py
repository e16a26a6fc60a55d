"""What the demo found, judged, and written down for programs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from stack.demo.agreement import Agreement, canonical
from stack.demo.records import Record
from stack.demo.runs import Run
from stack.demo.story import Scene, Values
from stack.demo.systems import SIDES, TITLES, Side

Look = Mapping[Side, Record | None]


class Stages:
    """Seconds that each stage took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(time.monotonic() - started, 1)


@dataclass(frozen=True)
class Played:
    """A scene with both records before the edits, after them, and after the run that followed.

    did: what that run wrote for this task, in words.
    """

    scene: Scene
    before: Look
    edited: Look
    after: Look
    did: str

    @property
    def faults(self) -> list[str]:
        """Where the outcome is not what the rules say."""
        return [
            fault
            for side in SIDES
            for fault in _faults(
                f"{TITLES[side]}, {self.scene.title}", self.scene.expected[side], self.after[side]
            )
        ]


def _faults(where: str, expected: Values | None, found: Record | None) -> Iterator[str]:
    if expected is None or found is None:
        if expected is not None:
            yield f"{where}: there is no such task"
        elif found is not None:
            yield f"{where}: the task is there ({found.id}) and must not be"
        return
    for name, value in expected.items():
        seen = getattr(found, name)
        if canonical(seen) != canonical(value):
            yield f"{where}: {name} is {seen!r}, expected {value!r}"


@dataclass(frozen=True)
class Outcome:
    """runs: with the switch off, then three with it on. left_out: rows of mart.not_synced."""

    story: Sequence[Played]
    runs: Sequence[Run]
    left_out: Sequence[Mapping[str, Any]]
    agreement: Agreement
    stages: Stages = field(default_factory=Stages)

    @property
    def problems(self) -> list[str]:
        off, *on = self.runs
        found = [f"The switched-off run made {off.count('total')} calls"] if off.count("total") else []
        if set(off.task_states) != {"skipped"}:
            found.append(f"The tasks of the switched-off run ended as {sorted(set(off.task_states))}")
        found += [
            f"{run.name}: {run.outcome}, expected clean or conflicts"
            for run in on
            if run.outcome not in ("clean", "conflicts")
        ]
        if writes := on[-1].count("writes"):
            found.append(f"{on[-1].name}: {writes} calls that write, expected none (G1)")
        return [*found, *self.agreement.disagreements, *(fault for one in self.story for fault in one.faults)]

    def write(self, path: Path, progress: Sequence[tuple[float, str]]) -> None:
        """As JSON: {"agree", "problems", "agreement", "stages", "runs", "story", "not_synced", "progress"}.

        progress: seconds since the start, and what was told then.
        """
        report = {
            "agree": not self.problems,
            "problems": self.problems,
            "agreement": asdict(self.agreement),
            "stages": self.stages.seconds,
            "runs": [{**asdict(run), "outcome": run.outcome} for run in self.runs],
            "story": [_as_json(played) for played in self.story],
            "not_synced": self.left_out,
            "progress": progress,
        }
        path.write_text(
            json.dumps(report, indent=2, default=str, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def _as_json(played: Played) -> dict[str, Any]:
    scene = played.scene
    looks = {"before": played.before, "edited": played.edited, "after": played.after}
    return {
        "says": scene.says,
        "rule": scene.rule,
        "because": scene.because,
        "edits": [asdict(edit) for edit in scene.edits],
        **{
            moment: {side: record and asdict(record) for side, record in seen.items()}
            for moment, seen in looks.items()
        },
        "did": played.did,
        "faults": played.faults,
    }
