from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.served import Served

NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)


def stamp(microseconds: int = 0, days: float = 0) -> str:
    moment = NOW + timedelta(days=days, microseconds=microseconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def task(task_id: int, updated: int, **fields: Any) -> dict[str, Any]:
    """A raw task; `updated`: microseconds after NOW."""
    created = stamp(-task_id)
    return {
        "id": task_id,
        "name": f"t{task_id}",
        "assignee_id": 1,
        "created_at": created,
        "updated_at": stamp(updated),
        **fields,
    }


@pytest.fixture
def served(sales_connect: Served) -> Served:
    sales_connect.control("POST", "/clock", {"set": NOW.isoformat(), "freeze": True})
    sales_connect.log_in()
    rows = [
        task(1, 30),
        task(2, 10, assignee_id=2),
        task(3, 20, status="complete"),
        task(4, 20, idempotency_key="k4"),
        task(5, 40, status="skipped"),
    ]
    ada = {"id": 1, "email": "ada@x", "name": "Ada", "created_at": stamp(), "updated_at": stamp()}
    sales_connect.control("POST", "/load", {"users": [ada], "tasks": rows})
    return sales_connect


def ids(served: Served, query: str, path: str = "/v2/tasks") -> list[int]:
    answer = served.api("GET", f"{path}?{query}")
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["data"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [5, 1, 4, 3, 2]),
        ("sort_direction=ASC", [2, 3, 4, 1, 5]),
        ("sort_by=id&sort_direction=ASC", [1, 2, 3, 4, 5]),
        ("sort_by=created_at&sort_direction=ASC", [5, 4, 3, 2, 1]),
        (f"updated_at[gt]={stamp(20)}", [5, 1]),
        (f"updated_at[gte]={stamp(20)}", [5, 1, 4, 3]),
        (f"updated_at[lt]={stamp(20)}", [2]),
        (f"updated_at[lte]={stamp(20)}", [4, 3, 2]),
        (f"updated_at[gte]={stamp(20)}&updated_at[lt]={stamp(40)}", [1, 4, 3]),
        ("updated_at[gte]=2026-06-01T14:00:00.000030%2B02:00", [5, 1]),
        ("ids[]=4&ids[]=1&ids[]=99&ids[]=4", [1, 4]),
        ("ids[]=1&ids[]=2&assignee_id=2", [2]),
        ("assignee_id=2", [2]),
        ("status=complete", [3]),
        ("idempotency_key=k4", [4]),
        ("idempotency_key=k4&status=complete", []),
        ("idempotency_key=unknown", []),
        ("colour=red&updated_at=x", [5, 1, 4, 3, 2]),
    ],
)
def test_filters_and_order_with_ties_by_id(served: Served, query: str, expected: list[int]) -> None:
    assert ids(served, query) == expected


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("updated_at[gte]=yesterday", "updated_at[gte]"),
        ("updated_at[gte]=2026-06-01T00:00:00", "updated_at[gte]"),
        ("updated_at[gte]=2026-06-01T00:00:00+02:00", "updated_at[gte]"),
        ("ids[]=1&ids[]=x", "ids[]"),
        ("&".join(f"ids[]={n}" for n in range(101)), "ids[]"),
        ("assignee_id=me", "assignee_id"),
        ("status=done", "status"),
        ("sort_by=name", "sort_by"),
        ("sort_direction=asc", "sort_direction"),
        ("per_page=0", "per_page"),
        ("per_page=101", "per_page"),
        ("page=0", "page"),
        ("page=x", "page"),
    ],
)
def test_bad_values_are_refused_by_name(served: Served, query: str, field: str) -> None:
    answer = served.api("GET", f"/v2/tasks?{query}")
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]


def test_pages(served: Served) -> None:
    pages = [served.api("GET", f"/v2/tasks?per_page=2&page={page}").json() for page in (1, 2, 3, 4)]
    assert [[row["id"] for row in page["data"]] for page in pages] == [[5, 1], [4, 3], [2], []]
    assert [page["metadata"]["paging"] for page in pages] == [
        {"per_page": 2, "current_page": number, "next_page": following, "total_count": 5}
        for number, following in ((1, 2), (2, 3), (3, None), (4, None))
    ]


def test_a_page_shows_what_changed_since_the_page_before(served: Served) -> None:
    assert ids(served, "per_page=2&sort_direction=ASC") == [2, 3]
    served.control("POST", "/clock", {"advance_seconds": 1})
    served.control("PATCH", "/people/tasks/2", {"name": "changed"})
    assert ids(served, "per_page=2&sort_direction=ASC") == [3, 4]
    served.api("DELETE", "/v2/tasks/3")
    assert ids(served, "per_page=2&sort_direction=ASC") == [4, 1]


