"""Opening a run, which may have to wait for another one to end."""

from __future__ import annotations

import inspect
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator, PokeReturnValue
from airflow.sdk.exceptions import AirflowSensorTimeout

from taskbridge.errors import LeaseLost, SidePaused
from taskbridge.operators.request import SYNC, Request, started_by_the_clock
from taskbridge.operators.step import end_skipped, one_sentence
from taskbridge.operators.variables import ENABLED, read_settings, switch_is_on

if TYPE_CHECKING:
    from airflow.sdk import Context


class OpenRunSensor(BaseSensorOperator):
    """Takes the lease and opens the run: checks schema, identities and users, and fixes what will be read.

    While another run holds the lease it waits without a worker slot. Leaves the run's key and id.
    """

    def __init__(self, *, kind: str = SYNC, **kwargs: Any) -> None:
        given = {
            "mode": "reschedule",
            "doc_md": inspect.getdoc(type(self)),
            "poke_interval": 10,
            "timeout": 2 * 60 * 60,
            # A task's supervisor can notice its end five seconds late. If the next look has been queued by
            # then, the scheduler takes the news for the end of that one and fails it: hence ten seconds, and
            # retries.
            "retries": 5,
            "retry_delay": timedelta(seconds=10),
            **kwargs,
        }
        super().__init__(**given)
        self.kind = kind

    def execute(self, context: Context) -> Any:
        try:
            return super().execute(context)
        except AirflowSensorTimeout:
            with one_sentence(context):
                raise LeaseLost(
                    f"Waited {self.timeout / 60:.0f} minutes for other runs to give the lease back; "
                    "the log names who held it. A dead holder loses it by itself after lease_minutes."
                ) from None

    def poke(self, context: Context) -> PokeReturnValue | bool:
        from taskbridge.engine.steps.opening import open_run
        from taskbridge.hooks.engine import build_engine, open_ledger
        from taskbridge.hooks.sessions import sessions_of

        with one_sentence(context):
            settings = read_settings()
            spec = Request.of(context, kind=self.kind).spec(settings)
            with open_ledger() as ledger:
                sessions = sessions_of(ledger, spec.run_key)
                engine = build_engine(ledger, settings, switch_is_on, sessions=sessions)
                if not engine.may_run(spec):
                    end_skipped(context, f"The Variable {ENABLED} is not true any more: nothing was read.")
                try:
                    run = open_run(engine, spec, waits=True)
                except SidePaused as paused:
                    if not started_by_the_clock(context):
                        raise  # whoever asked for this run has to know that it did nothing
                    end_skipped(context, str(paused))
                if run is None:
                    holder = ledger.runs.lease_holder()
                    who = (
                        f"Run {holder} holds the lease" if holder else "A run that has waited longer is next"
                    )
                    self.log.info("%s: waiting.", who)
                    return False
        self.log.info("Opened run %d", run.run_id)
        return PokeReturnValue(is_done=True, xcom_value={"run_key": spec.run_key, "run_id": run.run_id})
