"""Validation rules, triggers, picklists, and how much of a span is listed."""

from typing import Any

import pytest

from tests.sandbox.bulk_client import BulkClient
from tests.sandbox.org_client import OrgClient


def trigger(org: OrgClient, **rule: Any) -> None:
    org.served.switch(triggers=[{"field": "Subject", **rule}])


def test_a_validation_rule_refuses_every_way_of_writing(org: OrgClient) -> None:
    rule = {"field": "Subject", "refuse": "(?i).*forbidden.*", "message": "Not this one", "on_field": True}
    org.served.switch(validation_rules=[rule])
    error = {
        "message": "Not this one",
        "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "fields": ["Subject"],
    }
    answer = org.call("POST", "/sobjects/Task", json={"Subject": "a FORBIDDEN word"})
    assert (answer.status_code, answer.json()) == (400, [error])
    rows = org.rows("POST", {"Subject": "fine"}, {"Subject": "forbidden"})
    assert [row["success"] for row in rows] == [True, False]
    bulk = BulkClient(org)
    job = bulk.run("insert", "Subject\nforbidden\n")["id"]
    expected = "FIELD_CUSTOM_VALIDATION_EXCEPTION:Not this one:Subject --"
    assert bulk.errors(job) == {"forbidden": expected}


def test_a_validation_rule_may_demand_a_value(org: OrgClient) -> None:
    rule = {"field": "ActivityDate", "refuse": "", "message": "When?"}
    org.served.switch(validation_rules=[rule])
    answer = org.call("POST", "/sobjects/Task", json={"Subject": "a"})
    assert answer.json()[0]["fields"] == []
    task = org.create(Subject="a", ActivityDate="2026-05-01")
    assert org.update(task, ActivityDate=None).status_code == 400
    assert org.update(task, Subject="b").status_code == 204


@pytest.mark.parametrize(
    ("rule", "saved"),
    [
        ({"action": "upper"}, "CALL  NORA"),
        ({"action": "collapse"}, "Call Nora"),
        ({"action": "truncate", "value": 4}, "Call"),
        ({"action": "append", "value": " (CRM)"}, "Call  Nora (CRM)"),
        ({"action": "set", "value": "Always this"}, "Always this"),
    ],
)
def test_a_trigger_changes_what_is_saved(org: OrgClient, rule: dict[str, Any], saved: str) -> None:
    trigger(org, **rule)
    assert org.read(org.create(Subject="Call  Nora"))["Subject"] == saved


def test_a_trigger_may_change_another_field_and_its_derived_ones(org: OrgClient) -> None:
    trigger(org, field="Status", action="set", value="Completed", on="update")
    task = org.create(Subject="a")
    assert org.read(task)["Status"] == "Not Started"
    org.update(task, Subject="b")
    found = org.read(task)
    assert (found["Status"], found["IsClosed"]) == ("Completed", True)
    assert found["CompletedDateTime"] is not None


def test_triggers_work_on_what_people_do_too(org: OrgClient) -> None:
    trigger(org, action="upper")
    task = org.served.control("POST", "/people/Task", {"fields": {"Subject": "a"}})["id"]
    assert org.read(task)["Subject"] == "A"


def test_a_trigger_that_refuses(org: OrgClient) -> None:
    trigger(org, action="refuse", value="Ask the manager", on="update")
    task = org.create(Subject="a")
    row = org.rows("PATCH", {"Id": task, "Subject": "b"})[0]["errors"][0]
    assert row["statusCode"] == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    assert row["message"].startswith("TaskTrigger: execution of BeforeUpdate\n\ncaused by:")
    assert "Ask the manager" in row["message"]


def test_picklists_have_the_values_that_an_administrator_gives(org: OrgClient) -> None:
    values = ["Not Started", "Completed", "On Hold"]
    org.served.switch(picklists={"Task.Status": values}, restricted_status=True)
    fields = {field["name"]: field for field in org.call("GET", "/sobjects/Task/describe").json()["fields"]}
    assert [value["value"] for value in fields["Status"]["picklistValues"]] == values
    assert fields["Status"]["restrictedPicklist"] is fields["Priority"]["restrictedPicklist"] is True
    assert org.read(org.create(Status="On Hold"))["Status"] == "On Hold"
    answer = org.call("POST", "/sobjects/Task", json={"Status": "Deferred"})
    assert answer.json()[0]["errorCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


def test_a_span_with_too_many_ids_is_not_listed(org: OrgClient) -> None:
    org.set_clock("2026-07-15T12:00:00Z")
    org.served.switch(replication_max_ids=1)
    tasks = [org.create(Subject="a") for _ in range(2)]
    org.advance(minutes=2)
    span = {"start": "2026-07-15T11:59:00Z", "end": "2026-07-15T12:02:00Z"}
    answer = org.call("GET", "/sobjects/Task/updated", params=span)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "EXCEEDED_ID_LIMIT")
    org.delete(tasks[0])
    org.advance(minutes=2)
    span["end"] = "2026-07-15T12:04:00Z"
    assert org.call("GET", "/sobjects/Task/updated", params=span).json()["ids"] == [tasks[1]]
    assert len(org.call("GET", "/sobjects/Task/deleted", params=span).json()["deletedRecords"]) == 1


def test_limits_may_lag_behind_the_header(org: OrgClient) -> None:
    org.set_clock("2026-07-15T12:00:00Z")
    org.served.switch(limits_lag_seconds=300, api_daily_max=5)
    for used in (1, 2, 3):
        answer = org.call("GET", "/limits")
        assert answer.headers["Sforce-Limit-Info"] == f"api-usage={used}/5"
        assert answer.json()["DailyApiRequests"]["Remaining"] == 5
    org.advance(seconds=301)
    assert org.call("GET", "/limits").json()["DailyApiRequests"]["Remaining"] == 2
    org.call("GET", "/limits")
    refused = org.call("GET", "/limits")
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
    org.advance(hours=24)
    org.served.log_in()
    assert org.call("GET", "/limits").headers["Sforce-Limit-Info"] == "api-usage=1/5"
