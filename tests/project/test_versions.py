"""A package of a version that was never tried is refused before anything of it is used."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from taskbridge import versions
from taskbridge.errors import VersionUntried

ROOT = Path(__file__).parents[2]


def _distribution(folder: Path, name: str, version: str, *needs: str) -> None:
    """What an installer leaves behind of a package."""
    home = folder / f"{name}-{version}.dist-info"
    home.mkdir()
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {need}" for need in needs]
    (home / "METADATA").write_text("\n".join(lines) + "\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that is looked at first."""
    monkeypatch.syspath_prepend(str(tmp_path))
    versions.refuse_untried.cache_clear()
    return tmp_path


def test_what_is_installed_here_is_in_range() -> None:
    versions.refuse_untried.cache_clear()
    versions.refuse_untried()
    assert {"apache-airflow", "pandas", "pyarrow"} <= {one.name for one in versions.requirements()}


def test_an_older_package_is_refused_with_name_version_range_and_next_step(site: Path) -> None:
    _distribution(site, "pandas", "2.1.4")
    with pytest.raises(VersionUntried) as caught:
        versions.refuse_untried()
    (needed,) = (one.specifier for one in versions.requirements() if one.name == "pandas")
    assert str(caught.value) == (
        f"TaskBridge was not tried with what is installed: pandas 2.1.4 is installed, {needed} is needed. "
        f"Install what it needs and restart Airflow's components: pip install 'pandas{needed}'"
    )


def test_the_ranges_are_those_of_the_installed_package(site: Path) -> None:
    """With what the interpreter does not need left out, and what is not there left to its import."""
    _distribution(
        site, "taskbridge", "9.9",
        "orjson[x]>=99", "pandas>=99; python_version < '3'", "not-there-at-all>=1", "tenacity>=9",
    )  # fmt: skip
    with pytest.raises(VersionUntried, match=r"orjson [\d.]+ is installed, >=99 is needed\.") as caught:
        versions.refuse_untried()
    assert "pandas" not in str(caught.value)


def test_a_package_that_airflow_builds_itself_is_in_range(site: Path) -> None:
    _distribution(site, "taskbridge", "9.9", "apache-airflow>=3.3,<4")
    _distribution(site, "apache_airflow", "3.4.0b2+vendor.1")
    versions.refuse_untried()


def test_a_mounted_checkout_goes_by_its_own_file_and_plugins_alone_by_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(versions, "_installed", list)
    assert versions.requirements(tmp_path / "pyproject.toml") == []
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "another"\ndependencies = ["pandas>=99"]\n')
    assert versions.requirements(tmp_path / "pyproject.toml") == [], "somebody else's project around it"
    written = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert [str(one) for one in versions.requirements()] == [str(Requirement(text)) for text in written]


@pytest.mark.parametrize("module", ["taskbridge.pipeline", "taskbridge.operators.request"])
def test_whatever_a_dag_file_imports_first_is_refused(module: str, tmp_path: Path) -> None:
    """Before Airflow is imported, which may lack what is imported of it."""
    _distribution(tmp_path, "apache_airflow", "3.0.6")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import {module}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(ROOT / "plugins"), "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 1
    assert (
        "VersionUntried: TaskBridge was not tried with what is installed: apache-airflow 3.0.6" in done.stderr
    )
    assert "import airflow" not in done.stderr
    assert 'airflow/__init__.py", line' not in done.stderr
