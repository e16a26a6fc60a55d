"""How long Airflow's processes wait for our modules: each DAG file, and the plugin that every component imports.

python -m bench.imports --repeats 5

In fresh processes, beyond what Airflow had imported before. The rival is Airflow's own part of the same process: what
it imports to parse a DAG file that says nothing, or to look for plugins.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from bench.result import Result

DAGS: Final = Path(__file__).parents[1] / "dags"
DAG_FILE, PLUGIN = "dag file", "plugin"
LIMITS: Final = {DAG_FILE: 1.0, PLUGIN: 0.05}
"""Seconds at most, at the median."""

_TIMED: Final = """
import sys, time
start = time.perf_counter()
{airflow}
own = time.perf_counter()
{ours}
print(own - start, time.perf_counter() - own)
"""
_DAG: Final = (
    "import airflow.dag_processing.dagbag\nfrom airflow.sdk import DAG\nDAG('says_nothing')",
    "exec(compile(open(sys.argv[1]).read(), sys.argv[1], 'exec'), {'__name__': 'dag'})",
)
_PLUGIN: Final = ("from airflow import plugins_manager", "import taskbridge.web.plugin")


def measure(repeats: int) -> Iterator[Result]:
    """Seconds of each DAG file and of the plugin, against Airflow's own."""
    with tempfile.TemporaryDirectory() as home:
        for file in sorted(DAGS.glob("*.py")):
            yield _result(
                DAG_FILE, file.stem, [_seconds(Path(home), *_DAG, file) for _ in range(repeats + 1)]
            )
        yield _result(PLUGIN, "", [_seconds(Path(home), *_PLUGIN) for _ in range(repeats + 1)])


def _result(kind: str, name: str, seen: Sequence[tuple[float, float]]) -> Result:
    """Without the first, which may have to compile modules."""
    airflow, ours = (median(one) for one in zip(*seen[1:], strict=True))
    what = f"import of {kind} {name}".rstrip()
    return Result.of(what, ours, airflow, None, "Airflow's own", figure="10", most=LIMITS[kind])


def _seconds(home: Path, airflow: str, ours: str, *arguments: Path) -> tuple[float, float]:
    """Of Airflow's part and of ours, in a process of its own."""
    code = _TIMED.format(airflow=airflow, ours=ours)
    environment = {**os.environ, "AIRFLOW_HOME": str(home), "PYTHONPATH": str(DAGS.parent / "plugins")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    first, second = map(float, done.stdout.split()[-2:])
    return first, second


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.imports", description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="processes of each, the median counts")
    ok = True
    for result in measure(parser.parse_args(arguments).repeats):
        ok = ok and result.ok
        print(result, flush=True)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
