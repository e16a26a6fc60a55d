"""Airflow's plugin loader runs each file below plugins/ under its bare name, but for `.airflowignore`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

_START = """
import json, sys, types
from airflow.listeners.listener import get_listener_manager
get_listener_manager().hook.on_starting(component=types.SimpleNamespace(job_type=sys.argv[1]))
print(json.dumps(sorted(sys.modules)))
"""
_LOAD = """
import json, sys
before = set(sys.modules)
from airflow import plugins_manager
plugins, errors = plugins_manager._get_plugins()
print(json.dumps({
    "names": [plugin.name for plugin in plugins],
    "errors": {str(key): str(value) for key, value in errors.items()},
    "modules": sorted(set(sys.modules) - before),
}))
"""


def printed(code: str, *arguments: str) -> Any:
    """What a fresh process prints as JSON in its last line."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "plugins")}
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_loader_takes_our_plugin_and_none_of_the_packages_modules() -> None:
    seen = printed(_LOAD)
    assert "taskbridge" in seen["names"]
    assert seen["errors"] == {}
    package = ROOT / "plugins" / "taskbridge"
    bare = {path.stem for path in package.rglob("*.py")} - set(sys.stdlib_module_names)
    assert not bare & set(seen["modules"])
    assert not {"pandas", "taskbridge.engine"} & set(seen["modules"]), "cheap to import"


@pytest.mark.parametrize(("job_type", "warm"), [("SchedulerJob", True), ("TriggererJob", False)])
def test_only_the_scheduler_imports_the_engine_ahead(job_type: str, warm: bool) -> None:
    modules = set(printed(_START, job_type))
    assert ({"taskbridge.engine.cycle", "taskbridge.hooks.engine", "pandas"} <= modules) is warm
    assert ("taskbridge.engine" in modules) is warm
