"""What is out of scope decides nothing (C2, C3): told from the records, and from what runs were shown of them.

A delete counts for what its record was when it was deleted. Where a system tells no more of a deleted record than
its id, it counts for what the record was when a run last saw it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from taskbridge.core.terms import Side
from tests.doubles.memory import Record
from tests.machine.watching import PERSON, US, Key

if TYPE_CHECKING:
    from tests.machine.story import Story

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE


@dataclass(frozen=True)
class Look:
    """What a run that ended made of a record."""

    owner: str
    reminder: bool
    took_part: bool  # its owner did
    gone: bool
    mapped: frozenset[tuple[str, str]]  # who was whom by then: whom a map names later deleted nothing before


@dataclass
class Scope:
    """What is known of the records' own scope."""

    story: Story
    looks: dict[Key, Look] = field(default_factory=dict)
    seen_in_scope: dict[Key, int] = field(default_factory=dict)  # live; the last event before that
    owned: dict[Key, str] = field(default_factory=dict)  # whose it was when it last took part

    def reminder(self, side: Side, record: Record) -> bool:
        """C2, as the record is now."""
        if side is _SC:
            return True
        values = record.values
        at_once = values["is_closed"] and values.get("completed_at") == record.created_at
        made_by_us = (side, record.remote_id) in self.story.log.made
        ordinary = values["subtype"] in ("Task", None) and not values["is_recurrence"]
        return bool(ordinary and (made_by_us or not at_once))

    def note(self) -> None:
        """A run has ended that moved the watermarks: what it was shown counts from now on. Of a delete the first look
        does, and where no more is told of it than that it is gone, the last one before."""
        for side, remote_id in self.story.log.shown_lately:
            record, before = self.story.systems[side].records[remote_id], self.looks.get((side, remote_id))
            if record.deleted and before and (before.gone or not self._told(side, record)):
                self.looks[side, remote_id] = replace(before, gone=True)
            else:
                self._look(side, record)

    def _look(self, side: Side, record: Record) -> None:
        key, owner = (side, record.remote_id), record.values["owner"]
        part = self.story.takes_part(side, owner)
        mapped = frozenset(self.story.ever_mapped)
        self.looks[key] = Look(owner, self.reminder(side, record), part, record.deleted, mapped)
        if part and not record.deleted:
            self.owned[key], self.seen_in_scope[key] = owner, self.story.log.number

    # deletes

    def why_not_delete(self, side: Side, gone: Record, survivor: Record) -> str | None:
        """Why the delete of `gone` on a side says nothing about the other record of its pair; None: it does."""
        look = self.looks.get((side, gone.remote_id))
        if not self._told(side, gone):
            # Nothing but what was seen before can be known.
            owner, reminder = (look.owner, look.reminder) if look else (None, True)
        else:
            owner, reminder = gone.values["owner"], self.reminder(side, gone)
        if not reminder:
            return "is no reminder (C2)"
        if owner is not None and not self.story.takes_part(side, owner):
            return f"belongs to {self.story.who(side, owner)}, who takes no part (C3)"
        if look and look.gone and not look.took_part and not self._was_theirs(side, look, survivor):
            return (
                f"belonged to {self.story.who(side, look.owner)}, who took no part when it was deleted (C3)"
            )
        if not self.story.takes_part(side.other, survivor.values["owner"]):
            return "is all that is left of a pair that takes no part (C3)"
        return None

    def may_stay_alone(self, side: Side, gone: Record, survivor: Record) -> bool:
        """Whether a deleted record had left the scope, so that the other one stays though all take part by now."""
        key = (side, gone.remote_id)
        look, deleted = self.looks.get(key), self.story.log.last(*key, "deleted")
        if look is None or not gone.deleted:
            return False
        # Whoever was given the other one since then has not deleted it.
        owner = self._owner_after(side.other, survivor, deleted.number if deleted else 0)
        theirs = look.mapped & {(owner, look.owner), (look.owner, owner)}
        # A record that was given away has left the scope, also where the other one was given to the same person.
        given_away = self._owner_in_scope(key) not in (None, look.owner)
        return not look.reminder or (not look.took_part and (given_away or not theirs))

    def _owner_in_scope(self, key: Key) -> str | None:
        """Whose a record was when it last was seen to take part; a copy that no run has seen since, as it was made."""
        events = self.story.log.by_record[key] if key in self.story.log.made else []
        return self.owned.get(key, next((one.after for one in events if one.field == "owner"), None))

    def _owner_after(self, side: Side, record: Record, number: int) -> Any:
        """Whose a record was right after the event of that number."""
        events = self.story.log.by_record[side, record.remote_id]
        later = (one.before for one in events if one.field == "owner" and one.number > number)
        return next(later, record.values["owner"])

    def _told(self, side: Side, gone: Record) -> bool:
        """Whether the system itself says whose a deleted record was, as soon as it says that it is gone."""
        fed = "deleted_tasks" in self.story.sc.features
        return side is _SF or (fed and gone.visible_at <= gone.version)

    def _was_theirs(self, side: Side, look: Look, survivor: Record) -> bool:
        """Whether the other record ever was the same person's: then nobody gave the deleted one away."""
        held, owner = self.story.log.held[side.other, survivor.remote_id, "owner"], look.owner
        return any(((other, owner) if side is _SF else (owner, other)) in look.mapped for other in held)

    # records that are made again

    def why_not_create_again(self, side: Side, link_id: str) -> str | None:
        """Why the record of a pair on a side that was deleted is not made again; None: it may be."""
        members = self.story.pairs().get(link_id, {one: [] for one in Side})
        old = [self.story.systems[side].records[one] for one in members[side]]
        live = [
            record
            for record in (self.story.systems[side.other].records[one] for one in members[side.other])
            if not record.deleted
        ]
        if not old or not live:
            return None
        last = max(old, key=lambda record: (record.created_at, record.remote_id))
        deleted = self.story.log.last(side, last.remote_id, "deleted")
        restored = self.story.log.last(side.other, live[0].remote_id, "restored")
        if not last.deleted or deleted is None or deleted.who != PERSON:
            return None
        if restored is not None and restored.number > deleted.number:
            return None  # a person's restore (C7), whatever became of the copy
        if self._was_taken_back(side, last.remote_id):
            return None  # an edit of its original makes it again (C1)
        return self.why_not_delete(side, last, live[0])

    def _was_taken_back(self, side: Side, remote_id: str) -> bool:
        """Whether an undo removed a copy, and nobody who takes part had it again since: that somebody else took it out
        of the bin and deleted it decides nothing (C2)."""
        undone = [
            event.number
            for event in self.story.log.by_record[side, remote_id]
            if event.what == "deleted"
            and event.who == US
            and any(first < event.number <= last for first, last in self.story.asked_for)
        ]
        return bool(undone) and self.seen_in_scope.get((side, remote_id), 0) < undone[-1]
