"""The client of Sales Connect.

The vendor publishes no API. What is spoken here is a stand-in in the manner of its neighbours (pages with
`metadata.paging`, `updated_at` filters, idempotency keys, 422 by field). This module, with
`sales_connect_records` for what records look like and `sales_connect_writes` for writes, is the one place to
adapt to a real account; nothing else in the project knows a path or a field name of Sales Connect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import pandas as pd
import requests
from pydantic import Field

from taskbridge.core.bounds import moment
from taskbridge.core.contract import Contract
from taskbridge.core.frames import rows_of
from taskbridge.core.run import Window
from taskbridge.core.terms import Op, Presence, Side
from taskbridge.core.usage import Told
from taskbridge.engine.ports import Allowance, JobPort, SideInfo, unfenced
from taskbridge.errors import AuthenticationFailed, CallRefused, ContractBroken, ReadIncomplete
from taskbridge.sides.answers import Verdict, verdict
from taskbridge.sides.bringing_back import MORE, write_bringing_back
from taskbridge.sides.failures import Transient
from taskbridge.sides.frames import absent_rows, lots, stack, task_frame
from taskbridge.sides.http import TIMEOUTS, Channel, Grant, Sessions
from taskbridge.sides.http_answer import HttpAnswer
from taskbridge.sides.meter import CallMeter
from taskbridge.sides.outcomes import RowResult, outcome_frame
from taskbridge.sides.pages import Page, by_field, read_numbered, read_pages
from taskbridge.sides.pages_by_stamp import ByStamp
from taskbridge.sides.sales_connect.records import decode_deletes, decode_tasks, decode_users, more_of
from taskbridge.sides.sales_connect.writes import TASKS, write_rows
from taskbridge.sides.shapes import Count, Name, Shape
from taskbridge.sides.strangers import strange_answer

CONNECTION: Final = "sales_connect_default"

_PER_PAGE: Final = 100  # the most that a page or a list of ids takes
_FEED: Final = "deleted_tasks"
_POINTS_LEFT: Final = "X-RateLimit-Remaining-Minute"
_DELETED_TASKS: Final = "/v2/deleted_tasks"
_USERS: Final = "/v2/users"
_BY_STAMP: Final = {"sort_by": "updated_at", "sort_direction": "ASC"}
_LIVE, _GONE, _NOT_FOUND = 200, 410, 404

Query = Sequence[tuple[str, Any]]


class SalesConnectSide:
    """`engine.ports.SidePort` over HTTP.

    `features` names the optional parts of the account's API ("deleted_tasks", "batch", "etag"). `connect`
    sets it; a process that has not called `connect` is told by its caller. Logs in at the first call.
    """

    side = Side.SALES_CONNECT
    chunk_size = 100
    look_up_size = 100
    jobs: JobPort | None = None
    conditional: bool | None = False
    lacking: frozenset[str] = frozenset()
    marks = True

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        *,
        page_size: int = _PER_PAGE,
        timeouts: tuple[float, float] = TIMEOUTS,
        sessions: Sessions | None = None,
    ) -> None:
        login = _Login(base_url.rstrip("/"), client_id, client_secret)
        self.meter = CallMeter()
        self._channel = Channel(
            CONNECTION,
            "Sales Connect",
            login,
            offers=f"its API is expected under {base_url.rstrip('/')}/v2: correct the address in the connection",
            timeouts=timeouts,
            observe=self._note_points,
            sessions=sessions,
            meter=self.meter,
        )
        self._page_size = page_size
        self.features: frozenset[str] = frozenset()

    def connect(self, *, describe: bool = False) -> SideInfo:
        pages = read_numbered(
            f"{CONNECTION}: {_USERS}",
            lambda number: self._page(_USERS, [], _PER_PAGE, number),
            by_field("id"),
            what="users",
        )
        first = pages[0].answered
        told = first.of(Listed).metadata
        if told.account_id is None:
            raise ContractBroken(f"{CONNECTION}: Sales Connect does not tell which account it is")
        self.features = frozenset(told.features)
        users = decode_users([user for page in pages for user in page.rows])
        return SideInfo(self.side, told.account_id, first.server_time, self.features, users)

    def log_in(self) -> str:
        self._channel.grant()
        return ""

    def contract(self) -> Contract:
        """Nothing: Sales Connect describes no object. What it sends is checked record by record."""
        return Contract()

    def allowance(self) -> Allowance | None:
        """None: what a minute allows is waited for, see `http`."""
        return None

    def calls_left(self) -> int | None:
        return None

    def tells_deletes(self) -> bool:
        if _FEED not in self.features:
            return False
        self._channel.read(_DELETED_TASKS, {"per_page": 1}).of(Listed)
        return True

    def hidden_people(self) -> tuple[str, ...]:
        """None: its tasks name people by their Salesforce ids."""
        return ()

    def read_changes(self, window: Window) -> Iterator[pd.DataFrame]:
        for records in self._changes(TASKS, "updated_at", window, _BY_STAMP):
            yield decode_tasks(records)

    def read_deletes(self, window: Window) -> Iterator[pd.DataFrame]:
        if _FEED in self.features:
            for records in self._changes(_DELETED_TASKS, "deleted_at", window, {}):
                yield decode_deletes(records)

    def read_users(self, ids: Sequence[str]) -> pd.DataFrame:
        numbers = [user_id for user_id in ids if user_id.isdecimal()]
        answers = [self._channel.read(f"{_USERS}/{number}", accept=(_NOT_FOUND,)) for number in numbers]
        return decode_users([answer.of(One).data for answer in answers if answer.status != _NOT_FOUND])

    def read_owned(
        self, owners: Sequence[str], since: datetime | None, until: datetime, *, open_only: bool
    ) -> Iterator[pd.DataFrame]:
        window = Window(since or datetime(1970, 1, 1, tzinfo=UTC), until)
        for owner in dict.fromkeys(owners):
            for records in self._changes(TASKS, "updated_at", window, {**_BY_STAMP, "assignee_id": owner}):
                yield decode_tasks(records)

    def read_ids(
        self, ids: Sequence[str], controls: Mapping[str, str], *, whole: bool = False
    ) -> pd.DataFrame:
        """Lists show every field of a task, so `whole` changes nothing."""
        asked = list(dict.fromkeys(ids))
        # What is no number cannot name a task; such stand-ins come from records without an id.
        numbers = [remote_id for remote_id in asked if remote_id.isdecimal()]
        found = [self._listed(lot) for lot in lots(numbers, _PER_PAGE)]
        told = {remote_id for part in found for remote_id in part["remote_id"]}
        witnesses: dict[str, bool] = {}
        for remote_id in asked:
            if remote_id not in told:
                found.append(self._missing(remote_id, controls.get(remote_id), witnesses))
        return stack(self.side, found)

    def find_markers(self, markers: Sequence[str]) -> pd.DataFrame:
        found: list[pd.DataFrame] = []
        for marker in dict.fromkeys(markers):
            tasks = self._carrying(TASKS, marker)
            found.append(decode_tasks(tasks))
            if not tasks and _FEED in self.features:
                try:
                    found.append(decode_deletes(self._carrying(_DELETED_TASKS, marker)))
                except _NotOffered:
                    continue
        return stack(self.side, found)

    def find_created(self, since: datetime, until: datetime) -> pd.DataFrame:
        """Nothing: every record carries its key."""
        return stack(self.side, [])

    def carries_markers(self) -> bool:
        """Looks at the hundred newest tasks: the API cannot ask for "any key that begins with"."""
        query = {"sort_by": "created_at", "sort_direction": "DESC", "per_page": _PER_PAGE}
        tasks = decode_tasks(self._channel.read(TASKS, query).of(Listed).data)
        return bool(tasks["marker"].str.startswith("tb:").fillna(False).any())

    def write(self, op: Op, rows: pd.DataFrame, fence: Callable[[], None] = unfenced) -> pd.DataFrame:
        asked = rows_of(rows)
        if len(asked) > self.chunk_size:
            raise ValueError(f"{len(asked)} rows in one write; at most {self.chunk_size}")
        people = self._people([row["person"] for row in asked if row["person"]]) if op is Op.CREATE else {}

        def send(rows: Sequence[Mapping[str, Any]]) -> list[RowResult]:
            return write_rows(self._channel, op, rows, people, batch="batch" in self.features)

        with self._channel.fenced(fence):
            if op is Op.CREATE:
                return outcome_frame(
                    write_bringing_back([{**row, MORE: more_of(row)} for row in asked], send)
                )
            return outcome_frame(send(asked))

    def _note_points(self, answer: HttpAnswer) -> None:
        told = answer.headers.get(_POINTS_LEFT, "")
        if told.isascii() and told.isdigit() and len(told) < 10:
            self.meter.tell(Told(int(told), None, answer.date))

    # reads

    def _changes(
        self, path: str, stamp: str, window: Window, order: Mapping[str, str]
    ) -> Iterator[list[Any]]:
        def ask(span: Window, number: int) -> Page:
            bounds = {f"{stamp}[gte]": _iso(span.start), f"{stamp}[lt]": _iso(span.end)}
            return self._page(path, [*bounds.items(), *order.items()], self._page_size, number)

        yield from ByStamp(
            f"{CONNECTION}: {path}",
            ask,
            lambda row: _identity(row, stamp),
            lambda row: _moment(row, stamp),
        ).read(window)

    def _pages(self, path: str, query: Query) -> Iterator[Page]:
        """The pages of a look-up, as they are."""
        return read_pages(
            f"{CONNECTION}: {path}",
            lambda number: self._page(path, query, _PER_PAGE, number or 1),
            by_field("id"),
        )

    def _page(self, path: str, query: Query, size: int, number: int) -> Page:
        optional = (_NOT_FOUND,) if path == _DELETED_TASKS else ()
        answer = self._channel.read(path, [*query, ("per_page", size), ("page", number)], accept=optional)
        if answer.status == _NOT_FOUND:
            raise _NotOffered(f"{CONNECTION}: Sales Connect offers no {path} any more; run again")
        told = answer.of(Listed)
        return Page(told.data, told.metadata.paging.total_count, told.metadata.paging.next_page, answer)

    def _carrying(self, path: str, marker: str) -> list[Any]:
        """The records with this key. Filters that are not known are ignored, and records of others would then pass
        for "no record carries this marker" (G2)."""

        found: list[Any] = []
        for page in self._pages(path, [("idempotency_key", marker)]):
            if any(not isinstance(row, dict) or row.get("idempotency_key") != marker for row in page.rows):
                raise ContractBroken(
                    f"{CONNECTION}: Sales Connect ignores the filter idempotency_key, which G2 needs"
                )
            found += page.rows
        return found

    def _listed(self, ids: Sequence[str]) -> pd.DataFrame:
        """Those of a page that were asked for; what it does not show is looked up by itself."""
        page = self._page(TASKS, [("ids[]", remote_id) for remote_id in ids], _PER_PAGE, 1)
        tasks = decode_tasks(page.rows)
        return tasks[tasks["remote_id"].isin(ids) & ~tasks["remote_id"].duplicated()]

    def _missing(self, remote_id: str, control: str | None, witnesses: dict[str, bool]) -> pd.DataFrame:
        """A task that a list of ids left out: live after all, deleted on proof (C5), or absent."""
        if not remote_id.isdecimal():
            return absent_rows(self.side, [remote_id])
        answer = self._one(remote_id)
        if answer.status == _LIVE:
            return decode_tasks([answer.of(One).data])
        proven = answer.status == _GONE or (control is not None and self._answers(control, witnesses))
        if not proven:
            return absent_rows(self.side, [remote_id])
        # When it was deleted is not told: only the feed dates deletes (C6).
        return task_frame(self.side, {"remote_id": [remote_id], "presence": [Presence.DELETED]}, 1)

    def _answers(self, control: str, witnesses: dict[str, bool]) -> bool:
        if control not in witnesses:
            witnesses[control] = control.isdecimal() and self._one(control).status == _LIVE
        return witnesses[control]

    def _one(self, remote_id: str) -> HttpAnswer:
        return self._channel.read(f"{TASKS}/{remote_id}", accept=(_NOT_FOUND, _GONE))

    def _people(self, salesforce_ids: Sequence[str]) -> dict[str, int]:
        """Sales Connect's people by Salesforce id; it may keep the ids in either of their two lengths."""
        wanted = dict.fromkeys(salesforce_ids)
        spellings = {spelling: full for full in wanted for spelling in (full, full[:15])}
        people: dict[str, int] = {}
        for lot in lots(list(spellings), _PER_PAGE):
            query = [("salesforce_ids[]", spelling) for spelling in lot]
            for page in self._pages("/v2/people", query):
                ours = [person for person in page.rows if _text(person, "salesforce_id") in spellings]
                for person in ours:
                    if isinstance(person.get("id"), int):
                        people.setdefault(spellings[person["salesforce_id"]], person["id"])
                if not ours:
                    break  # a filter that is not known is ignored, and these are all people
        return people


