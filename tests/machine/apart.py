"""What people decided to leave as it is: rejected, undone, or approved without proof.

Such pairs need not agree, yet only as far as the decision goes: values are excused while they are the very ones
that the decision was about, a lonely record while nobody edits it. And what was undone has to stay undone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from taskbridge.core.terms import BIT, FIELDS, Answer, ApprovalKind, Op, Side
from tests.machine.pairs import Pair
from tests.machine.story import Story
from tests.machine.watching import PERSON, US, Broken, Event, canonical

_VALUES: Final = ", ".join(FIELDS)
_FIELD: Final = {
    ApprovalKind.COMPLETE: "status",
    ApprovalKind.OWNER: "owner",
    ApprovalKind.DUE_DATE: "due_date",
    ApprovalKind.SUBJECT: "title",
}
_ANSWERED: Final = f"""
SELECT w.approval_id, a.kind, w.link_id, w.side, w.op, w.remote_id, w.outcome, r.run_key,
       {", ".join(f"w.{name}" for name in FIELDS)}, {", ".join(f"w.seen_{name}" for name in FIELDS)}
FROM bridge.approval_row w JOIN bridge.approval a USING (approval_id) LEFT JOIN bridge.run r ON r.run_id = w.run_id
WHERE w.outcome IN ('rejected', 'done')
"""
_WRITTEN: Final = f"""
SELECT r.mode, r.run_key, a.link_id, a.side, a.op, a.remote_id, a.mask, {", ".join(f"a.{name}" for name in FIELDS)},
       p.run_key
