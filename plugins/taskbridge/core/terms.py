"""The terms of the engine: what sides, effects, states, ends and answers are called, and the mapped fields."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Side(StrEnum):
    """One of the two systems."""

    SALES_CONNECT = "sales_connect"
    SALESFORCE = "salesforce"

    @property
    def other(self) -> Side:
        return Side.SALESFORCE if self is Side.SALES_CONNECT else Side.SALES_CONNECT

    @property
    def prefix(self) -> str:
        """Prefix of this side's columns in the link table."""
        return "sc" if self is Side.SALES_CONNECT else "sf"

    @property
    def system(self) -> str:
        """The system's name, for people."""
        return "Sales Connect" if self is Side.SALES_CONNECT else "Salesforce"


class Op(StrEnum):
    """A remote effect. Within a run creates come before updates, updates before deletes."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Presence(StrEnum):
    """What a read said of one record. `ABSENT` is no proof of a delete (C5)."""

    LIVE = "live"
    DELETED = "deleted"
    ABSENT = "absent"


class LinkState(StrEnum):
    """Where a pair stands."""

    PENDING = "pending"
    LINKED = "linked"
    HELD = "held"  # a delete that is not proven, or not dated, waits for a person (C6)
    MISSING = "missing"
    RELEASED = "released"
    TOMBSTONE = "tombstone"


class Withheld(StrEnum):
    """Why a person keeps a released pair out; it is not planned anew by itself.

    A pair with one record only, the original of a create that never came to be, stays out until that record
    differs from the base of its side; so does one whose copy was withdrawn. A pair with one deleted record stays out
    until both are live again; a withdrawn copy may come back, too.
    """

    REJECTED = "rejected"  # what was held for approval was refused (G3)
    UNDONE = "undone"  # a run was undone
    # A run was undone, and the copy that it had made there taken back: that it is not found is no riddle (C5).
    WITHDRAWN_FROM_SALES_CONNECT = "withdrawn_from_sales_connect"
    WITHDRAWN_FROM_SALESFORCE = "withdrawn_from_salesforce"

    @classmethod
    def withdrawn_from(cls, side: Side) -> Withheld:
        return cls(f"withdrawn_from_{side}")


class ActionState(StrEnum):
    """Where a planned effect stands. `DONE`, `STALE`, `RETRY`, `DEAD` and `REJECTED` are outcomes."""

    PLANNED = "planned"
    HELD = "held"
    SENT = "sent"
    DONE = "done"
    STALE = "stale"
    RETRY = "retry"
    DEAD = "dead"
    REJECTED = "rejected"


class Disposition(StrEnum):
    """The one place where a staged row ends (G5)."""

    UNCHANGED = "unchanged"
    PLANNED = "planned"
    HELD = "held"  # for a person
    WAITING = "waiting"  # nothing can be decided: a record is not found or not understood, or the pair rests (C5, G4)
    DEFERRED = "deferred"  # to a later run
    RELEASED = "released"
    IGNORED = "ignored"
    DEAD_LETTER = "dead_letter"


class Doubt(StrEnum):
    """Why a delete waits for a person, however few there are."""

    TOO_OLD = "too_old"  # deleted in Salesforce longer ago than deletes are carried over without asking (I4)
    UNDATED = "undated"  # gone after a gap, and nothing tells since when (C6)
    MISSING = "missing"  # not found after a gap, which proves nothing (C5, C6)


class Proof(StrEnum):
    """How a record is known to be deleted (C5)."""

    READ = "read"  # it was read as deleted
    HELD = "held"  # proved when a delete of its partner was planned, which waits for a person
    HELD_TOO_OLD = "held_too_old"  # the same, and it waits as it is too old (I4)


class Outside(StrEnum):
    """Why a record itself takes no part."""

    NO_REMINDER = "no_reminder"  # a logged activity, or the master of a series (C2)
    OWNER = "owner"  # given to somebody who takes no part (C3)


class ConflictPolicy(StrEnum):
    """Who wins a field that both sides changed differently (K3)."""

    LATEST_WINS = "latest_wins"
    SALESFORCE_WINS = "salesforce_wins"
    SALES_CONNECT_WINS = "sales_connect_wins"
    MANUAL = "manual"


class DeletePolicy(StrEnum):
    """Deleted here, edited there (K4)."""

    DELETE_WINS = "delete_wins"
    EDIT_WINS = "edit_wins"


class SkippedTasks(StrEnum):
    """What SC's third status means in Salesforce (C4)."""

    LEAVE_OPEN = "leave_open"
    COMPLETE = "complete"


class FirstSyncMode(StrEnum):
    """Which Salesforce tasks a user's first sync brings in (I1)."""

    RECENT = "recent"
    NONE = "none"
    OPEN = "open"
    ALL = "all"


class GuardKind(StrEnum):
    """The kinds of effect that G3 counts."""

    CREATE = "create"
    COMPLETE = "complete"
    OWNER = "owner"
    DUE_DATE = "due_date"
    DELETE = "delete"
    SUBJECT = "subject"  # made anew from the template for its own sake, never in a sync (T3)


class ApprovalKind(StrEnum):
    """What a person is asked to approve, one open request a kind (G3)."""

    CREATE = "create"
    COMPLETE = "complete"
    OWNER = "owner"
    DUE_DATE = "due_date"
    DELETE = "delete"
    SUBJECT = "subject"
    MISSING = "missing"  # deletes that follow from a record that is not found, without proof (C5, C6)


class Answer(StrEnum):
    """What a person said of a request."""

    APPROVED = "approved"
    REJECTED = "rejected"


class RowEnd(StrEnum):
    """What became of one row of an answered request."""

    DONE = "done"
    REJECTED = "rejected"
    LEFT_OUT = "left_out"  # moved meanwhile, or not planned any more
    REFUSED = "refused"  # by the system that was written (G4)


FIELDS: Final = ("title", "status", "priority", "due_date", "details", "owner")
"""The mapped fields, in the order of their bits in a `mask`. `title` is the SC name or the SF Subject."""

SEEN_FIELDS: Final = tuple(f"seen_{name}" for name in FIELDS)
"""What the target of an action held when it was decided (K5)."""

MERGED_FIELDS: Final = FIELDS[1:]
"""The fields that both sides may change; the title goes one way (F1)."""

BIT: Final[Mapping[str, int]] = {name: 1 << position for position, name in enumerate(FIELDS)}
ALL_FIELDS: Final = (1 << len(FIELDS)) - 1

TEMPLATE_INPUTS: Final = (
    "type",
    "campaign_name",
    "campaign_day",
    "campaign_step",
    "call_outcome",
    "call_reason",
)
"""What a Subject is made of besides the SC name (T1); kept in the base so that T3 can compare renderings."""
