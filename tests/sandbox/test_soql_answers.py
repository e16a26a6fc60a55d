"""What queries find, over a few documents in memory."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sandbox.kernel.clock import Clock
from sandbox.kernel.store import Store
from sandbox.kernel.switches import SwitchBoard
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.ids import checksum, make_id
from sandbox.salesforce.paging import Pages
from sandbox.salesforce.records import Records
from sandbox.salesforce.soql.ranges import day_span
from sandbox.salesforce.soql.run import select
from sandbox.salesforce.switches import SalesforceSwitches

BASE = "/services/data/v67.0"
ADA, NORA, RITA, ACME = make_id("005", 1), make_id("003", 1), make_id("00Q", 1), make_id("001", 1)
# A Wednesday.
NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)


def task(number: int, **fields: Any) -> dict[str, Any]:
    created = f"2026-07-{number:02d}T10:00:00.000+0000"
    return {
        "Id": make_id("00T", number), "Subject": f"task {number}", "Status": "Not Started", "IsClosed": False,
        "IsDeleted": False, "ActivityDate": None, "OwnerId": ADA, "WhoId": None, "CreatedDate": created,
        "SystemModstamp": created, "CallDurationInSeconds": None, "Taskbridge_Id__c": None, **fields,
    }  # fmt: skip


TASKS = [
    task(1, Subject="Alpha", ActivityDate="2026-07-15", WhoId=NORA, CallDurationInSeconds=60),
    task(2, Subject="beta", Status="Completed", IsClosed=True, ActivityDate="2026-07-20", WhoId=RITA),
    task(3, Subject="100% sure_thing", ActivityDate="2026-06-30", CallDurationInSeconds=5),
    task(4, Subject=None, Taskbridge_Id__c="Key-A"),
    task(5, Subject="old", Status="Completed", IsClosed=True, ActivityDate="2024-01-01"),
    task(6, Subject="gone", IsDeleted=True),
]


def made(tasks: Iterable[dict[str, Any]]) -> Records:
    """An org at noon of NOW with these tasks."""
    store, clock = Store(":memory:"), Clock()
    clock.freeze(True)
    clock.set(NOW)
    for each in tasks:
        store.put("Task", each["Id"], each)
    store.put("User", ADA, {"Id": ADA, "Name": "Ada Example", "Email": "ada@example.com", "IsActive": True})
    store.put("Account", ACME, {"Id": ACME, "Name": "Acme", "IsDeleted": False})
    store.put("Contact", NORA, {"Id": NORA, "Name": "Nora", "AccountId": ACME, "IsDeleted": False})
    store.put("Lead", RITA, {"Id": RITA, "Name": "Rita", "IsDeleted": False})
    return Records(store, clock, SwitchBoard(store, SalesforceSwitches))


@pytest.fixture(scope="module")
def records() -> Iterator[Records]:
    org = made(TASKS)
    yield org
    org.store.close()


def answer(records: Records, soql: str, *, include_deleted: bool = False) -> list[dict[str, Any]]:
    found = select(
        records, soql, include_deleted=include_deleted, base=BASE, zone=ZoneInfo("America/New_York")
    )
    if found.rows is not None:
        return list(found.rows)
    docs = [records.get(found.sobject, each) for each in found.ids]
    return [found.project(doc) for doc in docs if doc is not None]


def numbers(records: Records, where: str, *, include_deleted: bool = False) -> list[int]:
    """Which of the tasks the condition finds, in order of their ids unless it says otherwise."""
    rows = answer(records, f"SELECT Id FROM Task WHERE {where}", include_deleted=include_deleted)
    order = [each["Id"] for each in TASKS]
    return [order.index(row["Id"]) + 1 for row in rows]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("Subject = 'ALPHA'", [1]),
        ("Subject != 'alpha'", [2, 3, 4]),
        ("Subject <> 'alpha'", [2, 3, 4]),
        ("Subject = null", [4]),
        ("Subject = ''", [4]),
        ("Subject != null", [1, 2, 3]),
        ("Subject >= 'b'", [2]),
        ("Subject IN ('alpha', 'BETA')", [1, 2]),
        ("Subject IN (null, 'beta')", [2, 4]),
        ("Subject NOT IN ('alpha')", [2, 3, 4]),
        ("Subject LIKE 'a%'", [1]),
        ("Subject LIKE '_eta'", [2]),
        (r"Subject LIKE '100\% sure\_thing'", [3]),
        (r"Subject LIKE '100\%_sure%'", [3]),
        ("Subject LIKE '%.%'", []),
        ("(NOT Subject LIKE 'a%')", [2, 3, 4]),
        ("IsClosed = true", [2]),
        ("IsClosed != TRUE", [1, 3, 4]),
        ("ActivityDate = 2026-07-15", [1]),
        ("ActivityDate < 2026-07-15", [3]),
        ("ActivityDate > 2026-07-15", [2]),
        ("ActivityDate = TODAY", [1]),
        ("ActivityDate = LAST_MONTH", [3]),
        ("ActivityDate = NEXT_WEEK", [2]),
        ("ActivityDate >= LAST_N_DAYS:15", [1, 2, 3]),
        ("ActivityDate < N_DAYS_AGO:14", [3]),
        ("ActivityDate != THIS_WEEK", [2, 3, 4]),
        ("CallDurationInSeconds > 5", [1]),
        ("CallDurationInSeconds <= 60.5", [1, 3]),
        ("CreatedDate >= 2026-07-03T10:00:00Z", [3, 4]),
        ("CreatedDate > 2026-07-03T10:00:00.000+00:00", [4]),
        ("CreatedDate = 2026-07-03T12:00:00+02:00", [3]),
        ("CreatedDate < 2026-07-02T10:00:01+0000", [1, 2]),
        ("Taskbridge_Id__c = 'Key-A'", [4]),
        ("Taskbridge_Id__c = 'key-a'", []),
        ("Owner.Email = 'ADA@example.com'", [1, 2, 3, 4]),
        ("Who.Type = 'Lead'", [2]),
        ("Who.Name = null", [3, 4]),
        ("WhoId IN (SELECT Id FROM Contact WHERE Account.Name = 'Acme')", [1]),
        ("WhoId NOT IN (SELECT Id FROM Contact)", [2, 3, 4]),
        (f"Id = '{TASKS[2]['Id'][:15]}'", [3]),
        (f"Id IN ('{TASKS[2]['Id']}', '{TASKS[0]['Id']}') AND IsClosed = false", [1, 3]),
        (f"Id = '{TASKS[0]['Id']}' OR Subject = 'beta'", [1, 2]),
        (f"Id > '{TASKS[1]['Id']}'", [3, 4]),
        ("(Subject = 'alpha' OR Subject = 'beta') AND IsClosed = false", [1]),
        ("(Subject = 'alpha' OR Subject = 'beta' OR IsClosed = false)", [1, 2, 3, 4]),
        ("Subject != null AND IsClosed = false AND ActivityDate != null", [1, 3]),
        ("task.Subject = 'beta'", [2]),
        ("Subject != 'x' ORDER BY ActivityDate", [4, 3, 1, 2]),
        ("Subject != 'x' ORDER BY ActivityDate DESC", [4, 2, 1, 3]),
        ("Subject != 'x' ORDER BY ActivityDate DESC NULLS LAST", [2, 1, 3, 4]),
        ("Subject != 'x' ORDER BY IsClosed DESC, Subject NULLS LAST", [2, 3, 1, 4]),
        ("Subject != 'x' ORDER BY Id DESC LIMIT 2 OFFSET 1", [3, 2]),
        ("Subject != 'x' LIMIT 0", []),
    ],
)
def test_conditions(records: Records, where: str, expected: list[int]) -> None:
    assert numbers(records, where) == expected


def test_query_hides_what_query_all_shows(records: Records) -> None:
    assert numbers(records, "OwnerId != null") == [1, 2, 3, 4]
    assert numbers(records, "OwnerId != null", include_deleted=True) == [1, 2, 3, 4, 5, 6]
    assert numbers(records, "IsArchived = true", include_deleted=True) == [5]
    assert numbers(records, "IsDeleted = true", include_deleted=True) == [6]


def test_days_begin_at_the_users_midnight(records: Records) -> None:
    # In New York 2026-07-03T10:00Z is the third; the fourth begins at 04:00Z.
    assert numbers(records, "CreatedDate = LAST_N_DAYS:12") == [3, 4]
    assert numbers(records, "CreatedDate < LAST_N_DAYS:12") == [1, 2]


@pytest.mark.parametrize(
    ("literal", "first", "end"),
    [
        ("THIS_WEEK", "2026-07-12", "2026-07-19"),
        ("last_week", "2026-07-05", "2026-07-12"),
        ("NEXT_MONTH", "2026-08-01", "2026-09-01"),
        ("LAST_QUARTER", "2026-04-01", "2026-07-01"),
        ("THIS_YEAR", "2026-01-01", "2027-01-01"),
        ("TOMORROW", "2026-07-16", "2026-07-17"),
        ("LAST_N_DAYS:3", "2026-07-12", "2026-07-16"),
        ("NEXT_N_DAYS : 3", "2026-07-16", "2026-07-19"),
        ("LAST_90_DAYS", "2026-04-16", "2026-07-16"),
        ("LAST_N_MONTHS:2", "2026-05-01", "2026-07-01"),
        ("NEXT_N_YEARS:1", "2027-01-01", "2028-01-01"),
        ("N_WEEKS_AGO:1", "2026-07-05", "2026-07-12"),
    ],
)
def test_date_literals_are_spans_of_days(literal: str, first: str, end: str) -> None:
    span = day_span(literal, NOW.date())
    assert span is not None
    assert [day.isoformat() for day in span] == [first, end]


def test_a_cursor_belongs_to_its_user(records: Records) -> None:
    pages = Pages(records)
    found = select(records, "SELECT Id FROM Task", include_deleted=False, base=BASE, zone=ZoneInfo("UTC"))
    url = pages.first(found, 2, ADA, f"{BASE}/query")["nextRecordsUrl"]
    locator = url.rsplit("/", 1)[1]
    assert len(pages.more(locator, 2, ADA)["records"]) == 2
    with pytest.raises(ApiError, match="INVALID_QUERY_LOCATOR"):
        pages.more(locator, 2, make_id("005", 2))


def test_rows_have_attributes_and_nested_parents(records: Records) -> None:
    soql = "SELECT Id, Owner.Name, Subject, Owner.Email, Who.Name, Who.Type, Account.Name FROM Task LIMIT 1"
    assert answer(records, soql) == [
        {
            "attributes": {"type": "Task", "url": f"{BASE}/sobjects/Task/{TASKS[0]['Id']}"},
            "Id": TASKS[0]["Id"],
            "Owner": {
                "attributes": {"type": "Name", "url": f"{BASE}/sobjects/User/{ADA}"},
                "Name": "Ada Example",
                "Email": "ada@example.com",
            },
            "Subject": "Alpha",
            "Who": {
                "attributes": {"type": "Name", "url": f"{BASE}/sobjects/Contact/{NORA}"},
                "Name": "Nora",
                "Type": "Contact",
            },
            "Account": None,
        }
    ]


def test_field_names_come_back_in_their_own_case(records: Records) -> None:
    assert list(answer(records, "select ID, SUBJECT from TASK limit 1")[0]) == ["attributes", "Id", "Subject"]


def test_counting(records: Records) -> None:
    found = select(
        records, "SELECT COUNT() FROM Task", include_deleted=False, base=BASE, zone=ZoneInfo("UTC")
    )
    assert (found.total, found.rows) == (4, ())
    assert answer(records, "SELECT COUNT(Id) FROM Task") == [
        {"attributes": {"type": "AggregateResult"}, "expr0": 4}
    ]
    rows = answer(records, "SELECT Status, COUNT(Id) n, MAX(ActivityDate) FROM Task GROUP BY Status")
    assert [(row["Status"], row["n"], row["expr0"]) for row in rows] == [
        ("Not Started", 3, "2026-07-15"),
        ("Completed", 1, "2026-07-20"),
    ]


def test_groups_have_an_order(records: Records) -> None:
    soql = "SELECT Status, COUNT(Id) n FROM Task GROUP BY Status ORDER BY"
    by_count = [row["n"] for row in answer(records, f"{soql} COUNT(Id)")]
    assert by_count == [1, 3]
    assert [row["n"] for row in answer(records, f"{soql} COUNT(Id) DESC LIMIT 1")] == [3]
    statuses = [row["Status"] for row in answer(records, f"{soql} Status")]
    assert statuses == ["Completed", "Not Started"]
    latest = [row["Status"] for row in answer(records, f"{soql} MAX(ActivityDate) DESC")]
    assert latest == ["Completed", "Not Started"]
    with pytest.raises(ApiError, match="Field must be grouped or aggregated: Subject"):
        answer(records, f"{soql} Subject")


def test_having_keeps_groups(records: Records) -> None:
    soql = "SELECT Status FROM Task GROUP BY Status HAVING COUNT(Id)"
    assert [row["Status"] for row in answer(records, f"{soql} > 1")] == ["Not Started"]
    assert [row["Status"] for row in answer(records, f"{soql} <> 3 AND COUNT(Subject) >= 1")] == ["Completed"]
    with pytest.raises(ApiError, match="HAVING needs GROUP BY"):
        answer(records, "SELECT COUNT(Id) FROM Task HAVING COUNT(Id) > 1")


def test_text_is_ordered_without_regard_to_case() -> None:
    org = made(task(number, Subject=name, Status=name) for number, name in enumerate(("b", "A", "C"), 1))
    rows = answer(org, "SELECT Subject FROM Task ORDER BY Subject")
    assert [row["Subject"] for row in rows] == ["A", "b", "C"]
    rows = answer(org, "SELECT Status FROM Task GROUP BY Status ORDER BY MAX(Status) DESC")
    assert [row["Status"] for row in rows] == ["C", "b", "A"]


def test_ids_are_ordered_with_regard_to_case() -> None:
    ends = ("zA", "za", "ZB", "Zb")
    ids = {end: f"00TTb00000zzz{end}" for end in ends}
    org = made(task(1, Id=each + checksum(each), Subject=end) for end, each in ids.items())
    rows = answer(org, "SELECT Subject FROM Task ORDER BY Id")
    assert [row["Subject"] for row in rows] == ["ZB", "Zb", "zA", "za"]


def test_field_sets(records: Records) -> None:
    row = answer(records, "SELECT FIELDS(ALL) FROM Task LIMIT 1")[0]
    assert {"Id", "Subject", "Description", "Taskbridge_Id__c", "IsArchived"} <= set(row)


@pytest.mark.parametrize(
    ("soql", "code", "message"),
    [
        ("SELECT Nope FROM Task", "INVALID_FIELD", "No such column 'Nope' on entity 'Task'."),
        ("SELECT Id FROM Nope", "INVALID_TYPE", "sObject type 'Nope' is not supported."),
        ("SELECT Id FROM Name", "INVALID_TYPE", "sObject type 'Name' is not supported."),
        (
            "SELECT Boss.Name FROM Task",
            "INVALID_FIELD",
            "Didn't understand relationship 'Boss' in field path.",
        ),
        ("SELECT Owner.Shoes FROM Task", "INVALID_FIELD", "No such column 'Shoes' on entity 'Name'."),
        ("SELECT Id, Id FROM Task", "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT Type FROM Task", "INVALID_FIELD", "No such column 'Type' on entity 'Task'."),
        (
            "SELECT Id FROM Task WHERE Description = 'x'",
            "INVALID_FIELD",
            "field 'Description' can not be filtered in a query call",
        ),
        (
            "SELECT Id FROM Task ORDER BY Description",
            "MALFORMED_QUERY",
            "field 'Description' can not be sorted in a query call",
        ),
        (
            "SELECT COUNT(Id) FROM Task GROUP BY SystemModstamp",
            "MALFORMED_QUERY",
            "field 'SystemModstamp' can not be grouped in a query call",
        ),
        (
            "SELECT Subject, COUNT(Id) FROM Task",
            "MALFORMED_QUERY",
            "Field must be grouped or aggregated: Subject",
        ),
        (
            "SELECT Id FROM Task WHERE CreatedDate > '2026-01-01T00:00:00Z'",
            "INVALID_FIELD",
            "value of filter criterion for field 'CreatedDate' must be of type dateTime and should not be",
        ),
        (
            "SELECT Id FROM Task WHERE CreatedDate > 2026-01-01",
            "INVALID_FIELD",
            "value of filter criterion for field 'CreatedDate' must be of type dateTime",
        ),
        (
            "SELECT Id FROM Task WHERE ActivityDate = 2026-01-01T00:00:00Z",
            "INVALID_FIELD",
            "value of filter criterion for field 'ActivityDate' must be of type date and",
        ),
        ("SELECT Id FROM Task WHERE ActivityDate = 2026-02-30", "INVALID_FIELD", "Invalid date: 2026-02-30"),
        (
            "SELECT Id FROM Task WHERE Subject = 5",
            "INVALID_FIELD",
            "value of filter criterion for field 'Subject' must be of type string and should be enclosed",
        ),
        (
            "SELECT Id FROM Task WHERE IsClosed = 'true'",
            "INVALID_FIELD",
            "value of filter criterion for field 'IsClosed' must be of type boolean",
        ),
        (
            "SELECT Id FROM Task WHERE OwnerId = 'abc'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid ID field: abc",
        ),
        (
            "SELECT Id FROM Task WHERE Id LIKE '00T%'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid operator on id field",
        ),
        ("SELECT Id FROM Task WHERE Subject = Status", "MALFORMED_QUERY", "unexpected token: 'Status'"),
        (
            "SELECT Id FROM Task OFFSET 2001",
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Maximum SOQL offset allowed is 2000",
        ),
        ("SELECT FIELDS(ALL) FROM Task", "MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of"),
        (
            "SELECT Id FROM Task WHERE WhoId IN (SELECT Name FROM Contact)",
            "MALFORMED_QUERY",
            "The inner select",
        ),
    ],
)
def test_refusals(records: Records, soql: str, code: str, message: str) -> None:
    with pytest.raises(ApiError) as refused:
        answer(records, soql)
    assert refused.value.code == code
    assert f"\n{message}" in refused.value.message
    assert "\nERROR at Row:1:Column:" in refused.value.message
