"""Asking Salesforce for records: queries page by page or by a Bulk job, records by their ids, descriptions.

Fields that an org does not show are left out, and found out by the query that names them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, Literal, Self
from urllib.parse import quote, urlencode

import pandas as pd
from pydantic import model_validator
from simple_salesforce.format import format_soql

from taskbridge.core.api_calls import NEVER, prefers_query_job
from taskbridge.core.bounds import moment
from taskbridge.core.contract import Contract, ObjectNeed, judge
from taskbridge.errors import ContractBroken, JobRefused, ReadIncomplete
from taskbridge.sides.failures import Refusal
from taskbridge.sides.http import Channel
from taskbridge.sides.http_answer import HttpAnswer
from taskbridge.sides.pages import Page, by_field, read_pages
from taskbridge.sides.salesforce.bulk_query import QueryJobs
from taskbridge.sides.salesforce.composite import Part, ask_together
from taskbridge.sides.salesforce.describe import Described, task_need, user_need
from taskbridge.sides.salesforce.ids import to_18
from taskbridge.sides.salesforce.marking import Marking
from taskbridge.sides.salesforce.originals import TaskFields
from taskbridge.sides.salesforce.records import TASK_FIELDS, USER_FIELDS, decode_tasks
from taskbridge.sides.shapes import Count, Shape, shaped

_LOG = logging.getLogger(__name__)
_URL_BYTES: Final = 9_000  # of one IN list as it is sent; a request's line and headers may have 16,384
_ALL_FIELDS: Final = 200  # records of which one query shows every field
_RESTARTS: Final = 3
_OK: Final = 200
_NOT_FOUND: Final = 404
_UNSEEN: Final = frozenset({"INVALID_FIELD", "INVALID_TYPE"})
_LOST_LOCATOR: Final = "INVALID_QUERY_LOCATOR"

Pages = Iterator[Page]


class QueryPage(Shape):
    """A page of a query."""

    expected = "a query's page with done, records, totalSize and, unless it is the last, nextRecordsUrl"
    totalSize: Count
    done: bool
    records: list[Any]
    nextRecordsUrl: str | None = None

    @model_validator(mode="after")
    def _leads_on(self) -> Self:
        if not self.done and self.nextRecordsUrl is None:
            raise ValueError("neither the last page nor the name of the next")
        return self


class Retrieved(Shape):
    """Records by their ids, in the order of these."""

    expected = "a list of records or nulls"
    records: list[dict[str, Any] | None]


class Queries:
    """The resources of one API version that read. `data` is its path.

    From `threshold` records on, by default where that takes fewer calls, they are read by one of `jobs`.
    """

    def __init__(
        self,
        channel: Channel,
        data: str,
        marking: Marking,
        marker_field: str | None,
        jobs: QueryJobs,
        threshold: int | Literal["never"] | None,
    ) -> None:
        self.channel, self.data = channel, data
        self.marking, self.marker_field = marking, marker_field
        self.jobs, self.threshold = jobs, threshold
        self.lacking: frozenset[str] = frozenset()

    def users(self) -> Pages:
        """All users, page by page."""
        return self.known(user_need(), lambda: self.query("query", self._all_users()))

    def users_of(self, ids: Sequence[str]) -> list[Any]:
        """Those among these users that there are."""
        return self.fetch("User", self._shown("User", USER_FIELDS), ids)

    def users_and_contract(self) -> tuple[Pages, Contract]:
        """All users, page by page, and Task as described, by one call. What is refused in it is asked for alone, so
        that it is understood as ever."""
        needs = [need for need in (user_need(), task_need(self.marker_field)) if self._looked_at(need)]
        urls = {need.name: self._description(need) for need in needs}
        urls["users"] = f"{self.data}/query?{urlencode({'q': self._all_users()})}"
        answer, parts = ask_together(self.channel, self.data, urls)
        contract = [self._judged(need, parts[need.name]) for need in needs][-1]
        users = parts["users"]
        if users.status != _OK:
            return self.users(), contract
        return self._pages(answer, shaped(QueryPage, users.body, f"{answer.asked}, part users")), contract

    def contract(self) -> Contract:
        """Task as described."""
        needs = [need for need in (user_need(), task_need(self.marker_field)) if self._looked_at(need)]
        return [self.described(need) for need in needs][-1]

    def _looked_at(self, need: ObjectNeed) -> bool:
        """Task always; of another object only whether fields that were done without have come back."""
        return need.name == "Task" or any(name.startswith(f"{need.name}.") for name in self.lacking)

    def _all_users(self) -> str:
        return f"SELECT {', '.join(self._shown('User', USER_FIELDS))} FROM User ORDER BY Id"

    def changed(self, start: datetime, end: datetime) -> Iterator[pd.DataFrame]:
        """Tasks stamped in this time; in halves of it, and so on, where one query would look at too many records."""
        spans = [(start, end)]
        while spans:
            since, until = spans.pop()
            try:
                yield from self._changed(since, until)
            except Refusal as refusal:
                middle = (since + (until - since) / 2).replace(microsecond=0)
                if not too_much(refusal) or not since < middle < until:
                    raise
                spans += [(middle, until), (since, middle)]

    def _changed(self, start: datetime, end: datetime) -> Iterator[pd.DataFrame]:
        """By one query; should its locator be lost, by another from the last record on."""
        where = beginning = format_soql("SystemModstamp >= {}", start)
        due = 0
        for _ in range(1 + _RESTARTS):
            told = total = 0
            bounded = f"({where}) AND {format_soql('SystemModstamp < {}', end)}"
            try:
                for page in self._tasks(bounded, "SystemModstamp, Id"):
                    if not told and page.total < due:
                        # More is gone than the lost place explains: from the beginning.
                        where, due = beginning, 0
                        break
                    told, total = told + len(page.rows), page.total
                    if page.answer is not None:
                        where = _after(page.rows, end) or where
                    yield decode_tasks(page.rows, self.marking)
                else:
                    return
            except _LocatorLost:
                due = total - told
        raise self._lost_again()

    def fetch(self, name: str, fields: Sequence[str], ids: Sequence[str]) -> list[Any]:
        """Records of any object by their ids, deleted ones included."""
        found: list[Any] = []
        for lot in url_lots(ids):
            where = f"Id IN {format_soql('{}', list(lot))}"
            soql = f"SELECT {', '.join(fields)} FROM {name} WHERE {where} ORDER BY Id"
            for records in self._to_the_end(partial(self.query, "queryAll", soql)):
                found += records
        return found

    def whole_records(self, ids: Sequence[str]) -> pd.DataFrame:
        """These records, 200 at most, with every field that the org shows, deleted ones included."""
        soql = f"SELECT FIELDS(ALL) FROM Task WHERE Id IN {format_soql('{}', list(ids))} LIMIT {_ALL_FIELDS}"
        found = self._to_the_end(partial(self.query, "queryAll", soql))
        return decode_tasks([record for records in found for record in records], self.marking)

    def retrieved(self, ids: Sequence[str]) -> pd.DataFrame:
        """The live ones among these records."""
        (page,) = self.known(task_need(self.marker_field), lambda: self._retrieve(ids))
        return decode_tasks([record for record in page.rows if record is not None], self.marking)

    def _retrieve(self, ids: Sequence[str]) -> Pages:
        question = {"ids": list(ids), "fields": self._fields}
        answer = self.channel.read(f"{self.data}/composite/sobjects/Task", question=question)
        records = shaped(Retrieved, {"records": answer.body()}, answer.asked).records
        if len(records) != len(ids):
            raise ContractBroken(f"{answer.asked}: expected {len(ids)} records or nulls, got {len(records)}")
        yield from read_pages(answer.asked, lambda _: Page(records, 0, None, answer), by_field("Id"))

    def by_values(self, name: str, values: Sequence[str]) -> Iterator[pd.DataFrame]:
        for lot in url_lots(values):
            for records in self.whole(f"{name} IN {format_soql('{}', list(lot))}"):
                yield decode_tasks(records, self.marking)

    def whole(self, where: str) -> list[Sequence[Any]]:
        return self._to_the_end(lambda: self._tasks(where, "Id"))

    def _to_the_end(self, ask: Callable[[], Pages]) -> list[Sequence[Any]]:
        """All pages, read anew when the query's place is lost: nothing is handed on before its end."""
        for _ in range(1 + _RESTARTS):
            try:
                return [page.rows for page in ask()]
            except _LocatorLost:
                continue
        raise self._lost_again()

    def streamed(self, where: str) -> Iterator[pd.DataFrame]:
        """All pages as they come, once more from the first when the query's place is lost."""
        for _ in range(1 + _RESTARTS):
            try:
                for page in self._tasks(where, "Id"):
                    yield decode_tasks(page.rows, self.marking)
                return
            except _LocatorLost:
                continue
        raise self._lost_again()

    def _tasks(self, where: str, order: str) -> Pages:
        """Pages of records in that order; without an answer those of a Bulk query, which come in none."""
        pages = self.known(
            task_need(self.marker_field),
            lambda: self.query("queryAll", f"{self._selected(where)} ORDER BY {order}"),
        )
        first = next(pages)
        if self._by_job(first.total):
            try:
                yield from self.jobs.read(self._selected(where))
                return
            except JobRefused as refused:
                _LOG.warning("%s", refused)
        yield first
        yield from pages

    def _selected(self, where: str) -> str:
        return f"SELECT {', '.join(self._fields)} FROM Task WHERE {where}"

    @property
    def _fields(self) -> list[str]:
        return [*self._shown("Task", TASK_FIELDS), *self.marking.fields]

    def _shown(self, name: str, fields: Sequence[str]) -> list[str]:
        return [field for field in fields if f"{name}.{field}" not in self.lacking]

    def known(self, need: ObjectNeed, ask: Callable[[], Pages]) -> Pages:
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
        contract = self.described(need)
        if contract.breaches:
            raise ContractBroken(contract.sentence) from refusal
        return self.lacking != before

    def _by_job(self, records: int) -> bool:
        if self.threshold is None:
            return prefers_query_job(records)
        return self.threshold != NEVER and records >= self.threshold

    def query(self, resource: str, soql: str) -> Pages:
        """Pages with their answers. Raises ReadIncomplete when fewer records come than were announced."""
        answer = self.channel.read(f"{self.data}/{resource}", {"q": soql})
        yield from self._pages(answer, answer.of(QueryPage))

    def _pages(self, answer: HttpAnswer, first: QueryPage) -> Pages:
        def ask(place: str | None) -> Page:
            told = answer if place is None else self._next(place)
            page = first if place is None else told.of(QueryPage)
            return Page(page.records, page.totalSize, None if page.done else page.nextRecordsUrl, told)

        return read_pages(f"{self.channel.connection}: Salesforce", ask, by_field("Id"))

    def _next(self, path: str) -> HttpAnswer:
        try:
            return self.channel.read(path)
        except Refusal as refusal:
            if _LOST_LOCATOR in refusal.codes:
                raise _LocatorLost from refusal
            raise

    def described(self, need: ObjectNeed) -> Contract:
        answer = self.channel.read(self._description(need), accept=(_NOT_FOUND,))
        return self._judged(need, Part(answer.status, None if answer.status == _NOT_FOUND else answer.body()))

    def task_fields(self) -> TaskFields:
        return self.channel.read(self._description(task_need(self.marker_field))).of(TaskFields)

    def _description(self, need: ObjectNeed) -> str:
        return f"{self.data}/sobjects/{need.name}/describe"

    def _judged(self, need: ObjectNeed, told: Part) -> Contract:
        if told.status not in (_OK, _NOT_FOUND):
            return self.described(need)
        asked = f"{self.channel.connection}: GET {self._description(need)}"
        there = told.status != _NOT_FOUND
        contract = judge(shaped(Described, told.body, asked).shape() if there else None, need)
        others = {name for name in self.lacking if not name.startswith(f"{need.name}.")}
        self.lacking = frozenset(others | {f"{need.name}.{name}" for name in contract.absent})
        return contract

    def _lost_again(self) -> ReadIncomplete:
        return ReadIncomplete(
            f"{self.channel.connection}: Salesforce lost the query's place {_RESTARTS + 1} times; run again"
        )


def too_much(refusal: Refusal) -> bool:
    """Whether a smaller part may be answered."""
    return "OPERATION_TOO_LARGE" in refusal.codes


class _LocatorLost(Exception):
    """The query's place is gone (INVALID_QUERY_LOCATOR)."""


def _after(records: Sequence[Any], end: datetime) -> str | None:
    """The condition for what comes after these records, None when they tell no place.

    A record that was edited since the query began shows a stamp of now: no place in this query's order.
    """
    for record in reversed(records):
        try:
            stamp = moment(record["SystemModstamp"])
            record_id = to_18(record["Id"])
        except (KeyError, TypeError, ValueError):
            continue
        if stamp < end:
            return format_soql(
                "SystemModstamp > {} OR (SystemModstamp = {} AND Id > {})", stamp, stamp, record_id
            )
    return None


def url_lots(values: Sequence[str]) -> Iterator[list[str]]:
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
