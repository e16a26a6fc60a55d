"""Several questions in one call of Salesforce's Composite resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from taskbridge.errors import ContractBroken
from taskbridge.sides.http import Channel
from taskbridge.sides.http_answer import HttpAnswer
from taskbridge.sides.shapes import Shape


@dataclass(frozen=True)
class Part:
    """The answer to one of the questions."""

    status: int
    body: Any


class _Told(Shape):
    expected = "a part"
    referenceId: str
    httpStatusCode: int
    body: Any


class Composite(Shape):
    """The answers to all questions."""

    expected = "a composite answer with its parts"
    compositeResponse: list[_Told]


def ask_together(channel: Channel, data: str, urls: Mapping[str, str]) -> tuple[HttpAnswer, dict[str, Part]]:
    """The call's answer, and the parts by the names of their `urls`, which begin with `data`. A question that is
    refused spoils no other. Raises ContractBroken for an answer of another shape, and what a read raises."""
    asked = [{"method": "GET", "url": url, "referenceId": name} for name, url in urls.items()]
    answer = channel.read(f"{data}/composite", question={"compositeRequest": asked})
    told = answer.of(Composite).compositeResponse
    parts = {part.referenceId: Part(part.httpStatusCode, part.body) for part in told}
    if missing := sorted(urls.keys() - parts.keys()):
        raise ContractBroken(f"{channel.connection}: a composite answer lacks the parts {', '.join(missing)}")
    return answer, parts
