"""What each system shows of its users and tasks over the API that its vendor offers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stack.demo.systems import Side, System, Systems

API = "/services/data/v67.0"
TASK_QUERY = (
    "SELECT Id, Subject, Status, Priority, ActivityDate, Description, Owner.Email, Taskbridge_Id__c, "
    "CreatedDate, LastModifiedDate, CompletedDateTime, TaskSubtype, IsRecurrence FROM Task ORDER BY Id"
)


@dataclass(frozen=True)
class Record:
    """A live task, with its values in the words of its own system.

    due: an ISO date. owner: an e-mail address in small letters. reminder: False for what never takes part
    (C2). marker: what TaskBridge writes on the records that it creates.
    """

    side: Side
    id: str
    title: str
    status: str
    priority: str
    due: str | None
    details: str | None
    owner: str
    marker: str | None
    created: datetime
    changed: datetime
    reminder: bool = True


@dataclass(frozen=True)
class Snapshot:
    """Both systems at one moment. users: side -> e-mail address in small letters -> user id."""

    identities: Mapping[Side, str]
    users: Mapping[Side, Mapping[str, str]]
    synced: frozenset[str]
    records: Mapping[Side, tuple[Record, ...]]


def look(systems: Systems) -> Snapshot:
    """Reads both systems whole. Raises `StackError`."""
    account, sc_users = _sales_connect_users(systems.sales_connect)
    sf_users = _salesforce_users(systems.salesforce)
    emails = {str(user["id"]): user["email"].lower() for user in sc_users}
    return Snapshot(
        identities={"sales_connect": account, "salesforce": _organization(systems.salesforce)},
        users={
            "sales_connect": {email: user_id for user_id, email in emails.items()},
            "salesforce": sf_users,
        },
        synced=frozenset(
            user["email"].lower()
            for user in sc_users
            if user["active"] and user["salesforce_task_sync"] and user["email"].lower() in sf_users
        ),
        records={
            "sales_connect": tuple(
                _sales_connect_record(task, emails)
                for task in _pages(systems.sales_connect, "/v2/tasks", {"sort_by": "id", "per_page": 100})
            ),
            "salesforce": tuple(
                _salesforce_record(task) for task in _queried(systems.salesforce, TASK_QUERY)
            ),
        },
    )


def _sales_connect_users(system: System) -> tuple[str, list[dict[str, Any]]]:
    account = system.read("/v2/users", {"per_page": 1})["metadata"]["account_id"]
    return account, list(_pages(system, "/v2/users", {"per_page": 100}))


def _pages(system: System, path: str, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    page: int | None = 1
    while page is not None:
        answer = system.read(path, {**params, "page": page})
        yield from answer["data"]
        page = answer["metadata"]["paging"]["next_page"]


def _queried(system: System, soql: str) -> Iterator[dict[str, Any]]:
    answer = system.read(f"{API}/query", {"q": soql})
    yield from answer["records"]
    while not answer["done"]:
        answer = system.read(answer["nextRecordsUrl"])
        yield from answer["records"]


def _salesforce_users(system: System) -> dict[str, str]:
    users = _queried(system, "SELECT Id, Email FROM User WHERE IsActive = true AND UserType = 'Standard'")
    return {user["Email"].lower(): user["Id"] for user in users}


def _organization(system: System) -> str:
    return next(str(found["Id"]) for found in _queried(system, "SELECT Id FROM Organization"))


def _sales_connect_record(task: Mapping[str, Any], emails: Mapping[str, str]) -> Record:
    return Record(
        side="sales_connect",
        id=str(task["id"]),
        title=task["name"],
        status=task["status"],
        priority=task["priority"],
        due=task["due_date"],
        details=task["details"],
        owner=emails[str(task["assignee_id"])],
        marker=task["idempotency_key"],
        created=datetime.fromisoformat(task["created_at"]),
        changed=datetime.fromisoformat(task["updated_at"]),
    )


def _salesforce_record(task: Mapping[str, Any]) -> Record:
    logged = task["CompletedDateTime"] is not None and task["CompletedDateTime"] == task["CreatedDate"]
    return Record(
        side="salesforce",
        id=task["Id"],
        title=task["Subject"] or "",
        status=task["Status"],
        priority=task["Priority"],
        due=task["ActivityDate"],
        details=task["Description"],
        owner=task["Owner"]["Email"].lower(),
        marker=task["Taskbridge_Id__c"],
        created=datetime.fromisoformat(task["CreatedDate"]),
        changed=datetime.fromisoformat(task["LastModifiedDate"]),
        reminder=task["TaskSubtype"] in (None, "Task") and not task["IsRecurrence"] and not logged,
    )
