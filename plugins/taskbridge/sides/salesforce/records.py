"""Salesforce's records and ours: what a Task and a User look like on the wire."""

from __future__ import annotations

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
from taskbridge.sides.salesforce.marking import Marking

_LOG = logging.getLogger(__name__)

USER_FIELDS: Final = ("Id", "Email", "Name", "IsActive", "UserType", "TimeZoneSidKey")

TASK_FIELDS: Final = (
    "Id",
    "IsDeleted",
    "SystemModstamp",
    "LastModifiedDate",
    "CreatedDate",
    "Subject",
    "Status",
    "Priority",
    "ActivityDate",
    "Description",
    "OwnerId",
    "WhoId",
    "TaskSubtype",
    "IsClosed",
    "IsRecurrence",
    "IsArchived",
    "CompletedDateTime",
)
"""Fields that are read, besides the marker field; some of them are done without (see `salesforce_describe`). `Type` is
none of them (F8)."""

WIRE: Final[Mapping[str, str]] = {
    "title": "Subject",
    "status": "Status",
    "priority": "Priority",
    "due_date": "ActivityDate",
    "details": "Description",
    "owner": "OwnerId",
}
"""The fields that are written, by column."""


def decode_tasks(records: Sequence[Any], marking: Marking) -> pd.DataFrame:
    """Tasks, deleted ones included, as TASKS rows; what cannot be understood has a problem and no values."""
    page = RecordColumns(records)
    deleted = pc.fill_null(page.flag("IsDeleted", required=True), False)
    columns = {
        "remote_id": page.ids(page.key("Id", required=True)),
        "presence": pc.if_else(deleted, Presence.DELETED.value, Presence.LIVE.value),
        "version": page.stamp("SystemModstamp", required=True),
        "modified_at": page.stamp("LastModifiedDate", required=True),
        "created_at": page.stamp("CreatedDate", required=True),
        "title": page.text("Subject"),
        "status": page.text("Status", required=True),
        "priority": page.text("Priority", required=True),
        "due_date": page.day("ActivityDate"),
        "details": page.text("Description"),
        "owner": page.key("OwnerId"),
        "marker": marking.read(page),
        "person": page.text("WhoId"),
        "subtype": page.text("TaskSubtype"),
        "is_closed": page.flag("IsClosed", required=True),
        "is_recurrence": page.flag("IsRecurrence", required=True),
        "is_archived": page.flag("IsArchived"),
        "completed_at": page.stamp("CompletedDateTime"),
        "payload": page.payloads(),
    }
    return task_frame(Side.SALESFORCE, columns, len(page), page.problems)


def decode_users(records: Sequence[Any]) -> pd.DataFrame:
    """SIDE_USERS. A user that cannot be understood counts as inactive and so takes no part."""
    page = RecordColumns(records)
    kind = page.label("UserType")
    columns = {
        "user_id": page.ids(page.key("Id", required=True)),
        "email": page.label("Email"),
        "name": page.label("Name"),
        "active": page.flag("IsActive", required=True),
        "standard": pc.fill_null(pc.equal(kind, "Standard"), False),
        "time_zone": page.label("TimeZoneSidKey"),
        "sync_on": pa.nulls(len(page), pa.bool_()),
        "sync_on_since": pa.nulls(len(page), SIDE_USERS.field("sync_on_since").type),
    }
    for row, problem in page.problems.items():
        _LOG.warning("Salesforce user %s takes no part: %s", columns["user_id"][row], problem.message)
    bad = pa.array([row in page.problems for row in range(len(page))], pa.bool_())
    columns["active"] = pc.if_else(bad, False, columns["active"])
    return frame(pa.table(columns, schema=SIDE_USERS))


def encode_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """The masked fields of a WRITES row as they are sent; null clears a field."""
    record = {WIRE[name]: value for name, value in masked(row).items()}
    if record.get("ActivityDate") is not None:
        record["ActivityDate"] = record["ActivityDate"].isoformat()
    return record


def encode_create(row: Mapping[str, Any], marking: Marking) -> dict[str, Any]:
    """The fields of a new Task."""
    record = dict(row.get(MORE) or {})
    record |= {name: value for name, value in encode_fields(row).items() if value is not None}
    if row["person"]:
        record["WhoId"] = row["person"]
    return record | marking.write(row)
