"""The demo's check can fail: every disagreement is found and told with the rule that it breaks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack.demo.agreement import check, members
from stack.demo.records import Record, Snapshot

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SC = Record(
    side="sales_connect",
    id="7",
    title="Call",
    status="open",
    priority="normal",
    due="2026-05-02",
    details="one\ntwo",
    owner="ada@example.com",
    marker="tb:sf:00D:00T1:1",
    created=NOON,
    changed=NOON,
)
SF = Record(
    side="salesforce",
    id="00T1",
    title="Call",
    status="Not Started",
    priority="Normal",
    due="2026-05-02",
    details="one\r\ntwo ",
    owner="ada@example.com",
    marker=None,
    created=NOON - timedelta(days=3),
    changed=NOON,
)


def snapshot(*records: Record) -> Snapshot:
    return Snapshot(
        identities={"sales_connect": "acc", "salesforce": "00D"},
        users={"sales_connect": {}, "salesforce": {}},
        synced=frozenset({"ada@example.com", "ben@example.com"}),
        records={
            side: tuple(record for record in records if record.side == side)
            for side in ("sales_connect", "salesforce")
        },
    )


def disagreements(*records: Record, typed: tuple[str, ...] = ()) -> str:
    return "\n".join(check(snapshot(*records), NOON - timedelta(hours=1), typed).disagreements)


def test_a_pair_that_agrees() -> None:
    found = check(snapshot(SC, SF), NOON, ())
    assert (found.compared, found.apart, found.released, found.disagreements) == (1, 0, 0, ())
    assert members(snapshot(SC, SF), "salesforce", "00T1") == {"sales_connect": SC, "salesforce": SF}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"title": "Ring"}, "name 'Call', Subject 'Ring' (F1)"),
        ({"status": "Completed"}, "status open, Completed (F2)"),
        ({"priority": "High"}, "priority normal, High (F3)"),
        ({"due": "2026-05-03"}, "due date 2026-05-02, 2026-05-03 (F4)"),
        ({"due": None}, "due date 2026-05-02, None (F4)"),
        ({"details": "one two"}, "comments 'one two' (F5)"),
        ({"owner": "ben@example.com"}, "assignee ada@example.com, owner ben@example.com (C3)"),
    ],
)
def test_a_field_that_differs(change: dict[str, Any], told: str) -> None:
    assert told in disagreements(SC, replace(SF, **change))


@pytest.mark.parametrize("change", [{"status": "In Progress"}, {"priority": "Low"}])
def test_f6_what_cannot_cross_is_no_disagreement(change: dict[str, Any]) -> None:
    assert disagreements(SC, replace(SF, **change)) == ""


def test_f1_a_subject_that_a_person_typed_is_theirs() -> None:
    assert disagreements(SC, replace(SF, title="Ring"), typed=("00T1",)) == ""


def test_f5_details_that_salesforce_cannot_hold_are_cut_there_only() -> None:
    long = "🎯" * 16_001
    assert disagreements(replace(SC, details=long), replace(SF, details="🎯" * 16_000)) == ""
    assert "(F5)" in disagreements(replace(SC, details=long), replace(SF, details="🎯" * 15_999))


def test_t2_a_long_name_is_cut_and_loses_its_line_breaks() -> None:
    name = "a\n" + "b" * 300
    assert disagreements(replace(SC, title=name), replace(SF, title="a" + "b" * 254)) == ""


def test_c1_a_copy_whose_original_is_gone() -> None:
    assert "is left over" in disagreements(SC)


def test_g2_a_record_that_exists_twice() -> None:
    assert "more than once: 7, 8, 00T1 (G2)" in disagreements(SC, replace(SC, id="8"), SF)


@pytest.mark.parametrize(
    ("record", "wrong"),
    [
        (SF, True),
        (replace(SF, changed=NOON - timedelta(hours=24, minutes=59)), True),
        (replace(SF, changed=NOON - timedelta(hours=25, minutes=1)), False),  # I1
        (replace(SF, reminder=False), False),  # C2
        (replace(SF, owner="chi@example.com"), False),  # S2
        (replace(SC, marker=None), True),
        (replace(SC, marker=None, created=NOON - timedelta(hours=2)), False),  # I2
    ],
)
def test_a_task_without_a_partner(record: Record, wrong: bool) -> None:
    assert ("has no partner" in disagreements(record)) is wrong


def test_c3_a_pair_of_somebody_who_does_not_sync_is_not_compared() -> None:
    found = check(snapshot(SC, replace(SF, owner="chi@example.com", status="Completed")), NOON, ())
    assert (found.compared, found.released, found.disagreements) == (0, 1, ())


def test_a_marker_of_another_org_pairs_nothing() -> None:
    assert "is left over" in disagreements(replace(SC, marker="tb:sf:00D9:00T1:1"), SF)
