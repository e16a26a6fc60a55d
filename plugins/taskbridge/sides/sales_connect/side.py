"""The client of Sales Connect.

The vendor publishes no API. What is spoken here is a stand-in in the manner of its neighbours (pages with
`metadata.paging`, `updated_at` filters, idempotency keys, 422 by field). This package is the one place to adapt to
a real account: `login`, `queries`, `records` (what records look like), `people`, `writes`. Nothing else in the
project knows a path or a field name of Sales Connect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import pandas as pd

from taskbridge.core.contract import Contract
from taskbridge.core.frames import rows_of
from taskbridge.core.run import Window
from taskbridge.core.stamps import Stamps
from taskbridge.core.terms import Op, Side
from taskbridge.core.usage import Told
from taskbridge.engine.ports import Allowance, JobPort, SideInfo, unfenced
from taskbridge.errors import ContractBroken
from taskbridge.sides.bringing_back import MORE, write_bringing_back
from taskbridge.sides.frames import lots, stack
from taskbridge.sides.http import TIMEOUTS, Channel, Sessions
from taskbridge.sides.http_answer import HttpAnswer
from taskbridge.sides.meter import CallMeter
from taskbridge.sides.outcomes import RowResult, outcome_frame
from taskbridge.sides.pages import by_field, read_numbered
from taskbridge.sides.sales_connect.login import CONNECTION, Login
from taskbridge.sides.sales_connect.people import find_people
from taskbridge.sides.sales_connect.queries import (
    DELETED_TASKS,
    NOT_FOUND,
    PER_PAGE,
    Listed,
    NotOffered,
    One,
    Queries,
)
from taskbridge.sides.sales_connect.records import decode_deletes, decode_tasks, decode_users, more_of
from taskbridge.sides.sales_connect.writes import TASKS_PATH, write_rows
from taskbridge.sides.stamps import stamped

_FEED: Final = "deleted_tasks"
_POINTS_LEFT: Final = "X-RateLimit-Remaining-Minute"
_USERS: Final = "/v2/users"
_BY_STAMP: Final = {"sort_by": "updated_at", "sort_direction": "ASC"}


class SalesConnectSide:
    """`engine.ports.SidePort` over HTTP.

    `features` names the optional parts of the account's API ("deleted_tasks", "batch", "etag"). `connect`
    sets it; a process that has not called `connect` is told by its caller. Logs in at the first call. Of calls that
    write, `concurrent_calls` are under way at once.
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
        page_size: int = PER_PAGE,
        timeouts: tuple[float, float] = TIMEOUTS,
        sessions: Sessions | None = None,
        concurrent_calls: int = 1,
    ) -> None:
        login = Login(base_url.rstrip("/"), client_id, client_secret)
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
            concurrent_calls=concurrent_calls,
        )
        self._queries = Queries(self._channel, page_size)
        self.features: frozenset[str] = frozenset()

    @property
    def writes_at_once(self) -> int:
        """Without batches the rows of one write are calls beside each other themselves."""
        return self._channel.concurrent_calls if "batch" in self.features else 1

    def connect(self, *, describe: bool = False) -> SideInfo:
        pages = read_numbered(
            f"{CONNECTION}: {_USERS}",
            lambda number: self._queries.page(_USERS, [], PER_PAGE, number),
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
        self._channel.read(DELETED_TASKS, {"per_page": 1}).of(Listed)
        return True

    def hidden_people(self) -> tuple[str, ...]:
        """None: its tasks name people by their Salesforce ids."""
        return ()

    def read_changes(self, window: Window) -> Iterator[pd.DataFrame]:
        for records in self._queries.changes(TASKS_PATH, "updated_at", window, _BY_STAMP):
            yield decode_tasks(records)

    def read_deletes(self, window: Window) -> Iterator[pd.DataFrame]:
        if _FEED in self.features:
            for records in self._queries.changes(DELETED_TASKS, "deleted_at", window, {}):
                yield decode_deletes(records)

    def stamps_since(self, since: datetime) -> Stamps:
        live = self._queries.since(TASKS_PATH, "updated_at", since, _BY_STAMP)
        shown = stamped(live.data, "id", "updated_at", "assignee_id")
        if _FEED not in live.metadata.features:
            return Stamps(shown, _goes_on(live))
        gone = self._queries.since(DELETED_TASKS, "deleted_at", since, {})
        shown += stamped(gone.data, "id", "deleted_at", "assignee_id", gone=True)
        return Stamps(shown, _goes_on(live) or _goes_on(gone))

    def read_users(self, ids: Sequence[str]) -> pd.DataFrame:
        numbers = [user_id for user_id in ids if user_id.isdecimal()]
        answers = [self._channel.read(f"{_USERS}/{number}", accept=(NOT_FOUND,)) for number in numbers]
        return decode_users([answer.of(One).data for answer in answers if answer.status != NOT_FOUND])

    def read_owned(
        self, owners: Sequence[str], since: datetime | None, until: datetime, *, open_only: bool
    ) -> Iterator[pd.DataFrame]:
        window = Window(since or datetime(1970, 1, 1, tzinfo=UTC), until)
        for owner in dict.fromkeys(owners):
            for records in self._queries.changes(
                TASKS_PATH, "updated_at", window, {**_BY_STAMP, "assignee_id": owner}
            ):
                yield decode_tasks(records)

    def read_ids(
        self, ids: Sequence[str], controls: Mapping[str, str], *, whole: bool = False
    ) -> pd.DataFrame:
        """Lists show every field of a task, so `whole` changes nothing."""
        asked = list(dict.fromkeys(ids))
        # What is no number cannot name a task; such stand-ins come from records without an id.
        numbers = [remote_id for remote_id in asked if remote_id.isdecimal()]
        found = [self._queries.listed(lot) for lot in lots(numbers, PER_PAGE)]
        told = {remote_id for part in found for remote_id in part["remote_id"]}
        witnesses: dict[str, bool] = {}
        for remote_id in asked:
            if remote_id not in told:
                found.append(self._queries.missing(remote_id, controls.get(remote_id), witnesses))
        return stack(self.side, found)

    def find_markers(self, markers: Sequence[str]) -> pd.DataFrame:
        found: list[pd.DataFrame] = []
        for marker in dict.fromkeys(markers):
            tasks = self._queries.carrying(TASKS_PATH, marker)
            found.append(decode_tasks(tasks))
            if not tasks and _FEED in self.features:
                try:
                    found.append(decode_deletes(self._queries.carrying(DELETED_TASKS, marker)))
                except NotOffered:
                    continue
        return stack(self.side, found)

    def find_created(self, since: datetime, until: datetime) -> pd.DataFrame:
        """Nothing: every record carries its key."""
        return stack(self.side, [])

    def carries_markers(self) -> bool:
        """Looks at the hundred newest tasks: the API cannot ask for "any key that begins with"."""
        query = {"sort_by": "created_at", "sort_direction": "DESC", "per_page": PER_PAGE}
        tasks = decode_tasks(self._channel.read(TASKS_PATH, query).of(Listed).data)
        return bool(tasks["marker"].str.startswith("tb:").fillna(False).any())

    def write(self, op: Op, rows: pd.DataFrame, fence: Callable[[], None] = unfenced) -> pd.DataFrame:
        asked = rows_of(rows)
        if len(asked) > self.chunk_size:
            raise ValueError(f"{len(asked)} rows in one write; at most {self.chunk_size}")
        about = [row["person"] for row in asked if row["person"] and op is Op.CREATE]
        people = find_people(self._queries, about)

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


def _goes_on(page: Listed) -> bool:
    return page.metadata.paging.next_page is not None
