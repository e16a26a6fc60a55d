"""Dependencies run one way: dags -> operators -> engine -> store -> core, hooks -> sides -> core (docs/decisions)."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "plugins" / "taskbridge"

# What each part of the package may import of the package itself.
ALLOWED = {
    "core": {"core"},
    "errors": set(),
    "limit_settings": {"core"},
    "settings": {"core", "errors", "limit_settings"},
    "engine": {"core", "engine", "errors", "settings", "store"},
    "sides": {"core", "engine.ports", "errors", "sides"},
    "store": {"core", "errors", "store"},
    "hooks": {"core", "engine", "errors", "settings", "sides", "store", "hooks"},
    "operators": {"core", "engine", "errors", "settings", "store", "hooks", "operators", "versions"},
    "triggers": {"core", "engine", "errors", "settings", "hooks", "operators.variables"},
    "pipeline": {"core", "engine", "errors", "settings", "operators", "hooks", "triggers", "versions"},
    "web": {
        "core",
        "engine",
        "errors",
        "settings",
        "store",
        "hooks",
        "operators.variables",
        "sides.meanings",
        "timetables",
        "web",
    },
    "doctor": {"engine", "errors", "hooks", "operators"},
    "restore": {"core", "engine", "errors", "hooks", "operators"},
    "explain": {"core", "engine", "errors", "store"},
    "erase": {"errors", "store"},
    "provider": set(),
    "setup": set(),
    "timetables": set(),
    "versions": {"errors"},
}
PURE_LIBRARIES = {"pandas", "pyarrow", "numpy", "__future__"}
MAY_IMPORT_AIRFLOW = {"hooks", "operators", "pipeline", "timetables", "triggers", "web"}


def _modules() -> list[Path]:
    return sorted(
        path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py" or path.parent != PACKAGE
    )


def _part(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            if node.module == "taskbridge":
                yield from (f"taskbridge.{alias.name}" for alias in node.names)


def _may_import(part: str, name: str) -> bool:
    root = name.split(".")[0]
    if root == "taskbridge":
        inner = name.removeprefix("taskbridge").lstrip(".")
        allowed = ALLOWED[part] | {"", "__version__"}
        return any(inner == one or (one and inner.startswith(f"{one}.")) for one in allowed)
    if root in {"sandbox", "stack", "bench", "tests"}:
        return False
    if root == "airflow":
        return part in MAY_IMPORT_AIRFLOW
    return part != "core" or root in PURE_LIBRARIES or root in sys.stdlib_module_names


def _forbidden(path: Path) -> list[str]:
    return [name for name in _imports(path) if not _may_import(_part(path), name)]


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_part_may(path: Path) -> None:
    edges = _forbidden(path)
    assert not edges, f"{path.relative_to(ROOT)} must not import {', '.join(edges)}"


@pytest.mark.parametrize("path", sorted((ROOT / "sandbox").rglob("*.py")), ids=lambda path: path.name)
def test_the_sandbox_knows_nothing_of_taskbridge(path: Path) -> None:
    assert not [name for name in _imports(path) if name.split(".")[0] in {"taskbridge", "stack", "tests"}]


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").glob("*.py")), ids=lambda path: path.name)
def test_core_has_no_clock_no_io_and_no_logging(path: Path) -> None:
    names = set(_imports(path))
    assert not names & {"logging", "os", "pathlib", "time", "socket", "io", "random"}
    called = {
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    }
    assert not called & {"open", "print", "datetime.now", "datetime.utcnow", "date.today"}


def test_files_import_each_other_in_no_circle() -> None:
    """A name of a package may be a file of its own."""
    files = {_name(path): path for path in PACKAGE.rglob("*.py")}
    graph = {}
    for name, path in files.items():
        imported = {one if one in files else one.rpartition(".")[0] for one in _imported_names(path)}
        graph[name] = (imported & files.keys()) - {name}
    TopologicalSorter(graph).prepare()


def _name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported_names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
