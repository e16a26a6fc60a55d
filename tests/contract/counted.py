"""Runs between a sandbox as Salesforce and a Sales Connect in memory, whose calls of Salesforce are counted."""

from __future__ import annotations

import itertools
from typing import Any, cast

import psycopg

from taskbridge.core.run import RunMode, RunOutcome, RunSpec
from taskbridge.engine.cycle import run_cycle
from taskbridge.engine.engine import Engine
from taskbridge.engine.ports import SidePort, Sides
from taskbridge.settings import Settings
from taskbridge.store import Ledger
from tests.contract.sandbox_process import Sandbox
from tests.contract.worlds import SalesforceWorld
from tests.doubles.memory import START, MemorySalesConnect

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
            # It has no stamps to look at, which no run asks for.
            Sides(cast(SidePort, self.sc), self.sf.side),
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
