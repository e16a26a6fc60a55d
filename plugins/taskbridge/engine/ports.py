"""The two sides as the engine needs them. `sides` implements it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Final, Protocol

import pandas as pd
import pyarrow as pa

from taskbridge.core.contract import Contract
from taskbridge.core.run import Window
from taskbridge.core.stamps import Stamps
from taskbridge.core.terms import Op, Side
from taskbridge.core.usage import CallKind, Usage

_STAMP = pa.timestamp("us", tz="UTC")

SIDE_USERS: Final = pa.schema(
    [
        ("user_id", pa.string()),
        ("email", pa.string()),
        ("name", pa.string()),
        ("active", pa.bool_()),
        ("standard", pa.bool_()),  # SF: UserType Standard; SC: always true
        ("time_zone", pa.string()),  # IANA name
        ("sync_on", pa.bool_()),  # SC: salesforce_task_sync; SF: null
        ("sync_on_since", _STAMP),  # SC: salesforce_task_sync_enabled_at; SF: null
    ]
)
"""The people of a side."""

AUTHENTICATION: Final = "authentication"
"""The category of errors for which a side is paused."""


@dataclass(frozen=True)
class SideInfo:
    """Who a side is and who works there."""

    side: Side
    identity: str  # org id (18 characters) or account id
    server_now: datetime
    features: frozenset[str]  # of Sales Connect: deleted_tasks, batch, etag
    users: pd.DataFrame  # SIDE_USERS
    contract: Contract | None = None  # what the side says of its tasks, where that was asked for as well


def unfenced() -> None:
    """For writes that no lease guards, as a test's."""


@dataclass(frozen=True)
class Allowance:
    """Calls that a side still takes, of so many in 24 hours."""

    left: int
    most: int


class JobState(StrEnum):
    """Where a job is that writes many rows in the background."""

    OPEN = "open"  # nothing of it is written before it is started
    RUNNING = "running"
    ENDED = "ended"  # nothing more of it is written
    GONE = "gone"  # the side does not know it (any more): what it did shows in the records alone


@dataclass(frozen=True)
class JobSight:
    """A job as its side shows it. `failed`: it ended without coming to all of its rows, for the reason `message`."""

    state: JobState
    failed: bool = False
    processed: int = 0
    ended_at: datetime | None = None  # by the server's clock
    message: str | None = None


class JobPort(Protocol):
    """Jobs of a side, each of one op. Methods that write call `fence` right before each request, and raise what
    `SidePort.write` raises; only `start` lets anything be written."""

    def sort_out(self, op: Op, rows: pd.DataFrame) -> Sequence[pd.DataFrame]:
        """WRITES rows for one job each, sorted so that jobs do not lock what other rows need; without those that no
        job can carry. Asks nobody."""

    def open(self, op: Op, rows: int, fence: Callable[[], None]) -> str:
        """The id of a new job for so many rows. Raises JobRefused, and ApiLimitReached unless all calls that the
        job will take leave the reserve alone (G7)."""

    def fill(self, job_id: str, op: Op, rows: pd.DataFrame, fence: Callable[[], None]) -> None:
        """Gives the job its rows, once."""

    def start(self, job_id: str, fence: Callable[[], None]) -> None:
        """From now on rows are written. May have happened also when it raises SideUnreachable."""

    def abort(self, job_id: str, fence: Callable[[], None]) -> None:
        """Ends a job before its end. One that has ended is left alone."""

    def look(self, job_id: str) -> JobSight: ...

    def outcomes(self, job_id: str, op: Op, rows: pd.DataFrame, sight: JobSight) -> pd.DataFrame:
        """OUTCOMES of a job that has ended as `sight` shows, exactly one for each of these WRITES rows of it. What
        it does not account for is UNKNOWN with the code ANSWER_UNUSABLE."""


class Meter(Protocol):
    """Counts the requests to a side as they leave (G7)."""

    def doing(self, kind: CallKind) -> AbstractContextManager[None]:
        """Within it requests are for this, where nothing else about them tells what they are for."""

    def take(self) -> Usage:
        """What was counted since this was last asked."""