FROM bridge.action a JOIN bridge.run r USING (run_id)
LEFT JOIN bridge.run p ON p.run_id = CAST(r.asked ->> 'run_id' AS bigint)
WHERE r.mode IN ('undo', 'restore') AND a.state = 'done' ORDER BY a.run_id, a.seq
"""


@dataclass(frozen=True)
class Value:
    """A field that a person left different: `side` holds `value` since a run."""

    side: Side
    name: str
    value: Any
    run_key: str
    would_be: Any = None  # what was refused there; None: undone
    since: str = ""  # the run that was undone


@dataclass(frozen=True)
class Alone:
    """A record of a pair that a person left alone on its side."""

    side: Side
    run_key: str
    while_unedited: bool  # an edit of it brings the other one
    since: str = ""


@dataclass
class Apart:
    """The decisions of a story, by pair."""

    story: Story
    values: dict[str, list[Value]] = field(default_factory=lambda: defaultdict(list))
    alone: dict[str, list[Alone]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, story: Story) -> Apart:
        apart = cls(story)
        apart._read_answers()
        apart._read_undone()
        return apart

    def _read_answers(self) -> None:
        for approval, kind, link, side, op, _, outcome, key, *values in self.story.db.rows(_ANSWERED):
            side = Side(side)
            if (outcome == "rejected") != (self.story.answers[approval] is Answer.REJECTED):
                raise Broken(
                    f"9: request {approval} was {self.story.answers[approval]}, a row ended {outcome}"
                )
            if outcome == "done":
                if kind == ApprovalKind.MISSING:
                    # Deleted on a person's word: should the other one be there after all, it is alone.
                    self.alone[link].append(Alone(side.other, key, while_unedited=False))
            elif op == Op.UPDATE:
                name = _FIELD[ApprovalKind(kind)]
                place = FIELDS.index(name)
                new, seen = canonical(values[place]), canonical(values[len(FIELDS) + place])
                self.values[link].append(Value(side, name, seen, key, would_be=new))
            else:
                here = side if op == Op.DELETE else side.other
                self.alone[link].append(Alone(here, key, while_unedited=op == Op.CREATE))

    def _read_undone(self) -> None:
        for mode, key, link, side, op, _, mask, *values, since in self.story.db.rows(_WRITTEN):
            side = Side(side)
            if mode == "restore":
                if op == Op.CREATE:
                    # Should the other one not come to be, the pair stays out rather than lose it again.
                    self.alone[link].append(Alone(side, key, while_unedited=False))
            elif op == Op.UPDATE:
                for name in FIELDS:
                    if mask & BIT[name]:
                        value = canonical(values[FIELDS.index(name)])
                        self.values[link].append(Value(side, name, value, key, since=since))
            else:
                here = side if op == Op.CREATE else side.other
                self.alone[link].append(Alone(here, key, while_unedited=op == Op.DELETE, since=since))

    # excuses

    def may_differ(self, pair: Pair, name: str) -> bool:
        decided = [one for one in self.values[pair.name] if one.name == name]
        if name == "details" and decided:
            # What Details have beyond Comments that were left different counts as their tail (F5).
            sc, sf = (pair.value(side, name) or "" for side in Side)
            if sc.startswith(sf):
                return True
        return any(self._excuses(pair, one) for one in decided)

    def _excuses(self, pair: Pair, one: Value) -> bool:
        there = pair.value(one.side.other, one.name)
        if pair.value(one.side, one.name) != one.value:
            return False
        if one.would_be is not None or not one.since:
            now = {one.side: one.would_be, one.side.other: there}
            return pair.agree(one.name, now[Side.SALES_CONNECT], now[Side.SALESFORCE])
        record = pair.live(one.side.other)[0]
        return there in self._then(one.side.other, record.remote_id, one.name, one.run_key)

    def may_be_alone(self, pair: Pair) -> bool:
        return any(self._stays(pair, one) for one in self.alone[pair.name])

    def _stays(self, pair: Pair, one: Alone) -> bool:
        if not pair.live(one.side) or pair.live(one.side.other):
            return False
        record = pair.live(one.side)[0]
        return not one.while_unedited or all(
            canonical(record.values[name]) in self._then(one.side, record.remote_id, name, one.run_key)
            for name in FIELDS
        )

    def _then(self, side: Side, remote_id: str, name: str, run_key: str) -> set[Any]:
        """What the field held when the run began and when it ended."""
        held = {self.story.systems[side].records[remote_id].values[name]}
        return {
            self._held_at(side, remote_id, name, number, canonical(*held))
            for number in self.story.spans[run_key]
        }

    def _held_at(self, side: Side, remote_id: str, name: str, number: int, now: Any) -> Any:
        later = (
            event
            for event in self.story.log.by_record[side, remote_id]
            if event.what == "typed" and event.field == name and event.number > number
        )
        first = next(later, None)
        return now if first is None else first.before

    # what was undone stays undone

    def check_3_what_was_undone_stays(self, pair: Pair) -> None:
        """No write of ours brings it back, unless people go on with it (G1, K5)."""
        for value in self.values[pair.name]:
            if value.since:
                self._is_not_echoed(pair, value)
        for alone in self.alone[pair.name]:
            if alone.since:
                self._is_not_made_again(pair, alone)

    def _is_not_echoed(self, pair: Pair, value: Value) -> None:
        first, last = self.story.spans[value.since][0], self.story.spans[value.run_key][1]
        events = [one for one in self._events(pair, first) if one.field == value.name]
        # A record that was made after that carries what the other one holds.
        made = {one.remote_id for one in self._events(pair, last) if one.what == "created"}
        ours = [
            one for one in self._unasked(events, last) if one.side is value.side and one.remote_id not in made
        ]
        if ours and not self._people(events, value.run_key):
            raise Broken(f"3: {value.name} of {pair.name} was undone, and is {ours[0].after!r} again")

    def _is_not_made_again(self, pair: Pair, alone: Alone) -> None:
        first, last = self.story.spans[alone.since][0], self.story.spans[alone.run_key][1]
        events = list(self._events(pair, first))
        ours = [one for one in self._unasked(events, last) if one.what != "typed"]
        if ours and not self._people(events, alone.run_key):
            raise Broken(f"3: {pair.name} was undone, and {ours[0].remote_id} was {ours[0].what} after that")

    def _events(self, pair: Pair, after: int) -> Iterator[Event]:
        log = self.story.log
        for side in Side:
            for one in pair.members[side]:
                yield from (event for event in log.by_record[side, one] if event.number > after)

    def _unasked(self, events: list[Event], after: int) -> Iterator[Event]:
        """What was written by the sync itself after that."""
        for one in events:
            asked = any(first < one.number <= last for first, last in self.story.asked_for)
            if one.number > after and one.who == US and not asked:
                yield one

    def _people(self, events: list[Event], but: str) -> bool:
        """Whether a person did anything besides the undo itself."""
        first, last = self.story.spans[but]
        return any(one.who == PERSON and not first < one.number <= last for one in events)
