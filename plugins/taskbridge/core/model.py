"""Frame schemas, what a plan is made from, and the plan itself.

All frames are pandas frames whose columns are Arrow-backed (`pd.ArrowDtype`) with exactly the schemas below.
Values stand in the vocabulary of their own side: an SF status is "In Progress", an SC status "complete", an
SF owner a Salesforce user id, an SC owner a Sales Connect user id. Text is canonical (see `canonical.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import pandas as pd
import pyarrow as pa

from taskbridge.core.frames import empty
from taskbridge.core.policy import Policy
from taskbridge.core.terms import (
    FIELDS,
    TEMPLATE_INPUTS,
    Side,
)

_STAMP = pa.timestamp("us", tz="UTC")
_FIELD_TYPES: Final[Mapping[str, pa.DataType]] = {
    name: pa.date32() if name == "due_date" else pa.string() for name in FIELDS
}

_TASK_COLUMNS: Final = [
    ("remote_id", pa.string()),
    ("presence", pa.string()),  # Presence
    # updated_at, SystemModstamp, or the time of the delete; null when absent or when it is not told
    ("version", _STAMP),
    ("modified_at", _STAMP),  # the last edit by a user: updated_at, LastModifiedDate
    ("created_at", _STAMP),
    *_FIELD_TYPES.items(),
    ("marker", pa.string()),  # idempotency key, external id field; UNNAMED where an org has no such field
    ("person", pa.string()),  # Salesforce id of the contact or lead, as far as known
]
_PROBLEM_COLUMNS: Final = [
    ("problem_code", pa.string()),  # set when the record cannot be understood; its other values are then null
    ("problem_message", pa.string()),
    ("payload", pa.string()),  # the record as it came, JSON
]

WITH_A_PROBLEM: Final = frozenset({"remote_id", "presence", *(name for name, _ in _PROBLEM_COLUMNS)})
"""What is told of a record that cannot be understood."""

SALES_CONNECT_TASKS: Final = pa.schema(
    [
        *_TASK_COLUMNS,
        *((name, pa.string()) for name in TEMPLATE_INPUTS),
        ("delete_cause", pa.string()),
        *_PROBLEM_COLUMNS,
    ]
)
"""Staged SC rows. `delete_cause` is "user_deleted" when a task went together with its user (C5)."""

SALESFORCE_TASKS: Final = pa.schema(
    [
        *_TASK_COLUMNS,
        ("subtype", pa.string()),
        ("is_closed", pa.bool_()),
        ("is_recurrence", pa.bool_()),
        ("is_archived", pa.bool_()),
        ("completed_at", _STAMP),
        *_PROBLEM_COLUMNS,
    ]
)
"""Staged SF rows."""

TASKS: Final[Mapping[Side, pa.Schema]] = {
    Side.SALES_CONNECT: SALES_CONNECT_TASKS,
    Side.SALESFORCE: SALESFORCE_TASKS,
}

_SC_BASE: Final = [
    *((f"sc_{name}", kind) for name, kind in _FIELD_TYPES.items()),
    *((f"sc_{name}", pa.string()) for name in TEMPLATE_INPUTS),
]
_SF_BASE: Final = [(f"sf_{name}", kind) for name, kind in _FIELD_TYPES.items()]

LINKS: Final = pa.schema(
    [
        (
            "link_id",
            pa.string(),
        ),  # "<origin prefix>:<account or org>:<record id>": the marker without its generation
        ("origin", pa.string()),  # Side in which the pair began
        ("generation", pa.int32()),
        ("state", pa.string()),  # LinkState
        ("dirty", pa.bool_()),  # G9
        ("parked", pa.bool_()),  # a rejected row whose next try is not due (G4)
        (
            "unconfirmed",
            pa.bool_(),
        ),  # a write to one of its records may have happened, or may happen yet (G2)
        ("sc_id", pa.string()),
        ("sf_id", pa.string()),
        ("sc_version", _STAMP),  # last seen
        ("sf_version", _STAMP),
        (
            "sc_asked",
            pa.bool_(),
        ),  # read by id in this run: what was read is the present, whatever its stamp says (G9)
        ("sf_asked", pa.bool_()),
        ("sc_modified_at", _STAMP),  # last seen, never moved by a write of ours (K3)
        ("sf_modified_at", _STAMP),
        (
            "sc_written_at",
            _STAMP,
        ),  # the server's time of our last write that no read has confirmed yet, else null
        ("sf_written_at", _STAMP),
        ("withheld", pa.string()),  # Withheld; only ever in a released pair, else null
        ("sc_proof", pa.string()),  # Proof; null: not known to be deleted
        ("sf_proof", pa.string()),
        ("sc_changed_at", _STAMP),  # stamp first seen with a difference that is still open (K3), else null
        ("sf_changed_at", _STAMP),
        # Outside: why the record took no part when it was last seen; null: it did
        ("sc_outside", pa.string()),
        ("sf_outside", pa.string()),
        *_SC_BASE,
        *_SF_BASE,
    ]
)
"""A pair with its base: per field and side one canonical value."""

USERS: Final = pa.schema(
    [
        ("sc_user_id", pa.string()),
        ("sf_user_id", pa.string()),
        ("synced", pa.bool_()),  # switched on, active and mapped (S2)
        ("selected", pa.bool_()),  # false: a run that was asked for other users only
        ("first_sync_owed", pa.bool_()),
        ("switched_on_sc", _STAMP),  # effective switch-on by the Sales Connect server's clock
        ("switched_on_sf", _STAMP),  # the same moment by Salesforce's clock
    ]
)
"""Mapped users (S2). Who is not in it takes no part."""

HISTORY: Final = pa.schema(
    [
        ("kind", pa.string()),  # GuardKind
        ("sc_user_id", pa.string()),
        ("within_hour", pa.int64()),
        ("within_day", pa.int64()),
    ]
)
"""What was written lately, for the rolling limits of G3; creates of a first import are not in it."""

WEIGHED: Final = pa.schema([("kind", pa.string()), ("sc_user_id", pa.string()), ("actions", pa.int64())])
"""How many effects of a plan count against the limits of G3: GuardKind, whose tasks, and their number."""

POPULATION: Final = pa.schema([("sc_user_id", pa.string()), ("pairs", pa.int64())])
"""Linked pairs by owner, for the shares of G3."""

DECISIONS: Final = pa.schema(
    [
        ("link_id", pa.string()),
        ("field", pa.string()),  # one of FIELDS
        ("winner", pa.string()),  # Side
        ("value_sc", pa.string()),  # the contested values that the person saw, as in CONFLICTS
        ("value_sf", pa.string()),
    ]
)
"""What people decided about open conflicts (K3), at most one row for a pair and field."""

RECENT_WRITES: Final = pa.schema(
    [
        ("link_id", pa.string()),
        ("nth", pa.int64()),  # order of writing within the pair
        ("side", pa.string()),
        ("op", pa.string()),  # create or update
        ("mask", pa.int32()),
        *_FIELD_TYPES.items(),  # what was written
        *((f"seen_{name}", kind) for name, kind in _FIELD_TYPES.items()),  # what it replaced
    ]
)
"""What was written to a pair within the last hour (K6); pairs with too few writes to matter may be left out."""

ACTIONS: Final = pa.schema(
    [
        ("seq", pa.int32()),  # position in the plan, from 0; the order of writing within a side and op
        ("link_id", pa.string()),
        ("side", pa.string()),  # the side that is written
        ("op", pa.string()),
        ("remote_id", pa.string()),  # null for a create
        ("marker", pa.string()),  # creates only (G2)
        ("state", pa.string()),  # planned or held
        ("rule", pa.string()),  # rule ids, comma-separated: why; for people, nothing is decided by it
        ("doubt", pa.string()),  # Doubt; null: none, or no delete
        ("contested", pa.bool_()),  # of an update: whether it settles a field that both sides changed (K3)
        ("kind", pa.string()),  # GuardKind values that it counts for, comma-separated; not what was approved
        ("asks", pa.string()),  # ApprovalKind: a held one that an approval can release, else null
        ("approval_id", pa.int64()),  # the request that it waits for, or that released it
        ("sc_user_id", pa.string()),  # whose task it is, for G3 and for people
        ("first_import", pa.bool_()),
        ("mask", pa.int32()),  # BIT of the fields that are written
        # the values to write, in the target's vocabulary; meaningless outside the mask
        *_FIELD_TYPES.items(),
        ("person", pa.string()),  # creates only: Salesforce id of the contact or lead
        *(
            (f"seen_{name}", kind) for name, kind in _FIELD_TYPES.items()
        ),  # what the target held (null for a create)
    ]
)
"""The plan's remote effects. `seen_*` is what decide saw: the stale check compares with it, K5 keeps it."""

