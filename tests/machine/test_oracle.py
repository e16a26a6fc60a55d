"""Invariants 15 and 24: the plan equals the row-by-row planner's, whatever the order and the pieces of its
input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from itertools import product
from random import Random
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.dict_loop import DictInput, plan, rows_of
from bench.digest import digest
from bench.job import job
from bench.planners import OURS, PLANNERS
from taskbridge.core.arrays import to_table
from taskbridge.core.frames import frame
from taskbridge.core.guard import together
from taskbridge.core.known import QUIET, known
from taskbridge.core.model import TASKS, WEIGHED, Plan, PlanInput
from taskbridge.core.plan import make_plan
from taskbridge.core.terms import Side
from tests.core.frames import comparable, table
from tests.machine.plan_inputs import contests, plan_inputs

_SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
_FRAMES = (
    "links", "sales_connect", "salesforce", "users", "history", "population", "decisions", "recent", "approvals",
)  # fmt: skip


@settings(_SLOW, max_examples=120)
@given(plan_inputs())
def test_the_plan_equals_the_row_by_row_plan(given: PlanInput) -> None:
    assert comparable(make_plan(given)) == comparable(plan(DictInput.of(given)))


@settings(_SLOW, max_examples=80)
@given(contests())
def test_contests_are_decided_as_by_the_row_by_row_plan(given: PlanInput) -> None:
    assert comparable(make_plan(given)) == comparable(plan(DictInput.of(given)))


@pytest.mark.parametrize("rival", [name for name in PLANNERS if name != OURS])
def test_a_rival_of_the_benchmark_answers_the_same_actions(rival: str) -> None:
    given = job(3_000)
    actions = rows_of(make_plan(given).actions)
    assert {(row["side"], row["op"]) for row in actions} == set(product(Side, ("create", "update", "delete")))
    assert {row["rule"] for row in actions} == {"C1", "C1,K3"}
    assert digest(PLANNERS[rival](given).actions()) == digest(actions)


@settings(_SLOW, max_examples=60)
@given(plan_inputs())
def test_without_what_is_known_the_plan_is_the_same(given: PlanInput) -> None:
    """Of pairs that need nothing, records in the version last seen, whatever else they show."""
    given = replace(given, rerender=False)  # such a run reads its pairs by id
    quiet = [row for row in rows_of(given.links) if is_quiet(row)]
    whole, news = {}, {}
    for side in Side:
        base = [as_known(side, row) for row in quiet]
        versions = {row["remote_id"]: row["version"] for row in base}
        rows = [
            row | {"version": versions.get(row["remote_id"], row["version"])}
            for row in rows_of(given.tasks(side))
        ]
        listed = whole[side.value] = table(TASKS[side], rows)
        logged = given.policy.include_logged_activities
        same = known(side, listed, table(QUIET, base), logged_activities=logged)
        news[side.value] = listed[~same].reset_index(drop=True)  # as staging answers them
    made, again = (comparable(make_plan(replace(given, **rows))) for rows in (whole, news))
    assert made | {"dispositions": []} == again | {"dispositions": []}


def is_quiet(row: Mapping[str, Any]) -> bool:
    """As `staging/read_quiet` tells it, and not asked for (then an older version is believed)."""
    clean = row["state"] == "linked" and not row["dirty"] and not row["unconfirmed"]
    names = [f"{side}_{name}" for side in ("sc", "sf") for name in ("written_at", "outside", "proof")]
    return clean and not any(row[name] for name in names) and bool(row["sc_id"] and row["sf_id"])


def as_known(side: Side, row: Mapping[str, Any]) -> dict[str, Any]:
    names = {name: f"{side.prefix}_{name}" for name in QUIET.names[1:]}
    return {"remote_id": row[f"{side.prefix}_id"]} | {name: row.get(key) for name, key in names.items()}


@settings(_SLOW, max_examples=30)
@given(plan_inputs(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_only_the_order_of_the_plan(given: PlanInput, draw: Random) -> None:
    shuffled = replace(given, **{name: _shuffled(getattr(given, name), draw) for name in _FRAMES})
    assert comparable(make_plan(shuffled)) == comparable(make_plan(given))


@settings(_SLOW, max_examples=30)
@given(plan_inputs())
def test_pages_and_chunks_change_nothing(given: PlanInput) -> None:
    chunked = replace(given, **{name: _chunked(getattr(given, name)) for name in _FRAMES})
    made, again = make_plan(given), make_plan(chunked)
    for name in (field.name for field in fields(Plan)):
        assert rows_of(getattr(made, name)) == rows_of(getattr(again, name))


@settings(_SLOW, max_examples=30)
@given(plan_inputs())
def test_pairs_decided_in_parts_are_decided_the_same(given: PlanInput) -> None:
    """No pair knows of another, but for the limits, which are told what the other parts plan."""
    cut = _parts(given)
    weighed = [to_table(make_plan(part).weighed, WEIGHED) for part in cut]
    told = [
        replace(part, elsewhere=frame(together(weighed[:place] + weighed[place + 1 :])))
        for place, part in enumerate(cut)
    ]
    parts = [comparable(make_plan(part)) for part in told]
    whole = comparable(make_plan(given))
    assert {name: sorted(line for part in parts for line in part[name]) for name in whole} == whole


def _shuffled(frame: pd.DataFrame, draw: Random) -> pd.DataFrame:
    order = list(range(len(frame)))
    draw.shuffle(order)
    return frame.iloc[order].reset_index(drop=True)


def _chunked(rows: pd.DataFrame) -> pd.DataFrame:
    """The same rows in chunks of one, as they come from pages."""
    table = pa.Table.from_pandas(rows, preserve_index=False)
    chunks = [table.slice(place, 1) for place in range(len(table))]
    return pa.concat_tables([table.slice(0, 0), *chunks]).to_pandas(types_mapper=pd.ArrowDtype)


def _parts(given: PlanInput) -> list[PlanInput]:
    """Every link with its rows, and the rows without a link, each as an input of its own."""
    ids = [(row["sc_id"], row["sf_id"]) for row in rows_of(given.links)]
    names = list(given.links["link_id"])
    parts = [
        replace(
            given,
            links=given.links.iloc[[place]].reset_index(drop=True),
            sales_connect=_only(given.sales_connect, {sc_id}),
            salesforce=_only(given.salesforce, {sf_id}),
            approvals=given.approvals[given.approvals["link_id"] == names[place]].reset_index(drop=True),
        )
        for place, (sc_id, sf_id) in enumerate(ids)
    ]
    rest = replace(
        given,
        links=given.links.iloc[:0],
        sales_connect=_only(given.sales_connect, {sc_id for sc_id, _ in ids}, inside=False),
        salesforce=_only(given.salesforce, {sf_id for _, sf_id in ids}, inside=False),
        approvals=given.approvals.iloc[:0],
    )
    return [*parts, rest]


def _only(rows: pd.DataFrame, ids: set[str | None], *, inside: bool = True) -> pd.DataFrame:
    places = [place for place, remote_id in enumerate(rows["remote_id"]) if (remote_id in ids) is inside]
    return rows.iloc[places].reset_index(drop=True)
