"""The client of Salesforce: SOQL to read, collections to write.

What is vendor-specific stands here, in `salesforce_records` and in `salesforce_writes`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, Literal
from urllib.parse import quote

import pandas as pd
import requests
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.format import format_soql

from taskbridge.core.api_calls import COLLECTION_ROWS, LOOKED_UP, NEVER, prefers_query_job
from taskbridge.core.contract import Contract, ObjectNeed, judge
from taskbridge.core.model import Op, Side, rows_of
from taskbridge.core.usage import Told
from taskbridge.engine.ports import Allowance, JobPort, SideInfo, Window, unfenced
from taskbridge.errors import AuthenticationFailed, ContractBroken, JobRefused, ReadIncomplete
from taskbridge.sides.frames import absent_rows, lots, stack
from taskbridge.sides.http import TIMEOUTS, Answer, Channel, Grant, Refusal, Sessions
from taskbridge.sides.meter import CallMeter
from taskbridge.sides.outcomes import outcome_frame
from taskbridge.sides.salesforce_budget import Budget, named_kind
from taskbridge.sides.salesforce_bulk import BulkJobs
from taskbridge.sides.salesforce_bulk_query import QueryJobs
from taskbridge.sides.salesforce_deletes import DeleteLog
from taskbridge.sides.salesforce_describe import read_shape, task_need, user_need
from taskbridge.sides.salesforce_guarded import Guarded
from taskbridge.sides.salesforce_ids import to_18
from taskbridge.sides.salesforce_marking import Marked, Marking, Unmarked
from taskbridge.sides.salesforce_people import People
from taskbridge.sides.salesforce_records import TASK_FIELDS, USER_FIELDS, decode_tasks, decode_users
from taskbridge.sides.salesforce_writes import Collections

CONNECTION: Final = "salesforce_default"

_LOG = logging.getLogger(__name__)
_URL_BYTES: Final = 9_000  # of one IN list as it is sent; a request's line and headers may have 16,384
_OWNERS: Final = 200
_RESTARTS: Final = 3
_NOT_FOUND: Final = 404
_UNSEEN: Final = frozenset({"INVALID_FIELD", "INVALID_TYPE"})
_LOST_LOCATOR: Final = "INVALID_QUERY_LOCATOR"


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
    whose end `query_patience` seconds are waited.
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
    ) -> None:
        self.meter = CallMeter(named_kind)
        self._budget = Budget(CONNECTION, api_reserve, self.meter)
        self._last_told = last_told
        self._channel = Channel(
            CONNECTION,
            "Salesforce",
            _Login(login),
            timeouts=timeouts,
            observe=self._budget.note,
            sessions=sessions,
            meter=self.meter,
        )
        self._marking: Marking = Unmarked(self._me) if marker_field is None else Marked(marker_field)
        self.marks = marker_field is not None
        self._marker_field = marker_field
        self._my_id: str | None = None
        self.lacking: frozenset[str] = frozenset()
        self._data = f"/services/data/v{api_version}"
        self._collections = Collections(
            self._channel,
            f"{self._data}/composite/sobjects",
            self._marking,
            self._leave_reserve,
            marker_field if upserts else None,
        )
        self._guarded = Guarded(self._channel, f"{self._data}/sobjects/Task", self._collections)
        self._people = People(self._fetch)
        self.jobs: JobPort | None = BulkJobs(
            self._channel,
            f"{self._data}/jobs/ingest",
            self._collections,
            self._leave_reserve,
            lambda: "Task.WhoId" in self.lacking,
        )
        self._query_jobs = QueryJobs(self._channel, f"{self._data}/jobs/query", query_patience)
        self._query_threshold = query_threshold

    @property
    def conditional(self) -> bool | None:
        return self._guarded.conditional

    @conditional.setter
    def conditional(self, known: bool | None) -> None:
        self._guarded.conditional = known

    def connect(self) -> SideInfo:
        pages = self._known(
            user_need(),
            lambda: self._query("query", f"SELECT {', '.join(self._user_fields)} FROM User ORDER BY Id"),
        )
        answer, records = next(pages)
        users = decode_users([*records, *(record for _, more in pages for record in more)])
        return SideInfo(self.side, self._org(), answer.server_time, frozenset(), users)

    def log_in(self) -> str:
        return self._org()

    def contract(self) -> Contract:
        if any(name.startswith("User.") for name in self.lacking):
            self._described(user_need())
        return self._described(task_need(self._marker_field))

    def allowance(self) -> Allowance:
        limits = self._channel.read(f"{self._data}/limits").body()
        try:
            calls = limits["DailyApiRequests"]
            return Allowance(left=int(calls["Remaining"]), most=int(calls["Max"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ContractBroken(f"{CONNECTION}: /limits tells no DailyApiRequests") from error

    def calls_left(self) -> int | None:
        self._ask_what_is_left()
        return self._budget.ours

    def tells_deletes(self) -> bool:
        next(self._query("queryAll", "SELECT Id FROM Task WHERE IsDeleted = true LIMIT 1"))
        return True

    def read_changes(self, window: Window) -> Iterator[pd.DataFrame]:
        """One query; should its locator be lost, another from the last record on."""
        end = _second(window.end)
        where = format_soql("SystemModstamp >= {}", _second(window.start))
        for _ in range(1 + _RESTARTS):
            bounded = f"({where}) AND {format_soql('SystemModstamp < {}', end)}"
            try:
                for answer, records in self._tasks(bounded, "SystemModstamp, Id"):
                    if answer is not None:
                        where = _after(records, end) or where
                    yield decode_tasks(records, self._marking)
                return
            except _LocatorLost:
                continue
        raise _lost_again()

    def read_deletes(self, window: Window) -> Iterator[pd.DataFrame]:
        """Of long windows only: else `read_changes` tells deletes itself."""
        yield from DeleteLog(self._channel, f"{self._data}/sobjects/Task/deleted").read(window)

    def read_first_sync(
        self, owners: Sequence[str], since: datetime | None, until: datetime, *, open_only: bool
    ) -> Iterator[pd.DataFrame]:
        conditions = ["IsDeleted = false", format_soql("LastModifiedDate < {}", _second(until))]
        if since is not None:
            conditions.append(format_soql("LastModifiedDate >= {}", _second(since)))
        if open_only:
            conditions.append("IsClosed = false")
        for lot in lots(list(dict.fromkeys(owners)), _OWNERS):
            owned = format_soql("OwnerId IN {}", list(lot))
            yield from self._streamed(" AND ".join([owned, *conditions]))

    def read_ids(self, ids: Sequence[str], controls: Mapping[str, str]) -> pd.DataFrame:
        """One query where its URL holds the ids; else the records, and a query for those that did not come back:
        only that one tells what is deleted."""
        asked = list(dict.fromkeys(ids))
        wanted = [each for each in asked if _is_id(each)]
        found: list[pd.DataFrame] = []
        if len(list(_url_lots(wanted))) > 1:
            found = [self._retrieved(lot) for lot in lots(wanted, self.look_up_size)]
            live = {remote_id for part in found for remote_id in part["remote_id"]}
            wanted = [each for each in wanted if each not in live]
        found += self._by_values("Id", wanted)
        told = {remote_id for part in found for remote_id in part["remote_id"]}
        return stack(
            self.side, [*found, absent_rows(self.side, [each for each in asked if each not in told])]
        )

    def find_markers(self, markers: Sequence[str]) -> pd.DataFrame:
        if self._marker_field is None:
            return stack(self.side, [])
        return stack(self.side, self._by_values(self._marker_field, list(dict.fromkeys(markers))))

    def find_created(self, since: datetime, until: datetime) -> pd.DataFrame:
        where = format_soql(
            "CreatedById = {} AND CreatedDate >= {} AND CreatedDate < {}",
            self._me(),
            since.astimezone(UTC).replace(microsecond=0),
            _second(until),
        )
        return stack(self.side, [decode_tasks(records, self._marking) for records in self._whole(where)])

    def carries_markers(self) -> bool:
        if self._marker_field is None:
            return False
        soql = f"SELECT Id FROM Task WHERE {self._marker_field} LIKE 'tb:%' LIMIT 1"
        need = task_need(self._marker_field)
        return any(records for _, records in self._known(need, lambda: self._query("queryAll", soql)))

    def write(self, op: Op, rows: pd.DataFrame, fence: Callable[[], None] = unfenced) -> pd.DataFrame:
        if len(rows) > self.chunk_size:
            raise ValueError(f"{len(rows)} rows in one write; at most {self.chunk_size}")
        asked = rows_of(rows)
        if "Task.WhoId" in self.lacking:
            asked = [{**row, "person": None} for row in asked]
        with self._channel.fenced(fence):
            updating = op is Op.UPDATE
            results = self._guarded.write(asked) if updating else self._collections.write(op, asked)
            if op is Op.CREATE:
                results = self._people.follow(
                    asked, results, lambda again: self._collections.write(op, again)
                )
        return outcome_frame(results)

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

    def _fetch(self, name: str, fields: Sequence[str], ids: Sequence[str]) -> list[Any]:
        """Records of any object by their ids, deleted ones included."""
        found: list[Any] = []
        for lot in _url_lots(ids):
            where = f"Id IN {format_soql('{}', list(lot))}"
            soql = f"SELECT {', '.join(fields)} FROM {name} WHERE {where} ORDER BY Id"
            for records in self._to_the_end(partial(self._query, "queryAll", soql)):
                found += records
        return found

    def _retrieved(self, ids: Sequence[str]) -> pd.DataFrame:
        """The live ones among these records."""
        ((_, records),) = self._known(task_need(self._marker_field), lambda: self._retrieve(ids))
        return decode_tasks([record for record in records if record is not None], self._marking)

    def _retrieve(self, ids: Sequence[str]) -> Iterator[tuple[Answer, list[Any]]]:
        question = {"ids": list(ids), "fields": self._fields}
        answer = self._channel.read(f"{self._data}/composite/sobjects/Task", question=question)
        records = answer.body()
        if not isinstance(records, list) or len(records) != len(ids):
            raise ContractBroken(f"{CONNECTION}: expected {len(ids)} records or nulls by their ids")
        yield answer, records

    def _by_values(self, name: str, values: Sequence[str]) -> Iterator[pd.DataFrame]:
        for lot in _url_lots(values):
            for records in self._whole(f"{name} IN {format_soql('{}', list(lot))}"):
                yield decode_tasks(records, self._marking)

    def _whole(self, where: str) -> list[list[Any]]:
        return self._to_the_end(lambda: self._tasks(where, "Id"))

    def _to_the_end(self, ask: Callable[[], Iterator[tuple[Answer | None, list[Any]]]]) -> list[list[Any]]:
        """All pages, read anew when the query's place is lost: nothing is handed on before its end."""
        for _ in range(1 + _RESTARTS):
            try:
                return [records for _, records in ask()]
            except _LocatorLost:
                continue
        raise _lost_again()

    def _streamed(self, where: str) -> Iterator[pd.DataFrame]:
        """All pages as they come, once more from the first when the query's place is lost."""
        for _ in range(1 + _RESTARTS):
            try:
                for _answer, records in self._tasks(where, "Id"):
                    yield decode_tasks(records, self._marking)
                return
            except _LocatorLost:
                continue
        raise _lost_again()

    def _tasks(self, where: str, order: str) -> Iterator[tuple[Answer | None, list[Any]]]:
        """Pages of records in that order; without an answer those of a Bulk query, which come in none."""
        pages = self._known(
            task_need(self._marker_field),
            lambda: self._query("queryAll", f"{self._selected(where)} ORDER BY {order}"),
        )
        answer, first = next(pages)
        if self._by_job(_page(answer)["totalSize"]):
            try:
                yield from ((None, records) for records in self._query_jobs.read(self._selected(where)))
                return
            except JobRefused as refused:
                _LOG.warning("%s", refused)
        yield answer, first
        yield from pages

    def _selected(self, where: str) -> str:
        return f"SELECT {', '.join(self._fields)} FROM Task WHERE {where}"

    @property
    def _fields(self) -> list[str]:
        return [*self._shown("Task", TASK_FIELDS), *self._marking.fields]

    @property
    def _user_fields(self) -> list[str]:
        return self._shown("User", USER_FIELDS)

    def _shown(self, name: str, fields: Sequence[str]) -> list[str]:
        return [field for field in fields if f"{name}.{field}" not in self.lacking]

    def _known(
        self, need: ObjectNeed, ask: Callable[[], Iterator[tuple[Answer, list[Any]]]]
    ) -> Iterator[tuple[Answer, list[Any]]]:
        """The pages of a query. One that names what cannot be seen is asked again without what is done without; or
        raises ContractBroken, which says which fields are needed, and what helps."""
        pages = ask()
        try:
            first = next(pages)
        except Refusal as refusal:
            if not (refusal.codes & _UNSEEN and self._learns(need, refusal)):
                raise
            pages = ask()
            first = next(pages)
        yield first
        yield from pages

    def _learns(self, need: ObjectNeed, refusal: Refusal) -> bool:
        """Whether a description tells something that was not known before."""
        before = self.lacking
        contract = self._described(need)
        if contract.breaches:
            raise ContractBroken(contract.sentence) from refusal
        return self.lacking != before

    def _by_job(self, records: int) -> bool:
        if self._query_threshold is None:
            return prefers_query_job(records)
        return self._query_threshold != NEVER and records >= self._query_threshold

    def _query(self, resource: str, soql: str) -> Iterator[tuple[Answer, list[Any]]]:
        """Pages with their answers. Raises ReadIncomplete when fewer records come than were announced."""
        answer = self._channel.read(f"{self._data}/{resource}", {"q": soql})
        count = 0
        while True:
            page = _page(answer)
            count += len(page["records"])
            yield answer, page["records"]
            if page["done"]:
                break
            answer = self._next(page["nextRecordsUrl"])
        if count < page["totalSize"]:
            raise ReadIncomplete(
                f"{CONNECTION}: Salesforce announced {page['totalSize']} records and gave {count}; run again"
            )

    def _next(self, path: str) -> Answer:
        try:
            return self._channel.read(path)
        except Refusal as refusal:
            if _LOST_LOCATOR in refusal.codes:
                raise _LocatorLost from refusal
            raise

    def _me(self) -> str:
        """The id of the user that the session belongs to."""
        if self._my_id is None:
            told = self._channel.read("/services/oauth2/userinfo").body()
            user_id = told.get("user_id") if isinstance(told, dict) else None
            if not isinstance(user_id, str) or not _is_id(user_id):
                raise ContractBroken(
                    f"{CONNECTION}: Salesforce does not tell which user the session belongs to; without the marker "
                    "field TaskBridge must know: give the external client app the scope id as well"
                )
            self._my_id = to_18(user_id)
        return self._my_id

    def _described(self, need: ObjectNeed) -> Contract:
        answer = self._channel.read(f"{self._data}/sobjects/{need.name}/describe", accept=(_NOT_FOUND,))
        contract = judge(None if answer.status == _NOT_FOUND else read_shape(answer.body()), need)
        others = {name for name in self.lacking if not name.startswith(f"{need.name}.")}
        self.lacking = frozenset(others | {f"{need.name}.{name}" for name in contract.absent})
        return contract

    def _org(self) -> str:
        prefix, mark, _ = self._channel.grant().token.partition("!")
        if not mark or not prefix.startswith("00D") or not _is_id(prefix):
            raise ContractBroken(
                f"{CONNECTION}: the access token does not begin with the org's id, so the org cannot be told;"
                " have the external client app issue opaque tokens, not JWTs"
            )
        return to_18(prefix)


