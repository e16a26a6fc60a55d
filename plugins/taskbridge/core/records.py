"""What a staged row says of its record, told from the row alone."""

from __future__ import annotations

from typing import Final

import pyarrow.compute as pc

from taskbridge.core.arrays import Columns, Flags, equals, flags
from taskbridge.core.terms import Presence

MARKER_PREFIX: Final = "tb:"
UNNAMED: Final = MARKER_PREFIX
"""Stands for the marker of a record that TaskBridge created in a system that has no place for markers: ours, and
nobody can tell from the record which pair it belongs to."""


def is_broken(rows: Columns) -> Flags:
    """Records that cannot be understood (G4)."""
    return ~flags(pc.is_null(rows["problem_code"]))


def is_live(rows: Columns) -> Flags:
    return equals(rows["presence"], Presence.LIVE) & ~is_broken(rows)


def is_deleted(rows: Columns) -> Flags:
    return equals(rows["presence"], Presence.DELETED)


def is_absent(rows: Columns) -> Flags:
    """Records that were asked for and not found."""
    return equals(rows["presence"], Presence.ABSENT)


def carries_marker(rows: Columns) -> Flags:
    """Records that TaskBridge created (G2)."""
    return flags(pc.starts_with(rows["marker"], MARKER_PREFIX))


def is_reminder(rows: Columns, *, logged_activities: bool) -> Flags:
    """SF rows that are neither a logged activity nor a series master (C2)."""
    subtype = pc.fill_null(rows["subtype"], "Task")
    reminder = equals(subtype, "Task") & ~flags(rows["is_recurrence"])
    if not logged_activities:
        at_once = flags(pc.equal(rows["completed_at"], rows["created_at"]))
        reminder &= ~(at_once & flags(rows["is_closed"]) & ~carries_marker(rows))
    return reminder
