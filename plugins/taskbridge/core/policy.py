"""The settings that a plan obeys; built from the project's settings, of which core knows nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from taskbridge.core.terms import ConflictPolicy, DeletePolicy, FirstSyncMode, GuardKind, SkippedTasks


@dataclass(frozen=True)
class Limits:
    """Blast radius limits of one kind (G3): too many is more than both the number and the share of pairs."""

    count: int = 100
    share: float = 0.05
    user_count: int = 25
    user_share: float = 0.20
    half_of_more_than: int | None = 10  # None: half of the pairs is no measure for this kind


LIMITS: Final[Mapping[GuardKind, Limits]] = dict.fromkeys(GuardKind, Limits()) | {
    # They come in bursts, and touch no pair that exists.
    GuardKind.CREATE: Limits(1_000, 0.20, 250, 0.50, half_of_more_than=None),
    GuardKind.DELETE: Limits(share=0.02),
}
"""The limits of every kind, where nothing else is set."""


@dataclass(frozen=True)
class Policy:
    """What people may set of a plan, with its defaults."""

    subject_template: str = "{{activity_subject}}"
    conflict_policy: ConflictPolicy = ConflictPolicy.LATEST_WINS
    field_policies: Mapping[str, ConflictPolicy] = field(default_factory=dict)
    conflict_margin: timedelta = timedelta(seconds=120)
    delete_policy: DeletePolicy = DeletePolicy.DELETE_WINS
    skipped_tasks: SkippedTasks = SkippedTasks.LEAVE_OPEN
    first_sync_mode: FirstSyncMode = FirstSyncMode.RECENT
    first_sync_lookback: timedelta = timedelta(hours=24)
    include_logged_activities: bool = False
    fill_person: bool = True
    delete_max_age: timedelta = timedelta(days=15)
    limits: Mapping[GuardKind, Limits] = field(default_factory=lambda: LIMITS)

    @property
    def reach(self) -> timedelta:
        """How far before the switch-on a Salesforce task may have changed and still come in (I1)."""
        return timedelta(0) if self.first_sync_mode is FirstSyncMode.NONE else self.first_sync_lookback
