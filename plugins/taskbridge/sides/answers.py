"""What a whole HTTP answer means for the call, by its status and by the errors in its body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from taskbridge.sides.meanings import Reaction, is_concurrency_limit, meaning, normalise_code


@dataclass(frozen=True)
class RemoteError:
    """One error as a system worded it. `fields` are the fields that it names."""

    code: str
    message: str
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.message else self.code


class Verdict(StrEnum):
    """What a whole HTTP answer means for the call."""

    FINE = "fine"
    LOGIN = "login"  # the session is not accepted: log in again, once
    AUTHENTICATION = "authentication"  # a new login will not help
    LIMIT = "limit"  # the call allocation is used up
    THROTTLED = "throttled"  # nothing was done; try again in a moment
    UNCLEAR = "unclear"  # the server failed: a read may be repeated, a write may have happened
    REFUSED = "refused"  # nothing was done, and repeating will not help
    CALL = "call"  # the same, and what was asked for is not the reason


_THROTTLING: Final = frozenset({420, 429})
_FAILING: Final = frozenset({406, 408})
_NOT_DONE: Final = frozenset({"INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE"})
_PROXY: Final = 407
# They need no words: what was sent is too large, or its condition does not hold.
_WORDLESS: Final = frozenset({412, 413})


def verdict(status: int, errors: Sequence[RemoteError]) -> Verdict:
    """Classifies an answer by its status and the errors in its body; the body may be HTML or empty."""
    if status < 300:
        return Verdict.FINE
    reactions = {meaning(error.code, error.message).reaction for error in errors}
    codes = {normalise_code(error.code, error.message) for error in errors}
    if status == 401 or "INVALID_SESSION_ID" in codes:
        return Verdict.LOGIN
    if Reaction.AUTHENTICATION in reactions:
        return Verdict.AUTHENTICATION
    if Reaction.LIMIT in reactions:
        return Verdict.LIMIT
    if status in _THROTTLING or codes & _NOT_DONE:
        return Verdict.THROTTLED
    if any(is_concurrency_limit(error.code, error.message) for error in errors):
        return Verdict.THROTTLED
    if status >= 500 or status in _FAILING or "READ_TIMEOUT" in codes:
        return Verdict.UNCLEAR
    if codes & {"QUERY_TIMEOUT", "SERVER_UNAVAILABLE", "FAILED_WRITE"}:
        return Verdict.UNCLEAR
    return Verdict.CALL if _is_no_rows(status, errors) else Verdict.REFUSED


def _is_no_rows(status: int, errors: Sequence[RemoteError]) -> bool:
    """Whether an answer speaks of the call alone: it comes from what stands before the system, which words its errors
    in another way, or its code is one of calls."""
    if status < 400 or status == _PROXY or (not errors and status not in _WORDLESS):
        return True
    return any(meaning(error.code, error.message).of_call for error in errors)


def remote_errors(body: Any) -> tuple[RemoteError, ...]:
    """The errors in a decoded body, in any of the shapes that the two systems use; none for anything else.

    Salesforce: [{"errorCode" | "statusCode", "message", "fields"}] and {"error", "error_description"};
    Sales Connect: {"error", "error_description"?} and {"errors": {field: [message]}}.
    """
    if isinstance(body, list):
        return tuple(_vendor_error(entry) for entry in body if isinstance(entry, dict))
    if not isinstance(body, dict):
        return ()
    if isinstance(by_field := body.get("errors"), dict):
        return tuple(
            RemoteError("UNPROCESSABLE", f"{name}: {', '.join(map(str, _list(texts)))}", (name,))
            for name, texts in by_field.items()
        )
    if isinstance(code := body.get("error"), str):
        return (RemoteError(_OWN_WORDS.get(code, code), str(body.get("error_description") or code)),)
    return ()


def errors_in_words(content: bytes) -> tuple[RemoteError, ...]:
    """The error of Salesforce's identity service, which refuses a session with 403 and one word of plain text."""
    word = content[:40].decode("utf-8", "replace").strip()
    return (RemoteError("INVALID_SESSION_ID", word),) if word.endswith("_OAuth_Token") else ()


_OWN_WORDS: Final[Mapping[str, str]] = {
    "not_found": "NOT_FOUND",
    "gone": "GONE",
    "rate_limited": "RATE_LIMITED",
    "precondition_failed": "PRECONDITION_FAILED",
    "forbidden": "FORBIDDEN",
    "invalid_grant": "INVALID_GRANT",
    "invalid_client": "AUTHENTICATION_FAILURE",
    "invalid_client_id": "AUTHENTICATION_FAILURE",
}


def _vendor_error(entry: Mapping[str, Any]) -> RemoteError:
    code = entry.get("errorCode") or entry.get("statusCode") or "UNKNOWN_EXCEPTION"
    fields = tuple(str(name) for name in _list(entry.get("fields")))
    return RemoteError(str(code), str(entry.get("message") or ""), fields)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
