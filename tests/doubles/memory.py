"""The two systems in memory, with a clock of their own, people who edit, and faults to switch on.

Sales Connect has integer ids, stamps to the microsecond, a delete feed and idempotency keys; Salesforce has
18-character ids, stamps to the second, deletes among its changes, derived fields and a unique marker field.
Nothing here reads the machine's clock or draws at random: the same calls give the same records.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

import pandas as pd
import pyarrow as pa

from taskbridge.core.canonical import COMMENTS_UNITS, SUBJECT_UNITS
from taskbridge.core.contract import Contract
from taskbridge.core.frames import frame, rows_of
from taskbridge.core.model import TASKS
from taskbridge.core.records import UNNAMED
from taskbridge.core.run import DELETES_TOLD, Window
from taskbridge.core.terms import TEMPLATE_INPUTS, Op, Presence, Side
from taskbridge.core.usage import Told
from taskbridge.core.writes import FIELDS_LEFT_OUT, PERSON_LEFT_OUT, UNMODIFIED_SINCE, Outcome
from taskbridge.engine.ports import SIDE_USERS, Allowance, SideInfo, unfenced
from taskbridge.errors import (
    ApiLimitReached,
    AuthenticationFailed,
    CallRefused,
    DeletesForgotten,
    ReadIncomplete,
)
from taskbridge.sides.frames import (
    Problem,
    absent_rows,
    lots,
    masked,
    stack,
    task_frame,
    unsendable,
    unstorable,
)
from taskbridge.sides.meter import CallMeter
from taskbridge.sides.outcomes import RowResult, carried_over, outcome_frame, row_error
from taskbridge.sides.pages import Page, read_pages
from taskbridge.sides.salesforce.ids import to_18
from taskbridge.sides.storable import cleaned, places
from tests.doubles.memory_faults import Faults, played
from tests.doubles.memory_jobs import MemoryJobs

START: Final = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_PREFIXES: Final = {"user": "005", "task": "00T", "contact": "003", "lead": "00Q", "job": "750"}
_TICK: Final = timedelta(milliseconds=1)
_SHOWN_WHEN_EMPTIED: Final = timedelta(hours=20)
_WRITES: Final = frozenset({"write", "open_job", "fill_job", "start_job", "abort_job"})
_FEED: Final = timedelta(days=15)  # how long Sales Connect's feed tells a delete


@dataclass
class Record:
    """One task with everything that its system knows of it."""

    remote_id: str
    created_at: datetime
    modified_at: datetime
    version: datetime
    values: dict[str, Any]
    visible_at: datetime
    deleted: bool = False
    purged: bool = False
    cause: str | None = None
    problem: Problem | None = None
    odd: dict[str, str] = field(
        default_factory=dict
    )  # what it shows instead of these values, until it is edited
    by_us: bool = False
    first_body: dict[str, Any] | None = None  # as a create with an idempotency key asked for it

    @property
    def spoiled(self) -> bool:
        """Whether it cannot be understood."""
        return self.problem is not None or bool(self.odd)

    def heal(self) -> None:
        self.problem, self.odd = None, {}


@dataclass
class Person:
    """A contact or lead. `survivor`: what it was converted or merged into; it is not `live` then."""

    live: bool = True
    survivor: str | None = None


class Refused(Exception):
    """A write that the side does not take, with the vendor's code."""

    def __init__(self, code: str, message: str, remote_id: str | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.remote_id = code, cleaned(message), remote_id


def _besides(record: Mapping[str, Any]) -> dict[str, Any]:
    """What a record of Salesforce holds that a create takes, besides what the sync writes."""
    ours = {"id", *TASKS[Side.SALESFORCE].names} - {"subtype"}
    return {name: value for name, value in record.items() if name not in ours and value is not None}


def _cut_off(row: Mapping[str, Any]) -> RowResult:
    return RowResult(row["action_id"], Outcome.UNKNOWN, row["remote_id"], None, "ANSWER_LOST", "cut off")


@dataclass
class MemorySide(ABC):
    """What both sides have in common. `now` is the server's clock; calls and edits take a millisecond."""

    identity: str
    now: datetime = START
    page_size: int = 100
    chunk_size: int = 100
    look_up_size: int = 100
    writes_at_once: int = 1
    faults: Faults = field(default_factory=Faults)
    records: dict[str, Record] = field(default_factory=dict)
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    reads: int = 0
    refused_logins: int = 0
    strangers: int = 0  # how often something else answered in its place
    described: Contract = field(default_factory=Contract)  # what the side says of its tasks
    descriptions: int = 0  # how often it was asked for that
    writes: int = 0  # rows that were asked for, whatever became of them
    features: frozenset[str] = frozenset()
    marks: bool = True
    lacking: frozenset[str] = frozenset()
    unseen: Mapping[str, str] = field(default_factory=dict)  # fields that are hidden, and their columns
    conditional: bool | None = False
    honours_conditions: bool = False  # can refuse an update whose record was modified since it was read
    meter: CallMeter = field(default_factory=CallMeter, repr=False)
    _numbers: int = 0
    _under_way: list[tuple[datetime, Op, list[dict[str, Any]]]] = field(default_factory=list)
    _by_marker: dict[str, list[str]] = field(default_factory=dict)

    side: Side = field(init=False)
    jobs: MemoryJobs | None = field(init=False, default=None, repr=False)
    _idle_update_moves: ClassVar[bool] = False  # an update that changes nothing moves the stamps all the same

    # people

    def advance(self, seconds: float) -> None:
        """Lets time pass; requests that are due on the way are carried out at their time."""
        end = self.now + timedelta(seconds=seconds)
        for due in sorted(self._under_way, key=lambda late: late[0]):
            if due[0] <= end:
                self._under_way.remove(due)
                self.now = max(self.now, due[0])
                for row in due[2]:
                    self._write_row(due[1], row)
        self.now = end
        if self.jobs:
            self.jobs.carry_on()

    def add_user(
        self, email: str, *, name: str | None = None, active: bool = True, time_zone: str = "UTC"
    ) -> str:
        """A new user's id."""
        user_id = self._new_id("user")
        self.users[user_id] = {
            "user_id": user_id,
            "email": email,
            "name": name or email.partition("@")[0].title(),
            "active": active,
            "standard": True,
            "time_zone": time_zone,
        }
        return user_id

    def set_user(self, user_id: str, **values: Any) -> None:
        """Changes columns of SIDE_USERS."""
        self.users[user_id] |= values

    def create(self, owner: str, title: str | None, **values: Any) -> str:
        """A person makes a task; further values by column name. Its id."""
        self._tick()
        record = self._insert({"title": title, "owner": owner, **values})
        return record.remote_id

    def edit(self, remote_id: str, **values: Any) -> None:
        """A person changes a live task."""
        self._tick()
        self._update(self._live(remote_id), values)

    def reassign(self, remote_id: str, owner: str) -> None:
        self.edit(remote_id, owner=owner)

    def delete(self, remote_id: str) -> None:
        """A person deletes a live task."""
        self._tick()
        self._remove(self._live(remote_id))

    def touch(self, remote_id: str) -> None:
        """The version moves without an edit by a person."""
        self._tick()
        self._live(remote_id).version = self._stamp()

    def spoil(self, remote_id: str, code: str = "BAD_VALUE", message: str = "due_date is no date") -> None:
        """The record comes back as one that cannot be understood, until it is edited."""
        self._tick()
        record = self._live(remote_id)
        record.problem = Problem(code, message)
        record.version = record.modified_at = self._stamp()

    def garble(self, remote_id: str, column: str, text: str) -> None:
        """The record shows this text as a value, until it is edited."""
        self._tick()
        record = self._live(remote_id)
        record.odd[column] = text
        record.version = record.modified_at = self._stamp()

    def live(self) -> dict[str, dict[str, Any]]:
        """Values of all live tasks by id, for assertions."""
        return {key: dict(record.values) for key, record in self.records.items() if not record.deleted}

    def carrying(self, marker: str) -> list[str]:
        """Ids of the records that carry a marker, deleted ones included, for assertions."""
        return self._by_marker.get(marker, [])

    # the contract

    def connect(self, *, describe: bool = False) -> SideInfo:
        with self._call("connect"):
            self.descriptions += describe
            if self.faults.flaky_versions:
                for record in self.records.values():
                    if not record.deleted:
                        record.version = self._stamp()
            users = self._people(set(self.users) - self.faults.unlisted)
            now = self.now.replace(microsecond=0)
            contract = self.described if describe else None
            return SideInfo(self.side, self.identity, now, self.features, users, contract)

    def log_in(self) -> str:
        return self.identity

    def contract(self) -> Contract:
        with self._call("contract"):
            self.descriptions += 1
            return self.described

    def allowance(self) -> Allowance | None:
        """None: calls are free."""
        return None

    def calls_left(self) -> int | None:
        return self.faults.calls_told

    def tells_deletes(self) -> bool:
        return self.side is Side.SALESFORCE or "deleted_tasks" in self.features

    def hidden_people(self) -> tuple[str, ...]:
        return ()

    def read_changes(self, window: Window) -> Iterator[pd.DataFrame]:
        yield from self._listing(
            "read_changes",
            [record for record in self._listable() if window.start <= record.version < window.end],
        )

    def read_deletes(self, window: Window) -> Iterator[pd.DataFrame]:
        yield from ()

    def read_users(self, ids: Sequence[str]) -> pd.DataFrame:
        with self._call("read_users"):
            return self._people(set(ids))

    def _people(self, ids: Collection[str]) -> pd.DataFrame:
        rows = [
            dict.fromkeys(SIDE_USERS.names) | cleaned(user)
            for user_id, user in self.users.items()
            if user_id in ids and user_id not in self.faults.hidden
        ]
        return frame(pa.Table.from_pylist(rows, schema=SIDE_USERS))

    def read_owned(
        self, owners: Sequence[str], since: datetime | None, until: datetime, *, open_only: bool
    ) -> Iterator[pd.DataFrame]:
        yield from self._listing(
            "read_owned",
            [
                record
                for record in self._listable()
                if not record.deleted
                and record.values["owner"] in set(owners)
                and (since is None or record.modified_at >= since)
                and record.modified_at < until
                and not (open_only and record.values.get("is_closed"))
            ],
        )

    def read_ids(
        self, ids: Sequence[str], controls: Mapping[str, str], *, whole: bool = False
    ) -> pd.DataFrame:
        with self._call("read_ids"):
            asked = list(dict.fromkeys(ids))
            known = [self.records[key] for key in asked if self._provable(key, controls.get(key))]
            told = {record.remote_id for record in known}
            missing = [key for key in asked if key not in told]
            return stack(
                self.side, [self._frame(known, by_id=True, whole=whole), absent_rows(self.side, missing)]
            )

    def find_markers(self, markers: Sequence[str]) -> pd.DataFrame:
        with self._call("find_markers"):
            wanted = set(markers)
            return self._frame(
                [record for record in self._listable(feed=True) if record.values.get("marker") in wanted]
            )

    def find_created(self, since: datetime, until: datetime) -> pd.DataFrame:
        with self._call("find_created"):
            return self._frame(
                [
                    record
                    for record in self._listable(feed=True)
                    if record.by_us and since.replace(microsecond=0) <= record.created_at < until
                ]
            )

    def carries_markers(self) -> bool:
        with self._call("carries_markers"):
            return any(
                (record.values.get("marker") or "").startswith("tb:") for record in self._listable(feed=True)
            )

    def write(self, op: Op, rows: pd.DataFrame, fence: Callable[[], None] = unfenced) -> pd.DataFrame:
        if len(rows) > self.chunk_size:
            raise ValueError(f"{len(rows)} rows in one write; at most {self.chunk_size}")
        self._leave_reserve()
        asked = rows_of(rows)
        with self._call("write"):
            fence()
            self.writes += len(asked)
            if self.faults.land_late:
                self._under_way.append((self.now + self.faults.land_late.pop(0), op, asked))
                return outcome_frame(map(_cut_off, asked))
            results = self._write_until_a_stranger_comes(op, asked)
        if self.faults.lose_answers:
            self.faults.lose_answers -= 1
            results = list(map(_cut_off, asked))
        return outcome_frame(results)

    # how a side differs from the other

    @abstractmethod
    def _new_id(self, kind: str) -> str: ...

    @abstractmethod
    def _stamp(self) -> datetime: ...

    @abstractmethod
    def _defaults(self) -> dict[str, Any]: ...

    @abstractmethod
    def _check(self, values: Mapping[str, Any]) -> None:
        """Raises Refused for values that the vendor would not take."""

    @abstractmethod
    def _create_row(self, row: Mapping[str, Any]) -> RowResult: ...

    @abstractmethod
    def _find(self, remote_id: str) -> Record:
        """The live record. Raises Refused as the vendor would when it is not there."""

    @abstractmethod
    def _provable(self, remote_id: str, control: str | None) -> bool:
        """Whether a look-up by id says live or deleted, rather than nothing (C5)."""

    @abstractmethod
    def _derive(self, record: Record, before: Mapping[str, Any]) -> None:
        """What else the vendor does when values were written; `before` is empty for a new record."""

    def _listable(self, *, feed: bool = False) -> Iterator[Record]:
        """Records that listings show; with `feed`, deleted ones too where there is any way to see them."""
        for record in self.records.values():
            if record.remote_id not in self.faults.hidden and record.visible_at <= self.now:
                yield record

    # mechanics

    @contextmanager
    def _call(self, name: str) -> Iterator[None]:
        if self.faults.on_call:
            self.faults.on_call(f"before {name}")
        self._tick()
        self.meter.request("POST" if name == "write" else "GET", name)
        if self.faults.calls_told is not None:
            self.faults.calls_told = max(0, self.faults.calls_told - 1)
            self.meter.tell(Told(self.faults.calls_told, None))
        if self.faults.refuse_login:
            self.refused_logins += 1
            raise AuthenticationFailed(f"{self.side}: refused the login; correct the credentials")
        if self.faults.stand_between == 0:
            raise self._stranger()
        if name not in _WRITES:
            self.reads += 1
            self.lacking = frozenset(self.unseen)
        yield
        if self.faults.on_call:
            self.faults.on_call(f"after {name}")

    def _leave_reserve(self) -> None:
        if 0 in (self.faults.calls_left, self.faults.calls_told):
            raise ApiLimitReached(f"{self.side}: no calls are left before the reserve")
        if self.faults.calls_left:
            self.faults.calls_left -= 1

    def _tick(self) -> None:
        self.now += _TICK

    def _listing(self, name: str, records: list[Record]) -> Iterator[pd.DataFrame]:
        with self._call(name):
            ordered = sorted(records, key=lambda record: (record.version, record.remote_id))
            trick = self.faults.tricks.pop(0) if ordered and self.faults.tricks else None
            size = 2 if trick else self.page_size
            pages = played([list(lot) for lot in lots(ordered, size)] or [[]], trick)

            def ask(place: int | None) -> Page:
                number = place or 0
                following = number + 1 if number + 1 < len(pages) else None
                return Page(pages[number], len(ordered), number if trick == "stalls" else following)

            for page in read_pages(f"{self.side}: the listing", ask, lambda record: str(record.remote_id)):
                if not page.rows:
                    continue
                yield self._frame(page.rows)
                if self.faults.truncate_reads:
                    self.faults.truncate_reads -= 1
                    raise ReadIncomplete(f"{self.side}: the listing broke off after {self.page_size} records")

    def _frame(self, records: Sequence[Record], *, by_id: bool = False, whole: bool = False) -> pd.DataFrame:
        names = [name for name in TASKS[self.side].names if not name.startswith("problem")]
        rows = [cleaned(self._row(record, by_id=by_id)) for record in records]
        for record, row in zip(records, rows, strict=True):
            if "payload" in row:
                shown = record.values if whole else {name: record.values.get(name) for name in names}
                told = cleaned({"id": record.remote_id, **shown, **record.odd})
                row["payload"] = json.dumps(told, default=str)
        columns = {name: [row.get(name) for row in rows] for name in names}
        problems = {row: unstorable(name) for name in names for row in places(columns[name])}
        # Of a deleted task Sales Connect tells nothing that could be misunderstood.
        problems |= {
            place: record.problem
            for place, record in enumerate(records)
            if record.problem and (self.side is Side.SALESFORCE or not record.deleted)
        }
        return task_frame(self.side, columns, len(rows), problems)

    def _row(self, record: Record, *, by_id: bool) -> dict[str, Any]:
        return {
            **record.values,
            **record.odd,
            **dict.fromkeys(self.unseen.values()),
            "remote_id": record.remote_id,
            "presence": Presence.DELETED if record.deleted else Presence.LIVE,
            "version": record.version,
            "modified_at": record.modified_at,
            "created_at": record.created_at,
            "payload": None,  # see _frame
        }

    def _live(self, remote_id: str) -> Record:
        record = self.records[remote_id]
        if record.deleted:
            raise ValueError(f"{remote_id} is deleted")
        return record

    def _insert(self, values: dict[str, Any]) -> Record:
        values = {**self._defaults(), **values}
        self._check(values)
        now = self._stamp()
        record = Record(self._new_id("task"), now, now, now, values, self.now + self.faults.visible_after)
        self.records[record.remote_id] = record
        self._by_marker.setdefault(values.get("marker") or "", []).append(record.remote_id)
        self._derive(record, {})
        return record

    def _update(self, record: Record, values: dict[str, Any]) -> None:
        changed = {name: value for name, value in values.items() if record.values.get(name) != value}
        if not changed and not record.spoiled and not self._idle_update_moves:
            return
        before = dict(record.values)
        self._check({**before, **values})
        record.values |= changed
        record.heal()
        self._moved(record)
        self._derive(record, before)

    def _remove(self, record: Record, cause: str = "deleted") -> None:
        record.deleted, record.cause = True, cause
        self._moved(record)

    def _moved(self, record: Record) -> None:
        record.version = record.modified_at = self._stamp()
        record.visible_at = self.now + self.faults.visible_after

    def _write_row(self, op: Op, row: Mapping[str, Any]) -> RowResult:
        try:
            if control := unsendable(masked(row)):
                raise Refused("CONTROL_CHARACTERS", control)
            self._meet_faults(op, row)
            if op is Op.CREATE:
                return self._create_row(row)
            record = self._find(row["remote_id"])
            if op is Op.UPDATE:
                self._require_unmodified(record, row.get(UNMODIFIED_SINCE))
                self._update(record, self._as_server(record.values, masked(row)))
            else:
                self._remove(record)
        except Refused as refused:
            return row_error(row["action_id"], refused.code, refused.message, remote_id=refused.remote_id)
        return RowResult(row["action_id"], Outcome.DONE, record.remote_id, record.version)

    def _write_until_a_stranger_comes(self, op: Op, asked: Sequence[Mapping[str, Any]]) -> list[RowResult]:
        """All rows; or those before it, and of the others that they were not tried, as of a call that went in parts."""
        before = len(asked)
        if self.faults.stand_between is not None:
            before = min(before, self.faults.stand_between)
            self.faults.stand_between -= before
        results = [self._write_row(op, row) for row in asked[:before]]
        return results + [carried_over(row["action_id"], self._stranger()) for row in asked[before:]]

    def _stranger(self) -> CallRefused:
        self.strangers += 1
        return CallRefused(f"{self.side}: answers with a redirect to sso.example.com (HTTP 302 Found)")

    def _require_unmodified(self, record: Record, since: datetime | None) -> None:
        """Raises Refused where conditions are honoured and this one does not hold; the first one finds that out."""
        if since is None or self.conditional is False:
            return
        self.conditional = self.honours_conditions
        if self.conditional and record.modified_at > since:
            raise Refused("PRECONDITION_FAILED", "somebody modified the task since it was read")

    def _meet_faults(self, op: Op, row: Mapping[str, Any]) -> None:
        record = self.records.get(row["remote_id"] or "")
        title = row["title"] if op is Op.CREATE or record is None else record.values["title"]
        if self.faults.lock_titles.get(title):
            self.faults.lock_titles[title] -= 1
            raise Refused("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
        if title in self.faults.refuse_titles:
            raise Refused(self.faults.refuse_titles[title], self.faults.refusal)

    def _as_server(self, before: Mapping[str, Any], values: dict[str, Any]) -> dict[str, Any]:
        """What the server makes of values that we write."""
        if self.faults.normalise:
            for name in {"title", "details"} & values.keys():
                if values[name]:
                    values[name] = values[name].replace("\n", "\r\n") + " "
        if self.faults.trigger:
            values |= self.faults.trigger({**before, **values})
        return values

    def _created_values(self, row: Mapping[str, Any]) -> dict[str, Any]:
        values = {name: value for name, value in masked(row).items() if value is not None}
        return self._as_server({**self._defaults(), **values}, values) | {"marker": row["marker"]}


@dataclass
class MemorySalesConnect(MemorySide):
    """Sales Connect. `features` without "deleted_tasks" has no delete feed."""

    identity: str = "acc_memory"
    features: frozenset[str] = frozenset({"deleted_tasks", "batch"})
    gone_status: int = 404  # what a deleted task answers: 404 is no proof by itself, 410 is (C5)
    contacts: dict[str, str] = field(default_factory=dict)  # Salesforce id -> id of the Sales Connect person

    def __post_init__(self) -> None:
        self.side = Side.SALES_CONNECT

    def add_user(
        self,
        email: str,
        *,
        name: str | None = None,
        active: bool = True,
        time_zone: str = "UTC",
        sync_on: bool = False,
    ) -> str:
        user_id = super().add_user(email, name=name, active=active, time_zone=time_zone)
        self.users[user_id] |= {"sync_on": False, "sync_on_since": None}
        if sync_on:
            self.switch(user_id, True)
        return user_id

    def switch(self, user_id: str, on: bool, *, stamped: bool = True) -> None:
        """Turns a user's `salesforce_task_sync` on or off (S2); an account may keep no stamp of that."""
        self._tick()
        if on and not self.users[user_id]["sync_on"]:
            self.users[user_id]["sync_on_since"] = self.now if stamped else None
        self.users[user_id]["sync_on"] = on

    def delete_user(self, user_id: str) -> None:
        """The user goes, and all tasks with it (C5)."""
        self._tick()
        for record in self.records.values():
            if record.values["owner"] == user_id and not record.deleted:
                self._remove(record, "user_deleted")
        del self.users[user_id]

    def read_deletes(self, window: Window) -> Iterator[pd.DataFrame]:
        if "deleted_tasks" in self.features:
            yield from self._listing(
                "read_deletes",
                [
                    record
                    for record in self._listable(feed=True)
                    if record.deleted and window.start <= record.version < window.end
                ],
            )

    def _new_id(self, kind: str) -> str:
        self._numbers += 1
        return str(self._numbers)

    def _stamp(self) -> datetime:
        return self.now

    def _defaults(self) -> dict[str, Any]:
        return {"status": "open", "priority": "normal", "type": "custom", "due_date": None, "details": None}

    def _check(self, values: Mapping[str, Any]) -> None:
        title, details = values["title"], values["details"]
        if not title or not title.strip():
            raise Refused("UNPROCESSABLE", "name: can't be blank")
        if len(title) > 255:
            raise Refused("UNPROCESSABLE", "name: is too long (maximum is 255 characters)")
        if details and len(details) > 65_535:
            raise Refused("UNPROCESSABLE", "details: is too long (maximum is 65535 characters)")
        if values["owner"] not in self.users:
            raise Refused("UNPROCESSABLE", "assignee_id: is unknown")
        if values["status"] not in ("open", "complete", "skipped"):
            raise Refused("UNPROCESSABLE", "status: is not included in the list")
        if values["priority"] not in ("normal", "high"):
            raise Refused("UNPROCESSABLE", "priority: is not included in the list")

    def _listable(self, *, feed: bool = False) -> Iterator[Record]:
        oldest = self.now - _FEED
        for record in super()._listable():
            told = feed and "deleted_tasks" in self.features and record.version >= oldest
            if not record.deleted or told:
                yield record

    def _row(self, record: Record, *, by_id: bool) -> dict[str, Any]:
        if not record.deleted:
            return super()._row(record, by_id=by_id)
        # Of a deleted task the feed tells no values, and a look-up by id nothing but that it is gone.
        told = {"remote_id": record.remote_id, "presence": Presence.DELETED}
        if by_id:
            return told
        return told | {
            "version": record.version,
            "modified_at": record.version,
            "owner": record.values["owner"],
            "marker": record.values.get("marker"),
            "delete_cause": record.cause,
        }

    def _provable(self, remote_id: str, control: str | None) -> bool:
        if remote_id in self.faults.hidden:
            return False
        record = self.records.get(remote_id)
        if record is not None and (not record.deleted or self.gone_status == 410):
            return True
        witness = self.records.get(control or "")
        return record is not None and witness is not None and not witness.deleted

    def _find(self, remote_id: str) -> Record:
        record = self.records.get(remote_id)
        if record is None or record.remote_id in self.faults.hidden:
            raise Refused("NOT_FOUND", "not_found")
        if record.deleted:
            raise Refused("GONE", "gone") if self.gone_status == 410 else Refused("NOT_FOUND", "not_found")
        return record

    def _create_row(self, row: Mapping[str, Any]) -> RowResult:
        before = {name: row[name] for name in TEMPLATE_INPUTS if row.get("type") is not None}
        body = {**masked(row), "person": row["person"], **before}
        for first in self.carrying(row["marker"]):
            return self._replay(row, self.records[first], body)
        values = before | self._created_values(row)
        if row["person"] in self.contacts:
            values["person"] = row["person"]
        record = self._insert(values)
        record.first_body = body
        return RowResult(row["action_id"], Outcome.DONE, record.remote_id, record.version)

    def _replay(self, row: Mapping[str, Any], record: Record, body: dict[str, Any]) -> RowResult:
        if record.deleted:
            raise Refused("GONE", "gone")
        if record.first_body != body:
            raise Refused("IDEMPOTENCY_KEY_USED", "idempotency_key: has already been used with another body")
        return RowResult(row["action_id"], Outcome.DONE, record.remote_id, record.created_at)

    def _derive(self, record: Record, before: Mapping[str, Any]) -> None:
        step = record.values.get("campaign_step")
        if step and before.get("status", "complete") != "complete" and record.values["status"] == "complete":
            # The next step of the campaign: the reason why a wave of completions is dangerous.
            kept = {name: record.values.get(name) for name in ("owner", "title", "type", "campaign_name")}
            self._insert({**kept, "campaign_step": str(int(step) + 1)})


@dataclass
class MemorySalesforce(MemorySide):
    """Salesforce: Task with the marker field, unless `marks` is off."""

    identity: str = to_18("00D5g000004AbCd")
    chunk_size: int = 200
    emptied_at: datetime | None = None  # when the recycle bin was last emptied
    log_outlives_bin: bool = False  # its log of deletes knows them all the same
    look_up_size: int = 2000
    persons: dict[str, Person] = field(default_factory=dict)  # contacts and leads by id
    page_size: int = 2000
    _idle_update_moves: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self.side = Side.SALESFORCE
        self.jobs = MemoryJobs(self)

    def add_person(self, person_id: str | None = None, *, lead: bool = False) -> str:
        """The id of a new contact, or lead."""
        person_id = person_id or self._new_id("lead" if lead else "contact")
        self.persons[person_id] = Person()
        return person_id

    def supersede(self, person_id: str, survivor: str) -> None:
        """A lead is converted to a contact, or a contact merged into another: its tasks go along."""
        self._tick()
        self.persons[person_id] = Person(live=False, survivor=survivor)
        for record in self.records.values():
            if record.values.get("person") == person_id and not record.deleted:
                record.values["person"] = survivor
                record.version = self._stamp()

    def remove_person(self, person_id: str) -> None:
        """Deletes a contact or lead."""
        self.persons[person_id].live = False

    def undelete(self, remote_id: str) -> None:
        """A person restores a task from the bin. Raises ValueError where Salesforce would refuse it."""
        self._tick()
        record = self.records[remote_id]
        if not record.deleted or record.purged:
            raise ValueError(f"{remote_id} is not in the recycle bin")
        marker = record.values.get("marker")
        if marker and any(not self.records[other].deleted for other in self.carrying(marker)):
            raise ValueError(f"{remote_id}: its marker is carried by a live task")
        record.deleted, record.cause = False, None
        self._moved(record)

    def purge(self, older_than: timedelta = timedelta(0)) -> None:
        """Empties the recycle bin of what was deleted so long ago: such records leave no trace."""
        for record in self.records.values():
            record.purged |= record.deleted and record.version <= self.now - older_than
        if older_than < DELETES_TOLD:
            self.emptied_at = self.now

    def read_deletes(self, window: Window) -> Iterator[pd.DataFrame]:
        """Of windows of more than a day: what queries may not show any more."""
        if window.end - window.start <= _SHOWN_WHEN_EMPTIED:
            return
        start = max(window.start, window.end - DELETES_TOLD)
        with self._call("read_deletes"):
            if self.log_outlives_bin:
                yield self._logged(start, window.end)
            elif self.emptied_at is not None and start < self.emptied_at:
                raise DeletesForgotten(
                    f"Salesforce does not know all deletes since {start:%Y-%m-%d %H:%M} UTC any more"
                )

    def _logged(self, start: datetime, end: datetime) -> pd.DataFrame:
        told = [
            record for record in self.records.values() if record.deleted and start <= record.version < end
        ]
        columns = {
            "remote_id": [record.remote_id for record in told],
            "presence": [Presence.DELETED] * len(told),
            "version": [record.version for record in told],
        }
        return task_frame(self.side, columns, len(told))

    def _row(self, record: Record, *, by_id: bool) -> dict[str, Any]:
        ours = {} if self.marks or not record.by_us else {"marker": UNNAMED}
        return super()._row(record, by_id=by_id) | ours

    def _new_id(self, kind: str) -> str:
        self._numbers += 1
        return to_18(f"{_PREFIXES[kind]}5g{self._numbers:010d}")

    def _stamp(self) -> datetime:
        return self.now.replace(microsecond=0)

    def _defaults(self) -> dict[str, Any]:
        return {
            "title": None,
            "status": "Not Started",
            "priority": "Normal",
            "due_date": None,
            "details": None,
            "subtype": "Task",
            "is_recurrence": False,
            "is_archived": False,
        }

    def _check(self, values: Mapping[str, Any]) -> None:
        for column, name, limit in (
            ("title", "Subject", SUBJECT_UNITS),
            ("details", "Description", COMMENTS_UNITS),
        ):
            if values[column] and len(values[column].encode("utf-16-le")) > 2 * limit:
                raise Refused("STRING_TOO_LONG", f"{name}: data value too large (max length={limit})")
        owner = self.users.get(values["owner"])
        if owner is None:
            raise Refused("INVALID_CROSS_REFERENCE_KEY", "OwnerId: invalid cross reference id")
        if not owner["active"]:
            raise Refused("INACTIVE_OWNER_OR_USER", "owner or user is inactive")
        for column in ("status", "priority"):
            if not values[column]:
                raise Refused("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{column.title()}]")

    def _derive(self, record: Record, before: Mapping[str, Any]) -> None:
        closed = record.values["status"] == "Completed"
        if closed and not before.get("is_closed"):
            record.values["completed_at"] = record.modified_at
        if not closed:
            record.values["completed_at"] = None
        record.values["is_closed"] = closed

    def _listable(self, *, feed: bool = False) -> Iterator[Record]:
        return (record for record in super()._listable() if not record.purged)

    def _provable(self, remote_id: str, control: str | None) -> bool:
        record = self.records.get(remote_id)
        return record is not None and not record.purged and remote_id not in self.faults.hidden

    def _find(self, remote_id: str) -> Record:
        record = self.records.get(remote_id)
        if record is None or record.purged or remote_id in self.faults.hidden:
            raise Refused("NOT_FOUND", "invalid cross reference id")
        if record.deleted:
            raise Refused("ENTITY_IS_DELETED", "entity is deleted")
        return record

    def _create_row(self, row: Mapping[str, Any]) -> RowResult:
        for other in self.carrying(row["marker"]) if self.marks else ():
            record = self.records[other]
            if record.purged or (record.deleted and not self.faults.binned_marker_collides):
                continue
            message = f"duplicate value found: Taskbridge_Id__c duplicates value on record {other[:15]}"
            raise Refused("DUPLICATE_VALUE", message, other)
        more = {} if row.get("payload") is None else _besides(json.loads(row["payload"]))
        refused = more.keys() & self.faults.refuse_fields
        more = {name: value for name, value in more.items() if name not in refused}
        values = more | self._created_values(row)
        survivor = self._survivor(row["person"])
        if survivor:
            values["person"] = survivor
        if not self.marks:
            values["marker"] = None
        record = self._insert(values)
        record.by_us = True
        done = RowResult(row["action_id"], Outcome.DONE, record.remote_id, record.version)
        if refused:
            done = replace(done, code=FIELDS_LEFT_OUT, message=f"{', '.join(sorted(refused))} is refused")
        if row["person"] and not survivor:
            return replace(done, code=PERSON_LEFT_OUT, message=f"{row['person']} is gone")
        return done

    def _survivor(self, person: str | None) -> str | None:
        """The live record that goes on for a person; None when there is none."""
        seen: set[str] = set()
        while person in self.persons and person not in seen:
            seen.add(person)
            if self.persons[person].live:
                return person
            person = self.persons[person].survivor
        return None

    def _insert(self, values: dict[str, Any]) -> Record:
        person = values.get("person")
        if person and not (person in self.persons and self.persons[person].live):
            raise Refused("INVALID_CROSS_REFERENCE_KEY", "WhoId: invalid cross reference id")
        return super()._insert(values)
