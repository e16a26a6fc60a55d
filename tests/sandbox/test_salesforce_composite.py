"""Several calls in one: composite and composite/batch."""

from typing import Any

import pytest

from tests.sandbox.org_client import DATA, KEY, TASKS, OrgClient

ROLLED_BACK = {
    "errorCode": "PROCESSING_HALTED",
    "message": "The transaction was rolled back since another operation in the same transaction failed.",
}


def part(reference: str, method: str, url: str, body: Any = None, **more: Any) -> dict[str, Any]:
    given = {"referenceId": reference, "method": method, "url": url, **more}
    return given if body is None else given | {"body": body}


def send(org: OrgClient, *parts: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    answer = org.call("POST", "/composite", json={"compositeRequest": list(parts), **options})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["compositeResponse"]
    return results


def task_count(org: OrgClient) -> int:
    count: int = org.query("SELECT COUNT() FROM Task", "queryAll")["totalSize"]
    return count


def test_parts_refer_to_earlier_ones_and_answer_as_alone(org: OrgClient) -> None:
    made, read, changed, found, gone = send(
        org,
        part("made", "POST", TASKS, {"Subject": "a/b", KEY: "k/1"}),
        part("read", "GET", f"{TASKS}/@{{made.id}}"),
        part("changed", "PATCH", f"{TASKS}/@{{made.id}}", {"Subject": "after @{read.Subject}"}),
        part("found", "GET", f"{DATA}/query?q=SELECT+Id+FROM+Task+WHERE+Id='@{{made.id}}'"),
        part("gone", "DELETE", f"{TASKS}/@{{found.records[0].Id}}"),
        collateSubrequests=False,
    )
    assert (made["httpStatusCode"], made["referenceId"]) == (201, "made")
    assert made["httpHeaders"] == {"Location": f"{TASKS}/{made['body']['id']}"}
    assert read["body"]["Subject"] == "a/b"
    assert changed == {"body": None, "httpHeaders": {}, "httpStatusCode": 204, "referenceId": "changed"}
    assert found["body"]["totalSize"] == 1
    assert gone["httpStatusCode"] == 204
    deleted = org.query("SELECT Subject, IsDeleted FROM Task", "queryAll")["records"]
    assert [(row["Subject"], row["IsDeleted"]) for row in deleted] == [("after a/b", True)]


def test_a_failed_part_fails_its_dependents_only(org: OrgClient) -> None:
    bad, dependent, other = send(
        org,
        part("bad", "POST", TASKS, {"Subject": "x" * 256}),
        part("dependent", "PATCH", f"{TASKS}/@{{bad.id}}", {"Priority": "High"}),
        part("other", "POST", TASKS, {"Subject": "fine"}),
    )
    assert (bad["httpStatusCode"], bad["body"][0]["errorCode"]) == (400, "STRING_TOO_LONG")
    assert dependent["httpStatusCode"] == 400
    assert dependent["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert dependent["body"][0]["message"].startswith(
        "Invalid reference specified. No value for bad.id found in bad. Provided referenceId ('bad.id')"
    )
    assert other["httpStatusCode"] == 201
    assert task_count(org) == 1


def test_all_or_none_rolls_everything_back(org: OrgClient) -> None:
    first, bad, last = send(
        org,
        part("first", "POST", TASKS, {"Subject": "a", KEY: "free"}),
        part("bad", "POST", TASKS, {"Nope": "x"}),
        part("last", "POST", TASKS, {"Subject": "c"}),
        allOrNone=True,
    )
    assert first["httpStatusCode"] == last["httpStatusCode"] == 400
    assert first["body"] == last["body"] == [ROLLED_BACK]
    assert bad["body"][0]["errorCode"] == "INVALID_FIELD"
    assert task_count(org) == 0
    (again,) = send(org, part("again", "POST", TASKS, {KEY: "free"}), allOrNone=True)
    assert again["httpStatusCode"] == 201


def test_a_replayed_key_undoes_the_create_that_came_with_it(org: OrgClient) -> None:
    """The way of an org without an external id on Activity: a record with a unique key in the same call."""
    account = org.create("Account", Name="x")
    org.create(**{KEY: "used"})
    parts = (
        part("task", "POST", TASKS, {"Subject": "twice", "WhatId": account}),
        part("key", "POST", TASKS, {KEY: "used", "Description": "@{task.id}"}),
    )
    task, key = send(org, *parts, allOrNone=True)
    assert (task["body"], key["body"][0]["errorCode"]) == ([ROLLED_BACK], "DUPLICATE_VALUE")
    assert task_count(org) == 1


def test_references_keep_types_and_nulls(org: OrgClient) -> None:
    _, _, copied = send(
        org,
        part("a", "POST", TASKS, {"Subject": "a", "CallDurationInSeconds": 15, "IsReminderSet": True}),
        part("read", "GET", f"{TASKS}/@{{a.id}}"),
        part(
            "copy",
            "POST",
            TASKS,
            {
                "Subject": "from @{read.CallDurationInSeconds}",
                "CallDurationInSeconds": "@{read.CallDurationInSeconds}",
                "IsReminderSet": "@{read.IsReminderSet}",
                "ActivityDate": "@{read.ActivityDate}",
            },
        ),
    )
    found = org.read(copied["body"]["id"])
    assert (found["Subject"], found["CallDurationInSeconds"]) == ("from 15", 15)
    assert (found["IsReminderSet"], found["ActivityDate"]) == (True, None)


def test_collated_parts_run_by_method(org: OrgClient) -> None:
    task = org.create(Subject="a")
    parts = (
        part("first", "PATCH", f"{TASKS}/{task}", {"Subject": "first"}),
        part("read", "GET", f"{TASKS}/{task}"),
        part("second", "PATCH", f"{TASKS}/{task}", {"Subject": "second"}),
    )
    in_order = send(org, *parts, collateSubrequests=False)
    assert in_order[1]["body"]["Subject"] == "first"
    assert send(org, *parts)[1]["body"]["Subject"] == "second"
    with_header = part("second", "PATCH", f"{TASKS}/{task}", {"Subject": "x"}, httpHeaders={"X-Any": "1"})
    assert send(org, parts[0], parts[1], with_header)[1]["body"]["Subject"] == "first"


def test_collections_and_queries_are_parts_too(org: OrgClient) -> None:
    records = [{"attributes": {"type": "Task"}, "Subject": subject} for subject in ("a", "x" * 256)]
    rows, found = send(
        org,
        part("rows", "POST", f"{DATA}/composite/sobjects", {"records": records}),
        part("found", "GET", f"{DATA}/query/?q=SELECT+COUNT()+FROM+Task"),
        collateSubrequests=False,
    )
    assert [row["success"] for row in rows["body"]] == [True, False]
    assert found["body"]["totalSize"] == 1


def test_one_call_whatever_is_in_it(org: OrgClient) -> None:
    send(org, *(part(f"p{number}", "POST", TASKS, {"Subject": "a"}) for number in range(25)))
    counted = org.served.control("GET", "/calls")
    assert counted["by_endpoint"] == {"POST /services/data/{version}/composite": 1}
    assert org.call("GET", "/limits").headers["Sforce-Limit-Info"] == "api-usage=2/15000"


def test_a_call_whose_parts_only_read_counts_as_a_read(org: OrgClient) -> None:
    org.served.control("DELETE", "/calls")
    send(
        org,
        part("task", "GET", f"{TASKS}/describe"),
        part("users", "GET", f"{DATA}/query?q=SELECT+Id+FROM+User"),
    )
    send(org, part("task", "GET", f"{TASKS}/describe"), part("made", "POST", TASKS, {"Subject": "a"}))
    counted = org.served.control("GET", "/calls")
    assert (counted["total"], counted["reads"], counted["writes"]) == (2, 1, 1)


def test_parts_meet_row_faults_under_their_own_name(org: OrgClient) -> None:
    endpoint = "POST /services/data/{version}/sobjects/{sobject}"
    org.served.fault(endpoint=endpoint, kind="row_error", code="UNABLE_TO_LOCK_ROW")
    first, second = send(org, *(part(name, "POST", TASKS, {"Subject": name}) for name in ("a", "b")))
    assert (first["httpStatusCode"], second["httpStatusCode"]) == (400, 201)


def test_what_is_no_part(org: OrgClient) -> None:
    (limits,) = send(org, part("limits", "GET", f"{DATA}/limits"))
    assert limits["body"][0]["errorCode"] == "PROCESSING_HALTED"


OK = part("a", "POST", TASKS, {"Subject": "a"})
QUERY = f"{DATA}/query?q=SELECT+Id+FROM+Task"


@pytest.mark.parametrize(
    ("parts", "options"),
    [
        ([], {}),
        ([OK | {"referenceId": f"a{number}"} for number in range(26)], {}),
        ([part(f"q{number}", "GET", QUERY) for number in range(6)], {}),
        ([OK, OK], {}),
        ([OK | {"referenceId": "a[1]"}], {}),
        ([OK | {"method": "post"}], {}),
        ([OK | {"url": "/sobjects/Task"}], {}),
        ([OK | {"httpHeaders": {"Authorization": "x"}}], {}),
        ([OK | {"referenceID": "a"}], {}),
        ([OK], {"allOrNone": "true"}),
        ([OK], {"haltOnError": True}),
        (["x"], {}),
    ],
)
def test_refused_as_a_whole(org: OrgClient, parts: list[Any], options: dict[str, Any]) -> None:
    answer = org.call("POST", "/composite", json={"compositeRequest": parts, **options})
    assert answer.status_code == 400
    assert task_count(org) == 0


def test_a_batch(org: OrgClient) -> None:
    requests = [
        {"method": "POST", "url": "v67.0/sobjects/Task", "richInput": {"Subject": "a"}},
        {"method": "GET", "url": "v67.0/sobjects/Task/00TTb0000000zzz"},
        {"method": "GET", "url": "v67.0/limits"},
    ]
    told = org.call("POST", "/composite/batch", json={"batchRequests": requests}).json()
    assert told["hasErrors"] is True
    assert [result["statusCode"] for result in told["results"]] == [201, 404, 200]
    body = {"batchRequests": requests, "haltOnError": True}
    results = org.call("POST", "/composite/batch", json=body).json()["results"]
    assert [result["statusCode"] for result in results] == [201, 404, 412]
    assert results[2]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"


@pytest.mark.parametrize(
    "requests",
    [[], "x", [{"method": "GET", "url": "v67.0/limits"}] * 26, [{"method": "GET", "url": "limits"}], [1]],
)
def test_a_batch_refused_as_a_whole(org: OrgClient, requests: Any) -> None:
    assert org.call("POST", "/composite/batch", json={"batchRequests": requests}).status_code == 400


def test_the_list_of_composite_resources(org: OrgClient) -> None:
    assert set(org.call("GET", "/composite").json()) == {"batch", "sobjects"}
