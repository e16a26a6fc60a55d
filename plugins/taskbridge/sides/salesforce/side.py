"""The client of Salesforce: what the engine asks for, put together from the parts of its API.

What is vendor-specific stands here and in the other `salesforce_*` modules; reading is in `salesforce_queries`,
writing in `salesforce_writes`, `salesforce_guarded` and `salesforce_bulk`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import pandas as pd
from simple_salesforce.format import format_soql

from taskbridge.core.api_calls import COLLECTION_ROWS, LOOKED_UP
from taskbridge.core.contract import Contract
from taskbridge.core.frames import rows_of
from taskbridge.core.run import Window
from taskbridge.core.stamps import Stamps
from taskbridge.core.terms import Op, Side
from taskbridge.core.usage import Told
from taskbridge.engine.ports import Allowance, JobPort, SideInfo, unfenced
from taskbridge.errors import ContractBroken
from taskbridge.sides.bringing_back import write_bringing_back
from taskbridge.sides.failures import Refusal
from taskbridge.sides.frames import absent_rows, lots, stack
from taskbridge.sides.http import TIMEOUTS, Channel, Grant, Sessions
from taskbridge.sides.meter import CallMeter
from taskbridge.sides.outcomes import RowResult, outcome_frame
from taskbridge.sides.salesforce.budget import Budget, named_kind
from taskbridge.sides.salesforce.bulk import BulkJobs
from taskbridge.sides.salesforce.bulk_query import QueryJobs
from taskbridge.sides.salesforce.deletes import DeleteLog
from taskbridge.sides.salesforce.describe import task_need
from taskbridge.sides.salesforce.guarded import Guarded
from taskbridge.sides.salesforce.ids import to_18
from taskbridge.sides.salesforce.marking import Marked, Marking, Unmarked
from taskbridge.sides.salesforce.originals import Originals
from taskbridge.sides.salesforce.people import PersonLookup
from taskbridge.sides.salesforce.queries import Queries, too_much, url_lots
from taskbridge.sides.salesforce.records import decode_tasks, decode_users
from taskbridge.sides.salesforce.writes import Collections
from taskbridge.sides.shapes import Shape
from taskbridge.sides.stamps import MOST_STAMPS, stamped

CONNECTION: Final = "salesforce_default"

_OWNERS: Final = 200


class _Calls(Shape):
    expected = "calls"
    Remaining: int
    Max: int


class DailyLimits(Shape):
    """What is left of the org's allocations."""

    expected = "limits with DailyApiRequests"
    DailyApiRequests: _Calls


_OTHER_VERSION: Final = (
    "it was asked for version {} of its API: set salesforce_api_version to one that the org offers, as /services/data "
    "on its address lists them"
)


class UserInfo(Shape):
    """Whose session it is."""

    expected = "the session's user"
    user_id: str | None = None


@dataclass(frozen=True)
class SalesforceSession:
    """What a login to Salesforce gave."""

    instance_url: str
    access_token: str = field(repr=False)


