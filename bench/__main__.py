"""Runs the benchmarks and writes `bench/results.json`. Exit code 1 when a goal is missed or plans differ."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.reconcile import PlansDiffer, Result, peak_gigabytes, reconcile

RESULTS: Final = Path(__file__).with_name("results.json")
GOALS: Final = {100_000: 6.0, 1_000_000: 5.0}
"""Times faster than the loop, by the number of pairs; other sizes have the goal of the next smaller one."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    results = []
    for pairs in options.pairs:
        try:
            results.append(reconcile(pairs, options.repeats, _goal(pairs)))
        except PlansDiffer as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        print(_line(results[-1]), flush=True)
    options.output.write_text(json.dumps([result.as_json() for result in results], indent=2) + "\n")
    print(f"peak memory {peak_gigabytes():.1f} GB; written to {options.output}")
    return 0 if all(result.ok for result in results) else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--pairs", type=int, nargs="+", default=sorted(GOALS), help="sizes of the job")
    parser.add_argument(
        "--repeats", type=int, default=3, help="timed runs of each planner, the median counts"
    )
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the results go")
    return parser.parse_args(arguments)


def _goal(pairs: int) -> float:
    return next((GOALS[size] for size in sorted(GOALS, reverse=True) if size <= pairs), 1.0)


def _line(result: Result) -> str:
    verdict = "ok" if result.ok else "MISSED"
    ours, rival = (f"{seconds:>8.3f} {result.unit}" for seconds in (result.value, result.rival))
    ratio = f"{result.ratio:>7.1f} x   goal {result.goal:.1f} x   {verdict}"
    return f"{result.name:<26}{ours}   dict loop{rival}{ratio}"


if __name__ == "__main__":
    sys.exit(main())
