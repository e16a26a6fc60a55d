"""Airflow's plugin loader runs each file below plugins/ under its bare name, but for `.airflowignore`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

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


def test_the_loader_takes_our_plugin_and_none_of_the_packages_modules() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "plugins")}
    command = [sys.executable, "-c", _LOAD]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert "taskbridge" in seen["names"]
    assert seen["errors"] == {}
    package = ROOT / "plugins" / "taskbridge"
    bare = {path.stem for path in package.rglob("*.py")} - set(sys.stdlib_module_names)
    assert not bare & set(seen["modules"])
    assert not {"pandas", "taskbridge.engine"} & set(seen["modules"]), "cheap to import"
