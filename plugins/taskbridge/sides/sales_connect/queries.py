"""Asking Sales Connect for records: changes page by page, records by their ids or keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import pandas as pd
from pydantic import Field

from taskbridge.core.bounds import moment
from taskbridge.core.run import Window
from taskbridge.core.terms import Presence, Side
from taskbridge.errors import ContractBroken, ReadIncomplete
from taskbridge.sides.frames import absent_rows, task_frame
from taskbridge.sides.http import Channel
from taskbridge.sides.http_answer import HttpAnswer
from taskbridge.sides.pages import Page, by_field, read_pages
from taskbridge.sides.pages_by_stamp import ByStamp
from taskbridge.sides.sales_connect.login import CONNECTION
from taskbridge.sides.sales_connect.records import decode_tasks
from taskbridge.sides.sales_connect.writes import TASKS_PATH
from taskbridge.sides.shapes import Count, Shape

PER_PAGE: Final = 100
"""The most that a page or a list of ids takes."""
DELETED_TASKS: Final = "/v2/deleted_tasks"
NOT_FOUND: Final = 404

_LIVE, _GONE = 200, 410

Query = Sequence[tuple[str, Any]]


class NotOffered(ReadIncomplete):
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


class Queries:
    """`page_size`: records a page of changes; a look-up takes as many as the API gives."""

    def __init__(self, channel: Channel, page_size: int) -> None:
        self._channel = channel
        self._page_size = page_size

    def changes(self, path: str, stamp: str, window: Window, order: Mapping[str, str]) -> Iterator[list[Any]]:
        def ask(span: Window, number: int) -> Page:
            bounds = {f"{stamp}[gte]": _iso(span.start), f"{stamp}[lt]": _iso(span.end)}
            return self.page(path, [*bounds.items(), *order.items()], self._page_size, number)

        yield from ByStamp(
            f"{CONNECTION}: {path}",
            ask,
            lambda row: _identity(row, stamp),
            lambda row: _moment(row, stamp),
        ).read(window)

    def since(self, path: str, stamp: str, start: datetime, order: Mapping[str, str]) -> Listed:
        """The first page of what is stamped from a moment on."""
        page = self.page(path, [(f"{stamp}[gte]", _iso(start)), *order.items()], PER_PAGE, 1)
        return page.answered.of(Listed)

    def pages(self, path: str, query: Query) -> Iterator[Page]:
        """The pages of a look-up, as they are."""
        return read_pages(
            f"{CONNECTION}: {path}",
            lambda number: self.page(path, query, PER_PAGE, number or 1),
            by_field("id"),
        )

    def page(self, path: str, query: Query, size: int, number: int) -> Page:
        optional = (NOT_FOUND,) if path == DELETED_TASKS else ()
        answer = self._channel.read(path, [*query, ("per_page", size), ("page", number)], accept=optional)
        if answer.status == NOT_FOUND:
            raise NotOffered(f"{CONNECTION}: Sales Connect offers no {path} any more; run again")
        told = answer.of(Listed)
        return Page(told.data, told.metadata.paging.total_count, told.metadata.paging.next_page, answer)

    def carrying(self, path: str, marker: str) -> list[Any]:
        """The records with this key. Filters that are not known are ignored, and records of others would then pass
        for "no record carries this marker" (G2)."""

        found: list[Any] = []
        for page in self.pages(path, [("idempotency_key", marker)]):
            if any(not isinstance(row, dict) or row.get("idempotency_key") != marker for row in page.rows):
                raise ContractBroken(
                    f"{CONNECTION}: Sales Connect ignores the filter idempotency_key, which G2 needs"
                )
            found += page.rows
        return found

    def listed(self, ids: Sequence[str]) -> pd.DataFrame:
        """Those of a page that were asked for; what it does not show is looked up by itself."""
        page = self.page(TASKS_PATH, [("ids[]", remote_id) for remote_id in ids], PER_PAGE, 1)
        tasks = decode_tasks(page.rows)
        return tasks[tasks["remote_id"].isin(ids) & ~tasks["remote_id"].duplicated()]

    def missing(self, remote_id: str, control: str | None, witnesses: dict[str, bool]) -> pd.DataFrame:
        """A task that a list of ids left out: live after all, deleted on proof (C5), or absent."""
        if not remote_id.isdecimal():
            return absent_rows(Side.SALES_CONNECT, [remote_id])
        answer = self._one(remote_id)
        if answer.status == _LIVE:
            return decode_tasks([answer.of(One).data])
        proven = answer.status == _GONE or (control is not None and self._answers(control, witnesses))
        if not proven:
            return absent_rows(Side.SALES_CONNECT, [remote_id])
        # When it was deleted is not told: only the feed dates deletes (C6).
        return task_frame(Side.SALES_CONNECT, {"remote_id": [remote_id], "presence": [Presence.DELETED]}, 1)

    def _answers(self, control: str, witnesses: dict[str, bool]) -> bool:
        if control not in witnesses:
            witnesses[control] = control.isdecimal() and self._one(control).status == _LIVE
        return witnesses[control]

    def _one(self, remote_id: str) -> HttpAnswer:
        return self._channel.read(f"{TASKS_PATH}/{remote_id}", accept=(NOT_FOUND, _GONE))


def _moment(row: Any, stamp: str) -> datetime | None:
    try:
        return moment(row[stamp])
    except (KeyError, TypeError, ValueError):
        return None


def _identity(row: Any, stamp: str) -> tuple[str, str]:
    """A record as it is now: edited while it is listed, it may be told again."""
    return (repr(row.get("id")), repr(row.get(stamp))) if isinstance(row, dict) else (repr(row), "")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