def _lost_again() -> ReadIncomplete:
    return ReadIncomplete(f"{CONNECTION}: Salesforce lost the query's place {_RESTARTS + 1} times; run again")


class _LocatorLost(Exception):
    """The query's place is gone (INVALID_QUERY_LOCATOR)."""


class _Login:
    """Makes a session a grant, and says in our words what went wrong."""

    def __init__(self, login: Callable[[], SalesforceSession]) -> None:
        self._login = login

    def __call__(self, session: requests.Session, timeouts: tuple[float, float]) -> Grant:
        try:
            granted = self._login()
        except SalesforceAuthenticationFailed as refused:
            raise AuthenticationFailed(
                f"{CONNECTION}: Salesforce refused the login ({refused.code}: {refused.auth_message});"
                " correct the connection's consumer key and secret, and check the app's run-as user"
            ) from refused
        return Grant(granted.instance_url.rstrip("/"), granted.access_token)


def _page(answer: Answer) -> dict[str, Any]:
    page = answer.body()
    wanted = {"totalSize", "done", "records"}
    if not isinstance(page, dict) or not wanted <= page.keys() or not isinstance(page["records"], list):
        raise ContractBroken(f"{CONNECTION}: expected a query's page with {', '.join(sorted(wanted))}")
    if not page["done"] and not isinstance(page.get("nextRecordsUrl"), str):
        raise ContractBroken(f"{CONNECTION}: expected the last page of a query or the name of the next")
    return page


def _after(records: Sequence[Any], end: datetime) -> str | None:
    """The condition for what comes after these records, None when they tell no place.

    A record that was edited since the query began shows a stamp of now: no place in this query's order.
    """
    for record in reversed(records):
        try:
            stamp = datetime.fromisoformat(record["SystemModstamp"]).astimezone(UTC)
            record_id = to_18(record["Id"])
        except (KeyError, TypeError, ValueError):
            continue
        if stamp < end:
            return format_soql(
                "SystemModstamp > {} OR (SystemModstamp = {} AND Id > {})", stamp, stamp, record_id
            )
    return None


def _url_lots(values: Sequence[str]) -> Iterator[list[str]]:
    """Lots whose IN list fits a request's URL."""
    lot: list[str] = []
    size = 0
    for value in values:
        length = len(quote(f"{format_soql('{}', value)},", safe=""))
        if lot and size + length > _URL_BYTES:
            yield lot
            lot, size = [], 0
        lot.append(value)
        size += length
    if lot:
        yield lot


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
