"""Short ways to write down a plan's input and to read a plan: frames from dictionaries with defaults.

Everything happens around noon of one day. `ANNA` and `BEN` are synced users, switched on a month before; a
task `sc()` and a task `sf()` are two halves of the pair `link()`, in step with each other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa

from bench.dict_loop import DictInput, DictPlan, plan, rows_of
from taskbridge.core.frames import frame
from taskbridge.core.model import (
    APPROVAL_ROWS,
    DECISIONS,
    HISTORY,
    LINKS,
    POPULATION,
    RECENT_WRITES,
    SALES_CONNECT_TASKS,
    SALESFORCE_TASKS,
    USERS,
    Plan,
    PlanInput,
)
from taskbridge.core.plan import make_plan
from taskbridge.core.policy import Limits, Policy
from taskbridge.core.terms import BIT, TEMPLATE_INPUTS, GuardKind, Side

Row = dict[str, Any]

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SWITCHED_ON = NOON - 30 * DAY
DUE = date(2026, 3, 9)
ACCOUNT, ORG = "acc1", "00D1"

ANNA: Row = {
    "sc_user_id": "anna",
    "sf_user_id": "005A",
    "synced": True,
    "selected": True,
    "first_sync_owed": False,
    "switched_on_sc": SWITCHED_ON,
    "switched_on_sf": SWITCHED_ON,
}
BEN: Row = ANNA | {"sc_user_id": "ben", "sf_user_id": "005B"}

_TASK: Row = {
    "presence": "live",
    "version": NOON,
    "modified_at": NOON,
    "created_at": NOON - HOUR,
    "title": "Call Ann",
    "due_date": DUE,
    "details": "Ask for the order",
}


def table(schema: pa.Schema, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    rows = list(rows)
    unknown = {name for row in rows for name in row} - set(schema.names)
    assert not unknown, f"no such columns: {unknown}"
    return frame(
        pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema)
    )


def sc(remote_id: str = "1", **values: Any) -> Row:
    """A staged Sales Connect row."""
    words = {"status": "open", "priority": "normal", "owner": "anna", "type": "custom"}
    return _TASK | words | {"remote_id": remote_id} | values


def sf(remote_id: str = "T1", **values: Any) -> Row:
    """A staged Salesforce row."""
    words = {"status": "Not Started", "priority": "Normal", "owner": "005A", "subtype": "Task"}
    return _TASK | words | {"remote_id": remote_id, "is_closed": False, "is_recurrence": False} | values


def gone(row: Row, **values: Any) -> Row:
    """The same record, deleted an hour after it was read last."""
    return {"remote_id": row["remote_id"], "presence": "deleted", "version": NOON + HOUR} | values


def absent(row: Row) -> Row:
    """The same record, not found when it was asked for."""
    return {"remote_id": row["remote_id"], "presence": "absent"}


def broken(row: Row) -> Row:
    """The same record in a form that cannot be understood."""
    return {
        "remote_id": row["remote_id"],
        "presence": "live",
        "problem_code": "BAD_DATE",
        "problem_message": "due_date is 30 February",
        "payload": "{}",
    }


def link(left: Row | None = None, right: Row | None = None, **values: Any) -> Row:
    """The pair of these two rows, with their values as its base."""
    left, right = left or sc(), right or sf()
    base = {f"sc_{name}": left.get(name) for name in (*_FIELDS, *TEMPLATE_INPUTS)}
    base |= {f"sf_{name}": right.get(name) for name in _FIELDS}
    stamps = {
        "sc_version": NOON - HOUR,
        "sf_version": NOON - HOUR,
        "sc_modified_at": NOON - HOUR,
        "sf_modified_at": NOON - HOUR,
    }
    words = {"origin": "sales_connect", "generation": 1, "state": "linked", "dirty": False, "parked": False}
    words |= {"unconfirmed": False, "sc_asked": False, "sf_asked": False}
    ids = {
        "link_id": f"sc:{ACCOUNT}:{left['remote_id']}",
        "sc_id": left["remote_id"],
        "sf_id": right["remote_id"],
    }
    return base | stamps | words | ids | values


_FIELDS = ("title", "status", "priority", "due_date", "details", "owner")


def decision(field: str, winner: str, left: Any, right: Any) -> Row:
    """What a person decided about a field of the pair, and the two values that she saw."""
    values = {"value_sc": left and str(left), "value_sf": right and str(right)}
    return {"link_id": link()["link_id"], "field": field, "winner": winner} | values


def wrote(nth: int, side: str, field: str, before: Any, after: Any, op: str = "update") -> Row:
    """A recent write of one field of the pair."""
    written = {field: after, f"seen_{field}": before, "mask": BIT[field]}
    return {"link_id": link()["link_id"], "nth": nth, "side": side, "op": op} | written


def many(count: int) -> tuple[list[Row], list[Row], list[Row]]:
    """So many pairs in step: links, Sales Connect rows, Salesforce rows."""
    lefts = [sc(str(number)) for number in range(count)]
    rights = [sf(f"T{number}") for number in range(count)]
    return [link(left, right) for left, right in zip(lefts, rights, strict=True)], lefts, rights


def given(
    links: Iterable[Row] = (),
    sales_connect: Iterable[Row] = (),
    salesforce: Iterable[Row] = (),
    *,
    users: Iterable[Row] = (ANNA, BEN),
    history: Iterable[Row] = (),
    population: Iterable[Row] = (),
    approvals: Iterable[Row] = (),
    rerender: bool = False,
    now: datetime = NOON,
    gaps: Iterable[Side] = (),
    untold: Iterable[Side] = (),
    decisions: Iterable[Row] = (),
    recent: Iterable[Row] = (),
    **policy: Any,
) -> PlanInput:
    """A plan's input; further words are settings of the policy. Limits of one kind are those of every kind."""
    if isinstance(policy.get("limits"), Limits):
        policy["limits"] = dict.fromkeys(GuardKind, policy["limits"])
    return PlanInput(
        links=table(LINKS, links),
        sales_connect=table(SALES_CONNECT_TASKS, sales_connect),
        salesforce=table(SALESFORCE_TASKS, salesforce),
        users=table(USERS, users),
        history=table(HISTORY, history),
        population=table(POPULATION, population),
        account=ACCOUNT,
        org=ORG,
        sc_now=now,
        sf_now=now,
        policy=Policy(**policy),
        gaps=frozenset(gaps),
        untold=frozenset(untold),
        decisions=table(DECISIONS, decisions),
        recent=table(RECENT_WRITES, recent),
        approvals=table(APPROVAL_ROWS, approvals),
        rerender=rerender,
    )


