"""Why a task is as it is: for each field which side, run and rule set it and when, and what stands in its way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any, Final

from taskbridge.core.frames import Row
from taskbridge.core.terms import BIT, FIELDS, Op, Side
from taskbridge.errors import TaskUnknown
from taskbridge.store import Ledger
from taskbridge.store.links import Known

_SIDES: Final = {**{side.value: side.system for side in Side}, "both": "both sides"}
LABELS: Final = {
    "title": "Name / Subject",
    "status": "Status",
    "priority": "Priority",
    "due_date": "Due date",
    "details": "Details / Comments",
    "owner": "Owner",
    "record": "The task itself",
}
STATES: Final = {
    "pending": "one record is still to be created",
    "linked": "in sync",
    "held": "a delete waits for a person",
    "missing": "a record is not found, and nothing proves that it was deleted",
    "released": "takes no part any more",
    "tombstone": "deleted on both sides",
}
WITHHELD: Final = {
    "rejected": "a person rejected what was held (G3)",
    "undone": "a person undid the run that wrote it",
    "withdrawn_from_sales_connect": "a person undid the run that copied it to Sales Connect",
    "withdrawn_from_salesforce": "a person undid the run that copied it to Salesforce",
}


def explain(ledger: Ledger, task: str) -> str:
    """A few readable lines about a task, named by a Sales Connect id, a Salesforce id (15 or 18), pair or title.

    Raises TaskUnknown when no pair has or had it and no run that staging still holds saw it.
    """
    task = task.strip()
    lines = _known(ledger.links.known(task))
    if not lines:
        titled = ledger.links.titled(task)
        lines = _known(ledger.links.known(titled[0]["task"])) if len(titled) == 1 else _several(task, titled)
    if lines:
        return "\n".join(lines)
    raise TaskUnknown(
        f"No pair has or had the task {task!r}, and no run that staging still holds saw it. Expected a Sales "
        "Connect id, a Salesforce id of 15 or 18 characters, the name of a pair, or a whole title. "
        "Check the id or title, and in the system whether TaskBridge's user may see the task."
    )


def _known(known: Known) -> list[str]:
    if known.pair is not None:
        return list(_pair(known, known.pair))
    return list(_outsider(known)) if known.reasons or known.sight else []


def _several(title: str, titled: Sequence[Row]) -> list[str]:
    if not titled:
        return []
    named = [
        f"  {_SIDES[row['side']]} {row['remote_id']}, "
        + (
            f"pair {row['link_id']}, {row['state']}: {STATES[row['state']]}"
            if row["link_id"]
            else "in no pair"
        )
        for row in titled
    ]
    return [f"{len(titled)} tasks are called {title!r}; name the one you mean:", *named]


def _pair(known: Known, pair: Row) -> Iterator[str]:
    yield f"{_value(pair['title'])}, pair {pair['link_id']}, begun in {_SIDES[pair['origin']]}"
    yield f"  Sales Connect {pair['sc_id'] or '(no task)'}, Salesforce {pair['sf_id'] or '(no task)'}"
    yield f"  Owner: {pair['owner_name'] or 'not a mapped user'}"
    yield f"  State: {pair['state']}: {STATES[pair['state']]}{_unfinished(pair)}"
    if pair["withheld"]:
        yield f"  Kept out: {WITHHELD[pair['withheld']]}"
    yield from _reasons(known)
    yield from (_action(row) for row in known.actions)
    for row in known.fields:
        yield ""
        yield from _field(pair, row, [one for one in known.conflicts if one["field"] == row["field"]])
    of_record = [row for row in known.conflicts if row["field"] == "record"]
    if of_record:
        yield from ("", LABELS["record"], *map(_conflict, of_record))


def _unfinished(pair: Row) -> str:
    return f"; unfinished since {_time(pair['dirty_since'])}" if pair["dirty"] else ""


def _reasons(known: Known) -> Iterator[str]:
    for row in known.reasons:
        yield f"  Not in sync since {_time(row['since'])}, rule {row['rule']}: {row['explanation']}"
        yield f"    What helps: {row['remedy']}"


def _action(row: Row) -> str:
    fields = [name for name in FIELDS if row["mask"] & BIT[name]] if row["op"] == Op.UPDATE else []
    what = f"{row['op']} in {_SIDES[row['side']]}{' of ' + ', '.join(fields) if fields else ''}"
    return (
        f"  Still to come: {what}, {row['state']} by run {row['run_id']}, rule {row['rule']}{_because(row)}"
    )


def _field(pair: Row, row: Row, conflicts: list[Row]) -> Iterator[str]:
    yield LABELS[row["field"]]
    yield f"  Sales Connect: {_value(row['sc_value']) if pair['sc_id'] else '(no task)'}"
    yield f"  Salesforce:    {_value(row['sf_value']) if pair['sf_id'] else '(no task)'}"
    if pair["state"] == "pending":
        yield "  As last read; nothing was agreed yet"
    elif row["run_id"] is None:
        yield "  Found so when the pair was entered; no run has set it since"
    else:
        by = f", asked for by {row['asked_by']}" if row["asked_by"] else ""
        yield (
            f"  From {_SIDES[row['came_from']]}, set by run {row['run_id']} ({row['mode']}{by}) at "
            f"{_time(row['set_at'])}, rule {row['rule']}{_because(row)}"
        )
    yield from map(_conflict, conflicts)


def _conflict(row: Row) -> str:
    values = f"Sales Connect had {_value(row['value_sc'])}, Salesforce {_value(row['value_sf'])}"
    what = f"  Conflict {row['conflict_id']} in run {row['run_id']} at {_time(row['found_at'])}, rule {row['rule']}"
    if row["winner"]:
        end = f"{_SIDES[row['winner']]} won; the other value is kept"
    else:
        end = "it is over" if row["decided_at"] else "it waits for a decision"
    restored = f", and was restored at {_time(row['restored_at'])}" if row["restored_at"] else ""
    return f"{what}: {values}; {end}{restored}"


def _outsider(known: Known) -> Iterator[str]:
    seen = known.sight or known.reasons[0]
    yield f"{_SIDES[seen['side']]} {seen['remote_id']}, {_value(seen['title'])}: in no pair"
    if known.sight:
        yield (
            f"  Last seen {known.sight['presence']} by run {known.sight['run_id']}, which ended it as "
            f"{known.sight['disposition'] or 'not decided'}, rule {known.sight['rule'] or 'none'}"
        )
    yield from _reasons(known)


def _because(row: Row) -> str:
    return f": {row['explanation']}" if row["explanation"] else ""


def _value(value: object) -> str:
    return "(empty)" if value is None else f'"{value}"'


def _time(stamp: Any) -> str:
    return f"{stamp.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if stamp is not None else "an unknown time"
