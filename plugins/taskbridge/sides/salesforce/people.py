"""The contact or lead of a new task: converted leads and merged contacts are followed to the record that goes on.

Salesforce refuses a reference to a record that is deleted, and to a lead that was converted. So nothing is looked
up before a write: what was refused is, and is sent once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from taskbridge.core.frames import Row
from taskbridge.core.writes import PERSON_LEFT_OUT, Outcome
from taskbridge.errors import NOTHING_DONE, ContractBroken, ReadIncomplete
from taskbridge.sides.failures import Refusal
from taskbridge.sides.outcomes import RowResult, carried_over
from taskbridge.sides.salesforce.ids import RecordId, to_18
from taskbridge.sides.shapes import Shape, shaped

REFUSALS: Final = frozenset(
    {"CANNOT_UPDATE_CONVERTED_LEAD", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID"}
)
"""Codes of a create that its person can be the reason of."""

_FIELDS: Final = {
    "003": ("Contact", ("Id", "IsDeleted", "MasterRecordId")),
    "00Q": ("Lead", ("Id", "IsDeleted", "MasterRecordId", "IsConverted", "ConvertedContactId")),
}
"""What is read of a person, by the beginning of its id."""

_UNSEEN: Final = frozenset({"INVALID_FIELD", "INVALID_TYPE"})

Record = Mapping[str, Any]
Fetch = Callable[[str, Sequence[str], Sequence[str]], Iterable[Record]]


class _Person(Shape):
    expected = "a contact or lead"
    Id: RecordId
    IsDeleted: bool
    MasterRecordId: str | None = None
    IsConverted: bool = False
    ConvertedContactId: str | None = None


@dataclass(frozen=True)
class Followed:
    """Where an id leads: to a live record, or, with a reason, to none."""

    person: str | None
    reason: str = ""


@dataclass(frozen=True)
class PersonLookup:
    """`fetch(object, fields, ids)` answers the records with these ids, deleted ones included; it raises what a
    read raises."""

    fetch: Fetch

    def follow(
        self,
        rows: Sequence[Row],
        results: Sequence[RowResult],
        send: Callable[[Sequence[Row]], list[RowResult]],
    ) -> list[RowResult]:
        """The results of creates, those that their person was the reason of replaced by those of a second try.

        It names the survivor, or, where there is none, nobody: then the result says so (PERSON_LEFT_OUT). `send`
        writes rows; nothing is raised, as other rows are written already.
        """
        refused = {one.action_id for one in results if may_be_its_person(one)}
        named = [row for row in rows if row["action_id"] in refused and row["person"]]
        if not named:
            return list(results)
        found: dict[str, Followed] = {}
        try:
            found = self.survivors({row["person"] for row in named})
            again = [row for row in named if found[row["person"]].person != row["person"]]
            second = send([{**row, "person": found[row["person"]].person} for row in again])
        except NOTHING_DONE as stop:
            again, second = named, [carried_over(row["action_id"], stop) for row in named]
        except (ContractBroken, ReadIncomplete):
            return list(results)
        replaced = {row["action_id"]: row for row in again}
        kept = [one for one in results if one.action_id not in replaced]
        return kept + [_told(one, replaced[one.action_id]["person"], found) for one in second]

    def hidden(self) -> tuple[str, ...]:
        """Objects of which nothing can be looked up."""
        unseen: set[str] = set()
        self._read([to_18(prefix + 12 * "0") for prefix in _FIELDS], unseen)
        return tuple(name for prefix, (name, _) in _FIELDS.items() if prefix in unseen)

    def survivors(self, persons: Iterable[str]) -> dict[str, Followed]:
        """Where each id leads, chains followed, in lots: a call for each kind of record and step of a chain."""
        asked = list(persons)
        known: dict[str, Record] = {}
        unseen: set[str] = set()
        wanted = {spelled for each in asked if (spelled := _spelled(each))}
        while wanted:
            records = self._read(wanted, unseen)
            known |= {each: {} for each in wanted} | records
            wanted = {following for each in records.values() if (following := _next(each))} - known.keys()
        return {each: _walk(each, known, unseen) for each in asked}

    def _read(self, ids: Iterable[str], unseen: set[str]) -> dict[str, Record]:
        found: dict[str, Record] = {}
        for prefix, (name, fields) in _FIELDS.items():
            lot = sorted(each for each in ids if each.startswith(prefix))
            if not lot or prefix in unseen:
                continue
            try:
                told = [
                    shaped(_Person, record, f"salesforce_default: {name}")
                    for record in self.fetch(name, fields, lot)
                ]
                found |= {person.Id: person.model_dump() for person in told}
            except Refusal as refusal:
                if not refusal.codes & _UNSEEN:
                    raise
                unseen.add(prefix)
        return found


def may_be_its_person(result: RowResult) -> bool:
    """Whether a create was refused for a reason that its contact or lead can be."""
    named = not result.fields or "WhoId" in result.fields
    return result.outcome is Outcome.REJECTED and result.code in REFUSALS and named


def _told(result: RowResult, person: str, found: Mapping[str, Followed]) -> RowResult:
    """The result, saying why it was done without its person if it was."""
    if result.outcome is not Outcome.DONE or found[person].person is not None:
        return result
    why = f"{person} {found[person].reason}"
    return replace(result, code=PERSON_LEFT_OUT, message=why)


def _walk(person: str, known: Mapping[str, Record], unseen: set[str]) -> Followed:
    seen: set[str] = set()
    place = _spelled(person)
    while place is not None and place not in seen:
        seen.add(place)
        record = known.get(place, {})
        if not record:
            hidden = place[:3] in unseen
            return Followed(None, _HIDDEN if hidden else _UNKNOWN)
        following = _next(record)
        if following is None:
            return _end(place, record, person)
        place = following
    return Followed(None, _UNKNOWN if place is None else "leads back to itself")


_UNKNOWN: Final = "is not there, or not shared with the integration user"
_HIDDEN: Final = "cannot be looked up: the integration user has no access to its object"


def _end(place: str, record: Record, person: str) -> Followed:
    if record.get("IsConverted"):
        return Followed(None, "was converted, and no contact is named")
    if record["IsDeleted"]:
        return Followed(None, "was deleted, and no record took its place")
    return Followed(person if place == _spelled(person) else place)


def _next(record: Record) -> str | None:
    following = record.get("ConvertedContactId") if record.get("IsConverted") else None
    if following is None and record.get("IsDeleted"):
        following = record.get("MasterRecordId")
    return _spelled(following) if following else None


def _spelled(record_id: str) -> str | None:
    try:
        return to_18(record_id)
    except ValueError:
        return None
