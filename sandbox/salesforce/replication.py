"""`updated` and `deleted`: which ids changed in a span of time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from .errors import ApiError
from .org import Org
from .records import PURGED_AT, VISIBLE_AT
from .schema import SObject
from .stamps import parse_datetime, stamp, system_stamp

_MAX_AGE = timedelta(days=30)


def updated(org: Org, sobject: SObject, query: Mapping[str, str]) -> dict[str, Any]:
    """Ids created or changed and still there. Raises ApiError INVALID_REPLICATION_DATE and others."""
    start, end = _span(org, sobject, query, shortest=timedelta())
    records = org.records
    settled, visible = records.settled(), records.visible()
    found = [
        (doc["SystemModstamp"], doc["Id"])
        for doc in records.rows(sobject)
        if start <= doc["SystemModstamp"] < end and not doc.get("IsDeleted") and settled(doc) and visible(doc)
    ]
    _check_size(len(found), records.switches.replication_max_ids)
    return {
        "ids": [record_id for _, record_id in sorted(found)],
        "latestDateCovered": _latest_covered(org, sobject, end),
    }


def deleted(org: Org, sobject: SObject, query: Mapping[str, str]) -> dict[str, Any]:
    """Ids deleted, of those that the bin still knows. Raises ApiError INVALID_REPLICATION_DATE and others."""
    start, end = _span(org, sobject, query, shortest=timedelta(minutes=1))
    records = org.records
    outlives = records.switches.delete_log_outlives_bin
    purge = None if outlives else org.delete_log_begins(sobject)
    if purge is not None and start < purge:
        raise _bad_date("startDate before org replication enabled date")
    settled, shared = records.settled(), records.sharing().shows
    bin_start = system_stamp(records.now() - timedelta(days=records.switches.bin_days))
    found = [
        (doc["SystemModstamp"], doc["Id"])
        for doc in records.rows(sobject)
        if doc.get("IsDeleted")
        and max(start, bin_start) <= doc["SystemModstamp"] < end
        and (PURGED_AT not in doc or (outlives and doc[PURGED_AT] >= bin_start))
        and settled(doc)
        and shared(doc)
    ]
    _check_size(len(found), records.switches.replication_max_ids)
    return {
        "deletedRecords": [{"id": record_id, "deletedDate": when} for when, record_id in sorted(found)],
        "earliestDateAvailable": max(bin_start, purge or bin_start),
        "latestDateCovered": _latest_covered(org, sobject, end),
    }


def _span(org: Org, sobject: SObject, query: Mapping[str, str], shortest: timedelta) -> tuple[str, str]:
    """Start and end as stamps; both lose their seconds before anything is checked."""
    if not sobject.replicateable:
        raise ApiError("INVALID_TYPE", f"{sobject.name} is not replicateable")
    start, end = (_minute(query, name) for name in ("start", "end"))
    if org.records.now() - start > _MAX_AGE:
        raise _bad_date("startDate cannot be more than 30 days ago")
    if end - start <= shortest:
        # The order in this sentence is the vendor's.
        raise _bad_date("startDate must be at least one minute greater than endDate")
    return stamp(start), stamp(end)


def _minute(query: Mapping[str, str], name: str) -> datetime:
    given = query.get(name)
    if not given:
        raise ApiError("MISSING_ARGUMENT", f"Missing required parameter: {name}")
    moment = parse_datetime(given)
    if moment is None:
        raise ApiError("ILLEGAL_QUERY_PARAMETER_VALUE", f"Illegal value for parameter {name}: {given}")
    return moment.replace(second=0, microsecond=0)


def _latest_covered(org: Org, sobject: SObject, end: str) -> str:
    """Not past the end, not past now, and not past a change that is not visible yet."""
    records = org.records
    now = stamp(records.now())
    hidden = [doc["SystemModstamp"] for doc in records.rows(sobject) if doc.get(VISIBLE_AT, "") > now]
    return min(end, system_stamp(records.now()), *map(str, hidden))


def _check_size(count: int, most: int) -> None:
    if count > most:
        raise ApiError("EXCEEDED_ID_LIMIT", f"the span holds {count} ids, at most {most} can be listed")


def _bad_date(message: str) -> ApiError:
    return ApiError("INVALID_REPLICATION_DATE", message)
