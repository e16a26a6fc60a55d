"""The client of Sales Connect.

The vendor publishes no API. What is spoken here is a stand-in in the manner of its neighbours (pages with
`metadata.paging`, `updated_at` filters, idempotency keys, 422 by field). This module, with
`sales_connect_records` for what records look like and `sales_connect_writes` for writes, is the one place to
adapt to a real account; nothing else in the project knows a path or a field name of Sales Connect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pandas as pd
import requests

from taskbridge.core.contract import Contract
from taskbridge.core.model import Op, Presence, Side, rows_of
from taskbridge.core.usage import Told
from taskbridge.engine.ports import Allowance, JobPort, SideInfo, Window, unfenced
from taskbridge.errors import AuthenticationFailed, CallRefused, ContractBroken, ReadIncomplete
from taskbridge.sides.answers import Verdict, verdict
from taskbridge.sides.bringing_back import MORE, write_bringing_back
from taskbridge.sides.frames import absent_rows, lots, stack, task_frame
from taskbridge.sides.hosts import is_redirect, redirected
from taskbridge.sides.http import TIMEOUTS, Answer, Channel, Grant, Sessions, Transient
from taskbridge.sides.meter import CallMeter
from taskbridge.sides.outcomes import RowResult, outcome_frame
from taskbridge.sides.sales_connect_records import decode_deletes, decode_tasks, decode_users, more_of
from taskbridge.sides.sales_connect_writes import TASKS, write_rows
from taskbridge.sides.strangers import strange_answer

CONNECTION: Final = "sales_connect_default"

_PER_PAGE: Final = 100  # the most that a page or a list of ids takes
_FEED: Final = "deleted_tasks"
_POINTS_LEFT: Final = "X-RateLimit-Remaining-Minute"
_DELETED_TASKS: Final = "/v2/deleted_tasks"
_USERS: Final = "/v2/users"
_BY_STAMP: Final = {"sort_by": "updated_at", "sort_direction": "ASC"}
_RESTARTS: Final = 20
_INSTANT: Final = timedelta(microseconds=1)  # stamps are no finer
_LIVE, _GONE, _NOT_FOUND = 200, 410, 404


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
        answer = self._channel.read(_USERS, {"per_page": _PER_PAGE, "page": 1})
        listing = _Listing(answer)
        records = list(listing.rows)
        while listing.next_page is not None:
            page = {"per_page": _PER_PAGE, "page": listing.next_page}
            listing = _Listing(self._channel.read(_USERS, page))
            records += listing.rows
        if len(records) < listing.total:
            raise ReadIncomplete(
                f"{CONNECTION}: announced {listing.total} users and gave {len(records)}; run again"
            )
        self.features = listing.features
        users = decode_users(records)
        return SideInfo(self.side, listing.account_id(), answer.server_time, self.features, users)

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
        _Listing(self._channel.read(_DELETED_TASKS, {"per_page": 1}))
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
        return decode_users(
            [_mapping(answer.body()).get("data") for answer in answers if answer.status != _NOT_FOUND]
        )

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
            query = {"idempotency_key": marker, "per_page": _PER_PAGE}
            listing = _Listing(self._channel.read(TASKS, query))
            found.append(decode_tasks(_carrying(marker, listing.rows)))
            if not listing.rows and _FEED in self.features:
                answer = self._channel.read(_DELETED_TASKS, query, accept=(_NOT_FOUND,))
                if answer.status != _NOT_FOUND:
                    found.append(decode_deletes(_carrying(marker, _Listing(answer).rows)))
        return stack(self.side, found)

    def find_created(self, since: datetime, until: datetime) -> pd.DataFrame:
        """Nothing: every record carries its key."""
        return stack(self.side, [])

    def carries_markers(self) -> bool:
        """Looks at the hundred newest tasks: the API cannot ask for "any key that begins with"."""
        query = {"sort_by": "created_at", "sort_direction": "DESC", "per_page": _PER_PAGE}
        tasks = decode_tasks(_Listing(self._channel.read(TASKS, query)).rows)
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

    def _note_points(self, answer: Answer) -> None:
        told = answer.headers.get(_POINTS_LEFT, "")
        if told.isascii() and told.isdigit() and len(told) < 10:
            self.meter.tell(Told(int(told), None, answer.date))

    # reads

    def _changes(
        self, path: str, stamp: str, window: Window, order: Mapping[str, str]
    ) -> Iterator[list[Any]]:
        """Lists of records by stamp. A page's number is no safe position while records move, so each call
        asks for the first page of what is not before the last stamp seen."""
        position = window.start
        # Of the rows handed on, those that the next call can give again.
        seen: set[tuple[Any, Any]] = set()
        while True:
            listing = self._page(path, stamp, Window(position, window.end), order, 1)
            yield from _fresh(listing.rows, stamp, seen)
            if listing.next_page is None:
                listing.check_whole(path)
                return
            last = listing.last_stamp(stamp)
            if last > position:
                position = last
                seen.intersection_update(_identity(row, stamp) for row in listing.rows)
            else:
                tie = Window(position, position + _INSTANT)
                yield from self._tie(path, stamp, tie, order, seen)
                position = tie.end
                seen.clear()

    def _tie(
        self,
        path: str,
        stamp: str,
        instant: Window,
        order: Mapping[str, str],
        seen: set[tuple[Any, Any]],
    ) -> Iterator[list[Any]]:
        """The records of one stamp that fill more than a page: here page numbers must do. When the total
        moves, records left or joined and page borders moved with them: then again from the first page."""
        for _ in range(_RESTARTS):
            total: int | None = None
            page: int | None = 1
            while page is not None:
                listing = self._page(path, stamp, instant, order, page)
                if total not in (None, listing.total):
                    break
                total, page = listing.total, listing.next_page
                yield from _fresh(listing.rows, stamp, seen)
            else:
                return
        raise ReadIncomplete(
            f"{CONNECTION}: records at {_iso(instant.start)} in {path} keep moving while they are read;"
            " run again"
        )

    def _page(self, path: str, stamp: str, window: Window, order: Mapping[str, str], page: int) -> _Listing:
        bounds = {f"{stamp}[gte]": _iso(window.start), f"{stamp}[lt]": _iso(window.end)}
        answer = self._channel.read(
            path, {**bounds, **order, "per_page": self._page_size, "page": page}, accept=(_NOT_FOUND,)
        )
        if answer.status == _NOT_FOUND:
            raise ReadIncomplete(f"{CONNECTION}: Sales Connect offers no {path} any more; run again")
        return _Listing(answer)

    def _listed(self, ids: Sequence[str]) -> pd.DataFrame:
        query = [*(("ids[]", remote_id) for remote_id in ids), ("per_page", str(_PER_PAGE))]
        tasks = decode_tasks(_Listing(self._channel.read(TASKS, query)).rows)
        return tasks[tasks["remote_id"].isin(ids)]

    def _missing(self, remote_id: str, control: str | None, witnesses: dict[str, bool]) -> pd.DataFrame:
        """A task that a list of ids left out: live after all, deleted on proof (C5), or absent."""
        if not remote_id.isdecimal():
            return absent_rows(self.side, [remote_id])
        answer = self._one(remote_id)
        if answer.status == _LIVE:
            return decode_tasks([_mapping(answer.body()).get("data")])
        proven = answer.status == _GONE or (control is not None and self._answers(control, witnesses))
        if not proven:
            return absent_rows(self.side, [remote_id])
        # When it was deleted is not told: only the feed dates deletes (C6).
        return task_frame(self.side, {"remote_id": [remote_id], "presence": [Presence.DELETED]}, 1)

    def _answers(self, control: str, witnesses: dict[str, bool]) -> bool:
        if control not in witnesses:
            witnesses[control] = control.isdecimal() and self._one(control).status == _LIVE
        return witnesses[control]

    def _one(self, remote_id: str) -> Answer:
        return self._channel.read(f"{TASKS}/{remote_id}", accept=(_NOT_FOUND, _GONE))

    def _people(self, salesforce_ids: Sequence[str]) -> dict[str, int]:
        """Sales Connect's people by Salesforce id; it may keep the ids in either of their two lengths."""
        wanted = dict.fromkeys(salesforce_ids)
        spellings = {spelling: full for full in wanted for spelling in (full, full[:15])}
        people: dict[str, int] = {}
        for lot in lots(list(spellings), _PER_PAGE):
            query = [*(("salesforce_ids[]", spelling) for spelling in lot), ("per_page", str(_PER_PAGE))]
            for person in _Listing(self._channel.read("/v2/people", query)).rows:
                known = spellings.get(person.get("salesforce_id") or "")
                if known is not None:
                    people.setdefault(known, person["id"])
        return people


