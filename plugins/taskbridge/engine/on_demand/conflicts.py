"""What a person does about fields that are held: say which side is right (K3, K6)."""

from __future__ import annotations

from collections.abc import Sequence

from taskbridge.core.bounds import is_number
from taskbridge.core.terms import Side
from taskbridge.errors import SettingsInvalid
from taskbridge.store import Ledger


def decide_conflicts(ledger: Ledger, conflict_ids: Sequence[int], winner: Side, decided_by: str) -> int:
    """Records that `winner` is right in these open conflicts (mart.conflicts_open); answers how many.

    Nothing is written to either system, so the switch is not asked: the next run carries the decisions out, if
    both sides still hold the values that were contested. Until then deciding again replaces a decision.
    All or none: raises ConflictNotOpen when one does not exist or is closed, SettingsInvalid for an empty list.
    """
    if not conflict_ids:
        raise SettingsInvalid(
            "No conflict was named; mart.conflicts_open lists those that wait, with their numbers."
        )
    if strange := [number for number in conflict_ids if not is_number(number)]:
        raise SettingsInvalid(
            f"{strange[0]!r} is no number of a conflict; mart.conflicts_open lists those that wait."
        )
    return ledger.approvals.decide_conflicts(conflict_ids, winner, decided_by)
