"""Runs as Airflow makes them: every step is a process of its own, with clients of its own."""

from __future__ import annotations

import itertools
from typing import Any

from taskbridge.core.run import Run, RunMode, RunSpec
from taskbridge.core.terms import Side
from taskbridge.core.usage import Usage
from taskbridge.engine.cycle import LOAD_STEPS
from taskbridge.engine.engine import Engine
from taskbridge.engine.pause import WatchedSides
from taskbridge.engine.ports import Sides
from taskbridge.engine.steps.decide import decide
from taskbridge.engine.steps.extract import extract
from taskbridge.engine.steps.load import load
from taskbridge.engine.steps.opening import open_run
from taskbridge.engine.steps.read_dirty import read_dirty
from taskbridge.engine.steps.recover import recover
from taskbridge.engine.steps.report import RunReport, report
from taskbridge.engine.steps.settle import settle
from taskbridge.engine.usage import RECENTLY, counted
from taskbridge.settings import Settings
from taskbridge.sides.salesforce.side import SalesforceSide
from taskbridge.store import Ledger
from tests.contract.sandbox_process import Sandbox, Service
from tests.contract.worlds import SalesConnectWorld, SalesforceWorld, sales_connect_side, salesforce_side

FREE: dict[str, Any] = {
    "count": 10**6,
    "user_count": 10**6,
    "half_of_more_than": 10**6,
}
"""No limit that a benchmark would meet (G3)."""


class SteppedWorlds:
    """Ada and Ben work in both systems, both are switched on, and the first run is over."""

    rows_a_call = SalesforceSide.chunk_size

    def __init__(self, sandbox: Sandbox, ledger: Ledger, **settings: Any) -> None:
        for service in (sandbox.salesforce, sandbox.sales_connect):
            service.reset()
        self.sandbox, self.ledger = sandbox, ledger
        self.sf = SalesforceWorld(sandbox.salesforce)
        self.sc = SalesConnectWorld(sandbox.sales_connect, batch=True, feed=True, gone_status=404)
        for user in (self.sc.owner, self.sc.other):
            sandbox.sales_connect.control("PATCH", f"/people/users/{user}", {"salesforce_task_sync": True})
        self.settings = Settings.model_validate(settings)
        self._keys = itertools.count()
        self.last: Run | None = None
        self.sync()

    def engine(self) -> Engine:
        """Of a new process."""
        sf = salesforce_side(
            self.sandbox.salesforce,
            api_reserve=self.settings.salesforce_api_reserve,
            last_told=lambda: self.ledger.usage.last_told(Side.SALESFORCE, RECENTLY),
        )
        sf.chunk_size = self.rows_a_call
        sc = sales_connect_side(self.sandbox.sales_connect)
        sc.features = self.sc.features
        return Engine(self.ledger, WatchedSides(Sides(sc, sf), self.ledger), self.settings, lambda: True)

    def sync(self, **asked: Any) -> RunReport:
        """A run a minute later; its calls alone are counted afterwards."""
        for world in (self.sc, self.sf):
            world.advance(60)
            world.service.control("DELETE", "/calls")
        key = f"stepped/{next(self._keys)}"
        run = open_run(self.engine(), RunSpec(key, RunMode.SCHEDULED, "settings", "code", **asked))
        assert run is not None
        self.last = run
        self._steps(run)
        return report(self.engine(), key)

    def _steps(self, run: Run) -> None:
        self._step(run, recover)
        for side in Side:
            self._step(run, extract, side)
        self._step(run, read_dirty)
        plan = self._step(run, decide)
        if run.spec.dry_run:
            return
        for side, ops in LOAD_STEPS:
            planned = plan.by_side().get(side, {})
            if any("planned" in planned.get(op, {}) for op in ops):
                self._step(run, load, side, ops)
        self._step(run, settle)

    def _step(self, run: Run, step: Any, *given: Any) -> Any:
        engine = self.engine()
        with counted(engine, run):
            return step(engine, run, *given)

    def usage(self, side: Side = Side.SALESFORCE) -> Usage:
        """What the ledger has counted of the last run."""
        assert self.last is not None
        return self.ledger.usage.of_run(self.last)[side]

    def calls(self, service: Service | None = None) -> int:
        """What the sandbox has counted since the last run began, logins aside."""
        counted = (service or self.sandbox.salesforce).calls()
        return int(counted["total"]) - int(counted["logins"])
