"""The decision table: complete, used by the plan, and the same in docs/rules.md."""

from __future__ import annotations

from itertools import product

from taskbridge.core.decision import TABLE, Decision, Seen, as_markdown
from tests.core.documented import shown


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


def test_the_document_shows_the_table() -> None:
    assert shown("decision-table") == as_markdown(), "put there what core.decision.as_markdown() answers"
