import base64

import pytest

from tests.sandbox.org_client import DATA, OrgClient
from tests.sandbox.served import SECRETS, Served

CLIENT = {"client_id": SECRETS["client_id"], "client_secret": SECRETS["client_secret"]}
CREDENTIALS = {"grant_type": "client_credentials", **CLIENT}
PASSWORD = {
    "grant_type": "password",
    "username": SECRETS["username"],
    "password": SECRETS["password"],
    **CLIENT,
}
TOKEN = "/services/oauth2/token"


@pytest.mark.parametrize("form", [CREDENTIALS, PASSWORD])
def test_a_token_that_works(org: OrgClient, form: dict[str, str]) -> None:
    answer = org.served.api("POST", TOKEN, data=form, headers={"Authorization": None})
    body = answer.json()
    assert answer.status_code == 200
    assert body["access_token"][15] == "!"
    assert body["access_token"].startswith("00D")
    assert (body["instance_url"], body["token_type"]) == (org.served.url, "Bearer")
    organization, user = body["id"].removeprefix(f"{org.served.url}/id/").split("/")
    assert (organization[:3], user[:3]) == ("00D", "005")
    assert body["issued_at"].isdecimal()
    assert "expires_in" not in body
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    assert org.call("GET", "/limits", headers=headers).status_code == 200


def test_credentials_in_a_basic_header(org: OrgClient) -> None:
    pair = base64.b64encode(f"{CLIENT['client_id']}:{CLIENT['client_secret']}".encode()).decode()
    answer = org.served.api(
        "POST",
        TOKEN,
        data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {pair}"},
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("form", "error", "description"),
    [
        ({}, "unsupported_grant_type", "grant type not supported"),
        ({**CREDENTIALS, "client_id": "x"}, "invalid_client_id", "client identifier invalid"),
        ({**CREDENTIALS, "client_secret": "ä"}, "invalid_client", "invalid client credentials"),
        ({**PASSWORD, "password": "x"}, "invalid_grant", "authentication failure"),
        ({**PASSWORD, "username": "x"}, "invalid_grant", "authentication failure"),
    ],
)
def test_refusals_are_objects_with_400(
    org: OrgClient, form: dict[str, str], error: str, description: str
) -> None:
    answer = org.served.api("POST", TOKEN, data=form, headers={"Authorization": None})
    assert answer.status_code == 400
    assert answer.json() == {"error": error, "error_description": description}


def test_no_token_for_a_user_who_is_inactive(org: OrgClient) -> None:
    user = org.ids(f"SELECT Id FROM User WHERE Username = '{SECRETS['username']}'")[0]
    org.served.control("PATCH", f"/people/User/{user}", {"fields": {"IsActive": False}})
    answer = org.served.api("POST", TOKEN, data=CREDENTIALS, headers={"Authorization": None})
    assert answer.json()["error_description"] == "no client credentials user enabled"
    assert org.call("GET", "/limits").json()[0]["errorCode"] == "INVALID_SESSION_ID"


@pytest.mark.parametrize("authorization", [None, "Bearer nonsense", "Bearer ", "OAuth nonsense"])
def test_no_session(org: OrgClient, authorization: str | None) -> None:
    answer = org.call("GET", "/sobjects", headers={"Authorization": authorization})
    assert answer.status_code == 401
    assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    assert answer.headers["WWW-Authenticate"] == "Token"


def test_sessions_end_by_the_services_clock(org: OrgClient) -> None:
    org.served.switch(session_seconds=60)
    org.advance(seconds=59)
    assert org.call("GET", "/limits").status_code == 200
    org.advance(seconds=2)
    assert org.call("GET", "/limits").status_code == 401


def test_a_token_outlives_a_reset(org: OrgClient) -> None:
    org.served.reset("demo")
    assert org.call("GET", "/limits").status_code == 200


def test_versions_are_open_and_free(org: OrgClient) -> None:
    versions = org.served.api("GET", "/services/data", headers={"Authorization": None}).json()
    assert versions[-1] == {"label": "Summer '26", "url": DATA, "version": "67.0"}
    assert versions[-2]["label"] == "Spring '26"
    assert versions[-3]["label"] == "Winter '26"
    assert org.call("GET", "/limits").headers["Sforce-Limit-Info"] == "api-usage=1/15000"


@pytest.mark.parametrize(
    ("version", "status"), [("v31.0", 200), ("v59.0", 200), ("v68.0", 404), ("v67", 404)]
)
def test_which_versions_answer(org: OrgClient, version: str, status: int) -> None:
    answer = org.served.api("GET", f"/services/data/{version}/limits")
    assert answer.status_code == status


def test_a_retired_version_is_gone(org: OrgClient) -> None:
    answer = org.served.api("GET", "/services/data/v30.0/limits")
    assert answer.status_code == 410
    assert answer.json()[0]["errorCode"] == "UNSUPPORTED_API_VERSION"


def test_unknown_paths_and_methods(org: OrgClient) -> None:
    answer = org.call("GET", "/nowhere/at/all")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND")
    answer = org.call("PUT", "/composite/sobjects")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (405, "METHOD_NOT_ALLOWED")


def test_user_info(org: OrgClient, salesforce: Served) -> None:
    info = salesforce.api("GET", "/services/oauth2/userinfo").json()
    assert info["preferred_username"] == SECRETS["username"]
