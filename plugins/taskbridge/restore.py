"""Undoing runs and bringing back what was lost, from Python (K5): what the DAG `task_sync_restore` does.

Connections and Variables are read as `taskbridge.doctor` reads them. Like the DAG it obeys the switch (S3), holds
the lease, weighs what it writes (G3), and names row by row in `bridge.left_out` what it leaves alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final
from uuid import uuid4

# Without it Airflow's SDK looks for connections in the environment alone, unless a worker runs it.
os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from taskbridge import __version__
from taskbridge.core.run import RunMode, RunOutcome, RunSpec
from taskbridge.engine.cycle import run_cycle
from taskbridge.engine.on_demand.undo import ACTION_ID, APPROVED_PLAN, CONFLICT_ID, FIELD, LINK_ID, RUN_ID
from taskbridge.engine.steps.report import RunReport
from taskbridge.hooks.engine import build_engine, open_ledger
from taskbridge.operators.variables import read_settings, switch_is_on

_BETWEEN_LOOKS: Final = 5.0  # seconds


def undo_run(
    run_id: int,
    *,
    asked_by: str,
    approved_plan: int | None = None,
    dry_run: bool = False,
    patience: float = 300.0,
) -> RunReport:
    """Takes back what a run wrote, as far as nothing has moved since.

    run_id: of `mart.sync_runs`. asked_by: who wants it, as it is recorded. approved_plan: run id of a dry run of the
    same request, whose held writes are released. patience: seconds to wait for another run's lease.

    Outcome skipped: the sync is off, or another run held the lease all the while. What was refused or went wrong is
    the report's text, with outcome failed. Raises SettingsInvalid, ConnectionMissing and SchemaBehind.
    """
    return _perform(RunMode.UNDO, {RUN_ID: run_id, APPROVED_PLAN: approved_plan}, asked_by, dry_run, patience)


def restore(
    *,
    asked_by: str,
    conflict_id: int | None = None,
    action_id: str | None = None,
    link_id: str | None = None,
    field: str | None = None,
    approved_plan: int | None = None,
    dry_run: bool = False,
    patience: float = 300.0,
) -> RunReport:
    """Brings back the loser of a conflict, what a write replaced or deleted (perhaps one field of it), or a task that
    TaskBridge deleted, named by its pair or by an id that it had. Exactly one of the three; the rest as `undo_run`.
    """
    asked = {
        CONFLICT_ID: conflict_id,
        ACTION_ID: action_id,
        LINK_ID: link_id,
        FIELD: field,
        APPROVED_PLAN: approved_plan,
    }
    return _perform(RunMode.RESTORE, asked, asked_by, dry_run, patience)


def _perform(
    mode: RunMode, asked: Mapping[str, str | int | None], asked_by: str, dry_run: bool, patience: float
) -> RunReport:
    settings = read_settings()
    spec = RunSpec(
        run_key=f"python/{uuid4()}",
        mode=mode,
        settings_fingerprint=settings.fingerprint,
        settings=settings.model_dump(mode="json"),
        code_version=__version__,
        dry_run=dry_run,
        asked={name: value for name, value in asked.items() if value is not None},
        asked_by=asked_by,
    )
    with open_ledger() as ledger:
        ledger.check_schema()
        engine = build_engine(ledger, settings, switch_is_on)
        waiting = Retrying(
            retry=retry_if_result(
                lambda report: report.outcome is RunOutcome.SKIPPED and engine.may_run(spec)
            ),
            wait=wait_fixed(_BETWEEN_LOOKS),
            stop=stop_after_delay(patience),
            retry_error_callback=lambda last: last.outcome.result() if last.outcome else None,
        )
        return waiting(run_cycle, engine, spec, waits=True)
