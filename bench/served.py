"""Both systems in a process of their own, so that neither their memory nor their time counts as ours."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any, Final

import pandas as pd

from taskbridge.core.terms import Side
from taskbridge.engine.ports import JobPort, Sides, unfenced
from taskbridge.sides.meter import CallMeter
from tests.doubles.memory import MemorySalesConnect, MemorySalesforce, MemorySide

USERS: Final = 500
TEXT: Final = "Follow up on the quote, naïve façade 注文 and all. " * 5


class Systems:
    """The two systems and the people in them; what is asked for comes through a pipe."""

    def __init__(self) -> None:
        self.sc, self.sf = MemorySalesConnect(), MemorySalesforce()
        self._pages: Iterator[pd.DataFrame] = iter(())
        self._rounds = 0
        names = [f"user{number}@example.com" for number in range(USERS)]
        self._owners = [self.sf.add_user(name) for name in names]
        for name in names:
            self.sc.add_user(name, sync_on=True)

    def side(self, side: Side) -> MemorySide:
        return self.sc if side is Side.SALES_CONNECT else self.sf

    def call(self, side: Side, name: str, *given: Any, **named: Any) -> Any:
        return getattr(self.side(side), name)(*given, **named)

    def begin(self, side: Side, name: str, *given: Any, **named: Any) -> None:
        self._pages = iter(self.call(side, name, *given, **named))

    def page(self) -> pd.DataFrame | None:
        return next(self._pages, None)

    def advance(self, seconds: float) -> None:
        self.sc.advance(seconds)
        self.sf.advance(seconds)

    def make(self, tasks: int) -> None:
        """So many reminders in Salesforce."""
        for number in range(tasks):
            self.sf.create(self._owners[number % USERS], f"Call {number}", details=f"{TEXT}{number}")

    def edit(self, tasks: int) -> None:
        """So many are edited, every other one in Salesforce."""
        for number, (sc_id, sf_id) in enumerate(self._pairs()[:tasks]):
            side, remote_id = ((self.sc, sc_id), (self.sf, sf_id))[number % 2]
            side.edit(remote_id, details=f"{TEXT}{self.sf.now}")

    def edit_both(self) -> None:
        """Every pair is edited on both sides, in different fields."""
        self._rounds += 1
        priority = ("Normal", "High")[self._rounds % 2]
        for sc_id, sf_id in self._pairs():
            self.sc.edit(sc_id, details=f"{TEXT}{self.sc.now}")
            self.sf.edit(sf_id, priority=priority)

    def as_records(self) -> tuple[list[dict[str, Any]], ...]:
        """What each system holds, pair by pair, as a client has it once it has read the JSON and has the same words for
        both."""
        held = self.sc.live(), self.sf.live()
        of_pairs = zip(*self._pairs(), strict=True)
        return tuple(
            [{"id": key, **rows[key], "priority": rows[key]["priority"].lower()} for key in ids]
            for rows, ids in zip(held, of_pairs, strict=True)
        )

    def _pairs(self) -> list[tuple[str, str]]:
        """Ids in Sales Connect and in Salesforce; the marker of a copy names its original."""
        copies = {row["marker"].split(":")[-2]: key for key, row in self.sc.live().items()}
        return [(copies[key], key) for key in self.sf.records]


class Served:
    """The other end of the pipe. `seconds`: how long it was waited for."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        self.seconds = 0.0

    def ask(self, name: str, *given: Any, **named: Any) -> Any:
        start = time.perf_counter()
        self._pipe.send((name, given, named))
        answer = self._pipe.recv()
        self.seconds += time.perf_counter() - start
        if isinstance(answer, Exception):
            raise answer
        return answer

    def sides(self) -> Sides:
        sales_connect, salesforce = (ServedSide(self, side) for side in Side)
        return Sides(sales_connect, salesforce)

    def stop(self) -> None:
        self._process.terminate()
        self._process.join()


class ServedSide:
    """`SidePort` of one system at the other end."""

    marks, chunk_size, look_up_size, writes_at_once = True, 100, 100, 1
    jobs: JobPort | None = None
    conditional: bool | None = False

    def __init__(self, served: Served, side: Side) -> None:
        self.side, self.meter = side, CallMeter()
        self.lacking: frozenset[str] = frozenset()
        self._served = served

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *given, **named: self._served.ask("call", self.side, name, *given, **named)

    def read_changes(self, *given: Any) -> Iterator[pd.DataFrame]:
        return self._listing("read_changes", *given)

    def read_deletes(self, *given: Any) -> Iterator[pd.DataFrame]:
        return self._listing("read_deletes", *given)

    def read_owned(self, *given: Any, **named: Any) -> Iterator[pd.DataFrame]:
        return self._listing("read_owned", *given, **named)

    def write(self, op: Any, rows: pd.DataFrame, fence: Callable[[], None] = unfenced) -> pd.DataFrame:
        fence()
        outcomes: pd.DataFrame = self._served.ask("call", self.side, "write", op, rows)
        return outcomes

    def _listing(self, name: str, *given: Any, **named: Any) -> Iterator[pd.DataFrame]:
        self._served.ask("begin", self.side, name, *given, **named)
        while (page := self._served.ask("page")) is not None:
            yield page


def _serve(pipe: Connection) -> None:
    systems = Systems()
    while True:
        name, given, named = pipe.recv()
        try:
            pipe.send(getattr(systems, name)(*given, **named))
        except Exception as error:
            pipe.send(error)
