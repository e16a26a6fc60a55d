"""Sales Connect's records and ours: what a task, a delete and a user look like on the wire."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.frames import frame
from taskbridge.core.terms import Presence, Side
from taskbridge.engine.ports import SIDE_USERS
from taskbridge.sides.bringing_back import MORE
from taskbridge.sides.decode import RecordColumns
from taskbridge.sides.frames import masked, task_frame

_LOG = logging.getLogger(__name__)

STATUSES: Final = ("open", "complete", "skipped")
PRIORITIES: Final = ("normal", "high")

WIRE: Final[Mapping[str, str]] = {
    "title": "name",
    "status": "status",
    "priority": "priority",
    "due_date": "due_date",
    "details": "details",
    "owner": "assignee_id",
}
"""The fields that are written, by column."""


def decode_tasks(records: Sequence[Any]) -> pd.DataFrame:
    """Live tasks as TASKS rows; what cannot be understood has a problem and no values."""
    page = RecordColumns(records)
    status = pc.utf8_lower(page.text("status", required=True))
    priority = pc.utf8_lower(page.text("priority", required=True))
    updated = page.stamp("updated_at", required=True)
    columns = {
        "remote_id": page.ids(page.number("id", required=True)),
        "presence": [Presence.LIVE] * len(page),
        "version": updated,
        "modified_at": updated,
        "created_at": page.stamp("created_at", required=True),
        "title": page.text("name", required=True),
        "status": page.only("status", status, STATUSES),
        "priority": page.only("priority", priority, PRIORITIES),
        "due_date": page.day("due_date"),
        "details": page.text("details"),
        "owner": page.number("assignee_id"),
        "marker": page.text("idempotency_key"),
        "person": page.text("person.salesforce_id"),
        "type": page.text("type"),
        "campaign_name": page.text("campaign.name"),
        "campaign_day": page.number("campaign.day"),
        "campaign_step": page.number("campaign.step"),
        "call_outcome": page.text("call_outcome"),
        "call_reason": page.text("call_reason"),
        "payload": page.payloads(),
    }
    return task_frame(Side.SALES_CONNECT, columns, len(page), page.problems)


def decode_deletes(records: Sequence[Any]) -> pd.DataFrame:
    """Entries of the delete feed as TASKS rows: nothing of the content but the last assignee."""
    page = RecordColumns(records)
    deleted = page.stamp("deleted_at", required=True)
    columns = {
        "remote_id": page.ids(page.number("id", required=True)),
        "presence": [Presence.DELETED] * len(page),
        "version": deleted,
        "modified_at": deleted,
        "owner": page.number("assignee_id"),
        "marker": page.text("idempotency_key"),
        "delete_cause": page.text("cause"),
        "payload": page.payloads(),
    }
    return task_frame(Side.SALES_CONNECT, columns, len(page), page.problems)


def decode_users(records: Sequence[Any]) -> pd.DataFrame:
    """SIDE_USERS. A user that cannot be understood counts as inactive and so takes no part."""
    page = RecordColumns(records)
    columns = {
        "user_id": page.ids(page.number("id", required=True)),
        "email": page.label("email"),
        "name": page.label("name"),
        "active": page.flag("active", required=True),
        "standard": pa.array([True] * len(page)),
        "time_zone": page.label("time_zone"),
        "sync_on": page.flag("salesforce_task_sync"),
        "sync_on_since": page.stamp("salesforce_task_sync_enabled_at"),
    }
    for row, problem in page.problems.items():
        _LOG.warning("Sales Connect user %s takes no part: %s", columns["user_id"][row], problem.message)
    bad = pa.array([row in page.problems for row in range(len(page))], pa.bool_())
    columns["active"] = pc.if_else(bad, False, columns["active"])
    return frame(pa.table(columns, schema=SIDE_USERS))


def encode_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """The masked fields of a WRITES row as they are sent. Raises ValueError for an impossible owner."""
    body = {WIRE[name]: value for name, value in masked(row).items()}
    if (due := body.get("due_date")) is not None:
        body["due_date"] = due.isoformat()
    if (owner := body.get("assignee_id")) is not None:
        if not owner.isdecimal():
            raise ValueError(f"assignee_id: {owner!r} is no Sales Connect user id")
        body["assignee_id"] = int(owner)
    return body


def encode_create(row: Mapping[str, Any], people: Mapping[str, int]) -> dict[str, Any]:
    """The body of a create (F7). `people` maps Salesforce ids to people of Sales Connect."""
    body = {"type": "custom", **(row.get(MORE) or {})}
    body |= {name: value for name, value in encode_fields(row).items() if value is not None}
    body["idempotency_key"] = row["marker"]
    if (person := people.get(row["person"] or "")) is not None:
        body["person_id"] = person
    return body


def more_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a create sends besides of the record that it brings back, if it does (K5)."""
    if row.get("type") is None:
        return {}
    campaign = {
        "name": row["campaign_name"],
        **{name: row[f"campaign_{name}"] and int(row[f"campaign_{name}"]) for name in ("day", "step")},
    }
    person = json.loads(row["payload"] or "{}").get("person")
    found = {
        "type": row["type"],
        "campaign": campaign if campaign["name"] is not None else None,
        "person_id": person.get("id") if isinstance(person, dict) else None,
        "call_outcome": row["call_outcome"],
        "call_reason": row["call_reason"],
    }
    return {name: value for name, value in found.items() if value is not None}
