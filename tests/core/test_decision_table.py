"""The decision table: complete, used by the plan, and the same in the README."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from taskbridge.core.decision import TABLE, Decision, Seen, as_markdown

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- decision-table -->", "<!-- /decision-table -->"


def test_C1_every_combination_has_one_line_in_order() -> None:
    assert [(case.sales_connect, case.salesforce) for case in TABLE] == list(product(Seen, Seen))


def test_C5_nothing_is_deleted_while_a_record_is_missing() -> None:
    missing = [case for case in TABLE if Seen.MISSING in (case.sales_connect, case.salesforce)]
    assert {decision for case in missing for decision in (case.delete_wins, case.edit_wins)} == {
        Decision.HOLD
    }


def test_the_table_is_rendered_line_by_line() -> None:
    lines = as_markdown().splitlines()
    assert len(lines) == 2 + len(TABLE)
    assert lines[2] == "| same | same | nothing |  | G1 |"
    assert "| edited | deleted | delete in Sales Connect | create again in Salesforce | K4 |" in lines


def test_the_readme_shows_the_table() -> None:
    text = README.read_text()
    assert text.count(BEGIN) == text.count(END) == 1, f"{README} needs the lines {BEGIN} and {END}"
    shown = text.partition(BEGIN)[2].partition(END)[0]
    assert shown.strip() == as_markdown(), (
        f"put what core.decision.as_markdown() answers between {BEGIN} and {END}"
    )
