"""What a run is: what it was asked to do, what it reads, how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from taskbridge.core.terms import Side

DELETES_TOLD: Final = timedelta(days=14)
"""For so long listings surely tell a delete: both systems keep theirs for 15 days, and Salesforce empties its
recycle bin at a time of that day that it does not promise (C6)."""


@dataclass(frozen=True)
class Window:
    """Stamps from `start` (inclusive) to `end` (exclusive), in UTC by the server's clock."""

    start: datetime
    end: datetime


class RunMode(StrEnum):
    """How a run came about. The first three sync; the others do one thing that a person asked for."""

    SCHEDULED = "scheduled"
    MANUAL = "manual"
    BACKFILL = "backfill"
    APPROVAL = "approval"  # carries out the answer to a held plan (G3)
    UNDO = "undo"
    RESTORE = "restore"  # K5
    AUDIT = "audit"
    REBASE = "rebase"  # G8
    RERENDER = "rerender"  # T3

    @property
    def syncs(self) -> bool:
        """Whether it reads what is new and plans everything it finds."""
        return self in (RunMode.SCHEDULED, RunMode.MANUAL, RunMode.BACKFILL)

    @property
    def brings_back(self) -> bool:
        """Whether it writes what the ledger keeps, rather than what was read."""
        return self in (RunMode.UNDO, RunMode.RESTORE)

    @property
    def reads_everything(self) -> bool:
        """Whether it reads both populations from their beginning, rather than the pairs it is about."""
        return self in (RunMode.AUDIT, RunMode.REBASE)


@dataclass(frozen=True)
class RunSpec:
    """What a run was asked to do."""

    run_key: str  # unique name of the run, e.g. "<dag id>/<dag run id>"; opening the same key again is the same run
    mode: RunMode
    settings_fingerprint: str
    code_version: str
    window: Window | None = None  # null: from the watermarks; a given window moves no watermark
    users: tuple[str, ...] = ()  # SC user ids or e-mail addresses; empty: all. A selection moves no watermark
    dry_run: bool = False
    asked: Mapping[str, str | int] = field(default_factory=dict)  # what a deliberate run is about
    asked_by: str | None = None  # the person, as far as known
    settings: Mapping[str, object] = field(default_factory=dict)  # values that it keeps to its end

    @property
    def only_looks(self) -> bool:
        """Whether neither the systems nor what the ledger says of pairs is changed (S3)."""
        return self.dry_run or self.mode is RunMode.AUDIT

    @property
    def catches_up(self) -> bool:
        """Whether it reads what is new of everybody."""
        return self.mode.syncs and self.window is None and not self.users

    @property
    def moves_watermarks(self) -> bool:
        return self.catches_up and not self.dry_run


@dataclass(frozen=True)
class Run:
    """A run under way: the handle that every later step needs."""

    run_id: int
    fencing: int  # the lease's number; a write under a number that is no longer current is refused
    spec: RunSpec
    windows: Mapping[Side, Window] = field(default_factory=dict)
    started: Mapping[Side, datetime] = field(default_factory=dict)  # servers' clocks when the run began
    features: frozenset[str] = frozenset()  # of Sales Connect

    @property
    def gaps(self) -> frozenset[Side]:
        """Sides that were last read, by their own clock, longer ago than listings tell deletes (C6)."""
        if not self.spec.mode.syncs or self.spec.window is not None:
            return frozenset()
        return frozenset(
            side for side, began in self.started.items() if began - self.windows[side].start > DELETES_TOLD
        )

    @property
    def untold(self) -> frozenset[Side]:
        """Sides whose listing of deletes tells more than a look-up by id does, and is not read up to now (C2, C3)."""
        mode = self.spec.mode
        reads_it = mode.reads_everything or (mode.syncs and self.spec.window is None)
        told = reads_it or "deleted_tasks" not in self.features
        return frozenset() if told else frozenset({Side.SALES_CONNECT})


class RunOutcome(StrEnum):
    """How a run ended (G6)."""

    CLEAN = "clean"
    CONFLICTS = "conflicts"
    PLANNED = "planned"  # a dry run that would write something
    PARTIAL = "partial"
    HELD = "held"
    FAILED = "failed"
    SKIPPED = "skipped"
