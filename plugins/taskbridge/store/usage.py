"""Calls by run, side and kind, what was forecast of them, and what the systems told of their allocations (G7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

from sqlalchemy import Row

from taskbridge.core.run import Run
from taskbridge.core.terms import Side
from taskbridge.core.usage import CallKind, Calls, Told, Usage
from taskbridge.store.database import Database


@dataclass
class Usages:
    _db: Database

    def add_usage(self, run: Run | None, used: Mapping[Side, Usage]) -> None:
        """Adds calls that were made to those of the run, and keeps what was told last. Not fenced: they were made,
        whoever holds the lease now. Null: of no run, as of one that could not be opened."""
        told = {side.value: usage.told for side, usage in used.items() if usage.told is not None}
        with self._db.transaction() as tx:
            tx.run(
                "usage/add_usage",
                run_id=None if run is None else run.run_id,
                **_columns({side: usage.calls for side, usage in used.items()}, "calls"),
                told_by=list(told),
                calls_left=[last.left for last in told.values()],
                allocation=[last.most for last in told.values()],
                told_at=[last.at for last in told.values()],
            )

    def save_forecast(self, run: Run, forecast: Mapping[Side, Calls]) -> None:
        """Keeps how many calls the run will have made by its end, in place of what it had forecast before."""
        with self._db.fenced(run) as tx:
            tx.run("usage/save_forecast", run_id=run.run_id, **_columns(forecast, "forecast"))

    def of_run(self, run: Run) -> Mapping[Side, Usage]:
        """Calls of the run so far, what it had forecast, and what it was told last."""
        rows = self._db.rows("usage/read_usage", run_id=run.run_id)
        counted = [row for row in rows if row.kind is not None]
        told = {row.side: _told(row) for row in rows if row.kind is None}
        return {
            side: Usage(
                {CallKind(row.kind): row.calls for row in counted if row.side == side and row.calls},
                told.get(side),
                {CallKind(row.kind): row.forecast for row in counted if row.side == side and row.forecast},
            )
            for side in Side
        }

    def last_told(self, side: Side, age: timedelta) -> Told | None:
        """What any run was told of the allocation within this time."""
        row = self._db.row("usage/read_last_allowance", side=side.value, age=age)
        return None if row is None else _told(row)


def _columns(calls: Mapping[Side, Calls], numbers: str) -> dict[str, list[Any]]:
    """Side, kind and number as one parameter each."""
    rows = [
        (side.value, kind.value, number) for side, kinds in calls.items() for kind, number in kinds.items()
    ]
    return {name: [row[place] for row in rows] for place, name in enumerate(("sides", "kinds", numbers))}


def _told(row: Row[Any]) -> Told:
    return Told(row.calls_left, row.allocation, row.told_at.astimezone(UTC))
