"""Several questions in one call of Salesforce's Composite resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from taskbridge.errors import ContractBroken
from taskbridge.sides.http import Answer, Channel


@dataclass(frozen=True)
class Part:
    """The answer to one of the questions."""

    status: int
    body: Any


def ask_together(channel: Channel, data: str, urls: Mapping[str, str]) -> tuple[Answer, dict[str, Part]]:
    """The call's answer, and the parts by the names of their `urls`, which begin with `data`. A question that is
    refused spoils no other. Raises ContractBroken for an answer of another shape, and what a read raises."""
    asked = [{"method": "GET", "url": url, "referenceId": name} for name, url in urls.items()]
    answer = channel.read(f"{data}/composite", question={"compositeRequest": asked})
    try:
        parts = {
            part["referenceId"]: Part(int(part["httpStatusCode"]), part["body"])
            for part in answer.body()["compositeResponse"]
        }
    except (KeyError, TypeError, ValueError) as error:
        raise ContractBroken(f"{channel.connection}: expected a composite answer with its parts") from error
    if missing := sorted(urls.keys() - parts.keys()):
        raise ContractBroken(f"{channel.connection}: a composite answer lacks the parts {', '.join(missing)}")
    return answer, parts
