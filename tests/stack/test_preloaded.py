"""What scheduler and workers load beforehand is all that a task would otherwise import for itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack.layout import PROJECT

CODE = """
import sys
from importlib import import_module
import airflow.sdk.execution_time.task_runner
import taskbridge.pipeline
from stack.preloaded import LIBRARIES
for name in LIBRARIES:
    import_module(name)
before = set(sys.modules)
for step in ("opening", "recover", "extract", "read_dirty", "decide", "load", "settle", "report"):
    import_module(f"taskbridge.engine.steps.{step}")
import taskbridge.hooks.engine
new = {name.partition(".")[0] for name in set(sys.modules) - before}
print("own", "taskbridge" in new)
print("others", sorted(new - {"taskbridge"} - set(sys.stdlib_module_names)))
"""


@pytest.mark.airflow
def test_tasks_import_no_library_that_is_not_loaded_yet(tmp_path: Path) -> None:
    path = os.pathsep.join([str(PROJECT / "plugins"), str(PROJECT)])
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env=dict(os.environ, AIRFLOW_HOME=str(tmp_path), PYTHONPATH=path),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["own True", "others []"]
