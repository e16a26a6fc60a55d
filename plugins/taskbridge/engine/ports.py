"""What the engine needs of the outside: two sides and a ledger. `sides` and `store` implement it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Protocol

import pandas as pd
import pyarrow as pa

from taskbridge.core.contract import Contract
from taskbridge.core.model import (
    ACTIONS,
    FIELDS,
    TASKS,
    TEMPLATE_INPUTS,
    Answer,
    ApprovalKind,
    LinkState,
    Op,
    Plan,
    Side,
)
from taskbridge.core.usage import CallKind, Calls, Told, Usage

_STAMP = pa.timestamp("us", tz="UTC")

DELETES_TOLD: Final = timedelta(days=14)
"""For so long listings surely tell a delete: both systems keep theirs for 15 days, and Salesforce empties its
recycle bin at a time of that day that it does not promise (C6)."""

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

USER_MAP: Final = pa.schema(
    [
        ("sc_user_id", pa.string()),
        ("sf_user_id", pa.string()),  # null while unmapped
        ("email", pa.string()),
        ("name", pa.string()),
        ("time_zone", pa.string()),
        ("state", pa.string()),  # synced, off, unmapped, ambiguous, refused, inactive
        ("remedy", pa.string()),  # null when synced
        ("sync_on_since", _STAMP),
        ("mapped_at_sc", _STAMP),  # first run in which both records existed, by each server's clock
        ("mapped_at_sf", _STAMP),
        ("switched_on_sc", _STAMP),  # effective switch-on (S2)
        ("switched_on_sf", _STAMP),
        ("first_sync", pa.string()),  # owed, settled; null while never switched on
        ("seen_off", pa.bool_()),  # the user's own switch was off since it last took part (I5)
        ("unread_since_sc", _STAMP),  # since when its tasks were read and not taken in; null: none are owed
        ("unread_since_sf", _STAMP),
    ]
)
"""`bridge.user_map` as a frame."""

WRITES: Final = pa.schema([("action_id", pa.string()), *ACTIONS])
"""Rows that a side is asked to write: the action with its stored id."""

UNMODIFIED_SINCE: Final = "unmodified_since"
"""A column (stamp) that WRITES may have besides, see `SidePort.write`."""

BROUGHT_BACK: Final = (*TEMPLATE_INPUTS, "payload")
"""Columns that creates may have besides, see `SidePort.write`: of the record that they bring back."""

ORIGINALS: Final = pa.schema(
    [
        ("action_id", pa.string()),
        ("remote_id", pa.string()),  # of the record that went away
        ("full", pa.bool_()),  # read in full before we deleted it; else as the ledger last knew it
        *((name, pa.string()) for name in BROUGHT_BACK),
    ]
)
"""What creates bring back: the record of their pair that was there before (K5)."""

UNSETTLED: Final = pa.schema(
    [
        *WRITES,
        ("sent_after", _STAMP),  # the server's clock when the run that sent it opened
        ("sent_before", _STAMP),  # the same when the request was known to be under way or cut
        ("waited", pa.float64()),  # seconds since, by the server's clock or ours, whichever says more
        ("over", pa.bool_()),  # the server has ended the request: it cannot land any more
        ("code", pa.string()),
        ("control", pa.string()),  # another linked record of the same owner, or null (C5)
    ]
)
"""Rows that were sent and not answered."""

SEEN: Final = pa.schema(
    [("action_id", pa.string()), *(column for column in ACTIONS if column.name in FIELDS)]
)
"""Present values of the records that unanswered updates are about."""

OUTCOMES: Final = pa.schema(
    [
        ("action_id", pa.string()),
        ("outcome", pa.string()),  # Outcome
        (
            "remote_id",
            pa.string(),
        ),  # of the written record; for EXISTS the record that carries the marker, if told
        ("written_at", _STAMP),  # the server's time of the write, null when nothing was written
        ("code", pa.string()),  # the vendor's error code, or ours
        ("category", pa.string()),  # intermittent, authentication, access, validation, other
        ("message", pa.string()),
        ("remedy", pa.string()),
    ]
)
"""One row for every row written, paired by `action_id`, never by position."""

AUTHENTICATION: Final = "authentication"
"""The category of errors for which a side is paused."""


_NOT_KEPT: Final = ("presence", "delete_cause", "problem_code", "problem_message")

KEPT: Final = {
    side: pa.schema(
        [
            ("action_id", pa.string()),
            ("link_id", pa.string()),
            ("side", pa.string()),
            *(column for column in schema if column.name not in _NOT_KEPT),
        ]
    )
    for side, schema in TASKS.items()
}
"""Records that are about to be deleted, each with the action that deletes it and all that its side told (K5)."""


CALL_REFUSED: Final = "CALL_REFUSED"
"""Code of a row that nobody refused: its call was answered as a whole, after other rows of its chunk were written."""

PERSON_LEFT_OUT: Final = "PERSON_LEFT_OUT"
"""Code of a create that was done without its person, as no record goes on for it; the message names it."""

FIELDS_LEFT_OUT: Final = "FIELDS_LEFT_OUT"
"""Code of a create that brings a record back, done without fields that the system refused; the message names them."""


PARKED_RETRY: Final = timedelta(hours=24)
"""How long the pair of a rejected row rests, where nothing else is set (G4)."""

LONGEST_REST: Final = timedelta(hours=1)
"""After so long at the latest what only waits is read again, where nothing else is set (G9)."""


class Outcome(StrEnum):
    """What became of one write."""

    DONE = "done"
    GONE = "gone"  # the record is deleted: done for a delete, proof of a delete for an update (C5)
    EXISTS = "exists"  # a record with this marker is there already (G2)
    BUSY = "busy"  # certainly not written, and worth trying again in a moment
    RETRY = "retry"  # certainly not written, and worth trying again in the next run
    UNKNOWN = "unknown"  # perhaps written: the answer was lost
    REJECTED = "rejected"  # not written, and somebody has to act (G4)


@dataclass(frozen=True)
class Window:
    """Stamps from `start` (inclusive) to `end` (exclusive), in UTC by the server's clock."""

    start: datetime
    end: datetime


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
        side without markers, where their marker is `core.match.UNNAMED`."""

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


@dataclass(frozen=True)
class Pause:
    """Why a side is paused, since when, when its next login is tried, and whether that is now."""

    reason: str
    since: datetime
    next_attempt: datetime
    due: bool


@dataclass(frozen=True)
class SideState:
    """What the ledger knows of a side that every process has to know before its first call."""

    pause: Pause | None  # it refused our credentials and has not taken them since
    lacking: frozenset[str]  # see `SidePort.lacking`


@dataclass(frozen=True)
class KnownContract:
    """What a side last said of its tasks; `doubtful`: it has to be asked again before it is written to."""

    values: Mapping[str, tuple[str, ...]]
    doubtful: bool


class RunMode(StrEnum):
    """How a run came about. The first three sync; the others do one thing that a person asked for."""

    SCHEDULED = "scheduled"
    MANUAL = "manual"
    BACKFILL = "backfill"
    APPROVAL = "approval"  # carries out the answer to a held plan (G3)
    UNDO = "undo"
    RESTORE = "restore"  # K5
    AUDIT = "audit"
    REBASE = "rebase"  # G8
    RERENDER = "rerender"  # T3

    @property
    def syncs(self) -> bool:
        """Whether it reads what is new and plans everything it finds."""
        return self in (RunMode.SCHEDULED, RunMode.MANUAL, RunMode.BACKFILL)

    @property
    def reads_everything(self) -> bool:
        """Whether it reads both populations from their beginning, rather than the pairs it is about."""
        return self in (RunMode.AUDIT, RunMode.REBASE)


@dataclass(frozen=True)
class RunSpec:
    """What a run was asked to do."""

    run_key: str  # unique name of the run, e.g. "<dag id>/<dag run id>"; opening the same key again is the same run
    mode: RunMode
    settings_fingerprint: str
    code_version: str
    window: Window | None = None  # null: from the watermarks; a given window moves no watermark
    users: tuple[str, ...] = ()  # SC user ids or e-mail addresses; empty: all. A selection moves no watermark
    dry_run: bool = False
    asked: Mapping[str, str | int] = field(default_factory=dict)  # what a deliberate run is about
    asked_by: str | None = None  # the person, as far as known
    settings: Mapping[str, object] = field(default_factory=dict)  # values that it keeps to its end

    @property
    def only_looks(self) -> bool:
        """Whether neither the systems nor what the ledger says of pairs is changed (S3)."""
        return self.dry_run or self.mode is RunMode.AUDIT

    @property
    def catches_up(self) -> bool:
        """Whether it reads what is new of everybody."""
        return self.mode.syncs and self.window is None and not self.users

    @property
    def moves_watermarks(self) -> bool:
        return self.catches_up and not self.dry_run


@dataclass(frozen=True)
class Run:
    """A run under way: the handle that every later step needs."""

    run_id: int
    fencing: int  # the lease's number; a write under a number that is no longer current is refused
    spec: RunSpec
    windows: Mapping[Side, Window] = field(default_factory=dict)
    started: Mapping[Side, datetime] = field(default_factory=dict)  # servers' clocks when the run began
    features: frozenset[str] = frozenset()  # of Sales Connect

    @property
    def gaps(self) -> frozenset[Side]:
        """Sides that were last read, by their own clock, longer ago than listings tell deletes (C6)."""
        if not self.spec.mode.syncs or self.spec.window is not None:
            return frozenset()
        return frozenset(
            side for side, began in self.started.items() if began - self.windows[side].start > DELETES_TOLD
        )


@dataclass(frozen=True)
class Watermark:
    """Committed position of a side's stream of changes."""

    position: datetime
    previous: datetime | None
    age: timedelta = field(
        default=timedelta(0), compare=False
    )  # time since it was the end of a window, by our clock


