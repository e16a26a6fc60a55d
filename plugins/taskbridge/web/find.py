"""Find a task, and answer "where is my task?": both sides, the base, who set what, and what stands in the way."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import pyarrow as pa
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from taskbridge.core.fields import Crossing
from taskbridge.core.model import USERS
from taskbridge.core.terms import Side, SkippedTasks
from taskbridge.engine.on_demand.explain import STATES, WITHHELD
from taskbridge.store.links import Known
from taskbridge.web import words
from taskbridge.web.access import Viewer, viewer
from taskbridge.web.page import show
from taskbridge.web.reading import LINES, Reader, limited, reading

router: Final = APIRouter()
RESTORE: Final = "task_sync_restore"
PARKED: Final = "task_sync_parked"
APPROVAL: Final = "task_sync_approval"
DECIDE: Final = "task_sync_decide"
_HISTORY: Final = 60
_WORD: Final = re.compile(r"[^\W_]+")
# Subjects go one way (F1), and whose a task is depends on who takes part (C3).
_COMPARED: Final = ("status", "priority", "due_date", "details")
_CROSSING: Final = Crossing.of(
    dict(zip(USERS.names, USERS.empty_table().combine_chunks().columns, strict=True)), SkippedTasks.LEAVE_OPEN
)


@dataclass(frozen=True)
class Answer:
    """Where the task is, in a sentence."""

    kind: str  # good, wait or bad
    text: str
    helps: str | None = None


@router.get("/find")
def find(
    request: Request,
    who: Annotated[Viewer, Depends(viewer)],
    q: str = "",
    by: str = "title",
    task: str = "",
    after: str = "",
) -> HTMLResponse:
    """`q` is what somebody typed: an id, words of a title, or a name; `task` names one."""
    q, wanted = q.strip(), (task or q).strip()
    with reading() as db:
        if wanted and by == "title" and _is_known(known := db.ledger.links.known(wanted)):
            values = _task(db, wanted, known, who)
            return show(request, "task", reader=db, q=q or wanted, by=by, **values)
        rows, more = limited(_search(db, q, by, after) if q else [])
    return show(request, "find", reader=db, q=q or task, by=by, rows=rows, more=more, asked=bool(wanted))


def _is_known(known: Known) -> bool:
    return known.pair is not None or known.sight is not None or bool(known.reasons)


def _search(db: Reader, q: str, by: str, after: str) -> Sequence[Mapping[str, Any]]:
    found = _WORD.findall(q)
    if not found:
        return []
    likes = [f"%{word}%" for word in found]
    if by == "person":
        return db.rows("find_of_person", likes=likes, after=after, lines=LINES + 1)
    # Of whole words the rarest is looked up first, of beginnings each: so at first only the last word may be one.
    rows = _titled(db, found, begun=found[-1:])
    return rows or _titled(db, found, begun=found)


def _titled(db: Reader, found: Sequence[str], begun: Sequence[str]) -> Sequence[Mapping[str, Any]]:
    query = " & ".join(f"'{word}'{':*' if word in begun else ''}" for word in found)
    return db.rows("find_titled", words=query, lines=LINES + 1)


def _task(db: Reader, task: str, known: Known, who: Viewer) -> dict[str, Any]:
    db.statements += 5 if known.pair else 3
    pair = known.pair
    link_id = pair and pair["link_id"]
    now = {row["side"]: row for row in db.rows("read_now", link_id=link_id)} if pair else {}
    refusals = db.rows("read_refusals", task=task, link_id=link_id)
    history = db.rows("read_history", link_id=link_id, lines=_HISTORY) if pair else []
    requests = db.rows("read_request_of", link_id=link_id) if pair else []
    seen = known.sight or (known.reasons[0] if known.reasons else None)
    return {
        "pair": pair,
        "seen": seen,
        "known": known,
        "fields": [_field(row, now) for row in known.fields],
        "now": now,
        "refusals": refusals,
        "history": history,
        "requests": requests,
        "names": _names(db, known, now, history),
        "answer": answer(known, refusals),
        "withheld": WITHHELD,
        "states": STATES,
        "may": {dag: who.may(dag) for dag in (RESTORE, PARKED, APPROVAL, DECIDE)},
    }


def _field(row: Mapping[str, Any], now: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A field with the values of now beside those last agreed on."""
    name = row["field"]
    values = {side: _as_text(now[side][name]) if side in now else None for side in Side}
    base = {Side.SALES_CONNECT: row["sc_value"], Side.SALESFORCE: row["sf_value"]}
    return {
        **row,
        "now": values,
        "base": base,
        "moved": [side for side in now if values[Side(side)] != base[Side(side)]],
        "apart": _is_apart(row),
    }


def _is_apart(field: Mapping[str, Any]) -> bool:
    """Whether the values last agreed on do not say the same: an undo leaves what people had typed where they did."""
    name, values = field["field"], [pa.array([field[side]], pa.string()) for side in ("sc_value", "sf_value")]
    return name in _COMPARED and not _CROSSING.agree(name, *values)[0]


def _as_text(value: object) -> str | None:
    return None if value is None else str(value)


def _names(
    db: Reader, known: Known, now: Mapping[str, Mapping[str, Any]], history: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """Names of the people whose ids stand in the field owner."""
    ids = {row["owner"] for row in now.values()}
    for row in known.fields:
        ids |= {row["sc_value"], row["sf_value"]} if row["field"] == "owner" else set()
    for row in [*known.conflicts]:
        ids |= {row["value_sc"], row["value_sf"]} if row["field"] == "owner" else set()
    for row in history:
        ids |= {row["before"], row["after"]} if row["field"] == "owner" else set()
    wanted = sorted(one for one in ids if one)
    return (
        {row["user_id"]: row["name"] for row in db.rows("read_names", ids=wanted) if row["name"]}
        if wanted
        else {}
    )


def answer(known: Known, refusals: Sequence[Mapping[str, Any]]) -> Answer:
    """The first thing to say to somebody who misses a task."""
    if refused := next((one for one in refusals if one["resolved_at"] is None), None):
        what = f"{words.system(refused['side'])} refused it" if known.pair else "It cannot be understood"
        return Answer("bad", f"{what} ({refused['code']}): {refused['message']}", refused["remedy"])
    if known.reasons:
        reason = known.reasons[0]
        return Answer("wait", reason["explanation"], reason["remedy"])
    if known.pair is None:
        return Answer("wait", "No run has decided anything about it yet. The next run does.")
    return _of_pair(known.pair, [words.field(row["field"]) for row in known.fields if _is_apart(row)])


def _of_pair(pair: Mapping[str, Any], apart: Sequence[str]) -> Answer:
    if pair["state"] == "linked" and not pair["dirty"] and apart:
        left = f"It is in both systems, and they were left different in: {', '.join(apart)}."
        return Answer("wait", left, "Edit the field on either side: what is edited next crosses.")
    if pair["state"] == "linked" and not pair["dirty"]:
        return Answer("good", "It is in both systems, and they were in step when they were last read.")
    if pair["state"] == "linked":
        return Answer("wait", "It is in both systems, and the next run looks at both records again.")
    if pair["withheld"]:
        return Answer("wait", f"It is kept out: {WITHHELD[pair['withheld']]}.")
    state = STATES[pair["state"]]
    return Answer("wait", f"{state[0].upper()}{state[1:]}.")
