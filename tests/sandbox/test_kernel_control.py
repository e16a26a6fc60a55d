from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
import requests

from tests.sandbox.served import Served


def test_calls_are_counted_by_endpoint_and_sort(sales_connect: Served) -> None:
    served = sales_connect
    login = {"grant_type": "client_credentials", "client_id": "wrong", "client_secret": "wrong"}
    served.api("POST", "/oauth/token", data=login)
    served.api("GET", "/v2/tasks")
    served.api("GET", "/v2/tasks/1")
    served.api("GET", "/v2/tasks/2")
    served.api("POST", "/v2/tasks/batch", json={"operations": [{"op": "delete", "id": 1}] * 3})
    served.api("GET", "/nowhere")
    assert served.control("GET", "/calls") == {
        "total": 6,
        "reads": 4,
        "writes": 1,
        "logins": 1,
        "by_endpoint": {
            "POST /oauth/token": 1,
            "GET /v2/tasks": 1,
            "GET /v2/tasks/{id}": 2,
            "POST /v2/tasks/batch": 1,
            "GET (no such path)": 1,
        },
        "rows": {"POST /v2/tasks/batch": 3},
    }
    served.control("DELETE", "/calls")
    assert served.control("GET", "/calls")["total"] == 0


def test_a_call_that_a_fault_swallows_is_counted(sales_connect: Served) -> None:
    sales_connect.fault(kind="drop_before")
    with pytest.raises(requests.ConnectionError):
        sales_connect.api("GET", "/v2/users")
    assert sales_connect.control("GET", "/calls")["reads"] == 1


def test_the_control_api_itself_meets_no_faults_and_is_not_counted(sales_connect: Served) -> None:
    sales_connect.fault(kind="drop_before", times=None)
    assert sales_connect.control("GET", "/calls")["total"] == 0
    assert sales_connect.control("GET", "/faults")[0]["matched"] == 0


def test_the_date_header_follows_the_clock(sales_connect: Served) -> None:
    moment = datetime(2031, 5, 6, 7, 8, 9, 654321, tzinfo=UTC)
    sales_connect.control("POST", "/clock", {"set": moment.isoformat(), "freeze": True})
    answer = sales_connect.session.get(
        f"{sales_connect.url}/v2/users", verify=str(sales_connect.ca_bundle), timeout=10
    )
    assert answer.raw.headers.getlist("date") == ["Tue, 06 May 2031 07:08:09 GMT"]
    sales_connect.control("POST", "/clock", {"advance_seconds": 0.5})
    assert sales_connect.control("GET", "/clock") == {
        "now": (moment + timedelta(seconds=0.5)).isoformat(),
        "frozen": True,
    }


def test_reset_undoes_faults_counters_clock_and_switches_but_not_tokens(sales_connect: Served) -> None:
    served = sales_connect
    served.fault(kind="drop_before", times=None)
    served.switch(batch=False)
    served.control("POST", "/clock", {"advance_seconds": 864000})
    served.reset("demo")
    users = served.api("GET", "/v2/users")
    assert users.status_code == 200
    assert users.json()["metadata"]["features"] == ["deleted_tasks", "batch"]
    assert abs(parsedate_to_datetime(users.headers["Date"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert served.control("GET", "/calls")["total"] == 1
    served.reset("empty")
    assert served.api("GET", "/v2/users").json()["data"] == []


def test_snapshot_and_load_are_each_others_reverse(sales_connect: Served) -> None:
    sales_connect.reset("demo")
    before = sales_connect.control("GET", "/snapshot")
    loadable = {table: before[table] for table in ("users", "people", "tasks")}
    sales_connect.reset("empty")
    assert sales_connect.control("GET", "/snapshot") == {}
    assert sales_connect.control("POST", "/load", loadable) == {"users": 4, "people": 5, "tasks": 12}
    after = sales_connect.control("GET", "/snapshot")
    assert {table: after[table] for table in loadable} == loadable


def test_a_load_with_one_bad_row_loads_nothing(sales_connect: Served) -> None:
    sales_connect.reset("demo")
    before = sales_connect.control("GET", "/snapshot")
    good, bad = before["tasks"][0], {**before["tasks"][1], "updated_at": "2026-01-01"}
    text = sales_connect.refused("POST", "/load", {"tasks": [{**good, "id": 99999}], "deleted_tasks": [bad]})
    assert "unknown fields" in text
    assert sales_connect.refused("POST", "/load", {"tasks": [{**good, "id": 99999}, bad]}).startswith(
        "tasks 50002"
    )
    assert sales_connect.control("GET", "/snapshot") == before


def test_it_describes_itself(sales_connect: Served) -> None:
    description = sales_connect.control("GET", "/")
    assert description["service"] == "sales_connect"
    assert all(route["what"] for route in description["control"])
    assert {"GET /v2/tasks", "POST /__sandbox__/people/tasks"} <= set(description["endpoints"])
    assert "deleted_tasks" in description["switches"]
    assert "drop_after" in str(description["fault"])


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", "/reset", {"seed": "big"}, "seed: Input should be 'demo' or 'empty'"),
        ("POST", "/reset", [], "must be a JSON object, got list"),
        ("POST", "/clock", {"advance": 1}, "advance: Extra inputs are not permitted"),
        ("POST", "/clock", {"set": "2026-01-01T00:00:00"}, "has no time zone"),
        ("POST", "/clock", {"advance_seconds": 1e15}, "1e+15 seconds from now is outside the calendar"),
        ("POST", "/faults", {"kind": "slow"}, "a fault of kind slow needs ['seconds']"),
        (
            "POST",
            "/faults",
            {"kind": "drop_before", "endpoint": "GET /v2/task"},
            "fits none of: GET /openapi.json",
        ),
        ("DELETE", "/faults/7", None, "there is no fault 7"),
        ("PATCH", "/switches", {"gone_status": 500}, "gone_status"),
        ("PATCH", "/switches", {"turbo": True}, "the switches are account_id, batch"),
        ("POST", "/load", {"taks": []}, "unknown table 'taks'; the tables are tasks, users"),
        ("POST", "/load", {"tasks": {}}, "tasks: expected a list of JSON objects"),
        ("POST", "/load", {"tasks": [{"id": "1"}]}, "id must be an integer, got '1'"),
    ],
)
def test_a_bad_call_is_refused_in_words(
    sales_connect: Served, method: str, path: str, body: object, expected: str
) -> None:
    assert expected in sales_connect.refused(method, path, body)
