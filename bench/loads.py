"""How long a load takes that writes row by row, by one call at a time and by as many as the setting allows.

python -m bench.loads --rows 200

Over HTTPS to a sandbox of its own that takes 50 ms for each create; reading and planning are not counted.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bench.result import Result
from stack.postgres import PostgresServer
from taskbridge.core.run import RunMode, RunSpec
from taskbridge.core.terms import Op, Side
from taskbridge.engine.engine import Engine
from taskbridge.engine.pause import WatchedSides
from taskbridge.engine.ports import Sides
from taskbridge.engine.steps.decide import decide
from taskbridge.engine.steps.extract import extract
from taskbridge.engine.steps.load import load
from taskbridge.engine.steps.opening import open_run
from taskbridge.settings import Settings
from taskbridge.store import Ledger
from taskbridge.store.migrate import migrate
from tests.contract.sandbox_process import Sandbox, running
from tests.contract.worlds import SalesConnectWorld, SalesforceWorld, sales_connect_side

SECONDS_A_CALL: Final = 0.05


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.loads", description=__doc__)
    parser.add_argument("--rows", type=int, default=200, help="new tasks in Sales Connect, without batches")
    for result in measure(parser.parse_args(arguments).rows):
        print(result)
    return 0


def measure(rows: int) -> Iterator[Result]:
    """The default against one call at a time."""
    most = Settings().concurrent_calls
    with (
        tempfile.TemporaryDirectory() as folder,
        PostgresServer.throw_away(durable=True) as server,
        running(Path(folder)) as sandbox,
    ):
        os.environ["REQUESTS_CA_BUNDLE"] = sandbox.salesforce.ca_bundle
        took: dict[int, float] = {}
        for calls in (1, most):
            server.create_database(f"loads_{calls}")
            migrate(server.url(f"loads_{calls}"))
            with Ledger(server.url(f"loads_{calls}")) as ledger:
                took[calls] = seconds(sandbox, ledger, rows, calls)
    yield Result.of(f"{rows:,} creates, {most} calls at a time", took[most], took[1], None, "one at a time")


def seconds(sandbox: Sandbox, ledger: Ledger, rows: int, calls: int) -> float:
    """Of the load alone: so many reminders of Salesforce become tasks in Sales Connect."""
    for service in (sandbox.salesforce, sandbox.sales_connect):
        service.reset()
    salesforce = SalesforceWorld(sandbox.salesforce)
    account = SalesConnectWorld(sandbox.sales_connect, batch=False, feed=True, gone_status=404)
    sandbox.sales_connect.switch(points_per_minute=1_000_000)
    sandbox.sales_connect.control("PATCH", f"/people/users/{account.owner}", {"salesforce_task_sync": True})
    for number in range(rows):
        salesforce.create(f"Call {number}")
    for system in (salesforce, account):
        system.advance(60)
    settings = Settings(concurrent_calls=calls)
    written = sales_connect_side(sandbox.sales_connect, concurrent_calls=calls)
    sides = WatchedSides(Sides(written, salesforce.side), ledger)
    engine = Engine(ledger, sides, settings, lambda: True)
    run = open_run(engine, RunSpec("bench/load", RunMode.SCHEDULED, settings.fingerprint, "bench"))
    if run is None:
        raise RuntimeError("the run was not opened")
    for side in Side:
        extract(engine, run, side)
    decide(engine, run)
    sandbox.sales_connect.fault(endpoint="POST /v2/tasks", kind="slow", seconds=SECONDS_A_CALL, times=None)
    begin = time.perf_counter()
    outcomes = load(engine, run, Side.SALES_CONNECT, (Op.CREATE,)).outcomes
    took = time.perf_counter() - begin
    if outcomes != {"done": rows}:
        raise RuntimeError(f"{rows} creates ended as {outcomes}")
    return took


if __name__ == "__main__":
    sys.exit(main())
