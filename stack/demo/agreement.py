"""Whether both systems agree by the rules, told from what they show and nothing else.

Records are paired by the markers that TaskBridge writes: `tb:sc:<account>:<Sales Connect id>:<generation>`
on a Salesforce task, `tb:sf:<org>:<Salesforce id>:<generation>` on a Sales Connect task.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from stack.demo.records import Record, Snapshot
from stack.demo.systems import SIDES, TITLES, Side

LOOKBACK = timedelta(hours=24)
SUBJECT_UNITS = 255  # UTF-16 code units, as Salesforce counts
DESCRIPTION_UNITS = 32_000
NO_SUBJECT = "(no subject)"  # what a task imported without a Subject is called (F7)
LINE_BREAKS = "\r\n\v\f\x85\u2028\u2029"
# What crosses (F2, F3); every other value stays where it is.
SAME_STATUS = {"open": "Not Started", "complete": "Completed"}
SAME_PRIORITY = {"normal": "Normal", "high": "High"}
_PREFIXES: dict[str, Side] = {"sc": "sales_connect", "sf": "salesforce"}


@dataclass
class Pair:
    """The records that belong together; more than one on a side is a fault."""

    name: str
    members: dict[Side, list[Record]] = field(default_factory=lambda: {side: [] for side in SIDES})


@dataclass(frozen=True)
class Agreement:
    compared: int
    released: int
    apart: int
    disagreements: tuple[str, ...]


def pair_up(seen: Snapshot) -> list[Pair]:
    pairs: dict[str, Pair] = {}
    for side in SIDES:
        for record in seen.records[side]:
            name = _pair_name(record, seen)
            pairs.setdefault(name, Pair(name)).members[side].append(record)
    return list(pairs.values())


def members(seen: Snapshot, origin: Side, record_id: str) -> dict[Side, Record | None]:
    """Both records of the pair that began with this one, also when it is gone itself."""
    pair = {pair.name: pair for pair in pair_up(seen)}.get(f"{origin}:{record_id}")
    return {side: next(iter(pair.members[side]), None) if pair else None for side in SIDES}


def check(seen: Snapshot, switched_on: datetime, own_subjects: Iterable[str]) -> Agreement:
    """Compares every pair, and asks of every task without a partner whether that is right.

    switched_on: when the first run was made. own_subjects: Salesforce ids whose Subject a person typed (F1).
    """
    typed = frozenset(own_subjects)
    compared = released = apart = 0
    found: list[str] = []
    for pair in pair_up(seen):
        members = [record for side in SIDES for record in pair.members[side]]
        if any(len(pair.members[side]) > 1 for side in SIDES):
            found.append(
                f"{_told(members[0])} exists more than once: {', '.join(r.id for r in members)} (G2)"
            )
        elif len(members) == 1:
            apart += 1
            found += _why_wrongly_alone(members[0], seen, switched_on)
        elif any(record.owner not in seen.synced for record in members):
            released += 1  # C3
        else:
            compared += 1
            sc, sf = members
            found += [f"{_told(sc)}: {what}" for what in _differences(sc, sf, sf.id in typed)]
    return Agreement(compared, released, apart, tuple(found))


def _pair_name(record: Record, seen: Snapshot) -> str:
    parts = (record.marker or "").split(":")
    if len(parts) == 5 and parts[0] == "tb" and parts[1] in _PREFIXES:
        origin = _PREFIXES[parts[1]]
        if parts[2] == seen.identities[origin] and origin != record.side:
            return f"{origin}:{parts[3]}"
    return f"{record.side}:{record.id}"


def _why_wrongly_alone(record: Record, seen: Snapshot, switched_on: datetime) -> Iterator[str]:
    if (record.marker or "").startswith("tb:"):
        yield f"{_told(record)} is left over: the record that it was made from is gone (C1)"
    elif record.owner in seen.synced and record.reminder and _takes_part(record, switched_on):
        yield f"{_told(record)} has no partner on the other side"


def _takes_part(record: Record, switched_on: datetime) -> bool:
    if record.side == "salesforce":
        return record.changed >= switched_on - LOOKBACK  # I1
    return record.created > switched_on  # I2, I3


def _differences(sc: Record, sf: Record, own_subject: bool) -> Iterator[str]:
    if not own_subject and canonical(sf.title) != subject_of(sc.title):
        yield f"name {sc.title!r}, Subject {sf.title!r} (F1)"
    if _differ(SAME_STATUS, sc.status, sf.status):
        yield f"status {sc.status}, {sf.status} (F2)"
    if _differ(SAME_PRIORITY, sc.priority, sf.priority):
        yield f"priority {sc.priority}, {sf.priority} (F3)"
    if sc.due != sf.due:
        yield f"due date {sc.due}, {sf.due} (F4)"
    if canonical(cut(canonical(sc.details), DESCRIPTION_UNITS)) != canonical(sf.details):
        yield f"details {sc.details!r}, comments {sf.details!r} (F5)"
    if sc.owner != sf.owner:
        yield f"assignee {sc.owner}, owner {sf.owner} (C3)"


def _differ(same: dict[str, str], of_sc: str, of_sf: str) -> bool:
    """Values that cannot cross may stand beside any other (F6)."""
    return of_sc in same and of_sf in same.values() and same[of_sc] != of_sf


def subject_of(name: str) -> str:
    """The Subject by the default template: the name without line breaks, cut to what a Subject holds (T2)."""
    if name == NO_SUBJECT:
        return ""
    return canonical(cut(name.translate(dict.fromkeys(map(ord, LINE_BREAKS))), SUBJECT_UNITS))


def canonical(text: str | None) -> str:
    """Details without what servers do to them on the way: line ends, and white space around (G1)."""
    return (text or "").replace("\r\n", "\n").replace("\r", "\n").strip()


def cut(text: str, units: int) -> str:
    """The longest beginning of so many UTF-16 code units that splits no character."""
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", errors="ignore")


def _told(record: Record) -> str:
    return f"{TITLES[record.side]} task {record.id} ({record.title})"
