"""Single records: bodies, codes, headers, validation."""

from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tests.sandbox.org_client import DATA, KEY, TASKS, OrgClient

NOBODY = "005Tb000000zzzzAAA"


def test_create_answers_201_with_location(org: OrgClient) -> None:
    answer = org.call("POST", "/sobjects/Task/", json={"Subject": "Call"})
    body = answer.json()
    assert answer.status_code == 201
    assert body == {"id": body["id"], "success": True, "errors": []}
    assert body["id"].startswith("00T")
    assert answer.headers["Location"] == f"{TASKS}/{body['id']}"
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"


def test_a_new_task_has_the_defaults_of_the_platform(org: OrgClient) -> None:
    org.set_clock("2026-07-15T12:00:00.987Z")
    task = org.read(org.create(Subject="Call"))
    me = task["OwnerId"]
    assert task["attributes"] == {"type": "Task", "url": f"{TASKS}/{task['Id']}"}
    expected = {
        "Status": "Not Started", "Priority": "Normal", "IsClosed": False, "IsHighPriority": False,
        "IsArchived": False, "IsDeleted": False, "IsRecurrence": False, "IsReminderSet": False,
        "TaskSubtype": "Task", "Description": None, "ActivityDate": None, "CompletedDateTime": None,
        "CreatedById": me, "LastModifiedById": me, KEY: None,
        "CreatedDate": "2026-07-15T12:00:00.000+0000", "LastModifiedDate": "2026-07-15T12:00:00.000+0000",
        "SystemModstamp": "2026-07-15T12:00:00.000+0000",
    }  # fmt: skip
    assert {name: task[name] for name in expected} == expected
    described = org.call("GET", "/sobjects/Task/describe").json()["fields"]
    assert [field["name"] for field in described] == list(task)[1:]


def test_a_row_tells_when_it_changed(org: OrgClient) -> None:
    org.set_clock("2026-07-15T12:00:00Z")
    record_id = org.create(Subject="Call")
    answer = org.call("GET", f"/sobjects/Task/{record_id}")
    assert parsedate_to_datetime(answer.headers["Last-Modified"]).isoformat() == "2026-07-15T12:00:00+00:00"
    assert parsedate_to_datetime(answer.headers["Date"]).isoformat() == "2026-07-15T12:00:00+00:00"


def test_only_the_asked_fields_and_the_id(org: OrgClient) -> None:
    record_id = org.create(Subject="Call")
    answer = org.call("GET", f"/sobjects/Task/{record_id[:15]}", params={"fields": "subject,Status"})
    assert list(answer.json()) == ["attributes", "Subject", "Status", "Id"]
    answer = org.call("GET", f"/sobjects/Task/{record_id}", params={"fields": "Nope"})
    assert answer.json()[0]["errorCode"] == "INVALID_FIELD"


def test_update_answers_204_without_a_body_or_usage(org: OrgClient) -> None:
    record_id = org.create(Subject="Call")
    answer = org.update(record_id, Subject="Call back")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Sforce-Limit-Info" not in answer.headers
    assert org.read(record_id)["Subject"] == "Call back"


def test_every_update_moves_the_stamps_even_one_that_changes_nothing(org: OrgClient) -> None:
    org.set_clock("2026-07-15T12:00:00Z")
    record_id = org.create(Subject="Call")
    org.advance(seconds=5)
    org.update(record_id, Subject="Call")
    task = org.read(record_id)
    assert task["CreatedDate"] == "2026-07-15T12:00:00.000+0000"
    assert task["LastModifiedDate"] == task["SystemModstamp"] == "2026-07-15T12:00:05.000+0000"


def test_patch_by_way_of_post(org: OrgClient) -> None:
    record_id = org.create(Subject="Call")
    path = f"/sobjects/Task/{record_id}?_HttpMethod=PATCH"
    assert org.call("POST", path, json={"Subject": "x"}).status_code == 204


