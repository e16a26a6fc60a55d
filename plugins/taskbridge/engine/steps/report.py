"""The end of a run, whatever happened: counts that add up, an outcome, one summary, the lease given back (G5, G6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from taskbridge.core.run import Run, RunOutcome
from taskbridge.core.terms import ActionState, Disposition, Side
from taskbridge.core.usage import Usage
from taskbridge.engine.deciding.call_text import tell_calls
from taskbridge.engine.engine import Engine
from taskbridge.errors import CountsDoNotAddUp
from taskbridge.settings import Settings
from taskbridge.store.housekeeping import Retention
from taskbridge.store.runs import Parked, RunCounts, Waiting

_UNWRITTEN = {ActionState.PLANNED, ActionState.SENT, ActionState.STALE, ActionState.RETRY}
_LONG = 200  # characters of an error that are told


@dataclass(frozen=True)
class RunReport:
    """What people are told of a run."""

    run_id: int | None
    outcome: RunOutcome
    text: str
    counts: RunCounts | None = None
    used: Mapping[Side, Usage] = field(default_factory=dict)  # calls
    dry_run: bool = False
    behind: float | None = None  # seconds since watermarks moved; null: unknown, or never


def report(engine: Engine, run_key: str, error: str | None = None) -> RunReport:
    """Closes the run with this key and gives its lease back. `error` is the sentence of the step that failed.

    Raises CountsDoNotAddUp when a decided run left a staged row without a place (after closing it as failed).
    """
    ledger = engine.ledger
    try:
        with ledger.transaction():
            run = ledger.runs.run_by_key(run_key)
            told, lost = _close(engine, run, error) if run else (_not_opened(engine, error), None)
            cleans_up = ledger.housekeeping.is_time_to_clean_up()
            if not cleans_up:
                ledger.runs.release_lease(run_key)
        if cleans_up:
            # Of its own: that the run has ended must stand, whatever becomes of what is old.
            ledger.housekeeping.clean_up(_retention(engine.settings))
            ledger.runs.release_lease(run_key)
    except BaseException:
        ledger.runs.release_lease(run_key)
        raise
    if lost:
        raise CountsDoNotAddUp(lost)
    return told


def _not_opened(engine: Engine, error: str | None) -> RunReport:
    behind = engine.ledger.sides.behind()
    return RunReport(None, RunOutcome.FAILED, error or "The run was not opened.", behind=behind)


def _close(engine: Engine, run: Run, error: str | None) -> tuple[RunReport, str | None]:
    """Closes the run; what is told of it, and a sentence if rows were lost."""
    counts = engine.ledger.runs.counts(run)
    # Rows of a run that failed on its way have not been decided, and need not have ended.
    lost = 0 if error else sum(ends.get("", 0) for ends in counts.staged.values())
    sentence = (
        f"{lost} staged rows ended nowhere; every row must end in exactly one place (G5)." if lost else None
    )
    error = error or sentence
    outcome = RunOutcome.FAILED if error else _outcome(counts, dry_run=run.spec.dry_run)
    used = engine.ledger.usage.of_run(run)
    text = summarise(run, counts, outcome, error, tell_calls(engine, run, counts.actions, used))
    engine.ledger.runs.close_run(run, outcome, text, counts)
    told = RunReport(run.run_id, outcome, text, counts, used, run.spec.dry_run, counts.behind)
    return told, sentence


def _retention(settings: Settings) -> Retention:
    days = settings.staging_retention_days, settings.run_retention_days, settings.history_retention_days
    return Retention(*(timedelta(days=each) for each in days))


def _outcome(counts: RunCounts, *, dry_run: bool) -> RunOutcome:
    states = {state for ops in counts.actions.values() for by_state in ops.values() for state in by_state}
    plans = dry_run and ActionState.PLANNED in states
    ends = {end for by_end in counts.staged.values() for end, rows in by_end.items() if rows}
    if dry_run:
        states.discard(ActionState.PLANNED)
    if states & _UNWRITTEN or counts.rejected_new or counts.left_out or counts.drift:
        return RunOutcome.PARTIAL
    waiting = {Disposition.HELD, Disposition.WAITING, Disposition.DEAD_LETTER}
    if counts.waiting or ActionState.HELD in states or ends & waiting:
        return RunOutcome.HELD
    if plans:
        return RunOutcome.PLANNED
    return RunOutcome.CONFLICTS if counts.conflicts else RunOutcome.CLEAN


def summarise(
    run: Run, counts: RunCounts, outcome: RunOutcome, error: str | None, calls: Iterable[str] = ()
) -> str:
    """The run in a few lines that a tired person can read. `calls`: what is said of them (G7)."""
    spec = run.spec
    what = [
        spec.mode.value,
        *(["dry run"] if spec.dry_run else []),
        *([f"by {spec.asked_by}"] if spec.asked_by else []),
    ]
    lines = [
        f"Run {run.run_id} ({', '.join(what)}): {outcome}{', nothing was written' if spec.dry_run else ''}"
    ]
    if error:
        lines.append(f"  Failed: {error}")
    for side in Side:
        window = run.windows[side]
        read = _words(counts.staged.get(side, {}))
        lines.append(
            f"  {side.system}: read {window.start:%Y-%m-%d %H:%M:%S} to {window.end:%Y-%m-%d %H:%M:%S} UTC: {read}"
        )
        for op, states in counts.actions.get(side, {}).items():
            lines.append(f"    {_writes(op, states, dry_run=spec.dry_run)}")
    lines.extend(f"  {line}" for line in calls)
    if counts.conflicts:
        lines.append(f"  Conflicts: {counts.conflicts}, both values kept in bridge.conflict")
    if counts.drift:
        lines.append(f"  Drift: {counts.drift} lines, counted in mart.drift_by_class, named in mart.drift")
    if counts.left_out:
        lines.append(f"  Left out: {counts.left_out}, named with reasons in bridge.left_out")
    if counts.rejected_new:
        lines.append(f"  Rejected: {counts.rejected_new}, reasons and remedies in mart.errors_by_code")
    lines.extend(f"  {line}" for line in tell_waiting(counts.waiting))
    lines.extend(f"  Note: {note}" for note in counts.notes if note not in (error or ""))
    return "\n".join(lines)


def tell_waiting(waiting: Waiting) -> Iterable[str]:
    """What waits, how long, and what helps (G6)."""
    if waiting.parked:
        yield (
            f"Parked: {waiting.parked}, since {waiting.parked_since:%Y-%m-%d %H:%M} UTC, all in mart.not_synced; "
            "the first:"
        )
        yield from (f"  {line}" for line in tell_rows(waiting.examples, waiting.parked))
    if waiting.asked:
        yield f"Waits for approval: {_words(waiting.asked)}, see mart.approvals"
    if waiting.undecided:
        yield f"Waits for a decision: {waiting.undecided} fields, see mart.conflicts_open"
    if waiting.missing:
        yield f"Not found: the records of {waiting.missing} pairs, see mart.not_synced"
    if waiting.resting and not (waiting.parked or waiting.asked or waiting.undecided or waiting.missing):
        yield f"Waits: {waiting.resting} pairs, see mart.not_synced"
    if waiting.unfinished:
        yield f"Unfinished: {waiting.unfinished} pairs, which the next run looks at again"


def tell_rows(named: Sequence[Parked], rows: int) -> Iterable[str]:
    """A line for each row that is named, and one for those that are not."""
    yield from map(tell_parked, named)
    if rows > len(named):
        yield f"and {rows - len(named)} more, in mart.not_synced"


def tell_parked(one: Parked) -> str:
    """One parked row with title, owner, error and remedy."""
    name = f"'{one.title}'" if one.title else "A task"
    error = f"{one.code}: {one.message}".rstrip(".")
    error = error if len(error) <= _LONG else f"{error[:_LONG]}…"
    return (
        f"{name} of {one.owner or 'nobody known'} ({one.side.system} {one.remote_id or 'without an id'}): "
        f"{error}. To do: {one.remedy}"
    )


def _writes(op: str, states: Mapping[str, int], *, dry_run: bool) -> str:
    if not dry_run:
        return f"{op}s there: {_words(states)}"
    rest = {state: rows for state, rows in states.items() if state != ActionState.PLANNED}
    return f"would {op} there: {states.get(ActionState.PLANNED, 0)}" + (f", {_words(rest)}" if rest else "")


def _words(numbers: Mapping[str, int]) -> str:
    return (
        ", ".join(f"{rows} {name.replace('_', ' ')}" for name, rows in numbers.items() if rows) or "nothing"
    )
