"""Decoding pages of the two systems: canonical values, and problems that stay with their record."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from taskbridge.core.frames import rows_of
from taskbridge.core.model import SALES_CONNECT_TASKS, SALESFORCE_TASKS
from taskbridge.sides.sales_connect import records as sales_connect_records
from taskbridge.sides.salesforce import records as salesforce_records
from taskbridge.sides.salesforce.ids import to_18
from taskbridge.sides.salesforce.marking import Marked

STAMP = "2026-03-01T08:00:00.123456Z"
SC: dict[str, Any] = {
    "id": 42,
    "type": "call",
    "name": "Call",
    "status": "Open",
    "priority": "NORMAL",
    "due_date": "2026-02-28",
    "details": " a\r\nb ",
    "assignee_id": 7,
    "person": {"id": 1, "name": "N", "salesforce_id": "0035g00000AbCdeQAF"},
    "campaign": {"name": "Spring", "day": 1, "step": 2},
    "call_outcome": None,
    "call_reason": "",
    "idempotency_key": "tb:x:1:1",
    "completed_at": None,
    "created_at": STAMP,
    "updated_at": STAMP,
}
SF: dict[str, Any] = {
    "attributes": {"type": "Task"},
    "Id": to_18("00T5g0000000001"),
    "IsDeleted": False,
    "SystemModstamp": "2026-03-01T08:00:00.000+0000",
    "LastModifiedDate": "2026-03-01T08:00:00.000+0000",
    "CreatedDate": "2026-03-01T08:00:00.000+0000",
    "Subject": None,
    "Status": "In Progress",
    "Priority": "Low",
    "ActivityDate": "2024-02-29",
    "Description": "a\r\nb",
    "OwnerId": to_18("0055g0000000001"),
    "WhoId": None,
    "TaskSubtype": "Task",
    "IsClosed": False,
    "IsRecurrence": False,
    "IsArchived": False,
    "CompletedDateTime": None,
    "Taskbridge_Id__c": None,
}


def sales_connect(*records: Any) -> list[dict[str, Any]]:
    return rows_of(sales_connect_records.decode_tasks(records))


def salesforce(*records: Any) -> list[dict[str, Any]]:
    return rows_of(salesforce_records.decode_tasks(records, Marked("Taskbridge_Id__c")))


def test_a_sales_connect_task() -> None:
    (row,) = sales_connect(SC)
    assert row["remote_id"] == "42"
    assert row["owner"] == "7"
    assert (row["status"], row["priority"]) == ("open", "normal")
    assert row["due_date"].isoformat() == "2026-02-28"
    assert row["details"] == "a\nb"
    assert row["version"].isoformat() == "2026-03-01T08:00:00.123456+00:00"
    assert (row["campaign_name"], row["campaign_day"], row["campaign_step"]) == ("Spring", "1", "2")
    assert row["call_reason"] is None
    assert row["person"] == "0035g00000AbCdeQAF"
    assert row["problem_code"] is None
    assert orjson.loads(row["payload"]) == SC


def test_a_salesforce_task() -> None:
    (row,) = salesforce(SF)
    assert row["presence"] == "live"
    assert (row["status"], row["priority"]) == ("In Progress", "Low")
    assert row["due_date"].isoformat() == "2024-02-29"
    assert row["title"] is None
    assert row["version"].isoformat() == "2026-03-01T08:00:00+00:00"
    assert row["is_closed"] is False
    assert row["problem_code"] is None


def test_a_deleted_salesforce_task_keeps_its_values() -> None:
    (row,) = salesforce({**SF, "IsDeleted": True})
    assert (row["presence"], row["status"]) == ("deleted", "In Progress")


def test_S2_a_task_without_an_assignee_is_understood() -> None:
    (ours,), (theirs,) = sales_connect({**SC, "assignee_id": None}), salesforce({**SF, "OwnerId": None})
    assert ours["problem_code"] is theirs["problem_code"] is ours["owner"] is theirs["owner"] is None
    assert (ours["title"], theirs["presence"]) == ("Call", "live")


@pytest.mark.parametrize("line_break", ["\x0b", "\x0c"])
def test_T2_a_vertical_tab_or_form_feed_is_a_line_break(line_break: str) -> None:
    (ours,) = sales_connect({**SC, "name": f"a{line_break}b", "details": f"c{line_break}d{line_break}"})
    (theirs,) = salesforce({**SF, "Subject": f"a{line_break}b"})
    assert ours["problem_code"] is theirs["problem_code"] is None
    assert (ours["title"], ours["details"], theirs["title"]) == ("a\nb", "c\nd", "a\nb")


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"due_date": "2026-02-30"}, "BAD_VALUE", "due_date: '2026-02-30' is not a date"),
        ({"due_date": "0000-01-01"}, "BAD_VALUE", "due_date"),
        ({"due_date": "2026-02-28T00:00:00Z"}, "BAD_VALUE", "due_date"),
        ({"due_date": 20260228}, "BAD_VALUE", "due_date: 20260228"),
        ({"name": None}, "MISSING_VALUE", "name is empty"),
        ({"name": 5}, "BAD_VALUE", "name: 5 is not a text"),
        ({"name": "nul\x00"}, "CONTROL_CHARACTERS", "title"),
        ({"details": "bell\x07"}, "CONTROL_CHARACTERS", "details"),
        ({"details": ["a"]}, "BAD_VALUE", "details"),
        ({"details": "\ud800"}, "BAD_VALUE", "details: '\\ud800'"),
        ({"status": None}, "MISSING_VALUE", "status"),
        ({"status": "paused"}, "BAD_VALUE", "status: 'paused' is none of open, complete, skipped"),
        ({"priority": "urgent"}, "BAD_VALUE", "priority"),
        ({"assignee_id": "ada"}, "BAD_VALUE", "assignee_id"),
        ({"assignee_id": True}, "BAD_VALUE", "assignee_id"),
        ({"assignee_id": 2**70}, "BAD_VALUE", "assignee_id"),
        ({"updated_at": None}, "MISSING_VALUE", "updated_at"),
        ({"updated_at": "2026-03-01T08:00:00"}, "BAD_VALUE", "updated_at"),
        ({"created_at": "yesterday"}, "BAD_VALUE", "created_at"),
        ({"updated_at": "0001-01-01T00:00:00+01:00"}, "BAD_VALUE", "1900 to 2999"),
        ({"updated_at": "1899-12-31T23:59:59Z"}, "BAD_VALUE", "1900 to 2999"),
        ({"created_at": "9999-12-31T23:59:59-01:00"}, "BAD_VALUE", "1900 to 2999"),
        ({"due_date": "10000-01-01"}, "BAD_VALUE", "due_date"),
        ({"person": "Nora"}, "BAD_VALUE", "person"),
        ({"campaign": {"day": "one"}}, "BAD_VALUE", "campaign.day"),
    ],
)
def test_bad_sales_connect_records_keep_to_themselves(change: dict[str, Any], code: str, text: str) -> None:
    first, bad, last = sales_connect(SC, {**SC, "id": 43, **change}, {**SC, "id": 44})
    assert first["problem_code"] is last["problem_code"] is None
    assert (first["title"], last["title"]) == ("Call", "Call")
    assert bad["problem_code"] == code
    assert text in bad["problem_message"]
    assert (bad["remote_id"], bad["presence"]) == ("43", "live")
    kept = {"remote_id", "presence", "problem_code", "problem_message", "payload"}
    assert {name for name in SALES_CONNECT_TASKS.names if bad[name] is not None} == kept


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ActivityDate": "2025-02-29"}, "BAD_VALUE"),
        ({"Status": None}, "MISSING_VALUE"),
        ({"SystemModstamp": None}, "MISSING_VALUE"),
        ({"OwnerId": "0" * 3_000}, "BAD_VALUE"),
        ({"SystemModstamp": "0001-01-01T00:00:00.000+0100"}, "BAD_VALUE"),
        ({"LastModifiedDate": "2026-13-01T08:00:00.000+0000"}, "BAD_VALUE"),
        ({"IsClosed": "no"}, "BAD_VALUE"),
        ({"IsDeleted": None}, "MISSING_VALUE"),
        ({"Subject": "bell\x07"}, "CONTROL_CHARACTERS"),
        ({"Subject": {"text": "x"}}, "BAD_VALUE"),
    ],
)
def test_bad_salesforce_records_keep_to_themselves(change: dict[str, Any], code: str) -> None:
    bad, good = salesforce({**SF, **change}, {**SF, "Id": to_18("00T5g0000000002")})
    assert good["problem_code"] is None
    assert good["status"] == "In Progress"
    assert bad["problem_code"] == code
    kept = {"remote_id", "presence", "problem_code", "problem_message", "payload"}
    assert {name for name in SALESFORCE_TASKS.names if bad[name] is not None} == kept


@pytest.mark.parametrize(
    ("change", "code", "owner"),
    [
        ({"Status": None}, None, SF["OwnerId"]),
        ({"Subject": "nul\x00"}, None, SF["OwnerId"]),
        ({"OwnerId": 5}, None, None),
        ({"SystemModstamp": None}, "MISSING_VALUE", None),
    ],
)
def test_what_a_salesforce_task_in_the_bin_holds_is_no_problem(
    change: dict[str, Any], code: str | None, owner: str | None
) -> None:
    (row,) = salesforce({**SF, "IsDeleted": True, **change})
    assert (row["problem_code"], row["presence"], row["owner"]) == (code, "deleted", owner)
    assert (row["version"] is None) is (code is not None)


@pytest.mark.parametrize("record", [{}, None, "text", 5, [SC]])
def test_what_is_no_record_at_all_is_parked_under_a_steady_name(record: Any) -> None:
    bad, good = sales_connect(record, SC)
    assert good["remote_id"] == "42"
    assert bad["problem_code"] in ("BAD_VALUE", "MISSING_VALUE")
    assert bad["remote_id"].startswith("without-id-")
    assert sales_connect(record)[0]["remote_id"] == bad["remote_id"]


def test_an_id_that_no_index_can_hold_is_parked_under_a_steady_name() -> None:
    bad, good = salesforce({**SF, "Id": "0" * 3_000}, SF)
    assert (good["remote_id"], good["problem_code"]) == (SF["Id"], None)
    assert bad["problem_code"] == "BAD_VALUE"
    assert bad["remote_id"].startswith("without-id-")


def test_an_entry_of_the_delete_feed() -> None:
    entry = {"id": 42, "deleted_at": STAMP, "assignee_id": 7, "cause": "user_deleted", "idempotency_key": "k"}
    bad = {**entry, "id": 43, "deleted_at": "never"}
    good_row, bad_row = rows_of(sales_connect_records.decode_deletes([entry, bad]))
    assert (good_row["presence"], good_row["delete_cause"], good_row["owner"]) == (
        "deleted",
        "user_deleted",
        "7",
    )
    assert good_row["version"].isoformat() == "2026-03-01T08:00:00.123456+00:00"
    assert (bad_row["problem_code"], bad_row["presence"]) == ("BAD_VALUE", "deleted")


def test_no_records_are_an_empty_frame() -> None:
    assert sales_connect() == salesforce() == []
