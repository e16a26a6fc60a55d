"""What a run will have cost in calls when it ends, told before it writes (G7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import ceil
from typing import Final

import pandas as pd

from taskbridge.core.delicate import is_delicate
from taskbridge.core.forecast import Terms, cost, fitting, together
from taskbridge.core.run import Run
from taskbridge.core.terms import Op, Side
from taskbridge.core.usage import CallKind, Calls, Usage
from taskbridge.engine.deciding.summary import Summary
from taskbridge.engine.engine import Engine
from taskbridge.engine.loading.bulk import job_from
from taskbridge.engine.loading.guarded import honours_conditions
from taskbridge.engine.ports import Sides

PEOPLE_LOOKED_UP: Final = 50
"""Sales Connect's people that one call finds by their Salesforce ids, each of which is asked for in both lengths."""


def keep_forecast(engine: Engine, run: Run, summary: Summary) -> None:
    """Stores what the run has cost so far together with what its plan takes, as far as the calls last that are
    ours. Calls nobody."""
    with engine.ledger.transaction():
        _keep(engine, run, summary, engine.ledger.usage.of_run(run))


def _keep(engine: Engine, run: Run, summary: Summary, so_far: Mapping[Side, Usage]) -> None:
    writes = {side for side, _ in summary.work}
    engine.ledger.usage.save_forecast(
        run,
        {
            side: together(
                _without_login(so_far[side].calls),
                _to_come(engine, run, side, so_far[side]) if side in writes else {},
            )
            for side in Side
        },
    )


def terms(sides: Sides, side: Side, features: frozenset[str]) -> Terms:
    """`features`: of Sales Connect."""
    port = sides[side]
    one_by_one = side is Side.SALES_CONNECT and "batch" not in features
    return Terms(port.chunk_size, port.look_up_size, one_by_one)


def terms_now(engine: Engine, run: Run, side: Side, rows: int, honoured: bool | None) -> Terms:
    """The same with what the settings and the ledger make of it: updates that go alone, and jobs, for at most so
    many rows."""
    usual = terms(engine.sides, side, run.features)
    if side is not Side.SALESFORCE:
        return usual
    return replace(
        usual,
        alone=0 if honoured is False else engine.settings.salesforce_guarded_updates,
        finds_out=honoured is None,
        job_from=job_from(engine, side, rows),
    )


def fitting_rows(planned: pd.DataFrame, left: int | None, offered: Terms) -> pd.DataFrame:
    """The first of these OUTLINES rows, as many as so many calls are enough for; all where nobody counts."""
    return planned.iloc[: fitting(_ops(planned), left, offered, list(is_delicate(planned)))]


def _ops(rows: pd.DataFrame) -> list[Op]:
    return [Op(op) for op in rows["op"]]


def ours(engine: Engine, side: Side, usage: Usage) -> int | None:
    """Calls that may be made before the reserve is touched, as the run was told; None where nobody counts."""
    if side is not Side.SALESFORCE or usage.told is None:
        return None
    return usage.told.ours(engine.settings.salesforce_api_reserve)


def _to_come(engine: Engine, run: Run, side: Side, so_far: Usage) -> Calls:
    planned = engine.ledger.outbox.outlines(run, side)
    offered = terms_now(engine, run, side, len(planned), honours_conditions(engine, side))
    chosen = fitting_rows(planned, ours(engine, side, so_far), offered)
    if len(chosen) < len(planned):
        engine.ledger.runs.note(run, _does_not_fit(side, len(planned), len(chosen)))
    return together(
        cost(_ops(chosen), offered, list(is_delicate(chosen))),
        _people(side, chosen, offered.rows),
        _lost_answers(engine, run, side, chosen, offered),
    )


def _people(side: Side, planned: pd.DataFrame, chunk: int) -> Calls:
    """Creates in Sales Connect find their person first, a chunk at a time."""
    if side is Side.SALESFORCE:
        return {}
    people = planned.loc[planned["op"] == Op.CREATE, "person"]
    chunks = (people.iloc[start : start + chunk].nunique() for start in range(0, len(people), chunk))
    return {CallKind.LOOK_UP: sum(ceil(each / PEOPLE_LOOKED_UP) for each in chunks)}


def _lost_answers(engine: Engine, run: Run, side: Side, planned: pd.DataFrame, offered: Terms) -> Calls:
    """What is still without an answer is looked for once more before each of the two load steps that have work."""
    lost = engine.ledger.outbox.unsettled(run, side, engine.settings.certain_after)
    steps = len({op is Op.DELETE for op in map(Op, planned["op"])})
    creates = int((lost["op"] == Op.CREATE).sum())
    markers = creates if side is Side.SALES_CONNECT else ceil(creates / offered.looked_up)
    records = lost.loc[lost["op"] != Op.CREATE, "remote_id"].nunique()
    return {CallKind.LOOK_UP: steps * (markers + ceil(records / offered.looked_up))}


def _without_login(calls: Calls) -> Calls:
    return {kind: number for kind, number in calls.items() if kind is not CallKind.LOGIN}


def _does_not_fit(side: Side, planned: int, fits: int) -> str:
    return (
        f"{fits} of {planned} changes to {side.system} fit into the calls that are left before the reserve; the "
        "rest is carried over, the oldest first."
    )
