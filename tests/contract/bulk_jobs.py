"""Whole jobs in a line: what tests of the Bulk client share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from taskbridge.core.frames import frame, rows_of
from taskbridge.core.terms import BIT, FIELDS, Op
from taskbridge.core.writes import WRITES
from taskbridge.engine.ports import JobPort, JobSight, JobState, unfenced
from tests.contract.worlds import SalesforceWorld


def port(world: SalesforceWorld) -> JobPort:
    assert world.side.jobs is not None
    return world.side.jobs


def asked(op: Op, rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """WRITES, numbered backwards, so that whoever pairs by position is found out."""
    written = [
        {
            "action_id": f"a{90_000 - number}",
            "seq": number,
            "op": op,
            "mask": sum(BIT[name] for name in FIELDS if name in row),
            **row,
        }
        for number, row in enumerate(rows)
    ]
    return frame(pa.Table.from_pylist(written, schema=WRITES))


def started(world: SalesforceWorld, op: Op, rows: pd.DataFrame) -> str:
    jobs = port(world)
    job = jobs.open(op, len(rows), unfenced)
    jobs.fill(job, op, rows, unfenced)
    jobs.start(job, unfenced)
    return job


def ended(world: SalesforceWorld, job: str) -> JobSight:
    for _ in range(5):
        sight = port(world).look(job)
        if sight.state is JobState.ENDED:
            return sight
    raise AssertionError(f"still {sight}")


def run(world: SalesforceWorld, op: Op, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    """OUTCOMES in the order of the rows."""
    given = asked(op, rows)
    job = started(world, op, given)
    told = rows_of(port(world).outcomes(job, op, given, ended(world, job)))
    by_action = {row["action_id"]: row for row in told}
    assert len(by_action) == len(told) == len(rows)
    return [by_action[action] for action in given["action_id"]]
