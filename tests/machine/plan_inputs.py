"""Random inputs of a plan: links with every state, staged rows of every kind, users and policies of every
sort.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from taskbridge.core.frames import rows_of
from taskbridge.core.model import APPROVAL_ROWS, PlanInput
from taskbridge.core.plan import make_plan
from taskbridge.core.policy import LIMITS, Limits
from taskbridge.core.terms import (
    BIT,
    FIELDS,
    ConflictPolicy,
    DeletePolicy,
    FirstSyncMode,
    GuardKind,
    LinkState,
    Proof,
    Side,
    SkippedTasks,
    Withheld,
)
from tests.core.frames import ANNA, NOON, Row, approval_rows, given, link, sc, sf, table

_STAMPS = st.sampled_from([NOON + timedelta(minutes=minutes) for minutes in (-45_000, -600, -3, -1, 0, 1, 3)])
_TEXTS = st.sampled_from([None, "a", "b", "two\nlines", "line\u2028break", "é漢😀"])
_LONG = "x" * 31_999 + "😀"
_DETAILS = st.one_of(_TEXTS, st.sampled_from([_LONG, _LONG + " tail", _LONG + " tail 2", "y" + _LONG]))
_DATES = st.sampled_from([None, date(2026, 3, 9), date(2026, 3, 10)])
_SC_USERS = ["anna", "ben", "cleo", "stranger", None]
_SF_USERS = ["005A", "005B", "005C", "005X", None]

_VALUES: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "sc": {
        "title": _TEXTS,
        "status": st.sampled_from(["open", "complete", "skipped"]),
        "priority": st.sampled_from(["normal", "high"]),
        "due_date": _DATES,
        "details": _DETAILS,
        "owner": st.sampled_from(_SC_USERS),
        "type": st.sampled_from(["email", "call", "inmail", "custom", "fax", None]),
        "campaign_name": _TEXTS,
        "campaign_day": st.sampled_from([None, "1"]),
        "campaign_step": st.sampled_from([None, "2"]),
        "call_outcome": st.sampled_from([None, "reached"]),
        "call_reason": st.sampled_from([None, "offer"]),
    },
    "sf": {
        "title": _TEXTS,
        "status": st.sampled_from(["Not Started", "Completed", "In Progress", "Deferred"]),
        "priority": st.sampled_from(["Normal", "High", "Low"]),
        "due_date": _DATES,
        "details": _DETAILS,
        "owner": st.sampled_from(_SF_USERS),
    },
}
_CONTESTED: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "sc": _VALUES["sc"] | {"owner": st.sampled_from(_SC_USERS[:2])},
    "sf": _VALUES["sf"] | {"owner": st.sampled_from(_SF_USERS[:2])},
}
_RECORD: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "sc": {"marker": st.sampled_from([None, None, "tb:sf:00D1:T7:1", "own"])},
    "sf": {
        "marker": st.sampled_from([None, None, "tb:sc:acc1:7:1", "tb:sc:acc1:0:1", "tb:sc:acc1:1:2"]),
        "subtype": st.sampled_from(["Task", "Task", "Task", None, "Call"]),
        "is_closed": st.booleans(),
        "is_recurrence": st.sampled_from([False, False, False, True]),
        "completed_at": st.one_of(st.none(), _STAMPS),
    },
}
_MAKE = {"sc": sc, "sf": sf}
_EDITS = st.integers(0, 3)
_PRESENCES = st.sampled_from(["live"] * 6 + ["deleted", "absent", "broken"])


@st.composite
def _last_words(draw: st.DrawFn, side: str, base: Row | None) -> Row:
    """What a deleted record says of itself: whose it was, and what it was."""
    owner = draw(st.sampled_from([(base or {}).get("owner"), draw(_VALUES[side]["owner"])]))
    if side == "sc":
        return {"owner": owner, "delete_cause": draw(st.sampled_from([None, None, "user_deleted"]))}
    record = {name: draw(strategy) for name, strategy in _RECORD[side].items()}
    return {"owner": owner, "created_at": draw(_STAMPS)} | record


@st.composite
def records(draw: st.DrawFn, side: str, remote_id: str, base: Row | None = None) -> Row:
    """A staged row: an edited copy of `base`, or a record with values of its own."""
    presence = draw(_PRESENCES)
    if presence == "absent":
        return {"remote_id": remote_id, "presence": presence}
    if presence == "deleted":
        gone = {"remote_id": remote_id, "presence": presence, "version": draw(st.none() | _STAMPS)}
        return gone | draw(st.sampled_from([{}, draw(_last_words(side, base))]))
    if presence == "broken":
        return {"remote_id": remote_id, "presence": "live", "problem_code": "BAD_DATE", "payload": "{}"}
    values = dict(base) if base is not None else {}
    fields = _VALUES[side]
    names = (
        draw(st.lists(st.sampled_from(sorted(fields)), max_size=3, unique=True)) if base else sorted(fields)
    )
    values |= {name: draw(fields[name]) for name in names}
    if draw(st.booleans()):
        values |= {name: draw(strategy) for name, strategy in _RECORD[side].items()}
    values |= {"version": draw(_STAMPS), "modified_at": draw(_STAMPS), "created_at": draw(_STAMPS)}
    return _MAKE[side](remote_id, **values)


@st.composite
def pairs(draw: st.DrawFn, number: int) -> tuple[Row, Row | None, Row | None]:
    """A link with what was staged of its records."""
    bases = {
        side: draw(st.fixed_dictionaries(fields)) if draw(st.booleans()) else {}
        for side, fields in _VALUES.items()
    }
    left, right = sc(str(number), **bases["sc"]), sf(f"T{number}", **bases["sf"])
    state = draw(st.sampled_from(["linked"] * 5 + list(LinkState)))
    values: Row = {
        "state": str(state),
        "dirty": draw(st.sampled_from([False, False, True])),
        "parked": draw(st.sampled_from([False, False, False, True])),
        "unconfirmed": draw(st.sampled_from([False] * 7 + [True])),
        "origin": draw(st.sampled_from(["sales_connect", "salesforce"])),
        "generation": draw(st.integers(1, 3)),
    }
    if state == LinkState.RELEASED:
        values["withheld"] = draw(st.sampled_from([None, *map(str, Withheld)]))
    for side in ("sc", "sf"):
        values[f"{side}_asked"] = draw(st.booleans())
        values[f"{side}_proof"] = draw(st.sampled_from([None, None, None, *map(str, Proof)]))
        values[f"{side}_outside"] = draw(
            st.sampled_from([None, None, None, "owner", "no_reminder" if side == "sf" else None])
        )
        for stamp in ("version", "modified_at", "written_at", "changed_at"):
            values[f"{side}_{stamp}"] = draw(st.none() | _STAMPS)
    staged: dict[str, Row | None] = {}
    for side, base in (("sc", left), ("sf", right)):
        copy = {name: base[name] for name in _VALUES[side] if name in base}
        row = draw(records(side, base["remote_id"], copy))
        staged[side] = draw(st.sampled_from([row, row, row, None]))
    half = draw(st.sampled_from([None] * 8 + ["sc", "sf"])) if state != "tombstone" else None
    if half is not None:
        values |= {f"{half}_id": None, "sc_proof": None, "sf_proof": None}
        staged[half] = None
    return link(left, right, **values), staged["sc"], staged["sf"]


@st.composite
def users(draw: st.DrawFn) -> list[Row]:
    """Three mapped users; a fourth owner is mapped to nobody."""
    rows = []
    for sc_user, sf_user in zip(_SC_USERS[:3], _SF_USERS[:3], strict=True):
        rows.append(
            ANNA
            | {
                "sc_user_id": sc_user,
                "sf_user_id": sf_user,
                "synced": draw(st.sampled_from([True, True, True, False])),
                "selected": draw(st.sampled_from([True, True, True, False])),
                "first_sync_owed": draw(st.booleans()),
                "switched_on_sc": draw(_STAMPS),
                "switched_on_sf": draw(_STAMPS),
            }
        )
    return rows


_COUNTS = st.integers(0, 12)
_HISTORY = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from([str(kind) for kind in GuardKind]),
            "sc_user_id": st.sampled_from(["anna", "ben", "someone"]),
            "within_hour": st.integers(0, 3),
            "within_day": st.integers(3, 6),
        }
    ),
    max_size=4,
    unique_by=lambda row: (row["kind"], row["sc_user_id"]),
)
_POPULATION = st.fixed_dictionaries({"anna": _COUNTS, "ben": _COUNTS}).map(
    lambda counts: [{"sc_user_id": user, "pairs": pairs} for user, pairs in counts.items()]
)
_POLICIES = st.fixed_dictionaries(
    {
        "subject_template": st.sampled_from(
            [
                "{{activity_subject}}",
                "{{Activity_Type}}: {{activity_subject}} ({{sales_campaign_name}})",
                "To do",
                "{{call_outcome}}{{call_reason}}{{sales_campaign_day}}{{ sales_campaign_step }}" + "é😀" * 84,
            ]
        ),
        "conflict_policy": st.sampled_from(ConflictPolicy),
        "field_policies": st.dictionaries(
            st.sampled_from(["status", "owner"]), st.sampled_from(ConflictPolicy), max_size=1
        ),
        "delete_policy": st.sampled_from(DeletePolicy),
        "skipped_tasks": st.sampled_from(SkippedTasks),
        "first_sync_mode": st.sampled_from(FirstSyncMode),
        "include_logged_activities": st.booleans(),
        "fill_person": st.booleans(),
        "limits": st.sampled_from([LIMITS, Limits(count=2, user_count=1, half_of_more_than=4)]),
    }
)


@st.composite
def decisions(draw: st.DrawFn, pair: Row, left: Row | None, right: Row | None) -> list[Row]:
    """What people decided about fields of a pair: on the values that are there, or on others."""
    made = []
    for name in draw(st.lists(st.sampled_from(FIELDS[:5]), max_size=3, unique=True)):
        values = {"value_sc": (left or pair).get(name), "value_sf": (right or pair).get(name)}
        values = {key: value and str(value) for key, value in values.items()}
        if draw(st.sampled_from([False, False, False, True])):
            values["value_sf"] = draw(_TEXTS)
        winner = draw(st.sampled_from(["sales_connect", "salesforce"]))
        made.append({"link_id": pair["link_id"], "field": name, "winner": winner, **values})
    return made


@st.composite
def recent_writes(draw: st.DrawFn, pair: Row) -> list[Row]:
    """What was written to a pair lately: a field or two, to and fro between a few values."""
    writes: list[Row] = []
    for name in draw(st.lists(st.sampled_from(FIELDS[:4]), max_size=2, unique=True)):
        values = {side: draw(st.tuples(fields[name], fields[name])) for side, fields in _VALUES.items()}
        for step in range(draw(st.integers(0, 5))):
            side = draw(st.sampled_from(["sc", "sf"]))
            before, after = values[side] if step % 2 else values[side][::-1]
            op = "create" if not writes and draw(st.booleans()) else "update"
            written = {"mask": BIT[name], name: after, f"seen_{name}": before}
            where = {"side": "sales_connect" if side == "sc" else "salesforce", "op": op}
            writes.append({"link_id": pair["link_id"], "nth": len(writes), **where, **written})
    return writes


@st.composite
def requests(draw: st.DrawFn, made: PlanInput) -> PlanInput:
    """The same, with requests for some of what is planned; one of them is answered, and rows may have moved."""
    known = set(made.links["link_id"])
    rows = [row for action in rows_of(make_plan(made).actions) if action["link_id"] in known
            for row in approval_rows(action)]  # fmt: skip
    kinds = sorted({row["kind"] for row in rows})
    carried_out = draw(st.sampled_from([*kinds, *kinds, None]))
    answer = draw(st.sampled_from(["approved", "rejected"]))
    asked = [
        row
        | {"row_id": number, "approval_id": 1 + kinds.index(row["kind"])}
        | {"answer": answer if row["kind"] == carried_out else None}
        | ({} if row["kind"] == carried_out else draw(st.sampled_from([{}, {}, {"approval_id": None}])))
        | draw(
            st.sampled_from([{}, {}, {}, {"title": "moved"}, {"seen_status": "moved"}, {"due_date": None}])
        )
        for number, row in enumerate(rows)
        if draw(st.sampled_from([True, True, True, False]))
    ]
    return replace(made, approvals=table(APPROVAL_ROWS, asked))


@st.composite
def plan_inputs(draw: st.DrawFn) -> PlanInput:
    """Everything that a plan depends on."""
    drawn = [draw(pairs(number)) for number in range(draw(st.integers(0, 5)))]
    lefts = [left for _, left, _ in drawn if left is not None]
    rights = [right for _, _, right in drawn if right is not None]
    lefts += [draw(records("sc", f"9{number}")) for number in range(draw(st.integers(0, 2)))]
    rights += [draw(records("sf", f"T9{number}")) for number in range(draw(st.integers(0, 2)))]
    made = given(
        [pair for pair, _, _ in drawn],
        lefts,
        rights,
        users=draw(users()),
        rerender=draw(st.sampled_from([False, False, False, True])),
        history=draw(_HISTORY),
        population=draw(_POPULATION),
        gaps=draw(st.sets(st.sampled_from(Side))),
        untold=draw(st.sets(st.sampled_from(Side))),
        decisions=[row for drawn_pair in drawn for row in draw(decisions(*drawn_pair))],
        recent=[row for pair, _, _ in drawn for row in draw(recent_writes(pair))],
        **draw(_POLICIES),
    )
    return draw(requests(made))


@st.composite
def contests(draw: st.DrawFn) -> PlanInput:
    """Pairs of synced users of which both records were edited, with all that decides who wins."""
    links, lefts, rights, decided, wrote = [], [], [], [], []
    for number in range(draw(st.integers(1, 3))):
        pair = link(sc(str(number)), sf(f"T{number}"), dirty=draw(st.booleans()))
        edits = {side: draw(st.fixed_dictionaries({}, optional=_CONTESTED[side])) for side in _CONTESTED}
        stamps = {side: {"modified_at": draw(_STAMPS)} for side in _CONTESTED}
        left = sc(str(number), **edits["sc"], **stamps["sc"])
        right = sf(f"T{number}", **edits["sf"], **stamps["sf"])
        links.append(pair)
        lefts.append(left)
        rights.append(right)
        decided += draw(decisions(pair, left, right))
        wrote += draw(recent_writes(pair))
    policies = draw(_POLICIES) | {"limits": LIMITS}
    if draw(st.booleans()):
        policies |= {"conflict_policy": ConflictPolicy.MANUAL, "field_policies": {}}
    return given(links, lefts, rights, decisions=decided, recent=wrote, **policies)
