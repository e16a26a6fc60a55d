"""pyproject.toml, the locks and Airflow's plugin folder agree with each other."""

import tomllib

import pytest
from packaging.requirements import Requirement

from stack.layout import PROJECT

METADATA = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]


def locked(name: str) -> dict[str, list[str]]:
    """Package -> versions; a universal lock may hold several of one package, by Python version."""
    versions: dict[str, list[str]] = {}
    for line in (PROJECT / name).read_text().splitlines():
        if line[:1].isalnum():
            requirement = Requirement(line.removesuffix(" \\"))
            versions.setdefault(requirement.name, []).append(str(requirement.specifier).removeprefix("=="))
    return versions


@pytest.mark.parametrize("dependency", METADATA["dependencies"])
def test_what_runs_here_is_what_users_are_asked_for(dependency: str) -> None:
    wanted = Requirement(dependency)
    versions = locked("requirements.txt")[wanted.name.lower()]
    assert all(wanted.specifier.contains(version) for version in versions)


def test_tests_run_on_the_versions_of_the_demo() -> None:
    tested = locked("requirements-dev.txt")
    assert {name: tested.get(name) for name in locked("requirements.txt")} == locked("requirements.txt")


def test_provider_entry_point() -> None:
    assert METADATA["entry-points"]["apache_airflow_provider"] == {
        "provider_info": "taskbridge.provider:get_provider_info"
    }


def test_airflow_does_not_run_the_package_as_plugins() -> None:
    """Its loader executes every file below plugins/ under its bare name, over the standard library's."""
    assert (PROJECT / "plugins" / ".airflowignore").read_text().split() == ["taskbridge/"]


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt", "stack/uv.txt"])
def test_every_locked_package_has_hashes_and_no_index_is_named(lock: str) -> None:
    text = (PROJECT / lock).read_text()
    packages = [part for part in text.replace(" \\\n", " ").splitlines() if part[:1].isalnum()]
    assert packages
    assert all("--hash=sha256:" in package for package in packages)
    assert not {"://", "--index-url", "--extra-index-url", "--find-links"} & set(text.split())
    assert "://" not in text


def test_what_builds_the_package_is_the_locked_one() -> None:
    build = tomllib.loads((PROJECT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert build == [f"hatchling=={version}" for version in locked("requirements.txt")["hatchling"]]
