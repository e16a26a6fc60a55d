"""Settling creates whose answer was lost, in a system that keeps markers: by the record that carries it (G2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from taskbridge.core.frames import Row, rows_of
from taskbridge.core.terms import FIELDS, Side
from taskbridge.core.writes import Outcome
from taskbridge.engine.engine import Engine

_CREATED_BEFORE: Final = {
    "outcome": Outcome.RETRY,
    "code": "CREATED_BEFORE",
    "category": "intermittent",
    "message": "an earlier request, which was taken for lost, had created the record",
    "remedy": "none: what is new since is planned again",
}


def resolve_marked(
    engine: Engine,
    side: Side,
    creates: pd.DataFrame,
    told: Mapping[str, Any] | None = None,
    *,
    retry_unseen: bool = True,
) -> list[dict[str, Any]]:
    """One outcome a create, by the records that carry its marker; `told` names ids that the side itself gave."""
    if creates.empty:
        return []
    carriers = engine.sides[side].find_markers(list(creates["marker"]))
    ids: dict[str, list[str]] = {}
    for marker, remote_id in zip(carriers["marker"], carriers["remote_id"], strict=True):
        ids.setdefault(marker, []).append(remote_id)
    unseen = [row for row in rows_of(creates) if row["marker"] not in ids]
    ids |= _carriers_by_id(engine, side, unseen, told or {})
    outcomes = [_create_outcome(row, ids.get(row["marker"], []), retry_unseen) for row in rows_of(creates)]
    return _by_earlier_requests(engine, side, creates, outcomes)


def _by_earlier_requests(
    engine: Engine, side: Side, creates: pd.DataFrame, outcomes: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """A record may be the work of an earlier request that was taken for lost, and then it was created with that one's
    values: they are the base, else what is new in this one would pass for undone by a person."""
    made = {one["action_id"]: one["remote_id"] for one in outcomes if one["outcome"] == Outcome.DONE}
    asked = {row["marker"]: row for row in rows_of(creates) if row["action_id"] in made}
    earlier: dict[str, list[dict[str, Any]]] = {}
    for row in rows_of(engine.ledger.outbox.given_up(side, list(asked))) if asked else []:
        if not _same_values(row, asked[row["marker"]]):
            earlier.setdefault(row["marker"], []).append(row)
    if not earlier:
        return outcomes
    wanted = {marker: made[asked[marker]["action_id"]] for marker in earlier}
    present = {
        row["remote_id"]: row for row in rows_of(engine.sides[side].read_ids(list(wanted.values()), {}))
    }
    authors = {
        asked[marker]["action_id"]: _author(rows, asked[marker], present[wanted[marker]])
        for marker, rows in earlier.items()
    }
    by_earlier = {by: author for by, author in authors.items() if author != by}
    others = [one for one in outcomes if one["action_id"] not in by_earlier]
    found = [
        {"action_id": author, "outcome": Outcome.DONE, "remote_id": made[by]}
        for by, author in by_earlier.items()
    ]
    return others + found + [_CREATED_BEFORE | {"action_id": action_id} for action_id in by_earlier]


def _author(earlier: list[dict[str, Any]], asked: Row, now: Row) -> str:
    """The request that made the record, told by what it holds; where somebody has edited it, the first one: while its
    marker was taken no later one could be carried out."""
    same = (row for row in (asked, *reversed(earlier)) if _same_values(row, now))
    return str(next(same, earlier[0])["action_id"])


def _same_values(left: Row, right: Row) -> bool:
    return all(left[name] == right[name] for name in FIELDS)


def _carriers_by_id(
    engine: Engine, side: Side, unseen: list[dict[str, Any]], told: Mapping[str, Any]
) -> dict[str, list[str]]:
    """A record can answer to its id before it shows in listings: the id that the side told is looked up."""
    wanted = {
        told[row["action_id"]]: row["marker"] for row in unseen if isinstance(told.get(row["action_id"]), str)
    }
    if not wanted:
        return {}
    read = engine.sides[side].read_ids(list(wanted), {})
    carried = zip(read["remote_id"], read["marker"], strict=True)
    return {marker: [remote_id] for remote_id, marker in carried if wanted.get(remote_id) == marker}


def _create_outcome(row: Row, carriers: list[str], retry_unseen: bool) -> dict[str, Any]:
    base = {"action_id": row["action_id"]}
    if len(carriers) == 1:
        return base | {"outcome": Outcome.DONE, "remote_id": carriers[0]}
    if not carriers and retry_unseen:
        # The marker is unique on its side, so the same create again can only find the record, never double it.
        return base | {"outcome": Outcome.RETRY, "code": "NOT_CREATED", "category": "intermittent",
                       "message": "no record carries the marker", "remedy": "none: it is planned again"}  # fmt: skip
    count = len(carriers)
    return base | {
        "outcome": Outcome.REJECTED,
        "code": "MARKER_AMBIGUOUS" if count else "MARKER_LOST",
        "category": "other",
        "message": f"{count} records carry the marker {row['marker']}, expected one",
        "remedy": "keep one of the records and clear the marker of the others" if count
        else "the copy was deleted before its id was known: delete the original too, or edit it to try again",
    }  # fmt: skip