def test_delete_and_delete_again(org: OrgClient) -> None:
    record_id = org.create(Subject="Call")
    assert org.delete(record_id).status_code == 204
    gone = [{"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": []}]
    for answer in (
        org.delete(record_id),
        org.update(record_id, Subject="x"),
        org.call("GET", f"/sobjects/Task/{record_id}"),
    ):
        assert (answer.status_code, answer.json()) == (404, gone)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("Task/00TTb0000000zzzAAA", "Provided external ID field does not exist or is not accessible"),
        ("Task/00TTb000000zzzz", "The requested resource does not exist"),
        ("Task/003Tb000000zzzz", "The requested resource does not exist"),
        ("Nope/00TTb000000zzzz", "The requested resource does not exist"),
        (f"Task/{KEY}/none", "The requested resource does not exist"),
        ("Task/Subject/none", "Provided external ID field does not exist or is not accessible: Subject"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_what_is_not_there(org: OrgClient, method: str, path: str, message: str) -> None:
    answer = org.call(method, f"/sobjects/{path}")
    assert answer.status_code == 404
    assert answer.json()[0]["errorCode"] == "NOT_FOUND"
    assert answer.json()[0]["message"].startswith(message)


READ_ONLY = (
    "Unable to create/update fields: IsClosed. Please check the security settings of this field and "
    "verify that it is read/write for your profile or permission set."
)


@pytest.mark.parametrize(
    ("fields", "code", "message", "named"),
    [
        ({"Nope": 1}, "INVALID_FIELD", "No such column 'Nope' on sobject of type Task", None),
        ({"Type": "Call"}, "INVALID_FIELD", "No such column 'Type' on sobject of type Task", None),
        ({"IsClosed": True}, "INVALID_FIELD_FOR_INSERT_UPDATE", READ_ONLY, ["IsClosed"]),
        ({"Id": "x"}, "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ["Id"]),
        (
            {"Subject": "x" * 256},
            "STRING_TOO_LONG",
            f"Subject: data value too large: {'x' * 256} (max length=255)",
            ["Subject"],
        ),
        (
            {"CallType": "abc"},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "Call Type: bad value for restricted picklist field: abc",
            ["CallType"],
        ),
        ({"OwnerId": NOBODY[:15]}, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ["OwnerId"]),
        (
            {"WhatId": "006Tb0000000001"},
            "INVALID_CROSS_REFERENCE_KEY",
            "invalid cross reference id",
            ["WhatId"],
        ),
        (
            {"WhoId": "005Tb0000000001"},
            "MALFORMED_ID",
            "Name ID: id value of incorrect type: 005Tb0000000001",
            ["WhoId"],
        ),
        ({"WhoId": "x"}, "MALFORMED_ID", "Name ID: id value of incorrect type: x", ["WhoId"]),
        (
            {"CallDurationInSeconds": 2**31},
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Call Duration: value outside of valid range: 2147483648",
            ["CallDurationInSeconds"],
        ),
    ],
)
def test_refused_fields(
    org: OrgClient, fields: dict[str, Any], code: str, message: str, named: list[str] | None
) -> None:
    answer = org.call("POST", "/sobjects/Task", json=fields)
    assert answer.status_code == 400
    error = {"message": message, "errorCode": code}
    assert answer.json() == [error if named is None else {**error, "fields": named}]
    assert org.query("SELECT COUNT() FROM Task")["totalSize"] == 0


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("ActivityDate", "2026-07-15T10:00:00Z", "date from VALUE_STRING value 2026-07-15T10:00:00Z"),
        ("ActivityDate", "2026-02-30", "date from VALUE_STRING value 2026-02-30"),
        ("ActivityDate", "1500-01-01", "date from VALUE_STRING value 1500-01-01"),
        ("ActivityDate", {}, "date from START_OBJECT value {"),
        ("ReminderDateTime", "2017-10-17 00:00:00", "datetime from VALUE_STRING value 2017-10-17 00:00:00"),
        ("IsReminderSet", "yes", "boolean from VALUE_STRING value yes"),
        ("Subject", 5, "string from VALUE_NUMBER_INT value 5"),
        ("Subject", True, "string from VALUE_TRUE value true"),
        ("Subject", ["x"], "string from START_ARRAY value ["),
        ("CallDurationInSeconds", 1.5, "int from VALUE_NUMBER_FLOAT value 1.5"),
        ("CallDurationInSeconds", True, "int from VALUE_TRUE value true"),
    ],
)
def test_values_of_another_type(org: OrgClient, name: str, value: Any, found: str) -> None:
    answer = org.call("POST", "/sobjects/Task", json={name: value})
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "JSON_PARSER_ERROR"
    assert answer.json()[0]["message"].startswith(f"Cannot deserialize instance of {found} or request may be")


