"""The people whom Sales Connect tasks are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from taskbridge.sides.frames import lots
from taskbridge.sides.sales_connect.queries import PER_PAGE, Queries


def find_people(queries: Queries, salesforce_ids: Sequence[str]) -> dict[str, int]:
    """Sales Connect's people by Salesforce id; it may keep the ids in either of their two lengths."""
    wanted = dict.fromkeys(salesforce_ids)
    spellings = {spelling: full for full in wanted for spelling in (full, full[:15])}
    people: dict[str, int] = {}
    for lot in lots(list(spellings), PER_PAGE):
        query = [("salesforce_ids[]", spelling) for spelling in lot]
        for page in queries.pages("/v2/people", query):
            ours = [person for person in page.rows if _text(person, "salesforce_id") in spellings]
            for person in ours:
                if isinstance(person.get("id"), int):
                    people.setdefault(spellings[person["salesforce_id"]], person["id"])
            if not ours:
                break  # a filter that is not known is ignored, and these are all people
    return people


def _text(record: Any, name: str) -> str:
    told = record.get(name) if isinstance(record, dict) else None
    return told if isinstance(told, str) else ""
