"""A side that refuses our login is left in peace: told once, tried again now and then, resumed by itself.

Both sides are needed to decide anything, so a run ends before its first call while either is paused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Final

import pandas as pd

from taskbridge.core.contract import Contract
from taskbridge.core.run import Window
from taskbridge.core.stamps import Stamps
from taskbridge.core.terms import Op, Side
from taskbridge.core.usage import CallKind
from taskbridge.engine.loading.watched_jobs import WatchedJobs
from taskbridge.engine.ports import (
    AUTHENTICATION,
    Allowance,
    Answer,
    Begin,
    SideInfo,
    SidePort,
    Sides,
    unfenced,
)
from taskbridge.errors import AuthenticationFailed, SidePaused
from taskbridge.store import Ledger
from taskbridge.store.sides import Pause, SideState

LOGINS_AN_HOUR: Final = 3
_HOUR: Final = timedelta(hours=1)


def refuse_paused(ledger: Ledger) -> None:
    """Raises SidePaused while a side's next attempt is not due. Calls nobody."""
    for side, state in ledger.sides.side_states().items():
        if state.pause and not state.pause.due:
            raise SidePaused(_sentence(side, state.pause))


class KnownStates:
    """What the ledger knows of both sides, asked once for both."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._told: dict[Side, SideState] = {}

    def take(self, side: Side) -> SideState:
        """Asks the ledger again when a side is asked for a second time."""
        if side not in self._told:
            self._told = dict(self.ledger.sides.side_states())
        return self._told.pop(side)


class WatchedSides(Sides):
    """Both sides, each watched. A side is made when it is first used."""

    def __init__(self, sides: Sides, ledger: Ledger) -> None:
        object.__setattr__(self, "_sides", sides)
        object.__setattr__(self, "_known", KnownStates(ledger))

    _sides: Sides
    _known: KnownStates

    @cached_property
    def sales_connect(self) -> WatchedSide:
        return WatchedSide(self._sides.sales_connect, self._known)

    @cached_property
    def salesforce(self) -> WatchedSide:
        return WatchedSide(self._sides.salesforce, self._known)

    def begin_write(
        self, side: Side, op: Op, rows: pd.DataFrame, fence: Callable[[], None], begin: Begin
    ) -> Answer:
        watched = self.sales_connect if side is Side.SALES_CONNECT else self.salesforce
        return watched.begin_write(op, rows, fence, begin)

    @property
    def used(self) -> Iterable[WatchedSide]:
        return [made for made in vars(self).values() if isinstance(made, WatchedSide)]


class WatchedSide:
    """`SidePort` around another one: pauses the side when it refuses the credentials, resumes it when it takes them.

    At its first call it asks the ledger; while the side is paused, only the one whose attempt is due goes on, and
    every other call raises SidePaused without a login. The ledger also keeps which fields the side was found to lack.
    """

    def __init__(self, port: SidePort, known: KnownStates) -> None:
        self.side, self.marks, self.meter = port.side, port.marks, port.meter
        self.chunk_size, self.look_up_size = port.chunk_size, port.look_up_size
        self.jobs = port.jobs and WatchedJobs(port.jobs, partial(self._watched, CallKind.BULK), self._judged)
        self._port, self._known, self._ledger = port, known, known.ledger
        self._admitted = False
        self._on_trial = False
        self._lacking = port.lacking

    @property
    def lacking(self) -> frozenset[str]:
        return self._port.lacking

    @lacking.setter
    def lacking(self, names: frozenset[str]) -> None:
        self._port.lacking = names

    @property
    def writes_at_once(self) -> int:
        return self._port.writes_at_once

    @property
    def conditional(self) -> bool | None:
        return self._port.conditional

    @conditional.setter
    def conditional(self, known: bool | None) -> None:
        self._port.conditional = known

    def connect(self, *, describe: bool = False) -> SideInfo:
        with self._watched(CallKind.QUERY):
            return self._port.connect(describe=describe)

    def log_in(self) -> str:
        with self._watched(CallKind.LOGIN):
            return self._port.log_in()

    def contract(self) -> Contract:
        with self._watched(CallKind.DESCRIBE):
            return self._port.contract()

    def allowance(self) -> Allowance | None:
        with self._watched(CallKind.LIMITS):
            return self._port.allowance()

    def calls_left(self) -> int | None:
        with self._watched(CallKind.LIMITS):
            return self._port.calls_left()

    def tells_deletes(self) -> bool:
        with self._watched(CallKind.QUERY):
            return self._port.tells_deletes()

    def hidden_people(self) -> tuple[str, ...]:
        with self._watched(CallKind.QUERY):
            return self._port.hidden_people()

    def read_changes(self, window: Window) -> Iterator[pd.DataFrame]:
        with self._watched(CallKind.QUERY):
            yield from self._port.read_changes(window)

    def read_deletes(self, window: Window) -> Iterator[pd.DataFrame]:
        with self._watched(CallKind.QUERY):
            yield from self._port.read_deletes(window)

    def stamps_since(self, since: datetime) -> Stamps:
        with self._watched(CallKind.QUERY):
            return self._port.stamps_since(since)

    def read_users(self, ids: Sequence[str]) -> pd.DataFrame:
        with self._watched(CallKind.LOOK_UP):
            return self._port.read_users(ids)

    def read_owned(
        self, owners: Sequence[str], since: datetime | None, until: datetime, *, open_only: bool
    ) -> Iterator[pd.DataFrame]:
        with self._watched(CallKind.QUERY):
            yield from self._port.read_owned(owners, since, until, open_only=open_only)

    def read_ids(
        self, ids: Sequence[str], controls: Mapping[str, str], *, whole: bool = False
    ) -> pd.DataFrame:
        with self._watched(CallKind.LOOK_UP):
            return self._port.read_ids(ids, controls, whole=whole)

    def find_markers(self, markers: Sequence[str]) -> pd.DataFrame:
        with self._watched(CallKind.LOOK_UP):
            return self._port.find_markers(markers)

    def find_created(self, since: datetime, until: datetime) -> pd.DataFrame:
        with self._watched(CallKind.LOOK_UP):
            return self._port.find_created(since, until)

    def carries_markers(self) -> bool:
        with self._watched(CallKind.LOOK_UP):
            return self._port.carries_markers()

    def write(self, op: Op, rows: pd.DataFrame, fence: Callable[[], None] = unfenced) -> pd.DataFrame:
        """Rows that were refused for our login pause the side as well; the answers of the others are handed on."""
        return self.begin_write(op, rows, fence, lambda call: call)()

    def begin_write(self, op: Op, rows: pd.DataFrame, fence: Callable[[], None], begin: Begin) -> Answer:
        self._admit()

        def call() -> pd.DataFrame:
            with self.meter.doing(CallKind.WRITE):
                return self._port.write(op, rows, fence)

        answer = begin(call)

        def outcomes() -> pd.DataFrame:
            # Not admitted anew: a call that has left counts for what it did, also if the side is paused by now.
            with self._heard():
                answered = answer()
            return self._judged(answered)

        return outcomes

    def _judged(self, outcomes: pd.DataFrame) -> pd.DataFrame:
        refused = outcomes[outcomes["category"] == AUTHENTICATION]
        if not refused.empty:
            self._pause(AuthenticationFailed(_refused_rows(self.side, refused)))
        return outcomes

    @contextmanager
    def _watched(self, kind: CallKind) -> Iterator[None]:
        self._admit()
        with self._heard(), self.meter.doing(kind):
            yield

    @contextmanager
    def _heard(self) -> Iterator[None]:
        try:
            yield
        except AuthenticationFailed as refused:
            raise self._pause(refused) from refused
        self._remember_fields()
        if self._on_trial:
            self._ledger.sides.resume_side(self.side)
            self._on_trial = False

    def _remember_fields(self) -> None:
        """What the side was found to lack is told to the next process, which would have to ask."""
        if self._port.lacking != self._lacking:
            self._lacking = self._port.lacking
            self._ledger.sides.save_lacking(self.side, self._lacking)

    def _admit(self) -> None:
        if self._admitted:
            return
        state = self._known.take(self.side)
        if state.pause is not None:
            if not self._ledger.sides.claim_login(self.side, _rest(1)):
                raise SidePaused(_sentence(self.side, state.pause))
            self._on_trial = True
        self._lacking = self._port.lacking = state.lacking
        self._admitted = True

    def _pause(self, refused: AuthenticationFailed) -> AuthenticationFailed:
        """Its owner is told by the first failure alone: later ones say that nothing has changed."""
        self._admitted = self._on_trial = False
        pause, known = self._ledger.sides.pause_side(self.side, str(refused), _rest(refused.logins))
        if known:
            return SidePaused(_sentence(self.side, pause))
        return AuthenticationFailed(
            f"{refused}. {self.side.system} is paused: no login is tried before {_clock(pause.next_attempt)}, and "
            "runs on the clock end skipped until one works. Nothing is lost, and nothing has to be switched on again.",
            logins=refused.logins,
        )


def _refused_rows(side: Side, refused: pd.DataFrame) -> str:
    first = refused.iloc[0]
    return (
        f"{side.system} refused {len(refused)} rows of a write for our login ({first['code']}: {first['message']}); "
        f"{first['remedy']}"
    )


def _rest(logins: int) -> timedelta:
    """Until the next attempt, when one takes so many logins."""
    return _HOUR / max(1, LOGINS_AN_HOUR // logins)


def _sentence(side: Side, pause: Pause) -> str:
    return (
        f"{side.system} is paused since {_clock(pause.since)}: {pause.reason}. The next login is tried at "
        f"{_clock(pause.next_attempt)}; to try it now: SELECT bridge.resume_side('{side}', 'your name');"
    )


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
