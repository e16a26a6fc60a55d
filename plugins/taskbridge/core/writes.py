"""Frames of what is written to a side, and of what became of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import pyarrow as pa

from taskbridge.core.model import ACTIONS, TASKS
from taskbridge.core.terms import FIELDS, TEMPLATE_INPUTS

_STAMP = pa.timestamp("us", tz="UTC")

WRITES: Final = pa.schema([("action_id", pa.string()), *ACTIONS])
"""Rows that a side is asked to write: the action with its stored id."""

OUTLINES: Final = pa.schema(
    [WRITES.field(name) for name in ("action_id", "op", "mask", "status", "contested", "person")]
)
"""The same, as far as it is needed to choose what is written now and to say what that costs."""

UNMODIFIED_SINCE: Final = "unmodified_since"
"""A column (stamp) that WRITES may have besides, see `SidePort.write`."""

BROUGHT_BACK: Final = (*TEMPLATE_INPUTS, "payload")
"""Columns that creates may have besides, see `SidePort.write`: of the record that they bring back."""

ORIGINALS: Final = pa.schema(
    [
        ("action_id", pa.string()),
        ("remote_id", pa.string()),  # of the record that went away
        ("full", pa.bool_()),  # read in full before we deleted it; else as the ledger last knew it
        *((name, pa.string()) for name in BROUGHT_BACK),
    ]
)
"""What creates bring back: the record of their pair that was there before (K5)."""

UNSETTLED: Final = pa.schema(
    [
        *WRITES,
        ("sent_after", _STAMP),  # the server's clock when the run that sent it opened
        ("sent_before", _STAMP),  # the same when the request was known to be under way or cut
        ("waited", pa.float64()),  # seconds since, by the server's clock or ours, whichever says more
        ("over", pa.bool_()),  # the server has ended the request: it cannot land any more
        ("code", pa.string()),
        ("control", pa.string()),  # another linked record of the same owner, or null (C5)
    ]
)
"""Rows that were sent and not answered."""

SEEN: Final = pa.schema(
    [("action_id", pa.string()), *(column for column in ACTIONS if column.name in FIELDS)]
)
"""Present values of the records that unanswered updates are about."""


class Outcome(StrEnum):
    """What became of one write."""

    DONE = "done"
    GONE = "gone"  # the record is deleted: done for a delete, proof of a delete for an update (C5)
    EXISTS = "exists"  # a record with this marker is there already (G2)
    BUSY = "busy"  # certainly not written, and worth trying again in a moment
    RETRY = "retry"  # certainly not written, and worth trying again in the next run
    UNKNOWN = "unknown"  # perhaps written: the answer was lost
    REJECTED = "rejected"  # not written, and somebody has to act (G4)


OUTCOMES: Final = pa.schema(
    [
        ("action_id", pa.string()),
        ("outcome", pa.string()),  # Outcome
        (
            "remote_id",
            pa.string(),
        ),  # of the written record; for EXISTS the record that carries the marker, if told
        ("written_at", _STAMP),  # the server's time of the write, null when nothing was written
        ("code", pa.string()),  # the vendor's error code, or ours
        ("category", pa.string()),  # intermittent, authentication, access, validation, other
        ("message", pa.string()),
        ("remedy", pa.string()),
    ]
)
"""One row for every row written, paired by `action_id`, never by position."""

_NOT_KEPT: Final = ("presence", "delete_cause", "problem_code", "problem_message")

KEPT: Final = {
    side: pa.schema(
        [
            ("action_id", pa.string()),
            ("link_id", pa.string()),
            ("side", pa.string()),
            *(column for column in schema if column.name not in _NOT_KEPT),
        ]
    )
    for side, schema in TASKS.items()
}
"""Records that are about to be deleted, each with the action that deletes it and all that its side told (K5)."""

CALL_REFUSED: Final = "CALL_REFUSED"
"""Code of a row that nobody refused: its call was answered as a whole, after other rows of its chunk were written."""

PERSON_LEFT_OUT: Final = "PERSON_LEFT_OUT"
"""Code of a create that was done without its person, as no record goes on for it; the message names it."""

FIELDS_LEFT_OUT: Final = "FIELDS_LEFT_OUT"
"""Code of a create that brings a record back, done without fields that the system refused; the message names them."""
