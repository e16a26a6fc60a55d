"""Calls by run, side and kind, what was forecast of them, and what the systems told of their allocations (G7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Any

from sqlalchemy import Row

from taskbridge.core.model import Side
from taskbridge.core.usage import CallKind, Calls, Told, Usage
from taskbridge.engine.ports import Run
from taskbridge.store.database import Transaction
from taskbridge.store.part import LedgerPart


class Usages(LedgerPart):
    def add_usage(self, run: Run | None, used: Mapping[Side, Usage]) -> None:
        run_id = None if run is None else run.run_id
        with self._db.transaction() as tx:
            for side, usage in used.items():
                _add(tx, run_id, side, usage)

    def save_forecast(self, run: Run, forecast: Mapping[Side, Calls]) -> None:
        with self._db.fenced(run) as tx:
            tx.run("usage/forget_forecast", run_id=run.run_id)
            for side, calls in forecast.items():
                tx.run(
                    "usage/save_forecast",
                    run_id=run.run_id,
                    side=side.value,
                    kinds=[kind.value for kind in calls],
                    forecast=list(calls.values()),
                )

    def usage(self, run: Run) -> Mapping[Side, Usage]:
        with self._db.transaction() as tx:
            counted = tx.run("usage/read_usage", run_id=run.run_id).all()
            told = {row.side: _told(row) for row in tx.run("usage/read_allowances", run_id=run.run_id)}
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


def _add(tx: Transaction, run_id: int | None, side: Side, usage: Usage) -> None:
    if usage.calls:
        kinds, calls = [kind.value for kind in usage.calls], list(usage.calls.values())
        tx.run("usage/add_calls", run_id=run_id, side=side.value, kinds=kinds, calls=calls)
    if (told := usage.told) is not None:
        tx.run(
            "usage/keep_allowance",
            run_id=run_id,
            side=side.value,
            calls_left=told.left,
            allocation=told.most,
            told_at=told.at,
        )


def _told(row: Row[Any]) -> Told:
    return Told(row.calls_left, row.allocation, row.told_at.astimezone(UTC))