_KIND_OF = {"status": "complete", "owner": "owner", "due_date": "due_date", "title": "subject"}


def approval_rows(action: Row, **values: Any) -> list[Row]:
    """The rows of requests that ask for this action; further words are columns of APPROVAL_ROWS."""
    shared = {name: action[name] for name in APPROVAL_ROWS.names if name in action} | {"approval_id": 1}
    if action["op"] != "update":
        unproven = action["op"] == "delete" and "C5" in action["rule"]
        kind = "missing" if unproven else action["op"]
        return [shared | {"kind": kind, "row_id": 1} | values]
    return [
        shared | {"kind": _KIND_OF[name], "mask": BIT[name], "row_id": place + 1} | values
        for place, name in enumerate(fields_of(action["mask"]))
        if name in _KIND_OF and (name != "status" or action["status"] in ("complete", "Completed"))
    ]


class Read:
    """A plan as rows, with the questions that tests ask; `outside`: what it keeps of why records take no part."""

    def __init__(self, made: Plan) -> None:
        self.actions = rows_of(made.actions)
        changes = rows_of(made.ledger_changes)
        self.changes = [row for row in changes if row["sc_outside"] is None and row["sf_outside"] is None]
        self.outside = {
            name: row[name]
            for row in changes
            for name in ("sc_outside", "sf_outside")
            if row[name] is not None
        }
        self.new_links = rows_of(made.new_links)
        self.conflicts = rows_of(made.conflicts)
        self.dispositions = rows_of(made.dispositions)
        self.left_out = rows_of(made.left_out)
        self.answered = rows_of(made.answered)

    @property
    def writes(self) -> list[tuple[str, str, Row]]:
        """Each action as side, op and the values that it writes, in the order of the plan."""
        return [(row["side"], row["op"], written(row)) for row in self.actions]

    @property
    def ends(self) -> dict[str, tuple[str, str]]:
        """Disposition and rule of each staged row, by its id."""
        return {row["remote_id"]: (row["disposition"], row["rule"]) for row in self.dispositions}

    def write(self, side: str) -> Row:
        """The values that the only action on that side writes."""
        [action] = [row for row in self.actions if row["side"] == side]
        return written(action)

    def base(self, side: str) -> Row:
        """The base columns of that side ("sc", "sf") that advance, over all ledger changes."""
        columns: Row = {}
        for row in self.changes:
            columns |= {name: row[f"{side}_{name}"] for name in fields_of(row[f"{side}_mask"])}
        return columns


def fields_of(mask: int) -> list[str]:
    return [name for place, name in enumerate(_FIELDS) if mask >> place & 1]


def written(action: Row) -> Row:
    """The values inside the action's mask."""
    return {name: action[name] for name in fields_of(action["mask"])}


def decide(*arguments: Any, **words: Any) -> Read:
    """The plan for `given(...)`, after a check that the row-by-row planner answers the same."""
    made = given(*arguments, **words)
    answer = make_plan(made)
    assert comparable(answer) == comparable(plan(DictInput.of(made)))
    return Read(answer)


def comparable(made: Plan | DictPlan) -> dict[str, list[str]]:
    """The plan's rows without their order: `seq` becomes the action that it stands for."""
    names = ("actions", "ledger_changes", "new_links", "conflicts", "dispositions", "left_out", "answered")
    rows = {name: getattr(made, name) for name in names}
    if isinstance(made, Plan):
        rows = {name: rows_of(part) for name, part in rows.items()}
    action_of = {
        row["seq"]: (row["link_id"], row["side"], row["op"], row["mask"], row["state"])
        for row in rows["actions"]
    }
    assert len(action_of) == len(rows["actions"]), "a seq is used twice"
    return {name: sorted(_line(row, action_of) for row in part) for name, part in rows.items()}


def _line(row: Row, action_of: Mapping[int, tuple[object, ...]]) -> str:
    meaningless = _outside_masks(row)
    return repr({name: _value(name, row, action_of) for name in sorted(row.keys() - meaningless)})


def _outside_masks(row: Row) -> set[str]:
    """Columns whose values say nothing, because the row's masks leave them out."""
    names: set[str] = set()
    for mask, prefix in (("mask", ""), ("sc_mask", "sc_"), ("sf_mask", "sf_")):
        if mask in row:
            names |= {f"{prefix}{name}" for name in set(_FIELDS) - set(fields_of(row[mask]))}
    if "reason" in row:
        names |= {"reason"}  # for people
    if row.get("inputs") is False:
        names |= {f"sc_{name}" for name in TEMPLATE_INPUTS}
    return names


def _value(name: str, row: Row, action_of: Mapping[int, tuple[object, ...]]) -> object:
    value = row[name]
    if name == "seq":
        return None if value is None else action_of[value]
    if row.get("field") == "record" and name.startswith(("base_", "value_")):
        return json.loads(value)
    return sorted(value.split(",")) if name == "kind" and value else value
