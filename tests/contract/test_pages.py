"""Invariant 12: no page is believed. Listings tell distinct records, lead on with each page, and end, or fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from taskbridge.core.run import Window
from taskbridge.errors import ReadIncomplete
from taskbridge.sides.pages import Page, by_field, read_numbered, read_pages
from taskbridge.sides.pages_by_stamp import ByStamp

START = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(minutes=10))
MICRO, MILLI, SECOND = (timedelta(microseconds=size) for size in (1, 1_000, 1_000_000))
Record = dict[str, Any]


def rows(*numbers: int | None) -> list[Record]:
    return [{"id": number} for number in numbers]


def told(*pages: Page) -> list[int]:
    """What a listing of these pages tells, in their order or as they lead."""
    numbered: dict[Any, Page] = {None: pages[0], **dict(enumerate(pages))}
    read = read_pages("it", lambda place: numbered[place], by_field("id"))
    return [row["id"] for page in read for row in page.rows]


def test_pages_are_told_in_their_order() -> None:
    assert told(Page(rows(1, 2), 3, 1), Page(rows(3), 3)) == [1, 2, 3]
    assert told(Page([], 0)) == []


@pytest.mark.parametrize(
    ("pages", "sentence"),
    [
        ([Page(rows(1), 3, 1), Page(rows(1), 3, 2), Page(rows(2), 3)], "it announced 3 records and gave 2"),
        ([Page(rows(1), 2, 1), Page(rows(1), 2)], "it announced 2 records and gave 1"),
        ([Page(rows(1, 1), 2)], "it announced 2 records and gave 1"),
        ([Page(rows(1), 2, 1), Page(rows(2), 1)], None),
        ([Page(rows(1), 3, 1), Page(rows(2), 1)], "it announced 3 records and gave 2"),
        ([Page(rows(1), 9, 1), Page(rows(2), 9, 1)], "leads back"),
        ([Page(rows(1), 9, 1), Page(rows(2), 9, 2), Page(rows(3), 9, 1)], "leads back"),
        ([Page(rows(1), 9, n + 1) for n in range(9)], "5 pages in a row that tell nothing new"),
        ([Page([], 9, n + 1) for n in range(9)], "5 pages in a row that tell nothing new"),
        ([Page(rows(n), 3, n + 1) for n in range(9)], "goes on after all records that it announced"),
        ([Page(rows(1), 2, 1), Page([], 2, 2), Page(rows(2), 2)], None),
        ([Page(rows(None, None), 2)], None),
        ([Page(rows(None), 9, n + 1) for n in range(9)], "tell nothing new"),
    ],
)
def test_a_listing_ends_whole_or_with_a_sentence(pages: list[Page], sentence: str | None) -> None:
    if sentence is None:
        assert len(told(*pages)) == pages[0].total
    else:
        with pytest.raises(ReadIncomplete, match=sentence):
            told(*pages)


class People:
    """Numbered pages of two of people who come and go: between two calls what `happens` says."""

    def __init__(self, *happens: Callable[[list[int]], None]) -> None:
        self.ids = [1, 2, 3, 4, 5]
        self.happens = list(happens)
        self.calls = 0

    def ask(self, number: int) -> Page:
        self.calls += 1
        start = 2 * (number - 1)
        page = rows(*self.ids[start : start + 2])
        answer = Page(page, len(self.ids), number + 1 if start + 2 < len(self.ids) else None)
        if self.happens:
            self.happens.pop(0)(self.ids)
        return answer


def test_a_border_that_moved_loses_nobody() -> None:
    people = People(lambda ids: ids.remove(1))
    found = read_numbered("it", people.ask, by_field("id"))
    assert [row["id"] for page in found for row in page.rows] == [2, 3, 4, 5]
    people = People(lambda ids: ids.insert(0, 0))
    found = read_numbered("it", people.ask, by_field("id"))
    assert [row["id"] for page in found for row in page.rows] == [0, 1, 2, 3, 4, 5]


def test_borders_that_never_rest_end_with_a_sentence() -> None:
    people = People(*(lambda ids: ids.insert(0, min(ids) - 1) for _ in range(9_999)))
    with pytest.raises(ReadIncomplete, match=r"announced \d+ records and gave \d+; run again"):
        read_numbered("it", people.ask, by_field("id"))
    assert people.happens, "it gave up before they rested"


def test_a_short_page_alone_is_not_asked_for_again() -> None:
    calls: list[int] = []
    with pytest.raises(ReadIncomplete, match="announced 3 users and gave 0"):
        read_numbered("it", lambda number: calls.append(number) or Page([], 3), by_field("id"), what="users")
    assert calls == [1]


class Server:
    """Records by stamp. It shows and compares stamps as coarsely as it is told, and may play tricks on the way."""

    def __init__(
        self,
        stamps: Sequence[int],
        *,
        size: int,
        shows: timedelta = MICRO,
        compares: timedelta = MICRO,
        tricks: Sequence[str] = (),
        descending: bool = False,
        leaving: Sequence[int] = (),
    ) -> None:
        self.records = {
            number: START + timedelta(microseconds=stamp) for number, stamp in enumerate(sorted(stamps))
        }
        self.size, self.shows, self.compares = size, shows, compares
        self.tricks, self.descending = list(tricks), descending
        self.leaving = list(leaving)
        self.stayed = set(self.records)
        self.calls = 0
        self._last: list[Record] = []

    def ask(self, window: Window, number: int) -> Page:
        self.calls += 1
        assert self.calls < 3_000, "read without end"
        if self.leaving and (gone := self.leaving.pop(0)) in self.records:
            del self.records[gone]
            self.stayed.discard(gone)
        start, end = down(window.start, self.compares), down(window.end, self.compares)
        found = sorted(
            (stamp, number)
            for number, stamp in self.records.items()
            if start <= down(stamp, self.compares) < end
        )
        ordered = found[::-1] if self.descending else found
        at = (number - 1) * self.size
        page = [{"id": each, "at": down(stamp, self.shows)} for stamp, each in ordered[at : at + self.size]]
        following = number + 1 if at + self.size < len(found) else None
        return self._tricked(Page(page, len(found), following), number)

    def _tricked(self, page: Page, number: int) -> Page:
        trick = self.tricks.pop(0) if self.tricks else ""
        shown = list(page.rows)
        if trick == "repeats":
            page = Page(self._last or shown, page.total, page.following)
        elif trick == "stalls":
            page = Page(shown, page.total, number)
        elif trick == "loses":
            page = Page(shown[:1] + shown[2:], page.total, page.following)
        elif trick == "empty":
            page = Page([], page.total, page.following)
        self._last = shown
        return page


def down(moment: datetime, grain: timedelta) -> datetime:
    return moment - (moment - START) % grain


def read(server: Server) -> list[int]:
    reading = ByStamp("it", server.ask, lambda row: (row["id"], row["at"]), lambda row: row["at"])
    return [row["id"] for page in reading.read(WINDOW) for row in page]


def test_250_tasks_of_a_millisecond_on_a_server_that_compares_microseconds() -> None:
    server = Server([456 * 1_000 + number for number in range(250)], size=100, shows=MILLI)
    assert sorted(read(server)) == list(range(250))
    assert server.calls < 12


@pytest.mark.parametrize("shows", [MICRO, MILLI, SECOND])
@pytest.mark.parametrize("compares", [MICRO, MILLI, SECOND])
@pytest.mark.parametrize("step", [0, 1, 300, 40_000])
def test_however_coarse_stamps_are_shown_and_compared(
    shows: timedelta, compares: timedelta, step: int
) -> None:
    server = Server(
        [5_000_000 + step * number for number in range(230)], size=20, shows=shows, compares=compares
    )
    found = read(server)
    assert sorted(found) == list(range(230))
    assert server.calls < 150


def test_an_empty_page_in_the_middle_is_read_over() -> None:
    server = Server(range(0, 5_000, 100), size=10, tricks=["", "", "empty"])
    assert sorted(read(server)) == list(range(50))


def test_a_server_that_knows_no_order_is_read_by_numbers() -> None:
    server = Server(range(0, 5_000, 100), size=10, descending=True)
    assert sorted(read(server)) == list(range(50))


def test_a_record_that_no_page_shows_is_no_whole_listing() -> None:
    server = Server(range(0, 5_000, 100), size=10, tricks=["loses"] * 999)
    with pytest.raises(ReadIncomplete, match="announced"):
        read(server)


@settings(max_examples=400, deadline=None)
@given(
    stamps=st.lists(
        st.one_of(st.integers(0, 3_000), st.sampled_from([5, 1_000, 1_000_000, 1_000_500])), max_size=40
    ),
    size=st.integers(1, 6),
    shows=st.sampled_from([MICRO, MILLI, SECOND]),
    compares=st.sampled_from([MICRO, MILLI, SECOND]),
    tricks=st.lists(st.sampled_from(["", "", "repeats", "stalls", "loses", "empty"]), max_size=12),
    descending=st.booleans(),
    leaving=st.lists(st.integers(0, 60), max_size=6),
)
@example([0] * 9, 2, MICRO, MICRO, [], False, [])
def test_12_all_that_stays_is_told_or_the_read_fails(
    stamps: list[int],
    size: int,
    shows: timedelta,
    compares: timedelta,
    tricks: list[str],
    descending: bool,
    leaving: list[int],
) -> None:
    server = Server(
        stamps,
        size=size,
        shows=shows,
        compares=compares,
        tricks=tricks,
        descending=descending,
        leaving=()
        if "repeats" in tricks
        else leaving,  # a page of before may then happen to be as long as its total
    )
    try:
        found = read(server)
    except ReadIncomplete:
        if tricks or leaving:
            return
        raise
    assert server.stayed <= set(found)
    if not (tricks or leaving or descending):
        assert len(found) == len(set(found)), "a record was told twice"
