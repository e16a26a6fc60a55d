"""Bulk API 2.0: jobs that write."""

import base64
from pathlib import Path
from typing import Any

import pytest

from sandbox.salesforce.app import create_app
from tests.sandbox.bulk_client import INGEST, BulkClient, refusal
from tests.sandbox.org_client import DATA, KEY, OrgClient
from tests.sandbox.served import serving

ENDPOINT = "PUT /services/data/{version}/jobs/ingest/{job_id}/batches"


@pytest.fixture
def bulk(org: OrgClient) -> BulkClient:
    return BulkClient(org)


def test_the_life_of_a_job(bulk: BulkClient) -> None:
    opened = bulk.post(INGEST, object="task", operation="insert", contentType="CSV", lineEnding="LF")
    job = opened["id"]
    assert job.startswith("750")
    assert len(job) == 18
    assert opened == {
        "id": job,
        "operation": "insert",
        "object": "Task",
        "createdById": opened["createdById"],
        "createdDate": opened["createdDate"],
        "systemModstamp": opened["createdDate"],
        "state": "Open",
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": 67.0,
        "jobType": "V2Ingest",
        "contentUrl": f"{DATA[1:]}{INGEST}/{job}/batches",
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
    }
    uploaded = bulk.put(job, "Subject\none\ntwo\n")
    assert (uploaded.status_code, uploaded.content) == (201, b"")
    closed = bulk.set(job, "UploadComplete").json()
    assert closed["state"] == "UploadComplete"
    assert "contentUrl" not in closed
    running = bulk.look(job)
    assert (running["state"], running["numberRecordsProcessed"]) == ("InProgress", 0)
    done = bulk.look(job)
    assert (done["state"], done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (
        "JobComplete",
        2,
        0,
    )
    assert {"retries", "totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime"} < set(done)
    found = bulk.org.query("SELECT Id, Subject FROM Task")["records"]
    results = bulk.file(job, "successfulResults")
    assert {row["sf__Id"]: row["Subject"] for row in results} == {row["Id"]: row["Subject"] for row in found}
    assert {row["sf__Created"] for row in results} == {"true"}
    assert (bulk.file(job, "failedResults"), bulk.file(job, "unprocessedrecords")) == ([], [])


def test_result_files_without_rows_have_a_header(bulk: BulkClient) -> None:
    job = bulk.run("insert", "Subject,Priority\none,High\n")["id"]
    failed = bulk.org.call("GET", f"{INGEST}/{job}/failedResults")
    assert failed.text == '"sf__Id","sf__Error","Subject","Priority"\n'
    assert bulk.org.call("GET", f"{INGEST}/{job}/unprocessedRecords/").text == '"Subject","Priority"\n'


def test_update_leaves_empty_cells_and_nulls_na(bulk: BulkClient) -> None:
    task = bulk.org.create(Subject="old", Description="text", ActivityDate="2026-03-01", IsReminderSet=True)
    content = f"Id,Subject,Description,ActivityDate,IsReminderSet\n{task},,#N/A,2026-12-24,false\n"
    bulk.run("update", content)
    found = bulk.org.read(task)
    assert (found["Subject"], found["Description"]) == ("old", None)
    assert (found["ActivityDate"], found["IsReminderSet"]) == ("2026-12-24", False)


def test_upsert_by_external_id_and_by_id(bulk: BulkClient) -> None:
    first = bulk.org.create(**{KEY: "a", "Subject": "old"})
    content = f"{KEY},Subject\na,new\nb,made\n,none\n"
    job = bulk.run("upsert", content, externalIdFieldName=KEY)
    assert job["externalIdFieldName"] == KEY
    assert job["numberRecordsFailed"] == 1
    created = {row[KEY]: row["sf__Created"] for row in bulk.file(job["id"], "successfulResults")}
    assert created == {"a": "false", "b": "true"}
    assert bulk.org.read(first)["Subject"] == "new"
    assert bulk.errors(job["id"]) == {"none": f"MISSING_ARGUMENT:{KEY} not specified:--"}
    by_id = bulk.run("upsert", f"Id,Subject\n{first},newest\n,fresh\n", externalIdFieldName="id")
    assert by_id["numberRecordsFailed"] == 0
    assert bulk.org.query("SELECT COUNT() FROM Task")["totalSize"] == 3


def test_delete_and_its_result(bulk: BulkClient) -> None:
    gone, already = bulk.org.create(Subject="a"), bulk.org.create(Subject="b")
    bulk.org.delete(already)
    job = bulk.run("delete", f"Id\n{gone}\n{already}\nnonsense\n")
    assert job["numberRecordsFailed"] == 2
    assert bulk.file(job["id"], "successfulResults") == [{"sf__Id": gone, "sf__Created": "false", "Id": gone}]
    errors = {row["Id"]: (row["sf__Id"], row["sf__Error"]) for row in bulk.file(job["id"], "failedResults")}
    assert errors == {
        already: (already, "ENTITY_IS_DELETED:entity is deleted:--"),
        "nonsense": ("nonsense", "MALFORMED_ID:malformed id nonsense:--"),
    }
    assert bulk.org.ids("SELECT Id FROM Task WHERE IsDeleted = TRUE", "queryAll") == [gone, already]


def test_hard_delete_needs_its_permission_and_passes_the_bin(bulk: BulkClient) -> None:
    body = {"object": "Task", "operation": "hardDelete"}
    status, code, message = refusal(bulk.org.call("POST", INGEST, json=body))
    assert (status, code) == (400, "FEATURENOTENABLED")
    assert message.startswith("hardDelete operation requires special user profile permission")
    bulk.org.served.switch(hard_delete_permission=True)
    gone = bulk.org.create(Subject="a")
    assert bulk.run("hardDelete", f"Id\n{gone}\n")["numberRecordsFailed"] == 0
    assert bulk.org.ids("SELECT Id FROM Task", "queryAll") == []
    assert bulk.org.call("GET", f"/sobjects/Task/{gone}").status_code == 404


def test_every_row_stands_for_itself_and_says_what_is_wrong(bulk: BulkClient) -> None:
    content = (
        "Subject,ActivityDate,CallDurationInSeconds,IsReminderSet,OwnerId,Status\n"
        f"{'x' * 256},,,,,\n"
        "date,2026-02-30,,,,\n"
        "number,,1.5,,,\n"
        "flag,,,maybe,,\n"
        "owner,,,,005Tb0000000zzz,\n"
        "null,,,,,#N/A\n"
        "good,2026-02-28,15,1,,Completed\n"
    )
    job = bulk.run("insert", content)
    assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (
        "JobComplete",
        7,
        5,
    )
    errors = bulk.errors(job["id"])
    too_long = errors.pop("x" * 256)
    assert (
        too_long == f"STRING_TOO_LONG:Subject: data value too large: {'x' * 256} (max length=255):Subject --"
    )
    wrong = "INVALID_TYPE_ON_FIELD_IN_RECORD"
    assert errors == {
        "date": f"{wrong}:Due Date Only: value not of required type: 2026-02-30:ActivityDate --",
        "number": f"{wrong}:Call Duration: value not of required type: 1.5:CallDurationInSeconds --",
        "flag": f"{wrong}:Reminder Set: value not of required type: maybe:IsReminderSet --",
        "owner": "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:OwnerId --",
    }
    assert {row["Subject"] for row in bulk.file(job["id"], "successfulResults")} == {"null", "good"}


def test_a_description_of_32000_characters_passes_one_more_does_not(bulk: BulkClient) -> None:
    job = bulk.run("insert", f"Subject,Description\nfits,{'ä' * 32000}\nlong,{'ä' * 32001}\n")
    assert list(bulk.errors(job["id"])) == ["long"]


@pytest.mark.parametrize(
    ("operation", "content", "error"),
    [
        ("insert", "Subject,Nope\na,b\n", "InvalidBatch : Field name not found : Nope"),
        ("insert", "subject\na\n", "InvalidBatch : Field name not found : subject"),
        ("insert", "Subject,Subject\na,b\n", "InvalidBatch : Duplicate field name : Subject"),
        ("delete", "Id,Subject\na,b\n", "InvalidBatch : The 'delete' batch must contain only ids"),
        ("insert", "", "InvalidBatch : Records not found"),
        (
            "insert",
            "Subject\r\na\r\n",
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
        ),
        (
            "insert",
            'Subject\na"b\n',
            "InvalidBatch : Failed to parse CSV. Found unescaped quote. "
            "A value with quote should be within a quote",
        ),
        (
            "insert",
            "Subject\na,b\n",
            "InvalidBatch : Failed to parse CSV. Record 1 has 2 columns, the header has 1",
        ),
        ("insert", b"Subject\n\xff\n", "ClientInputError : Failed to parse CSV. The data is not UTF-8"),
        ("insert", f"Subject,{'x' * 32000}\n", "InvalidBatch : The header is longer than 32000 characters"),
    ],
)
def test_a_bad_file_fails_the_job_and_writes_nothing(
    bulk: BulkClient, operation: str, content: str | bytes, error: str
) -> None:
    job = bulk.run(operation, content)
    assert (job["state"], job["errorMessage"]) == ("Failed", error)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (0, 0)
    assert bulk.org.query("SELECT COUNT() FROM Task")["totalSize"] == 0
    assert bulk.file(job["id"], "successfulResults") == []


def test_delimiter_and_line_end_are_the_jobs_own(bulk: BulkClient) -> None:
    content = 'Subject|Description\r\na,b|"two\r\nlines"\r\n'
    job = bulk.run("insert", content, columnDelimiter="PIPE", lineEnding="CRLF")["id"]
    answer = bulk.org.call("GET", f"{INGEST}/{job}/successfulResults")
    header, row = answer.content.decode().split("\r\n", 1)
    assert header == '"sf__Id"|"sf__Created"|"Subject"|"Description"'
    assert row.endswith('"true"|"a,b"|"two\r\nlines"\r\n')


def test_results_come_in_another_order(bulk: BulkClient) -> None:
    content = "Subject\n" + "".join(f"task {number:03}\n" for number in range(50))
    subjects = [row["Subject"] for row in bulk.file(bulk.run("insert", content)["id"], "successfulResults")]
    assert sorted(subjects) != subjects
    assert len(set(subjects)) == 50
    bulk.org.served.switch(bulk_result_order="input")
    subjects = [row["Subject"] for row in bulk.file(bulk.run("insert", content)["id"], "successfulResults")]
    assert sorted(subjects) == subjects


def test_one_upload_a_job(bulk: BulkClient) -> None:
    job = bulk.open("insert")
    bulk.put(job, "Subject\na\n")
    status, code, message = refusal(bulk.put(job, "Subject\nb\n"))
    assert (status, code) == (400, "CLIENTINPUTERROR")
    assert message.startswith(f"Found multiple contents for job: <{job[:15]}>")
    bulk.set(job, "UploadComplete")
    assert refusal(bulk.put(job, "Subject\nb\n"))[1] == "INVALIDJOBSTATE"


def test_an_upload_is_measured_as_base64(bulk: BulkClient) -> None:
    content = "Subject\n" + "a" * 93
    bulk.org.served.switch(bulk_upload_bytes=len(base64.b64encode(content.encode())))
    job = bulk.open("insert")
    assert refusal(bulk.put(job, content + "bb"))[:2] == (413, "CLIENTINPUTERROR")
    assert bulk.put(job, content).status_code == 201


def test_uploads_are_csv(bulk: BulkClient) -> None:
    answer = bulk.org.call("PUT", f"{INGEST}/{bulk.open('insert')}/batches", json={"Subject": "a"})
    assert refusal(answer)[:2] == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_the_states_that_a_client_may_set(bulk: BulkClient) -> None:
    job = bulk.run("insert", "Subject\na\n")["id"]
    assert refusal(bulk.set(job, "Aborted")) == (
        400,
        "INVALIDJOBSTATE",
        "Aborting already Completed Job not allowed",
    )
    assert refusal(bulk.set(job, "UploadComplete"))[2] == "Closing already Completed Job not allowed"
    assert refusal(bulk.set(job, "JobComplete"))[1] == "INVALIDJOBSTATE"
    aborted = bulk.open("insert")
    assert bulk.set(aborted, "Aborted").json()["state"] == "Aborted"
    assert refusal(bulk.set(aborted, "UploadComplete"))[2] == "Closing already Aborted Job not allowed"


def test_an_aborted_job_keeps_what_is_done(bulk: BulkClient) -> None:
    bulk.org.served.switch(bulk_batch_rows=2)
    job = bulk.close("insert", "Subject\na\nb\nc\nd\n")
    assert bulk.look(job)["numberRecordsProcessed"] == 2
    assert bulk.set(job, "Aborted").status_code == 200
    assert bulk.look(job)["numberRecordsProcessed"] == 2
    assert {row["Subject"] for row in bulk.file(job, "successfulResults")} == {"a", "b"}
    assert {row["Subject"] for row in bulk.file(job, "unprocessedrecords")} == {"c", "d"}


def test_a_job_that_breaks_keeps_what_is_done(bulk: BulkClient) -> None:
    bulk.org.served.switch(bulk_batch_rows=1, bulk_fail_after=1)
    job = bulk.run("insert", "Subject\na\nb\n")
    assert (job["state"], job["numberRecordsProcessed"]) == ("Failed", 1)
    assert job["errorMessage"].startswith("InternalServerError")
    assert [row["Subject"] for row in bulk.file(job["id"], "unprocessedrecords")] == ["b"]


def test_results_of_a_running_job_are_not_to_be_had(bulk: BulkClient) -> None:
    job = bulk.close("insert", "Subject\na\n")
    assert refusal(bulk.org.call("GET", f"{INGEST}/{job}/successfulResults"))[1] == "INVALIDJOBSTATE"


def test_a_job_goes_its_way_by_the_clock(bulk: BulkClient) -> None:
    bulk.org.served.switch(bulk_looks=0, bulk_seconds=60, bulk_batch_rows=1)
    job = bulk.close("insert", "Subject\na\nb\n")
    assert bulk.look(job)["state"] in ("UploadComplete", "InProgress")
    bulk.org.advance(seconds=31)
    assert bulk.org.query("SELECT COUNT() FROM Task")["totalSize"] == 1
    assert (bulk.look(job)["state"], bulk.look(job)["numberRecordsProcessed"]) == ("InProgress", 1)
    bulk.org.advance(seconds=30)
    assert bulk.org.query("SELECT COUNT() FROM Task")["totalSize"] == 2
    assert bulk.look(job)["state"] == "JobComplete"


def test_a_job_outlives_a_restart(tmp_path: Path) -> None:
    with serving(create_app, tmp_path) as served:
        served.log_in()
        served.switch(bulk_batch_rows=1)
        job = BulkClient(OrgClient(served)).close("insert", "Subject\na\nb\n")
        assert BulkClient(OrgClient(served)).look(job)["numberRecordsProcessed"] == 1
    with serving(create_app, tmp_path) as served:
        served.log_in()
        bulk = BulkClient(OrgClient(served))
        assert bulk.look(job)["state"] == "JobComplete"
        assert {row["Subject"] for row in bulk.file(job, "successfulResults")} == {"a", "b"}
        assert bulk.open("insert") != job


def test_deleting_jobs(bulk: BulkClient) -> None:
    job = bulk.open("insert")
    assert refusal(bulk.org.call("DELETE", f"{INGEST}/{job}")) == (
        400,
        "API_ERROR",
        "Error encountered when deleting the job because the job is not terminated",
    )
    done = bulk.run("insert", "Subject\na\n")["id"]
    assert bulk.org.call("DELETE", f"{INGEST}/{done}").status_code == 204
    for path in (f"{INGEST}/{done}", f"{INGEST}/{done}/successfulResults", f"{INGEST}/nonsense"):
        assert refusal(bulk.org.call("GET", path))[:2] == (404, "NOT_FOUND")
    assert bulk.org.query("SELECT COUNT() FROM Task")["totalSize"] == 1


def test_jobs_are_listed_and_forgotten_after_seven_days(bulk: BulkClient) -> None:
    jobs = {bulk.open("insert"), bulk.run("insert", "Subject\na\n")["id"]}
    listed = bulk.org.call("GET", INGEST).json()
    assert (listed["done"], listed["nextRecordsUrl"]) == (True, None)
    assert {job["id"] for job in listed["records"]} == jobs
    assert bulk.org.call("GET", INGEST, params={"jobType": "Classic"}).json()["records"] == []
    bulk.org.advance(days=8)
    bulk.org.served.log_in()
    assert bulk.org.call("GET", INGEST).json()["records"] == []
    assert bulk.org.call("GET", f"{INGEST}/{min(jobs)}").status_code == 404


def test_a_long_list_of_jobs_has_pages(bulk: BulkClient) -> None:
    for _ in range(3):
        bulk.open("insert")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sandbox.salesforce.routes.bulk_listing._PAGE", 2)
        first = bulk.org.call("GET", INGEST).json()
        assert (first["done"], len(first["records"])) == (False, 2)
        second = bulk.org.served.api("GET", first["nextRecordsUrl"]).json()
    assert (second["done"], len(second["records"])) == (True, 1)
    assert len({job["id"] for job in first["records"] + second["records"]}) == 3


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"object": "Nope", "operation": "insert"}, "INVALIDJOB"),
        ({"operation": "insert"}, "INVALIDJOB"),
        ({"object": "Task", "operation": "merge"}, "JSON_PARSER_ERROR"),
        ({"object": "Task", "operation": "insert", "contentType": "XML"}, "JSON_PARSER_ERROR"),
        ({"object": "Task", "operation": "insert", "lineEnding": "CR"}, "JSON_PARSER_ERROR"),
        ({"object": "Task", "operation": "insert", "columndelimiter": "TAB"}, "JSON_PARSER_ERROR"),
        ({"object": "Task", "operation": "upsert"}, "INVALIDJOB"),
        ({"object": "Task", "operation": "upsert", "externalIdFieldName": "Subject"}, "INVALIDJOB"),
        ({"object": "Task", "operation": "insert", "externalIdFieldName": KEY}, "INVALIDJOB"),
    ],
)
def test_jobs_that_are_not_opened(bulk: BulkClient, body: dict[str, Any], code: str) -> None:
    assert refusal(bulk.org.call("POST", INGEST, json=body))[:2] == (400, code)