LEDGER_CHANGES: Final = pa.schema(
    [
        ("link_id", pa.string()),
        ("seq", pa.int32()),  # the action whose success it waits for; null: applies when the run settles
        ("also", pa.int32()),  # a second action that has to succeed as well, or null
        ("state", pa.string()),  # LinkState, or null to leave it and `withheld`
        ("withheld", pa.string()),  # Withheld, with state released; null takes it away when `state` is set
        ("sc_outside", pa.string()),  # as in LINKS; empty: in scope; null leaves it
        ("sf_outside", pa.string()),
        ("sc_mask", pa.int32()),  # BIT of the sc_ base columns that advance
        ("inputs", pa.bool_()),  # the sc_ template inputs advance as well
        *_SC_BASE,
        ("sf_mask", pa.int32()),
        *_SF_BASE,
    ]
)
"""How the base advances: never on a value that was only asked for (settle)."""

NEW_LINKS: Final = pa.schema(
    [
        ("link_id", pa.string()),
        ("origin", pa.string()),
        ("generation", pa.int32()),
        ("sc_id", pa.string()),
        ("sf_id", pa.string()),
        ("owner", pa.string()),  # SC user id
    ]
)
"""Links to store as pending together with the plan: new ones, and known ones whose next generation begins
(the side without an id is created again: C7, K4). Stored by upsert on `link_id`."""

