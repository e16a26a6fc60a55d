"""The table that a dry run shows."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa

from taskbridge.core.frames import empty, frame
from taskbridge.core.model import ACTIONS, CONFLICTS, DISPOSITIONS, LEDGER_CHANGES, NEW_LINKS, Plan
from taskbridge.core.terms import BIT, Side
from taskbridge.core.usage import CallKind, Told, Usage
from taskbridge.engine.deciding.summary import SHOWN, Summary
from taskbridge.engine.on_demand.preview import preview

USED = {
    Side.SALES_CONNECT: Usage(),
    Side.SALESFORCE: Usage(
        {CallKind.LOGIN: 1, CallKind.QUERY: 2}, Told(90, 1_000), {CallKind.QUERY: 2, CallKind.WRITE: 2}
    ),
}


def plan(*rows: dict[str, Any]) -> Summary:
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
    return Summary.of(Plan(frame(pa.Table.from_pylist(filled, schema=ACTIONS)), *others))


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
        USED,
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
        USED,
    )
    assert 'title "Call Nora"' in text
    assert 'title "Old one" -> gone' in text
    assert "(empty)" not in text


def test_long_texts_are_cut() -> None:
    text = preview(plan({"mask": BIT["title"], "title": "x" * 500, "seen_title": "y"}), USED)
    assert max(map(len, text.splitlines())) < 200


def test_long_tables_are_cut_but_counted_in_full() -> None:
    text = preview(plan(*[{"op": "create"}] * (SHOWN + 1)), USED)
    assert "... and 1 more" in text
    assert (
        "Cost in Salesforce: 4 API calls: 2 made, 2 to come (2 write) for 201 creates; 90 of 1,000 left"
        in text
    )


def test_what_is_held_costs_nothing() -> None:
    text = preview(plan({"op": "delete", "state": "held", "rule": "G3", "seen_title": "Old one"}), USED)
    assert "delete (held)" in text
    assert "Cost in Sales Connect: 0 API calls: 0 made, 0 to come for nothing" in text
    assert "Held, so not part of the cost: 1" in text


def test_an_empty_plan_says_so() -> None:
    assert preview(plan(), USED) == "Dry run: nothing to write."
