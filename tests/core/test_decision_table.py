"""The decision table: complete, used by the plan, and the same in the README."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from taskbridge.core.decision import TABLE, Decision, Seen, as_markdown

README = Path(__file__).parents[2] / "README.md"
MARKER = "<!-- decision-table -->"


def test_C1_every_combination_has_one_line_in_order() -> None:
    assert [(case.sales_connect, case.salesforce) for case in TABLE] == list(product(Seen, Seen))


def test_C5_nothing_is_deleted_while_a_record_is_missing() -> None:
    missing = [case for case in TABLE if Seen.MISSING in (case.sales_connect, case.salesforce)]
    assert {decision for case in missing for decision in (case.delete_wins, case.edit_wins)} == {Decision.HOLD}


def test_the_table_is_rendered_line_by_line() -> None:
    lines = as_markdown().splitlines()
    assert len(lines) == 2 + len(TABLE)
    assert lines[2] == "| same | same | nothing |  | G1 |"
    assert "| edited | deleted | delete in Sales Connect | create again in Salesforce | K4 |" in lines


def test_the_readme_shows_the_table() -> None:
    """Between two markers; without markers the README has no table that could be out of date."""
    parts = (README.read_text() if README.exists() else "").split(MARKER)
    assert len(parts) in (1, 3), f"{README} needs two lines {MARKER}, one before and one after the table"
    if len(parts) == 3:
        assert parts[1].strip() == as_markdown(), f"paste core.decision.as_markdown() between {MARKER}"