@dataclass(frozen=True)
class LedgerState:
    """What a ledger was built from, and how far it has come."""

    identities: Mapping[Side, str]  # org id (18 characters) or account id
    started: Mapping[Side, datetime]  # the servers' clocks at its first enabled run (S2)
    watermarks: Mapping[Side, Watermark]
    has_pairs: bool


@dataclass(frozen=True)
class PlanFacts:
    """What a plan has to know besides frames."""

    account: str  # of Sales Connect
    org: str  # of Salesforce, 18 characters
    decided: bool  # people have decided conflicts that no run has carried out (K3)
    asked: bool  # requests to people have rows without an end (G3)
    swept: bool  # Salesforce records were looked up as no listing could be trusted to tell deletes (C6)


class RunOutcome(StrEnum):
    """How a run ended (G6)."""

    CLEAN = "clean"
    CONFLICTS = "conflicts"
    PARTIAL = "partial"
    HELD = "held"
    FAILED = "failed"
    SKIPPED = "skipped"


class ApprovalState(StrEnum):
    """Where a request to a person stands (G3)."""

    OPEN = "open"
    ANSWERED = "answered"  # to be carried out
    CARRIED_OUT = "carried_out"
    OBSOLETE = "obsolete"  # every row went away before an answer


@dataclass(frozen=True)
class Approval:
    """A request to a person to approve or reject effects of one kind, exactly as they were held."""

    approval_id: int
    kind: ApprovalKind
    state: ApprovalState
    run_id: int  # that held it
    requested_at: datetime
    features: frozenset[str] = frozenset()  # of Sales Connect in that run
    dag_run_id: str | None = None  # the last DAG run that was started to ask for an answer or to carry it out
    asked: int = 0  # how many were started
    answer: Answer | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True)
