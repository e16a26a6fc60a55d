"""The composite call: several parts, which may refer to each other, alone or all or none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .calls import Call
from .errors import ApiError, json_parser_error
from .many import all_or_none_of
from .parts import Answer, Part, ask
from .references import VALID_ID, BadReference, named, resolved, resolved_url

MAX_PARTS = 25
METHODS = ("POST", "PUT", "PATCH", "GET", "DELETE")
_MAX_HEAVY = 5
_SINCE_STRICT_IDS = 52
_SINCE_COLLATED = 49
_INHERITED = ("accept", "authorization", "content-type")
_RESOURCE = re.compile(r"/services/data/v\d+\.0/(sobjects|query|queryAll|composite/sobjects)(?:/.*)?")
_ROLLED_BACK = "The transaction was rolled back since another operation in the same transaction failed."


@dataclass(frozen=True)
class Sub:
    """One sub-request as it came; references are not resolved yet."""

    id: str
    part: Part

    @property
    def resource(self) -> str | None:
        found = _RESOURCE.fullmatch(urlsplit(self.part.url).path)
        return found[1] if found else None

    @property
    def needs(self) -> set[str]:
        return named(self.part.body) | named(self.part.url)


class _RolledBack(Exception):
    """Leaves the transaction so that nothing of it stays."""


def run_composite(call: Call, body: Mapping[str, Any]) -> dict[str, Any]:
    """The answer's body. Raises ApiError where the call as a whole can not be understood."""
    subs = _subs(call, body)
    all_or_none = all_or_none_of(body)
    collate = body.get("collateSubrequests", call.version >= _SINCE_COLLATED)
    if not isinstance(collate, bool):
        message = "Cannot deserialize instance of boolean for collateSubrequests at [line:1, column:1]"
        raise json_parser_error(message)
    answers: dict[str, Answer] = {}
    try:
        if all_or_none:
            with call.context.records.store.transaction():
                _run(call, subs, answers, stop=True)
                if any(answer.failed for answer in answers.values()):
                    raise _RolledBack
        else:
            _run(call, _in_groups(subs) if collate else subs, answers, stop=False)
    except _RolledBack:
        halted = _halted(_ROLLED_BACK)
        answers = {sub.id: _culprit(answers.get(sub.id)) or halted for sub in subs}
    return {"compositeResponse": [_shown(sub, answers[sub.id]) for sub in subs]}


def _run(call: Call, subs: Sequence[Sub], answers: dict[str, Answer], *, stop: bool) -> None:
    for sub in subs:
        answers[sub.id] = answer = _answer(call, sub, {name: told.body for name, told in answers.items()})
        if stop and answer.failed:
            return


def _answer(call: Call, sub: Sub, bodies: Mapping[str, Any]) -> Answer:
    if sub.resource is None:
        return _halted(f"The resource {sub.part.url} is not supported in a composite request")
    try:
        url = resolved_url(sub.part.url, bodies)
        body = resolved(sub.part.body, bodies)
    except BadReference as problem:
        return _halted(str(problem))
    return ask(call, Part(sub.part.method, url, body, sub.part.headers))


def _in_groups(subs: Sequence[Sub]) -> list[Sub]:
    """Collated: parts of one method on sobjects go together, as soon as what they refer to is there."""
    waiting, ordered = list(subs), list[Sub]()
    while waiting:
        ready = [sub for sub in waiting if not sub.needs & {other.id for other in waiting}]
        first = ready[0] if ready else waiting[0]
        alike = [sub for sub in ready if sub is not first and _collates(first, sub)]
        ordered += [first, *alike]
        waiting = [sub for sub in waiting if sub not in (first, *alike)]
    return ordered


def _collates(one: Sub, other: Sub) -> bool:
    return (
        one.resource == other.resource == "sobjects"
        and one.part.method == other.part.method
        and not one.part.headers
        and not other.part.headers
    )


def _halted(message: str) -> Answer:
    return Answer(400, [{"errorCode": "PROCESSING_HALTED", "message": message}])


def _culprit(answer: Answer | None) -> Answer | None:
    return answer if answer is not None and answer.failed else None


def _shown(sub: Sub, answer: Answer) -> dict[str, Any]:
    return {
        "body": answer.body,
        "httpHeaders": dict(answer.headers),
        "httpStatusCode": answer.status,
        "referenceId": sub.id,
    }


def _subs(call: Call, body: Mapping[str, Any]) -> list[Sub]:
    given = body.get("compositeRequest")
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise json_parser_error("compositeRequest must be a list of objects at [line:1, column:1]")
    if unknown := set(body) - {"compositeRequest", "allOrNone", "collateSubrequests"}:
        raise json_parser_error(f'Unrecognized field "{min(unknown)}" at [line:1, column:1]')
    if not 0 < len(given) <= MAX_PARTS:
        raise ApiError("INVALID_INPUT", f"A composite request has 1 to {MAX_PARTS} subrequests")
    subs = [_sub(call, each) for each in given]
    if len({sub.id for sub in subs}) < len(subs):
        raise ApiError("INVALID_INPUT", "referenceIds must be unique within a composite request")
    if sum(sub.resource not in ("sobjects", None) for sub in subs) > _MAX_HEAVY:
        message = f"At most {_MAX_HEAVY} subrequests can be queries or collections"
        raise ApiError("INVALID_INPUT", message)
    return subs


def _sub(call: Call, given: Mapping[str, Any]) -> Sub:
    """Raises ApiError."""
    if unknown := set(given) - {"method", "url", "referenceId", "body", "httpHeaders"}:
        raise json_parser_error(f'Unrecognized field "{min(unknown)}" at [line:1, column:1]')
    for name in ("method", "url", "referenceId"):
        if not isinstance(given.get(name), str) or not given[name]:
            raise ApiError("INVALID_INPUT", f"{name} must be specified for every subrequest")
    if given["method"] not in METHODS:
        raise ApiError("INVALID_INPUT", f"method must be one of {', '.join(METHODS)}, got {given['method']}")
    if not given["url"].startswith("/services/data/"):
        raise ApiError("INVALID_INPUT", f"url must begin with /services/data/, got {given['url']}")
    if call.version >= _SINCE_STRICT_IDS and not VALID_ID.fullmatch(given["referenceId"]):
        raise ApiError(
            "INVALID_INPUT",
            f"Provided referenceId ('{given['referenceId']}') must start with a letter or a number, and it "
            "can contain only letters, numbers and underscores ('_').",
        )
    headers = given.get("httpHeaders") or {}
    if not isinstance(headers, dict) or any(name.lower() in _INHERITED for name in headers):
        raise ApiError("INVALID_INPUT", f"httpHeaders can not hold {', '.join(_INHERITED)}")
    return Sub(given["referenceId"], Part(given["method"], given["url"], given.get("body"), headers))
