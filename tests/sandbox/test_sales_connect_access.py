import pytest

from tests.sandbox.served import SECRETS, Served

LOGIN = {
    "grant_type": "client_credentials",
    "client_id": SECRETS["client_id"],
    "client_secret": SECRETS["client_secret"],
}


def with_token(served: Served, authorization: str | None) -> int:
    return served.api("GET", "/v2/users", headers={"Authorization": authorization}).status_code


def test_client_credentials_give_a_token_that_works(sales_connect: Served) -> None:
    answer = sales_connect.api("POST", "/oauth/token", data=LOGIN)
    body = answer.json()
    assert answer.status_code == 200
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 7200)
    assert body["account_id"].startswith("acc_")
    assert with_token(sales_connect, f"Bearer {body['access_token']}") == 200


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"client_id": "ä"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_other_credentials_are_refused(
    sales_connect: Served, change: dict[str, str], status: int, error: str
) -> None:
    answer = sales_connect.api("POST", "/oauth/token", data={**LOGIN, **change})
    assert answer.status_code == status
    assert answer.json()["error"] == error
    assert "error_description" in answer.json()


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer nonsense", "Basic abc"])
def test_without_a_token_nothing_is_answered(sales_connect: Served, authorization: str | None) -> None:
    answer = sales_connect.api("GET", "/v2/nowhere", headers={"Authorization": authorization})
    assert answer.status_code == 401
    assert answer.json() == {"error": "invalid_token"}


def test_a_bad_token_is_named_before_a_bad_body(sales_connect: Served) -> None:
    headers = {"Authorization": "Bearer nonsense", "Content-Type": "application/json"}
    assert sales_connect.api("POST", "/v2/tasks", data="{", headers=headers).status_code == 401


def test_tokens_expire_by_the_services_clock(sales_connect: Served) -> None:
    sales_connect.switch(session_seconds=60)
    sales_connect.control("POST", "/clock", {"freeze": True})
    token = sales_connect.api("POST", "/oauth/token", data=LOGIN).json()["access_token"]
    sales_connect.control("POST", "/clock", {"advance_seconds": 59})
    assert with_token(sales_connect, f"Bearer {token}") == 200
    sales_connect.control("POST", "/clock", {"advance_seconds": 1})
    assert with_token(sales_connect, f"Bearer {token}") == 401


def test_points_are_counted_down_and_given_anew_each_minute(sales_connect: Served) -> None:
    sales_connect.switch(points_per_minute=3)
    sales_connect.control("POST", "/clock", {"set": "2026-03-01T10:00:45Z", "freeze": True})
    sales_connect.log_in()
    answers = [sales_connect.api("GET", "/v2/users") for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert [a.headers["x-ratelimit-remaining-minute"] for a in answers] == ["2", "1", "0", "0"]
    assert answers[3].json() == {"error": "rate_limited"}
    assert answers[3].headers["Retry-After"] == "15"
    sales_connect.control("POST", "/clock", {"advance_seconds": 15})
    assert sales_connect.api("GET", "/v2/users").headers["x-ratelimit-remaining-minute"] == "2"


@pytest.mark.parametrize(
    ("page", "cost"), [(100, 1), (101, 3), (150, 3), (151, 8), (251, 10), (500, 10), (501, 30), ("x", 1)]
)
def test_deep_pages_cost_more(sales_connect: Served, page: object, cost: int) -> None:
    answer = sales_connect.api("GET", f"/v2/tasks?page={page}")
    assert answer.headers["x-ratelimit-endpoint-cost"] == str(cost)
    assert answer.headers["x-ratelimit-remaining-minute"] == str(600 - cost)


def test_a_call_that_costs_more_than_is_left_costs_nothing(sales_connect: Served) -> None:
    sales_connect.switch(points_per_minute=10)
    assert sales_connect.api("GET", "/v2/tasks?page=501").status_code == 429
    assert sales_connect.api("GET", "/v2/tasks?page=1").headers["x-ratelimit-remaining-minute"] == "9"


def test_another_account_can_be_played(sales_connect: Served) -> None:
    before = sales_connect.api("GET", "/v2/users").json()["metadata"]["account_id"]
    sales_connect.switch(account_id="acc_other")
    assert sales_connect.api("POST", "/oauth/token", data=LOGIN).json()["account_id"] == "acc_other" != before
    assert sales_connect.api("GET", "/v2/users").json()["metadata"]["account_id"] == "acc_other"
