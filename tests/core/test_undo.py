"""Undo and restore as pure plans: same input, same plan; order changes nothing; nothing is planned twice."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from taskbridge.core.frames import empty, rows_of
from taskbridge.core.model import ACTIONS, LOST, WRITTEN, Plan
from taskbridge.core.restore import plan_restore
from taskbridge.core.terms import ALL_FIELDS, BIT, FIELDS
from taskbridge.core.undo import plan_undo
from tests.core.frames import DUE, Row, given, gone, link, sc, sf, table

NONE = empty(ACTIONS)


def wrote(op: str = "update", link_id: str = "sc:acc1:1", **values: Any) -> Row:
    """A write to Salesforce, by default of new details."""
    row = {"link_id": link_id, "side": "salesforce", "op": op, "remote_id": "T1", "answered": True}
    mask = {"update": BIT["details"], "create": ALL_FIELDS, "delete": 0}[op]
    record = {name: sf()[name] for name in FIELDS}
    before = {f"seen_{name}": record[name] for name in FIELDS} | {"seen_details": "before"}
    return row | {"mask": mask, **record, **before} | values


def pair(number: int) -> tuple[Row, Row, Row]:
    left, right = sc(str(number)), sf(f"T{number}")
    return link(left, right, link_id=f"sc:acc1:{number}", sc_id=str(number), sf_id=f"T{number}"), left, right


def undo(written: list[Row], links: list[Row], left: list[Row], right: list[Row]) -> Plan:
    return plan_undo(given(links, left, right), table(WRITTEN, written), NONE)


def essence(plan: Plan) -> list[list[str]]:
    """The plan without its order."""
    frames: tuple[pd.DataFrame, ...] = (plan.actions, plan.new_links, plan.left_out, plan.dispositions)
    return [
        sorted(str({name: value for name, value in row.items() if name != "seq"}) for row in rows_of(one))
        for one in frames
    ]


def test_an_update_goes_back_and_only_its_own_base_follows() -> None:
    one, left, right = pair(1)
    plan = undo([wrote()], [one], [left], [right])
    (action,), (change,) = rows_of(plan.actions), rows_of(plan.ledger_changes)
    assert (action["op"], action["mask"], action["details"]) == ("update", BIT["details"], "before")
    assert (action["seen_details"], action["rule"]) == (right["details"], "undo")
    assert (change["sf_mask"], change["sf_details"], change["sc_mask"]) == (BIT["details"], "before", 0)
    assert plan.left_out.empty


def test_a_deleted_record_is_created_under_the_next_generation() -> None:
    one, left, right = pair(1)
    one |= {"state": "tombstone", "generation": 2}
    plan = undo([wrote("delete", person="003A")], [one], [gone(left)], [gone(right)])
    (action,), (new,), (change,) = (
        rows_of(plan.actions),
        rows_of(plan.new_links),
        rows_of(plan.ledger_changes),
    )
    assert (action["op"], action["marker"], action["person"]) == ("create", "tb:sc:acc1:1:3", "003A")
    assert (action["details"], action["due_date"]) == ("before", DUE)
    assert (new["generation"], new["sc_id"], new["sf_id"]) == (3, "1", None)
    assert (change["state"], change["withheld"]) == ("released", "undone")


def test_a_created_record_goes_and_the_pair_remembers_that_it_was_withdrawn() -> None:
    one, left, right = pair(1)
    plan = undo([wrote("create")], [one], [left], [right])
    (action,), (change,) = rows_of(plan.actions), rows_of(plan.ledger_changes)
    assert (action["op"], action["remote_id"]) == ("delete", "T1")
    assert (change["state"], change["withheld"]) == ("released", "withdrawn_from_salesforce")
    assert (change["sc_mask"], change["sf_mask"]) == (0, 0), "what both agreed on stays their base"


def test_an_unanswered_write_is_left_out() -> None:
    one, left, right = pair(1)
    plan = undo([wrote(answered=False)], [one], [left], [right])
    assert plan.actions.empty
    assert [row["code"] for row in rows_of(plan.left_out)] == ["UNANSWERED"]


def test_the_order_of_rows_changes_nothing_and_the_same_input_gives_the_same_plan() -> None:
    pairs = [pair(number) for number in range(1, 7)]
    links, left, right = (list(part) for part in zip(*pairs, strict=True))
    left[4], right[4] = gone(left[4]), gone(right[4])
    right[5] = right[5] | {"details": "moved"}
    ops = ("update", "create", "update", "create", "delete", "update")
    written = [wrote(op, f"sc:acc1:{n}", remote_id=f"T{n}") for n, op in enumerate(ops, 1)]
    straight = undo(written, links, left, right)
    assert essence(straight) == essence(undo(written, links, left, right))
    assert essence(straight) == essence(undo(written[::-1], links, left[::-1], right))
    assert list(straight.actions["seq"]) == list(range(5))
    assert [row["code"] for row in rows_of(straight.left_out)] == ["CHANGED_SINCE"]


def test_nothing_asked_is_nothing_planned() -> None:
    one, left, right = pair(1)
    plan = undo([], [one], [left], [right])
    assert plan.actions.empty
    assert {row["disposition"] for row in rows_of(plan.dispositions)} == {"unchanged"}


@pytest.mark.parametrize(
    ("side", "value", "expected"),
    [
        ("salesforce", "In Progress", {("salesforce", "In Progress")}),
        ("salesforce", "Completed", {("salesforce", "Completed"), ("sales_connect", "complete")}),
        ("sales_connect", "skipped", {("sales_connect", "skipped")}),
        ("sales_connect", "open", set()),
    ],
)
def test_F6_a_restored_value_crosses_only_where_it_can(
    side: str, value: str, expected: set[tuple[str, str]]
) -> None:
    one, left, right = pair(1)
    lost = {"what": "conflict 1", "link_id": "sc:acc1:1", "side": side, "whole": False, "mask": BIT["status"]}
    plan = plan_restore(given([one], [left], [right]), table(LOST, [lost | {"status": value}]), NONE)
    assert {(row["side"], row["status"]) for row in rows_of(plan.actions)} == expected
    if len(expected) == 2:
        (change,) = rows_of(plan.ledger_changes)
        assert {change["seq"], change["also"]} == {0, 1}, "the base waits for both"
