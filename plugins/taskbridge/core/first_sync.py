"""Whose first sync comes next, and since when a user's recent tasks come in (I1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from taskbridge.core.policy import Policy
from taskbridge.core.terms import FirstSyncMode

User: TypeAlias = Mapping[str, Any]
"""A row of USER_MAP."""


def in_line(owed: Sequence[User], turns: Mapping[str, int]) -> list[User]:
    """Those who never had a turn first, then those whose turn is the longest ago: a task of somebody that cannot be
    written keeps nobody else waiting. `turns`: Salesforce user id -> run of the last turn."""
    return sorted(
        owed,
        key=lambda user: (turns.get(user["sf_user_id"], 0), user["switched_on_sf"], user["sf_user_id"]),
    )


def recent_since(users: Sequence[User], policy: Policy, before: datetime) -> Mapping[str, datetime]:
    """Salesforce user id -> since when all of the user's tasks come in, where that is `before` what a run reads anyway.
    Nobody in the mode *all*, where nothing is left out."""
    if policy.first_sync_mode is FirstSyncMode.ALL:
        return {}
    since = {user["sf_user_id"]: user["switched_on_sf"] - policy.reach for user in users}
    return {owner: start for owner, start in since.items() if start < before}