def test_repeated_keys_fail_within_a_chunk_and_are_updates_across(bulk: BulkClient) -> None:
    bulk.org.served.switch(bulk_chunk_rows=2)
    content = f"{KEY},Subject\na,one\na,two\nb,three\nc,four\nb,five\nd,six\n"
    job = bulk.run("upsert", content, externalIdFieldName=KEY)["id"]
    repeated = f"DUPLICATE_VALUE:Duplicate external id specified: a:{KEY} --"
    assert bulk.errors(job) == {"one": repeated, "two": repeated}
    created = {row["Subject"]: row["sf__Created"] for row in bulk.file(job, "successfulResults")}
    assert created == {"three": "true", "four": "true", "five": "false", "six": "true"}


def test_batches_side_by_side_collide_on_a_parent_unless_sorted(bulk: BulkClient) -> None:
    bulk.org.served.switch(bulk_lock_collisions=True, bulk_batch_rows=4, bulk_chunk_rows=2)
    first, second = (bulk.org.create("Account", Name=name) for name in ("first", "second"))
    mixed = [first, second, first, second] * 2
    lines = [f"{number},{parent}\n" for number, parent in enumerate(mixed)]
    job = bulk.run("insert", "Subject,WhatId\n" + "".join(lines))["id"]
    errors = bulk.errors(job)
    assert set(errors) == {"4", "5", "6", "7"}
    text = "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record or 1 records"
    assert errors["4"] == f"{text}: {first}:--"
    assert set(bulk.file(job, "failedResults")[0]) == {"sf__Id", "sf__Error", "Subject", "WhatId"}
    ordered = [f"{number},{parent}\n" for number, parent in enumerate(sorted(mixed))]
    assert bulk.run("insert", "Subject,WhatId\n" + "".join(ordered))["numberRecordsFailed"] == 0
    tasks = bulk.org.query("SELECT Id, WhatId FROM Task ORDER BY Subject")["records"]
    updates = [f"{row['Id']},{row['Id']}\n" for row in tasks]
    job = bulk.run("update", "Id,Subject\n" + "".join(updates))["id"]
    assert 0 < len(bulk.errors(job)) < len(tasks)


