"""Bulk API 2.0: jobs that read."""

from typing import Any

import pytest
import requests

from tests.sandbox.bulk_client import QUERY, BulkClient, refusal, rows_of
from tests.sandbox.org_client import DATA, KEY, OrgClient

SOQL = "SELECT Id, Subject FROM Task ORDER BY Subject"


@pytest.fixture
def bulk(org: OrgClient) -> BulkClient:
    return BulkClient(org)


def test_the_life_of_a_query_job(bulk: BulkClient) -> None:
    bulk.org.create(Subject="one")
    created = bulk.post(QUERY, operation="query", query="SELECT Id FROM task")
    assert created == {
        "id": created["id"],
        "operation": "query",
        "object": "Task",
        "createdById": created["createdById"],
        "createdDate": created["createdDate"],
        "systemModstamp": created["createdDate"],
        "state": "UploadComplete",
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": 67.0,
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
    }
    assert bulk.look(created["id"], QUERY)["state"] == "InProgress"
    done = bulk.look(created["id"], QUERY)
    assert (done["state"], done["numberRecordsProcessed"], done["jobType"]) == ("JobComplete", 1, "V2Query")


def test_results_are_quoted_csv_in_the_order_of_the_select_list(bulk: BulkClient) -> None:
    bulk.org.set_clock("2026-07-15T12:00:00Z")
    owner = bulk.org.user("ada@example.com", LastName="Lovelace")
    task = bulk.org.create(Subject='say "hi", you', Description="a\r\nb", OwnerId=owner, Status="Completed")
    fields = "Subject, Id, Description, Owner.Name, ActivityDate, IsClosed, SystemModstamp"
    answer = bulk.page(bulk.query(f"SELECT {fields} FROM Task"))
    assert answer.headers["Content-Type"].split(";")[0] == "text/csv"
    assert (answer.headers["Sforce-NumberOfRecords"], answer.headers["Sforce-Locator"]) == ("1", "null")
    assert answer.content.decode() == (
        '"Subject","Id","Description","Owner.Name","ActivityDate","IsClosed","SystemModstamp"\n'
        f'"say ""hi"", you","{task}","a\r\nb","Lovelace","","true","2026-07-15T12:00:00.000Z"\n'
    )


def test_pages_follow_the_locator_and_can_be_read_again(bulk: BulkClient) -> None:
    for number in range(5):
        bulk.org.create(Subject=f"task {number}")
    job = bulk.query(SOQL)
    first = bulk.page(job, maxRecords=2)
    second = bulk.page(job, maxRecords=2, locator=first.headers["Sforce-Locator"])
    last = bulk.page(job, maxRecords=2, locator=second.headers["Sforce-Locator"])
    pages = [[row["Subject"] for row in rows_of(page)] for page in (first, second, last)]
    assert pages == [["task 0", "task 1"], ["task 2", "task 3"], ["task 4"]]
    assert [page.headers["Sforce-NumberOfRecords"] for page in (first, second, last)] == ["2", "2", "1"]
    assert last.headers["Sforce-Locator"] == "null"
    assert bulk.page(job, maxRecords=2, locator=first.headers["Sforce-Locator"]).text == second.text
    for locator in ("null", "nonsense", "MTAwMDA", "%"):
        assert refusal(bulk.page(job, locator=locator))[1] == "INVALID_QUERY_LOCATOR"
    assert bulk.page(job, maxRecords=0).status_code == 400


def test_the_service_has_a_page_size_of_its_own(bulk: BulkClient) -> None:
    bulk.org.served.switch(bulk_page_rows=1)
    for number in range(2):
        bulk.org.create(Subject=f"task {number}")
    assert bulk.page(bulk.query(SOQL)).headers["Sforce-NumberOfRecords"] == "1"


def test_no_rows_leave_a_header(bulk: BulkClient) -> None:
    answer = bulk.page(bulk.query(SOQL))
    assert answer.text == '"Id","Subject"\n'
    assert (answer.headers["Sforce-NumberOfRecords"], answer.headers["Sforce-Locator"]) == ("0", "null")


def test_query_all_shows_the_bin_and_the_archive(bulk: BulkClient) -> None:
    kept, gone = bulk.org.create(Subject="a"), bulk.org.create(Subject="b")
    bulk.org.delete(gone)
    soql = "SELECT Id, IsDeleted FROM Task ORDER BY Id"
    assert [row["Id"] for row in rows_of(bulk.page(bulk.query(soql)))] == [kept]
    everything = rows_of(bulk.page(bulk.query(soql, "queryAll")))
    assert everything == [{"Id": kept, "IsDeleted": "false"}, {"Id": gone, "IsDeleted": "true"}]


def test_results_are_those_of_the_moment_when_the_job_ran(bulk: BulkClient) -> None:
    task = bulk.org.create(Subject="before")
    job = bulk.query(SOQL)
    bulk.org.update(task, Subject="after")
    assert rows_of(bulk.page(job))[0]["Subject"] == "before"


