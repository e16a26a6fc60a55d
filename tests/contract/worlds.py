"""A side together with the people who use its system: the same words for memory and for the sandbox."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

import pandas as pd
import pyarrow as pa
import requests

from taskbridge.core.frames import frame, rows_of
from taskbridge.core.run import Window
from taskbridge.core.terms import BIT, FIELDS, Op, Side
from taskbridge.core.writes import BROUGHT_BACK, WRITES
from taskbridge.engine.ports import SidePort, unfenced
from taskbridge.sides.sales_connect.side import SalesConnectSide
from taskbridge.sides.salesforce.side import SalesforceSession, SalesforceSide
from tests.contract.sandbox_process import Service
from tests.doubles.memory import MemorySalesConnect, MemorySalesforce, MemorySide

WORDS = {
    Side.SALES_CONNECT: {"open": "open", "complete": "complete", "high": "high", "normal": "normal"},
    Side.SALESFORCE: {"open": "Not Started", "complete": "Completed", "high": "High", "normal": "Normal"},
}


class OneSystem(ABC):
    """Two users, a port, and hands to edit with."""

    side: SidePort
    owner: str
    other: str

    @property
    def vendor(self) -> Side:
        return self.side.side

    @property
    def words(self) -> dict[str, str]:
        return WORDS[self.vendor]

    @property
    @abstractmethod
    def features(self) -> frozenset[str]: ...

    @property
    @abstractmethod
    def deletes_prove_themselves(self) -> bool:
        """Whether the id of a deleted record says so, without a control."""

    @abstractmethod
    def now(self) -> datetime: ...

    @abstractmethod
    def advance(self, seconds: float) -> None: ...

    @abstractmethod
    def create(self, title: str, **values: Any) -> str: ...

    @abstractmethod
    def edit(self, remote_id: str, **values: Any) -> None: ...

    @abstractmethod
    def delete(self, remote_id: str) -> None: ...

    @abstractmethod
    def spoil(self, remote_id: str) -> None:
        """Gives the record an impossible due date."""

    @abstractmethod
    def lose_answer(self, op: Op) -> None:
        """The next write of this kind is done, and its answer lost."""

    @abstractmethod
    def fail_row(self, title: str, code: str) -> None:
        """The next write of a record of this title is refused with that code."""

    @abstractmethod
    def small_pages(self) -> None:
        """Three records a page."""

    def write(self, op: Op, *rows: dict[str, Any]) -> list[dict[str, Any]]:
        return write(self.side, op, *rows)

    def new(self, title: str, marker: str, **values: Any) -> dict[str, Any]:
        """A row that creates a task."""
        given = {"status": self.words["open"], "priority": self.words["normal"], "owner": self.owner}
        return {"title": title, "marker": marker, **given, **values}

    def read(self, *ids: str, controls: dict[str, str] | None = None) -> dict[str, dict[str, Any]]:
        return by_id(self.side.read_ids(ids, controls or {}))

    def changes(self, start: datetime, end: datetime) -> list[dict[str, Any]]:
        return [row for page in self.side.read_changes(Window(start, end)) for row in rows_of(page)]

    def deletes(self, start: datetime, end: datetime) -> list[dict[str, Any]]:
        return [row for page in self.side.read_deletes(Window(start, end)) for row in rows_of(page)]

    def lately(self) -> Window:
        """From an hour ago to just after now."""
        return Window(self.now() - timedelta(hours=1), self.now() + timedelta(seconds=2))


def write(
    side: SidePort, op: Op, *rows: dict[str, Any], fence: Callable[[], None] = unfenced
) -> list[dict[str, Any]]:
    """OUTCOMES as dictionaries, in the order of the rows."""
    return _written(side, op, WRITES, rows, fence)


def bring_back(side: SidePort, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    """The same of creates that bring a record back: rows with the columns BROUGHT_BACK."""
    schema = pa.schema([*WRITES, *((name, pa.string()) for name in BROUGHT_BACK)])
    return _written(side, Op.CREATE, schema, rows, unfenced)


def _written(
    side: SidePort, op: Op, schema: pa.Schema, rows: Sequence[dict[str, Any]], fence: Callable[[], None]
) -> list[dict[str, Any]]:
    asked = [_write_row(op, number, row) for number, row in enumerate(rows)]
    outcomes = side.write(op, frame(pa.Table.from_pylist(asked, schema=schema)), fence)
    by_action = {row["action_id"]: row for row in rows_of(outcomes)}
    assert len(by_action) == len(outcomes) == len(rows)
    return [by_action[row["action_id"]] for row in asked]


def by_id(rows: pd.DataFrame) -> dict[str, dict[str, Any]]:
    found = rows_of(rows)
    keyed = {row["remote_id"]: row for row in found}
    assert len(keyed) == len(found), "an id came twice"
    return keyed


def _write_row(op: Op, number: int, row: dict[str, Any]) -> dict[str, Any]:
    mask = sum(BIT[name] for name in FIELDS if name in row)
    # Numbered backwards, so that whoever pairs by position instead of by id is found out.
    return {"action_id": f"a{900 - number}", "seq": number, "op": op, "mask": mask, **row}


class MemoryWorld(OneSystem):
    side: MemorySide  # type: ignore[assignment]  # it has no stamps to look at

    def __init__(self, side: MemorySide) -> None:
        self.side = side
        self.owner = side.add_user("ada@example.com")
        self.other = side.add_user("ben@example.com")

    @property
    def features(self) -> frozenset[str]:
        return self.side.features

    @property
    def deletes_prove_themselves(self) -> bool:
        return not isinstance(self.side, MemorySalesConnect) or self.side.gone_status == 410

    def now(self) -> datetime:
        return self.side.now

    def advance(self, seconds: float) -> None:
        self.side.advance(seconds)

    def create(self, title: str, **values: Any) -> str:
        return self.side.create(values.pop("owner", self.owner), title, **values)

    def edit(self, remote_id: str, **values: Any) -> None:
        self.side.edit(remote_id, **values)

    def delete(self, remote_id: str) -> None:
        self.side.delete(remote_id)

    def spoil(self, remote_id: str) -> None:
        self.side.spoil(remote_id)

    def lose_answer(self, op: Op) -> None:
        self.side.faults.lose_answers = 1

    def fail_row(self, title: str, code: str) -> None:
        if code == "UNABLE_TO_LOCK_ROW":
            self.side.faults.lock_titles[title] = 1
        else:
            self.side.faults.refuse_titles[title] = code

    def small_pages(self) -> None:
        self.side.page_size = 3


class MemorySalesforceWorld(MemoryWorld):
    side: MemorySalesforce

    def contact(self) -> str:
        return self.side.add_person()

    def lead(self) -> str:
        return self.side.add_person(lead=True)

    def convert(self, lead: str, contact: str) -> None:
        self.side.supersede(lead, contact)

    def merge(self, loser: str, master: str) -> None:
        self.side.supersede(loser, master)

    def remove_person(self, person: str) -> None:
        self.side.remove_person(person)


class SandboxWorld(OneSystem):
    """What both services have in common."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def now(self) -> datetime:
        return datetime.fromisoformat(self.service.control("GET", "/clock")["now"])

    def advance(self, seconds: float) -> None:
        self.service.control("POST", "/clock", {"advance_seconds": seconds})

    def fail_row(self, title: str, code: str) -> None:
        self.service.fault(kind="row_error", code=code, message="refused", record=title)


