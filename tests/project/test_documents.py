"""Documents that are made from the code are up to date, and every rule has a test named after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from taskbridge import settings
from tests.project import conformance
from tests.scenarios import sentences

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("rule", sorted(conformance.RULES))
def test_every_rule_has_a_test_named_after_it(rule: str) -> None:
    assert conformance.tests_by_rule()[rule], f"no test's name begins with test_{rule}_"


def test_no_test_names_a_rule_that_the_table_does_not_know() -> None:
    assert set(conformance.tests_by_rule()) == set(conformance.RULES)


def test_the_conformance_table_is_up_to_date() -> None:
    assert conformance.DOCUMENT.read_text(encoding="utf-8") == conformance.render(), (
        "run: python -m tests.project.conformance"
    )


def test_the_table_of_settings_is_up_to_date() -> None:
    document = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert settings.describe() in document, "docs/settings.md differs from `python -m taskbridge.settings`"


def test_the_sentences_of_the_scenarios_are_up_to_date() -> None:
    readme = (ROOT / "tests" / "scenarios" / "README.md").read_text(encoding="utf-8")
    assert f"<!-- sentences -->\n{sentences.describe()}<!-- /sentences -->" in readme, "run: make documents"


def test_the_readme_links_to_files_that_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = [part.split(")")[0] for part in text.split("](")[1:]]
    missing = [name for name in targets if not name.startswith("http") and not (ROOT / name).exists()]
    assert not missing