class ApprovalDetails:
    """What a request asks for, for people.

    `counts`: rows (held_by: rule, side, op, owner, campaign, rows), the most first. `samples`: some of the effects
    (side, op, owner, title, status, due_date, mask, new_title, new_status, new_due_date, old_owner, new_owner).
    """

    counts: Sequence[Mapping[str, Any]]
    samples: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Parked:
    """A row that is parked, as a person would name it (G6)."""

    code: str
    message: str
    remedy: str
    side: Side  # where the record is
    remote_id: str | None
    title: str | None
    owner: str | None  # the name, as far as known


@dataclass(frozen=True)
class Waiting:
    """What waits in the ledger after a run, whichever run found it (G6)."""

    parked: int = 0
    parked_since: datetime | None = None
    examples: tuple[Parked, ...] = ()  # of what is parked: what the run rejected first, then the oldest
    asked: Mapping[str, int] = field(
        default_factory=dict
    )  # kind and request -> rows held for an approval (G3)
    undecided: int = 0  # fields that wait for a decision (K3, K6)
    missing: int = 0  # pairs with a record that is not found (C5)
    unfinished: int = 0  # pairs that the next run decides (G9)
    resting: int = 0  # pairs that only wait

    def __bool__(self) -> bool:
        return bool(self.parked or self.asked or self.undecided or self.unfinished or self.resting)


