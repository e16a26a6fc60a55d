"""What whole runs take in calls of Salesforce, by the sandbox's own counters: reads and version checks included."""

from __future__ import annotations

import itertools
from typing import Any

import psycopg
import pytest

from taskbridge.core.run import RunMode, RunOutcome, RunSpec
from taskbridge.core.terms import Op
from taskbridge.engine.cycle import run_cycle
from taskbridge.engine.engine import Engine
from taskbridge.engine.ports import Sides
from taskbridge.settings import Settings
from taskbridge.store import Ledger
from tests.contract.sandbox_process import Sandbox
from tests.contract.worlds import SalesforceWorld
from tests.doubles.memory import START, MemorySalesConnect

pytestmark = pytest.mark.postgres

NO_LIMIT = {"limits": {"count": 1_000_000, "user_count": 1_000_000, "half_of_more_than": 1_000_000}}
OVERLAP = 20 * 60  # seconds: longer than what every run reads again


class Counted:
    """Salesforce is the sandbox, Sales Connect is memory: its calls are not counted, and it is fast."""

    def __init__(self, sandbox: Sandbox, ledger: Ledger, url: str) -> None:
        self._url = url
        sandbox.salesforce.reset()
        self.sf = SalesforceWorld(sandbox.salesforce)
        sandbox.salesforce.switch(api_daily_max=1_000_000)
        self.sc = MemorySalesConnect(now=START)
        self.owner = self.sc.add_user("ada@example.com", sync_on=True)
        self.ledger = ledger
        self._keys = itertools.count()
        self.sync()

    def sync(self, outcome: RunOutcome = RunOutcome.CLEAN, **settings: Any) -> dict[str, int]:
        """Calls of one run that ends so, by endpoint, without those of logging in."""
        for world in (self.sc, self.sf):
            world.advance(OVERLAP)
        engine = Engine(
            self.ledger,
            Sides(self.sc, self.sf.side),
            Settings.model_validate(NO_LIMIT | settings),
            lambda: True,
            sleep=self.sf.advance,
        )
        self.sf.service.control("DELETE", "/calls")
        spec = RunSpec(f"counted/{next(self._keys)}", RunMode.SCHEDULED, "settings", "code")
        report = run_cycle(engine, spec)
        assert report.outcome is outcome, report.text
        called = self.sf.service.calls()["by_endpoint"]
        return {name: count for name, count in called.items() if "oauth2" not in name}

    def tasks(self, count: int) -> list[str]:
        """Pairs in step, confirmed by a read."""
        made = [self.sc.create(self.owner, f"Task {number}") for number in range(count)]
        self.sync()
        self.sync()
        return made

    def an_hour_later(self) -> None:
        """The last look at the contract is old."""
        with psycopg.connect(self._url) as connection:
            connection.execute("UPDATE bridge.contract SET looked_at = looked_at - interval '2 hours'")

    def looks(self) -> int:
        """How often the contract was looked at within the last hour."""
        with psycopg.connect(self._url) as connection:
            query = "SELECT count(*) FROM bridge.contract WHERE looked_at > now() - interval '1 hour'"
            return int((connection.execute(query).fetchone() or (0,))[0])

    def details(self) -> set[str | None]:
        return {task["Description"] for task in self.sf.service.control("GET", "/snapshot")["Task"]}


@pytest.fixture
def counted(sandbox: Sandbox, ledger: Ledger, database_url: str) -> Counted:
    return Counted(sandbox, ledger, database_url)


def test_an_idle_run_takes_two_calls_also_when_the_contract_is_due(counted: Counted) -> None:
    counted.tasks(3)
    assert sum(counted.sync().values()) == 2
    counted.an_hour_later()
    assert sum(counted.sync().values()) == 2
    assert counted.looks() == 1


def test_G9_an_idle_run_takes_two_calls_also_with_a_thousand_held_deletes(counted: Counted) -> None:
    tasks = counted.tasks(1_000)
    for task in tasks:
        counted.sc.delete(task)
    nothing = {"limits": {"delete": {"count": 0, "share": 0, "user_count": 0, "user_share": 0}}}
    counted.sync(RunOutcome.HELD, **nothing)
    for _ in range(2):
        assert sum(counted.sync(RunOutcome.HELD, **nothing).values()) == 2


@pytest.mark.parametrize("due", [False, True])
@pytest.mark.parametrize("op", list(Op))
def test_200_changes_of_one_kind_take_four_calls_at_most(counted: Counted, op: Op, *, due: bool) -> None:
    tasks = counted.tasks(1 if op is Op.CREATE else 200)
    if op is Op.CREATE:
        for number in range(200):
            counted.sc.create(counted.owner, f"New {number}")
    for task in tasks:
        if op is Op.UPDATE:
            counted.sc.edit(task, details="edited")
        elif op is Op.DELETE:
            counted.sc.delete(task)
    if due:
        counted.an_hour_later()
    called = counted.sync()
    assert sum(called.values()) <= 4, called
    assert counted.looks() == 1
    live = [one for one in counted.sf.service.control("GET", "/snapshot")["Task"] if not one["IsDeleted"]]
    assert len(live) == {Op.CREATE: 201, Op.UPDATE: 200, Op.DELETE: 0}[op]


def test_10000_updates_take_62_calls_by_collections_and_18_by_bulk(counted: Counted) -> None:
    tasks = counted.tasks(10_000)
    for way, most, used in (("never", 62, "PATCH"), (None, 18, "jobs")):
        for task in tasks:
            counted.sc.edit(task, details=f"edited, {way}")
        called = counted.sync(salesforce_bulk_threshold=way)
        assert counted.details() == {f"edited, {way}"}
        assert sum(called.values()) <= most, called
        assert any(used in name for name in called)
        counted.sync()
