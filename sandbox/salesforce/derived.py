"""What the platform computes when a record is saved."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from .errors import ApiError
from .records import Records
from .schema import SObject

Draft = dict[str, Any]


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def derive(records: Records, sobject: SObject, old: Mapping[str, Any] | None, new: Draft, now: str) -> None:
    """Sets the derived fields of `new`. Raises ApiError where its fields do not go together."""
    if sobject.name == "Task":
        _check_task(records, old, new)
        _derive_task(records, old, new, now)
    elif "LastName" in sobject.by_name:
        new["Name"] = " ".join(filter(None, (new.get("FirstName"), new.get("LastName"))))
    if sobject.name == "User" and new["TimeZoneSidKey"] not in _time_zones():
        message = f"Time Zone: bad value for restricted picklist field: {new['TimeZoneSidKey']}"
        raise ApiError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, 400, ["TimeZoneSidKey"])


def _derive_task(records: Records, old: Mapping[str, Any] | None, new: Draft, now: str) -> None:
    new["IsClosed"] = _flag(records, "TaskStatus", new["Status"], "IsClosed")
    new["IsHighPriority"] = _flag(records, "TaskPriority", new["Priority"], "IsHighPriority")
    if not new["IsClosed"]:
        new["CompletedDateTime"] = None
    elif old is None or old.get("Status") != new["Status"] or not old.get("IsClosed"):
        new["CompletedDateTime"] = now
    new["AccountId"] = _account(records, new)


def _flag(records: Records, table: str, value: str, name: str) -> bool:
    return any(row["ApiName"] == value and row[name] for row in records.store.rows(table))


def _account(records: Records, task: Draft) -> str | None:
    what: str | None = task.get("WhatId")
    if what is not None:
        sobject = records.of_id(what)
        return what if sobject is not None and sobject.name == "Account" else None
    who = records.find(task.get("WhoId"))
    return who.get("AccountId") if who else None


def _check_task(records: Records, old: Mapping[str, Any] | None, new: Draft) -> None:
    who = records.of_id(new["WhoId"]) if new.get("WhoId") else None
    if records.switches.lead_excludes_what and who is not None and who.name == "Lead" and new.get("WhatId"):
        raise _integrity("Related To ID: a task of a lead can not be related to another object", "WhatId")
    if not new.get("IsRecurrence"):
        return
    if new.get("ActivityDate"):
        raise _integrity("Due Date Only: can not be set on the master of a series", "ActivityDate")
    if old is not None and old.get("Status") != new.get("Status"):
        raise _integrity("Status: can not be changed on the master of a series", "Status")


def _integrity(message: str, *fields: str) -> ApiError:
    return ApiError("FIELD_INTEGRITY_EXCEPTION", message, 400, fields)
