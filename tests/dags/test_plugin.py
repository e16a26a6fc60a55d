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

_LOAD = """
import json, sys
before = set(sys.modules)
from airflow import plugins_manager
plugins, errors = plugins_manager._get_plugins()
print(json.dumps({
    "views": [view for plugin in plugins for view in plugin.external_views if plugin.name == "taskbridge"],
    "names": [plugin.name for plugin in plugins],
    "errors": {str(key): str(value) for key, value in errors.items()},
    "modules": sorted(set(sys.modules) - before),
}))
"""

# What the loader and our file ask an installation for.
_NOT_INSTALLED = """
import importlib.metadata as metadata
of = metadata.distribution
def distribution(name):
    if name == "taskbridge":
        raise metadata.PackageNotFoundError(name)
    return of(name)
metadata.distribution = distribution
import airflow._shared.module_loading as loading
loading.entry_points_with_dist = lambda group: iter(())
"""


def _loaded(before: str = "", **more: str) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "plugins"), **more}
    command = [sys.executable, "-c", before + _LOAD]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


def test_the_loader_takes_our_plugin_once_and_none_of_the_packages_modules() -> None:
    seen = _loaded()
    assert seen["names"].count("taskbridge") == 1
    assert seen["errors"] == {}
    package = ROOT / "plugins" / "taskbridge"
    bare = {path.stem for path in package.rglob("*.py")} - set(sys.stdlib_module_names)
    assert not bare & set(seen["modules"])
    heavy = {"pandas", "taskbridge.engine", "taskbridge.web.app"}
    assert not heavy & set(seen["modules"]), "cheap to import"


def test_the_plugins_folder_gives_it_where_the_package_is_not_installed() -> None:
    """As in a checkout on the path: without the metadata of a distribution."""
    seen = _loaded(_NOT_INSTALLED)
    assert seen["names"].count("taskbridge") == 1
    assert seen["errors"] == {}


@pytest.mark.parametrize(("base", "path"), [("", ""), ("https://example.com/airflow/", "/airflow")])
def test_addresses_stand_below_the_base_of_airflow(base: str, path: str) -> None:
    views = _loaded(AIRFLOW__API__BASE_URL=base)["views"]
    assert [view["href"].partition("?")[0] for view in views] == [
        f"{path}/taskbridge/overview",
        f"{path}/taskbridge/run",
    ]
