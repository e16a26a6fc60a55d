"""What a DAG run was asked to do: its params, and for a backfill its data interval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from taskbridge import __version__
from taskbridge.core.bounds import LAST_NUMBER, YEARS, is_number, moment
from taskbridge.errors import SettingsInvalid
from taskbridge.operators.variables import installation

if TYPE_CHECKING:
    from airflow.sdk import Context

    from taskbridge.core.run import RunSpec
    from taskbridge.settings import Settings

WINDOW_START: Final = "window_start"
WINDOW_END: Final = "window_end"
USERS: Final = "users"
DRY_RUN: Final = "dry_run"
MODE: Final = "mode"
ACCEPT_SIDE: Final = "accept_side"  # as engine.plausibility knows it
_HOW: Final = (WINDOW_START, WINDOW_END, USERS, DRY_RUN, MODE)

SYNC: Final = "sync"
BACKFILL: Final = "backfill"
AUDIT: Final = "audit"
REPAIR: Final = "repair"
RESTORE: Final = "restore"


@dataclass(frozen=True)
class Request:
    """The wishes of whoever or whatever started a DAG run."""

    dag_run: str  # DAG id and DAG run id
    mode: str  # engine.ports.RunMode
    window: tuple[datetime, datetime] | None  # UTC; None = from the watermarks
    users: tuple[str, ...]
    dry_run: bool
    asked: Mapping[str, str | int] = field(default_factory=dict)  # every other parameter that has a value
    asked_by: str | None = None

    @classmethod
    def of(cls, context: Context, *, kind: str) -> Request:
        """`kind` is what the DAG does: "sync", "backfill", or the RunMode of its deliberate runs, which a
        parameter `mode` overrides. Raises SettingsInvalid for parameters that cannot be meant as they are."""
        dag_run, params = context["dag_run"], context["params"]
        refuse_unknown(dag_run.conf or {}, list(context["dag"].params))
        _refuse_endless(params)
        started = "manual" if dag_run.run_type == "manual" else "scheduled"
        mode = params.get(MODE) or (started if kind == SYNC else kind)
        ends = (params.get(WINDOW_START), params.get(WINDOW_END))
        window = _interval(dag_run) if kind == BACKFILL else _asked_window(*ends)
        users = tuple(name.strip() for name in params.get(USERS) or () if name.strip())
        asked = {
            name: value for name, value in params.items() if name not in _HOW and value not in (None, "")
        }
        person = getattr(dag_run, "triggering_user_name", None)
        return cls(_name(dag_run), mode, window, users, bool(params.get(DRY_RUN)), asked, person)

    @property
    def only_looks(self) -> bool:
        """Whether nothing is written to the two systems, so that a person may ask for it at any time (S3)."""
        return self.dry_run or self.mode == AUDIT

    def spec(self, settings: Settings) -> RunSpec:
        """The same in the engine's words."""
        from taskbridge.core.run import RunMode, RunSpec, Window

        return RunSpec(
            run_key=_key(self.dag_run),
            mode=RunMode(self.mode),
            settings_fingerprint=settings.fingerprint,
            settings=settings.model_dump(mode="json"),
            code_version=__version__,
            window=None if self.window is None else Window(*self.window),
            users=self.users,
            dry_run=self.dry_run,
            asked=self.asked,
            asked_by=self.asked_by,
        )

    def __str__(self) -> str:
        parts = [f"mode {self.mode}"]
        if self.window:
            parts.append(f"window {self.window[0].isoformat()} to {self.window[1].isoformat()}")
        if self.users:
            parts.append(f"only users {', '.join(self.users)}")
        parts.extend(f"{name} {value}" for name, value in self.asked.items())
        if self.dry_run:
            parts.append("dry run")
        return ", ".join(parts)


def started_by_the_clock(context: Context) -> bool:
    """Whether nobody waits for the run: the clock began it, or the event lane, which does what the clock does."""
    return context["dag_run"].run_type in ("scheduled", "asset_triggered")


def run_key(context: Context) -> str:
    """The name of the run in the ledger."""
    return _key(_name(context["dag_run"]))


def _name(dag_run: Any) -> str:
    return f"{dag_run.dag_id}/{dag_run.run_id}"


def _key(name: str) -> str:
    return f"{name}@{installation()}"


def refuse_unknown(conf: dict[str, Any], known: list[str]) -> None:
    """A misspelt dry_run must not become a real run."""
    unknown = [name for name in conf if name not in known]
    if unknown:
        raise SettingsInvalid(f"Unknown parameter {', '.join(unknown)}; known: {', '.join(known)}.")


def _refuse_endless(params: Mapping[str, Any]) -> None:
    for name, value in params.items():
        if isinstance(value, int) and not isinstance(value, bool) and not is_number(value):
            raise SettingsInvalid(
                f"The parameter {name} is {value}; expected a number from 0 to {LAST_NUMBER}."
            )


def _asked_window(start: str | None, end: str | None) -> tuple[datetime, datetime] | None:
    if not start and not end:
        return None
    if not start or not end:
        given, lacking = (WINDOW_START, WINDOW_END) if start else (WINDOW_END, WINDOW_START)
        raise SettingsInvalid(
            f"The parameter {given} is {start or end} and {lacking} is empty; give both, or neither "
            "to go on from where the last run ended."
        )
    window = (_moment(WINDOW_START, start), _moment(WINDOW_END, end))
    if window[0] >= window[1]:
        raise SettingsInvalid(
            f"The parameter {WINDOW_END} ({end}) is not after {WINDOW_START} ({start}); "
            "give a window that has a length."
        )
    return window


def _moment(name: str, text: str) -> datetime:
    try:
        return moment(text)
    except ValueError:
        raise SettingsInvalid(
            f"The parameter {name} is {text!r}; expected date and time with an offset, "
            f"such as 2026-03-02T08:00:00+00:00, of the years {YEARS[0]} to {YEARS[-1]}."
        ) from None


def _interval(dag_run: Any) -> tuple[datetime, datetime]:
    """The run's data interval; a run that was triggered without one re-reads yesterday (UTC)."""
    start, end = dag_run.data_interval_start, dag_run.data_interval_end
    if start is not None and end is not None and start < end:
        return _plain(start), _plain(end)
    today = _plain(dag_run.run_after).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=1), today


def _plain(at: datetime) -> datetime:
    """Without Airflow's own class of datetime, which drivers treat differently."""
    try:
        return moment(at.isoformat())
    except ValueError:
        raise SettingsInvalid(
            f"The run's interval has an end at {at.isoformat()}; "
            f"give one of the years {YEARS[0]} to {YEARS[-1]}."
        ) from None


def numbers(lines: Iterable[str] | None) -> list[int]:
    """What a person wrote into a field of numbers; empty lines count for nothing."""
    return [int(line) for line in lines or () if line.strip()]


def whoever_asks(context: Context) -> str:
    """Who started the run, as Airflow names the person."""
    return getattr(context["dag_run"], "triggering_user_name", None) or "somebody without a name"
