"""Runs of the DAG under the real scheduler, and what they left in the database."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from stack.airflow_api import RUN_ENDED
from stack.console import Reminder
from stack.demo.systems import TITLES, Side, Systems
from stack.errors import StackError
from stack.supervisor import Stack

DAG = "task_sync"
RUN_SECONDS = 120.0
POLL_SECONDS = 0.2

RAN: LiteralString = "SELECT * FROM mart.sync_runs WHERE run_key = %s"
WRITTEN: LiteralString = """
    SELECT side, op, array_agg(field ORDER BY field) AS fields FROM mart.change_log
    WHERE run_id = %s AND remote_id = ANY (%s) GROUP BY side, op ORDER BY side, op"""
LOST: LiteralString = """
    SELECT CASE winner WHEN 'salesforce' THEN 'sales_connect' ELSE 'salesforce' END AS side,
           CASE winner WHEN 'salesforce' THEN value_sc ELSE value_sf END AS value
    FROM bridge.conflict JOIN mart.task_pairs USING (link_id)
    WHERE run_id = %s AND (sc_id = ANY (%s) OR sf_id = ANY (%s)) ORDER BY field"""
LEFT_OUT: LiteralString = """
    SELECT side, title, owner_name, rule, explanation, remedy FROM mart.not_synced
    ORDER BY side, rule, title"""


@dataclass(frozen=True)
class Run:
    """A run that has ended. ledger: its row of mart.sync_runs, empty if skipped. calls: side -> counters."""

    name: str
    dag_run_id: str
    seconds: float
    task_states: Collection[str]
    calls: Mapping[Side, Mapping[str, Any]]
    ledger: Mapping[str, Any] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        return str(self.ledger["outcome"]) if self.ledger else "skipped"

    def count(self, kind: str) -> int:
        """Calls of both systems; kind: "total", "reads", "writes" or "logins"."""
        return sum(calls[kind] for calls in self.calls.values())


class Runner:
    """Runs the DAG and waits for the end, telling what is being waited for."""

    def __init__(self, stack: Stack, systems: Systems, say: Callable[[str], None]) -> None:
        self._stack = stack
        self._systems = systems
        self._say = say

    def run(self, name: str) -> Run:
        """Raises `StackError` with the report's sentence when the run fails or does not end."""
        self._systems.forget_calls()
        started = time.monotonic()
        dag_run_id = self._stack.api.trigger(DAG)
        state = self._follow(name, dag_run_id)
        seconds = time.monotonic() - started
        calls = self._systems.calls()
        states = [task["state"] for task in self._stack.api.tasks(DAG, dag_run_id)]
        ledger = self._ledger(dag_run_id)
        if state == "failed":
            raise StackError(f"{name} failed. {ledger.get('summary') or self._failed_tasks(dag_run_id)}")
        return Run(name, dag_run_id, seconds, states, calls, ledger)

    def wait_for_idle(self, dag_id: str) -> None:
        """Until no run of this DAG is under way."""
        remind = Reminder(self._say)
        deadline = time.monotonic() + RUN_SECONDS
        while any(run["state"] not in RUN_ENDED for run in self._stack.api.runs(dag_id)):
            self._stack.check()
            remind(f"waiting for the runs of {dag_id} that Airflow has started by itself")
            if time.monotonic() > deadline:
                raise StackError(f"The runs of {dag_id} have not ended after {RUN_SECONDS:.0f} s.")
            time.sleep(POLL_SECONDS)

    def did(self, run: Run, record_ids: Collection[str]) -> str:
        """What a run wrote to these records, in words; and which value lost a conflict."""
        run_id, ids = run.ledger["run_id"], list(record_ids)
        written = self._query(WRITTEN, run_id, ids)
        lost = self._query(LOST, run_id, ids, ids)
        parts = [_in_words(**row) for row in written]
        parts += [f"keeps {row['value']} of {TITLES[row['side']]}" for row in lost]
        return ", ".join(parts) or "writes nothing"

    def left_out(self) -> list[dict[str, Any]]:
        """Rows of mart.not_synced: side, title, owner_name, rule, explanation, remedy."""
        return self._query(LEFT_OUT)

    def _query(self, statement: LiteralString, *parameters: object) -> list[dict[str, Any]]:
        """Rows of the project's database."""
        with psycopg.connect(self._stack.database_url, row_factory=dict_row) as connection:
            return connection.execute(statement, parameters).fetchall()

    def _follow(self, name: str, dag_run_id: str) -> str:
        remind = Reminder(self._say)
        deadline = time.monotonic() + RUN_SECONDS
        while (state := str(self._stack.api.run(DAG, dag_run_id)["state"])) not in RUN_ENDED:
            self._stack.check()
            if time.monotonic() > deadline:
                raise StackError(
                    f"{name} has not ended after {RUN_SECONDS:.0f} s: {self._states(dag_run_id)}"
                )
            remind(lambda: f"  {self._under_way(dag_run_id)}")
            time.sleep(POLL_SECONDS)
        return state

    def _states(self, dag_run_id: str) -> dict[str, str | None]:
        return {task["task_id"]: task["state"] for task in self._stack.api.tasks(DAG, dag_run_id)}

    def _under_way(self, dag_run_id: str) -> str:
        states = self._states(dag_run_id)
        running = [name for name, state in states.items() if state in ("running", "queued", "scheduled")]
        done = sum(state in ("success", "skipped") for state in states.values())
        return f"{done} of {len(states)} tasks done, under way: {', '.join(running) or 'scheduling'}"

    def _failed_tasks(self, dag_run_id: str) -> str:
        failed = [name for name, state in self._states(dag_run_id).items() if state == "failed"]
        logs = [self._stack.api.task_log(DAG, dag_run_id, name)[-1500:] for name in failed]
        return "\n".join([f"Failed tasks: {', '.join(failed)}", *logs])

    def _ledger(self, dag_run_id: str) -> dict[str, Any]:
        found = self._query(RAN, f"{DAG}/{dag_run_id}")
        return found[0] if found else {}


def _in_words(side: Side, op: str, fields: Collection[str]) -> str:
    if op != "update":
        return f"{op}s it in {TITLES[side]}"
    return f"writes {', '.join(_field(side, name) for name in fields)} to {TITLES[side]}"


def _field(side: Side, name: str) -> str:
    """A field as the people of that system call it."""
    own = {"title": "Subject", "details": "Comments"} if side == "salesforce" else {"title": "name"}
    return own.get(name, name.replace("_", " "))