def test_lengths_are_utf16_code_units(org: OrgClient) -> None:
    fits = "x" * 253 + "🎯"
    assert org.read(org.create(Subject=fits))["Subject"] == fits
    answer = org.call("POST", "/sobjects/Task", json={"Subject": "x" * 254 + "🎯"})
    assert answer.json()[0]["errorCode"] == "STRING_TOO_LONG"
    long = "line\r\n" * 5333
    assert len(org.read(org.create(Description=long + "xx"))["Description"]) == 32000
    answer = org.call("POST", "/sobjects/Task", json={"Description": "x" * 32001})
    assert answer.json()[0]["errorCode"] == "STRING_TOO_LONG"


def test_how_values_are_kept(org: OrgClient) -> None:
    given = {
        "subject": "  spaces around  ",
        "Description": "",
        "ReminderDateTime": "2026-07-15T12:00:00.5+02:00",
        "Status": "A value of our own",
        "ActivityDate": "",
    }
    record_id = org.create(**given)
    task = org.read(record_id)
    assert task["Subject"] == "spaces around"
    assert task["Description"] is None
    assert task["ActivityDate"] is None
    assert task["ReminderDateTime"] == "2026-07-15T10:00:00.500+0000"
    assert (task["Status"], task["IsClosed"]) == ("A value of our own", False)
    org.served.switch(trim_text=False, restricted_status=True)
    assert org.update(record_id, Subject=" kept ").status_code == 204
    assert org.read(record_id)["Subject"] == " kept "
    answer = org.update(record_id, Status="A value of our own")
    assert answer.json()[0]["errorCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


@pytest.mark.parametrize("name", ["Status", "Priority", "OwnerId"])
def test_fields_that_must_not_be_empty(org: OrgClient, name: str) -> None:
    record_id = org.create(Subject="x")
    answer = org.update(record_id, **{name: None})
    assert answer.status_code == 400
    assert answer.json() == [
        {
            "message": f"Required fields are missing: [{name}]",
            "errorCode": "REQUIRED_FIELD_MISSING",
            "fields": [name],
        }
    ]


def test_a_contact_needs_a_last_name(org: OrgClient) -> None:
    answer = org.call("POST", "/sobjects/Contact", json={"FirstName": "Nora"})
    assert answer.json()[0]["fields"] == ["LastName"]


def test_an_inactive_owner_is_refused(org: OrgClient) -> None:
    eli = org.user("eli@example.com", IsActive=False)
    answer = org.call("POST", "/sobjects/Task", json={"OwnerId": eli})
    assert answer.status_code == 400
    assert answer.json() == [
        {
            "message": f"operation performed with inactive user [{eli[:15]}] as owner of task",
            "errorCode": "INACTIVE_OWNER_OR_USER",
            "fields": ["OwnerId"],
        }
    ]


def test_tasks_of_somebody_who_became_inactive_can_be_edited(org: OrgClient) -> None:
    ada = org.user()
    record_id = org.create(OwnerId=ada)
    org.served.control("PATCH", f"/people/User/{ada}", {"fields": {"IsActive": False}})
    assert org.update(record_id, Subject="x").status_code == 204


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        ("{", "application/json", "JSON_PARSER_ERROR"),
        ("", "application/json", "JSON_PARSER_ERROR"),
        ("[]", "application/json", "JSON_PARSER_ERROR"),
        ('{"Subject": "\\ud800"}', "application/json", "JSON_PARSER_ERROR"),
        ("{}", "text/plain", "UNSUPPORTED_MEDIA_TYPE"),
    ],
)
def test_bodies_that_cannot_be_read(org: OrgClient, body: str, content_type: str, code: str) -> None:
    answer = org.call("POST", "/sobjects/Task", data=body, headers={"Content-Type": content_type})
    assert answer.status_code in (400, 415)
    assert answer.json()[0]["errorCode"] == code


def test_the_id_has_no_place_in_an_update(org: OrgClient) -> None:
    record_id = org.create(Subject="x")
    answer = org.update(record_id, Id=record_id)
    assert answer.json() == [
        {
            "message": "The Id field should not be specified in the sobject data.",
            "errorCode": "INVALID_FIELD",
        }
    ]


def test_what_may_not_be_written_at_all(org: OrgClient) -> None:
    answer = org.call("POST", "/sobjects/TaskStatus", json={"MasterLabel": "x"})
    assert answer.json()[0]["errorCode"] == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"


