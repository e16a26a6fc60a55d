"""What calls are said to people: before a run writes, with a request, and in the report (G7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil

from taskbridge.core.forecast import Rows, Terms, to_write, together
from taskbridge.core.run import Run
from taskbridge.core.terms import ActionState, Op, Side
from taskbridge.core.usage import CallKind, Calls, Usage, counted, theirs
from taskbridge.engine.deciding.forecasting import terms
from taskbridge.engine.engine import Engine
from taskbridge.engine.ports import Sides

Counts = Mapping[str, Mapping[str, Mapping[str, int]]]  # side -> op -> state -> actions


def costs(used: Mapping[Side, Usage], counts: Counts) -> Iterator[str]:
    """A sentence for each side: the calls that the run will have made when it ends. What is held costs nothing."""
    rows = rows_in(counts, ActionState.PLANNED)
    for side in Side:
        usage = used[side]
        made, total = counted(usage.calls), counted(usage.forecast)
        what = ", ".join(f"{number} {op}s" for op, number in rows.get(side, {}).items() if number)
        rest = {kind: number - usage.calls.get(kind, 0) for kind, number in usage.forecast.items()}
        yield (
            f"Cost in {side.system}: {total} API calls: {made} made, {max(0, total - made)} to come"
            f"{_by_kind(rest)} for {what or 'nothing'}{_left(usage)}"
        )
    held = sum(sum(ops.values()) for ops in rows_in(counts, ActionState.HELD).values())
    if held:
        yield f"Held, so not part of the cost: {held} (see the rule of each)"


def tell_calls(engine: Engine, run: Run, counts: Counts, used: Mapping[Side, Usage]) -> Iterator[str]:
    """Of a dry run what its plan would cost; of any other what it cost, and what it leaves to the next ones."""
    if run.spec.dry_run:
        yield from costs(used, counts)
        return
    if any(usage.calls for usage in used.values()):
        yield "Calls: " + ", ".join(f"{side.system} {said(used[side])}" for side in Side)
    waiting = rows_in(counts, ActionState.PLANNED)
    if not any(sum(rows.values()) for rows in waiting.values()):
        return
    for side, since in engine.ledger.outbox.waiting_since(run).items():
        rows = waiting[side]
        yield (
            f"Carried over: {sum(rows.values())} changes to {side.system}, since {since:%Y-%m-%d %H:%M:%S} UTC: "
            + how_long(rows, used[side], terms(engine.sides, side, run.features), _reserve(engine, side))
        )


def _reserve(engine: Engine, side: Side) -> float:
    return engine.settings.salesforce_api_reserve if side is Side.SALESFORCE else 0.0


def cost_of_request(rows: Mapping[Side, Rows], sides: Sides, features: frozenset[str]) -> Iterator[str]:
    """The same of a run of its own that does nothing but this: who works there, both records of each pair, writes."""
    pairs = sum(sum(ops.values()) for ops in rows.values())
    for side in Side:
        offered = terms(sides, side, features)
        reads = {CallKind.QUERY: 1, CallKind.LOOK_UP: ceil(pairs / offered.looked_up)}
        calls = together(reads, to_write(rows.get(side, {}), offered))
        yield f"Cost in {side.system}: about {counted(calls)} API calls{_by_kind(calls)}"


def said(usage: Usage) -> str:
    """Calls of a run that has ended, such as "7 (2 query, 2 look up, 3 write), 7 forecast; 94 of 100 left"."""
    forecast = f", {counted(usage.forecast)} forecast" if usage.forecast else ""
    return f"{counted(usage.calls)}{_by_kind(usage.calls)}{forecast}{_left(usage)}"


def how_long(rows: Rows, usage: Usage, offered: Terms, reserve: float) -> str:
    """Until what waits is written, at the present allocation."""
    calls = counted(to_write(rows, offered))
    told = usage.told
    if told is None or told.most is None:
        return f"about {calls} calls"
    a_day = told.most - theirs(told.most, reserve)
    if not a_day:
        return f"about {calls} calls, of which none is ours: lower salesforce_api_reserve"
    days = ceil(max(0, calls - told.ours(reserve)) / a_day)
    when = "the next run" if days == 0 else f"{days} day{'s' if days > 1 else ''}"
    return f"about {calls} calls, while {a_day} of {told.most} in 24 hours are ours: {when}"


def _by_kind(calls: Calls) -> str:
    parts = [
        f"{number} {kind.value.replace('_', ' ')}"
        for kind in CallKind
        if kind is not CallKind.LOGIN and (number := calls.get(kind, 0)) > 0
    ]
    return f" ({', '.join(parts)})" if parts else ""


def _left(usage: Usage) -> str:
    told = usage.told
    if told is None:
        return ""
    return f"; {told.left:,}{'' if told.most is None else f' of {told.most:,}'} left"


def rows_in(counts: Counts, state: str) -> Mapping[Side, Rows]:
    """Rows by side and op that are in this state."""
    return {
        Side(side): {Op(op): states.get(state, 0) for op, states in ops.items()}
        for side, ops in counts.items()
    }
