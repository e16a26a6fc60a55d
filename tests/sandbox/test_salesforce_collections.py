"""Many records in one call."""

from typing import Any

import pytest

from tests.sandbox.org_client import KEY, OrgClient

UPSERT = f"/Task/{KEY}"
ROLLED_BACK = {
    "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "message": "Record rolled back because not all records were valid and the request was using "
    "AllOrNone header",
    "fields": [],
}
TOO_LONG = {
    "statusCode": "STRING_TOO_LONG",
    "message": f"Subject: data value too large: {'x' * 256} (max length=255)",
    "fields": ["Subject"],
}
UNKNOWN_ID = "00TTb000000zzzz"


def failed(*errors: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"success": False, "errors": list(errors), **more}


def test_every_row_stands_for_itself(org: OrgClient) -> None:
    rows = org.rows("POST", {"Subject": "one"}, {"Subject": "x" * 256}, {"Subject": "three"})
    assert rows[0] == {"id": rows[0]["id"], "success": True, "errors": []}
    assert rows[1] == failed(TOO_LONG)
    assert [org.read(rows[number]["id"])["Subject"] for number in (0, 2)] == ["one", "three"]


def test_all_or_none(org: OrgClient) -> None:
    rows = org.rows("POST", {"Subject": "one"}, {"Subject": "x" * 256}, {"Nope": 1}, all_or_none=True)
    assert rows[0] == failed(ROLLED_BACK)
    assert rows[1] == failed(TOO_LONG)
    assert rows[2]["errors"][0]["statusCode"] == "INVALID_FIELD"
    assert org.query("SELECT COUNT() FROM Task", "queryAll")["totalSize"] == 0
    rows = org.rows("POST", {KEY: "free"}, {KEY: "too"}, all_or_none=True)
    assert [row["success"] for row in rows] == [True, True]


def test_a_rolled_back_row_leaves_its_key_free(org: OrgClient) -> None:
    first = org.create(**{KEY: "taken"})
    change = {"Id": first, KEY: "moved"}
    rows = org.rows("PATCH", change, {"Id": UNKNOWN_ID}, all_or_none=True)
    assert rows[0] == failed(ROLLED_BACK)
    assert org.read(first)[KEY] == "taken"
    assert org.rows("PATCH", {KEY: "moved"}, path=UPSERT)[0]["created"] is True
    assert org.rows("PATCH", {KEY: "taken"}, path=UPSERT)[0]["id"] == first


def test_updates(org: OrgClient) -> None:
    first, gone = org.create(Subject="a"), org.create(Subject="b")
    org.delete(gone)
    rows = org.rows(
        "PATCH",
        {"id": first[:15], "Subject": "c"},
        {"Id": gone, "Subject": "c"},
        {"Id": UNKNOWN_ID, "Subject": "c"},
        {"Id": "nonsense", "Subject": "c"},
        {"Subject": "no id"},
        {"Id": first, "Subject": "twice"},
    )
    assert rows[0] == {"id": first, "success": True, "errors": []}
    assert rows[1] == failed(
        {"statusCode": "ENTITY_IS_DELETED", "message": "entity is deleted", "fields": []}
    )
    assert rows[2] == failed(
        {"statusCode": "INVALID_CROSS_REFERENCE_KEY", "message": "invalid cross reference id", "fields": []}
    )
    codes = [row["errors"][0]["statusCode"] for row in rows[3:]]
    assert codes == ["MALFORMED_ID", "MISSING_ARGUMENT", "DUPLICATE_VALUE"]
    assert org.read(first)["Subject"] == "c"


def test_deletes(org: OrgClient) -> None:
    first, gone = org.create(Subject="a"), org.create(Subject="b")
    org.delete(gone)
    ids = f"{first},{gone},{UNKNOWN_ID},nonsense"
    rows = org.call("DELETE", "/composite/sobjects", params={"ids": ids, "allOrNone": "false"}).json()
    assert rows[0] == {"id": first, "success": True, "errors": []}
    codes = [row["errors"][0]["statusCode"] for row in rows[1:]]
    assert codes == ["ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID"]
    second = org.create(Subject="c")
    params = {"ids": f"{second},{gone}", "allOrNone": "true"}
    assert org.call("DELETE", "/composite/sobjects", params=params).json()[0] == failed(ROLLED_BACK)
    assert org.read(second)["IsDeleted"] is False


def test_upserts_tell_created_also_when_they_fail(org: OrgClient) -> None:
    first = org.create(**{KEY: "a"})
    rows = org.rows(
        "PATCH",
        {KEY: "a", "Subject": "updated"},
        {"Subject": "created", KEY.lower(): "b"},
        {KEY: "c", "Subject": "x" * 256},
        {"Subject": "no key"},
        path=UPSERT,
    )
    assert rows[0] == {"id": first, "success": True, "errors": [], "created": False}
    assert (rows[1]["success"], rows[1]["created"]) == (True, True)
    assert rows[2] == failed(TOO_LONG, created=False)
    assert rows[3]["errors"][0]["statusCode"] == "MISSING_ARGUMENT"


