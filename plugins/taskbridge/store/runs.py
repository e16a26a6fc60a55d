"""The lease, one run at a time with a number that grows with every new holder (fencing), and runs: opened, remembered,
counted, closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from taskbridge.core.run import Run, RunMode, RunOutcome, RunSpec, Window
from taskbridge.core.terms import Side
from taskbridge.store.database import Database, Transaction, lease_lost

PATIENCE: Final = timedelta(minutes=1)
"""Who waits looks every ten seconds. One that has not looked for so long keeps nobody behind it."""
_EXAMPLES: Final = 3
"""So many rows that were parked earlier are named in each report."""
NAMED: Final = 10
"""So many that were newly rejected are named, in the report and by the task that met them."""
_COUNTED: Final = ("staged", "actions", "conflicts", "left_out", "rejected_new", "drift")
"""What is kept with a run that is closed."""


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
    seconds: float = field(default=0.0, compare=False)  # since the run was opened
    behind: float | None = field(default=None, compare=False)  # as `Sides.behind`


@dataclass
class Runs:
    _db: Database

    def take_lease(self, run_key: str, ttl: timedelta, *, waits: bool = False) -> int | None:
        """The fencing number, or None while another run holds a lease that has not expired, or waits for longer than
        this one. Taking it again under the same key renews it and keeps the number. `waits`: on None, the run takes
        its place in the line and will ask again."""
        taken: int | None = self._db.value(
            "lease/take_lease", run_key=run_key, ttl=ttl, waits=waits, patience=PATIENCE
        )
        return taken

    def renew_lease(self, run: Run, ttl: timedelta) -> None:
        with self._db.transaction() as tx:
            renewed = tx.run("lease/renew_lease", run_key=run.spec.run_key, fencing=run.fencing, ttl=ttl)
            _must_be_ours(tx, run, renewed.rowcount)

    def release_lease(self, run_key: str) -> None:
        """Gives the lease back if this key holds it. The run's logins are forgotten with it."""
        self._db.change("lease/release_lease", run_key=run_key)

    def lease_holder(self) -> str | None:
        holder: str | None = self._db.value("lease/read_holder")
        return holder

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
        sc, sf = windows[Side.SALES_CONNECT], windows[Side.SALESFORCE]
        wanted = Run(0, fencing, spec, windows, started, features)
        with self._db.transaction() as tx:
            current = tx.run("lease/lock_lease").scalar_one()
            if current != fencing:
                raise lease_lost(wanted, current)
            row = tx.run(
                "run/open_run",
                run_key=spec.run_key,
                mode=spec.mode.value,
                dry_run=spec.dry_run,
                users=list(spec.users),
                window_start=spec.window.start if spec.window else None,
                window_end=spec.window.end if spec.window else None,
                fencing=fencing,
                sc_start=sc.start,
                sc_end=sc.end,
                sf_start=sf.start,
                sf_end=sf.end,
                sc_server_time=started[Side.SALES_CONNECT],
                sf_server_time=started[Side.SALESFORCE],
                features=sorted(features),
                notes=list(notes),
                settings_fingerprint=spec.settings_fingerprint,
                settings=dict(spec.settings),
                code_version=spec.code_version,
                asked=dict(spec.asked),
                asked_by=spec.asked_by,
            ).one()
        return _run(row)

    def choose_pairs(self, run: Run) -> int:
        """Notes which pairs a deliberate run is about (`bridge.run_pair`); answers how many. Only they are read."""
        with self._db.fenced(run) as tx:
            return tx.run(f"run/choose_{run.spec.mode.value}_pairs", run_id=run.run_id).rowcount

    def run_by_key(self, run_key: str) -> Run | None:
        row = self._db.row("run/read_run", run_key=run_key)
        return None if row is None else _run(row)

    def note(self, run: Run, text: str) -> None:
        """Keeps a sentence for the report."""
        with self._db.transaction() as tx:
            noted = tx.run("run/add_note", run_id=run.run_id, fencing=run.fencing, note=text)
            _must_be_ours(tx, run, noted.rowcount)

    def counts(self, run: Run) -> RunCounts:
        with self._db.transaction() as tx:
            found: dict[str, Any] = tx.run("run/count_run", run_id=run.run_id).scalar_one()
            waiting = _waiting(tx, run, found["rejected_new"])
        return RunCounts(**found | {"notes": tuple(found["notes"])}, waiting=waiting)

    def refused(self, run: Run, side: Side, ops: Sequence[str]) -> tuple[Parked, ...]:
        """The first rows that the side refused in this run, of writes of these kinds."""
        with self._db.transaction() as tx:
            return _parked(tx, run, NAMED, side=side, ops=ops)

    def close_run(self, run: Run, outcome: RunOutcome, summary: str, counts: RunCounts) -> None:
        """A run that lost its lease can still be closed: its row is nobody else's, unless it was reopened."""
        with self._db.transaction() as tx:
            closed = tx.run(
                "run/close_run",
                run_id=run.run_id,
                fencing=run.fencing,
                outcome=outcome.value,
                summary=summary,
                counts={name: getattr(counts, name) for name in _COUNTED},
            )
            _must_be_ours(tx, run, closed.rowcount)


def _waiting(tx: Transaction, run: Run, rejected_new: int) -> Waiting:
    found: dict[str, Any] = tx.run("run/count_open", run_id=run.run_id).scalar_one()
    since = found["parked_since"]
    named = max(_EXAMPLES, min(NAMED, rejected_new))
    return Waiting(
        parked=found["parked"],
        parked_since=datetime.fromisoformat(since).astimezone(UTC) if since else None,
        examples=_parked(tx, run, named) if since else (),
        asked=found["waiting"],
        undecided=found["undecided"],
        missing=found["missing"],
        unfinished=found["unfinished"],
        resting=found["resting"],
    )


def _parked(
    tx: Transaction, run: Run, most: int, *, side: Side | None = None, ops: Sequence[str] = ()
) -> tuple[Parked, ...]:
    rows = tx.run("run/read_parked", run_id=run.run_id, examples=most, side=side, ops=list(ops))
    return tuple(
        Parked(row.code, row.message, row.remedy, Side(row.side), row.remote_id, row.title, row.owner)
        for row in rows
    )


def _must_be_ours(tx: Transaction, run: Run, rows: int) -> None:
    if rows == 0:
        raise lease_lost(run, tx.run("lease/lock_lease").scalar_one())


def _run(row: Row[Any]) -> Run:
    asked_for = row.window_start is not None and row.window_end is not None
    spec = RunSpec(
        run_key=row.run_key,
        mode=RunMode(row.mode),
        settings_fingerprint=row.settings_fingerprint,
        settings=row.settings,
        code_version=row.code_version,
        window=Window(_utc(row.window_start), _utc(row.window_end)) if asked_for else None,
        users=tuple(row.users),
        dry_run=row.dry_run,
        asked=row.asked,
        asked_by=row.asked_by,
    )
    return Run(
        run_id=row.run_id,
        fencing=row.fencing,
        spec=spec,
        windows={
            Side.SALES_CONNECT: Window(_utc(row.sc_start), _utc(row.sc_end)),
            Side.SALESFORCE: Window(_utc(row.sf_start), _utc(row.sf_end)),
        },
        started={Side.SALES_CONNECT: _utc(row.sc_server_time), Side.SALESFORCE: _utc(row.sf_server_time)},
        features=frozenset(row.features),
    )


def _utc(stamp: datetime) -> datetime:
    return stamp.astimezone(UTC)
