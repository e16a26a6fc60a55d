from typing import Any

import pytest

from tests.sandbox.served import Served


@pytest.fixture
def served(sales_connect: Served) -> Served:
    sales_connect.reset("demo")
    return sales_connect


def run(served: Served, *operations: Any) -> list[dict[str, Any]]:
    answer = served.api("POST", "/v2/tasks/batch", json={"operations": operations})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def new(name: str, **fields: Any) -> dict[str, Any]:
    return {"op": "create", "body": {"name": name, "assignee_id": 101, **fields}}


def test_operations_run_in_order_each_on_its_own(served: Served) -> None:
    results = run(
        served,
        new("first", idempotency_key="k1"),
        new("", colour=1),
        {"op": "update", "id": 50013, "body": {"name": "renamed"}},
        new("first", idempotency_key="k1"),
        {"op": "delete", "id": 50013},
        {"op": "update", "id": 50013, "body": {}},
        {"op": "update", "id": 50001, "body": {"status": "done"}},
    )
    assert [result["index"] for result in results] == list(range(7))
    assert [result["status"] for result in results] == [201, 422, 200, 200, 204, 404, 422]
    assert results[1] == {
        "index": 1,
        "status": 422,
        "errors": {"name": ["can't be blank"], "colour": ["is not a field that can be written here"]},
    }
    assert results[3]["data"]["name"] == "renamed"
    assert results[4] == {"index": 4, "status": 204}
    assert results[5] == {"index": 5, "status": 404, "error": "not_found"}


@pytest.mark.parametrize(
    ("operation", "field"),
    [
        ({"op": "upsert", "id": 1}, "body"),
        ("delete", "body"),
        ({"op": "update", "body": {}}, "id"),
        ({"op": "delete", "id": "50001"}, "id"),
        ({"op": "delete", "id": 50001, "force": True}, "force"),
        ({"op": "create"}, "body"),
    ],
)
def test_an_operation_that_cannot_be_understood_is_refused_alone(
    served: Served, operation: Any, field: str
) -> None:
    refused, done = run(served, operation, {"op": "delete", "id": 50001})
    assert refused["status"] == 422
    assert list(refused["errors"]) == [field]
    assert done["status"] == 204


@pytest.mark.parametrize("body", [{}, {"operations": {}}, {"operations": [], "atomic": True}])
def test_a_batch_that_cannot_be_understood_is_refused_whole(served: Served, body: dict[str, Any]) -> None:
    assert served.api("POST", "/v2/tasks/batch", json=body).status_code == 422


def test_a_hundred_is_the_most(served: Served) -> None:
    assert len(run(served, *[new(f"n{number}") for number in range(100)])) == 100
    answer = served.api("POST", "/v2/tasks/batch", json={"operations": [new("x")] * 101})
    assert answer.status_code == 422
    assert answer.json() == {"errors": {"operations": ["has too many items (maximum is 100)"]}}


def test_row_errors_strike_chosen_rows(served: Served) -> None:
    served.fault(
        kind="row_error", code="UNABLE_TO_LOCK_ROW", status=503, endpoint="POST /v2/tasks/batch", record="b"
    )
    results = run(served, new("a"), new("b"), new("c"), new("b"))
    assert [result["status"] for result in results] == [201, 503, 201, 201]
    assert results[1] == {"index": 1, "status": 503, "error": "UNABLE_TO_LOCK_ROW"}


def test_if_match_counts_where_the_etag_part_is_on(served: Served) -> None:
    stale = {"op": "update", "id": 50001, "body": {"name": "new"}, "if_match": '"stale"'}
    assert run(served, stale)[0]["status"] == 200
    served.switch(etag=True)
    row = served.api("GET", "/v2/tasks?ids[]=50001").json()["data"][0]
    results = run(
        served,
        {**stale, "body": {"name": "newer"}},
        {**stale, "body": {"name": "x"}, "if_match": row["etag"]},
    )
    assert [result["status"] for result in results] == [412, 200]
    assert results[0]["error"] == "precondition_failed"


def test_without_the_part_there_is_no_batch(served: Served) -> None:
    served.switch(batch=False)
    answer = served.api("POST", "/v2/tasks/batch", json={"operations": []})
    assert (answer.status_code, answer.json()) == (404, {"error": "not_found"})
