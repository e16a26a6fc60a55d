"""What came back for a request: the body in bounds and decoded, the server's clock, the errors that it names."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Final

import orjson
import requests

from taskbridge.core.bounds import YEARS
from taskbridge.errors import ContractBroken
from taskbridge.sides.answers import RemoteError, errors_in_words, remote_errors
from taskbridge.sides.meanings import meaning
from taskbridge.sides.shapes import Kind, shaped
from taskbridge.sides.storable import cleaned

LARGEST_ANSWER: Final = 256 << 20
"""Bytes: a page of 2,000 records with all that their longest text can hold. More would fill the worker's memory."""


@dataclass(frozen=True)
class HttpAnswer:
    """An answer of the system behind a connection."""

    connection: str
    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    call: str = ""

    @property
    def date(self) -> datetime | None:
        """The server's clock, to the second; None when the answer does not tell. Without a zone it means UTC, as any
        time in HTTP does."""
        try:
            told = parsedate_to_datetime(self.headers["Date"])
            told = told.replace(tzinfo=told.tzinfo or UTC).astimezone(UTC)
        except (KeyError, ValueError, OverflowError):
            return None
        return told if told.year in YEARS else None

    @property
    def server_time(self) -> datetime:
        """The server's clock. Raises ContractBroken when the answer does not tell."""
        if self.date is None:
            raise ContractBroken(f"{self.asked}: the answer has no readable Date header")
        return self.date

    @cached_property
    def errors(self) -> tuple[RemoteError, ...]:
        try:
            return remote_errors(loads(self.content))
        except ValueError:
            return errors_in_words(self.content)

    def body(self) -> Any:
        """The decoded body. Raises ContractBroken when it is no JSON."""
        try:
            return loads(self.content)
        except ValueError as error:
            start = self.content[:60].decode("utf-8", "replace")
            why = ", nested too deeply," if "nested" in str(error) else ""
            raise ContractBroken(
                f"{self.asked}: expected JSON with HTTP {self.status}, got {start!r}{why}; check the address"
            ) from error

    def of(self, shape: type[Kind]) -> Kind:
        """The body in this shape. Raises ContractBroken, which says what was seen instead."""
        return shaped(shape, self.body(), self.asked)

    @property
    def asked(self) -> str:
        """The connection and the call, as sentences begin."""
        return f"{self.connection}: {self.call}" if self.call else self.connection

    @property
    def seen(self) -> str:
        """What the system said, for messages."""
        said = "; ".join(map(str, self.errors))
        return said or f"HTTP {self.status} {http.client.responses.get(self.status, '')}".rstrip()

    @property
    def remedy(self) -> str:
        """What helps against the first of its errors."""
        errors = self.errors
        if not errors:
            return "check the connection and the system's status page"
        return meaning(errors[0].code, errors[0].message).remedy

    @property
    def retry_after(self) -> float | None:
        """Seconds that it asks for; None when it does not."""
        told = self.headers.get("Retry-After", "")
        return float(told) if told.isascii() and told.isdigit() else None


def loads(content: bytes) -> Any:
    """Decoded JSON, every text of it storable. Bytes that are no UTF-8, halves of surrogate pairs and bare control
    characters spoil their own text only: hence the second, lenient decoder. Raises ValueError."""
    try:
        return _decoded(content)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _decoded(content: bytes) -> Any:
    try:
        decoded = orjson.loads(content)
    except orjson.JSONDecodeError:
        decoded = json.loads(content.decode("utf-8-sig", "surrogateescape"), strict=False)
    else:
        if b"\\u0000" not in content:
            return decoded
    return cleaned(decoded)


def bounded(response: requests.Response) -> bytes | None:
    """The body, unpacked, read piece by piece; None when it is too large."""
    parts, size = [], 0
    for part in response.iter_content(1 << 16):
        size += len(part)
        if size > LARGEST_ANSWER:
            response.close()
            return None
        parts.append(part)
    return b"".join(parts)
