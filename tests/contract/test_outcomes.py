"""The table of error codes against the rules, and the classification of whole answers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from taskbridge.core.writes import OUTCOMES, Outcome
from taskbridge.sides.answers import RemoteError, Verdict, remote_errors, verdict
from taskbridge.sides.meanings import CODES, OWN, Category, Reaction, meaning
from taskbridge.sides.outcomes import RowResult, outcome_frame, row_error
from taskbridge.sides.salesforce.codes import FAMILIES
from tests.contract.error_codes import AUTHENTICATION, INTERMITTENT, LISTED, OTHER, PARKED, UNHEARD_OF

SOON = ["FAILED_WRITE", "QUERY_TIMEOUT", "SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW"]
LATER = [code for code in INTERMITTENT if code not in SOON]


@pytest.mark.parametrize(
    ("codes", "categories"),
    [
        (INTERMITTENT, {Category.INTERMITTENT}),
        (AUTHENTICATION, {Category.AUTHENTICATION}),
        (PARKED, {Category.ACCESS, Category.VALIDATION}),
        ([*OTHER, UNHEARD_OF], {Category.OTHER}),
    ],
)
def test_g4_every_code_has_a_category_an_actor_and_a_remedy(
    codes: list[str], categories: set[Category]
) -> None:
    for code in codes:
        found = meaning(code)
        assert found.category in categories, code
        assert all((found.meaning, found.actor, found.remedy)), code


@pytest.mark.parametrize(
    ("codes", "outcome"),
    [
        (SOON, Outcome.BUSY),
        (LATER, Outcome.RETRY),
        (PARKED, Outcome.REJECTED),
        ([*OTHER, UNHEARD_OF], Outcome.REJECTED),
        (["ENTITY_IS_DELETED", "GONE"], Outcome.GONE),
        (["DUPLICATE_VALUE"], Outcome.EXISTS),
        (["INVALID_CROSS_REFERENCE_KEY"], Outcome.REJECTED),
        (["NOT_FOUND"], Outcome.RETRY),
    ],
)
def test_g4_what_becomes_of_a_row(codes: list[str], outcome: Outcome) -> None:
    assert {row_error("a1", code, "text").outcome for code in codes} == {outcome}


def test_every_listed_code_has_a_meaning_of_its_own() -> None:
    assert set(LISTED) <= set(CODES)


def listed(kind: str) -> list[str]:
    """The names in Salesforce's enumerations ExceptionCode (of calls) and StatusCode (of rows)."""
    return (Path(__file__).parent / f"salesforce_{kind}_codes.txt").read_text(encoding="utf-8").split()


@pytest.mark.parametrize("kind", ["exception", "status"])
def test_G4_every_code_of_salesforces_lists_has_a_meaning(kind: str) -> None:
    unknown = meaning(UNHEARD_OF)
    codes = listed(kind)
    assert len(codes) > 180
    assert [code for code in codes if meaning(code) is unknown] == []
    families = [code for family in FAMILIES for code in family.codes]
    assert len(families) == len(set(families))
    assert set(families) & set(OWN) == set(), "one code, one meaning"


@pytest.mark.parametrize(
    ("code", "reaction", "category"),
    [
        ("INVALID_OPERATION_WITH_EXPIRED_PASSWORD", Reaction.AUTHENTICATION, Category.AUTHENTICATION),
        ("PASSWORD_LOCKOUT", Reaction.AUTHENTICATION, Category.AUTHENTICATION),
        ("LOGIN_DURING_RESTRICTED_TIME", Reaction.AUTHENTICATION, Category.AUTHENTICATION),
        ("ORG_LOCKED", Reaction.AUTHENTICATION, Category.AUTHENTICATION),
        ("TRIAL_EXPIRED", Reaction.AUTHENTICATION, Category.AUTHENTICATION),
        ("REQUEST_RUNNING_TOO_LONG", Reaction.SOON, Category.INTERMITTENT),
        ("STORAGE_LIMIT_EXCEEDED", Reaction.REJECTED, Category.ACCESS),
        ("CANNOT_EXECUTE_FLOW_TRIGGER", Reaction.REJECTED, Category.ACCESS),
        ("DUPLICATES_DETECTED", Reaction.REJECTED, Category.VALIDATION),
        ("MAX_TASK_DESCRIPTION_EXCEEEDED", Reaction.REJECTED, Category.VALIDATION),
        ("SOCIAL_POST_NOT_FOUND", Reaction.REJECTED, Category.OTHER),
        # of no list: by its name, as far as that is honest
        ("BRAND_NEW_LIMIT_EXCEEDED", Reaction.REJECTED, Category.ACCESS),
        ("BRAND_NEW_SERVICE_UNAVAILABLE", Reaction.RETRY, Category.INTERMITTENT),
        ("INVALID_BRAND_NEW", Reaction.REJECTED, Category.VALIDATION),
        ("BRAND_NEW_NOT_ALLOWED", Reaction.REJECTED, Category.ACCESS),
        ("HTTP_418", Reaction.REJECTED, Category.OTHER),
        ("BRAND_NEW", Reaction.REJECTED, Category.OTHER),
    ],
)
def test_G4_what_a_code_means(code: str, reaction: Reaction, category: Category) -> None:
    found = meaning(code)
    assert (found.reaction, found.category) == (reaction, category)
    assert all((found.meaning, found.actor, found.remedy))


