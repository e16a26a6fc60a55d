"""Settling lost creates in a system that has no place for markers: by who made what, and when (G2).

Nothing there refuses a second create, so nothing is repeated before it is certain that the first one did not happen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

import pandas as pd

from taskbridge.core.frames import Row, rows_of
from taskbridge.core.terms import BIT, FIELDS, Side
from taskbridge.core.writes import Outcome
from taskbridge.engine.engine import Engine

UNCLEAR: Final = "CREATE_UNCLEAR"


def resolve_unmarked(engine: Engine, side: Side, creates: pd.DataFrame) -> list[dict[str, Any]]:
    """One outcome for each create that is settled; the others wait.

    A create is confirmed by the one record that our user made since, that is in no pair, holds what was sent, and
    fits no other lost create. It is ruled out when a request can no longer land, what landed can be seen, and
    no record of ours could be it. In between it is held for a person: sent, with the code CREATE_UNCLEAR.
    """
    patience = engine.settings.certain_after
    made: dict[str, Row] = {}
    for _, sent in creates.groupby("sent_after"):  # of one run
        # pandas 2 answers Python's own datetimes here, pandas 3 its own.
        since = pd.Timestamp(sent["sent_after"].iloc[0]).to_pydatetime()
        until = pd.Timestamp(sent["sent_before"].max()).to_pydatetime() + patience
        made |= {row["remote_id"]: row for row in rows_of(engine.sides[side].find_created(since, until))}
    paired = engine.ledger.outbox.linked(side, list(made))
    free = [record for remote_id, record in made.items() if remote_id not in paired]
    return list(_judged(rows_of(creates), free, patience))


def _judged(sent: Sequence[Row], free: Sequence[Row], patience: timedelta) -> Iterator[dict[str, Any]]:
    since = {row["action_id"]: [one for one in free if _in_time(one, row, patience)] for row in sent}
    equal = {row["action_id"]: [one for one in since[row["action_id"]] if _holds(one, row)] for row in sent}
    claims = Counter(one["remote_id"] for fitting in equal.values() for one in fitting)
    for row in sent:
        ids = [one["remote_id"] for one in equal[row["action_id"]]]
        alike = [
            one["remote_id"]
            for one in since[row["action_id"]]
            if one["remote_id"] not in claims and _could_be(one, row)
        ]
        if row["remote_id"] is not None:  # a person told which record it is
            yield _done(row, row["remote_id"])
        elif len(ids) == 1 and claims[ids[0]] == 1:
            yield _done(row, ids[0])
        elif row["waited"] >= patience.total_seconds():
            if not ids and not alike:
                yield _ruled_out(row)
            elif row["code"] != UNCLEAR:
                yield _in_doubt(row, ids, alike)


def _in_time(record: Row, sent: Row, patience: timedelta) -> bool:
    """Whether the record was created while the request may have been carried out."""
    created = record["created_at"]
    earliest = sent["sent_after"].replace(microsecond=0)
    return created is not None and bool(earliest <= created < sent["sent_before"] + patience)


def _holds(record: Row, sent: Row) -> bool:
    """Whether the record holds exactly what was sent."""
    return all(record[name] == sent[name] for name in FIELDS if sent["mask"] & BIT[name])


def _could_be(record: Row, sent: Row) -> bool:
    """Whether a trigger or a person may have made this of what was sent."""
    if record["title"] == sent["title"]:
        return True
    return bool(record["owner"] == sent["owner"] and record["due_date"] == sent["due_date"])


def _done(sent: Row, remote_id: str) -> dict[str, Any]:
    return {"action_id": sent["action_id"], "outcome": Outcome.DONE, "remote_id": remote_id}


def _ruled_out(sent: Row) -> dict[str, Any]:
    return {
        "action_id": sent["action_id"],
        "outcome": Outcome.RETRY,
        "code": "NOT_CREATED",
        "category": "intermittent",
        "message": "no record of ours could be it",
        "remedy": "none: it is planned again",
    }


def _in_doubt(sent: Row, ids: Sequence[str], alike: Sequence[str]) -> dict[str, Any]:
    return {
        "action_id": sent["action_id"],
        "outcome": Outcome.UNKNOWN,
        "code": UNCLEAR,
        "category": "other",
        "message": f"{len(ids)} records of ours hold what was sent and {len(alike)} more could be it "
        f"({', '.join([*ids, *alike][:5])}); expected exactly one of the first and none of the second",
        "remedy": "look at these records, then select bridge.settle_create(action, your name, copy) with the id of the "
        "one that it is, or without an id when it is none of them",
    }