def test_delimiter_and_line_end(bulk: BulkClient) -> None:
    bulk.org.create(Subject="a^b")
    job = bulk.query(SOQL, columnDelimiter="CARET", lineEnding="CRLF")
    answer = bulk.page(job)
    assert answer.content.decode().startswith('"Id"^"Subject"\r\n')
    assert rows_of(answer, "^")[0]["Subject"] == "a^b"


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Id FROM Task OFFSET 1", "API_ERROR"),
        ("SELECT COUNT() FROM Task", "API_ERROR"),
        ("SELECT Status FROM Task GROUP BY Status", "API_ERROR"),
        ("SELECT MAX(CreatedDate) FROM Task", "API_ERROR"),
        ("SELECT Nope FROM Task", "INVALID_FIELD"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELEC Id FROM Task", "MALFORMED_QUERY"),
        ("", "INVALIDJOB"),
    ],
)
def test_queries_that_bulk_does_not_take(bulk: BulkClient, soql: str, code: str) -> None:
    answer = bulk.org.call("POST", QUERY, json={"operation": "query", "query": soql})
    assert refusal(answer)[:2] == (400, code)


@pytest.mark.parametrize(
    "body",
    [
        {"operation": "insert", "query": SOQL},
        {"operation": "query", "query": SOQL, "object": "Task"},
        {"operation": "query", "query": SOQL, "columnDelimiter": "SPACE"},
    ],
)
def test_query_jobs_that_are_not_opened(bulk: BulkClient, body: dict[str, Any]) -> None:
    assert refusal(bulk.org.call("POST", QUERY, json=body))[1] == "JSON_PARSER_ERROR"


def test_results_of_an_unfinished_job(bulk: BulkClient) -> None:
    job = bulk.post(QUERY, operation="query", query=SOQL)["id"]
    assert refusal(bulk.page(job))[:2] == (412, "JOB_NOT_COMPLETE")
    bulk.org.served.switch(bulk_early_results=204)
    assert bulk.page(job).status_code == 204


def test_results_are_of_the_version_of_the_job(bulk: BulkClient) -> None:
    job = bulk.query(SOQL)
    answer = bulk.org.served.api("GET", f"/services/data/v66.0{QUERY}/{job}/results")
    assert answer.status_code == 409


def test_abort_and_delete(bulk: BulkClient) -> None:
    job = bulk.post(QUERY, operation="query", query=SOQL)["id"]
    assert refusal(bulk.org.call("DELETE", f"{QUERY}/{job}"))[1] == "API_ERROR"
    assert bulk.set(job, "Aborted", QUERY).json()["state"] == "Aborted"
    assert refusal(bulk.set(job, "Aborted", QUERY))[1] == "INVALIDJOBSTATE"
    assert refusal(bulk.set(job, "UploadComplete", QUERY))[1] == "INVALIDJOBSTATE"
    done = bulk.query(SOQL)
    listed = {each["id"]: each["state"] for each in bulk.org.call("GET", QUERY).json()["records"]}
    assert listed == {job: "Aborted", done: "JobComplete"}
    assert bulk.org.call("DELETE", f"{QUERY}/{done}").status_code == 204
    assert bulk.page(done).status_code == 404
    assert bulk.org.call("GET", f"/jobs/ingest/{job}").status_code == 404


def test_query_jobs_of_a_day_run_out(bulk: BulkClient) -> None:
    bulk.org.served.switch(bulk_daily_query_jobs=1)
    bulk.query(SOQL)
    answer = bulk.org.call("POST", QUERY, json={"operation": "query", "query": SOQL})
    assert refusal(answer) == (
        400,
        "LIMIT_EXCEEDED",
        "Max bulk v2 query jobs (1) per 24 hrs has been reached (2)",
    )
    assert bulk.org.call("GET", "/limits").json()["DailyBulkV2QueryJobs"] == {"Max": 1, "Remaining": 0}


def test_a_download_may_break_off_and_be_read_again(bulk: BulkClient) -> None:
    for number in range(20):
        bulk.org.create(Subject=f"task {number}")
    job = bulk.query(SOQL)
    endpoint = "GET /services/data/{version}/jobs/query/{job_id}/results"
    bulk.org.served.fault(kind="drop_midway", endpoint=endpoint)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        bulk.page(job)
    assert len(rows_of(bulk.page(job))) == 20


def test_rows_that_are_late_are_late_here_too(bulk: BulkClient) -> None:
    bulk.org.served.fault(endpoint="*", kind="late", seconds=60)
    bulk.org.create(**{KEY: "late"})
    assert rows_of(bulk.page(bulk.query(SOQL))) == []
    bulk.org.advance(seconds=61)
    assert len(rows_of(bulk.page(bulk.query(SOQL)))) == 1


def test_the_resource_list_names_the_jobs(bulk: BulkClient) -> None:
    assert bulk.org.call("GET", "").json()["jobs"] == f"{DATA}/jobs"
