from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.kernel.demo_cast import DEMO_CONTACTS
from tests.sandbox.served import Served


@pytest.fixture
def served(sales_connect: Served) -> Served:
    sales_connect.reset("demo")
    sales_connect.control("POST", "/clock", {"freeze": True})
    return sales_connect


def person(served: Served, method: str, path: str, body: Any = None) -> Any:
    return served.control(method, f"/people{path}", body)["data"]


def test_people_write_by_the_rules_of_the_api(served: Served) -> None:
    task = person(served, "POST", "/tasks", {"name": "By hand", "assignee_id": 101})
    served.control("POST", "/clock", {"advance_seconds": 1})
    changed = person(served, "PATCH", f"/tasks/{task['id']}", {"status": "complete"})
    assert changed["completed_at"] == changed["updated_at"] > task["updated_at"]
    refused = served.control_session.post(
        f"{served.url}/__sandbox__/people/tasks", json={"name": ""}, verify=str(served.ca_bundle), timeout=10
    )
    assert refused.status_code == 422
    assert refused.json() == {"errors": {"name": ["can't be blank"], "assignee_id": ["is required"]}}
    served.control("DELETE", f"/people/tasks/{task['id']}")
    assert served.api("GET", f"/v2/tasks/{task['id']}").status_code == 404


def test_row_errors_do_not_meet_people(served: Served) -> None:
    served.fault(kind="row_error", code="LOCKED", times=None)
    assert person(served, "PATCH", "/tasks/50001", {"name": "By hand"})["name"] == "By hand"


def test_switching_the_sync_on_is_stamped_each_time(served: Served) -> None:
    user = person(served, "POST", "/users", {"email": "fay@example.com", "name": "Fay"})
    assert (user["active"], user["time_zone"], user["salesforce_task_sync_enabled_at"]) == (True, "UTC", None)
    path = f"/users/{user['id']}"
    first = person(served, "PATCH", path, {"salesforce_task_sync": True})["salesforce_task_sync_enabled_at"]
    served.control("POST", "/clock", {"advance_seconds": 1})
    again = person(served, "PATCH", path, {"salesforce_task_sync": True, "name": "Fay B."})
    assert again["salesforce_task_sync_enabled_at"] == first < again["updated_at"]
    off = person(served, "PATCH", path, {"salesforce_task_sync": False})
    assert off["salesforce_task_sync_enabled_at"] == first < off["updated_at"]
    on = person(served, "PATCH", path, {"salesforce_task_sync": True})
    assert on["salesforce_task_sync_enabled_at"] == on["updated_at"] > first


def test_a_user_who_is_deleted_takes_the_tasks_along(served: Served) -> None:
    served.control("DELETE", "/people/users/103")
    tombstones = served.api("GET", "/v2/deleted_tasks").json()["data"]
    assert [(t["id"], t["assignee_id"], t["cause"]) for t in tombstones] == [
        (50011, 103, "user_deleted"),
        (50012, 103, "user_deleted"),
    ]
    assert 103 not in [user["id"] for user in served.api("GET", "/v2/users").json()["data"]]


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"time_zone": "Mars/Base"}, {"time_zone": ["must be an IANA time zone, for example Europe/Berlin"]}),
        ({"active": "yes"}, {"active": ["Input should be a valid boolean"]}),
        ({"id": 5}, {"id": ["is not a field that can be written here"]}),
    ],
)
def test_a_bad_user_is_refused(served: Served, body: dict[str, Any], errors: dict[str, list[str]]) -> None:
    url = f"{served.url}/__sandbox__/people/users/101"
    answer = served.control_session.patch(url, json=body, verify=str(served.ca_bundle), timeout=10)
    assert (answer.status_code, answer.json()) == (422, {"errors": errors})


def test_the_demo_account(served: Served) -> None:
    now = datetime.fromisoformat(served.control("GET", "/clock")["now"]).astimezone(UTC)
    state = served.control("GET", "/snapshot")
    users = {user["name"].split()[0]: user for user in state["users"]}
    assert {name: user["salesforce_task_sync"] for name, user in users.items()} == {
        "Ada": True,
        "Ben": True,
        "Chi": False,
        "Eli": False,
    }
    assert not users["Eli"]["active"]
    enabled = datetime.fromisoformat(users["Ada"]["salesforce_task_sync_enabled_at"])
    assert now - enabled < timedelta(seconds=30)
    tasks = state["tasks"]
    assert len(tasks) == 12
    assert {task["status"] for task in tasks} == {"open", "complete", "skipped"}
    assert any(task["campaign"] for task in tasks)
    assert any(task["call_outcome"] for task in tasks)
    assert any("\n" in (task["details"] or "") for task in tasks)
    assert any(not task["name"].isascii() for task in tasks)
    assert all(task["updated_at"] < users["Ada"]["salesforce_task_sync_enabled_at"] for task in tasks)
    assert [row["salesforce_id"] for row in state["people"]] == [c.salesforce_id for c in DEMO_CONTACTS]


def test_ids_after_a_load_go_on_after_the_highest(served: Served) -> None:
    raw = {"id": 70000, "name": "x", "assignee_id": 101, "created_at": "2026-01-01T00:00:00.000000Z"}
    raw["updated_at"] = raw["created_at"]
    served.control("POST", "/load", {"tasks": [raw]})
    assert person(served, "POST", "/tasks", {"name": "next", "assignee_id": 101})["id"] == 70001


def test_a_record_that_no_api_call_would_make_can_be_loaded_and_is_shown(served: Served) -> None:
    odd = {
        "id": 70000,
        "name": None,
        "due_date": "2026-02-30",
        "assignee_id": 5,
        "person_id": 9,
        "details": "\0",
        "created_at": "2026-01-01T00:00:00.000000Z",
        "updated_at": "2026-01-01T00:00:00.000000Z",
    }
    served.control("POST", "/load", {"tasks": [odd]})
    shown = served.api("GET", "/v2/tasks/70000").json()["data"]
    assert (shown["name"], shown["due_date"], shown["person"]) == (None, "2026-02-30", None)
    assert served.api("GET", "/v2/tasks?ids[]=70000").json()["data"] == [shown]


def test_the_openapi_document_tells_the_vendors_api_alone(served: Served) -> None:
    document = served.session.get(
        f"{served.url}/openapi.json", verify=str(served.ca_bundle), timeout=10
    ).json()
    assert set(document["paths"]) == {
        "/oauth/token",
        "/v2/users",
        "/v2/users/{id}",
        "/v2/people",
        "/v2/tasks",
        "/v2/tasks/{id}",
        "/v2/tasks/batch",
        "/v2/deleted_tasks",
    }
    parameters = {parameter["name"] for parameter in document["paths"]["/v2/tasks"]["get"]["parameters"]}
    assert {"updated_at[gte]", "ids[]", "idempotency_key", "per_page"} <= parameters
    assert document["components"]["schemas"]["NewTask"]["required"] == ["name", "assignee_id"]
    assert document["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
