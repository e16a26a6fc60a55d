"""The account's records: what a write does to them, whoever writes."""

import hashlib
import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, cast

import orjson

from sandbox.kernel.service import Kernel
from sandbox.kernel.store import Document
from sandbox.kernel.switches import SwitchBoard
from sandbox.sales_connect.bodies import NewTask, TaskChange
from sandbox.sales_connect.refusals import Refused, failed, invalid
from sandbox.sales_connect.stamps import stamp
from sandbox.sales_connect.switches import SalesConnectSwitches

FIRST_IDS = {"tasks": 50_001, "users": 101, "people": 9_001}

TASK_DEFAULTS: Document = {
    "id": None,
    "type": "custom",
    "name": None,
    "status": "open",
    "priority": "normal",
    "due_date": None,
    "details": None,
    "assignee_id": None,
    "person_id": None,
    "campaign": None,
    "call_outcome": None,
    "call_reason": None,
    "idempotency_key": None,
    "completed_at": None,
    "created_at": None,
    "updated_at": None,
}


class Records:
    """Tasks with everything that hangs on them.

    `endpoint` of a write is the name by which faults find it. Raises Refused for what the API would refuse.
    """

    def __init__(self, kernel: Kernel, switches: SwitchBoard[SalesConnectSwitches]) -> None:
        self._store = kernel.store
        self._clock = kernel.clock
        self._faults = kernel.faults
        self._switches = switches

    def now(self) -> str:
        return stamp(self._clock.now())

    def next_id(self, table: str) -> int:
        sequence = self._store.get("sequences", table)
        number: int = sequence["last"] + 1 if sequence else FIRST_IDS[table]
        self._store.put("sequences", table, {"last": number})
        return number

    def task(self, task_id: int) -> Document:
        task = self._store.get("tasks", str(task_id))
        if task is None:
            raise self._absent(task_id)
        return task

    def create(self, values: NewTask, endpoint: str) -> tuple[Document, bool]:
        """The task and whether it is new: a replay of the same key and body gives the first as it is now."""
        sent = orjson.loads(orjson.dumps(values))
        key = values.get("idempotency_key")
        if key is not None and (replayed := self._replayed(key, sent)) is not None:
            return replayed, False
        self._check_references(values)
        fields = {**TASK_DEFAULTS, **self._normalised(values)}
        self._strike_row(endpoint, fields)
        with self._store.transaction():
            task = self._insert(fields, endpoint)
            if key is not None:
                self._store.put("idempotency_keys", key, {"task_id": task["id"], "body": sent})
        return task, True

    def change(
        self, task_id: int, values: TaskChange, endpoint: str, if_match: str | None = None
    ) -> Document:
        old = self.task(task_id)
        self._check_precondition(old, if_match)
        self._check_references(values)
        changes = {name: value for name, value in self._normalised(values).items() if old[name] != value}
        self._strike_row(endpoint, {**old, **changes}, old)
        if not changes:
            return old
        task: Document = {**old, **changes, "updated_at": self.now()}
        if task["status"] != old["status"]:
            task = {**task, "completed_at": task["updated_at"] if task["status"] == "complete" else None}
        with self._store.transaction():
            task = self._put("tasks", task, endpoint, also_named=old["name"])
            if task["status"] == "complete" != old["status"] and task["campaign"]:
                self._start_next_step(task, endpoint)
        return task

    def delete(
        self, task_id: int, endpoint: str, if_match: str | None = None, cause: str = "deleted"
    ) -> None:
        task = self.task(task_id)
        self._check_precondition(task, if_match)
        self._strike_row(endpoint, task)
        tombstone = {
            "id": task_id,
            "deleted_at": self.now(),
            "assignee_id": task["assignee_id"],
            "cause": cause,
            "idempotency_key": task["idempotency_key"],
        }
        with self._store.transaction():
            self._store.remove("tasks", str(task_id))
            self._put("deleted_tasks", tombstone, endpoint, also_named=task["name"])

    def delete_user(self, user_id: int, endpoint: str) -> None:
        """Takes the user's tasks along."""
        with self._store.transaction():
            for task in [task for task in self._store.rows("tasks") if task["assignee_id"] == user_id]:
                self.delete(task["id"], endpoint, cause="user_deleted")
            self._store.remove("users", str(user_id))

    def shown(self, task: Document) -> dict[str, Any]:
        """A task as the API gives it."""
        person = None if task["person_id"] is None else self._store.get("people", str(task["person_id"]))
        hidden = ("person_id", "visible_at")
        shown = {name: value for name, value in task.items() if name not in hidden}
        shown["person"] = person and {name: person[name] for name in ("id", "name", "salesforce_id")}
        return shown

    def _absent(self, task_id: int) -> Refused:
        gone = self._switches.now.gone_status == 410 and self._store.get("deleted_tasks", str(task_id))
        return failed(410, "gone") if gone else failed(404, "not_found")

    def _replayed(self, key: str, sent: Mapping[str, Any]) -> Document | None:
        first = self._store.get("idempotency_keys", key)
        if first is None:
            return None
        task = self._store.get("tasks", str(first["task_id"]))
        if task is None:
            raise failed(410, "gone")
        if first["body"] != sent:
            raise invalid("idempotency_key", "has already been used with another body")
        return task

    def _check_references(self, values: Mapping[str, Any]) -> None:
        if "assignee_id" in values:
            user = self._store.get("users", str(values["assignee_id"]))
            if user is None or not user["active"]:
                raise invalid("assignee_id", "does not exist" if user is None else "is not an active user")
        person_id = values.get("person_id")
        if person_id is not None and self._store.get("people", str(person_id)) is None:
            raise invalid("person_id", "does not exist")

    def _check_precondition(self, task: Document, if_match: str | None) -> None:
        if if_match is None or not self._switches.now.etag or if_match.strip() == "*":
            return
        if etag(task) not in {tag.strip() for tag in if_match.split(",")}:
            raise failed(412, "precondition_failed")

    def _strike_row(self, endpoint: str, *versions: Document) -> None:
        if endpoint.split(" ", 1)[1].startswith("/__sandbox__/"):
            return
        fault = self._faults.for_row(endpoint, set().union(*map(_names, versions)))
        if fault is not None:
            raise failed(fault.status or 422, fault.code or "", fault.message)

    def _normalised(self, values: Mapping[str, Any]) -> dict[str, Any]:
        fields = dict(values)
        if self._switches.now.normalise:
            for name in {"name", "details"} & fields.keys():
                fields[name] = fields[name] and re.sub(r"\r\n|\r|\n", "\r\n", fields[name].strip())
        return fields

    def _insert(self, fields: Mapping[str, Any], endpoint: str) -> Document:
        now = self.now()
        task = {
            **fields,
            "id": self.next_id("tasks"),
            "completed_at": now if fields["status"] == "complete" else None,
            "created_at": now,
            "updated_at": now,
        }
        return self._put("tasks", task, endpoint)

    def _put(self, table: str, document: Document, endpoint: str, also_named: str | None = None) -> Document:
        document = {name: value for name, value in document.items() if name != "visible_at"}
        names = _names(document) | ({also_named} if also_named is not None else set())
        if lag := self._faults.lag_for(endpoint, names):
            document["visible_at"] = stamp(self._clock.now() + timedelta(seconds=lag))
        self._store.put(table, str(document["id"]), document)
        return document

    def _start_next_step(self, task: Document, endpoint: str) -> None:
        """Completing a campaign's task makes the next one, due a day later: so no completion is harmless."""
        campaign = cast("dict[str, Any]", task["campaign"])
        step = {"name": campaign["name"], "day": campaign["day"] + 1, "step": campaign["step"] + 1}
        due: date = self._clock.now().date() + timedelta(days=1)
        following = {
            **TASK_DEFAULTS,
            "type": task["type"],
            "name": f"{campaign['name']}: step {step['step']}",
            "due_date": due.isoformat(),
            "assignee_id": task["assignee_id"],
            "person_id": task["person_id"],
            "campaign": step,
        }
        self._insert(following, endpoint)


def etag(task: Document) -> str:
    content = {name: value for name, value in task.items() if name != "visible_at"}
    return f'"{hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:20]}"'


def _names(document: Document) -> set[str]:
    values = (document.get(name) for name in ("id", "name", "idempotency_key"))
    return {str(value) for value in values if value is not None}