@dataclass(frozen=True)
class RunCounts:
    """What a run saw and did, added up in the database (G5)."""

    staged: Mapping[str, Mapping[str, int]]  # side -> disposition -> rows; "" counts rows that ended nowhere
    actions: Mapping[str, Mapping[str, Mapping[str, int]]]  # side -> op -> state -> rows
    conflicts: int
    left_out: int  # what a person asked for and did not happen, see bridge.left_out
    rejected_new: int  # rows rejected, or not understood, in this run that were not parked before (G6)
    notes: tuple[str, ...]
    waiting: Waiting = Waiting()
    drift: int = 0  # lines of an audit that are not in step


@dataclass(frozen=True)
class PastRun:
    """A run of the past, as far as undoing it is concerned."""

    run_id: int
    mode: RunMode
    dry_run: bool
    asked: Mapping[str, str | int]
    asked_by: str | None
    written: int  # effects that it had, or may have had


@dataclass(frozen=True)
class Known:
    """What the ledger knows of one task: rows of the statements in `include/sql/explain`, by column name."""

    pair: Mapping[str, Any] | None  # null: the task is in no pair
    fields: Sequence[Mapping[str, Any]] = ()  # of the pair, in the order of FIELDS
    conflicts: Sequence[Mapping[str, Any]] = ()  # the latest first
    actions: Sequence[Mapping[str, Any]] = ()  # planned, held or sent
    reasons: Sequence[Mapping[str, Any]] = ()  # why it is not in sync
    sight: Mapping[str, Any] | None = None  # the last sight of a record in no pair


