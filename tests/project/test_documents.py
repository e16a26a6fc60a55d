"""Documents that are made from the code are up to date, and every rule has a test named after it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from taskbridge import settings
from taskbridge.engine import metrics
from taskbridge.engine.loading.busy import TRIES
from taskbridge.engine.pause import LOGINS_AN_HOUR
from taskbridge.sides import error_table
from taskbridge.sides.meanings import Handling
from tests.contract.error_codes import LISTED
from tests.project import conformance
from tests.scenarios import sentences

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
_NUMBERS = {3: "three", 4: "four"}


@pytest.mark.parametrize("rule", sorted(conformance.RULES))
def test_every_rule_has_a_test_named_after_it(rule: str) -> None:
    assert conformance.tests_by_rule()[rule], f"no test's name begins with test_{rule}_"


def test_no_test_names_a_rule_that_the_table_does_not_know() -> None:
    assert set(conformance.tests_by_rule()) == set(conformance.RULES)


def test_no_rule_is_forgotten() -> None:
    numbers = {"S": 3, "F": 8, "T": 3, "I": 6, "C": 7, "K": 6, "G": 9}
    every = [f"{letter}{number + 1}" for letter, most in numbers.items() for number in range(most)]
    assert list(conformance.RULES) == every


def test_the_conformance_table_is_up_to_date() -> None:
    assert conformance.DOCUMENT.read_text(encoding="utf-8") == conformance.render(), (
        "run: python -m tests.project.conformance"
    )


def test_the_table_of_settings_is_up_to_date() -> None:
    document = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert settings.describe() in document, "docs/settings.md differs from `python -m taskbridge.settings`"


def test_the_table_of_error_codes_is_up_to_date_and_holds_every_listed_code() -> None:
    document = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert f"<!-- errors -->\n{error_table.describe()}\n<!-- /errors -->" in document, "run: make documents"
    missing = [code for code in LISTED if f"| `{code}` |" not in document]
    assert not missing


def test_the_table_of_metrics_is_up_to_date() -> None:
    document = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert f"<!-- metrics -->\n{metrics.describe()}\n<!-- /metrics -->" in document, "run: make documents"


def test_every_policy_is_explained() -> None:
    assert set(error_table.POLICIES) == set(Handling)
    assert f"up to {_NUMBERS[TRIES]} times" in error_table.POLICIES[Handling.RETRY_SOON]
    assert f"at most {_NUMBERS[LOGINS_AN_HOUR]} logins" in error_table.POLICIES[Handling.PAUSE]


def test_the_sentences_of_the_scenarios_are_up_to_date() -> None:
    readme = (ROOT / "tests" / "scenarios" / "README.md").read_text(encoding="utf-8")
    assert f"<!-- sentences -->\n{sentences.describe()}<!-- /sentences -->" in readme, "run: make documents"


def test_the_tests_that_prove_the_guarantees_exist() -> None:
    text = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", text)
    missing = [
        f"{path}::{name}" for path, name in named if f"def {name}(" not in (ROOT / path).read_text("utf-8")
    ]
    scenarios = re.findall(r"`([SFTICKG]\d_\w+)`", text)
    missing += [name for name in scenarios if not (ROOT / "tests" / "scenarios" / f"{name}.md").exists()]
    assert named
    assert scenarios
    assert not missing


def test_every_invariant_is_guaranteed() -> None:
    text = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
    assert [int(number) for number in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)] == list(range(1, 26))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_links_to_files_that_exist(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [name for name in links if not name.startswith("http") and not (page.parent / name).exists()] == []
