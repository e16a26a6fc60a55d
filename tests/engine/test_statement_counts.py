"""What a run costs in statements and transactions, all of its steps together, however many pairs there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from sqlalchemy import TextClause

from taskbridge.core.terms import Side
from taskbridge.store.database import Database, Transaction
from tests.engine.world import World


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many statements and transactions were sent since it was last cleared."""
    counted: Counter[str] = Counter()
    run, copy, frame, begin = Transaction.run, Transaction.copy, Database.frame, Database._begin
    run_text = Transaction.run_text

    def counting_run(self: Transaction, statement: str, **parameters: object) -> Any:
        counted["statements"] += 1
        return run(self, statement, **parameters)

    def counting_text(self: Transaction, text: TextClause, **parameters: object) -> Any:
        counted["statements"] += 1
        counted["checks"] += 1
        return run_text(self, text, **parameters)

    def counting_copy(self: Transaction, target: list[str], table: pa.Table) -> None:
        counted["statements"] += table.num_rows > 0
        copy(self, target, table)

    def counting_frame(
        self: Database, statement: str, schema: pa.Schema, **parameters: object
    ) -> pd.DataFrame:
        counted["statements"] += 1
        return frame(self, statement, schema, **parameters)

    @contextmanager
    def counting_begin(self: Database) -> Iterator[Transaction]:
        counted["transactions"] += 1
        with begin(self) as tx:
            yield tx

    monkeypatch.setattr(Transaction, "run", counting_run)
    monkeypatch.setattr(Transaction, "run_text", counting_text)
    monkeypatch.setattr(Transaction, "copy", counting_copy)
    monkeypatch.setattr(Database, "frame", counting_frame)
    monkeypatch.setattr(Database, "_begin", counting_begin)
    return counted


@pytest.mark.parametrize("pairs", [1, 50])
def test_an_idle_run_sends_few_statements(world: World, sent: Counter[str], pairs: int) -> None:
    for number in range(pairs):
        world.sc_task(f"Task {number}")
    world.settle()
    sent.clear()
    world.sync()
    assert sent["checks"] == 0, "nothing is to be written"
    assert sent["statements"] <= 60
    assert sent["transactions"] <= 15


@pytest.mark.parametrize("side", list(Side))
def test_one_edit_sends_few_statements(world: World, sent: Counter[str], side: Side) -> None:
    task = world.sc_task("Call")
    world.settle()
    system, name = (
        (world.sc, task)
        if side is Side.SALES_CONNECT
        else (world.sf, world.partner(Side.SALES_CONNECT, task))
    )
    system.edit(name, priority="high" if side is Side.SALES_CONNECT else "High")
    sent.clear()
    world.sync()
    assert sent["checks"] == 1, "all checks are one statement"
    assert sent["statements"] <= 90
    assert sent["transactions"] <= 25
