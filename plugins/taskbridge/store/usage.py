"""Calls by run, side and kind, what was forecast of them, and what the systems told of their allocations (G7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta
from typing import Any

from sqlalchemy import Row

from taskbridge.core.model import Side
from taskbridge.core.usage import CallKind, Calls, Told, Usage
from taskbridge.engine.ports import Run
from taskbridge.store.part import LedgerPart


class Usages(LedgerPart):
    def add_usage(self, run: Run | None, used: Mapping[Side, Usage]) -> None:
        made = [
            (side.value, kind.value, calls)
            for side, usage in used.items()
            for kind, calls in usage.calls.items()
        ]
        told = {side.value: usage.told for side, usage in used.items() if usage.told is not None}
        with self._db.transaction() as tx:
            tx.run(
                "usage/add_usage",
                run_id=None if run is None else run.run_id,
                **_columns(made, "calls"),
                told_by=list(told),
                calls_left=[last.left for last in told.values()],
                allocation=[last.most for last in told.values()],
                told_at=[last.at for last in told.values()],
            )

    def save_forecast(self, run: Run, forecast: Mapping[Side, Calls]) -> None:
        expected = [
            (side.value, kind.value, calls)
            for side, kinds in forecast.items()
            for kind, calls in kinds.items()
        ]
        with self._db.fenced(run) as tx:
            tx.run("usage/save_forecast", run_id=run.run_id, **_columns(expected, "forecast"))

    def usage(self, run: Run) -> Mapping[Side, Usage]:
        with self._db.transaction() as tx:
            rows = tx.run("usage/read_usage", run_id=run.run_id).all()
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
        with self._db.transaction() as tx:
            row = tx.run("usage/read_last_allowance", side=side.value, age=age).one_or_none()
        return None if row is None else _told(row)


def _columns(rows: Sequence[tuple[str, str, int]], numbers: str) -> dict[str, list[Any]]:
    """Rows of side, kind and number as one parameter a column."""
    sides, kinds, values = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
    return {"sides": sides, "kinds": kinds, numbers: values}


def _told(row: Row[Any]) -> Told:
    return Told(row.calls_left, row.allocation, row.told_at.astimezone(UTC))
