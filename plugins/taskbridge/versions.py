"""Whether the packages beside TaskBridge are of the versions that it was tried with.

The ranges are those of `pyproject.toml`: an installed package carries them in its metadata, a checkout that is only
mounted has the file itself. Where there is neither (the folder of plugins alone), nothing is compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

from taskbridge.errors import VersionUntried

NAME: Final = "taskbridge"
_CHECKOUT: Final = Path(__file__).parents[2] / "pyproject.toml"


@cache
def refuse_untried() -> None:
    """Raises VersionUntried when a package beside us is outside its range. Costs some milliseconds, once a process."""
    wrong = list(_outside(requirements()))
    if wrong:
        found = "; ".join(f"{one.name} {seen} is installed, {one.specifier} is needed" for one, seen in wrong)
        cure = " ".join(f"'{one.name}{one.specifier}'" for one, _ in wrong)
        raise VersionUntried(
            f"TaskBridge was not tried with what is installed: {found}. Install what it needs and restart Airflow's "
            f"components: pip install {cure}"
        )


def requirements(checkout: Path = _CHECKOUT) -> list[Requirement]:
    """What TaskBridge needs, on this interpreter; nothing where no list of it is to be had."""
    named = _installed() or _written(checkout)
    found = [Requirement(text) for text in named]
    return [one for one in found if one.marker is None or one.marker.evaluate()]


def _installed() -> list[str]:
    try:
        return requires(NAME) or []
    except PackageNotFoundError:
        return []


def _written(file: Path) -> list[str]:
    if not file.is_file():
        return []
    import tomllib

    project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
    dependencies: list[str] = project.get("dependencies", []) if project.get("name") == NAME else []
    return dependencies


def _outside(needed: Iterable[Requirement]) -> Iterator[tuple[Requirement, str]]:
    """With the version seen. One that is not installed says so by itself when it is imported."""
    for one in needed:
        try:
            seen = version(one.name)
        except PackageNotFoundError:
            continue
        if not one.specifier.contains(seen, prereleases=True):
            yield one, seen
