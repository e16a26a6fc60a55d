"""Small things that recordings of orgs and the vendor's documents show, and clients rely on."""

import re
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.sandbox.org_client import DATA, TASKS, OrgClient
from tests.sandbox.served import SECRETS
from tests.sandbox.test_salesforce_login import EXPIRED, bearer, claims, refusal, works

RECORD = {"attributes": {"type": "Task"}, "Subject": "x"}


def test_all_or_none_of_null_is_false(org: OrgClient) -> None:
    bad = {**RECORD, "Nothing__c": 1}
    answer = org.call("POST", "/composite/sobjects", json={"allOrNone": None, "records": [RECORD, bad]})
    assert [row["success"] for row in answer.json()] == [True, False]
    part = {"method": "POST", "url": TASKS, "referenceId": "a", "body": {"Subject": "y"}}
    answer = org.call("POST", "/composite", json={"allOrNone": None, "compositeRequest": [part]})
    assert answer.json()["compositeResponse"][0]["httpStatusCode"] == 201
    refused = org.call("POST", "/composite/sobjects", json={"allOrNone": "", "records": [RECORD]})
    assert refused.json()[0]["errorCode"] == "JSON_PARSER_ERROR"


def assertion(org: OrgClient, ahead: int) -> str:
    end = claims(org)["exp"] - 180 + ahead
    return jwt.encode(claims(org, exp=end), SECRETS["private_key"], "RS256")


def test_an_assertion_may_end_at_any_time_ahead(org: OrgClient) -> None:
    for ahead in (300, 301, 8 * 3600, 365 * 86_400):
        assert works(org, bearer(org, assertion(org, ahead)).json()["access_token"])
    assert refusal(bearer(org, assertion(org, -1))) == EXPIRED


def test_an_org_may_limit_how_far_ahead(org: OrgClient) -> None:
    org.served.switch(jwt_seconds=300)
    assert bearer(org, assertion(org, 299)).status_code == 200
    assert refusal(bearer(org, assertion(org, 330))) == EXPIRED


def test_tokens_hold_no_hyphen(org: OrgClient) -> None:
    tokens = [org.served.service.vendor.issue_token() for _ in range(40)]
    assert not [token for token in tokens if "-" in token]
    assert {token.partition("!")[0] for token in tokens} == {org_id(org)[:15]}


def test_pages_of_query_all_are_named_under_query(org: OrgClient) -> None:
    tasks = [org.create(Subject=f"{number}") for number in range(3)]
    org.delete(tasks[2])
    org.served.switch(page_size=1)
    page = org.query("SELECT Id FROM Task ORDER BY Id", "queryAll")
    for task in tasks[1:]:
        following = page["nextRecordsUrl"]
        assert following.startswith(f"{DATA}/query/0r8")
        page = org.served.api("GET", following).json()
        assert page["records"][0]["Id"] == task, "deleted rows go on too"
        assert page == org.served.api("GET", following.replace("/query/", "/queryAll/")).json()


@pytest.mark.parametrize(
    ("where", "at", "told"),
    [
        (
            "WhatId IN (SELECT AccountId FROM Task)",
            "FROM Task)",
            "Entity 'Task' is not supported for semi join inner selects",
        ),
        (
            "OwnerId NOT IN (SELECT OwnerId FROM Task WHERE IsClosed = true)",
            "FROM Task WHERE IsClosed",
            "Entity 'Task' is not supported for semi join inner selects",
        ),
        (
            "AccountId IN (SELECT AccountId FROM Contact WHERE AccountId IN (SELECT Id FROM Account))",
            "FROM Account)",
            "Nesting of semi join sub-selects is not supported",
        ),
        (
            "Subject = 'x' OR WhoId IN (SELECT Id FROM Contact)",
            "FROM Contact",
            "Semi join sub-selects are not allowed with the 'OR' operator",
        ),
        (
            "Status = 'x' AND (Subject = 'x' OR WhoId IN (SELECT Id FROM Contact))",
            "FROM Contact",
            "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested WHERE "
            "expressions.",
        ),
        (
            "WhoId IN (SELECT Id FROM Contact) AND OwnerId IN (SELECT Id FROM User) AND "
            "WhatId IN (SELECT Id FROM Account)",
            "FROM Account",
            "Maximum 2 semi join sub-selects are allowed",
        ),
    ],
)
def test_inner_selects_that_orgs_refuse(org: OrgClient, where: str, at: str, told: str) -> None:
    soql = f"SELECT Id FROM Task WHERE {where}"
    answer = org.call("GET", "/query", params={"q": soql})
    assert answer.status_code == 400
    (error,) = answer.json()
    assert error["errorCode"] == "MALFORMED_QUERY"
    column = soql.index(at) + len("FROM ") + 1
    assert error["message"].endswith(f"\nERROR at Row:1:Column:{column}\n{told}")