def test_rows_meet_faults_under_the_name_of_the_upload(bulk: BulkClient) -> None:
    bulk.org.served.fault(endpoint=ENDPOINT, kind="row_error", code="UNABLE_TO_LOCK_ROW", record="two")
    job = bulk.run("insert", "Subject\none\ntwo\n")["id"]
    assert bulk.errors(job)["two"].startswith("UNABLE_TO_LOCK_ROW:unable to obtain exclusive access")
    assert bulk.run("insert", "Subject\ntwo\n")["numberRecordsFailed"] == 0
    assert bulk.org.served.control("GET", "/calls")["rows"] == {ENDPOINT: 3}


def test_batches_of_a_day_run_out(bulk: BulkClient) -> None:
    bulk.org.served.switch(bulk_batch_rows=2, bulk_daily_batches=2)
    job = bulk.run("insert", "Subject\na\nb\nc\nd\ne\n")
    assert (job["state"], job["numberRecordsProcessed"]) == ("Failed", 4)
    assert job["errorMessage"] == "ExceededQuota : ApiBatchItems Limit exceeded."
    assert [row["Subject"] for row in bulk.file(job["id"], "unprocessedrecords")] == ["e"]
    assert bulk.org.call("GET", "/limits").json()["DailyBulkApiBatches"] == {"Max": 2, "Remaining": 0}
    bulk.org.advance(days=1)
    bulk.org.served.log_in()
    assert bulk.run("insert", "Subject\ne\n")["state"] == "JobComplete"


