"""The demo account."""

from datetime import datetime, timedelta
from typing import Any

from sandbox.kernel.clock import Clock
from sandbox.kernel.demo_cast import DEMO_CONTACTS, DEMO_PEOPLE
from sandbox.kernel.store import Store
from sandbox.sales_connect.load import load
from sandbox.sales_connect.records import FIRST_IDS
from sandbox.sales_connect.stamps import stamp

_OUTREACH = {"name": "Spring outreach", "day": 3, "step": 2}

# assignee's given name, age in days, fields; `due` in days from now, `person` counts the demo contacts
_TASKS: tuple[tuple[str, float, dict[str, Any]], ...] = (
    ("Ada", 40, {"type": "email", "name": "Send the price list", "due": -33, "person": 0}),
    ("Ada", 21, {"name": "Collect references", "due": -14, "status": "complete"}),
    (
        "Ada",
        9,
        {"type": "call", "name": "Call back about the renewal", "due": 2, "priority": "high", "person": 1},
    ),
    ("Ada", 2, {"type": "inmail", "name": "Congratulate on the new role", "due": 1, "person": 2}),
    (
        "Ada",
        0.2,
        {"type": "email", "name": "Spring outreach: step 2", "campaign": _OUTREACH, "due": 0, "person": 3},
    ),
    (
        "Ben",
        30,
        {"name": "Prepare the workshop", "due": -20, "details": "Room 4\nBring:\n- projector\n- samples"},
    ),
    (
        "Ben",
        12,
        {"type": "call", "name": "Größe klären – 見積もり 📞", "due": 5, "details": "Zeile 1\nZeile 2 ✓"},
    ),
    (
        "Ben",
        5,
        {
            "type": "call",
            "name": "Ask for the decision",
            "status": "complete",
            "due": -4,
            "call_outcome": "Connected",
            "call_reason": "Follow up",
            "person": 1,
        },
    ),
    (
        "Ben",
        1,
        {"type": "email", "name": "Follow up on the offer", "due": 3, "priority": "high", "person": 0},
    ),
    ("Ben", 0.1, {"name": "No date yet", "status": "skipped"}),
    ("Chi", 15, {"name": "Update the forecast", "due": 7}),
    ("Chi", 0.5, {"type": "call", "name": "Introduce the new team", "due": 4, "person": 4}),
)


def seed_demo(store: Store, clock: Clock) -> None:
    now = clock.now()
    users = _users(now)
    ids = {user["name"].split()[0]: user["id"] for user in users}
    tasks = [
        _task(FIRST_IDS["tasks"] + position, ids[name], now, timedelta(days=age), fields)
        for position, (name, age, fields) in enumerate(_TASKS)
    ]
    load(store, {"users": users, "people": _people(), "tasks": tasks})


def _users(now: datetime) -> list[dict[str, Any]]:
    joined = stamp(now - timedelta(days=200))
    return [
        {
            "id": FIRST_IDS["users"] + position,
            "email": person.sales_connect_email,
            "name": person.name,
            "active": person.active,
            "time_zone": person.time_zone,
            "salesforce_task_sync": person.salesforce_task_sync,
            "salesforce_task_sync_enabled_at": stamp(now) if person.salesforce_task_sync else None,
            "created_at": joined,
            "updated_at": stamp(now) if person.salesforce_task_sync else joined,
        }
        for position, person in enumerate(p for p in DEMO_PEOPLE if p.sales_connect_email is not None)
    ]


def _people() -> list[dict[str, Any]]:
    return [
        {
            "id": FIRST_IDS["people"] + position,
            "name": contact.name,
            "email": contact.email,
            "salesforce_id": contact.salesforce_id,
        }
        for position, contact in enumerate(DEMO_CONTACTS)
    ]


def _task(
    task_id: int, assignee_id: int, now: datetime, age: timedelta, fields: dict[str, Any]
) -> dict[str, Any]:
    values = dict(fields)
    due, person = values.pop("due", None), values.pop("person", None)
    created = stamp(now - age)
    return {
        **values,
        "id": task_id,
        "assignee_id": assignee_id,
        "due_date": None if due is None else (now + timedelta(days=due)).date().isoformat(),
        "person_id": None if person is None else FIRST_IDS["people"] + person,
        "completed_at": created if values.get("status") == "complete" else None,
        "created_at": created,
        "updated_at": created,
    }
