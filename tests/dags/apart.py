"""A run in a process of its own: for what Airflow sets up once, when it is imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

_PROGRAM = """
import sys
from airflow.dag_processing.dagbag import DagBag

dag_id, path = sys.argv[1:]
print(dag_id, "ended", DagBag(path).dags[dag_id].test().state)
"""


def run_apart(dag_id: str, **environment: str) -> None:
    """One successful run of a DAG over the systems, connections and Variables of this process."""
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, dag_id, str(ROOT / "dags" / f"{dag_id}.py")],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'plugins'}:{ROOT}", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"{dag_id} ended success" in ended.stdout, ended.stdout[-4000:] + ended.stderr[-4000:]
