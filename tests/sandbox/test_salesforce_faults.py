"""Faults on calls and on chosen rows."""

import pytest
import requests

from tests.sandbox.org_client import DATA, KEY, OrgClient

COLLECTION = "POST /services/data/{version}/composite/sobjects"
UPSERT = "PATCH /services/data/{version}/composite/sobjects/{sobject}/{field}"
UPDATE = "PATCH /services/data/{version}/sobjects/{sobject}/{record_id}"
QUERY = "GET /services/data/{version}/query"


def test_locked_rows_by_subject(org: OrgClient) -> None:
    org.served.fault(endpoint=COLLECTION, kind="row_error", code="UNABLE_TO_LOCK_ROW", record="two")
    rows = org.rows("POST", {"Subject": "one"}, {"Subject": "two"})
    assert rows[0]["success"] is True
    assert rows[1]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert rows[1]["errors"][0]["message"].startswith("unable to obtain exclusive access to this record")
    assert org.rows("POST", {"Subject": "two"})[0]["success"] is True


def test_any_error_by_external_id_for_ever(org: OrgClient) -> None:
    code, message = "FIELD_CUSTOM_VALIDATION_EXCEPTION", "Not on Sundays"
    org.served.fault(endpoint=UPSERT, kind="row_error", code=code, message=message, record="k1", times=None)
    for _ in range(2):
        rows = org.rows("PATCH", {KEY: "k1"}, {KEY: "k2"}, path=f"/Task/{KEY}")
        assert rows[0]["errors"] == [{"statusCode": code, "message": message, "fields": []}]
        assert (rows[0]["created"], rows[1]["success"]) == (False, True)


def test_a_locked_single_record_by_its_present_subject(org: OrgClient) -> None:
    record_id = org.create(Subject="locked")
    org.served.fault(endpoint=UPDATE, kind="row_error", code="UNABLE_TO_LOCK_ROW", record="locked")
    answer = org.update(record_id, Priority="High")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "UNABLE_TO_LOCK_ROW")
    assert record_id in answer.json()[0]["message"]
    assert org.update(record_id, Priority="High").status_code == 204


def test_row_faults_spare_people(org: OrgClient) -> None:
    org.served.fault(endpoint="*", kind="row_error", code="UNABLE_TO_LOCK_ROW", times=None)
    org.served.control("POST", "/people/Task", {"fields": {"Subject": "x"}})


def test_a_whole_call_refused_in_the_vendors_words(org: OrgClient) -> None:
    org.served.fault(endpoint=QUERY, kind="status", status=401, code="INVALID_SESSION_ID", message="Session")
    answer = org.call("GET", "/query", params={"q": "SELECT Id FROM Task"})
    assert answer.status_code == 401
    assert answer.json() == [{"message": "Session", "errorCode": "INVALID_SESSION_ID"}]