class SalesConnectWorld(SandboxWorld):
    side: SalesConnectSide
    wire: ClassVar = {"title": "name", "owner": "assignee_id"}

    def __init__(self, service: Service, *, batch: bool, feed: bool, gone_status: int) -> None:
        super().__init__(service)
        self.gone_status = gone_status
        service.switch(batch=batch, deleted_tasks=feed, gone_status=gone_status)
        self.side = sales_connect_side(service)
        self.side.features = frozenset(name for name, on in (("batch", batch), ("deleted_tasks", feed)) if on)
        self.owner = self._user("ada@example.com")
        self.other = self._user("ben@example.com")

    @property
    def features(self) -> frozenset[str]:
        return self.side.features

    @property
    def deletes_prove_themselves(self) -> bool:
        return self.gone_status == 410

    def create(self, title: str, **values: Any) -> str:
        fields = self._fields({"owner": self.owner, "title": title, **values})
        return str(self.service.control("POST", "/people/tasks", fields)["data"]["id"])

    def edit(self, remote_id: str, **values: Any) -> None:
        self.service.control("PATCH", f"/people/tasks/{remote_id}", self._fields(values))

    def delete(self, remote_id: str) -> None:
        self.service.control("DELETE", f"/people/tasks/{remote_id}")

    def spoil(self, remote_id: str) -> None:
        tasks = self.service.control("GET", "/snapshot")["tasks"]
        task = next(each for each in tasks if str(each["id"]) == remote_id)
        self.service.control("POST", "/load", {"tasks": [{**task, "due_date": "2026-02-30"}]})

    def lose_answer(self, op: Op) -> None:
        method = {Op.CREATE: "POST", Op.UPDATE: "PATCH", Op.DELETE: "DELETE"}[op]
        batch = "batch" in self.side.features
        self.service.fault(
            kind="drop_after", endpoint="POST /v2/tasks/batch" if batch else f"{method} /v2/tasks*"
        )

    def small_pages(self) -> None:
        features = self.side.features
        self.side = sales_connect_side(self.service, page_size=3)
        self.side.features = features

    def _user(self, email: str) -> str:
        user = self.service.control("POST", "/people/users", {"email": email, "name": email.split("@")[0]})
        return str(user["data"]["id"])

    def _fields(self, values: dict[str, Any]) -> dict[str, Any]:
        fields = {self.wire.get(name, name): value for name, value in values.items()}
        if "assignee_id" in fields:
            fields["assignee_id"] = int(fields["assignee_id"])
        return {name: _json(value) for name, value in fields.items()}