class _NotOffered(ReadIncomplete):
    """An optional part of the API that is not there (any more)."""


class _Paging(Shape):
    next_page: Annotated[int, Field(ge=1)] | None
    total_count: Count


class _Metadata(Shape):
    paging: _Paging
    features: list[str] = Field(default_factory=list)
    account_id: str | None = None


class Listed(Shape):
    """A page of a list."""

    expected = "a page with data and metadata.paging"
    data: list[Any]
    metadata: _Metadata


class One(Shape):
    """A record by its id."""

    expected = "an object with a record as data"
    data: dict[str, Any]


class _Token(Shape):
    expected = "a token with access_token"
    secret = True
    access_token: Name


class _Login:
    """Client credentials for a token."""

    def __init__(self, base_url: str, client_id: str, client_secret: str) -> None:
        self._base_url = base_url
        self._form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
        }

    def __call__(self, session: requests.Session, timeouts: tuple[float, float]) -> Grant:
        response = session.post(f"{self._base_url}/oauth/token", data=self._form, timeout=timeouts)
        if response.status_code >= 500 or response.status_code == 429:
            seen = f"the login answered HTTP {response.status_code}"
            raise Transient(seen, perhaps_done=False, answered=True)
        answer = HttpAnswer(
            CONNECTION, response.status_code, response.headers, response.content, "POST /oauth/token"
        )
        if not answer.errors and verdict(answer.status, ()) is Verdict.CALL:
            what, remedy = strange_answer(answer.status, answer.headers.get("Location"))
            raise CallRefused(f"{CONNECTION}: Sales Connect {what}; {remedy}")
        if response.status_code != 200:
            seen = "; ".join(map(str, answer.errors)) or f"HTTP {response.status_code}"
            raise AuthenticationFailed(
                f"{CONNECTION}: Sales Connect refused the login ({seen});"
                " correct the connection's client id and secret"
            )
        return Grant(self._base_url, answer.of(_Token).access_token)


def _moment(row: Any, stamp: str) -> datetime | None:
    try:
        return moment(row[stamp])
    except (KeyError, TypeError, ValueError):
        return None


def _text(record: Any, name: str) -> str:
    told = record.get(name) if isinstance(record, dict) else None
    return told if isinstance(told, str) else ""


def _identity(row: Any, stamp: str) -> tuple[str, str]:
    """A record as it is now: edited while it is listed, it may be told again."""
    return (repr(row.get("id")), repr(row.get(stamp))) if isinstance(row, dict) else (repr(row), "")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