def test_every_bulk_request_is_one_call(bulk: BulkClient) -> None:
    before = bulk.org.served.control("GET", "/calls")["total"]
    job = bulk.run("insert", "Subject\na\n")["id"]
    bulk.file(job, "successfulResults")
    assert bulk.org.served.control("GET", "/calls")["total"] == before + 6
    assert bulk.org.call("GET", "/limits").headers["Sforce-Limit-Info"] == f"api-usage={before + 7}/15000"


def test_old_versions_have_no_bulk(bulk: BulkClient) -> None:
    body = {"object": "Task", "operation": "insert"}
    assert bulk.org.served.api("POST", f"/services/data/v40.0{INGEST}", json=body).status_code == 404
    assert bulk.org.served.api("POST", f"/services/data/v41.0{INGEST}", json=body).status_code == 200


def test_a_batch_holds_10000_rows(bulk: BulkClient) -> None:
    content = "Subject\n" + "".join(f"task {number}\n" for number in range(10_001))
    job = bulk.close("insert", content)
    assert bulk.look(job)["numberRecordsProcessed"] == 10_000
    assert bulk.look(job)["numberRecordsProcessed"] == 10_001
    batches = bulk.org.call("GET", "/limits").json()["DailyBulkApiBatches"]
    assert batches["Max"] - batches["Remaining"] == 2
