"""Listings that are read on by the stamps of their records, as pages are no safe place while records move."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from taskbridge.core.run import Window
from taskbridge.sides.pages import Moved, Page, read_numbered

_GRAINS: Final = tuple(timedelta(microseconds=size) for size in (1, 1_000, 1_000_000))
_TRIES: Final = 3
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Ask = Callable[[Window, int], Page]
"""The page of that number among the records whose stamps are in the window, the oldest first."""


class ByStamp:
    """`moment_of`: the stamp that a record shows, None for one that shows none. A server may show coarser stamps than
    it compares, or compare coarser ones than it shows."""

    def __init__(
        self,
        listing: str,
        ask: Ask,
        name_of: Callable[[Any], Hashable],
        moment_of: Callable[[Any], datetime | None],
    ) -> None:
        self._listing, self._ask, self._name_of, self._moment_of = listing, ask, name_of, moment_of
        self._told: dict[Hashable, datetime | None] = {}  # of what was handed on, what can come again
        self._grain = _GRAINS[0]

    def read(self, window: Window) -> Iterator[list[Any]]:
        """Records that were not told before, list by list.

        Each call asks for the first page of what is not before the last stamp seen. It has to announce what the page
        before left: what it does not has left the window, or was lost, and is asked for again. Raises ReadIncomplete.
        """
        start = back = window.start
        due = tries = 0
        while True:
            page = self._ask(Window(start, window.end), 1)
            if self._lacks(page, start, due):
                tries += 1
                if tries == _TRIES:
                    yield from self._fresh(self._by_number(Window(back, window.end)))
                    return
                start, due = back, 0
                continue
            tries = tries if start == back else 0
            news = list(self._fresh(page.rows))
            yield from news
            if page.following is None:
                self._check_whole(page)
                return
            following = self._following(page, window.end)
            back = start
            if following is not None and following > start:
                due = page.total - self._before(page, following) - self._placeless(page)
                start = following
            else:
                start, rows = self._tie(page, Window(start, window.end))
                due = page.total - len(rows)
                more = list(self._fresh(rows))
                yield from more
                if start == window.end:
                    return
                if not news + more:
                    self._grain = next((one for one in _GRAINS if one > self._grain), window.end - back)
            self._forget(start)

    def _lacks(self, page: Page, start: datetime, due: int) -> bool:
        """Whether so many records from `start` on are not there, as announced, and told if this is the last page."""
        told = len({self._name_of(row) for row in page.rows}) - self._before(page, start)
        return page.total < due or (page.following is None and told < due)

    def _following(self, page: Page, end: datetime) -> datetime | None:
        """Where to go on after a page: with stamps that are shown coarsely, a little before the last one."""
        shown = self._shown(page, end)
        if not shown:
            return None
        self._grain = max(self._grain, _grain_of(shown))
        return max(shown) - (self._grain if self._grain > _GRAINS[0] else timedelta(0))

    def _shown(self, page: Page, end: datetime) -> list[datetime]:
        """None where they are in no order. One after the window's end is of a record that was edited meanwhile, and no
        place."""
        moments = [self._moment_of(row) for row in page.rows]
        shown = [moment for moment in moments if moment is not None and moment < end]
        return shown if shown == sorted(shown) else []

    def _before(self, page: Page, place: datetime) -> int:
        moments = {self._name_of(row): self._moment_of(row) for row in page.rows}
        return sum(moment is not None and moment < place for moment in moments.values())

    def _placeless(self, page: Page) -> int:
        return len({self._name_of(row) for row in page.rows if self._moment_of(row) is None})

    def _tie(self, page: Page, rest: Window) -> tuple[datetime, list[Any]]:
        """Where to go on, and all records from `rest.start` to there: here numbers of pages must do."""
        shown = self._shown(page, rest.end)
        end = rest.end
        if shown:
            end = min(end, _down(max(max(shown), rest.start) + self._grain, self._grain))
        return end, self._by_number(Window(rest.start, end))

    def _by_number(self, window: Window) -> list[Any]:
        pages = read_numbered(self._listing, lambda number: self._ask(window, number), self._name_of)
        return [row for page in pages for row in page.rows]

    def _check_whole(self, page: Page) -> None:
        given = len({self._name_of(row) for row in page.rows})
        if given < page.total:
            raise Moved(f"{self._listing} announced {page.total} records and gave {given}; run again")

    def _fresh(self, rows: Sequence[Any]) -> Iterator[list[Any]]:
        named = {self._name_of(row): row for row in rows}
        if fresh := [row for name, row in named.items() if name not in self._told]:
            yield fresh
        self._told |= {name: self._moment_of(row) for name, row in named.items()}

    def _forget(self, start: datetime) -> None:
        again = start - _GRAINS[-1]
        self._told = {
            name: moment for name, moment in self._told.items() if moment is None or moment >= again
        }


def _down(moment: datetime, grain: timedelta) -> datetime:
    return moment - (moment - _EPOCH) % grain


def _grain_of(shown: Sequence[datetime]) -> timedelta:
    """The coarsest parts of a second that these stamps are made of."""
    parts = [timedelta(microseconds=moment.microsecond) for moment in shown]
    return max(grain for grain in _GRAINS if all(part % grain == timedelta(0) for part in parts))
