"""What the platform computes."""

import pytest

from sandbox.salesforce.ids import make_id
from tests.sandbox.org_client import OrgClient

NOON, LATER = "2026-07-15T12:00:00.000+0000", "2026-07-15T13:00:00.000+0000"


@pytest.fixture
def noon(org: OrgClient) -> OrgClient:
    org.set_clock("2026-07-15T12:00:00Z")
    return org


def test_completed_date_time_follows_the_status(noon: OrgClient) -> None:
    record_id = noon.create(Status="Completed")
    assert noon.read(record_id)["CompletedDateTime"] == NOON
    noon.advance(hours=1)
    noon.update(record_id, Status="Completed", Subject="saved again")
    assert noon.read(record_id)["CompletedDateTime"] == NOON
    noon.update(record_id, Status="In Progress")
    task = noon.read(record_id)
    assert (task["CompletedDateTime"], task["IsClosed"]) == (None, False)
    noon.update(record_id, Status="Completed")
    task = noon.read(record_id)
    assert (task["CompletedDateTime"], task["IsClosed"]) == (LATER, True)


@pytest.mark.parametrize(
    ("priority", "high"), [("High", True), ("Normal", False), ("Low", False), ("Own", False)]
)
def test_is_high_priority_follows_the_priority(noon: OrgClient, priority: str, high: bool) -> None:
    assert noon.read(noon.create(Priority=priority))["IsHighPriority"] is high


def test_the_account_comes_from_what_else_from_who(noon: OrgClient) -> None:
    acme, other = noon.create("Account", Name="Acme"), noon.create("Account", Name="Other")
    nora = noon.create("Contact", LastName="Prospect", FirstName="Nora", AccountId=acme)
    record_id = noon.create(WhoId=nora)
    assert noon.read(record_id)["AccountId"] == acme
    noon.update(record_id, WhatId=other)
    assert noon.read(record_id)["AccountId"] == other
    noon.update(record_id, WhatId=None, WhoId=None)
    assert noon.read(record_id)["AccountId"] is None
    assert noon.read(nora, "Contact")["Name"] == "Nora Prospect"


def test_a_task_of_a_lead_has_no_other_relation(noon: OrgClient) -> None:
    acme = noon.create("Account", Name="Acme")
    rita = noon.create("Lead", LastName="Lead", Company="Sons")
    both = {"WhoId": rita, "WhatId": acme}
    answer = noon.call("POST", "/sobjects/Task", json=both)
    assert answer.json()[0]["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
    noon.served.switch(lead_excludes_what=False)
    noon.create(**both)


def test_the_master_of_a_series_keeps_its_status(noon: OrgClient) -> None:
    record_id = noon.create(IsRecurrence=True, RecurrenceType="RecursDaily", RecurrenceInterval=1)
    assert noon.update(record_id, Subject="x").status_code == 204
    for change in ({"Status": "Completed"}, {"ActivityDate": "2026-08-01"}):
        answer = noon.update(record_id, **change)
        assert answer.json()[0]["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
    assert noon.update(record_id, IsRecurrence=False).json()[0]["fields"] == ["IsRecurrence"]


def test_a_deleted_series_takes_its_occurrences_along(noon: OrgClient) -> None:
    master = noon.create(IsRecurrence=True, RecurrenceType="RecursDaily", RecurrenceInterval=1)
    for number, status in ((900, "Not Started"), (901, "Completed")):
        occurrence = {
            **noon.read(master),
            "Id": make_id("00T", number),
            "IsRecurrence": False,
            "Status": status,
        }
        del occurrence["attributes"]
        noon.served.control("POST", "/load", {"Task": [{**occurrence, "RecurrenceActivityId": master}]})
    other = noon.create(Subject="another")
    noon.delete(master)
    assert noon.ids("SELECT Id FROM Task") == [other]


def test_closed_tasks_are_archived_a_year_after_they_were_due(noon: OrgClient) -> None:
    due = noon.create(Status="Completed", ActivityDate="2026-07-10")
    undated = noon.create(Status="Completed")
    still_open = noon.create(ActivityDate="2026-07-10")
    noon.advance(days=361)
    noon.served.log_in()
    assert noon.ids("SELECT Id FROM Task") == [undated, still_open]
    assert noon.read(due)["IsArchived"] is True
    assert noon.ids("SELECT Id FROM Task WHERE IsArchived = true", "queryAll") == [due]
    assert noon.update(due, Subject="archived, and edited").status_code == 204
    noon.advance(days=5)
    noon.served.log_in()
    assert noon.ids("SELECT Id FROM Task") == [still_open]


def test_stamps_of_deletes_move(noon: OrgClient) -> None:
    record_id = noon.create(Subject="x")
    noon.advance(hours=1)
    noon.delete(record_id)
    row = noon.query("SELECT SystemModstamp, LastModifiedDate FROM Task", "queryAll")["records"][0]
    assert (row["LastModifiedDate"], row["SystemModstamp"]) == (NOON, LATER)


def test_only_some_orgs_have_the_type_field(noon: OrgClient) -> None:
    noon.served.switch(type_field=True)
    record_id = noon.create(Type="Call")
    assert noon.read(record_id)["Type"] == "Call"
    assert noon.ids("SELECT Id FROM Task WHERE Type = 'Call'") == [record_id]