def test_an_unknown_code_is_kept_as_it_came() -> None:
    (row,) = outcome_frame([row_error("a1", "SOMETHING_UNHEARD_OF", "in its own words")]).to_dict("records")
    assert (row["code"], row["category"]) == ("SOMETHING_UNHEARD_OF", "other")
    assert row["message"] == "in its own words"


def test_a_real_unknown_field_and_a_timeout_are_told_apart() -> None:
    assert meaning("INVALID_FIELD", "No such column 'X__c'").reaction is Reaction.REJECTED
    assert meaning("INVALID_FIELD", "Net::ReadTimeout").reaction is Reaction.SOON


def test_the_two_request_limits_are_told_apart() -> None:
    assert meaning("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.").reaction is Reaction.LIMIT
    concurrent = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    assert meaning("REQUEST_LIMIT_EXCEEDED", concurrent).reaction is Reaction.SOON


def test_texts_of_the_table_fit_into_a_sentence() -> None:
    for code, found in CODES.items():
        for text in (found.meaning, found.remedy):
            assert text[0].islower() or text.split()[0] in ("Salesforce", "Sales"), code
            assert not re.search(r"[.!]$", text), code


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, [], Verdict.FINE),
        (204, None, Verdict.FINE),
        (401, [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}], Verdict.LOGIN),
        (401, {"error": "invalid_token"}, Verdict.LOGIN),
        (
            403,
            [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}],
            Verdict.LIMIT,
        ),
        (403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "ConcurrentRequests"}], Verdict.THROTTLED),
        (403, [{"errorCode": "INACTIVE_ORGANIZATION", "message": ""}], Verdict.AUTHENTICATION),
        (403, [{"errorCode": "API_CURRENTLY_DISABLED", "message": ""}], Verdict.CALL),
        (400, {"error": "invalid_grant", "error_description": "ip restricted"}, Verdict.AUTHENTICATION),
        (429, None, Verdict.THROTTLED),
        (420, None, Verdict.THROTTLED),
        (406, None, Verdict.UNCLEAR),
        (500, None, Verdict.UNCLEAR),
        (502, None, Verdict.UNCLEAR),
        (503, [{"errorCode": "SERVER_UNAVAILABLE", "message": ""}], Verdict.UNCLEAR),
        (
            503,
            [{"errorCode": "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", "message": ""}],
            Verdict.THROTTLED,
        ),
        (504, None, Verdict.UNCLEAR),
        (400, [{"errorCode": "QUERY_TIMEOUT", "message": ""}], Verdict.UNCLEAR),
        (400, [{"errorCode": "INVALID_FIELD", "message": "Net::ReadTimeout"}], Verdict.UNCLEAR),
        (400, [{"errorCode": "INVALID_FIELD", "message": "No such column"}], Verdict.REFUSED),
        (400, [{"errorCode": "UNABLE_TO_LOCK_ROW", "message": ""}], Verdict.REFUSED),
        (404, {"error": "not_found"}, Verdict.REFUSED),
        (404, [{"errorCode": "NOT_FOUND", "message": ""}], Verdict.REFUSED),
        (410, [{"errorCode": "UNSUPPORTED_API_VERSION", "message": ""}], Verdict.CALL),
        (301, None, Verdict.CALL),
        (302, None, Verdict.CALL),
        (307, None, Verdict.CALL),
        (403, None, Verdict.CALL),
        (404, None, Verdict.CALL),
        (407, None, Verdict.CALL),
        (407, [{"errorCode": "FORBIDDEN", "message": ""}], Verdict.CALL),
        (412, None, Verdict.REFUSED),
        (413, None, Verdict.REFUSED),
        (422, {"errors": {"name": ["can't be blank"]}}, Verdict.REFUSED),
    ],
)
def test_whole_answers(status: int, body: Any, expected: Verdict) -> None:
    assert verdict(status, remote_errors(body)) is expected


@pytest.mark.parametrize("code", AUTHENTICATION)
def test_G4_an_authentication_code_in_a_whole_answer_is_about_the_login(code: str) -> None:
    found = {verdict(status, [RemoteError(code, "")]) for status in (400, 403, 500)}
    assert found == {Verdict.LOGIN if code == "INVALID_SESSION_ID" else Verdict.AUTHENTICATION}
    assert verdict(401, [RemoteError(code, "")]) is Verdict.LOGIN, "a new login may help, once"


def test_errors_are_read_in_all_their_shapes() -> None:
    row = {"statusCode": "STRING_TOO_LONG", "message": "Subject: too large", "fields": ["Subject"]}
    assert remote_errors([row]) == (RemoteError("STRING_TOO_LONG", "Subject: too large", ("Subject",)),)
    assert remote_errors({"errors": {"name": ["a", "b"]}}) == (
        RemoteError("UNPROCESSABLE", "name: a, b", ("name",)),
    )
    assert remote_errors({"error": "gone"}) == (RemoteError("GONE", "gone"),)
    odd_bodies: list[Any] = [None, 5, "text", [1], {}, {"error": {}}, {"errors": "x"}]
    for odd in odd_bodies:
        assert remote_errors(odd) == ()


def test_outcomes_have_their_schema() -> None:
    frame = outcome_frame([RowResult("a1", Outcome.DONE, "7"), row_error("a2", "ENTITY_IS_LOCKED", "locked")])
    assert list(frame.columns) == OUTCOMES.names
    assert list(frame["category"].fillna("")) == ["", "access"]
    assert list(outcome_frame([]).columns) == OUTCOMES.names