@pytest.mark.parametrize(
    ("sobject", "inner"), [("Contact", "SELECT Id FROM Contact"), ("User", "SELECT ManagerId FROM User")]
)
def test_an_inner_select_on_the_outer_object(org: OrgClient, sobject: str, inner: str) -> None:
    answer = org.call("GET", "/query", params={"q": f"SELECT Id FROM {sobject} WHERE Id IN ({inner})"})
    (error,) = answer.json()
    assert (answer.status_code, error["errorCode"]) == (400, "MALFORMED_QUERY")
    assert error["message"].endswith("\nThe inner and outer selects should not be on the same object type")


@pytest.mark.parametrize("path", ["", "/limits", "/sobjects", "/sobjects/Task", "/sobjects/Task/describe"])
def test_head_answers_what_get_does_without_the_body(org: OrgClient, path: str) -> None:
    got, head = org.call("GET", path), org.call("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Type", "Content-Length", "Last-Modified"):
        assert head.headers.get(name) == got.headers.get(name)
    assert org.served.control("GET", "/calls")["writes"] == 0


def test_head_of_a_record(org: OrgClient) -> None:
    task = org.create(Subject="x")
    assert org.call("HEAD", f"/sobjects/Task/{task}").status_code == 200
    org.delete(task)
    answer = org.call("HEAD", f"/sobjects/Task/{task}")
    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/sobjects/Task/00T000000000001", "HEAD,GET,PATCH,DELETE"),
        ("PUT", "/sobjects/Task/Taskbridge_Id__c/x", "HEAD,GET,PATCH,DELETE"),
        ("PATCH", "/sobjects/Task", "GET,HEAD,POST"),
        ("DELETE", "/limits", "HEAD,GET"),
        ("PUT", "/composite/sobjects", "POST,PATCH,DELETE"),
        ("GET", "/composite/sobjects", "POST,PATCH,DELETE"),
        ("DELETE", "/jobs/query", "GET,HEAD,POST"),
        ("POST", "/jobs/ingest/750000000000001", "HEAD,GET,PATCH,DELETE"),
    ],
)
def test_a_method_that_a_resource_has_not(org: OrgClient, method: str, path: str, allowed: str) -> None:
    answer = org.call(method, path)
    assert answer.status_code == 405
    assert answer.json() == [
        {
            "message": f"HTTP Method '{method}' not allowed. Allowed are {allowed}",
            "errorCode": "METHOD_NOT_ALLOWED",
        }
    ]
    assert answer.headers["Allow"] == allowed.replace(",", ", ")


@pytest.mark.parametrize("path", ["/sobjects", "/sobjects/Task/describe"])
def test_a_describe_that_did_not_change_is_not_sent_again(org: OrgClient, path: str) -> None:
    first = org.call("GET", path)
    modified = first.headers["Last-Modified"]
    again = org.call("GET", path, headers={"If-Modified-Since": modified})
    assert (again.status_code, again.content) == (304, b"")
    for unknown in ("Mon, 05 Jan 2026 12:00:00 GMT", "yesterday"):
        assert org.call("GET", path, headers={"If-Modified-Since": unknown}).status_code == 200
    org.advance(hours=1)
    assert org.call("GET", path).headers["Last-Modified"] == modified
    org.served.switch(hidden_objects=["Lead"], hidden_fields=["Task.CallType"])
    changed = org.call("GET", path, headers={"If-Modified-Since": modified})
    assert changed.status_code == 200
    assert changed.headers["Last-Modified"] != modified


def test_a_describe_that_changed_within_a_second_is_sent(org: OrgClient) -> None:
    org.set_clock("2026-07-15T12:00:00Z")
    modified = org.call("GET", "/sobjects/Task/describe").headers["Last-Modified"]
    org.served.switch(hidden_fields=["Task.CallType"])
    changed = org.call("GET", "/sobjects/Task/describe", headers={"If-Modified-Since": modified})
    assert "CallType" not in {field["name"] for field in changed.json()["fields"]}


def test_children_have_the_names_of_their_relationships(org: OrgClient) -> None:
    def children(sobject: str) -> set[tuple[str, str, str | None]]:
        found = org.call("GET", f"/sobjects/{sobject}/describe").json()["childRelationships"]
        return {(each["childSObject"], each["field"], each["relationshipName"]) for each in found}

    assert children("Task") == {("Task", "RecurrenceActivityId", "RecurringTasks")}
    assert {("Task", "WhatId", "Tasks"), ("Contact", "AccountId", "Contacts")} <= children("Account")
    assert ("Task", "WhoId", "Tasks") in children("Contact") & children("Lead")
    assert ("Task", "OwnerId", None) in children("User")


def test_the_organization_tells_its_trial_and_its_namespace(org: OrgClient) -> None:
    soql = "SELECT TrialExpirationDate, NamespacePrefix, IsSandbox, OrganizationType FROM Organization"
    (row,) = org.query(soql)["records"]
    assert (row["TrialExpirationDate"], row["NamespacePrefix"]) == (None, None)


