"""The points at which the death of a process makes a difference: right before and right after each durable write and
each remote call.

A durable write is a transaction of the ledger that wrote anything, whatever its statements are: PostgreSQL itself is
asked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import CursorResult, text

from taskbridge.core.terms import Side
from taskbridge.store import Ledger
from taskbridge.store.database import Database, Transaction
from tests.doubles.memory import MemorySide

_XID = text("SELECT pg_current_xact_id_if_assigned()::text::bigint")


@dataclass
class Points:
    """Every point that a run reaches, in order; `watch` is told the name of each when it is reached."""

    watch: Callable[[str], None]
    names: list[str] = field(default_factory=list)
    statements: set[str] = field(default_factory=set)
    transactions: set[int] = field(default_factory=set)
    doing: str = ""

    def reach(self, name: str) -> None:
        self.names.append(name)
        self.watch(name)


def watch_sides(points: Points, sides: dict[Side, MemorySide]) -> None:
    """Makes every remote call of these sides a point, "before" and "after" it."""
    for side, system in sides.items():
        system.faults.on_call = partial(_call, points, side)


def _call(points: Points, side: Side, moment: str) -> None:
    points.reach(f"{moment} of {side}")


def watched_ledger(url: str, points: Points) -> Ledger:
    """A ledger on connections of its own, of which every transaction that writes is a point."""
    ledger = Ledger(url, partial(_WatchedDatabase, points=points))
    for repository in vars(ledger).values():
        for name in vars(type(repository)):
            if name[0] != "_" and repository is not ledger._db:
                setattr(repository, name, partial(_named, points, name, getattr(repository, name)))
    return ledger


def _named(points: Points, name: str, method: Callable[..., Any], *args: Any, **options: Any) -> Any:
    points.doing = name
    return method(*args, **options)


class _WatchedDatabase(Database):
    def __init__(self, url: str, points: Points) -> None:
        super().__init__(url)
        self._points = points

    @contextlib.contextmanager
    def _begin(self) -> Iterator[Transaction]:
        points = self._points
        with super()._begin() as tx:
            watched = _WatchedTransaction(tx.connection)
            yield watched
            number = tx.connection.execute(_XID).scalar_one()
            if number is not None:
                points.statements |= watched.statements
                points.reach(f"before {points.doing}")
                points.transactions.add(number)
        if number is not None:
            points.reach(f"after {points.doing}")


class _WatchedTransaction(Transaction):
    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self.statements: set[str] = set()

    def run(self, statement: str, **parameters: object) -> CursorResult[Any]:
        self.statements.add(statement)
        return super().run(statement, **parameters)