class SalesforceWorld(SandboxWorld):
    side: SalesforceSide
    wire: ClassVar = {
        "title": "Subject",
        "owner": "OwnerId",
        "status": "Status",
        "priority": "Priority",
        "due_date": "ActivityDate",
        "details": "Description",
    }

    def __init__(
        self, service: Service, marker_field: str | None = "Taskbridge_Id__c", **options: Any
    ) -> None:
        super().__init__(service)
        service.switch(external_id_field=marker_field is not None)
        self.side = salesforce_side(service, marker_field=marker_field, **options)
        self.owner = self._user("ada@example.com")
        self.other = self._user("ben@example.com")

    @property
    def features(self) -> frozenset[str]:
        return frozenset()

    @property
    def deletes_prove_themselves(self) -> bool:
        return True

    def create(self, title: str, **values: Any) -> str:
        fields = {self.wire[name]: _json(value) for name, value in values.items()}
        body = {"as": self.owner, "fields": {"Subject": title, "OwnerId": self.owner, **fields}}
        created: str = self.service.control("POST", "/people/Task", body)["id"]
        return created

    def edit(self, remote_id: str, **values: Any) -> None:
        fields = {self.wire[name]: _json(value) for name, value in values.items()}
        self.service.control("PATCH", f"/people/Task/{remote_id}", {"as": self.owner, "fields": fields})

    def delete(self, remote_id: str) -> None:
        self.service.control("DELETE", f"/people/Task/{remote_id}?as={self.owner}")

    def undelete(self, remote_id: str) -> None:
        self.service.control("POST", f"/people/Task/{remote_id}/undelete")

    def spoil(self, remote_id: str) -> None:
        tasks = self.service.control("GET", "/snapshot")["Task"]
        task = next(each for each in tasks if each["Id"] == remote_id)
        self.service.control("POST", "/load", {"Task": [{**task, "ActivityDate": "2026-02-30"}]})

    def lose_answer(self, op: Op) -> None:
        method = {Op.CREATE: "POST", Op.UPDATE: "PATCH", Op.DELETE: "DELETE"}[op]
        self.service.fault(kind="drop_after", endpoint=f"{method} *composite/sobjects*")

    def small_pages(self) -> None:
        self.service.switch(page_size=3)

    def contact(self) -> str:
        return self._person("Contact", LastName="Prospect")

    def lead(self) -> str:
        return self._person("Lead", LastName="Lead", Company="Sons")

    def convert(self, lead: str, contact: str) -> None:
        self.service.control("POST", f"/people/Lead/{lead}/convert", {"contact": contact})

    def merge(self, loser: str, master: str) -> None:
        name = "Lead" if loser.startswith("00Q") else "Contact"
        self.service.control("POST", f"/people/{name}/{master}/merge", {"losers": [loser]})

    def remove_person(self, person: str) -> None:
        name = "Lead" if person.startswith("00Q") else "Contact"
        self.service.control("DELETE", f"/people/{name}/{person}")

    def _person(self, name: str, **fields: str) -> str:
        created: str = self.service.control("POST", f"/people/{name}", {"fields": fields})["id"]
        return created

    def _user(self, email: str) -> str:
        fields = {"Username": email, "Email": email, "LastName": email.split("@")[0]}
        created: str = self.service.control("POST", "/people/User", {"fields": fields})["id"]
        return created


def sales_connect_side(service: Service, **options: Any) -> SalesConnectSide:
    secrets = service.secrets
    return SalesConnectSide(service.url, secrets["client_id"], secrets["client_secret"], **options)


def salesforce_side(service: Service, **options: Any) -> SalesforceSide:
    return SalesforceSide(lambda: salesforce_login(service), **options)


def salesforce_login(service: Service) -> SalesforceSession:
    form = {"grant_type": "client_credentials"} | {
        name: service.secrets[name] for name in ("client_id", "client_secret")
    }
    answer = requests.post(f"{service.url}/services/oauth2/token", data=form, timeout=20)
    answer.raise_for_status()
    body = answer.json()
    return SalesforceSession(body["instance_url"], body["access_token"])


def memory_worlds() -> dict[str, Any]:
    return {
        "memory sales_connect": lambda: MemoryWorld(MemorySalesConnect()),
        "memory sales_connect, bare": lambda: MemoryWorld(MemorySalesConnect(features=frozenset())),
        "memory sales_connect, 410": lambda: MemoryWorld(MemorySalesConnect(gone_status=410)),
        "memory salesforce": lambda: MemorySalesforceWorld(MemorySalesforce()),
    }


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
