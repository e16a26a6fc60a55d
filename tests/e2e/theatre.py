"""What the end-to-end tests do with the stack, and see of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, LiteralString, TypeVar

import psycopg
import requests
from psycopg.rows import dict_row

from stack.airflow_api import RUN_ENDED, AirflowApi
from stack.demo.people import Edit, People
from stack.demo.records import Record, look
from stack.demo.systems import SIDES, Side, Systems
from stack.supervisor import Stack

SYNC, BACKFILL = "task_sync", "task_sync_backfill"
SCHEDULE = "* * * * * */20"  # the sixth field counts seconds
SWITCH = "taskbridge_enabled"
PATIENCE = 240.0
Found = TypeVar("Found")


class Theatre:
    """One stack with people on both sides."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.api = stack.api
        self.systems = Systems.reached_by(stack.sandbox)

    def as_role(self, role: str) -> AirflowApi:
        """Airflow's API as the account that is named after its role."""
        return AirflowApi(self.api.url, role, self.stack.keys.passwords[role])

    def wait_for(self, what: str, find: Callable[[], Found | None], every: float = 0.2) -> Found:
        """Polls until `find` gives something true; fails when a service dies or patience ends.

        every: seconds; the two systems limit calls, so whoever asks them asks seldom.
        """
        deadline = time.monotonic() + PATIENCE
        while not (found := find()):
            self.check()
            assert time.monotonic() < deadline, f"after {PATIENCE:.0f} s there is still no {what}"
            time.sleep(every)
        return found

    def check(self) -> None:
        """Fails when a service has died."""
        self.stack.check()

    def switch(self, on: bool) -> None:
        if on:
            self.api.set_variable(SWITCH, "true")
        else:
            self.api.delete_variable(SWITCH)

    def edit(self, edit: Edit, record_id: str | None = None) -> str:
        return People(self.systems, look(self.systems).users).make(edit, record_id)

    def titled(self, *titles: str) -> list[dict[Side, Record]]:
        """Of each title the task on both sides; fails unless there is exactly one."""
        seen = look(self.systems).records
        found = []
        for title in titles:
            both = {side: [record for record in seen[side] if record.title == title] for side in SIDES}
            assert all(len(records) == 1 for records in both.values()), both
            found.append({side: records[0] for side, records in both.items()})
        return found

    def rows(self, query: LiteralString, *parameters: object) -> list[dict[str, Any]]:
        """What the project's database answers."""
        with psycopg.connect(self.stack.database_url, row_factory=dict_row) as connection:
            return connection.execute(query, parameters).fetchall()

    def calls(self, kind: str) -> tuple[int, int]:
        """Calls that Sales Connect and Salesforce counted since they were last forgotten."""
        counted = self.systems.calls()
        return counted["sales_connect"][kind], counted["salesforce"][kind]

    def run_alone(self) -> dict[str, Any]:
        """A scheduled run, when it has ended, with its calls (kind -> Sales Connect, Salesforce).

        Counters know no runs: so this is one before which and during which no other run was under way.
        """

        def attempt() -> dict[str, Any] | None:
            if not self._is_idle():
                return None
            self.systems.forget_calls()
            now = datetime.now(UTC).isoformat()
            seen = {run["dag_run_id"] for run in self._all_runs()}
            due = self.wait_for("run that is due", lambda: self.api.runs(SYNC, run_after_gt=now))
            run = self.api.wait_for_run(SYNC, due[-1]["dag_run_id"], PATIENCE)
            calls = {kind: self.calls(kind) for kind in ("total", "reads", "writes")}
            alone = [one["dag_run_id"] for one in self._newer(seen)] == [run["dag_run_id"]]
            return {**run, "calls": calls} if alone else None

        return self.wait_for("run that has the stage to itself", attempt)

    def _is_idle(self) -> bool:
        return all(run["state"] in RUN_ENDED for run in self._all_runs())

    def backfill_runs(self, backfill: int) -> list[dict[str, Any]]:
        """The runs that it has made up to now, the latest day first."""
        asked = self.api.call("GET", f"backfills/{backfill}").json()
        return self.api.runs(
            BACKFILL,
            run_type="backfill",
            order_by="-logical_date",
            logical_date_gte=asked["from_date"],
            logical_date_lte=asked["to_date"],
        )

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str | None]:
        return {task["task_id"]: task["state"] for task in self.api.tasks(dag_id, run_id)}

    def page(self, path: str) -> Any:
        """What Airflow's own pages read, as the user admin."""
        password = self.stack.keys.passwords["admin"]
        login = {"username": "admin", "password": password}
        token = requests.post(f"{self.api.url}/auth/token", json=login, timeout=30).json()["access_token"]
        answer = requests.get(
            f"{self.api.url}{path}", headers={"Authorization": f"Bearer {token}"}, timeout=30
        )
        assert answer.ok, answer.text
        return answer.json()

    def _all_runs(self) -> list[dict[str, Any]]:
        return [*self.api.runs(SYNC), *self.api.runs(BACKFILL)]

    def _newer(self, seen: set[str]) -> list[dict[str, Any]]:
        return [run for run in self._all_runs() if run["dag_run_id"] not in seen]