def test_conditional_requests_when_the_org_has_them(org: OrgClient) -> None:
    org.set_clock("2026-07-15T12:00:00Z")
    record_id = org.create(Subject="x")
    path, earlier = f"/sobjects/Task/{record_id}", "Wed, 15 Jul 2026 11:00:00 GMT"
    later = "Wed, 15 Jul 2026 12:00:00 GMT"
    blind = org.call("PATCH", path, json={"Subject": "y"}, headers={"If-Unmodified-Since": earlier})
    assert blind.status_code == 204
    org.served.switch(conditional_requests=True)
    refused = org.call("PATCH", path, json={"Subject": "z"}, headers={"If-Unmodified-Since": earlier})
    assert refused.status_code == 412
    assert org.call("GET", path, headers={"If-Modified-Since": later}).status_code == 304
    assert org.call("GET", path, headers={"If-Modified-Since": earlier}).json()["Subject"] == "y"


def test_upsert_by_external_id(org: OrgClient) -> None:
    path = f"/sobjects/Task/{KEY}/tb%2F1%20%C3%A4"
    created = org.call("PATCH", path, json={"Subject": "one"})
    body = created.json()
    assert created.status_code == 201
    assert body == {"id": body["id"], "success": True, "errors": [], "created": True}
    assert created.headers["Location"] == f"{DATA}/sobjects/Task/{body['id']}"
    updated = org.call("PATCH", path, json={"Subject": "two"})
    assert (updated.status_code, updated.json()) == (200, {**body, "created": False})
    task = org.call("GET", path).json()
    assert (task[KEY], task["Subject"]) == ("tb/1 ä", "two")
    assert org.call("DELETE", path).status_code == 204
    assert org.call("GET", path).status_code == 404


def test_a_slash_at_the_end_of_an_external_id(org: OrgClient) -> None:
    path = f"/sobjects/Task/{KEY}/key%2F"
    record_id = org.call("PATCH", path, json={}).json()["id"]
    assert org.read(record_id)[KEY] == "key/"


def test_upsert_only_updates_on_wish(org: OrgClient) -> None:
    path = f"/sobjects/Task/{KEY}/key?updateOnly=true"
    assert org.call("PATCH", path, json={"Subject": "x"}).status_code == 404
    org.create(**{KEY: "key"})
    assert org.call("PATCH", path, json={"Subject": "x"}).json()["created"] is False


def test_an_upsert_makes_a_deleted_record_again(org: OrgClient) -> None:
    first = org.create(**{KEY: "key"})
    org.delete(first)
    again = org.call("PATCH", f"/sobjects/Task/{KEY}/key", json={}).json()
    assert again["created"] is True
    assert again["id"] != first


def test_older_versions_do_not_tell_created(org: OrgClient) -> None:
    path = f"/services/data/v45.0/sobjects/Task/{KEY}/key"
    assert "created" not in org.served.api("PATCH", path, json={}).json()
    assert org.served.api("PATCH", path, json={}).status_code == 204


def test_the_key_belongs_into_the_path_alone(org: OrgClient) -> None:
    answer = org.call("PATCH", f"/sobjects/Task/{KEY}/key", json={KEY: "key"})
    assert answer.json()[0]["errorCode"] == "INVALID_FIELD"


def test_external_ids_are_unique_and_case_sensitive(org: OrgClient) -> None:
    first = org.create(**{KEY: "key"})
    org.create(**{KEY: "KEY"})
    other = org.create(Subject="x")
    refused = [
        {
            "message": f"duplicate value found: {KEY} duplicates value on record with id: {first[:15]}",
            "errorCode": "DUPLICATE_VALUE",
            "fields": [],
        }
    ]
    assert org.call("POST", "/sobjects/Task", json={KEY: "key"}).json() == refused
    assert org.update(other, **{KEY: "key"}).json() == refused
    assert org.update(first, **{KEY: "key"}).status_code == 204
    assert org.update(first, **{KEY: None}).status_code == 204
    assert org.update(other, **{KEY: "key"}).status_code == 204


def test_whether_a_binned_record_holds_its_external_id(org: OrgClient) -> None:
    first = org.create(**{KEY: "key"})
    org.delete(first)
    org.served.switch(binned_external_id_collides=True)
    answer = org.call("POST", "/sobjects/Task", json={KEY: "key"})
    assert answer.json()[0]["errorCode"] == "DUPLICATE_VALUE"
    org.served.switch(binned_external_id_collides=False)
    org.create(**{KEY: "key"})
