"""What all steps have in common: the engine of the run, and one sentence when something goes wrong."""

from __future__ import annotations

import errno
import inspect
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NoReturn

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from taskbridge.errors import DiskFull, TaskBridgeError
from taskbridge.operators.request import run_key
from taskbridge.operators.variables import switch_is_on

if TYPE_CHECKING:
    from airflow.sdk import Context

    from taskbridge.core.run import Run
    from taskbridge.engine.engine import Engine
    from taskbridge.settings import Settings
    from taskbridge.store import Ledger

GATE, OPEN = "gate", "open"
"""Task ids of the switch and of the step that opens the run."""
PLAN_PARTS: Final = "plan_parts"
"""Of what plans some parts of a large cycle: where it fails, `decide` plans them, and the run goes on."""
ERROR_KEY: Final = "error"
SKIPPED_KEY: Final = "skipped"

_log = logging.getLogger(__name__)


class DocumentedOperator(BaseOperator):
    """An operator whose docstring is what people read beside the task."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"doc_md": inspect.getdoc(type(self)), **kwargs})


class StepOperator(DocumentedOperator):
    """One step of an opened run."""

    def execute(self, context: Context) -> Any:
        from taskbridge.engine.usage import counted
        from taskbridge.hooks.engine import build_engine, open_ledger
        from taskbridge.hooks.sessions import sessions_of

        with one_sentence(context), open_ledger() as ledger:
            run = ledger.runs.run_by_key(run_key(context))
            if run is None:
                raise TaskBridgeError(
                    f"The database knows no run {run_key(context)}; clear the task {OPEN} as well, "
                    "so that it is opened."
                )
            settings = settings_of(run)
            sessions = sessions_of(ledger, run.spec.run_key)
            engine = build_engine(ledger, settings, switch_is_on, run.features, sessions)
            with noted(ledger, run, self.task_id), counted(engine, run):
                return self.step(engine, run, context)

    def step(self, engine: Engine, run: Run, context: Context) -> Any:
        """The step itself. What it answers goes to XCom: counts, never records."""
        raise NotImplementedError


def settings_of(run: Run) -> Settings:
    """The settings that the run was opened with: a change of the Variable waits for the next run.

    They come from the ledger, since more people may write XCom than Variables. Raises SettingsInvalid.
    """
    from taskbridge.settings import Settings

    return Settings.kept(run.spec.settings)


@contextmanager
def one_sentence(context: Context) -> Iterator[None]:
    """A TaskBridgeError becomes one line of the log, a word to the report, and a task that fails at once.

    Nothing is gained by a retry within the run: the next run goes on from here.
    """
    try:
        with disk_errors_told():
            yield
    except TaskBridgeError as error:
        _log.error("%s", error)
        _log.debug("What lies behind it", exc_info=error)
        context["ti"].xcom_push(key=ERROR_KEY, value=str(error))
        raise AirflowFailException(str(error)) from None


def end_skipped(context: Context, sentence: str) -> NoReturn:
    """Ends the task as skipped, with a warning and a word to the report: Airflow's own word of it is folded away, and
    a run of skipped tasks looks green."""
    _log.warning("%s", sentence)
    context["ti"].xcom_push(key=SKIPPED_KEY, value=sentence)
    raise AirflowSkipException(sentence)


def tell_outlets(operator: BaseOperator, context: Context, extra: dict[str, Any]) -> None:
    """Gives the asset events of the task what a consumer wants to know."""
    for asset in operator.outlets:
        context["outlet_events"][asset].extra = extra


@contextmanager
def disk_errors_told() -> Iterator[None]:
    """A full disk of the worker is a sentence as well."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFull(
            f"The disk of this worker has no space left ({error.filename or 'no file is named'}): free some, for "
            "example old task logs. What was sent to a system meanwhile is looked up by the next run."
        ) from error


@contextmanager
def noted(ledger: Ledger, run: Run, task_id: str) -> Iterator[None]:
    """A TaskBridgeError is also kept as a note of the run, for whoever reads the database."""
    try:
        yield
    except TaskBridgeError as error:
        try:
            ledger.runs.note(run, f"{task_id}: {error}")
        except TaskBridgeError as trouble:
            _log.warning("Not kept as a note of the run: %s", trouble)
        raise