class SalesforceSide:
    """`engine.ports.SidePort` over HTTP.

    `login` answers a fresh session each time it is called: at the first call, and once more when Salesforce
    says that the session has ended. `marker_field` is the unique external id field on Activity (G2);
    `api_reserve` the share of the daily calls that writing leaves to the org's people (G7), and `last_told` what
    another process was told of them a moment ago, which saves asking. `upserts`: creates are upserts by the marker
    field. Records from `query_threshold` on, by default where that takes fewer calls, are read by a Bulk query, for
    whose end `query_patience` seconds are waited. Of calls that write, `concurrent_calls` are under way at once.
    """

    side = Side.SALESFORCE
    chunk_size = COLLECTION_ROWS
    look_up_size = LOOKED_UP

    def __init__(
        self,
        login: Callable[[], SalesforceSession],
        *,
        marker_field: str | None = "Taskbridge_Id__c",
        api_version: str = "67.0",
        api_reserve: float = 0.1,
        last_told: Callable[[], Told | None] = lambda: None,
        timeouts: tuple[float, float] = TIMEOUTS,
        sessions: Sessions | None = None,
        upserts: bool = False,
        query_threshold: int | Literal["never"] | None = None,
        query_patience: float = 120.0,
        concurrent_calls: int = 1,
    ) -> None:
        self.writes_at_once = concurrent_calls
        self.meter = CallMeter(named_kind)
        self._budget = Budget(CONNECTION, api_reserve, self.meter)
        self._last_told = last_told
        self._channel = Channel(
            CONNECTION,
            "Salesforce",
            lambda _session, _timeouts: _granted(login()),
            offers=_OTHER_VERSION.format(api_version),
            timeouts=timeouts,
            observe=self._budget.note,
            sessions=sessions,
            meter=self.meter,
            concurrent_calls=concurrent_calls,
        )
        self._marking: Marking = Unmarked(self._me) if marker_field is None else Marked(marker_field)
        self.marks = marker_field is not None
        self._marker_field = marker_field
        self._my_id: str | None = None
        self._data = f"/services/data/v{api_version}"
        query_jobs = QueryJobs(self._channel, f"{self._data}/jobs/query", query_patience)
        self._queries = Queries(
            self._channel, self._data, self._marking, marker_field, query_jobs, query_threshold
        )
        self._make_writers(marker_field if upserts else None)

    def _make_writers(self, upsert_field: str | None) -> None:
        self._collections = Collections(
            self._channel,
            f"{self._data}/composite/sobjects",
            self._marking,
            self._leave_reserve,
            upsert_field,
        )
        self._guarded = Guarded(self._channel, f"{self._data}/sobjects/Task", self._collections)
        self._people = PersonLookup(self._queries.fetch)
        self._originals = Originals(self._queries.task_fields, self._marking.fields)
        self.jobs: JobPort | None = BulkJobs(
            self._channel,
            f"{self._data}/jobs/ingest",
            self._collections,
            self._leave_reserve,
            lambda: "Task.WhoId" in self.lacking,
        )

    @property
    def lacking(self) -> frozenset[str]:
        return self._queries.lacking

    @lacking.setter
    def lacking(self, names: frozenset[str]) -> None:
        self._queries.lacking = names

    @property
    def conditional(self) -> bool | None:
        return self._guarded.conditional

    @conditional.setter
    def conditional(self, known: bool | None) -> None:
        self._guarded.conditional = known

    def connect(self, *, describe: bool = False) -> SideInfo:
        pages, contract = self._queries.users_and_contract() if describe else (self._queries.users(), None)
        first = next(pages)
        users = decode_users([*first.rows, *(record for page in pages for record in page.rows)])
        return SideInfo(self.side, self._org(), first.answered.server_time, frozenset(), users, contract)

    def log_in(self) -> str:
        return self._org()

    def contract(self) -> Contract:
        return self._queries.contract()

    def allowance(self) -> Allowance:
        calls = self._channel.read(f"{self._data}/limits").of(DailyLimits).DailyApiRequests
        return Allowance(left=calls.Remaining, most=calls.Max)

    def calls_left(self) -> int | None:
        self._ask_what_is_left()
        return self._budget.ours

    def tells_deletes(self) -> bool:
        next(self._queries.query("queryAll", "SELECT Id FROM Task WHERE IsDeleted = true LIMIT 1"))
        return True

    def hidden_people(self) -> tuple[str, ...]:
        return self._people.hidden()

    def read_changes(self, window: Window) -> Iterator[pd.DataFrame]:
        yield from self._queries.changed(_second(window.start), _second(window.end))

    def read_deletes(self, window: Window) -> Iterator[pd.DataFrame]:
        """Of long windows only: else `read_changes` tells deletes itself."""
        yield from DeleteLog(self._channel, f"{self._data}/sobjects/Task/deleted").read(window)

    def stamps_since(self, since: datetime) -> Stamps:
        start = format_soql("{}", since.astimezone(UTC).replace(microsecond=0))
        soql = (
            f"SELECT Id, SystemModstamp, OwnerId, IsDeleted FROM Task WHERE SystemModstamp >= {start} "
            f"ORDER BY SystemModstamp, Id LIMIT {MOST_STAMPS}"
        )
        rows = next(self._queries.query("queryAll", soql)).rows
        return Stamps(stamped(rows, "Id", "SystemModstamp", "OwnerId"), len(rows) == MOST_STAMPS)

    def read_users(self, ids: Sequence[str]) -> pd.DataFrame:
        return decode_users(self._queries.users_of([each for each in ids if _is_id(each)]))

    def read_owned(
        self, owners: Sequence[str], since: datetime | None, until: datetime, *, open_only: bool
    ) -> Iterator[pd.DataFrame]:
        conditions = ["IsDeleted = false", format_soql("LastModifiedDate < {}", _second(until))]
        if since is not None:
            conditions.append(format_soql("LastModifiedDate >= {}", _second(since)))
        if open_only:
            conditions.append("IsClosed = false")
        for lot in lots(list(dict.fromkeys(owners)), _OWNERS):
            yield from self._of_owners(lot, conditions)

    def _of_owners(self, owners: Sequence[str], conditions: Sequence[str]) -> Iterator[pd.DataFrame]:
        owned = format_soql("OwnerId IN {}", list(owners))
        try:
            yield from self._queries.streamed(" AND ".join([owned, *conditions]))
        except Refusal as refusal:
            if not too_much(refusal) or len(owners) == 1:
                raise
            for half in lots(owners, (len(owners) + 1) // 2):
                yield from self._of_owners(half, conditions)

    def read_ids(
        self, ids: Sequence[str], controls: Mapping[str, str], *, whole: bool = False
    ) -> pd.DataFrame:
        """One query where its URL holds the ids; else the records, and a query for those that did not come back:
        only that one tells what is deleted. Whole records: a query for as many as are written together."""
        asked = list(dict.fromkeys(ids))
        wanted = [each for each in asked if _is_id(each)]
        found: list[pd.DataFrame] = []
        if whole:
            found = [self._queries.whole_records(lot) for lot in lots(wanted, self.chunk_size)]
            wanted = []
        elif len(list(url_lots(wanted))) > 1:
            found = [self._queries.retrieved(lot) for lot in lots(wanted, self.look_up_size)]
            live = {remote_id for part in found for remote_id in part["remote_id"]}
            wanted = [each for each in wanted if each not in live]
        found += self._queries.by_values("Id", wanted)
        told = {remote_id for part in found for remote_id in part["remote_id"]}
        return stack(
            self.side, [*found, absent_rows(self.side, [each for each in asked if each not in told])]
        )

    def find_markers(self, markers: Sequence[str]) -> pd.DataFrame:
        if self._marker_field is None:
            return stack(self.side, [])
        return stack(self.side, self._queries.by_values(self._marker_field, list(dict.fromkeys(markers))))

    def find_created(self, since: datetime, until: datetime) -> pd.DataFrame:
        where = format_soql(
            "CreatedById = {} AND CreatedDate >= {} AND CreatedDate < {}",
            self._me(),
            since.astimezone(UTC).replace(microsecond=0),
            _second(until),
        )
        return stack(
            self.side, [decode_tasks(records, self._marking) for records in self._queries.whole(where)]
        )

    def carries_markers(self) -> bool:
        if self._marker_field is None:
            return False
        soql = f"SELECT Id FROM Task WHERE {self._marker_field} LIKE 'tb:%' LIMIT 1"
        need = task_need(self._marker_field)
        return any(
            page.rows for page in self._queries.known(need, lambda: self._queries.query("queryAll", soql))
        )

    def write(self, op: Op, rows: pd.DataFrame, fence: Callable[[], None] = unfenced) -> pd.DataFrame:
        if len(rows) > self.chunk_size:
            raise ValueError(f"{len(rows)} rows in one write; at most {self.chunk_size}")
        asked = rows_of(rows)
        if "Task.WhoId" in self.lacking:
            asked = [{**row, "person": None} for row in asked]
        with self._channel.fenced(fence):
            if op is Op.CREATE:
                creates = self._originals.add(asked)
                results = write_bringing_back(creates, self._create, self._originals.references)
            elif op is Op.UPDATE:
                results = self._guarded.write(asked)
            else:
                results = self._collections.write(op, asked)
        return outcome_frame(results)

    def _create(self, rows: Sequence[Mapping[str, Any]]) -> list[RowResult]:
        def send(some: Sequence[Mapping[str, Any]]) -> list[RowResult]:
            return self._collections.write(Op.CREATE, some)

        return self._people.follow(rows, send(rows), send)

    def _leave_reserve(self, calls: int = 1) -> None:
        """Raises ApiLimitReached before calls that would touch the reserve (G7); asks once what is left."""
        self._ask_what_is_left()
        self._budget.require(calls)

    def _ask_what_is_left(self) -> None:
        if not self._budget.known and (told := self._last_told()) is not None:
            self._budget.learn(told)
        if not self._budget.known:
            limits = self.allowance()
            if not self._budget.known:  # the answer had no header either
                self._budget.learn(Told(limits.left, limits.most))

    # reads

    def _me(self) -> str:
        """The id of the user that the session belongs to."""
        if self._my_id is None:
            told = self._channel.read("/services/oauth2/userinfo").of(UserInfo)
            user_id = told.user_id
            if user_id is None or not _is_id(user_id):
                raise ContractBroken(
                    f"{CONNECTION}: Salesforce does not tell which user the session belongs to; without the marker "
                    "field TaskBridge must know: give the external client app the scope id as well"
                )
            self._my_id = to_18(user_id)
        return self._my_id

    def _org(self) -> str:
        prefix, mark, _ = self._channel.grant().token.partition("!")
        if not mark or not prefix.startswith("00D") or not _is_id(prefix):
            raise ContractBroken(
                f"{CONNECTION}: the access token does not begin with the org's id, so the org cannot be told;"
                " have the external client app issue opaque tokens, not JWTs"
            )
        return to_18(prefix)


def _granted(session: SalesforceSession) -> Grant:
    return Grant(session.instance_url.rstrip("/"), session.access_token)


def _is_id(value: str) -> bool:
    try:
        to_18(value)
    except ValueError:
        return False
    return True


def _second(moment: datetime) -> datetime:
    """The next whole second: Salesforce's stamps have no parts of one, so a window means the same with it."""
    rounded = moment.astimezone(UTC).replace(microsecond=0)
    return rounded if rounded == moment else rounded + timedelta(seconds=1)