class Ledger(Protocol):
    """The database. Every method that writes for a run checks the run's fencing number in the same transaction
    and raises LeaseLost when another run has taken the lease since."""

    def transaction(self) -> AbstractContextManager[None]:
        """Makes all that is asked of the ledger within one transaction. No call to a side belongs into it: what is
        learned there must be kept whatever comes after. Frames show what was committed before it."""

    def check_schema(self) -> str:
        """Which database it is and its schema. Raises SchemaBehind, naming both versions and `make migrate`."""

    # sides

    def side_states(self) -> Mapping[Side, SideState]: ...

    def claim_login(self, side: Side, rest: timedelta) -> bool:
        """Takes the attempt of a paused side that is due; the next one is due after `rest`. False when none is due."""

    def pause_side(self, side: Side, reason: str, rest: timedelta) -> tuple[Pause, bool]:
        """Pauses a side for `rest`; its state, and whether it was paused already."""

    def resume_side(self, side: Side) -> None: ...

    def save_lacking(self, side: Side, names: frozenset[str]) -> None: ...

    # contracts

    def known_contract(
        self, spec: RunSpec, side: Side, age: timedelta, codes: Sequence[str]
    ) -> KnownContract | None:
        """What a side last said. Doubtful when it is older than `age`, was asked under other settings or by other
        code, was broken, or when a write was refused since with one of `codes`. None when it was never asked."""

    def save_contract(self, run: Run, side: Side, contract: Contract, codes: Sequence[str]) -> None:
        """Keeps what a side says now. If that mends what was broken, rows that were refused with one of `codes`
        are tried again at once (G4)."""

    def conditional(self, side: Side, age: timedelta) -> bool | None:
        """Whether a side honours conditions on updates; None when that was not found out within `age`."""

    def save_conditional(self, run: Run, side: Side, honoured: bool) -> None: ...

    # lease and run

    def take_lease(self, run_key: str, ttl: timedelta, *, waits: bool = False) -> int | None:
        """The fencing number, or None while another run holds a lease that has not expired, or waits for longer than
        this one. Taking it again under the same key renews it and keeps the number. `waits`: on None, the run takes
        its place in the line and will ask again."""

    def renew_lease(self, run: Run, ttl: timedelta) -> None: ...

    def release_lease(self, run_key: str) -> None:
        """Gives the lease back if this key holds it."""

    def lease_holder(self) -> str | None: ...

    def open_run(
        self,
        spec: RunSpec,
        fencing: int,
        windows: Mapping[Side, Window],
        started: Mapping[Side, datetime],
        features: frozenset[str],
        notes: Sequence[str] = (),
    ) -> Run:
        """Stores the run with its first notes; for a run_key that is already stored it answers that run with the new
        fencing number."""

    def choose_pairs(self, run: Run) -> int:
        """Notes which pairs a deliberate run is about (`bridge.run_pair`); answers how many. Only they are read."""

    def run_by_key(self, run_key: str) -> Run | None: ...

    def note(self, run: Run, text: str) -> None:
        """Keeps a sentence for the report."""

    # identity, watermarks, users

    def state(self) -> LedgerState: ...

    def start(self, now: Mapping[Side, datetime]) -> None:
        """Stores both servers' clocks as the moment of this ledger's first enabled run, unless that is known (S2)."""

    def remember_identity(self, side: Side, identity: str) -> None: ...

    def revert_watermark(self, side: Side) -> None:
        """Back to the previous position (G8)."""

    def user_map(self) -> pd.DataFrame:
        """USER_MAP."""

    def save_user_map(self, run: Run, users: pd.DataFrame) -> None:
        """Replaces the map. Pairs of users who come back, or were switched on anew, become dirty (G9)."""

    # staging

    def stage(self, run: Run, side: Side, page: pd.DataFrame, source: str) -> int:
        """Upserts a page into the run's staging; `source` is delta, deleted, first_sync, by_id or sweep.

        For one record the newer version stays, and what was read by id stays against all that was listed before; a
        delete stays against a live row of the same or an older version; "absent" never replaces a delete. Returns
        the number of rows of the page.
        """

    def weigh_staged(self, run: Run) -> None:
        """Lets the database know how much the run has staged, before that is read and joined."""

    def quiet(self, side: Side, records: pd.DataFrame) -> pd.DataFrame:
        """QUIET of those records (`remote_id`) whose pair is linked and confirmed, with nothing unfinished in it."""

    def save_known(self, run: Run, side: Side, rows: int) -> None:
        """So many rows of a listing showed nothing new, and were not staged (G5)."""

    def staged(self, run: Run, side: Side) -> pd.DataFrame:
        """TASKS[side]."""

    def ids_to_read(self, run: Run) -> Mapping[Side, pd.DataFrame]:
        """Per side (remote_id, control): records that must be read by id before anything is decided (G9).

        Both records of every pair that is dirty, of pending pairs the origin's record; of those that only wait if
        their next look is due or a listing shows something new of them; of released pairs that have a staged row;
        of pairs with a row older than what was seen last, and of ended ones whose deleted record shows up live;
        and a record whose last write of ours no read has confirmed and that is not staged. Of a deliberate run
        nothing but the pairs it is about. What is already
        staged with source "by_id" is left out. `control`: another linked record of the same owner, or null.
        """

    def unseen_ids(self, run: Run, side: Side, states: Sequence[LinkState]) -> pd.DataFrame:
        """(remote_id, control) of the records of pairs in these states that no listing of this run showed (C6)."""

    def named_ids(self, run: Run) -> Mapping[Side, pd.DataFrame]:
        """Per side (remote_id, control) of records that staged markers name and no listing of this run showed."""

    def unstaged(self, run: Run, side: Side) -> tuple[int, int]:
        """Pairs of which a record is not found, and no proof says that it was deleted (C5); rows of the run's
        listings that were known."""

    def sample_ids(self, run: Run, side: Side, sample: int) -> pd.DataFrame:
        """(remote_id, control) of at most so many linked records that the run has not read, chosen by chance (G8)."""

    def sweep_ids(self, run: Run, every: timedelta) -> pd.DataFrame:
        """(remote_id, control) of linked SC tasks to look up in this run, so that all come round once in `every`."""

    # plan

    def facts(self, run: Run) -> PlanFacts: ...

    def is_quiet(self, run: Run) -> bool:
        """Whether a run that syncs has nothing to decide, so that storing its plan would change nothing."""

    def link_ids(self) -> pd.DataFrame:
        """(link_id) of every pair."""

    def links(self, run: Run) -> pd.DataFrame:
        """LINKS of every pair that has a staged row in this run."""

    def history(self) -> pd.DataFrame:
        """HISTORY."""

    def population(self) -> pd.DataFrame:
        """POPULATION."""

    def decisions(self) -> pd.DataFrame:
        """DECISIONS of people that no run has carried out yet (K3)."""

    def recent_writes(self, run: Run, at_least: int) -> pd.DataFrame:
        """RECENT_WRITES of pairs with a staged row in this run, written at least so often within the last hour (K6)."""

    def decide_conflicts(self, conflict_ids: Sequence[int], winner: Side, decided_by: str) -> int:
        """Records what a person decided about open conflicts, all of them or none; answers how many.

        Raises ConflictNotOpen, naming each that does not exist or is not open any more.
        """

    def save_plan(self, run: Run, plan: Plan) -> None:
        """Stores links, actions, ledger changes, conflicts and dispositions in one transaction.

        Replaces a plan of the same run of which nothing was sent. Held actions of earlier runs for the same
        links become stale. What is held for approval and not asked for yet becomes a request, one a kind; requests
        of which nothing is held any more become obsolete. Raises CountsDoNotAddUp when a staged row has no
        disposition or a seq is used twice.
        """

    # calls (G7)

    def add_usage(self, run: Run | None, used: Mapping[Side, Usage]) -> None:
        """Adds calls that were made to those of the run, and keeps what was told last. Not fenced: they were made,
        whoever holds the lease now. Null: of no run, as of one that could not be opened."""

    def save_forecast(self, run: Run, forecast: Mapping[Side, Calls]) -> None:
        """Keeps how many calls the run will have made by its end, in place of what it had forecast before."""

    def usage(self, run: Run) -> Mapping[Side, Usage]:
        """Calls of the run so far, what it had forecast, and what it was told last."""

    def waiting_since(self, run: Run) -> Mapping[Side, datetime]:
        """Since when the oldest of the run's planned changes to a side has waited for being written; nothing for a
        side to which all was written."""

    def last_told(self, side: Side, age: timedelta) -> Told | None:
        """What any run was told of the allocation within this time."""

    # audit

    def save_drift(self, run: Run, drift: pa.Table) -> None:
        """Keeps `core.audit.DRIFT` of the run in place of what it had found before."""

    def mark_drifted(self, run: Run) -> int:
        """Makes the pairs that the run found adrift dirty (G9), and answers how many. A difference that no change
        explains loses its base (K3); a delete without a recent date waits for a person (C6)."""

    # approvals

    def approval_rows(self, run: Run) -> pd.DataFrame:
        """APPROVAL_ROWS of the pairs that have a staged row in this run, and of the request that it carries out."""

    def approval(self, approval_id: int) -> Approval | None: ...

    def unfinished_approvals(self) -> Sequence[Approval]:
        """Requests that are open or answered, the oldest first."""

    def approval_details(self, approval_id: int, samples: int) -> ApprovalDetails: ...

    def ask(self, approval_id: int, dag_run_id: str) -> None:
        """Notes the DAG run that is started for a request, before it is started."""

    def answer(
        self, approval_id: int, answer: Answer, *, answered_by: str, answered_at: datetime, answered_in: str
    ) -> bool:
        """Stores a person's answer; False, and nothing stored, when the request is not open."""

    # outbox

    def pending(self, run: Run) -> frozenset[tuple[Side, Op | None]]:
        """Which ops the run has still planned on which side; and, with None, the sides of which any run waits for
        answers or for the end of a job."""

    def actions(self, run: Run, side: Side, ops: Sequence[Op]) -> pd.DataFrame:
        """WRITES rows still planned, those first that have waited longest (G7), then as FIRST_TO_GO has it, then by
        seq."""

    def unsettled(self, run: Run, side: Side) -> pd.DataFrame:
        """UNSETTLED rows of any run in state sent: written perhaps, answer unknown. Not those of an open job."""

    def given_up(self, side: Side, markers: Sequence[str]) -> pd.DataFrame:
        """WRITES rows of creates under these markers that were taken for lost (NOT_CREATED), the oldest first."""

    def open_job(self, run: Run, side: Side, op: Op, job_id: str, action_ids: Sequence[str]) -> None:
        """Writes down a job that was opened, and that it carries out these actions: they are sent from now on."""

    def open_jobs(self, side: Side) -> Sequence[tuple[str, Op]]:
        """Jobs of any run whose end is not recorded, the oldest first."""

    def job_rows(self, job_id: str) -> pd.DataFrame:
        """WRITES rows of a job that have no outcome yet."""

    def end_job(self, run: Run, job_id: str, *, failed: bool, message: str | None) -> None:
        """Writes down that a job has ended and that the outcomes of its rows are recorded."""

    def job_failed(self, side: Side, within: timedelta) -> bool:
        """Whether the last job of a side that ended failed so short a time ago."""

    def linked(self, side: Side, remote_ids: Sequence[str]) -> frozenset[str]:
        """Those of these records that are in a pair."""

    def see_again(self, run: Run, seen: pd.DataFrame) -> None:
        """Stores SEEN rows, which a write that may still land would overwrite, with their sent actions (K5)."""

    def keep(self, run: Run, records: pd.DataFrame) -> None:
        """Keeps KEPT rows of one side in `bridge.kept`, before their deletes are sent; kept again, the last
        reading stays (K5)."""

    def originals(self, side: Side, action_ids: Sequence[str]) -> pd.DataFrame:
        """ORIGINALS of those of these creates that bring a record back."""

    def unfollowed(self) -> int:
        """Number of ledger changes that are due and that no settling has applied: of done actions, of a rebase."""

    def mark_sent(self, run: Run, action_ids: Sequence[str]) -> None: ...

    def unsend(self, run: Run, action_ids: Sequence[str]) -> None:
        """Sent rows of which nothing can have been written go back to planned."""

    def record(self, run: Run, outcomes: pd.DataFrame, parked_retry: timedelta = PARKED_RETRY) -> None:
        """Stores OUTCOMES of actions; maps Outcome to state: done and exists-adopted -> done, gone -> done for a
        delete and stale otherwise, retry -> retry, unknown stays sent, rejected -> dead with a dead letter.
        New remote ids go into the link in the same transaction.
        `parked_retry`: how long the pair of a rejected row rests (G4)."""

    def mark_stale(self, run: Run, action_ids: Sequence[str]) -> None: ...

    # end

    def settle(
        self,
        run: Run,
        watermarks: Mapping[Side, datetime],
        *,
        final: bool,
        longest_rest: timedelta = LONGEST_REST,
    ) -> None:
        """One transaction: ledger changes whose action is done or that wait for none, tombstones, last seen
        versions, dirty flags, first syncs, rows of answered requests, dead letters of pairs that went through, and,
        when `final`, watermarks. `longest_rest`: what only waits is read again after so long at the latest (G9)."""

    def counts(self, run: Run) -> RunCounts: ...

    def close_run(self, run: Run, outcome: RunOutcome, summary: str, counts: RunCounts) -> None: ...

    def is_time_to_clean_up(self) -> bool:
        """True once an hour."""

    def clean_up(self, keep: Retention) -> int:
        """Removes what is older than it is kept, a lot at a time. The calls of runs without staging are kept by day
        alone; returns the number of runs that lost theirs."""

    # undo and restore

    def past_run(self, run_id: int) -> PastRun | None: ...

    def written(self, run_id: int) -> pd.DataFrame:
        """WRITTEN of a run."""

    def shown_held(self, run_id: int) -> pd.DataFrame:
        """ACTIONS that a dry run showed as held."""

    def lost_in_conflict(self, conflict_id: int) -> pd.DataFrame:
        """LOST: what the conflict's loser was. Nothing for a conflict that is not kept."""

    def lost_by_action(self, action_id: str, field: str | None) -> pd.DataFrame:
        """LOST: what a write replaced (in that field), or the record that it removed. Nothing for an unknown action."""

    def lost_task(self, link_id: str) -> pd.DataFrame:
        """LOST: the record that our last delete removed. `link_id` may be any id that the pair has or had."""

    # for people

    def known(self, task: str) -> Known:
        """By a Sales Connect id, a Salesforce id (15 or 18 characters), a marker, or the name of a pair; also by the
        id of a record that its pair no longer has."""

    def titled(self, title: str) -> Sequence[Mapping[str, Any]]:
        """The tasks of that title, whatever its case: rows of `explain/find_titled`."""


@dataclass(frozen=True)
class Retention:
    """How long what grows with runs is kept: what they saw; those that changed nothing; what they wrote, with what it
    replaced, and what people decided."""

    staging: timedelta
    runs: timedelta
    history: timedelta


@dataclass(frozen=True)
class Sides:
    """Both systems."""

    sales_connect: SidePort
    salesforce: SidePort

    def __getitem__(self, side: Side) -> SidePort:
        return self.sales_connect if side is Side.SALES_CONNECT else self.salesforce

    @property
    def used(self) -> Iterable[SidePort]:
        """Those that may have been called."""
        return (self.sales_connect, self.salesforce)
