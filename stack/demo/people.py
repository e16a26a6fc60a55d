"""Edits as people make them in the two products, over the control API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from stack.demo.systems import Side, Systems

Act = Literal["create", "change", "delete"]
FIELDS: Mapping[Side, Mapping[str, str]] = {
    "sales_connect": {
        "title": "name",
        "status": "status",
        "priority": "priority",
        "due": "due_date",
        "details": "details",
        "owner": "assignee_id",
    },
    "salesforce": {
        "title": "Subject",
        "status": "Status",
        "priority": "Priority",
        "due": "ActivityDate",
        "details": "Description",
        "owner": "OwnerId",
    },
}


@dataclass(frozen=True)
class Edit:
    """One thing that a person does. by: an e-mail address. values: fields of a `Record`; owner by e-mail."""

    side: Side
    act: Act
    by: str
    values: Mapping[str, str | None] = field(default_factory=dict)


class People:
    """Makes edits. users: side -> e-mail address -> user id."""

    def __init__(self, systems: Systems, users: Mapping[Side, Mapping[str, str]]) -> None:
        self._systems = systems
        self._users = users

    def make(self, edit: Edit, record_id: str | None = None) -> str:
        """The id of the record that was made or edited. Raises `StackError` when the product refuses it."""
        if edit.side == "sales_connect":
            return self._in_sales_connect(edit, record_id)
        return self._in_salesforce(edit, record_id)

    def _in_sales_connect(self, edit: Edit, record_id: str | None) -> str:
        system = self._systems.sales_connect
        if edit.act == "delete":
            system.control("DELETE", f"/people/tasks/{record_id}")
            return str(record_id)
        fields = self._fields(edit)
        if edit.act == "create":
            fields.setdefault("assignee_id", self._user(edit.side, edit.by))
            return str(system.control("POST", "/people/tasks", fields)["data"]["id"])
        system.control("PATCH", f"/people/tasks/{record_id}", fields)
        return str(record_id)

    def _in_salesforce(self, edit: Edit, record_id: str | None) -> str:
        system = self._systems.salesforce
        if edit.act == "delete":
            system.control("DELETE", f"/people/Task/{record_id}?as={edit.by}")
            return str(record_id)
        body = {"as": edit.by, "fields": self._fields(edit)}
        if edit.act == "create":
            return str(system.control("POST", "/people/Task", body)["id"])
        system.control("PATCH", f"/people/Task/{record_id}", body)
        return str(record_id)

    def _fields(self, edit: Edit) -> dict[str, Any]:
        names = FIELDS[edit.side]
        return {
            names[name]: self._user(edit.side, str(value)) if name == "owner" else value
            for name, value in edit.values.items()
        }

    def _user(self, side: Side, email: str) -> int | str:
        user_id = self._users[side][email]
        return int(user_id) if side == "sales_connect" else user_id