def test_late_rows_come_into_listings_by_the_clock_with_their_old_stamp(served: Served) -> None:
    served.fault(kind="late", seconds=90, endpoint="PATCH /v2/tasks/{id}", record="t1")
    changed = served.api("PATCH", "/v2/tasks/1", json={"name": "new"}).json()["data"]
    assert ids(served, "ids[]=1") == []
    assert served.api("GET", "/v2/tasks/1").json()["data"] == changed
    assert ids(served, "") == [5, 4, 3, 2]
    served.control("POST", "/clock", {"advance_seconds": 90})
    assert sorted(ids(served, "")) == [1, 2, 3, 4, 5]
    assert ids(served, f"updated_at[lte]={changed['updated_at']}&ids[]=1") == [1]


def test_peoples_edits_can_be_late_too_and_a_later_edit_shows_the_row(served: Served) -> None:
    served.fault(kind="late", seconds=90, endpoint="* /__sandbox__/people/*")
    served.control("PATCH", "/people/tasks/1", {"name": "new"})
    assert 1 not in ids(served, "")
    served.control("PATCH", "/people/tasks/1", {"name": "newer"})
    assert 1 in ids(served, "")


def test_deleted_tasks_in_their_order(served: Served) -> None:
    for task_id in (3, 4, 1):
        served.api("DELETE", f"/v2/tasks/{task_id}")
        served.control("POST", "/clock", {"advance_seconds": 1})
    rows = served.api("GET", "/v2/deleted_tasks").json()["data"]
    assert [row["id"] for row in rows] == [3, 4, 1]
    assert rows[1] == {
        "id": 4,
        "deleted_at": stamp(1_000_000),
        "assignee_id": 1,
        "cause": "deleted",
        "idempotency_key": "k4",
    }
    query = f"deleted_at[gte]={stamp(1_000_000)}&deleted_at[lt]={stamp(2_000_000)}"
    assert ids(served, query, "/v2/deleted_tasks") == [4]
    assert ids(served, "idempotency_key=k4", "/v2/deleted_tasks") == [4]
    assert ids(served, "per_page=2&page=2", "/v2/deleted_tasks") == [1]


def test_tombstones_are_shown_for_15_days(served: Served) -> None:
    served.api("DELETE", "/v2/tasks/1")
    served.control("POST", "/clock", {"advance_seconds": 15 * 86400})
    served.log_in()
    assert ids(served, f"deleted_at[gte]={stamp(days=-30)}", "/v2/deleted_tasks") == [1]
    served.control("POST", "/clock", {"advance_seconds": 1})
    assert ids(served, f"deleted_at[gte]={stamp(days=-30)}", "/v2/deleted_tasks") == []


def test_a_tombstone_can_be_late_by_the_tasks_name(served: Served) -> None:
    served.fault(kind="late", seconds=60, record="t1")
    served.api("DELETE", "/v2/tasks/1")
    assert ids(served, "", "/v2/deleted_tasks") == []
    assert 1 not in ids(served, "")
    served.control("POST", "/clock", {"advance_seconds": 60})
    assert ids(served, "", "/v2/deleted_tasks") == [1]


def test_without_the_part_there_are_no_tombstones_and_it_says_so(served: Served) -> None:
    served.switch(deleted_tasks=False, etag=True)
    assert served.api("GET", "/v2/deleted_tasks").status_code == 404
    assert served.api("GET", "/v2/users").json()["metadata"]["features"] == ["batch", "etag"]


def test_users_and_people(served: Served) -> None:
    served.reset("demo")
    served.log_in()
    users = served.api("GET", "/v2/users?per_page=3").json()
    assert [user["email"] for user in users["data"]] == [
        "Ada@Example.com",
        "ben@example.com",
        "chi@example.com",
    ]
    assert users["metadata"]["paging"]["next_page"] == 2
    assert served.api("GET", "/v2/users/102").json() == {"data": users["data"][1]}
    assert served.api("GET", "/v2/users/999").status_code == 404
    assert set(users["data"][0]) == {
        "id",
        "email",
        "name",
        "active",
        "time_zone",
        "salesforce_task_sync",
        "salesforce_task_sync_enabled_at",
        "created_at",
        "updated_at",
    }
    assert ids(served, "salesforce_ids[]=003Tb000001DemBIAS&salesforce_ids[]=none", "/v2/people") == [9002]
    assert len(ids(served, "", "/v2/people")) == 5
