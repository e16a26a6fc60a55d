"""Runs the benchmarks, prints the table of figures and writes `bench/results.json`.

Exit code 1 when a goal is missed or plans differ.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from bench import (
    calls,
    cycles,
    growth,
    idle,
    imports,
    loads,
    pages,
    reconcile,
    sizes,
    staging,
    views,
    workers,
)
from bench.apart import PlannerEnded
from bench.reconcile import PlansDiffer, peak_gigabytes
from bench.result import Result, table

RESULTS: Final = Path(__file__).with_name("results.json")
PAIRS: Final = (10_000, 100_000, 1_000_000)
GOALS: Final = {
    (100_000, "dict loop"): 6.0,
    (1_000_000, "DuckDB"): 0.91,
    (1_000_000, "polars"): 0.91,
}
"""How many times as fast as a rival the plan of so many pairs has to be."""

LOADED: Final = 200
"""Rows that are written one by one."""

_BENCHES: Final[dict[str, Callable[[argparse.Namespace], Iterable[Result]]]] = {
    "staging": lambda given: staging.measure(given.rows),
    "sizes": lambda given: sizes.measure((given.links // 100, given.links), given.rounds),
    "calls": lambda given: calls.measure(given.tasks // 10),
    "first_imports": lambda given: cycles.measure_first_imports(
        (given.tasks, 10 * given.tasks) if given.full else (given.tasks,)
    ),
    "cycles": lambda given: cycles.measure(given.tasks, given.tasks // 10),
    "workers": lambda given: workers.measure(given.tasks),
    "idle": lambda _: idle.measure(),
    "imports": lambda given: imports.measure(given.repeats),
    "reconcile": lambda given: reconcile.measure(given.pairs, given.repeats, GOALS),
    "growth": lambda given: growth.measure(given.tasks // 50, given.rounds * 4, given.tasks // 100),
    "loads": lambda given: loads.measure(LOADED),
    "views": lambda given: views.measure(given.year),
    "pages": lambda given: pages.measure(given.tasks),
}
_SCHEDULER: Final = ("idle", "workers")
"""What starts a real stack and takes minutes, so that it is only begun when it is asked for."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    results: list[Result] = []
    try:
        for name in options.only or _usual(options):
            for result in _BENCHES[name](options):
                results.append(result)
                print(result, flush=True)
    except (PlansDiffer, PlannerEnded) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("", *table(results), sep="\n")
    options.output.write_text(json.dumps([result.as_json() for result in results], indent=2) + "\n")
    print(f"peak memory {peak_gigabytes():.1f} GB; written to {options.output}")
    return 0 if all(result.ok for result in results) else 1


def _usual(options: argparse.Namespace) -> list[str]:
    return [name for name in _BENCHES if name not in _SCHEDULER or options.full or options.scheduler]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(_BENCHES), help="these alone")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows to stage")
    parser.add_argument("--links", type=int, default=1_000_000, help="pairs of the large ledger")
    parser.add_argument("--tasks", type=int, default=100_000, help="size of whole cycles")
    parser.add_argument("--pairs", type=int, nargs="+", default=PAIRS, help="sizes of the plan")
    parser.add_argument("--year", type=float, default=1.0, help="share of a year that people ask about")
    parser.add_argument("--rounds", type=int, default=5, help="idle runs and edits at each size")
    parser.add_argument(
        "--repeats", type=int, default=3, help="timed plans of each planner and imports, the median counts"
    )
    parser.add_argument("--scheduler", action="store_true", help="a real scheduler as well, for ten minutes")
    parser.add_argument(
        "--full", action="store_true", help="the scheduler, and a first import of ten times the tasks"
    )
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the results go")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
