"""What the systems' error codes mean, who must act, and what becomes of the row (G4).

`CODES` is the one table, of which `salesforce/codes.py` holds the families. A code that is in none of them is kept as
it came; where its name tells nothing either, in category "other".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from taskbridge.core.writes import CALL_REFUSED, FIELDS_LEFT_OUT, PERSON_LEFT_OUT
from taskbridge.engine.ports import AUTHENTICATION
from taskbridge.sides.salesforce.codes import FAMILIES, PATTERNS, Family


class Category(StrEnum):
    """The groups in which people see errors."""

    INTERMITTENT = "intermittent"
    AUTHENTICATION = AUTHENTICATION
    ACCESS = "access"
    VALIDATION = "validation"
    OTHER = "other"


class Handling(StrEnum):
    """What TaskBridge does about an error, in the words of people."""

    RETRY_SOON = "retry soon"
    CARRY_OVER = "carry over"
    PARK = "park"
    PAUSE = "pause the side"
    FACT = "fact"


class Reaction(StrEnum):
    """What an error makes of the row or the run that met it."""

    SOON = "soon"
    RETRY = "retry"
    REJECTED = "rejected"
    GONE = "gone"
    EXISTS = "exists"
    AUTHENTICATION = "authentication"
    LIMIT = "limit"

    @property
    def policy(self) -> Handling:
        return _POLICIES[self]


_POLICIES: Final[Mapping[Reaction, Handling]] = {
    Reaction.SOON: Handling.RETRY_SOON,
    Reaction.RETRY: Handling.CARRY_OVER,
    Reaction.LIMIT: Handling.CARRY_OVER,
    Reaction.REJECTED: Handling.PARK,
    Reaction.AUTHENTICATION: Handling.PAUSE,
    Reaction.GONE: Handling.FACT,
    Reaction.EXISTS: Handling.FACT,
}


@dataclass(frozen=True)
class Meaning:
    """One error code in plain words. `of_call`: where it answers a call, no row of it is the reason."""

    category: Category
    meaning: str
    actor: str
    remedy: str
    reaction: Reaction
    of_call: bool = False


_NOBODY: Final = "nobody"
_SF_ADMIN: Final = "Salesforce administrator"
_SC_ADMIN: Final = "Sales Connect administrator"
_OWNER: Final = "owner of the task"
_OPERATOR: Final = "operator of TaskBridge"

_BY_ITSELF: Final = "nothing to do: it is tried again by itself"


def _transient(meaning: str) -> Meaning:
    return Meaning(Category.INTERMITTENT, meaning, _NOBODY, _BY_ITSELF, Reaction.RETRY)


def _brief(meaning: str) -> Meaning:
    return Meaning(Category.INTERMITTENT, meaning, _NOBODY, _BY_ITSELF, Reaction.SOON)


def _login(meaning: str, remedy: str) -> Meaning:
    return Meaning(Category.AUTHENTICATION, meaning, _SF_ADMIN, remedy, Reaction.AUTHENTICATION)


def _access(meaning: str, remedy: str, actor: str = _SF_ADMIN) -> Meaning:
    return Meaning(Category.ACCESS, meaning, actor, remedy, Reaction.REJECTED)


def _validation(meaning: str, remedy: str, actor: str = _OWNER) -> Meaning:
    return Meaning(Category.VALIDATION, meaning, actor, remedy, Reaction.REJECTED)


_API_OFF: Final = Meaning(
    Category.ACCESS,
    "the API is switched off for the org or the user",
    _SF_ADMIN,
    "grant the integration user the permission API Enabled; some editions of Salesforce have no API at all",
    Reaction.REJECTED,
    of_call=True,
)
UNSUPPORTED: Final = "UNSUPPORTED_API_VERSION"
"""What an org says of a version that is gone."""

OWN: Final[Mapping[str, Meaning]] = {
    # intermittent
    "FAILED_WRITE": _brief("the connection was cut while a request was under way"),
    "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE": _transient("Salesforce is under maintenance"),
    "QUERY_TIMEOUT": _brief("a query took longer than Salesforce allows"),
    "REQUEST_LIMIT_EXCEEDED": Meaning(
        Category.INTERMITTENT,
        "the org's API calls of the last 24 hours, or its long-running requests, are used up",
        _SF_ADMIN,
        "the work is carried over to a later run; raise the org's API allocation if this is usual",
        Reaction.LIMIT,
    ),
    "SERVER_UNAVAILABLE": _brief("the server did not answer properly"),
    "UNABLE_TO_LOCK_ROW": _brief("another process was writing the record or its account"),
    "RATE_LIMITED": _transient("Sales Connect takes no more requests in this minute"),
    "READ_TIMEOUT": _brief("a request took too long inside the system"),
    # authentication
    "AUTHENTICATION_FAILURE": _login(
        "the credentials are not accepted", "correct the connection's client id and secret"
    ),
    "EXPIRED_ACCESS": _login("access was withdrawn or has expired", "authorise the integration user again"),
    "INACTIVE_ORGANIZATION": _login("the org is inactive", "have the org activated, or name another org"),
    "INACTIVE_USER": _login(
        "the integration user is inactive", "activate the integration user or name another one"
    ),
    "INVALID_GRANT": _login(
        "the login was refused, perhaps because of the network address",
        "allow this network address for the integration user, and check its policies",
    ),
    "INVALID_SESSION_ID": _login(
        "the session is not accepted, not even right after a new login",
        "check that the integration user may use the API and that its session is not bound to an address",
    ),
    # access
    "API_CURRENTLY_DISABLED": _API_OFF,
    "API_DISABLED_FOR_ORG": _API_OFF,
    UNSUPPORTED: Meaning(
        Category.ACCESS,
        "the org does not offer this version of the API",
        _OPERATOR,
        "name a version that the org offers in the setting salesforce_api_version",
        Reaction.REJECTED,
        of_call=True,
    ),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": _access(
        "a trigger or flow of the org failed on the record", "repair the trigger or flow that is named"
    ),
    "ENTITY_IS_LOCKED": _access(
        "the record is locked, for example by an approval process", "unlock the record or end its approval"
    ),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": _access(
        "the integration user may not use a record that the task refers to",
        "share the referenced contact, lead or owner with the integration user",
    ),
    "INSUFFICIENT_ACCESS_OR_READONLY": _access(
        "the integration user may not edit the record", "give the integration user edit access to the task"
    ),
    "TXN_SECURITY_NO_ACCESS": _access(
        "a transaction security policy stopped the request", "exempt the integration user from the policy"
    ),
    # validation
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": _validation(
        "a validation rule of the org refused the values",
        "change the task so that the rule is met, or exempt the integration user from it",
    ),
    "FIELD_FILTER_VALIDATION_EXCEPTION": _validation(
        "a lookup filter of the org refused a reference", "choose a reference that the filter lets through"
    ),
    "FIELD_INTEGRITY_EXCEPTION": _validation(
        "values of the record contradict each other", "correct the fields that the message names"
    ),
    "INVALID_FIELD": _validation(
        "a field does not exist or is hidden from the integration user",
        "create the field or grant field-level security for it on Task",
        _SF_ADMIN,
    ),
    "INVALID_FIELD_FOR_INSERT_UPDATE": _validation(
        "a field may not be written", "make the field editable for the integration user", _SF_ADMIN
    ),
    "INVALID_TYPE": _validation(
        "an object does not exist or is hidden from the integration user",
        "grant the integration user access to the object",
        _SF_ADMIN,
    ),
    "REQUIRED_FIELD_MISSING": _validation(
        "the org requires a field that the task does not fill",
        "make the field optional for the integration user, or give it a default",
        _SF_ADMIN,
    ),
    "STRING_TOO_LONG": _validation("a text is longer than its field", "shorten the text"),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": _validation(
        "a value is not in a restricted picklist of the org",
        "add the value to the picklist of Task",
        _SF_ADMIN,
    ),
    "INACTIVE_OWNER_OR_USER": _validation(
        "the owner is inactive in Salesforce", "give the task to an active user"
    ),
    "OP_WITH_INACTIVE_USER_EXCEPTION": _validation(
        "the owner is inactive in Salesforce", "give the task to an active user"
    ),
    "OPERATION_WITH_INACTIVE_USER_EXCEPTION": _validation(
        "the owner is inactive in Salesforce", "give the task to an active user"
    ),
    "INVALID_CROSS_REFERENCE_KEY": _validation(
        "the record, or one that it refers to, cannot be found; this is no proof that it was deleted (C5)",
        "check that the owner and the contact or lead exist and are shared with the integration user",
        _SF_ADMIN,
    ),
    "CONTROL_CHARACTERS": _validation(
        "a text holds control characters", "retype the text without the invisible characters"
    ),
    "UNSTORABLE_TEXT": _validation(
        "a value holds NUL or half a character, which no database can hold",
        "retype the value, or have what writes it corrected",
    ),
    "UNPROCESSABLE": _validation(
        "Sales Connect refused the values", "correct the fields that the message names"
    ),
    "PLAN_FAILED": _validation(
        "planning fails with the record: a fault of the program",
        "report it, with the log of the task decide; the record is read again when it changes",
        _OPERATOR,
    ),
    "BAD_VALUE": _validation(
        "the record cannot be understood", "correct the record; it is read again when it changes"
    ),
    "MISSING_VALUE": _validation(
        "the record lacks a value that every record has",
        "correct the record; it is read again when it changes",
    ),
    # facts
    "ENTITY_IS_DELETED": Meaning(
        Category.OTHER, "the record is deleted", _NOBODY, "nothing to do", Reaction.GONE
    ),
    "DUPLICATE_VALUE": Meaning(
        Category.OTHER,
        "another record has the same value in a unique field",
        _SF_ADMIN,
        "nothing to do for the marker field, where it is the record itself; else change one of the values",
        Reaction.EXISTS,
    ),
    "GONE": Meaning(Category.OTHER, "the record is deleted", _NOBODY, "nothing to do", Reaction.GONE),
    "IDEMPOTENCY_KEY_USED": Meaning(
        Category.OTHER,
        "a record with this marker is there already",
        _NOBODY,
        "nothing to do",
        Reaction.EXISTS,
    ),
    "NOT_FOUND": _transient("the record was not found, which is no proof that it was deleted (C5)"),
    "PRECONDITION_FAILED": _transient("the record was changed by somebody in the meantime"),
    "ANSWER_LOST": _transient("the answer to a write was lost; it is looked up before anything is repeated"),
    "SERVER_FAILED": _transient(
        "the server failed at a write and may have done it; it is looked up before anything is repeated"
    ),
    "NOT_PROCESSED": _transient("the Bulk job ended before it came to the row"),
    CALL_REFUSED: _transient(
        "the call was answered as a whole, so that the row was not tried; the run says what is wrong"
    ),
    "ANSWER_UNUSABLE": _transient(
        "the answer to a write does not fit the request; the records are looked up"
    ),
    # other
    "CANNOT_UPDATE_CONVERTED_LEAD": Meaning(
        Category.OTHER,
        "the task refers to a lead that was converted",
        _OWNER,
        "move the task to the contact that the lead became",
        Reaction.REJECTED,
    ),
    PERSON_LEFT_OUT: Meaning(
        Category.OTHER,
        "the task was created without its contact or lead, as that is gone and nothing took its place",
        _OWNER,
        "choose the contact or lead in Salesforce",
        Reaction.REJECTED,
    ),
    FIELDS_LEFT_OUT: Meaning(
        Category.OTHER,
        "the task was brought back without fields that the system refused, as values or rights changed since",
        _OWNER,
        "if they matter, fill them in by hand: bridge.kept has the record as it was",
        Reaction.REJECTED,
    ),
    "UNKNOWN_EXCEPTION": Meaning(
        Category.OTHER,
        "Salesforce failed inside",
        _SF_ADMIN,
        "look the error number up with Salesforce support",
        Reaction.REJECTED,
    ),
    "FORBIDDEN": _access(
        "Sales Connect does not let the integration do this", "widen the integration's rights", _SC_ADMIN
    ),
}
"""Codes that have a meaning of their own: those of the systems, and ours for answers without one."""


def of_family(family: Family) -> Meaning:
    """What a family means, in the terms of here."""
    category, reaction = Category(family.category), Reaction(family.reaction)
    return Meaning(category, family.meaning, family.actor, family.remedy, reaction, family.of_call)


CODES: Final[Mapping[str, Meaning]] = {
    **{code: of_family(family) for family in FAMILIES for code in family.codes},
    **OWN,
}
"""Every code that is listed."""

API_OFF: Final = frozenset(code for code, meant in CODES.items() if meant is _API_OFF)
"""Codes that say that no call at all is taken."""

_UNKNOWN: Final = Meaning(
    Category.OTHER,
    "an error that TaskBridge does not know",
    _OPERATOR,
    "read the message as it came; look the code up in the system's documentation",
    Reaction.REJECTED,
)

_TIMEOUT_TEXTS: Final = ("Net::ReadTimeout", "Net::OpenTimeout")


def normalise_code(code: str, message: str) -> str:
    """The code that tells a situation apart where the vendor's own code is ambiguous.

    A timeout is reported as INVALID_FIELD with Net::ReadTimeout in its text.
    """
    if code == "INVALID_FIELD" and any(text in message for text in _TIMEOUT_TEXTS):
        return "READ_TIMEOUT"
    return code


def is_concurrency_limit(code: str, message: str) -> bool:
    """REQUEST_LIMIT_EXCEEDED means the daily total or too many long requests at once; only the text tells."""
    return code == "REQUEST_LIMIT_EXCEEDED" and "concurrent" in message.lower()


def meaning(code: str, message: str = "") -> Meaning:
    """What a code means; unknown codes are "other" and rejected, so that somebody looks at them."""
    code = normalise_code(code, message)
    if is_concurrency_limit(code, message):
        return _brief("too many long-running requests at once")
    return CODES.get(code) or _by_its_name(code)


@lru_cache(maxsize=1_000)
def _by_its_name(code: str) -> Meaning:
    return next((of_family(family) for pattern, family in PATTERNS if pattern.search(code)), _UNKNOWN)
