"""updated, deleted, the bin, and what people do."""

import pytest
import requests

from sandbox.salesforce.ids import make_id
from tests.sandbox.org_client import KEY, OrgClient

START = "2026-07-15T12:00:00Z"


@pytest.fixture
def org(org: OrgClient) -> OrgClient:
    """The time stands still at half a minute past noon."""
    org.set_clock("2026-07-15T12:00:30.5Z")
    return org


def changes(org: OrgClient, which: str, start: str, end: str) -> requests.Response:
    return org.call("GET", f"/sobjects/Task/{which}/", params={"start": start, "end": end})


def at(clock: str) -> str:
    return f"2026-07-15T{clock}+00:00"


def test_seconds_of_both_ends_are_dropped(org: OrgClient) -> None:
    record_id = org.create(Subject="x")
    org.advance(minutes=10)
    body = changes(org, "updated", at("12:00:59"), at("12:02:30")).json()
    assert body == {"ids": [record_id], "latestDateCovered": "2026-07-15T12:02:00.000+0000"}
    assert changes(org, "updated", at("11:59:00"), at("12:00:59")).json()["ids"] == []
    assert changes(org, "updated", "2026-07-15T14:00:00+02:00", at("12:01:00")).json()["ids"] == [record_id]


def test_updated_leaves_deleted_ones_to_deleted(org: OrgClient) -> None:
    kept, gone = org.create(Subject="kept"), org.create(Subject="gone")
    org.advance(minutes=1)
    org.delete(gone)
    org.advance(minutes=5)
    assert changes(org, "updated", at("12:00:00"), at("12:05:00")).json()["ids"] == [kept]
    body = changes(org, "deleted", at("12:00:00"), at("12:05:00")).json()
    assert body["deletedRecords"] == [{"id": gone, "deletedDate": "2026-07-15T12:01:30.000+0000"}]
    assert body["latestDateCovered"] == "2026-07-15T12:05:00.000+0000"
    assert body["earliestDateAvailable"] == "2026-06-30T12:06:30.000+0000"


def test_nothing_is_covered_that_has_not_happened(org: OrgClient) -> None:
    body = changes(org, "updated", at("11:00:00"), at("13:00:00")).json()
    assert body["latestDateCovered"] == "2026-07-15T12:00:30.000+0000"


TOO_CLOSE = "startDate must be at least one minute greater than endDate"
TOO_OLD = "startDate cannot be more than 30 days ago"


@pytest.mark.parametrize(
    ("which", "start", "end", "code", "message"),
    [
        ("updated", at("12:00:10"), at("12:00:50"), "INVALID_REPLICATION_DATE", TOO_CLOSE),
        ("updated", at("12:01:00"), at("12:00:00"), "INVALID_REPLICATION_DATE", TOO_CLOSE),
        ("deleted", at("12:00:00"), at("12:01:59"), "INVALID_REPLICATION_DATE", TOO_CLOSE),
        ("updated", "2026-06-15T11:59:00Z", at("12:00:00"), "INVALID_REPLICATION_DATE", TOO_OLD),
        ("deleted", "2026-06-15T11:59:00Z", at("12:00:00"), "INVALID_REPLICATION_DATE", TOO_OLD),
        (
            "updated",
            "yesterday",
            at("12:00:00"),
            "ILLEGAL_QUERY_PARAMETER_VALUE",
            "Illegal value for parameter",
        ),
        ("updated", "", at("12:00:00"), "MISSING_ARGUMENT", "Missing required parameter: start"),
    ],
)
def test_refused_spans(org: OrgClient, which: str, start: str, end: str, code: str, message: str) -> None:
    answer = changes(org, which, start, end)
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == code
    assert answer.json()[0]["message"].startswith(message)


def test_the_shortest_spans_that_are_answered(org: OrgClient) -> None:
    assert changes(org, "updated", at("12:00:00"), at("12:01:00")).status_code == 200
    assert changes(org, "deleted", at("12:00:00"), at("12:02:00")).status_code == 200


def test_the_bin_forgets_after_15_days(org: OrgClient) -> None:
    gone = org.create(**{KEY: "key"})
    org.delete(gone)
    org.advance(days=15)
    org.served.log_in()
    assert org.ids("SELECT Id FROM Task", "queryAll") == [gone]
    org.advance(seconds=1)
    assert org.ids("SELECT Id FROM Task", "queryAll") == []
    assert changes(org, "deleted", START, "2026-07-30T12:00:00Z").json()["deletedRecords"] == []
    assert org.delete(gone).json()[0]["errorCode"] == "NOT_FOUND"


def test_a_purged_bin_breaks_the_list_of_deletes(org: OrgClient) -> None:
    gone = org.create(Subject="x")
    org.delete(gone)
    org.advance(minutes=10)
    assert org.served.control("POST", "/people/purge") == {"purged": 1}
    assert org.ids("SELECT Id FROM Task", "queryAll") == [gone]
    answer = changes(org, "deleted", at("12:00:00"), at("12:30:00"))
    assert answer.status_code == 400
    assert answer.json() == [
        {
            "message": "startDate before org replication enabled date",
            "errorCode": "INVALID_REPLICATION_DATE",
        }
    ]
    body = changes(org, "deleted", at("12:11:00"), at("12:30:00")).json()
    assert body["deletedRecords"] == []
    assert body["earliestDateAvailable"] == "2026-07-15T12:10:30.500+0000"
    org.advance(hours=25)
    org.served.log_in()
    assert org.ids("SELECT Id FROM Task", "queryAll") == []