class SidePort(Protocol):
    """One of the two systems. Frames of tasks follow `core.model.TASKS[side]`, and are canonical.

    Reads raise ReadIncomplete when they cannot reach their end, AuthenticationFailed, SideUnreachable,
    ApiLimitReached, CallRefused or ContractBroken; they never answer short. Transient errors of reads are retried
    inside.
    """

    side: Side
    chunk_size: int  # rows that one write call takes
    look_up_size: int  # ids that one call reads

    @property
    def writes_at_once(self) -> int:
        """Calls of `write` that may be under way beside each other, each from a thread of its own."""

    marks: (
        bool  # whether what it creates carries its marker; without, a lost create is told by `find_created`
    )
    conditional: bool | None
    """Whether it refuses an update whose record was modified since a moment; None: the next one finds it out; False
    also where nobody wants it to."""

    lacking: frozenset[str]
    """Fields ("Task.IsArchived") that the side does not have or show and that are done without: their columns are null.
    A read that they make impossible finds them out; to be told to a new process, which would ask again."""

    jobs: JobPort | None  # for many rows at once, where the side has that

    @property
    def meter(self) -> Meter: ...

    def connect(self, *, describe: bool = False) -> SideInfo:
        """Identity, clock, features and all users, by at most one call besides the login; with `describe` the
        contract too, by the same call, where the side describes its tasks."""

    def log_in(self) -> str:
        """Logs in unless that is done; answers the identity as far as the login tells it, else nothing."""

    def contract(self) -> Contract:
        """What the side says of its tasks to the integration user, judged; empty where a side says nothing."""

    def allowance(self) -> Allowance | None:
        """Calls left; None where a side does not count them over a day."""

    def calls_left(self) -> int | None:
        """Calls that may be made before a reserve is touched (G7), as last told, asked for by a call only where
        nobody was told; None where a side keeps none."""

    def tells_deletes(self) -> bool:
        """Whether the feed of deletes answers; False where the side has none. Raises what a read raises."""

    def hidden_people(self) -> tuple[str, ...]:
        """Kinds of records, of those a task can be about, that cannot be looked up: whose converted and merged ones
        cannot be followed (F7). Raises what a read raises."""

    def read_changes(self, window: Window) -> Iterator[pd.DataFrame]:
        """Pages of all tasks with a version in the window, whoever owns them; SF: deleted and archived ones too."""

    def read_deletes(self, window: Window) -> Iterator[pd.DataFrame]:
        """Pages of the delete feed, presence "deleted". Yields nothing where `read_changes` tells deletes itself
        or the side has no feed. Raises DeletesForgotten when it cannot tell all deletes of the window."""

    def stamps_since(self, since: datetime) -> Stamps:
        """The versions of tasks, deleted ones included, from a moment on, by one call, or one more where deletes are
        told apart. For looking whether there is anything to read: what cannot be understood is left out."""

    def read_users(self, ids: Sequence[str]) -> pd.DataFrame:
        """SIDE_USERS of those among these users that there are, by at most one call each (S2)."""

    def read_owned(
        self, owners: Sequence[str], since: datetime | None, until: datetime, *, open_only: bool
    ) -> Iterator[pd.DataFrame]:
        """Pages of live tasks of these owners modified in [since, until); `open_only` counts in SF only (I1)."""

    def read_ids(
        self, ids: Sequence[str], controls: Mapping[str, str], *, whole: bool = False
    ) -> pd.DataFrame:
        """One row for each id. `controls` names for an id a task of the same assignee that should answer (C5).

        Presence "deleted" only on proof; an id that is merely not found has presence "absent" and null values. `whole`:
        the payload has every field that the side shows of a record, as what goes away is kept (K5).
        """

    def find_markers(self, markers: Sequence[str]) -> pd.DataFrame:
        """All records that carry one of the markers, deleted ones included as far as the side can tell."""

    def find_created(self, since: datetime, until: datetime) -> pd.DataFrame:
        """All records that our own user created in [since, until) by the server's clock, deleted ones included; of a
        side without markers, where their marker is `core.records.UNNAMED`."""

    def carries_markers(self) -> bool:
        """Whether the side holds any record of ours. False also where it cannot be asked (G8)."""

    def write(self, op: Op, rows: pd.DataFrame, fence: Callable[[], None] = unfenced) -> pd.DataFrame:
        """Write up to `chunk_size` WRITES rows of one op; answers OUTCOMES with exactly one row for each.

        Only the fields in the mask are sent. Updates may have a further column `unmodified_since`: where
        `conditional` allows, such a row is refused (PRECONDITION_FAILED) if its record was modified later. A new
        Salesforce task whose person was converted or merged gets the record that goes on for it, and nobody where
        there is none (PERSON_LEFT_OUT). Creates may have the columns BROUGHT_BACK: such a record gets all that the
        side takes of what they hold besides the mapped fields; what it refuses is left out (FIELDS_LEFT_OUT).

        Raises only when nothing of the chunk can have been written: one of NOTHING_DONE. `fence` is called right before
        each request leaves, repeated ones too; what it raises stops the request, and may leave earlier ones of the
        chunk written.
        """


Answer = Callable[[], pd.DataFrame]
"""Makes a call, or waits for one that was begun; answers its OUTCOMES, or raises what the call raises."""

Begin = Callable[[Answer], Answer]
"""Begins a call; what it answers waits for the call."""


@dataclass(frozen=True)
class Sides:
    """Both systems."""

    sales_connect: SidePort
    salesforce: SidePort

    def __getitem__(self, side: Side) -> SidePort:
        return self.sales_connect if side is Side.SALES_CONNECT else self.salesforce

    def begin_write(
        self, side: Side, op: Op, rows: pd.DataFrame, fence: Callable[[], None], begin: Begin
    ) -> Answer:
        """`SidePort.write` in two: the call itself is handed to `begin`; whatever else there is to do is done here and,
        once the call has ended, by who asks for the answer."""
        return begin(partial(self[side].write, op, rows, fence))

    @property
    def used(self) -> Iterable[SidePort]:
        """Those that may have been called."""
        return (self.sales_connect, self.salesforce)