WRITTEN: Final = pa.schema(
    [
        ("link_id", pa.string()),
        ("side", pa.string()),
        ("op", pa.string()),
        ("remote_id", pa.string()),  # the record that was written
        ("mask", pa.int32()),
        *_FIELD_TYPES.items(),  # what was written
        *((f"seen_{name}", kind) for name, kind in _FIELD_TYPES.items()),  # what was there before
        ("person", pa.string()),  # of a deleted record, as it was kept (K5)
        ("answered", pa.bool_()),  # false: it was sent, and what became of it is not known
    ]
)
"""What a run wrote, to be undone."""

LOST: Final = pa.schema(
    [
        ("what", pa.string()),  # "conflict 7", for people
        ("link_id", pa.string()),
        ("side", pa.string()),  # the side that held the value or the record
        ("whole", pa.bool_()),  # a deleted record; else the fields in the mask
        ("mask", pa.int32()),
        *_FIELD_TYPES.items(),
        ("person", pa.string()),
        ("code", pa.string()),  # why it cannot be restored, as in LEFT_OUT; else null
        ("reason", pa.string()),
    ]
)
"""What was lost and is asked back (K5), in the vocabulary of its side."""

CONFLICTS: Final = pa.schema(
    [
        ("link_id", pa.string()),
        ("field", pa.string()),  # one of FIELDS, or "record" for a delete against an edit
        ("rule", pa.string()),  # K3, K4, K6, T3
        ("winner", pa.string()),  # Side, or null while it waits for a decision
        ("base_sc", pa.string()),
        ("base_sf", pa.string()),
        ("value_sc", pa.string()),
        ("value_sf", pa.string()),
    ]
)
"""What was contested, or went to and fro (K6), with both values in full (K5). Dates as ISO text; for "record"
the values are JSON objects."""

DISPOSITIONS: Final = pa.schema(
    [
        ("side", pa.string()),
        ("remote_id", pa.string()),
        ("link_id", pa.string()),  # null when the record is in no pair
        ("disposition", pa.string()),
        ("rule", pa.string()),
    ]
)
"""Where every staged row ended (G5)."""

