"""A stack with two Celery workers that share nothing but the network, and what a test does with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import requests

from stack.airflow_api import RUN_ENDED
from stack.console import Progress
from stack.demo.agreement import check
from stack.demo.people import Edit
from stack.demo.records import look
from stack.demo.systems import SIDES, Side
from stack.errors import StackError
from stack.layout import Layout
from stack.supervisor import Options, Stack
from tests.e2e.theatre import SYNC, Found, Theatre

NEVER = "0 0 1 1 *"  # runs are started by the tests
WORKERS = {
    "127.0.0.2": "worker-1",
    "127.0.0.3": "worker-2",
}  # address, which is what Airflow notes of a task -> name
# How soon Airflow misses a task whose worker is gone: by default after five minutes, after ten if it had not begun.
IMPATIENT = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "5",
}


@contextmanager
def two_workers(
    folder: Path, *, seed: str = "demo", variables: Mapping[str, str] | None = None, concurrency: int = 2
) -> Iterator[Cluster]:
    """Everything but the LocalExecutor, in `folder`; the sync is switched on, and nothing has run yet.

    variables: more of Airflow's environment, for all of its services. concurrency: tasks that a worker runs at a time.
    """
    settings = {"TASKBRIDGE_SCHEDULE": NEVER, **IMPATIENT, **(variables or {})}
    options = Options(seed=seed, variables=settings, workers=len(WORKERS), concurrency=concurrency)
    with Stack(Layout(folder), options, Progress()) as stack:
        stack.api.wait_for_dags({SYNC, "task_sync_approval"}, 60)
        cluster = Cluster(stack)
        cluster.switch(True)
        yield cluster


class Cluster(Theatre):
    """`api` is Airflow's REST client, `systems` the control of both systems, `stack` has the processes by name."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(stack)
        self.begun = datetime.now(UTC)
        self.made: list[str] = []  # titles, each of one task
        self._revived: list[str] | None = None

    @contextmanager
    def service_manager(self) -> Iterator[list[str]]:
        """Within the block whatever of Airflow ends by itself is started again; yields the names of what did."""
        self._revived = []
        yield self._revived
        self._revived = None

    def check(self) -> None:
        if self._revived is None:
            super().check()
        else:
            self._revived += self.stack.revive()

    def wait_for(self, what: str, find: Callable[[], Found | None], every: float = 0.2) -> Found:
        def attempt() -> Found | None:
            if self._revived is None:
                return find()
            try:
                return find()
            except (StackError, requests.RequestException):  # what is being started answers nothing yet
                return None

        return super().wait_for(what, attempt, every)

    def start(self, **conf: object) -> str:
        return self.api.trigger(SYNC, conf=conf)

    def end(self, run: str) -> str:
        """The state in which it ended."""

        def state() -> str | None:
            found = str(self.api.run(SYNC, run)["state"])
            return found if found in RUN_ENDED else None

        return self.wait_for(f"end of {run}", state)

    def run(self) -> str:
        """One whole run, which is expected to go well."""
        run = self.start()
        assert self.end(run) == "success", self.task_states(SYNC, run)
        return run

    def mend(self) -> str:
        """Runs, up to three, until both sides are equal (what was left, then what had to be looked at again, G9);
        the last of them."""
        for _ in range(3):
            run = self.run()
            if not self.differences():
                break
        return run

    def places(self, run: str) -> dict[str, str]:
        """Task -> worker that took it."""
        return {
            task["task_id"]: WORKERS[task["hostname"]]
            for task in self.api.tasks(SYNC, run)
            if task["hostname"]
        }

    def outcome(self, run: str) -> str | None:
        """What the ledger says of a run; None before it was opened."""
        rows = self.rows("SELECT outcome FROM mart.sync_runs WHERE run_key = %s", f"{SYNC}/{run}")
        return str(rows[0]["outcome"]) if rows else None

    def people_make(self, side: Side, by: str, titles: list[str]) -> None:
        for title in titles:
            self.edit(Edit(side, "create", by, {"title": title}))
        self.made += titles

    def hold(self, side: Side, endpoint: str, seconds: float, nth: int = 1) -> None:
        """Answers that come so much later, from the nth call on; counted from now."""
        fault = {"kind": "slow", "endpoint": endpoint, "seconds": seconds, "nth": nth}
        self.systems[side].control("DELETE", "/faults")
        self.systems[side].control("POST", "/faults", fault)

    def wait_until_held(self, side: Side) -> None:
        self.wait_for(
            f"call that {side} holds",
            lambda: any(fault["struck"] for fault in self.systems[side].control("GET", "/faults")),
        )

    def let_go(self) -> None:
        for side in SIDES:
            self.systems[side].control("DELETE", "/faults")

    @contextmanager
    def parts_held(self) -> Iterator[None]:
        """Within the block what plans a part of a large cycle waits where it would keep it."""
        with psycopg.connect(self.stack.database_url, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(16)")
            connection.execute(
                "CREATE FUNCTION staging.wait() RETURNS trigger LANGUAGE plpgsql AS "
                "'BEGIN PERFORM pg_advisory_xact_lock_shared(16); RETURN NEW; END'"
            )
            connection.execute(
                "CREATE TRIGGER wait BEFORE INSERT ON staging.planned_part EXECUTE FUNCTION staging.wait()"
            )
            try:
                yield
            finally:
                connection.execute("SELECT pg_advisory_unlock(16)")
                connection.execute("DROP FUNCTION staging.wait() CASCADE")

    def parts(self, run: str) -> list[dict[str, Any]]:
        """The tasks that plan parts of it."""
        return [task for task in self.api.tasks(SYNC, run) if task["task_id"] == "plan_parts"]

    def differences(self) -> list[str]:
        """Where the two systems are not equal by the rules; empty when nothing is lost and nothing is there twice."""
        seen = look(self.systems)
        found = list(check(seen, self.begun, ()).disagreements)
        for side in SIDES:
            titles = Counter(record.title for record in seen.records[side])
            found += [f"{titles[made]} times {made!r} in {side}" for made in self.made if titles[made] != 1]
        return found

    def task(self, run: str, task_id: str) -> dict[str, Any]:
        return next(task for task in self.api.tasks(SYNC, run) if task["task_id"] == task_id)
