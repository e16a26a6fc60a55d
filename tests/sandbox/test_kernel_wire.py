"""Whole-call faults as a client meets them, over TLS."""

import time

import pytest
import requests
import urllib3

from tests.sandbox.served import Served

PAST = "2026-01-01T00:00:00.000000Z"
BODY = {"name": "Call Nora", "assignee_id": 1, "idempotency_key": "k1"}


@pytest.fixture
def served(sales_connect: Served) -> Served:
    ada = {"id": 1, "email": "ada@example.com", "name": "Ada", "created_at": PAST, "updated_at": PAST}
    sales_connect.control("POST", "/load", {"users": [ada]})
    return sales_connect


def names(served: Served) -> list[str]:
    return [task["name"] for task in served.api("GET", "/v2/tasks").json()["data"]]


def test_dropped_before_nothing_is_done(served: Served) -> None:
    served.fault(kind="drop_before", endpoint="POST /v2/tasks")
    with pytest.raises(requests.ConnectionError):
        served.api("POST", "/v2/tasks", json=BODY)
    assert names(served) == []


def test_dropped_after_the_work_is_done_and_a_replay_finds_it(served: Served) -> None:
    served.fault(kind="drop_after", endpoint="POST /v2/tasks")
    with pytest.raises(requests.ConnectionError):
        served.api("POST", "/v2/tasks", json=BODY)
    assert names(served) == ["Call Nora"]
    assert served.api("POST", "/v2/tasks", json=BODY).status_code == 200


def test_dropped_late_the_work_is_done_when_the_clock_says_so(served: Served) -> None:
    task_id = served.api("POST", "/v2/tasks", json=BODY).json()["data"]["id"]
    served.fault(kind="drop_late", endpoint="PATCH /v2/tasks/{id}", seconds=120)
    with pytest.raises(requests.ConnectionError):
        served.api("PATCH", f"/v2/tasks/{task_id}", json={"name": "late"})
    served.control("POST", "/clock", {"advance_seconds": 119})
    assert names(served) == ["Call Nora"]
    served.control("POST", "/clock", {"advance_seconds": 1})
    assert names(served) == ["late"]
    served.api("PATCH", f"/v2/tasks/{task_id}", json={"name": "again"})
    assert names(served) == ["again"], "it is carried out once"


def test_dropped_midway_the_work_is_done_and_half_of_the_answer_arrives(served: Served) -> None:
    served.fault(kind="drop_midway", endpoint="POST /v2/tasks")
    url = f"{served.url}/v2/tasks"
    answer = served.session.post(url, json=BODY, verify=str(served.ca_bundle), timeout=10, stream=True)
    assert answer.status_code == 201
    length = int(answer.headers["Content-Length"])
    assert len(answer.raw.read(length // 2)) == length // 2
    with pytest.raises(urllib3.exceptions.ProtocolError):
        answer.raw.read()
    assert names(served) == ["Call Nora"]


def test_dropped_midway_without_a_body_nothing_arrives(served: Served) -> None:
    task_id = served.api("POST", "/v2/tasks", json=BODY).json()["data"]["id"]
    served.fault(kind="drop_midway", endpoint="DELETE /v2/tasks/{id}")
    with pytest.raises(requests.ConnectionError):
        served.api("DELETE", f"/v2/tasks/{task_id}")
    assert names(served) == []


@pytest.mark.parametrize("endpoint", ["DELETE /v2/tasks/{id}", "PATCH /v2/tasks/{id}"])
def test_a_drop_reaches_a_reused_connection_too(served: Served, endpoint: str) -> None:
    task_id = served.api("POST", "/v2/tasks", json=BODY).json()["data"]["id"]
    served.fault(kind="drop_after", endpoint=endpoint)
    with pytest.raises(requests.ConnectionError):
        served.api(endpoint.split()[0], f"/v2/tasks/{task_id}", json={"name": "Changed"})
    assert names(served) == ([] if endpoint.startswith("DELETE") else ["Changed"])


def test_any_answer_in_place_of_the_work(served: Served) -> None:
    served.fault(
        kind="status", status=503, body="<html>down</html>", endpoint="POST *", headers={"X-Cache": "m"}
    )
    answer = served.api("POST", "/v2/tasks", json=BODY)
    assert (answer.status_code, answer.text) == (503, "<html>down</html>")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["X-Cache"] == "m"
    assert "Date" in answer.headers
    assert names(served) == []


def test_a_code_takes_the_vendors_own_shape(served: Served) -> None:
    served.fault(
        kind="status", status=429, code="rate_limited", message="slow down", headers={"Retry-After": "7"}
    )
    answer = served.api("GET", "/v2/users")
    assert answer.json() == {"error": "rate_limited", "error_description": "slow down"}
    assert answer.headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("status", "header", "value"),
    [
        (302, "Location", "https://sso.example.com/login?state=not-for-eyes"),
        (407, "Proxy-Authenticate", 'Basic realm="proxy.example.com"'),
        (403, "Content-Type", "text/html; charset=utf-8"),
        (200, "Content-Type", "text/html; charset=utf-8"),
    ],
)
def test_a_stranger_answers_in_the_services_place(
    served: Served, status: int, header: str, value: str
) -> None:
    served.fault(kind="stranger", status=status, endpoint="POST *")
    answer = served.api("POST", "/v2/tasks", json=BODY, allow_redirects=False)
    assert (answer.status_code, answer.headers[header]) == (status, value)
    assert answer.text.startswith("<!DOCTYPE html>")
    assert names(served) == []


def test_an_error_answer_can_come_after_the_work(served: Served) -> None:
    served.fault(kind="status", status=502, committed=True, endpoint="POST /v2/tasks")
    answer = served.api("POST", "/v2/tasks", json=BODY)
    assert (answer.status_code, answer.content) == (502, b"")
    assert names(served) == ["Call Nora"]


def test_slow_is_slow_for_this_call_only(served: Served) -> None:
    served.fault(kind="slow", seconds=0.3)
    started = time.monotonic()
    assert served.api("GET", "/v2/users").status_code == 200
    slow = time.monotonic() - started
    assert slow >= 0.3
    started = time.monotonic()
    served.api("GET", "/v2/users")
    assert time.monotonic() - started < slow


def test_slow_beyond_a_clients_patience(served: Served) -> None:
    served.fault(kind="slow", seconds=5)
    with pytest.raises(requests.ReadTimeout):
        served.session.get(f"{served.url}/v2/users", verify=str(served.ca_bundle), timeout=0.2)


@pytest.mark.parametrize("record", ["k1", "Call Nora"])
def test_a_call_can_be_chosen_by_what_it_carries(served: Served, record: str) -> None:
    served.fault(kind="drop_before", record=record)
    assert (
        served.api("POST", "/v2/tasks", json={**BODY, "name": "x", "idempotency_key": "k2"}).status_code
        == 201
    )
    with pytest.raises(requests.ConnectionError):
        served.api("POST", "/v2/tasks", json=BODY)


def test_a_call_can_be_chosen_by_the_id_in_its_path(served: Served) -> None:
    first, second = (
        served.api("POST", "/v2/tasks", json={"name": name, "assignee_id": 1}).json()["data"]["id"]
        for name in "ab"
    )
    served.fault(kind="status", status=500, record=str(second), times=None)
    assert served.api("GET", f"/v2/tasks/{first}").status_code == 200
    assert served.api("GET", f"/v2/tasks/{second}").status_code == 500
    assert served.api("GET", f"/v2/tasks?ids[]={second}").status_code == 500
