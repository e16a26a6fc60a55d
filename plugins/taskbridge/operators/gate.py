"""The first task of a run: the switch, and a look whether there is anything to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from airflow.sdk.bases.skipmixin import SkipMixin

from taskbridge.errors import SwitchedOff, TaskBridgeError
from taskbridge.operators.metrics import send_quiet
from taskbridge.operators.request import SYNC, Request, run_key
from taskbridge.operators.step import DocumentedOperator, end_skipped, one_sentence
from taskbridge.operators.variables import ENABLED, read_settings, switch_is_on

if TYPE_CHECKING:
    from airflow.sdk import Context

    from taskbridge.engine.quiet import Quiet

_OFF: Final = (
    f"The sync is switched off, so this run did nothing: the Variable {ENABLED} is not true. Set it under Admin, "
    "Variables."
)

_UNKNOWN: Final = "Whether anything is new was not found out, so all of the run follows"


class GateOperator(DocumentedOperator, SkipMixin):
    """Skips the whole run unless the Variable `taskbridge_enabled` is on. Dry runs and audits only look, so they
    pass.

    No system is called to find out. A backfill's run is not skipped but fails, or the next backfill would take its day
    for done. Parameters that cannot be meant as they are fail here.

    Then a run of `task_sync` that the clock started looks, by a call or two of each system, whether anything is new. If
    nothing is, and the last run in full is not old, all other tasks are skipped, and the run is green.
    """

    def __init__(self, *, kind: str = SYNC, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.kind = kind

    def execute(self, context: Context) -> None:
        with one_sentence(context):
            request = Request.of(context, kind=self.kind)
            if context["dag_run"].run_type == "backfill" and not request.only_looks and not switch_is_on():
                raise SwitchedOff(
                    f"{_OFF} This day was not read: switch on, and start the backfill again with 'Missing and Errored "
                    "Runs' (by REST or command line: failed)."
                )
        self.log.info("Asked for: %s", request)
        if not request.only_looks and not switch_is_on():
            end_skipped(context, f"{_OFF} What was missed is caught up with after that.")
        if self.kind == SYNC and context["dag_run"].run_type == "scheduled" and not request.only_looks:
            self._skip_if_quiet(context)

    def _skip_if_quiet(self, context: Context) -> None:
        if (found := self._look(context)) is None:
            return
        self.log.info("%s", found)
        send_quiet(found.behind)
        self.skip(context["ti"], self.get_flat_relatives(upstream=False))

    def _look(self, context: Context) -> Quiet | None:
        """None for a run in full, which goes on with the logins of the look. What goes wrong here is that run's to meet
        and to tell."""
        from taskbridge.engine.quiet import quiet
        from taskbridge.hooks.engine import looking_engine, open_ledger
        from taskbridge.hooks.sessions import sessions_of

        try:
            key, settings = run_key(context), read_settings()
            with open_ledger() as ledger:
                sessions = sessions_of(ledger, key)
                found = quiet(looking_engine(ledger, settings, switch_is_on, sessions))
                if found is not None:
                    ledger.runs.release_lease(key)  # which forgets them
                return found
        except TaskBridgeError as trouble:
            self.log.info("%s: %s", _UNKNOWN, trouble)
        except Exception:
            self.log.warning("%s.", _UNKNOWN, exc_info=True)
        return None