def test_the_same_key_twice_fails_those_rows(org: OrgClient) -> None:
    rows = org.rows("PATCH", {KEY: "a"}, {KEY: "b"}, {KEY: "a"}, path=UPSERT)
    assert [row["success"] for row in rows] == [False, True, False]
    assert rows[0]["errors"][0] == {
        "statusCode": "DUPLICATE_VALUE",
        "message": "Duplicate external id specified: a",
        "fields": [KEY],
    }


def test_upsert_by_id(org: OrgClient) -> None:
    first = org.create(Subject="a")
    rows = org.rows("PATCH", {"Id": first, "Subject": "b"}, {"Subject": "c"}, path="/Task/Id")
    assert [(row["success"], row["created"]) for row in rows] == [(True, False), (True, True)]


def test_attributes_are_needed_but_anywhere(org: OrgClient) -> None:
    records = [{KEY: "a", "Subject": "x"}, {KEY: "b", "Subject": "y", "attributes": {"type": "Task"}}]
    answer = org.call("PATCH", f"/composite/sobjects{UPSERT}", json={"records": records})
    assert answer.json()[0] == failed(
        {
            "statusCode": "JSON_PARSER_ERROR",
            "message": "Nested object for polymorphic foreign key must have an attributes field before any "
            "other fields.",
            "fields": [],
        },
        created=False,
    )
    assert answer.json()[1]["success"] is True


def test_types_may_be_mixed_in_few_chunks(org: OrgClient) -> None:
    pair = [
        {"attributes": {"type": "Contact"}, "LastName": "x"},
        {"attributes": {"type": "Task"}, "Subject": "x"},
    ]
    assert all(row["success"] for row in org.rows("POST", *pair * 5))
    answer = org.call("POST", "/composite/sobjects", json={"records": pair * 6})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "LIMIT_EXCEEDED")


def test_retrieve(org: OrgClient) -> None:
    first, gone = org.create(Subject="a"), org.create(Subject="b")
    org.delete(gone)
    params = {"ids": f"{first},{gone},{UNKNOWN_ID}", "fields": "Id,Subject"}
    by_get = org.call("GET", "/composite/sobjects/Task", params=params).json()
    body = {"ids": [first[:15], gone, UNKNOWN_ID], "fields": ["id", "Subject"]}
    by_post = org.call("POST", "/composite/sobjects/Task", json=body).json()
    assert by_get == by_post
    assert by_get[1:] == [None, None]
    assert {name: by_get[0][name] for name in ("Id", "Subject")} == {"Id": first, "Subject": "a"}


RECORD = {"attributes": {"type": "Task"}, "Subject": "x"}


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", "", {"records": [RECORD] * 201}, "EXCEEDED_ID_LIMIT"),
        ("PATCH", UPSERT, {"records": [RECORD] * 201}, "EXCEEDED_ID_LIMIT"),
        ("POST", "", {"records": []}, "REQUIRED_FIELD_MISSING"),
        ("POST", "", {"records": ["x"]}, "JSON_PARSER_ERROR"),
        ("POST", "", {"records": [RECORD], "allOrNone": "yes"}, "JSON_PARSER_ERROR"),
        ("POST", "", {"records": [RECORD], "allornothing": True}, "JSON_PARSER_ERROR"),
        ("POST", "", {}, "JSON_PARSER_ERROR"),
        ("DELETE", "", None, "REQUIRED_FIELD_MISSING"),
        ("PATCH", "/Task/Subject", {"records": [RECORD]}, "NOT_FOUND"),
        ("POST", "/Task", {"ids": ["x"], "fields": ["Id"]}, "MALFORMED_ID"),
        ("POST", "/Task", {"ids": [UNKNOWN_ID], "fields": ["Nope"]}, "INVALID_FIELD"),
        ("POST", "/Task", {"ids": "x", "fields": ["Id"]}, "JSON_PARSER_ERROR"),
    ],
)
def test_refused_as_a_whole(org: OrgClient, method: str, path: str, body: Any, code: str) -> None:
    answer = org.call(method, f"/composite/sobjects{path}", json=body)
    assert answer.status_code in (400, 404)
    assert answer.json()[0]["errorCode"] == code
    assert org.query("SELECT COUNT() FROM Task")["totalSize"] == 0


def test_200_rows_are_one_call(org: OrgClient) -> None:
    rows = org.rows("POST", *({"Subject": f"task {number}", KEY: f"k{number}"} for number in range(200)))
    assert all(row["success"] for row in rows)
    calls = org.served.control("GET", "/calls")
    endpoint = "POST /services/data/{version}/composite/sobjects"
    assert calls["by_endpoint"] == {endpoint: 1}
    assert calls["rows"] == {endpoint: 200}
    assert (calls["reads"], calls["writes"], calls["logins"]) == (0, 1, 0)