class _Listing:
    """A page of a list. Raises ContractBroken when the answer has another shape."""

    def __init__(self, answer: Answer) -> None:
        body = _mapping(answer.body())
        try:
            paging = body["metadata"]["paging"]
            self.rows: list[dict[str, Any]] = body["data"]
            self.next_page: int | None = paging["next_page"]
            self.total = int(paging["total_count"])
            self.features = frozenset(map(str, body["metadata"].get("features", ())))
            self._account_id = body["metadata"].get("account_id")
        except (KeyError, TypeError, ValueError) as error:
            raise ContractBroken(
                f"{CONNECTION}: expected a page with data and metadata.paging, got the keys {sorted(body)}"
            ) from error

    def account_id(self) -> str:
        if not isinstance(self._account_id, str):
            raise ContractBroken(f"{CONNECTION}: Sales Connect does not tell which account it is")
        return self._account_id

    def check_whole(self, path: str) -> None:
        """Raises ReadIncomplete when the only page holds fewer rows than were announced."""
        if len(self.rows) < self.total:
            raise ReadIncomplete(
                f"{CONNECTION}: {path} announced {self.total} records and gave {len(self.rows)}; run again"
            )

    def last_stamp(self, stamp: str) -> datetime:
        """The latest stamp of the page. Raises ContractBroken when no record has a readable one."""
        stamps = [moment for row in self.rows if (moment := _moment(row, stamp)) is not None]
        if not stamps:
            raise ContractBroken(f"{CONNECTION}: {len(self.rows)} records of a page tell no {stamp}")
        return max(stamps)


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
        if is_redirect(response):
            raise redirected(CONNECTION, "Sales Connect", response)
        if response.status_code >= 500 or response.status_code == 429:
            seen = f"the login answered HTTP {response.status_code}"
            raise Transient(seen, perhaps_done=False, answered=True)
        answer = Answer(CONNECTION, response.status_code, response.headers, response.content)
        if not answer.errors and verdict(answer.status, ()) is Verdict.CALL:
            what, remedy = strange_answer(answer.status, answer.headers.get("Location"))
            raise CallRefused(f"{CONNECTION}: Sales Connect {what}; {remedy}")
        if response.status_code != 200:
            seen = "; ".join(map(str, answer.errors)) or f"HTTP {response.status_code}"
            raise AuthenticationFailed(
                f"{CONNECTION}: Sales Connect refused the login ({seen});"
                " correct the connection's client id and secret"
            )
        token = _mapping(answer.body()).get("access_token")
        if not isinstance(token, str):
            raise ContractBroken(f"{CONNECTION}: the login's answer holds no access_token")
        return Grant(self._base_url, token)


def _carrying(marker: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows, if they are what was asked for: filters that are not known are ignored, and rows of others
    would then pass for "no record carries this marker" (G2)."""
    if any(not isinstance(row, dict) or row.get("idempotency_key") != marker for row in rows):
        raise ContractBroken(
            f"{CONNECTION}: Sales Connect ignores the filter idempotency_key, which G2 needs"
        )
    return rows


def _mapping(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ContractBroken(f"{CONNECTION}: expected a JSON object, got {type(body).__name__}")
    return body


def _moment(row: Any, stamp: str) -> datetime | None:
    try:
        return datetime.fromisoformat(row[stamp]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        return None


def _fresh(rows: Sequence[Any], stamp: str, seen: set[tuple[Any, Any]]) -> Iterator[list[Any]]:
    """What was not seen yet, if anything; `seen` grows by it."""
    keys = [_identity(row, stamp) for row in rows]
    if fresh := [row for row, key in zip(rows, keys, strict=True) if key not in seen]:
        yield fresh
    seen.update(keys)


def _identity(row: Any, stamp: str) -> tuple[Any, Any]:
    return (row.get("id"), row.get(stamp)) if isinstance(row, dict) else (repr(row), None)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
