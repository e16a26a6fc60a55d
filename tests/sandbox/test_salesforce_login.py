"""JWT bearer, refresh token, SOAP login, and the end of a session."""

from typing import Any
from xml.etree import ElementTree

import jwt
import pytest
import requests

from sandbox.kernel.secrets import new_private_key
from tests.sandbox.org_client import OrgClient
from tests.sandbox.served import SECRETS

TOKEN = "/services/oauth2/token"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXPIRED = ("invalid_grant", "expired authorization code")
INVALID = ("invalid_grant", "invalid assertion")


def claims(org: OrgClient, **changed: Any) -> dict[str, Any]:
    return {
        "iss": SECRETS["client_id"],
        "sub": SECRETS["username"],
        "aud": "https://login.salesforce.com",
        "exp": int(org.served.service.kernel.clock.now().timestamp()) + 180,
        **changed,
    }


def token(org: OrgClient, **form: str) -> requests.Response:
    return org.served.api("POST", TOKEN, data=form, headers={"Authorization": None})


def bearer(org: OrgClient, assertion: str) -> requests.Response:
    return token(org, grant_type=GRANT, assertion=assertion)


def refusal(answer: requests.Response) -> tuple[str, str]:
    assert answer.status_code == 400, answer.text
    return answer.json()["error"], answer.json()["error_description"]


def works(org: OrgClient, session: str) -> bool:
    return org.call("GET", "/limits", headers={"Authorization": f"Bearer {session}"}).status_code == 200


def test_a_signed_assertion_signs_on(org: OrgClient) -> None:
    for changed in ({}, {"exp": str(claims(org)["exp"])}, {"aud": org.served.url}):
        body = bearer(org, jwt.encode(claims(org, **changed), SECRETS["private_key"], "RS256")).json()
        assert works(org, body["access_token"])
        assert (body["instance_url"], body["token_type"]) == (org.served.url, "Bearer")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"iss": "x"}, ("invalid_client_id", "client identifier invalid")),
        ({"aud": "https://example.com"}, ("invalid_grant", "audience is invalid")),
        ({"sub": "x@example.com"}, ("invalid_grant", "user hasn't approved this consumer")),
        ({"exp": 1}, EXPIRED),
        ({"exp": "soon"}, INVALID),
    ],
)
def test_claims_that_are_refused(org: OrgClient, changed: dict[str, Any], expected: tuple[str, str]) -> None:
    assertion = jwt.encode(claims(org, **changed), SECRETS["private_key"], "RS256")
    assert refusal(bearer(org, assertion)) == expected


def test_assertions_that_the_certificate_did_not_sign(org: OrgClient) -> None:
    foreign = jwt.encode(claims(org), new_private_key(), "RS256")
    unsigned = jwt.encode(claims(org), None, "none")
    other = jwt.encode(claims(org), "x" * 32, "HS256")
    for assertion in (foreign, unsigned, other, "nonsense", ""):
        assert refusal(bearer(org, assertion)) == INVALID


def test_a_user_who_has_not_approved_the_app(org: OrgClient) -> None:
    org.served.switch(jwt_user_approved=False)
    assertion = jwt.encode(claims(org), SECRETS["private_key"], "RS256")
    assert refusal(bearer(org, assertion)) == ("invalid_grant", "user hasn't approved this consumer")


def test_an_assertion_ends_by_the_services_clock(org: OrgClient) -> None:
    assertion = jwt.encode(claims(org), SECRETS["private_key"], "RS256")
    org.advance(seconds=181)
    assert refusal(bearer(org, assertion)) == EXPIRED


def refresh(org: OrgClient, given: str, client: str = SECRETS["client_id"]) -> requests.Response:
    return token(org, grant_type="refresh_token", refresh_token=given, client_id=client)


def test_a_refresh_token_is_good_for_many(org: OrgClient) -> None:
    for _ in range(2):
        body = refresh(org, SECRETS["refresh_token"]).json()
        assert works(org, body["access_token"])
        assert "refresh_token" not in body
    assert refusal(refresh(org, "x")) == ("invalid_grant", "expired access/refresh token")
    assert refusal(refresh(org, ""))[0] == "invalid_grant"
    assert refusal(refresh(org, SECRETS["refresh_token"], "x"))[0] == "invalid_client_id"


def test_refresh_tokens_may_rotate(org: OrgClient) -> None:
    first = refresh(org, SECRETS["refresh_token"])
    assert first.status_code == 200
    org.served.service.kernel.store.put("_refresh_tokens", "one", {"Valid": True})
    org.served.switch(refresh_token_rotation=True)
    second = refresh(org, "one").json()["refresh_token"]
    assert refusal(refresh(org, "one")) == ("invalid_grant", "expired access/refresh token")
    assert refresh(org, second).status_code == 200
    assert refresh(org, second).status_code == 400


def test_a_session_that_is_revoked(org: OrgClient) -> None:
    session = org.served.service.vendor.issue_token()
    assert works(org, session)
    for status in (200, 400):
        answer = org.served.api("POST", "/services/oauth2/revoke", data={"token": session})
        assert answer.status_code == status
    assert not works(org, session)


def soap(org: OrgClient, version: str = "59.0", **changed: str) -> requests.Response:
    given = {"username": SECRETS["username"], "password": SECRETS["password"], **changed}
    body = (
        '<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        f'<login xmlns="urn:partner.soap.sforce.com"><username>{given["username"]}</username>'
        f"<password>{given['password']}</password></login></e:Body></e:Envelope>"
    )
    return org.served.api("POST", f"/services/Soap/u/{version}", data=body, headers={"SOAPAction": "login"})


def text_of(answer: requests.Response, name: str) -> str | None:
    found = (each for each in ElementTree.fromstring(answer.content).iter() if each.tag.endswith(name))
    return next(found).text


def test_soap_login(org: OrgClient) -> None:
    answer = soap(org)
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, "text/xml")
    assert works(org, text_of(answer, "sessionId") or "")
    server = text_of(answer, "serverUrl") or ""
    assert server.startswith(f"{org.served.url}/services/Soap/u/59.0/00D")
    assert org.served.control("GET", "/calls")["logins"] == 1


def test_soap_login_refused(org: OrgClient) -> None:
    for changed in ({"password": "x"}, {"username": "x"}):
        answer = soap(org, **changed)
        assert answer.status_code == 500
        assert text_of(answer, "exceptionCode") == "INVALID_LOGIN"
        assert text_of(answer, "exceptionMessage") == (
            "Invalid username, password, security token; or user locked out."
        )
    org.served.switch(soap_login=False)
    assert text_of(soap(org), "exceptionCode") == "INVALID_OPERATION"


@pytest.mark.parametrize("version", ["65.0", "67.0"])
def test_soap_login_is_gone_from_65_on(org: OrgClient, version: str) -> None:
    answer = soap(org, version)
    assert answer.status_code == 500
    fault = text_of(answer, "faultstring")
    assert fault == "No operation available for request {urn:partner.soap.sforce.com}login"
    assert soap(org, "64.0").status_code == 200


@pytest.mark.parametrize("version", ["30.0", "x"])
def test_soap_versions_that_do_not_exist(org: OrgClient, version: str) -> None:
    assert text_of(soap(org, version), "exceptionCode") == "UNSUPPORTED_API_VERSION"


@pytest.mark.parametrize("body", ["", "<a/>", "<a>", "{}"])
def test_soap_that_is_none(org: OrgClient, body: str) -> None:
    assert org.served.api("POST", "/services/Soap/u/59.0", data=body).status_code == 500