def org_id(org: OrgClient) -> str:
    return str(org.ids("SELECT Id FROM Organization")[0])


def test_the_entry_names_the_resources_and_who_one_is(org: OrgClient) -> None:
    entry = org.call("GET", "").json()
    who = org.served.api("GET", entry["identity"].removeprefix(org.served.url)).json()
    assert entry["identity"] == who["id"] == f"{org.served.url}/id/{org_id(org)}/{who['user_id']}"
    assert {name for name, url in entry.items() if url == f"{DATA}/{name}"} == set(entry) - {"identity"}


# As a recording of an org's userinfo has them, and those of its identity URL.
_USERINFO = """
sub user_id organization_id preferred_username nickname name email email_verified given_name
family_name zoneinfo photos profile picture address is_salesforce_integration_user urls active
user_type language locale utcOffset updated_at
"""
_IDENTITY = """
id asserted_user user_id organization_id username nick_name display_name email email_verified
first_name last_name timezone photos addr_street addr_city addr_state addr_country addr_zip
mobile_phone mobile_phone_verified is_lightning_login_user status urls active user_type language
locale utcOffset last_modified_date
"""
_URLS = """
enterprise metadata partner rest sobjects search query recent tooling_soap tooling_rest profile
feeds groups users feed_items feed_elements custom_domain
"""


def test_userinfo_and_identity_have_the_keys_of_an_org(org: OrgClient) -> None:
    info: dict[str, Any] = org.served.api("GET", "/services/oauth2/userinfo").json()
    assert set(info) == set(_USERINFO.split())
    who = org.served.api("GET", info["sub"].removeprefix(org.served.url)).json()
    assert set(who) == set(_IDENTITY.split())
    assert set(info["urls"]) == set(who["urls"]) == set(_URLS.split())
    assert info["urls"]["partner"] == f"{org.served.url}/services/Soap/u/{{version}}/{org_id(org)[:15]}"
    assert info["preferred_username"] == who["username"] == SECRETS["username"]
    assert (info["user_type"], info["zoneinfo"], info["utcOffset"]) == ("STANDARD", "GMT", 0)


@pytest.mark.parametrize("path", ["/services/oauth2/userinfo", "/id/{org}/{user}"])
def test_the_identity_service_refuses_a_session_in_words_of_its_own(org: OrgClient, path: str) -> None:
    user = org.served.api("GET", "/services/oauth2/userinfo").json()["user_id"]
    path = path.format(org=org_id(org), user=user)
    for session, told in (("Bearer x", "Bad_OAuth_Token"), (None, "Missing_OAuth_Token")):
        answer = org.served.api("GET", path, headers={"Authorization": session})
        assert (answer.status_code, answer.text) == (403, told)
    token = org.served.service.vendor.issue_token()
    answer = org.served.api("GET", path, headers={"Authorization": None}, params={"oauth_token": token})
    assert answer.status_code == (200 if path.startswith("/id/") else 403)


def test_an_identity_of_somebody_else(org: OrgClient) -> None:
    other = org.user("o@example.com", TimeZoneSidKey="America/New_York")
    who = org.served.api("GET", f"/id/{org_id(org)[:15]}/{other[:15]}").json()
    assert (who["username"], who["user_id"], who["utcOffset"]) == ("o@example.com", other, -18_000_000)
    for path, refused in (
        (f"/id/{org_id(org)}/005000000000XXX", (404, "Bad_Id")),
        (f"/id/{org_id(org)}/{org_id(org)}", (404, "Bad_Id")),
        (f"/id/00D000000000XXX/{other}", (403, "Wrong_Org")),
    ):
        answer = org.served.api("GET", path)
        assert (answer.status_code, answer.text) == refused


def not_modelled() -> str:
    """The chapter of the README of that name."""
    readme = (Path(__file__).parents[2] / "sandbox" / "README.md").read_text(encoding="utf-8")
    return readme.split("## What is not modelled\n")[1].split("\n## ")[0]


def queries_not_modelled() -> list[str]:
    return not_modelled().split("```soql\n")[1].split("```")[0].splitlines()


@pytest.mark.parametrize("soql", [*queries_not_modelled(), "SELECT Id FROM Task FOR NONSENSE"])
def test_soql_that_is_not_modelled_is_refused(org: OrgClient, soql: str) -> None:
    answer = org.call("GET", "/query", params={"q": soql})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "MALFORMED_QUERY")


def test_resources_that_are_not_modelled_are_not_found(org: OrgClient) -> None:
    text = not_modelled().split("answer 404 here")[1].split("Streaming")[0]
    named = re.findall(r"`([^`]+)`", text.replace("`/services/data/vNN.0`", ""))
    assert len(named) > 12
    for path in named:
        answer = org.served.api("GET", path) if path.startswith("/") else org.call("GET", f"/{path}")
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND"), path
    soql = "SELECT Id FROM Event"
    assert org.call("GET", "/query", params={"q": soql}).json()[0]["errorCode"] == "INVALID_TYPE"
