"""`@{id.path}` in a part of a composite call: a value from the answer to an earlier part."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

VALID_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"@\{([^}]*)\}")
_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d+)\]")
_NO_VALUE = object()


class BadReference(Exception):
    """The text is the vendor's message."""


def named(value: Any) -> set[str]:
    """The ids of the parts that a body or URL refers to."""
    if isinstance(value, str):
        return {re.split(r"[.\[]", found, maxsplit=1)[0] for found in _REFERENCE.findall(value)}
    if isinstance(value, dict):
        return set().union(*map(named, value.values()))
    return set().union(*map(named, value)) if isinstance(value, list) else set()


def resolved(value: Any, answers: Mapping[str, Any]) -> Any:
    """`value` with its references replaced. Raises BadReference."""
    if isinstance(value, dict):
        return {name: resolved(item, answers) for name, item in value.items()}
    if isinstance(value, list):
        return [resolved(item, answers) for item in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return _value(whole[1], answers)
    return _REFERENCE.sub(lambda match: _as_text(match[1], answers), value)


def resolved_url(url: str, answers: Mapping[str, Any]) -> str:
    """Raises BadReference, for a null value too: it is no part of a path."""
    return _REFERENCE.sub(lambda match: quote(_as_text(match[1], answers), safe=""), url)


def _as_text(reference: str, answers: Mapping[str, Any]) -> str:
    value = _value(reference, answers)
    if value is None or isinstance(value, dict | list):
        raise _missing(reference)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(reference: str, answers: Mapping[str, Any]) -> Any:
    part_id = re.split(r"[.\[]", reference, maxsplit=1)[0]
    rest, at = reference[len(part_id) :], 0
    value: Any = answers.get(part_id, _NO_VALUE)
    while at < len(rest):
        step = _STEP.match(rest, at)
        if step is None:
            raise _missing(reference)
        value = _follow(value, step)
        at = step.end()
    if value is _NO_VALUE or not rest:
        raise _missing(reference)
    return value


def _follow(value: Any, step: re.Match[str]) -> Any:
    name, index = step.groups()
    if name is not None:
        return value.get(name, _NO_VALUE) if isinstance(value, dict) else _NO_VALUE
    items = value if isinstance(value, list) else []
    return items[int(index)] if int(index) < len(items) else _NO_VALUE


def _missing(reference: str) -> BadReference:
    part_id = re.split(r"[.\[]", reference, maxsplit=1)[0]
    return BadReference(
        f"Invalid reference specified. No value for {reference} found in {part_id}. Provided referenceId "
        f"('{reference}') must start with a letter or a number, and it can contain only letters, numbers and "
        "underscores ('_')."
    )
