"""Salesforce calls that runs make, without those of logging in, as the sandbox counts them over HTTP.

The rival makes one call a record: to look at it, or to write it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from bench.result import Result
from stack.postgres import PostgresServer
from taskbridge.store import Ledger
from taskbridge.store.migrate import migrate
from tests.contract.counted import Counted
from tests.contract.sandbox_process import running, trusted

IDLE: Final = 2
SOME: Final = 4
MANY: Final = 18
"""Calls at most of an idle run, of 200 changes, and of 10,000 updates."""
CHANGES: Final = 200


def measure(updates: int) -> Iterator[Result]:
    with ExitStack() as stack:
        counted = stack.enter_context(_counted())
        tasks = counted.tasks(updates)
        yield _result(
            f"calls of an idle run over {updates:,} pairs", sum(counted.sync().values()), updates, IDLE
        )
        for rows, most in ((min(CHANGES, updates), SOME), (updates, MANY)):
            for task in tasks[:rows]:
                counted.sc.edit(task, details=f"one of {rows}")
            calls = sum(counted.sync().values())
            if f"one of {rows}" not in counted.details():
                raise RuntimeError(f"{rows:,} edits did not arrive in Salesforce")
            yield _result(f"calls of {rows:,} updates", calls, rows, most)
            counted.sync()


def _result(name: str, calls: int, rows: int, most: int) -> Result:
    return Result.of(name, calls, rows, None, "a call a row", "calls", figure="4", most=most)


@contextmanager
def _counted() -> Iterator[Counted]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="taskbridge-calls-")))
        server = stack.enter_context(PostgresServer.throw_away())
        server.create_database("calls")
        migrate(server.url("calls"))
        sandbox = stack.enter_context(running(folder))
        stack.enter_context(trusted(sandbox))
        ledger = stack.enter_context(Ledger(server.url("calls")))
        yield Counted(sandbox, ledger, server.url("calls"))
