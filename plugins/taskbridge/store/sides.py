"""What the ledger knows of each side: which it is and how far it was read, whether it is paused, what it last said of
its tasks, and the logins of runs under way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row

from taskbridge.core.contract import Contract
from taskbridge.core.run import Run, RunSpec
from taskbridge.core.terms import Side
from taskbridge.errors import SideIdentityChanged
from taskbridge.store.database import Database


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


@dataclass
class KnownSides:
    _db: Database

    def state(self) -> LedgerState:
        rows = {Side(row.side): row for row in self._db.rows("identity/read_state")}
        return LedgerState(
            identities={side: row.identity for side, row in rows.items() if row.identity is not None},
            started={
                side: row.ledger_started_at.astimezone(UTC)
                for side, row in rows.items()
                if row.ledger_started_at
            },
            watermarks={side: _watermark(row) for side, row in rows.items() if row.position is not None},
            has_pairs=any(row.has_pairs for row in rows.values()),
        )

    def start(self, now: Mapping[Side, datetime]) -> None:
        """Stores both servers' clocks as the moment of this ledger's first enabled run, unless that is known (S2)."""
        with self._db.transaction() as tx:
            for side, moment in now.items():
                tx.run("identity/start_ledger", side=side.value, now=moment)

    def remember_identity(self, side: Side, identity: str) -> None:
        """Raises SideIdentityChanged when the ledger knows another identity of that side (G8)."""
        known = self._db.value("identity/remember_identity", side=side.value, identity=identity)
        if known != identity:
            raise SideIdentityChanged(
                f"The ledger was built from {side.value} {known!r}, but the connection leads to {identity!r}."
                " Point the connection back, or use an empty database for the other system."
            )

    def behind(self) -> float | None:
        """Seconds since a run last moved the watermarks; null before the first one."""
        seconds: float | None = self._db.value("watermark/read_age")
        return seconds

    def revert_watermark(self, side: Side) -> None:
        """Back to the previous position (G8)."""
        self._db.change("watermark/revert_watermark", side=side.value)

    def side_states(self) -> Mapping[Side, SideState]:
        return {
            Side(row.side): SideState(_pause(row) if row.paused else None, frozenset(row.lacking))
            for row in self._db.rows("side/read_states")
        }

    def claim_login(self, side: Side, rest: timedelta) -> bool:
        """Takes the attempt of a paused side that is due; the next one is due after `rest`. False when none is due."""
        return self._db.change("pause/claim_login", side=side.value, rest=rest) == 1

    def pause_side(self, side: Side, reason: str, rest: timedelta) -> tuple[Pause, bool]:
        """Pauses a side for `rest`; its state, and whether it was paused already."""
        with self._db.transaction() as tx:
            known = tx.run("pause/lock_state", side=side.value).scalar_one() == "paused"
            row = tx.run("pause/pause_side", side=side.value, reason=reason, rest=rest).one()
        return _pause(row), known

    def resume_side(self, side: Side) -> None:
        self._db.change("pause/resume_side", side=side.value)

    def save_lacking(self, side: Side, names: frozenset[str]) -> None:
        self._db.change("side/save_lacking", side=side.value, lacking=sorted(names))

    def known_contract(
        self, spec: RunSpec, side: Side, age: timedelta, codes: Sequence[str]
    ) -> KnownContract | None:
        """What a side last said. Doubtful when it is older than `age`, was asked under other settings or by other
        code, was broken, or when a write was refused since with one of `codes`. None when it was never asked."""
        row = self._db.row(
            "contract/read_contract",
            side=side.value,
            age=age,
            codes=list(codes),
            settings_fingerprint=spec.settings_fingerprint,
            code_version=spec.code_version,
        )
        if row is None:
            return None
        values = {name: tuple(listed) for name, listed in row.picklists.items()}
        return KnownContract(values, row.doubtful)

    def save_contract(self, run: Run, side: Side, contract: Contract, codes: Sequence[str]) -> None:
        """Keeps what a side says now. If that mends what was broken, rows that were refused with one of `codes`
        are tried again at once (G4)."""
        with self._db.fenced(run) as tx:
            if not contract.breaches:
                tx.run("contract/free_parked", side=side.value, codes=list(codes))
            tx.run(
                "contract/save_contract",
                side=side.value,
                picklists=dict(contract.values),
                breaches=[str(found) for found in contract.breaches],
                settings_fingerprint=run.spec.settings_fingerprint,
                code_version=run.spec.code_version,
                run_id=run.run_id,
            )

    def conditional(self, side: Side, age: timedelta) -> bool | None:
        """Whether a side honours conditions on updates; None when that was not found out within `age`."""
        row = self._db.row("contract/read_conditional", side=side.value, age=age)
        return None if row is None else bool(row.conditional_updates)

    def save_conditional(self, run: Run, side: Side, honoured: bool) -> None:
        with self._db.fenced(run) as tx:
            tx.run("contract/save_conditional", side=side.value, honoured=honoured)

    def session(self, run_key: str, side: Side) -> str | None:
        """What was kept, sealed as it came."""
        found: str | None = self._db.value("session/read_session", run_key=run_key, side=side.value)
        return found

    def keep_session(self, run_key: str, side: Side, sealed: str) -> None:
        """Replaces one that was kept before. Given back with the lease."""
        self._db.change("session/save_session", run_key=run_key, side=side.value, sealed=sealed)


def _watermark(row: Row[Any]) -> Watermark:
    previous = None if row.previous is None else row.previous.astimezone(UTC)
    return Watermark(row.position.astimezone(UTC), previous, row.age)


def _pause(row: Row[Any]) -> Pause:
    return Pause(row.reason, row.since.astimezone(UTC), row.next_attempt_at.astimezone(UTC), row.due)
