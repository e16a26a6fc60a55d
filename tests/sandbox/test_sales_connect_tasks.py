from typing import Any

import pytest

from tests.sandbox.served import Served

ADA, BEN, INACTIVE = 101, 102, 104
NORA = 9001


@pytest.fixture
def served(sales_connect: Served) -> Served:
    sales_connect.reset("demo")
    sales_connect.control("POST", "/clock", {"freeze": True})
    return sales_connect


def create(served: Served, **fields: Any) -> dict[str, Any]:
    answer = served.api("POST", "/v2/tasks", json={"name": "Call", "assignee_id": ADA, **fields})
    assert answer.status_code == 201, answer.text
    task: dict[str, Any] = answer.json()["data"]
    return task


def patch(served: Served, task_id: int, **fields: Any) -> dict[str, Any]:
    answer = served.api("PATCH", f"/v2/tasks/{task_id}", json=fields)
    assert answer.status_code == 200, answer.text
    task: dict[str, Any] = answer.json()["data"]
    return task


def tick(served: Served) -> None:
    served.control("POST", "/clock", {"advance_seconds": 1})


def test_defaults_of_a_new_task(served: Served) -> None:
    now = served.control("GET", "/clock")["now"].replace("+00:00", "Z")
    task = create(served)
    assert task == {
        "id": 50013,
        "type": "custom",
        "name": "Call",
        "status": "open",
        "priority": "normal",
        "due_date": None,
        "details": None,
        "assignee_id": ADA,
        "person": None,
        "campaign": None,
        "call_outcome": None,
        "call_reason": None,
        "idempotency_key": None,
        "completed_at": None,
        "created_at": now,
        "updated_at": now,
    }


