"""Runs: opened, remembered, counted, closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Row

from taskbridge.core.model import Side
from taskbridge.engine.ports import (
    Parked,
    Run,
    RunCounts,
    RunMode,
    RunOutcome,
    RunSpec,
    Waiting,
    Window,
)
from taskbridge.store.database import Transaction, lease_lost
from taskbridge.store.part import LedgerPart

_EXAMPLES: Final = 3
"""So many parked rows are named in a report."""
_COUNTED: Final = ("staged", "actions", "conflicts", "left_out", "rejected_new", "drift")
"""What is kept with a run that is closed."""


class Runs(LedgerPart):
    def open_run(
        self,
        spec: RunSpec,
        fencing: int,
        windows: Mapping[Side, Window],
        started: Mapping[Side, datetime],
        features: frozenset[str],
        notes: Sequence[str] = (),
    ) -> Run:
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
        with self._db.fenced(run) as tx:
            return tx.run(f"run/choose_{run.spec.mode.value}_pairs", run_id=run.run_id).rowcount

    def run_by_key(self, run_key: str) -> Run | None:
        with self._db.transaction() as tx:
            row = tx.run("run/read_run", run_key=run_key).one_or_none()
        return None if row is None else _run(row)

    def note(self, run: Run, text: str) -> None:
        with self._db.transaction() as tx:
            noted = tx.run("run/add_note", run_id=run.run_id, fencing=run.fencing, note=text)
            _must_be_ours(tx, run, noted.rowcount)

    def counts(self, run: Run) -> RunCounts:
        with self._db.transaction() as tx:
            found: dict[str, Any] = tx.run("run/count_run", run_id=run.run_id).scalar_one()
            waiting = _waiting(tx, run)
        return RunCounts(
            staged=found["staged"],
            actions=found["actions"],
            conflicts=found["conflicts"],
            left_out=found["left_out"],
            waiting=waiting,
            rejected_new=found["rejected_new"],
            notes=tuple(found["notes"]),
            drift=found["drift"],
        )

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


def _waiting(tx: Transaction, run: Run) -> Waiting:
    found: dict[str, Any] = tx.run("run/count_open", run_id=run.run_id).scalar_one()
    since = found["parked_since"]
    parked = tx.run("run/read_parked", run_id=run.run_id, examples=_EXAMPLES) if since else ()
    return Waiting(
        parked=found["parked"],
        parked_since=datetime.fromisoformat(since).astimezone(UTC) if since else None,
        examples=tuple(
            Parked(row.code, row.message, row.remedy, Side(row.side), row.remote_id, row.title, row.owner)
            for row in parked
        ),
        asked=found["waiting"],
        undecided=found["undecided"],
        missing=found["missing"],
        unfinished=found["unfinished"],
        resting=found["resting"],
    )


def _must_be_ours(tx: Transaction, run: Run, rows: int) -> None:
    if rows == 0:
        raise lease_lost(run, tx.run("lease/lock_lease").scalar_one())


def _run(row: Row[Any]) -> Run:
    window = None
    if row.window_start is not None and row.window_end is not None:
        window = Window(_utc(row.window_start), _utc(row.window_end))
    spec = RunSpec(
        run_key=row.run_key,
        mode=RunMode(row.mode),
        settings_fingerprint=row.settings_fingerprint,
        settings=row.settings,
        code_version=row.code_version,
        window=window,
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
        started={
            Side.SALES_CONNECT: _utc(row.sc_server_time),
            Side.SALESFORCE: _utc(row.sf_server_time),
        },
        features=frozenset(row.features),
    )


def _utc(stamp: datetime) -> datetime:
    return stamp.astimezone(UTC)