@pytest.mark.parametrize("status", [406, 420, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("body", [None, "<html>maintenance</html>", "not json"])
def test_answers_of_everything_that_stands_before_the_api(
    org: OrgClient, status: int, body: str | None
) -> None:
    fault = {"kind": "status", "endpoint": QUERY, "status": status}
    org.served.fault(**fault if body is None else fault | {"body": body})
    answer = org.call("GET", "/query", params={"q": "SELECT Id FROM Task"})
    assert (answer.status_code, answer.text) == (status, body or "")
    assert org.query("SELECT Id FROM Task")["done"] is True


def test_a_path_with_a_slash_at_its_end_is_the_same_endpoint(org: OrgClient) -> None:
    org.served.fault(endpoint=QUERY, kind="status", status=503, body="<html>maintenance</html>")
    answer = org.call("GET", "/query/", params={"q": "SELECT Id FROM Task"})
    assert (answer.status_code, answer.text) == (503, "<html>maintenance</html>")
    assert answer.headers["Content-Type"].startswith("text/html")


def test_the_answer_to_a_create_is_lost_after_the_commit(org: OrgClient) -> None:
    org.served.fault(endpoint=UPSERT, kind="drop_after")
    records = [{"attributes": {"type": "Task"}, KEY: "k1", "Subject": "x"}]
    with pytest.raises(requests.ConnectionError):
        org.call("PATCH", f"/composite/sobjects/Task/{KEY}", json={"records": records})
    assert org.query("SELECT COUNT() FROM Task")["totalSize"] == 1
    assert org.rows("PATCH", {KEY: "k1"}, path=f"/Task/{KEY}")[0]["created"] is False


def test_rows_become_visible_late(org: OrgClient) -> None:
    org.set_clock("2026-07-15T12:00:00Z")
    seen = org.create(Subject="seen")
    org.served.fault(endpoint="*", kind="late", seconds=120, record="late")
    org.advance(seconds=30)
    late = org.create(Subject="late")
    span = {"start": "2026-07-15T11:00:00Z", "end": "2026-07-15T13:00:00Z"}
    org.advance(seconds=90)
    for resource in ("query", "queryAll"):
        assert org.ids("SELECT Id FROM Task", resource) == [seen]
    updated = org.call("GET", "/sobjects/Task/updated", params=span).json()
    assert updated["ids"] == [seen]
    assert updated["latestDateCovered"] == "2026-07-15T12:00:30.000+0000"
    assert org.read(late)["SystemModstamp"] == "2026-07-15T12:00:30.000+0000"
    assert org.rows("PATCH", {"Id": seen})[0]["success"] is True
    org.advance(seconds=30)
    assert org.ids("SELECT Id FROM Task ORDER BY Id") == [seen, late]
    assert late in org.call("GET", "/sobjects/Task/updated", params=span).json()["ids"]


def test_a_late_row_that_is_written_again_is_visible_at_once(org: OrgClient) -> None:
    org.served.fault(endpoint="*", kind="late", seconds=3600)
    record_id = org.create(Subject="late")
    assert org.ids("SELECT Id FROM Task") == []
    org.update(record_id, Subject="in time")
    assert org.ids("SELECT Id FROM Task") == [record_id]


def test_deletes_of_people_become_visible_late(org: OrgClient) -> None:
    org.set_clock("2026-07-15T12:00:00Z")
    record_id = org.create(Subject="x")
    org.served.fault(endpoint="DELETE /__sandbox__/people/*", kind="late", seconds=120)
    org.served.control("DELETE", f"/people/Task/{record_id}")
    span = {"start": "2026-07-15T11:00:00Z", "end": "2026-07-15T13:00:00Z"}
    assert org.call("GET", "/sobjects/Task/deleted", params=span).json()["deletedRecords"] == []
    assert org.ids("SELECT Id FROM Task", "queryAll") == []
    org.advance(seconds=120)
    deleted = org.call("GET", "/sobjects/Task/deleted", params=span).json()["deletedRecords"]
    assert [row["id"] for row in deleted] == [record_id]


def test_calls_are_counted_by_endpoint(org: OrgClient) -> None:
    record_id = org.create(Subject="x")
    org.read(record_id)
    org.served.api("GET", f"{DATA}/limits/")
    counted = org.served.control("GET", "/calls")
    assert counted["by_endpoint"] == {
        "POST /services/data/{version}/sobjects/{sobject}": 1,
        "GET /services/data/{version}/sobjects/{sobject}/{record_id}": 1,
        "GET /services/data/{version}/limits": 1,
    }


def test_retrieve_by_post_counts_as_a_read(org: OrgClient) -> None:
    body = {"ids": [org.create(Subject="x")], "fields": ["Id"]}
    org.served.control("DELETE", "/calls")
    org.call("POST", "/composite/sobjects/Task", json=body)
    counted = org.served.control("GET", "/calls")
    assert (counted["reads"], counted["writes"]) == (1, 0)