LEFT_OUT: Final = pa.schema(
    [
        ("link_id", pa.string()),
        ("side", pa.string()),  # the side that would have been written; null: the pair as a whole
        ("field", pa.string()),  # one of FIELDS; null: the record
        ("code", pa.string()),  # why, for machines: MOVED, NO_LONGER_PLANNED, ...
        ("reason", pa.string()),  # why, for people, with what was seen and what was expected
    ]
)
"""What a run was asked to do by a person and did not do, row by row (approval, undo, restore)."""


APPROVAL_ROWS: Final = pa.schema(
    [
        ("row_id", pa.int64()),
        (
            "approval_id",
            pa.int64(),
        ),  # null: it was left out of a request, and what it became is asked for anew
        ("kind", pa.string()),  # ApprovalKind; with link and side it names one row
        ("answer", pa.string()),  # Answer, in the run that carries it out; else null: it waits
        *((name, ACTIONS.field(name).type) for name in ("link_id", "side", "op", "mask")),
        *_FIELD_TYPES.items(),
        *((f"seen_{name}", kind) for name, kind in _FIELD_TYPES.items()),
    ]
)
"""Rows of requests as the person sees them, actions that were held: those without an outcome, and what was left
out and is still held. Whatever is about the same effect stays held until a person answers (G3)."""

ANSWERED: Final = pa.schema(
    [
        ("row_id", pa.int64()),
        ("seq", pa.int32()),  # the action that carries it out; null when nothing is written for it
        ("end", pa.string()),  # RowEnd; null while the action decides it
        ("reason", pa.string()),  # why it is left out
    ]
)
"""What a plan makes of each row of the request that it carries out."""


@dataclass(frozen=True)
class PlanInput:
    """Everything that a plan depends on. Frames as in the schemas above.

    `links` holds at least every link that a staged row belongs to. `account` and `org` name the two sides and
    go into markers (G2). `sc_now` and `sf_now` are the servers' clocks when the run began. `gaps` are the
    sides that were not read for longer than listings tell deletes (C6), `untold` those that tell whose a deleted record
    was in a listing that this run does not read (C2, C3). `approvals` holds the rows of unfinished requests for these
    links. `elsewhere`: of a part of a cycle, what its other parts plan. `rerender`: Subjects are made anew from the
    template (T3).
    """

    links: pd.DataFrame
    sales_connect: pd.DataFrame
    salesforce: pd.DataFrame
    users: pd.DataFrame
    history: pd.DataFrame
    population: pd.DataFrame
    account: str
    org: str
    sc_now: datetime
    sf_now: datetime
    policy: Policy
    gaps: frozenset[Side] = frozenset()
    untold: frozenset[Side] = frozenset()
    decisions: pd.DataFrame = field(default_factory=lambda: empty(DECISIONS))
    recent: pd.DataFrame = field(default_factory=lambda: empty(RECENT_WRITES))
    approvals: pd.DataFrame = field(default_factory=lambda: empty(APPROVAL_ROWS))
    elsewhere: pd.DataFrame = field(default_factory=lambda: empty(WEIGHED))
    rerender: bool = False

    def tasks(self, side: Side) -> pd.DataFrame:
        """What was staged of a side."""
        return self.sales_connect if side is Side.SALES_CONNECT else self.salesforce


@dataclass(frozen=True)
class Plan:
    """What is to happen, and where every staged row ended. Frames as in the schemas above."""

    actions: pd.DataFrame
    ledger_changes: pd.DataFrame
    new_links: pd.DataFrame
    conflicts: pd.DataFrame
    dispositions: pd.DataFrame
    left_out: pd.DataFrame = field(default_factory=lambda: empty(LEFT_OUT))
    answered: pd.DataFrame = field(default_factory=lambda: empty(ANSWERED))
    weighed: pd.DataFrame = field(default_factory=lambda: empty(WEIGHED))


PLAN: Final[Mapping[str, pa.Schema]] = {
    "actions": ACTIONS,
    "ledger_changes": LEDGER_CHANGES,
    "new_links": NEW_LINKS,
    "conflicts": CONFLICTS,
    "dispositions": DISPOSITIONS,
    "left_out": LEFT_OUT,
    "answered": ANSWERED,
    "weighed": WEIGHED,
}
"""The frames of a plan."""
