"""A request for approval as the person reads it: what it would do, to whom, what it costs, what either answer means.

Markdown, as Airflow's page shows it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from taskbridge.core.frames import Row
from taskbridge.core.terms import BIT, FIELDS, ApprovalKind, Doubt, Op, Side
from taskbridge.engine.deciding.call_text import cost_of_request
from taskbridge.engine.ports import Sides
from taskbridge.store.approvals import Approval, ApprovalDetails

SAMPLES: Final = 10
_LONGEST_TABLE: Final = 20
_LONGEST_TEXT: Final = 80

_WHAT: Final[Mapping[ApprovalKind, tuple[str, str]]] = {
    ApprovalKind.CREATE: ("create", "tasks"),
    ApprovalKind.COMPLETE: ("complete", "tasks"),
    ApprovalKind.OWNER: ("reassign", "tasks"),
    ApprovalKind.DUE_DATE: ("change the due date of", "tasks"),
    ApprovalKind.DELETE: ("delete", "tasks"),
    ApprovalKind.SUBJECT: ("rewrite the Subject of", "tasks"),
    ApprovalKind.MISSING: ("delete", "tasks whose partner is not found any more"),
}
_WHY: Final[Mapping[str | None, str]] = {
    None: "more of them than may happen at once without a person",
    Doubt.TOO_OLD: "deleted in Salesforce longer ago than deletes are carried over without asking",
    Doubt.UNDATED: "gone after a long gap, and nothing tells since when",
    Doubt.MISSING: "not found after a long gap, which is **no proof of a delete**: sharing, an archive or an outage "
    "look the same",
}
_DANGER: Final = {
    ApprovalKind.COMPLETE: "Completing a task can send the next e-mail of its campaign.",
    ApprovalKind.DELETE: "What is deleted is kept in `bridge.kept` and can be restored.",
    ApprovalKind.MISSING: "What is deleted is kept in `bridge.kept` and can be restored.",
}
_REJECTED: Final = {
    ApprovalKind.CREATE: "The originals stay as they are and are not copied, unless they are edited later.",
    ApprovalKind.DELETE: "The tasks stay, without a partner, and are left alone from then on.",
    ApprovalKind.MISSING: "The tasks stay, and are left alone until both records are seen again.",
}
_REJECTED_CHANGE: Final = "Both systems keep what they hold now, and only a later edit crosses again."


def subject(approval: Approval, details: ApprovalDetails) -> str:
    """One line, such as "Request 3: complete 450 tasks?"."""
    return f"Request {approval.approval_id}: {_sentence(approval, details)}?"


def body(approval: Approval, details: ApprovalDetails, sides: Sides) -> str:
    """Counts, samples, cost and what follows from either answer. Calls neither side."""
    return "\n".join(
        [
            f"Run {approval.run_id} would **{_sentence(approval, details)}** and holds them: "
            f"{_reasons(details.counts)}. Everything else goes on.",
            "",
            "#### How many, whose",
            "",
            *_table(("Rows", "Writes to", "Owner", "Campaign"), _count_cells(details.counts)),
            "",
            f"#### {min(SAMPLES, _rows(details.counts))} of them",
            "",
            *_table(("Task", "Owner", "Due", "What"), map(_sample_cells, details.samples)),
            "",
            "#### Cost",
            "",
            *(f"- {one}" for one in cost_of_request(_rows_by_kind(details.counts), sides, approval.features)),
            "",
            "#### What your answer does",
            "",
            f"- **Approve**: exactly these are written, as far as each is still as it was held. {_danger(approval)}"
            "What has moved meanwhile is left out, and named in `bridge.approval_row`.",
            f"- **Reject**: none is written, and these are not asked for again. "
            f"{_REJECTED.get(approval.kind, _REJECTED_CHANGE)}",
            "- **No answer**: none is written, however long it takes.",
            "",
            f"All rows: `select * from bridge.approval_row where approval_id = {approval.approval_id}`",
        ]
    )


def _sentence(approval: Approval, details: ApprovalDetails) -> str:
    verb, what = _WHAT[approval.kind]
    count = _rows(details.counts)
    return f"{verb} {count} {what if count > 1 else what.replace('tasks', 'task', 1)}"


def _danger(approval: Approval) -> str:
    told = _DANGER.get(approval.kind)
    return f"{told} " if told else ""


def _reasons(counts: Sequence[Row]) -> str:
    held: dict[str | None, int] = {}
    for row in counts:
        held[row["doubt"]] = held.get(row["doubt"], 0) + row["rows"]
    if len(held) == 1:
        return _WHY[next(iter(held))]
    return "; ".join(f"{rows} {_WHY[doubt]}" for doubt, rows in held.items())


def _rows(counts: Sequence[Row]) -> int:
    return sum(row["rows"] for row in counts)


def _count_cells(counts: Sequence[Row]) -> Iterator[tuple[object, ...]]:
    for row in counts[:_LONGEST_TABLE]:
        yield row["rows"], Side(row["side"]).system, row["owner"], row["campaign"]
    rest = counts[_LONGEST_TABLE:]
    if rest:
        yield _rows(rest), "", f"... {len(rest)} lines more", ""


def _sample_cells(row: Row) -> tuple[object, ...]:
    return row["title"], row["owner"], row["due_date"], _effect(row)


def _effect(row: Row) -> str:
    place = Side(row["side"]).system
    if row["op"] == Op.CREATE:
        return f"create in {place}"
    if row["op"] == Op.DELETE:
        return f"delete in {place}"
    (name,) = (name for name in FIELDS if row["mask"] & BIT[name])
    before = row["old_owner"] if name == "owner" else row[name]
    return f"{name.replace('_', ' ')} in {place}: {_or_empty(before)} → {_or_empty(row[f'new_{name}'])}"


def _rows_by_kind(counts: Sequence[Row]) -> Mapping[Side, Counter[Op]]:
    found: dict[Side, Counter[Op]] = {}
    for row in counts:
        found.setdefault(Side(row["side"]), Counter())[Op(row["op"])] += row["rows"]
    return found


def _table(head: Sequence[str], rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(_cell(value) for value in row)} |"


def _cell(value: object) -> str:
    """One line, cut, and without anything that Markdown or HTML would take for its own."""
    text = "" if value is None else " ".join(str(value).split())
    text = text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~&])", r"\\\1", text)


def _or_empty(value: object) -> str:
    return "(empty)" if value is None else str(value)
