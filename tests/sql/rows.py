"""Frames and runs for the tests of the store."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import psycopg
import pyarrow as pa

from taskbridge.core.frames import frame
from taskbridge.core.model import ACTIONS, CONFLICTS, DISPOSITIONS, LEDGER_CHANGES, NEW_LINKS, TASKS, Plan
from taskbridge.core.run import Run, RunMode, RunSpec, Window
from taskbridge.core.terms import ALL_FIELDS, Side
from taskbridge.core.users import USER_MAP
from taskbridge.core.writes import KEPT, OUTCOMES
from taskbridge.store import Ledger

SC, SF = Side.SALES_CONNECT, Side.SALESFORCE
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TTL = timedelta(minutes=5)
_numbers = itertools.count(1)

Values = Mapping[str, Any]


def at(minutes: float) -> datetime:
    """So many minutes after the tests' nine o'clock."""
    return NOW + timedelta(minutes=minutes)


def rows(schema: pa.Schema, *given: Values) -> pd.DataFrame:
    """A frame of that schema; what a row does not name is null."""
    unknown = {name for row in given for name in row} - set(schema.names)
    assert not unknown, unknown
    return frame(
        pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in given], schema)
    )


def task(side: Side, remote_id: str, **values: Any) -> dict[str, Any]:
    """A live, open task as a side would give it, changed at nine."""
    usual = {
        "presence": "live",
        "version": NOW,
        "modified_at": NOW,
        "created_at": at(-60),
        "title": "Call Ann",
    }
    words = ("open", "normal", "u1") if side is SC else ("Not Started", "Normal", "005A")
    usual |= dict(zip(("status", "priority", "owner"), words, strict=True))
    return usual | {"remote_id": remote_id} | values


def gone(remote_id: str, presence: str = "deleted", version: datetime | None = NOW) -> dict[str, Any]:
    return {"remote_id": remote_id, "presence": presence, "version": version}


def page(side: Side, *tasks: Values) -> pd.DataFrame:
    return rows(TASKS[side], *tasks)


def kept(side: Side, **values: Any) -> pd.DataFrame:
    return rows(KEPT[side], {"side": side.value} | values)


def user(sc_user_id: str = "u1", **values: Any) -> dict[str, Any]:
    return {
        "sc_user_id": sc_user_id,
        "sf_user_id": "005A",
        "email": f"{sc_user_id}@example.com",
        "name": "Ada",
        "time_zone": "Europe/Vienna",
        "state": "synced",
        "switched_on_sc": at(-600),
        "switched_on_sf": at(-600),
        "first_sync": "owed",
        "seen_off": False,
    } | values


def users(*given: Values) -> pd.DataFrame:
    return rows(USER_MAP, *given)


def action(seq: int, link_id: str, side: Side, op: str, **values: Any) -> dict[str, Any]:
    usual = {
        "state": "planned",
        "rule": "C1",
        "kind": None,
        "sc_user_id": "u1",
        "first_import": False,
        "mask": ALL_FIELDS if op == "create" else 0,
        "marker": f"tb:{link_id}:1" if op == "create" else None,
    }
    return {"seq": seq, "link_id": link_id, "side": side.value, "op": op} | usual | values


def change(link_id: str, seq: int | None = None, **values: Any) -> dict[str, Any]:
    return {"link_id": link_id, "seq": seq, "sc_mask": 0, "sf_mask": 0, "inputs": False} | values


def end(side: Side, remote_id: str, disposition: str, link_id: str | None = None, rule: str = "C1") -> Values:
    return {
        "side": side.value,
        "remote_id": remote_id,
        "link_id": link_id,
        "disposition": disposition,
        "rule": rule,
    }


def new_link(link_id: str, **values: Any) -> dict[str, Any]:
    origin = SC if link_id.startswith("sc:") else SF
    return {"link_id": link_id, "origin": origin.value, "generation": 1, "owner": "u1"} | values


def plan(
    actions: Sequence[Values] = (),
    changes: Sequence[Values] = (),
    links: Sequence[Values] = (),
    conflicts: Sequence[Values] = (),
    ends: Sequence[Values] = (),
) -> Plan:
    return Plan(
        rows(ACTIONS, *actions),
        rows(LEDGER_CHANGES, *changes),
        rows(NEW_LINKS, *links),
        rows(CONFLICTS, *conflicts),
        rows(DISPOSITIONS, *ends),
    )


def outcome(action_id: str, result: str, **values: Any) -> dict[str, Any]:
    return {"action_id": action_id, "outcome": result} | values


def outcomes(*given: Values) -> pd.DataFrame:
    return rows(OUTCOMES, *given)


def spec(mode: RunMode = RunMode.SCHEDULED, **values: Any) -> RunSpec:
    return RunSpec(f"dag/{next(_numbers)}", mode, "settings", "0.1", **values)


def open_run(ledger: Ledger, now: datetime = NOW, **values: Any) -> Run:
    """A run that takes the lease from whoever had it."""
    holder = ledger.runs.lease_holder()
    if holder is not None:
        ledger.runs.release_lease(holder)
    wanted = spec(**values)
    fencing = ledger.runs.take_lease(wanted.run_key, TTL)
    assert fencing is not None
    window = Window(now - timedelta(minutes=10), now)
    return ledger.runs.open_run(
        wanted, fencing, {SC: window, SF: window}, {SC: now, SF: now}, frozenset({"etag"})
    )


def linked(ledger: Ledger, sc_id: str = "1", sf_id: str = "00T1", now: datetime = NOW, **base: Any) -> str:
    """A clean linked pair, made the way it really comes about: an SC task pushed to Salesforce."""
    link_id = f"sc:acc:{sc_id}"
    run = open_run(ledger, now)
    sc = task(SC, sc_id, version=now, modified_at=now) | base
    ledger.staging.stage(run, SC, page(SC, sc), "delta")
    values = {"title": sc["title"], "status": "Not Started", "priority": "Normal", "owner": "005A"}
    values["due_date"] = sc.get("due_date")
    ledger.plans.save_plan(
        run,
        plan(
            [action(0, link_id, SF, "create", **values)],
            [
                change(
                    link_id,
                    0,
                    sc_mask=ALL_FIELDS,
                    inputs=True,
                    sf_mask=ALL_FIELDS,
                    sc_type="Call",
                    **{f"sc_{name}": sc.get(name) for name in (*values, "details")},
                    **{f"sf_{name}": value for name, value in values.items()},
                )
            ],
            [new_link(link_id, sc_id=sc_id)],
            ends=[end(SC, sc_id, "planned", link_id)],
        ),
    )
    write(ledger, run, SF, outcome(f"{run.run_id}-0", "done", remote_id=sf_id, written_at=now))
    ledger.links.settle(run, {SC: now, SF: now}, final=True)
    see(ledger, now + timedelta(minutes=1), {SF: [task(SF, sf_id, version=now, modified_at=now)]})
    return link_id


def see(ledger: Ledger, now: datetime, seen: Mapping[Side, Sequence[Values]]) -> Run:
    """A settled run that reads these rows and finds nothing to do."""
    run = open_run(ledger, now)
    for side, tasks in seen.items():
        ledger.staging.stage(run, side, page(side, *tasks), "delta")
    ends = [end(side, str(row["remote_id"]), "unchanged") for side, tasks in seen.items() for row in tasks]
    ledger.plans.save_plan(run, plan(ends=ends))
    ledger.links.settle(run, {}, final=False)
    return run


def write(ledger: Ledger, run: Run, side: Side, *answers: Values) -> None:
    ledger.outbox.mark_sent(run, [answer["action_id"] for answer in answers])
    ledger.outbox.record(run, outcomes(*answers))


def query(url: str, text: str, *parameters: object) -> list[dict[str, Any]]:
    """The rows of a statement that answers any; without parameters the text may hold several statements."""
    with psycopg.connect(url, row_factory=psycopg.rows.dict_row) as connection:
        cursor = connection.execute(text, parameters or None)
        return cursor.fetchall() if cursor.description else []


def one(url: str, text: str, *parameters: object) -> dict[str, Any]:
    (row,) = query(url, text, *parameters)
    return row


def link_row(url: str, link_id: str) -> dict[str, Any]:
    return one(url, "SELECT * FROM bridge.link WHERE link_id = %s", link_id)
