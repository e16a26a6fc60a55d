"""G7: what a run forecasts before it writes, against what the sandbox's counters say when it has ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

import psycopg
import pytest

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Op, Side
from taskbridge.core.usage import counted
from taskbridge.store import Ledger
from tests.contract.sandbox_process import Sandbox
from tests.contract.stepped import FREE, SteppedWorlds

pytestmark = pytest.mark.postgres

MAY_DIFFER: Final = 0.05
FINDS_OUT: Final = "1 edit, the first that is sent alone that day"
BUSY: Final = "50 edits, one of them busy and sent again"
UNKNOWN_BEFOREHAND: Final = frozenset({FINDS_OUT, BUSY})
"""Runs whose calls depend on an answer that nobody knows when they are forecast; they count in the whole."""
_FIRST_DAY: Final = date(2026, 5, 1)


class Benchmark:
    """A story in which each run gets other work."""

    def __init__(self, both: SteppedWorlds, database_url: str) -> None:
        self.both, self._url = both, database_url
        self._edits = 0
        self.lines: list[str] = []
        self.expected = self.made = 0

    def run(self, name: str) -> None:
        told = self.both.sync()
        assert told.outcome is not RunOutcome.FAILED, told.text
        for side, service in zip(
            Side, (self.both.sandbox.sales_connect, self.both.sandbox.salesforce), strict=True
        ):
            usage = self.both.usage(side)
            forecast, calls = counted(usage.forecast), self.both.calls(service)
            assert counted(usage.calls) == calls, (
                f"{name}: {usage.calls} are kept, the service counted {calls}"
            )
            self.expected, self.made = self.expected + forecast, self.made + calls
            if name not in UNKNOWN_BEFOREHAND:
                assert abs(forecast - calls) <= MAY_DIFFER * calls, (
                    f"{name}: {forecast} forecast, {calls} made"
                )
            self.lines.append(f"{name:<44} {side.system:<14} forecast {forecast:>3}, made {calls:>3}")

    # what people do

    def in_sales_connect(self, number: int) -> None:
        for _ in range(number):
            self.both.sc.create(f"Task {self._next()}")

    def in_salesforce(self, number: int) -> None:
        for _ in range(number):
            self.both.sf.create(f"Theirs {self._next()}")

    def edit_in_sales_connect(self, number: int, first: int = 0) -> None:
        due = _FIRST_DAY + timedelta(days=self._next() % 300)
        for task in self._there()[first : first + number]:
            self.both.sc.edit(task, due_date=due)

    def edit_in_salesforce(self, number: int, first: int = 0) -> None:
        for task in self._here()[first : first + number]:
            self.both.sf.edit(task, details=f"typed {self._next()}")

    def delete_in_sales_connect(self, number: int, first: int = 0) -> None:
        for task in self._there()[first : first + number]:
            self.both.sc.delete(task)

    def delete_in_salesforce(self, number: int, first: int = 0) -> None:
        for task in self._here()[first : first + number]:
            self.both.sf.delete(task)

    def an_hour_later(self) -> None:
        """The last look at the contract is old."""
        with psycopg.connect(self._url) as connection:
            connection.execute("UPDATE bridge.contract SET looked_at = looked_at - interval '2 hours'")

    def _next(self) -> int:
        self._edits += 1
        return self._edits

    def _there(self) -> list[str]:
        tasks = self.both.sandbox.sales_connect.control("GET", "/snapshot")["tasks"]
        return sorted((str(one["id"]) for one in tasks), key=int)

    def _here(self) -> list[str]:
        tasks = self.both.sandbox.salesforce.control("GET", "/snapshot")["Task"]
        return sorted(one["Id"] for one in tasks if not one["IsDeleted"])


def benchmark_set(bench: Benchmark) -> Iterator[str]:
    """Gives people's work its turn, then the name of the run that follows."""
    yield "nothing"
    bench.in_sales_connect(1)
    yield "1 create there"
    bench.edit_in_sales_connect(1)
    yield FINDS_OUT
    bench.in_sales_connect(250)
    yield "250 creates there"
    yield "nothing new"
    bench.in_salesforce(120)
    yield "120 creates here"
    bench.edit_in_sales_connect(201)
    yield "201 edits there"
    bench.edit_in_salesforce(130)
    yield "130 edits here"
    bench.in_sales_connect(30)
    bench.in_salesforce(30)
    bench.edit_in_sales_connect(40)
    bench.edit_in_salesforce(40, 100)
    bench.delete_in_sales_connect(20, 300)
    bench.delete_in_salesforce(20, 300)
    yield "a mix of 180 on both sides"
    bench.an_hour_later()
    bench.edit_in_sales_connect(10)
    yield "10 edits, and a look at the contract"
    bench.both.sf.lose_answer(Op.UPDATE)
    bench.edit_in_sales_connect(60)
    yield "60 edits, whose answer is lost"
    bench.in_sales_connect(5)
    yield "5 creates, and the lost answer"
    bench.both.sf.lose_answer(Op.CREATE)
    bench.in_sales_connect(40)
    yield "40 creates, whose answer is lost"
    bench.edit_in_sales_connect(3)
    yield "3 edits, and the lost answer"
    bench.both.sf.fail_row("Task 1", "UNABLE_TO_LOCK_ROW")
    bench.edit_in_sales_connect(50)
    yield BUSY
    bench.delete_in_sales_connect(201)
    yield "201 deletes there"


def test_G7_a_forecast_is_within_five_percent_of_what_is_counted(
    sandbox: Sandbox, ledger: Ledger, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = Benchmark(SteppedWorlds(sandbox, ledger, limits=FREE), database_url)
    for name in benchmark_set(bench):
        bench.run(name)
    with capsys.disabled():
        print("", *bench.lines, f"{'all of it':<59} forecast {bench.expected}, made {bench.made}", sep="\n")
    assert abs(bench.expected - bench.made) <= MAY_DIFFER * bench.made


def test_G7_a_dry_run_forecasts_what_the_real_run_then_costs(sandbox: Sandbox, ledger: Ledger) -> None:
    both = SteppedWorlds(sandbox, ledger, limits=FREE)
    for number in range(3):
        both.sc.create(f"Task {number}")
    told = both.sync(dry_run=True)
    shown = counted(both.usage().forecast)
    assert f"Cost in Salesforce: {shown} API calls: {both.calls()} made, 1 to come (1 write)" in told.text
    both.sync()
    assert shown == both.calls() == counted(both.usage().forecast)
