"""How fast a plan is made, against rivals that answer the same actions to the same job, and what it needs."""

from __future__ import annotations

import pickle
import resource
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Final

import pandas as pd

from bench.apart import Apart
from bench.job import job
from bench.planners import LOOP, OURS, PLANNERS
from bench.result import Result
from taskbridge.core.model import PlanInput

_LOOP_AT_MOST: Final = 300_000
"""Pairs: the dictionaries of a million, beside the other planners, are more than 24 GB."""


class PlansDiffer(Exception):
    """Two planners answered different actions for the same job."""


def measure(sizes: Sequence[int], repeats: int, goals: Mapping[tuple[int, str], float]) -> Iterator[Result]:
    """Each size against each rival, then what the largest takes against the smallest, and in memory.

    `goals`: how many times as fast as the rival, by pairs and rival.
    """
    ours = {}
    for pairs in sorted(sizes):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "job"
            size = _stored(job(pairs), path)
            times, extra_peak = _raced(pairs, path, repeats)
        ours[pairs] = times.pop(OURS)
        for rival, taken in times.items():
            wanted = goals.get((pairs, rival))
            yield Result.of(f"reconcile {pairs:,} pairs", ours[pairs], taken, wanted, rival)
    yield Result.of(f"extra peak memory at {pairs:,} pairs", extra_peak, size, None, "its input", "GB")
    for large, small in zip(list(ours)[1:], ours, strict=False):
        times_longer = ours[large] / ours[small]
        name = f"{large:,} pairs as a multiple of {small:,}"
        yield Result.of(name, times_longer, large / small, None, "linear", "x")


def _stored(given: PlanInput, path: Path) -> float:
    """GB of the frames of a job, which becomes that file."""
    with path.open("wb") as file:
        pickle.dump(given, file, protocol=5)
    frames = [part for part in vars(given).values() if isinstance(part, pd.DataFrame)]
    return sum(int(frame.memory_usage(index=False).sum()) for frame in frames) / 1e9


def _raced(pairs: int, path: Path, repeats: int) -> tuple[dict[str, float], float]:
    """Medians of the repeats, in which the planners take turns so that all see the same machine, and the GB that
    ours needs.

    Each has the job in its own form before the clock starts; its first plan is not timed, its actions are compared.
    Raises PlansDiffer.
    """
    with ExitStack() as stack:
        names = [name for name in PLANNERS if name != LOOP or pairs <= _LOOP_AT_MOST]
        planners = {name: stack.enter_context(Apart(name, path)) for name in names}
        digests = {name: planner.digest for name, planner in planners.items()}
        if len(set(digests.values())) > 1:
            raise PlansDiffer(f"{pairs:,} pairs: {digests}")
        rounds = [[planner.seconds() for planner in planners.values()] for _ in range(repeats)]
        times = dict(zip(planners, map(median, zip(*rounds, strict=True)), strict=True))
        return times, planners[OURS].extra_peak


def peak_gigabytes() -> float:
    """Highest resident size so far of this process, or of one that it started and that has ended, in GB."""
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(who).ru_maxrss for who in whose) * 1024 / 1e9
