"""The table that a dry run shows."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from taskbridge.core.model import (
    ACTIONS,
    BIT,
    CONFLICTS,
    DISPOSITIONS,
    LEDGER_CHANGES,
    NEW_LINKS,
    Op,
    Plan,
    empty,
    frame,
)
from taskbridge.engine.ports import Sides
from taskbridge.engine.preview import LONGEST_TABLE, calls, preview
from taskbridge.sides.memory import MemorySalesConnect, MemorySalesforce

SIDES = Sides(MemorySalesConnect(), MemorySalesforce())
BATCH = frozenset({"batch"})


def plan(*rows: dict[str, Any]) -> Plan:
    base = {
        "link_id": "sc:1:7",
        "side": "salesforce",
        "op": "update",
        "state": "planned",
        "rule": "C1",
        "mask": 0,
    }
    filled = [dict.fromkeys(ACTIONS.names) | base | row for row in rows]
    others = [empty(schema) for schema in (LEDGER_CHANGES, NEW_LINKS, CONFLICTS, DISPOSITIONS)]
    return Plan(frame(pa.Table.from_pylist(filled, schema=ACTIONS)), *others)


def test_an_update_shows_only_its_fields_from_and_to() -> None:
    text = preview(
        plan(
            {
                "mask": BIT["due_date"] | BIT["details"],
                "due_date": date(2026, 3, 2),
                "seen_due_date": None,
                "details": "two\nlines",
                "seen_details": "one",
                "status": "not shown",
            }
        ),
        SIDES,
        BATCH,
    )
    assert 'due_date (empty) -> "2026-03-02", details "one" -> "two lines"' in text
    assert "not shown" not in text
    assert "sc:1:7" in text
    assert "C1" in text


def test_a_create_shows_its_values_and_a_delete_what_goes() -> None:
    text = preview(
        plan(
            {"op": "create", "mask": BIT["title"] | BIT["details"], "title": "Call Nora"},
            {"op": "delete", "seen_title": "Old one", "side": "sales_connect"},
        ),
        SIDES,
        BATCH,
    )
    assert 'title "Call Nora"' in text
    assert 'title "Old one" -> gone' in text
    assert "(empty)" not in text


def test_long_texts_are_cut() -> None:
    text = preview(plan({"mask": BIT["title"], "title": "x" * 500, "seen_title": "y"}), SIDES, BATCH)
    assert max(map(len, text.splitlines())) < 200


def test_long_tables_are_cut_but_counted_in_full() -> None:
    text = preview(plan(*[{"op": "create"}] * (LONGEST_TABLE + 1)), SIDES, BATCH)
    assert "... and 1 more" in text
    assert "Cost in Salesforce: 2 API calls (201 creates)" in text


def test_what_is_held_costs_nothing() -> None:
    text = preview(
        plan({"op": "delete", "state": "held", "rule": "G3", "seen_title": "Old one"}), SIDES, BATCH
    )
    assert "delete (held)" in text
    assert "Cost in Salesforce: 0 API calls (nothing)" in text
    assert "Held, so not part of the cost: 1" in text


def test_without_batches_sales_connect_needs_a_call_for_each_row() -> None:
    rows = [{"op": "create", "side": "sales_connect"}] * 3
    assert "Cost in Sales Connect: 1 API calls (3 creates)" in preview(plan(*rows), SIDES, BATCH)
    assert "Cost in Sales Connect: 3 API calls (3 creates)" in preview(plan(*rows), SIDES, frozenset())


def test_an_empty_plan_says_so() -> None:
    assert preview(plan(), SIDES, BATCH) == "Dry run: nothing to write."


@pytest.mark.parametrize(
    ("rows", "op", "one_by_one", "expected"),
    [
        (0, Op.CREATE, False, 0),
        (1, Op.CREATE, False, 1),
        (100, Op.CREATE, False, 1),
        (101, Op.CREATE, False, 2),
        (101, Op.UPDATE, False, 4),
        (101, Op.DELETE, True, 103),
        (101, Op.CREATE, True, 101),
    ],
)
def test_costs(rows: int, op: Op, one_by_one: bool, expected: int) -> None:
    assert calls(rows, op, 100, one_by_one=one_by_one) == expected
