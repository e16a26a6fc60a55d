"""What the API's user may not see or change; people in the org are not bound by it."""

from datetime import timedelta
from typing import Any

import pytest
import requests

from tests.sandbox.bulk_client import BulkClient
from tests.sandbox.org_client import KEY, OrgClient

NO_COLUMN = "No such column 'Description' on"


def error_of(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()[0]["errorCode"]


def described(org: OrgClient, sobject: str = "Task") -> dict[str, Any]:
    answer: dict[str, Any] = org.call("GET", f"/sobjects/{sobject}/describe").json()
    return answer


def fields_of(org: OrgClient) -> dict[str, dict[str, Any]]:
    return {field["name"]: field for field in described(org)["fields"]}


def test_a_hidden_field_is_as_if_it_were_not_there(org: OrgClient) -> None:
    task = org.create(Subject="a", Description="secret")
    org.served.switch(hidden_fields=["Task.Description"])
    assert "Description" not in fields_of(org)
    assert "Description" not in org.read(task)
    answer = org.call("GET", "/query", params={"q": "SELECT Id, Description FROM Task"})
    assert error_of(answer) == (400, "INVALID_FIELD")
    assert NO_COLUMN in answer.json()[0]["message"]
    assert error_of(org.update(task, Description="x")) == (400, "INVALID_FIELD")
    assert error_of(org.call("POST", "/sobjects/Task", json={"Description": "x"})) == (400, "INVALID_FIELD")
    assert (
        org.rows("PATCH", {"Id": task, "Description": "x"})[0]["errors"][0]["statusCode"] == "INVALID_FIELD"
    )
    job = BulkClient(org).run("update", f"Id,Description\n{task},x\n")
    assert job["errorMessage"] == "InvalidBatch : Field name not found : Description"
    org.served.switch(hidden_fields=[])
    assert org.read(task)["Description"] == "secret"


def test_people_see_and_keep_hidden_fields(org: OrgClient) -> None:
    org.served.switch(hidden_fields=["Task.Description", "Task.IsReminderSet"])
    fields = {"Subject": "a", "Description": "by hand"}
    task = org.served.control("POST", "/people/Task", {"fields": fields})["id"]
    assert org.update(task, Subject="b").status_code == 204
    org.served.switch(hidden_fields=[])
    found = org.read(task)
    assert (found["Description"], found["IsReminderSet"], found["Subject"]) == ("by hand", False, "b")


def test_a_read_only_field_is_shown_and_not_taken(org: OrgClient) -> None:
    org.served.switch(read_only_fields=["Task.Priority"])
    field = fields_of(org)["Priority"]
    assert (field["createable"], field["updateable"]) == (False, False)
    task = org.create(Subject="a")
    assert org.read(task)["Priority"] == "Normal"
    answer = org.update(task, Priority="High")
    assert error_of(answer) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    assert answer.json()[0]["fields"] == ["Priority"]
    assert "security settings" in answer.json()[0]["message"]
    bulk = BulkClient(org)
    job = bulk.run("insert", "Subject,Priority\nb,High\n")
    assert bulk.errors(job["id"])["b"].startswith("INVALID_FIELD_FOR_INSERT_UPDATE:Unable to create/update")


def test_an_org_without_the_external_id_field(org: OrgClient) -> None:
    org.served.switch(external_id_field=False)
    assert KEY not in fields_of(org)
    assert KEY not in org.read(org.create(Subject="a"))
    assert error_of(org.call("PATCH", f"/sobjects/Task/{KEY}/a", json={"Subject": "a"})) == (404, "NOT_FOUND")
    body = {"records": [{"attributes": {"type": "Task"}, KEY: "a"}]}
    assert error_of(org.call("PATCH", f"/composite/sobjects/Task/{KEY}", json=body)) == (404, "NOT_FOUND")
    answer = org.call("GET", "/query", params={"q": f"SELECT {KEY} FROM Task"})
    assert error_of(answer) == (400, "INVALID_FIELD")
    job = {"object": "Task", "operation": "upsert", "externalIdFieldName": KEY}
    assert error_of(org.call("POST", "/jobs/ingest", json=job)) == (400, "INVALIDJOB")


def test_an_external_id_that_is_not_unique(org: OrgClient) -> None:
    org.served.switch(external_id_unique=False)
    assert fields_of(org)[KEY]["unique"] is False
    twins = [org.create(**{KEY: "a"}) for _ in range(2)]
    answer = org.call("PATCH", f"/sobjects/Task/{KEY}/a", json={"Subject": "x"})
    assert answer.status_code == 300
    assert [url.rsplit("/", 1)[1] for url in answer.json()] == twins
    assert org.call("GET", f"/sobjects/Task/{KEY}/a").status_code == 300
    row = org.rows("PATCH", {KEY: "a", "Subject": "x"}, path=f"/Task/{KEY}")[0]
    assert row["errors"][0]["statusCode"] == "DUPLICATE_EXTERNAL_ID"
    assert twins[0] in row["errors"][0]["message"]


def test_a_read_only_user(org: OrgClient) -> None:
    task = org.create(Subject="a")
    org.served.switch(read_only_user=True)
    assert described(org)["createable"] is described(org)["deletable"] is False
    assert fields_of(org)["Subject"]["updateable"] is False
    assert org.read(task)["Subject"] == "a"
    answer = org.call("POST", "/sobjects/Task", json={"Subject": "b"})
    assert error_of(answer) == (400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY")
    denied = (403, "INSUFFICIENT_ACCESS_OR_READONLY")
    assert error_of(org.update(task, Subject="b")) == denied
    assert error_of(org.delete(task)) == denied
    codes = [row["errors"][0]["statusCode"] for row in org.rows("PATCH", {"Id": task, "Subject": "b"})]
    deleted = org.call("DELETE", "/composite/sobjects", params={"ids": task}).json()
    assert [*codes, deleted[0]["errors"][0]["statusCode"]] == [denied[1]] * 2
    org.served.control("PATCH", f"/people/Task/{task}", {"fields": {"Subject": "by hand"}})
    assert org.read(task)["Subject"] == "by hand"


def test_a_hidden_object(org: OrgClient) -> None:
    contact = org.create("Contact", LastName="x")
    org.served.switch(hidden_objects=["Contact"])
    assert org.call("GET", "/sobjects/Contact/describe").status_code == 404
    assert error_of(org.call("GET", "/query", params={"q": "SELECT Id FROM Contact"})) == (
        400,
        "INVALID_TYPE",
    )
    assert error_of(org.call("GET", f"/sobjects/Contact/{contact}")) == (404, "NOT_FOUND")
    row = org.call("DELETE", "/composite/sobjects", params={"ids": contact}).json()[0]
    assert row["errors"][0]["statusCode"] == "INVALID_CROSS_REFERENCE_KEY"
    assert "Contact" not in {each["name"] for each in org.call("GET", "/sobjects").json()["sobjects"]}


@pytest.fixture
def hers(org: OrgClient) -> str:
    """A task of Ada, whose records are hidden from the API's user."""
    ada = org.user("ada@example.com")
    task = org.create(Subject="hers", OwnerId=ada, **{KEY: "hers"})
    org.served.switch(hidden_owners=["ada@example.com"])
    return task


def test_a_record_that_is_not_shared_is_nowhere(org: OrgClient, hers: str) -> None:
    ours = org.create(Subject="ours")
    for resource in ("query", "queryAll"):
        assert org.query("SELECT COUNT() FROM Task", resource)["totalSize"] == 1
    assert error_of(org.call("GET", f"/sobjects/Task/{hers}")) == (404, "NOT_FOUND")
    assert error_of(org.call("GET", f"/sobjects/Task/{KEY}/hers")) == (404, "NOT_FOUND")
    body = {"ids": [hers], "fields": ["Id"]}
    assert org.call("POST", "/composite/sobjects/Task", json=body).json() == [None]
    org.advance(minutes=2)
    now = org.served.service.kernel.clock.now()
    span = {"start": (now - timedelta(minutes=10)).isoformat(), "end": now.isoformat()}
    assert org.call("GET", "/sobjects/Task/updated", params=span).json()["ids"] == [ours]


def test_a_record_that_is_not_shared_can_not_be_changed(org: OrgClient, hers: str) -> None:
    assert error_of(org.update(hers, Subject="x")) == (404, "NOT_FOUND")
    assert error_of(org.delete(hers)) == (404, "NOT_FOUND")
    rows = org.rows("PATCH", {"Id": hers, "Subject": "x"})
    assert rows[0]["errors"][0]["statusCode"] == "INVALID_CROSS_REFERENCE_KEY"
    upserted = org.rows("PATCH", {KEY: "hers", "Subject": "x"}, path=f"/Task/{KEY}")
    unknown = "duplicate value found: <unknown> duplicates value on record with id: <unknown>"
    assert upserted[0]["errors"] == [{"statusCode": "DUPLICATE_VALUE", "message": unknown, "fields": []}]
    org.served.control("PATCH", f"/people/Task/{hers}", {"fields": {"Priority": "High"}})
    org.served.switch(hidden_owners=[])
    assert (org.read(hers)["Subject"], org.read(hers)["Priority"]) == ("hers", "High")


def test_a_lookup_to_a_record_that_is_not_shared(org: OrgClient) -> None:
    ada = org.user("ada@example.com")
    account = org.create("Account", Name="hers", OwnerId=ada)
    org.served.switch(hidden_owners=[ada])
    answer = org.call("POST", "/sobjects/Task", json={"WhatId": account})
    assert error_of(answer) == (400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY")


def test_records_that_are_shared_for_reading(org: OrgClient) -> None:
    ada = org.user("ada@example.com")
    task = org.create(Subject="hers", OwnerId=ada)
    org.served.switch(read_only_owners=[ada])
    assert org.read(task)["Subject"] == "hers"
    assert error_of(org.update(task, Subject="x")) == (403, "INSUFFICIENT_ACCESS_OR_READONLY")
    assert (
        org.rows("PATCH", {"Id": task})[0]["errors"][0]["message"]
        == "insufficient access rights on object id"
    )


def test_an_org_without_the_api(org: OrgClient) -> None:
    org.served.switch(api_enabled=False)
    assert error_of(org.call("GET", "/limits")) == (403, "API_DISABLED_FOR_ORG")


def test_a_password_that_expired_lets_logins_in_and_no_call(org: OrgClient) -> None:
    org.served.switch(password_expired=True)
    for path in ("/limits", "/sobjects/Task/describe"):
        assert error_of(org.call("GET", path)) == (403, "INVALID_OPERATION_WITH_EXPIRED_PASSWORD")


@pytest.mark.parametrize(
    "switch",
    [
        {"hidden_fields": ["Description"]},
        {"read_only_fields": ["Task.Descripton"]},
        {"hidden_objects": ["Tsk"]},
        {"picklists": {"Task.Stat": []}},
        {"validation_rules": [{"field": "Subjct", "refuse": "", "message": ""}]},
        {"validation_rules": [{"field": "Subject", "refuse": "(", "message": ""}]},
        {"triggers": [{"field": "Subject", "action": "lower"}]},
    ],
)
def test_switches_name_what_exists(org: OrgClient, switch: dict[str, Any]) -> None:
    before = org.served.control("GET", "/switches")
    org.served.refused("PATCH", "/switches", switch)
    assert org.served.control("GET", "/switches") == before
