"""Values of the database in words that people use."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from markupsafe import Markup

from taskbridge.core.terms import BIT, FIELDS, Side
from taskbridge.engine.on_demand.explain import LABELS, STATES

OUTCOMES: Final = {
    "clean": "Everything that had to be written was written, and nothing waits.",
    "conflicts": "Both systems had changed the same field; the policy decided, and both values are kept.",
    "planned": "A dry run that would write something; nothing was written.",
    "held": "Nothing new is wrong, and something waits for somebody.",
    "partial": "Some rows were not written; the next run looks again.",
    "failed": "A step could not do its work.",
    "skipped": "The switch is off, or another run held the lease.",
    "open": "Under way, or cut off.",
}
# Words of ours -> the states of Airflow whose colours they have.
_COLOURS: Final = {
    "clean": "success", "in_step": "success", "done": "success", "linked": "success", "active": "success",
    "carried_out": "success",
    "on": "success", "synced": "success", "approved": "success",
    "conflicts": "up_for_reschedule", "held": "deferred", "open": "running", "sent": "running",
    "answered": "queued", "planned": "scheduled", "pending": "scheduled", "waiting": "deferred",
    "partial": "up_for_retry", "stale": "up_for_retry", "retry": "up_for_retry", "missing": "up_for_retry",
    "failed": "failed", "dead": "failed", "paused": "failed", "refused": "failed", "ambiguous": "failed",
    "off": "skipped", "skipped": "skipped", "rejected": "skipped", "released": "skipped", "left_out": "skipped",
    "obsolete": "removed", "tombstone": "removed", "ignored": "removed", "unmapped": "up_for_retry",
    "inactive": "removed",
}  # fmt: skip
# What people call some of the states.
_WORDS: Final = {"dead": "refused", "stale": "had moved", "left_out": "had moved", "tombstone": "ended"}
_OPS: Final = {"create": "create", "update": "change", "delete": "delete"}
KINDS: Final = {
    "create": "creates",
    "complete": "completions",
    "owner": "new owners",
    "due_date": "new due dates",
    "delete": "deletes",
    "subject": "new Subjects",
    "missing": "deletes without proof",
}
_PARTS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def system(side: str | None) -> str:
    return "both" if side == "both" else Side(side).system if side else "-"


def field(name: str | None) -> str:
    return LABELS.get(name or "", name or "")


def when(stamp: datetime | None) -> Markup:
    """A moment; the script shows it in the zone of whoever looks, and the title keeps UTC."""
    if stamp is None:
        return Markup('<span class="none">-</span>')
    utc = f"{stamp.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    iso = stamp.astimezone(UTC).isoformat(timespec="seconds")
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(iso, utc, utc)


def lasted(span: timedelta | None) -> str:
    """The two largest parts of a length of time, such as 2 h 5 min."""
    if span is None:
        return "-"
    seconds = max(0.0, span.total_seconds())
    if seconds < 10:
        return f"{seconds:.1f} s"
    left, said = round(seconds), list[str]()
    for unit, size in _PARTS:
        if left >= size and len(said) < 2:
            said.append(f"{left // size} {unit}")
            left %= size
    return " ".join(said)


def badge(state: str | None, text: str | None = None) -> Markup:
    """A state in the colour that Airflow gives to one of its kind."""
    name = state or "none"
    word = text or _WORDS.get(name) or name.replace("_", " ")
    told = OUTCOMES.get(name) or STATES.get(name) or ""
    colour = _COLOURS.get(name, "none")
    return Markup('<span class="badge state-{}" title="{}">{}</span>').format(colour, told, word)


def number(count: Any) -> str:
    return "-" if count is None else f"{count:,}"


def value(content: Any) -> Markup:
    """A field of a task, whatever somebody typed there."""
    if content is None or content == "":
        return Markup('<span class="none">empty</span>')
    if isinstance(content, date):
        return Markup("<time>{}</time>").format(content.isoformat())
    return Markup('<span class="value" dir="auto">{}</span>').format(content)


def rules(rule: str | None) -> Markup:
    """Ids of rules, which follow the words."""
    return (
        Markup('<span class="rule">{}</span>').format((rule or "").replace(",", ", ")) if rule else Markup("")
    )


def doing(row: Mapping[str, Any]) -> str:
    """What is done to a record, such as `change in Salesforce: Due date`."""
    fields = (
        [LABELS[name] for name in FIELDS if row.get("mask", 0) & BIT[name]] if row["op"] == "update" else []
    )
    return f"{_OPS[row['op']]} in {system(row['side'])}{': ' + ', '.join(fields) if fields else ''}"


def kind(name: str) -> str:
    return KINDS.get(name, name)


def as_json(content: Any) -> str:
    """For an attribute that a script reads."""
    return json.dumps(content, ensure_ascii=False, default=str)


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "as_json": as_json,
    "badge": badge,
    "doing": doing,
    "field": field,
    "kind": kind,
    "lasted": lasted,
    "number": number,
    "rules": rules,
    "system": system,
    "value": value,
    "when": when,
    "zipped": lambda *columns: list(zip(*columns, strict=True)),
}