def test_every_writable_field_is_kept_as_sent(served: Served) -> None:
    fields = {
        "type": "call",
        "name": " Größe 📞\tx ",
        "status": "skipped",
        "priority": "high",
        "due_date": "2028-02-29",
        "details": "a\r\nb\nc\u2028d \n",
        "assignee_id": BEN,
        "call_outcome": "Busy",
        "call_reason": "",
        "idempotency_key": "k1",
    }
    task = create(served, **fields, person_id=NORA)
    assert {name: task[name] for name in fields} == fields
    assert task["person"] == {"id": NORA, "name": "Nora Prospect", "salesforce_id": "003Tb000001DemAIAS"}
    assert served.api("GET", f"/v2/tasks/{task['id']}").json() == {"data": task}


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"name": None}, {"name": ["must be a string"]}),
        ({"name": "  \n"}, {"name": ["can't be blank"]}),
        ({"name": "x" * 256}, {"name": ["is too long (maximum is 255 characters)"]}),
        ({"name": "a\0b"}, {"name": ["must not contain a NUL character"]}),
        ({"details": "x" * 65536}, {"details": ["is too long (maximum is 65535 characters)"]}),
        ({"type": "Call"}, {"type": ["must be 'email', 'call', 'inmail' or 'custom'"]}),
        ({"status": "done"}, {"status": ["must be 'open', 'complete' or 'skipped'"]}),
        ({"priority": "low"}, {"priority": ["must be 'normal' or 'high'"]}),
        ({"due_date": "2027-02-29"}, {"due_date": ["is not a date of the calendar"]}),
        ({"due_date": "2027-02-28T00:00:00Z"}, {"due_date": ["must be a date as YYYY-MM-DD"]}),
        ({"due_date": 20270228}, {"due_date": ["must be a string"]}),
        ({"assignee_id": "101"}, {"assignee_id": ["must be an integer"]}),
        ({"assignee_id": True}, {"assignee_id": ["must be an integer"]}),
        ({"assignee_id": 999}, {"assignee_id": ["does not exist"]}),
        ({"assignee_id": INACTIVE}, {"assignee_id": ["is not an active user"]}),
        ({"person_id": 999}, {"person_id": ["does not exist"]}),
        (
            {"name": "", "colour": 1},
            {"name": ["can't be blank"], "colour": ["is not a field that can be written here"]},
        ),
    ],
)
def test_bad_values_are_refused_by_field_on_create_and_change(
    served: Served, fields: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    created = served.api("POST", "/v2/tasks", json={"name": "Call", "assignee_id": ADA, **fields})
    assert (created.status_code, created.json()) == (422, {"errors": errors})
    changed = served.api("PATCH", "/v2/tasks/50001", json=fields)
    assert (changed.status_code, changed.json()) == (422, {"errors": errors})
    assert served.api("GET", "/v2/tasks").json()["metadata"]["paging"]["total_count"] == 12


def test_K5_a_task_that_comes_back_keeps_its_campaign_which_no_change_may_name(served: Served) -> None:
    campaign = {"name": "Spring", "day": 3, "step": 2}
    task = create(served, name="Call", campaign=campaign)
    assert task["campaign"] == campaign
    changed = served.api("PATCH", f"/v2/tasks/{task['id']}", json={"campaign": None})
    errors = {"campaign": ["is not a field that can be written here"]}
    assert (changed.status_code, changed.json()) == (422, {"errors": errors})
    half = served.api("POST", "/v2/tasks", json={"name": "a", "assignee_id": ADA, "campaign": {"name": "b"}})
    assert (half.status_code, list(half.json()["errors"])) == (422, ["campaign"])


def test_half_a_surrogate_pair_is_refused(served: Served) -> None:
    body = '{"name": "\\ud83d", "assignee_id": 101}'
    answer = served.api("POST", "/v2/tasks", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json() == {"errors": {"name": ["must be valid Unicode"]}}


def test_lengths_count_characters_not_code_units(served: Served) -> None:
    assert create(served, name="📞" * 255)["name"] == "📞" * 255


def test_required_on_create(served: Served) -> None:
    answer = served.api("POST", "/v2/tasks", json={})
    assert answer.json() == {"errors": {"name": ["is required"], "assignee_id": ["is required"]}}


@pytest.mark.parametrize(("body", "status"), [("{", 400), ("[]", 422), ('"x"', 422), ("", 422)])
def test_what_is_no_object_is_refused(served: Served, body: str, status: int) -> None:
    answer = served.api("POST", "/v2/tasks", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert set(answer.json()) <= {"error", "error_description", "errors"}


@pytest.mark.parametrize("path", ["/v2/tasks/1", "/v2/tasks/abc", "/v2/nothing", "/v2/tasks/1/x"])
def test_unknown_paths_and_ids(served: Served, path: str) -> None:
    answer = served.api("GET", path)
    assert (answer.status_code, answer.json()) == (404, {"error": "not_found"})


def test_method_not_allowed(served: Served) -> None:
    answer = served.api("PUT", "/v2/tasks/50001", json={})
    assert (answer.status_code, answer.json()) == (405, {"error": "method_not_allowed"})


def test_a_change_writes_what_is_given_and_moves_the_stamp(served: Served) -> None:
    task = create(served, details="old", due_date="2027-01-01")
    tick(served)
    changed = patch(served, task["id"], details=None, due_date="2027-01-02")
    assert changed == {**task, "details": None, "due_date": "2027-01-02", "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > task["updated_at"]


def test_a_change_of_nothing_moves_no_stamp(served: Served) -> None:
    task = create(served, details="same", person_id=NORA)
    tick(served)
    assert patch(served, task["id"], details="same", status="open", person_id=NORA) == task
    assert patch(served, task["id"]) == task


def test_the_key_belongs_to_the_create_only(served: Served) -> None:
    task = create(served)
    answer = served.api("PATCH", f"/v2/tasks/{task['id']}", json={"idempotency_key": "k"})
    assert answer.json() == {"errors": {"idempotency_key": ["is not a field that can be written here"]}}


def test_completing_and_reopening(served: Served) -> None:
    task = create(served)
    tick(served)
    completed = patch(served, task["id"], status="complete")
    assert completed["completed_at"] == completed["updated_at"] > task["updated_at"]
    tick(served)
    renamed = patch(served, task["id"], name="Renamed", status="complete")
    assert renamed["completed_at"] == completed["completed_at"]
    assert patch(served, task["id"], status="open")["completed_at"] is None
    assert create(served, status="complete")["completed_at"] is not None


def test_completing_a_campaigns_task_makes_the_next_step_once(served: Served) -> None:
    body = {"name": "Step", "assignee_id": BEN, "person_id": NORA, "type": "email"}
    campaign = {"name": "Spring", "day": 1, "step": 1}
    task = served.control("POST", "/people/tasks", {**body, "campaign": campaign})["data"]
    patch(served, task["id"], status="complete")
    patch(served, task["id"], status="complete")
    following = served.api("GET", f"/v2/tasks/{task['id'] + 1}").json()["data"]
    assert following["campaign"] == {"name": "Spring", "day": 2, "step": 2}
    assert (following["status"], following["assignee_id"], following["type"]) == ("open", BEN, "email")
    assert following["person"]["id"] == NORA
    assert served.api("GET", f"/v2/tasks/{task['id'] + 2}").status_code == 404


@pytest.mark.parametrize("gone_status", [404, 410])
def test_a_deleted_task_is_gone_for_every_call(served: Served, gone_status: int) -> None:
    served.switch(gone_status=gone_status)
    task = create(served)
    path = f"/v2/tasks/{task['id']}"
    deleted = served.api("DELETE", path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    for method in ("GET", "PATCH", "DELETE"):
        answer = served.api(method, path, json={"name": "x"})
        assert answer.status_code == gone_status
        assert answer.json() == {"error": "gone" if gone_status == 410 else "not_found"}
    assert served.api("GET", "/v2/tasks/7").status_code == 404


def test_a_replay_gives_the_first_record_as_it_is_now(served: Served) -> None:
    body = {"name": "Call", "assignee_id": ADA, "idempotency_key": "k1"}
    first = served.api("POST", "/v2/tasks", json=body).json()["data"]
    tick(served)
    renamed = patch(served, first["id"], name="Renamed")
    replay = served.api("POST", "/v2/tasks", json=dict(reversed(body.items())))
    assert (replay.status_code, replay.json()) == (200, {"data": renamed})


@pytest.mark.parametrize("other", [{"name": "Other"}, {"status": "open"}, {"details": None}])
def test_the_same_key_with_another_body_is_refused(served: Served, other: dict[str, Any]) -> None:
    body = {"name": "Call", "assignee_id": ADA, "idempotency_key": "k1"}
    served.api("POST", "/v2/tasks", json=body)
    answer = served.api("POST", "/v2/tasks", json={**body, **other})
    assert answer.status_code == 422
    assert answer.json() == {"errors": {"idempotency_key": ["has already been used with another body"]}}


def test_the_key_of_a_deleted_record_is_gone(served: Served) -> None:
    task = create(served, idempotency_key="k1")
    served.api("DELETE", f"/v2/tasks/{task['id']}")
    answer = served.api(
        "POST", "/v2/tasks", json={"name": "Call", "assignee_id": ADA, "idempotency_key": "k1"}
    )
    assert (answer.status_code, answer.json()) == (410, {"error": "gone"})


def test_a_refused_create_does_not_use_its_key_or_an_id(served: Served) -> None:
    body = {"name": "Call", "assignee_id": 999, "idempotency_key": "k1"}
    assert served.api("POST", "/v2/tasks", json=body).status_code == 422
    served.fault(kind="row_error", code="locked", status=409, record="k1")
    body["assignee_id"] = ADA
    locked = served.api("POST", "/v2/tasks", json=body)
    assert (locked.status_code, locked.json()) == (409, {"error": "locked"})
    accepted = served.api("POST", "/v2/tasks", json={**body, "name": "Other body"})
    assert (accepted.status_code, accepted.json()["data"]["id"]) == (201, 50013)


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_row_errors_strike_single_calls_by_name_or_id(served: Served, method: str) -> None:
    served.fault(kind="row_error", code="UNABLE_TO_LOCK_ROW", message="busy", record="Collect references")
    answer = served.api(method, "/v2/tasks/50002", json={"name": "x"})
    assert answer.status_code == 422
    assert answer.json() == {"error": "UNABLE_TO_LOCK_ROW", "error_description": "busy"}
    assert served.api("GET", "/v2/tasks/50002").json()["data"]["name"] == "Collect references"
    assert served.api(method, "/v2/tasks/50002", json={"name": "x"}).ok


def test_a_server_that_normalises(served: Served) -> None:
    served.switch(normalise=True)
    task = create(served, name="  Call \n", details=" a\nb\rc\r\nd\n")
    assert (task["name"], task["details"]) == ("Call", "a\r\nb\r\nc\r\nd")
    tick(served)
    assert patch(served, task["id"], name="Call ", details="a\nb\nc\nd") == task
    assert patch(served, task["id"], details=None)["details"] is None


def test_etags_guard_changes_and_deletes(served: Served) -> None:
    served.switch(etag=True)
    created = served.api("POST", "/v2/tasks", json={"name": "Call", "assignee_id": ADA})
    path, tag = f"/v2/tasks/{created.json()['data']['id']}", created.headers["ETag"]
    assert served.api("GET", path).headers["ETag"] == tag
    changed = served.api("PATCH", path, json={"name": "New"}, headers={"If-Match": f'"x", {tag}'})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag
    for method in ("PATCH", "DELETE"):
        stale = served.api(method, path, json={"name": "Newer"}, headers={"If-Match": tag})
        assert (stale.status_code, stale.json()) == (412, {"error": "precondition_failed"})
    assert (
        served.api("GET", "/v2/tasks?sort_by=id&per_page=1").json()["data"][0]["etag"]
        == changed.headers["ETag"]
    )
    assert served.api("DELETE", path, headers={"If-Match": "*"}).status_code == 204


def test_without_the_etag_part_there_is_no_trace_of_it(served: Served) -> None:
    task = create(served)
    path = f"/v2/tasks/{task['id']}"
    assert "etag" not in served.api("GET", path).headers
    assert "etag" not in served.api("GET", "/v2/tasks?per_page=1").json()["data"][0]
    assert served.api("PATCH", path, json={"name": "New"}, headers={"If-Match": '"stale"'}).status_code == 200