def test_a_person_takes_a_task_out_of_the_bin(org: OrgClient) -> None:
    ada = org.user()
    record_id = org.create(Subject="x")
    org.delete(record_id)
    org.advance(minutes=1)
    org.served.control("POST", f"/people/Task/{record_id}/undelete", {"as": ada})
    task = org.read(record_id)
    assert (task["IsDeleted"], task["LastModifiedById"]) == (False, ada)
    assert task["SystemModstamp"] == "2026-07-15T12:01:30.000+0000"


def test_people_write_under_their_own_names(org: OrgClient) -> None:
    ada, me = org.user("ada@example.com"), org.user("ben@example.com")
    fields = {"Subject": "by Ada", "Status": "Completed"}
    made = org.served.control("POST", "/people/Task", {"as": "ADA@example.com", "fields": fields})["id"]
    task = org.read(made)
    assert (task["OwnerId"], task["CreatedById"], task["IsClosed"]) == (ada, ada, True)
    org.advance(minutes=1)
    org.served.control("PATCH", f"/people/Task/{made}", {"as": me, "fields": {"OwnerId": me}})
    task = org.read(made)
    assert (task["OwnerId"], task["LastModifiedById"]) == (me, me)
    assert task["LastModifiedDate"] == "2026-07-15T12:01:30.000+0000"
    org.served.control("DELETE", f"/people/Task/{made}?as=ben@example.com")
    assert org.ids("SELECT Id FROM Task") == []


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("/people/Nope", {"fields": {}}, "there is no object 'Nope'; there are Account, Contact"),
        ("/people/Task", {"as": "nobody@example.com", "fields": {}}, "there is no user 'nobody@example.com'"),
        ("/people/Task", {"Subject": "x"}, 'expected {"as": user id or e-mail, "fields": {...}}'),
        ("/people/Task/x/undelete", {}, "'x' is no id"),
        ("/load", {"Task": [{"Id": "00T"}]}, "Task[0]: Id '00T' is no 18-character id of Task"),
    ],
)
def test_control_calls_that_cannot_be_understood(
    org: OrgClient, path: str, body: dict[str, object], text: str
) -> None:
    assert text in org.served.refused("POST", path, body)


def test_people_are_refused_like_the_api(org: OrgClient) -> None:
    url = f"{org.served.url}/__sandbox__/people/Task"
    answer = requests.post(
        url, json={"fields": {"Subject": "x" * 256}}, verify=str(org.served.ca_bundle), timeout=10
    )
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "STRING_TOO_LONG")


def test_loaded_records_keep_their_stamps(org: OrgClient) -> None:
    full = make_id("00T", 500)
    document = {
        "Id": full,
        "Subject": "loaded",
        "Status": "Not Started",
        "Priority": "Normal",
        "SystemModstamp": "2026-01-01T00:00:00.000+0000",
        "LastModifiedDate": "2026-01-01T00:00:00.000+0000",
        "CreatedDate": "2026-01-01T00:00:00.000+0000",
        KEY: "loaded key",
    }
    assert org.served.control("POST", "/load", {"Task": [document]}) == {"Task": 1}
    assert org.ids("SELECT Id FROM Task WHERE SystemModstamp = 2026-01-01T00:00:00Z") == [full]
    assert org.rows("PATCH", {KEY: "loaded key"}, path=f"/Task/{KEY}")[0]["id"] == full


def test_a_key_is_found_however_its_record_came(org: OrgClient) -> None:
    org.create(**{KEY: "first"})
    loaded = {"Id": make_id("00T", 500), KEY: "loaded", "Status": "Not Started", "Priority": "Normal"}
    org.served.control("POST", "/load", {"Task": [loaded]})
    org.create(Subject="without a key")
    answer = org.call("POST", "/sobjects/Task", json={KEY: "loaded"})
    assert answer.json()[0]["errorCode"] == "DUPLICATE_VALUE"


def test_the_demo_seed(org: OrgClient) -> None:
    org.served.reset("demo")
    org.served.log_in()
    users = org.query("SELECT Email, TimeZoneSidKey, IsActive FROM User ORDER BY Email")["records"]
    zones = {row["Email"]: (row["TimeZoneSidKey"], row["IsActive"]) for row in users}
    assert zones["ada@example.com"] == ("America/New_York", True)
    assert zones["chi@example.com"] == ("Asia/Tokyo", True)
    assert zones["eli@example.com"] == ("UTC", False)
    assert org.query("SELECT COUNT() FROM Contact")["totalSize"] == 4
    tasks = org.query("SELECT Subject, Status, Priority, Who.Name, LastModifiedDate FROM Task")["records"]
    assert len(tasks) == 12
    assert {row["Status"] for row in tasks} >= {"Not Started", "In Progress", "Completed"}
    soql = "SELECT CreatedDate, CompletedDateTime FROM Task WHERE Status = 'Completed'"
    assert all(row["CreatedDate"] < row["CompletedDateTime"] for row in org.query(soql)["records"])
    created = org.create(Subject="after the seed")
    assert org.query("SELECT COUNT() FROM Task")["totalSize"] == 13
    assert created not in {row["attributes"]["url"].rsplit("/", 1)[1] for row in tasks}
