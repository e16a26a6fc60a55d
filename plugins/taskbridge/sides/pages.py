"""The one reader of listings: no page is believed (invariant 12).

Whatever a system pages by, addresses, locators or numbers: each record is told once, each page leads on, and the end is
reached with as many records as were announced, or the read fails.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from taskbridge.errors import ReadIncomplete
from taskbridge.sides.http_answer import HttpAnswer

_IDLE: Final = 5  # pages in a row that tell nothing new
_PASSES: Final = 10

NameOf = Callable[[Any], Hashable | None]
"""What tells records apart; None for a record that cannot be told apart."""


@dataclass(frozen=True)
class Page:
    """Some records of a listing that announces `total`. `following`: the place of the next page, None on the last."""

    rows: Sequence[Any]
    total: int
    following: Hashable | None = None
    answer: HttpAnswer | None = None

    @property
    def answered(self) -> HttpAnswer:
        """The answer that the page came in. Raises ValueError for one that came in none."""
        if self.answer is None:
            raise ValueError("a page that came in no answer")
        return self.answer


class Moved(ReadIncomplete):
    """Records joined or left while pages were read, so that the borders of pages moved over others."""


def read_pages(
    listing: str,
    ask: Callable[[Any], Page],
    name_of: NameOf,
    *,
    what: str = "records",
) -> Iterator[Page]:
    """Every page, each with the records that none before it had. The first is asked for with None.

    `listing` begins the sentence of what is raised: Moved where fewer records came than any page announced;
    ReadIncomplete where pages lead nowhere.
    """
    told = _Told(name_of)
    places: set[Hashable | None] = {None}
    announced = idle = 0
    place: Hashable | None = None
    while True:
        page = ask(place)
        announced = max(announced, page.total)
        before = len(told.names)
        yield replace(page, rows=told.fresh(page.rows))
        place = page.following
        if place is None:
            break
        idle = 0 if len(told.names) > before else idle + 1
        if place in places:
            raise ReadIncomplete(f"{listing} has a page that leads back to one that was read; run again")
        if idle >= _IDLE:
            raise ReadIncomplete(f"{listing} has {idle} pages in a row that tell nothing new; run again")
        if len(told.names) > announced:
            raise ReadIncomplete(f"{listing} goes on after all {what} that it announced; run again")
        places.add(place)
    if told.count < announced:
        raise Moved(f"{listing} announced {announced} {what} and gave {told.count}; run again")


def read_numbered(
    listing: str, ask: Callable[[int], Page], name_of: NameOf, *, what: str = "records"
) -> list[Page]:
    """All pages of a listing by number. A number is no safe place while records move: only a pass counts in which none
    did, and that gave all; else it is read anew. Raises ReadIncomplete."""
    for left in reversed(range(_PASSES)):
        numbers: list[int] = []

        def numbered(place: int | None, numbers: list[int] = numbers) -> Page:
            numbers.append(place or 1)
            return ask(numbers[-1])

        try:
            return list(read_pages(listing, numbered, name_of, what=what))
        except Moved:
            if not left or len(numbers) == 1:
                raise
    raise AssertionError("the last pass answers or raises")


class _Told:
    """What was told before; records without a name are told as often as they come."""

    def __init__(self, name_of: NameOf) -> None:
        self._name_of = name_of
        self.names: set[Hashable] = set()
        self.count = 0

    def fresh(self, rows: Sequence[Any]) -> list[Any]:
        found: list[Any] = []
        for row in rows:
            name = self._name_of(row)
            if name is None or name not in self.names:
                found.append(row)
            if name is not None:
                self.names.add(name)
        self.count += len(found)
        return found


def by_field(name: str) -> NameOf:
    """Records told apart by a field."""

    def value(record: Any) -> Hashable | None:
        told = record.get(name) if isinstance(record, dict) else None
        return told if isinstance(told, str | int) else None

    return value
