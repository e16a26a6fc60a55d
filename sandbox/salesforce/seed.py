"""What a new org holds: always itself, its integration user and picklists; with "demo" people and tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sandbox.kernel.demo_cast import DEMO_CONTACTS, DEMO_PEOPLE
from sandbox.kernel.service import Kernel

from .catalog_task import PRIORITIES, STATUSES
from .derived import derive
from .ids import make_id
from .org import Org
from .schema import SObject
from .stamps import system_stamp


@dataclass(frozen=True)
class _DemoTask:
    """`age`: how long ago it was last changed; `due`: days from today."""

    owner: str
    subject: str
    age: timedelta
    due: int | None
    fields: Mapping[str, Any] = field(default_factory=dict)
    who: str | None = None


def _hours(count: int) -> timedelta:
    return timedelta(hours=count)


_DEMO_TASKS = (
    _DemoTask(
        "Ada Example", "Call Nora about the renewal", _hours(2), 1, {"Priority": "High"}, "Nora Prospect"
    ),
    _DemoTask(
        "Ada Example",
        "Send the quote – äöü 日本語 🎯",
        _hours(5),
        0,
        {"Description": "First line\nsecond line\r\n\r\nlast line: 5 € × 3"},
        "Omar Client",
    ),
    _DemoTask(
        "Ada Example", "Prepare the workshop", _hours(20), 7, {"Status": "In Progress", "Priority": "Low"}
    ),
    _DemoTask("Ada Example", "Confirm the date", _hours(23), -1, {"Status": "Completed"}, "Nora Prospect"),
    _DemoTask("Ada Example", "Collect references", _hours(384), -10, {"Description": "Three will do."}),
    _DemoTask("Ben Sample", "Rückruf Käufer", _hours(1), 2, {"Description": "Nach 14 Uhr"}, "Pia Käufer"),
    _DemoTask("Ben Sample", "Follow up with the lead", _hours(8), 3, {}, "Rita Lead"),
    _DemoTask(
        "Ben Sample", "Waiting for the contract", _hours(12), None, {"Status": "Waiting on someone else"}
    ),
    _DemoTask(
        "Ben Sample", "Old closed matter", _hours(960), -38, {"Status": "Completed", "Priority": "High"}
    ),
    _DemoTask("Ben Sample", "Tidy up the account plan", _hours(504), 14, {"Status": "Deferred"}),
    _DemoTask("Chi Placeholder", "Not yet in sync", _hours(3), 1),
    _DemoTask("Dee Salesforce-Only", "Nobody's reminder elsewhere", _hours(4), 1),
)


def seed(kernel: Kernel, org: Org, wanted: str) -> None:
    """`wanted` is "empty" or "demo". All stamps are relative to the clock."""
    planter = _Planter(kernel, org)
    planter.organization()
    if wanted == "demo":
        planter.people()
        planter.contacts()
        planter.tasks()


class _Planter:
    def __init__(self, kernel: Kernel, org: Org) -> None:
        self._kernel = kernel
        self._records = org.records
        self._now = org.records.now()
        self._numbers: dict[str, int] = {}
        self._by_name: dict[str, str] = {}
        self._author = make_id("005", 1)

    def organization(self) -> None:
        age = timedelta(days=400)
        self._plant(
            "Organization",
            {
                "Name": "TaskBridge Sandbox",
                "OrganizationType": "Developer Edition",
                "InstanceName": "TB1",
                "IsSandbox": False,
            },
            age,
        )
        username = self._kernel.secrets["username"]
        self._plant(
            "User",
            {
                "Username": username,
                "Email": username,
                "FirstName": "TaskBridge",
                "LastName": "Integration",
                "Alias": "tbint",
                "TimeZoneSidKey": "GMT",
            },
            age,
        )
        for order, label in enumerate(STATUSES, 1):
            self._plant(
                "TaskStatus",
                {
                    "MasterLabel": label,
                    "ApiName": label,
                    "SortOrder": order,
                    "IsDefault": order == 1,
                    "IsClosed": label == "Completed",
                },
                age,
            )
        for order, label in enumerate(PRIORITIES, 1):
            self._plant(
                "TaskPriority",
                {
                    "MasterLabel": label,
                    "ApiName": label,
                    "SortOrder": order,
                    "IsDefault": label == "Normal",
                    "IsHighPriority": label == "High",
                },
                age,
            )

    def people(self) -> None:
        for person in DEMO_PEOPLE:
            if person.salesforce_email is None:
                continue
            first, last = person.name.split(" ", 1)
            self._by_name[person.name] = self._plant(
                "User",
                {
                    "Username": f"{person.salesforce_email}.sandbox",
                    "Email": person.salesforce_email,
                    "FirstName": first,
                    "LastName": last,
                    "Alias": first.lower()[:8],
                    "TimeZoneSidKey": person.time_zone,
                    "IsActive": person.active,
                },
                timedelta(days=300),
            )

    def contacts(self) -> None:
        account = self._plant("Account", {"Name": "Example Customer Ltd"}, timedelta(days=200))
        for contact in DEMO_CONTACTS:
            first, last = contact.name.split(" ", 1)
            more = (
                {"AccountId": account}
                if contact.salesforce_id.startswith("003")
                else {"Company": "Lead & Sons"}
            )
            table = "Contact" if contact.salesforce_id.startswith("003") else "Lead"
            self._by_name[contact.name] = self._plant(
                table,
                {
                    "Id": contact.salesforce_id,
                    "FirstName": first,
                    "LastName": last,
                    "Email": contact.email,
                    **more,
                },
                timedelta(days=100),
            )

    def tasks(self) -> None:
        today = self._now.date()
        for task in _DEMO_TASKS:
            due = (today + timedelta(days=task.due)).isoformat() if task.due is not None else None
            owner = self._by_name[task.owner]
            self._plant(
                "Task",
                {
                    "Subject": task.subject,
                    "ActivityDate": due,
                    "OwnerId": owner,
                    "CreatedById": owner,
                    "LastModifiedById": owner,
                    # Earlier than the last change: else a completed one would be a logged activity.
                    "CreatedDate": system_stamp(self._now - task.age - _hours(3)),
                    "WhoId": self._by_name.get(task.who or ""),
                    **task.fields,
                },
                task.age,
            )

    def _plant(self, table: str, fields: Mapping[str, Any], age: timedelta) -> str:
        """Puts a record as it would be had it been created `age` ago; its id."""
        sobject = self._records.whole_catalog[table.lower()]
        now = system_stamp(self._now - age)
        system = {
            "CreatedDate": now,
            "LastModifiedDate": now,
            "SystemModstamp": now,
            "CreatedById": self._author,
            "LastModifiedById": self._author,
            "OwnerId": self._author,
        }
        document = {each.name: each.default for each in sobject.fields}
        document |= {name: value for name, value in system.items() if name in sobject.by_name} | dict(fields)
        document["Id"] = document["Id"] or self._next_id(sobject)
        derive(self._records, sobject, None, document, now)
        self._records.store.put(table, document["Id"], document)
        return str(document["Id"])

    def _next_id(self, sobject: SObject) -> str:
        prefix = sobject.key_prefix or ""
        self._numbers[prefix] = self._numbers.get(prefix, 0) + 1
        return make_id(prefix, self._numbers[prefix])
