"""The outside proof: the Bulk 2.0 handler of an unmodified simple-salesforce against the sandbox, over TLS."""

import csv
import io
from typing import Any

import pytest
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceOperationError

from tests.sandbox.org_client import KEY
from tests.sandbox.served import Served
from tests.sandbox.texts import hard_text, units


@pytest.fixture
def client(salesforce: Served, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Untyped: objects are attributes that only exist at run time."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(salesforce.ca_bundle))
    return Salesforce(instance_url=salesforce.url, session_id=salesforce.service.vendor.issue_token())


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_insert_update_upsert_delete(client: Any) -> None:
    bulk = client.bulk2.Task
    inserted = bulk.insert(records=[{"Subject": "one"}, {"Subject": "x" * 256}], wait=0)[0]
    assert (inserted["numberRecordsProcessed"], inserted["numberRecordsFailed"]) == (2, 1)
    done = rows(bulk.get_successful_records(inserted["job_id"]))
    assert [(row["sf__Created"], row["Subject"]) for row in done] == [("true", "one")]
    failed = rows(bulk.get_failed_records(inserted["job_id"]))
    assert failed[0]["sf__Error"].startswith("STRING_TOO_LONG:Subject: data value too large")
    assert rows(bulk.get_unprocessed_records(inserted["job_id"])) == []
    record_id = done[0]["sf__Id"]
    assert bulk.update(records=[{"Id": record_id, "Priority": "High"}], wait=0)[0]["numberRecordsFailed"] == 0
    assert client.Task.get(record_id)["IsHighPriority"] is True
    keyed = [{KEY: "a", "Subject": "a"}, {KEY: "b", "Subject": "b"}]
    for created in ("true", "false"):
        job = bulk.upsert(records=keyed, external_id_field=KEY, wait=0)[0]["job_id"]
        assert {row["sf__Created"] for row in rows(bulk.get_successful_records(job))} == {created}
    assert bulk.delete(records=[{"Id": record_id}], wait=0)[0]["numberRecordsFailed"] == 0
    assert client.query("SELECT COUNT() FROM Task")["totalSize"] == 2


def test_several_jobs_at_once(client: Any) -> None:
    records = [{"Subject": f"task {number}"} for number in range(40)]
    jobs = client.bulk2.Task.insert(records=records, batch_size=10, concurrency=4, wait=0)
    assert [job["numberRecordsProcessed"] for job in jobs] == [10, 10, 10, 10]
    assert client.query("SELECT COUNT() FROM Task")["totalSize"] == 40


def test_query_and_query_all_page_by_page(client: Any) -> None:
    ids = [client.Task.create({"Subject": f"task {number}"})["id"] for number in range(5)]
    client.Task.delete(ids[0])
    soql = "SELECT Id FROM Task ORDER BY Id"
    pages = list(client.bulk2.Task.query(soql, max_records=2, wait=0))
    assert [[row["Id"] for row in rows(page)] for page in pages] == [ids[1:3], ids[3:]]
    everything = list(client.bulk2.Task.query_all(soql, max_records=50, wait=0))
    assert [row["Id"] for page in everything for row in rows(page)] == ids


def test_a_job_that_fails_says_why(client: Any) -> None:
    with pytest.raises(SalesforceOperationError, match="InvalidBatch : Field name not found : Nope"):
        client.bulk2.Task.insert(records=[{"Nope": "1"}], wait=0)
    with pytest.raises(SalesforceMalformedRequest, match="FEATURENOTENABLED"):
        client.bulk2.Task.hard_delete(records=[{"Id": "00TTb0000000001"}], wait=0)


def test_a_hard_text_comes_back_as_it_was(client: Any) -> None:
    text = hard_text()
    assert units(text) == 32_000
    assert text.startswith("=HYPERLINK")
    for part in ("\r\n", '"', ",", "🎯", "#N/A"):
        assert part in text
    body = {"records": [{"attributes": {"type": "Task"}, "Subject": "rows", "Description": text}]}
    saved = client.restful("composite/sobjects", method="POST", json=body)[0]["id"]
    assert client.Task.get(saved)["Description"] == text
    for line_ending in ("LF", "CRLF"):
        records = [{"Subject": line_ending, "Description": text}]
        job = client.bulk2.Task.insert(records=records, line_ending=line_ending, wait=0)[0]["job_id"]
        assert rows(client.bulk2.Task.get_successful_records(job))[0]["Description"] == text
        soql = f"SELECT Description FROM Task WHERE Subject = '{line_ending}'"
        (page,) = client.bulk2.Task.query(soql, line_ending=line_ending, wait=0)
        assert rows(page)[0]["Description"] == text
        assert client.query(soql)["records"][0]["Description"] == text
