"""In-memory systems that are watched: who changed what, and whether each write of ours was allowed.

The log is the model of the state machine. It knows nothing of the ledger: what people did is told from the
records as they change, and every write of ours is judged the moment it arrives.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd

from taskbridge.core.frames import rows_of
from taskbridge.core.terms import BIT, FIELDS, TEMPLATE_INPUTS, Op, Side
from taskbridge.core.writes import CALL_REFUSED, Outcome
from taskbridge.engine.ports import SideInfo, unfenced
from tests.doubles.memory import MemorySalesConnect, MemorySalesforce, MemorySide, Record, Refused

US, PERSON = "us", "person"
BESIDES = (*TEMPLATE_INPUTS, "CallDisposition", "Region__c")
"""What people fill in that no rule maps."""

Key = tuple[Side, str]
Row = Mapping[str, Any]


class Broken(AssertionError):
    """A promise was broken; the message begins with the invariant's number."""


def canonical(value: Any) -> Any:
    """Equal in this form means equal (G1): no outer white space, line ends are LF, nothing is null."""
    if not isinstance(value, str):
        return value
    return re.sub(r"\r\n?|[\v\f]", "\n", value).strip() or None


@dataclass(frozen=True)
class Event:
    """Something that happened to a record. `field` is None for its creation, delete and restore."""

    number: int
    side: Side
    remote_id: str
    what: str  # created, typed, deleted, restored
    who: str
    field: str | None = None
    before: Any = None
    after: Any = None


@dataclass(frozen=True)
class Effect:
    """A write of ours that counts for a limit (G3)."""

    at: float  # seconds of the database's clock
    kind: str
    user: str | None
    unanswered: Key | None = None  # the record, of a write whose answer was lost


@dataclass
class Log:
    """Everything that happened in a story, in its order."""

    seconds: Callable[[], float] = time.monotonic  # of the database's clock
    switched_on: Callable[[], bool] = lambda: True
    partners: Callable[[Side, str], list[Record]] = lambda side, remote_id: []
    # why a delete, or a create in the place of a deleted record, must not be: what is out of scope decides nothing
    why_not_delete: Callable[[Side, Record, Record], str | None] = lambda side, gone, survivor: None
    why_not_create_again: Callable[[Side, str], str | None] = lambda side, link_id: None
    about_to_write: Callable[[], None] = lambda: None
    limits: Mapping[str, int] = field(default_factory=dict)  # count, user_count; empty: not checked
    number: int = 0
    events: list[Event] = field(default_factory=list)
    by_record: dict[Key, list[Event]] = field(default_factory=lambda: defaultdict(list))
    held: dict[tuple[Side, str, str], set[Any]] = field(default_factory=lambda: defaultdict(set))
    newest: dict[Key, datetime] = field(default_factory=dict)  # the newest version ever
    shown: dict[Key, datetime] = field(
        default_factory=dict
    )  # the newest version shown to a run that decides it
    shown_lately: set[Key] = field(default_factory=set)  # since the run began
    shown_owner: dict[Key, str] = field(default_factory=dict)  # whose it was when we were last shown it live
    overwritten: list[tuple[str, str, Any]] = field(default_factory=list)  # action, field, value
    actions: set[str] = field(default_factory=set)
    effects: list[Effect] = field(default_factory=list)
    opened: list[dict[Side, datetime]] = field(default_factory=list)  # clocks at each look at the users
    latest: dict[Side, datetime] = field(default_factory=dict)  # the latest stamp that each clock ever gave
    unknown: set[Key] = field(default_factory=set)  # copies whose id we cannot know yet
    lost: set[Key] = field(default_factory=set)  # of those, the ones deleted before we could
    unseen: set[Key] = field(default_factory=set)  # taken out of the bin, and not shown to us since
    second: set[Key] = field(default_factory=set)  # earlier copies that cannot be the pair's any more
    made: dict[Key, str] = field(default_factory=dict)  # our copies, by the marker that we asked for
    removed: dict[Key, Row] = field(default_factory=dict)  # what records held that a delete of ours took away
    taken_back: set[Key] = field(default_factory=set)  # copies that an undo deleted
    run_began: int = 0
    # of the run that is under way
    on_behalf: bool = False  # a person asked for exactly this: what is written is that person's word
    undoes: frozenset[Key] = frozenset()  # what the run that is being undone had created
    granted: frozenset[tuple[str, str, str]] = frozenset()  # link, side, kind: approved
    asked_of: Mapping[Side, frozenset[str]] = field(
        default_factory=dict
    )  # only the tasks of these; empty: all
    seen_whole: bool = False  # a person has seen the whole plan in a dry run

    def add(self, side: Side, remote_id: str, what: str, who: str, *values: Any) -> None:
        self.number += 1
        event = Event(self.number, side, remote_id, what, who, *values)
        self.events.append(event)
        self.by_record[side, remote_id].append(event)

    def typed(self, side: Side, ids: Iterable[str], name: str) -> list[Event]:
        """What people typed into a field of these records, oldest first."""
        found = [
            event
            for remote_id in ids
            for event in self.by_record[side, remote_id]
            if event.what == "typed" and event.who == PERSON and event.field == name
        ]
        return sorted(found, key=lambda event: event.number)

    def last(self, side: Side, remote_id: str, *what: str) -> Event | None:
        return next((one for one in reversed(self.by_record[side, remote_id]) if one.what in what), None)

    def changed(self, system: MemorySide, record: Record, before: Row, row: Row | None) -> None:
        """A record was created (`before` is empty) or written; `row` is what we asked for, None for a person."""
        side, remote_id = system.side, record.remote_id
        if not before:
            self.add(side, remote_id, "created", US if row else PERSON)
        for name in FIELDS:
            old, new = canonical(before.get(name)), canonical(record.values[name])
            self.held[side, remote_id, name].add(new)
            asked = row is not None and bool(row["mask"] & BIT[name])
            if asked and row is not None:
                self.held[side, remote_id, name].add(canonical(row[name]))
            if old == new and before:
                continue
            ours = (
                row is not None
                and not self.on_behalf
                and ((asked and canonical(row[name]) == new) or (not before and row[name] is None))
            )
            self.add(side, remote_id, "typed", US if ours else PERSON, name, old, new)


class Watched(MemorySide):
    """What is added to an in-memory side."""

    log: Log
    _asked: dict[str, Any] | None = None
    _in_time: bool = False  # a call of ours is answered, so what is written was looked at a moment ago

    def connect(self, *, describe: bool = False) -> SideInfo:
        info = super().connect(describe=describe)
        self.log.latest[self.side] = max(self.now, self.log.latest.get(self.side, self.now))
        if self.side is Side.SALES_CONNECT:
            self.log.opened.append({})
        self.log.opened[-1][self.side] = self.log.latest[self.side]
        return info

    def write(self, op: Op, rows: pd.DataFrame, fence: Callable[[], None] = unfenced) -> pd.DataFrame:
        asked = rows_of(rows)
        self.log.about_to_write()
        judge = Judge(self, self.log)
        judge.switch_is_on()
        for row in asked:
            judge.allowed(op, row)
        lost = bool(self.faults.lose_answers)
        before = self.log.number
        self._in_time = True
        try:
            answers = super().write(op, rows, fence)
        except BaseException:
            lost = True
            raise
        finally:
            self._in_time = False
            judge.written(op, asked, before, answered=not lost)
        # Of a row that was locked, or not tried, we are told that nothing was done: it may be sent again.
        undone = (answers["outcome"] == Outcome.BUSY) | answers["code"].eq(CALL_REFUSED).fillna(False)
        self.log.actions -= set(answers.loc[undone, "action_id"])
        return answers

    def _write_row(self, op: Op, row: Row) -> Any:
        self._asked = dict(row)
        try:
            return super()._write_row(op, row)
        finally:
            self._asked = None

    def _derive(self, record: Record, before: Row) -> None:
        # What the vendor makes besides, such as a campaign's next step, is nothing that we asked for.
        row, self._asked = self._asked, None
        super()._derive(record, before)  # type: ignore[safe-super]
        if row and not before:
            self.log.made[self.side, record.remote_id] = row["marker"]
            earlier = self._earlier(record, row["link_id"])
            self._is_as_it_was(record, earlier)
            self.log.second |= self._seconds(earlier)
        self.log.changed(self, record, before, row)
        self._note_version(record)

    def _seconds(self, earlier: list[Record]) -> set[Key]:
        """Of the records before one that is made anew, those out of the bin that it makes second ones: nobody could
        see them, or their pair's copy was one that an undo took back ("Two generations" in docs/guarantees.md)."""
        hidden = {(self.side, one.remote_id) for one in earlier if one.remote_id in self.faults.hidden}
        unseen = self.log.unseen & hidden
        last = max(earlier, key=lambda one: (one.created_at, one.remote_id), default=None)
        if last is None or (self.side, last.remote_id) not in self.log.taken_back:
            return unseen
        return unseen | {(self.side, one.remote_id) for one in earlier if not one.deleted}

    def _earlier(self, record: Record, link_id: str) -> list[Record]:
        """The records of a pair before this one."""
        return [
            one
            for one in self.records.values()
            if one is not record
            and link_id in (self._pair(one), f"{self.side.prefix}:{self.identity}:{one.remote_id}")
        ]

    def _is_as_it_was(self, record: Record, earlier: list[Record]) -> None:
        """4: what takes the place of a record that we deleted holds all that it held, what we do not map too (K5)."""
        last = max(earlier, key=lambda one: (one.created_at, one.remote_id), default=None)
        if last is None or (held := self.log.removed.get((self.side, last.remote_id))) is None:
            return
        lost = {name: value for name, value in held.items() if record.values.get(name) != value}
        if lost:
            raise Broken(f"4: {record.remote_id} takes the place of {last.remote_id}, and lacks {lost} (K5)")

    def _pair(self, record: Record) -> str:
        return self.log.made.get((self.side, record.remote_id), "").removeprefix("tb:").rpartition(":")[0]

    def _remove(self, record: Record, cause: str = "deleted") -> None:
        if self._asked and self._in_time:
            self.log.removed[self.side, record.remote_id] = {
                name: value for name in BESIDES if (value := record.values.get(name)) is not None
            }
            if self.log.undoes:
                self.log.taken_back.add((self.side, record.remote_id))
        super()._remove(record, cause)
        self.log.unseen.discard((self.side, record.remote_id))
        who = US if self._asked else PERSON
        self.log.add(self.side, record.remote_id, "deleted", who, None, None, cause)
        self._note_version(record)
        if (self.side, record.remote_id) in self.log.unknown and who == PERSON:
            self.log.lost.add((self.side, record.remote_id))

    def _moved(self, record: Record) -> None:
        super()._moved(record)
        self._note_version(record)

    def _note_version(self, record: Record) -> None:
        key = (self.side, record.remote_id)
        self.log.newest[key] = max(record.version, self.log.newest.get(key, record.version))
        self.log.latest[self.side] = max(self.now, self.log.latest.get(self.side, self.now))

    def _frame(self, records: Any, *, by_id: bool = False, whole: bool = False) -> pd.DataFrame:
        for record in records:
            key = (self.side, record.remote_id)
            self.log.unknown.discard(key)
            if not self.log.asked_of or record.values["owner"] in self.log.asked_of[self.side]:
                self.log.shown[key] = max(record.version, self.log.shown.get(key, record.version))
            self.log.shown_lately.add(key)
            if not record.deleted:
                self.log.shown_owner[key] = record.values["owner"]
                self.log.unseen.discard(key)
        return super()._frame(records, by_id=by_id, whole=whole)


class WatchedSalesConnect(Watched, MemorySalesConnect):
    pass


class WatchedSalesforce(Watched, MemorySalesforce):
    def _meet_faults(self, op: Op, row: Row) -> None:
        super()._meet_faults(op, row)
        if self.described.breaches and row["mask"] & BIT["due_date"] and op is not Op.DELETE:
            raise Refused("INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: ActivityDate")

    def undelete(self, remote_id: str) -> None:
        super().undelete(remote_id)
        self.log.add(self.side, remote_id, "restored", PERSON)
        self.log.unseen.add((self.side, remote_id))
        # Nobody will ever know that a delete whose answer was lost had been done.
        self.log.effects = [one for one in self.log.effects if one.unanswered != (self.side, remote_id)]


@dataclass
class Judge:
    """Whether what we ask a system to write is allowed, told from the records alone."""

    system: Watched
    log: Log

    def switch_is_on(self) -> None:
        if not self.log.switched_on():
            raise Broken("20: written while the switch is off (S1)")

    def allowed(self, op: Op, row: Row) -> None:
        if row["action_id"] in self.log.actions:
            raise Broken(f"10: action {row['action_id']} is written a second time")
        self.log.actions.add(row["action_id"])
        if op is Op.CREATE:
            self._may_create(row)
            return
        record = self.system.records[row["remote_id"]]
        if not record.deleted:
            self._is_what_decide_saw(row, record)
            if op is Op.UPDATE:
                self._is_a_change(row, record)
            else:
                self._is_proved(row, record)

    def _may_create(self, row: Row) -> None:
        origin, generation = row["link_id"].partition(":")[0], int(row["marker"].rpartition(":")[2])
        if not row["marker"].startswith("tb:"):
            raise Broken(f"7: the marker {row['marker']!r} is not derived")
        if origin == self.system.side.prefix and generation == 1:
            raise Broken(f"7: {row['marker']} would be created in the system that it began in")
        if generation > 1 and not self.log.on_behalf and not self._is_granted(row, "create"):
            why = self.log.why_not_create_again(self.system.side, row["link_id"])
            if why:
                raise Broken(f"8: {row['marker']} would be created again; the deleted record {why}")

    def _is_what_decide_saw(self, row: Row, record: Record) -> None:
        """19: nobody has edited the target since it was decided on."""
        for name in FIELDS:
            now = canonical(record.values[name])
            if now != canonical(row[f"seen_{name}"]):
                raise Broken(
                    f"19: {name} of {record.remote_id} was {row[f'seen_{name}']!r} when it was decided on, and is "
                    f"{now!r} when it is written"
                )

    def _is_a_change(self, row: Row, record: Record) -> None:
        """14: mapped fields that really change, and never an SC name (F1)."""
        names = [name for name in FIELDS if row["mask"] & BIT[name]]
        if not names or row["mask"] >> len(FIELDS):
            raise Broken(f"14: the mask {row['mask']} names no mapped field")
        if self.system.side is Side.SALES_CONNECT and "title" in names:
            raise Broken(f"14: the name of {record.remote_id} would be written (F1)")
        for name in names:
            now = canonical(record.values[name])
            if canonical(row[name]) == now:
                raise Broken(f"14: {name} of {record.remote_id} is written, and is {now!r} already")
            self.log.overwritten.append((row["action_id"], name, now))

    def _is_proved(self, row: Row, record: Record) -> None:
        """8: the other record of the pair was deleted, and by a person; all values of this one are kept (K5)."""
        self.log.overwritten += [(row["action_id"], name, canonical(record.values[name])) for name in FIELDS]
        if (self.system.side, record.remote_id) in self.log.undoes or self._is_granted(
            row, "delete", "missing"
        ):
            return
        others = self.log.partners(self.system.side, record.remote_id)
        if not others:
            raise Broken(f"8: {record.remote_id} would be deleted, and has no partner")
        newest = max(others, key=lambda other: (other.created_at, other.remote_id))
        gone = self.log.last(self.system.side.other, newest.remote_id, "deleted")
        restored = self.log.last(self.system.side.other, newest.remote_id, "restored")
        just_restored = restored is not None and restored.number > self.log.run_began
        if gone is None or gone.who != PERSON or not (newest.deleted or just_restored):
            raise Broken(f"8: {record.remote_id} would be deleted, and nobody deleted {newest.remote_id}")
        if gone.after == "user_deleted":
            raise Broken(f"8: {record.remote_id} would be deleted, as a user was deleted (C5)")
        why = newest.deleted and self.log.why_not_delete(self.system.side.other, newest, record)
        if why:
            raise Broken(f"8: {record.remote_id} would be deleted, as {newest.remote_id} was, which {why}")

    def _is_granted(self, row: Row, *kinds: str) -> bool:
        """Whether a person approved this very effect, or has seen it in the whole plan."""
        return self.log.seen_whole or any(
            (row["link_id"], self.system.side.value, kind) in self.log.granted for kind in kinds
        )

    def written(self, op: Op, rows: list[dict[str, Any]], before: int, *, answered: bool) -> None:
        """What became of it: effects that count for limits, and copies whose ids nobody told us."""
        done = [event for event in self.log.events[-max(self.log.number - before, 0) :] if event.who == US]
        done = done if self.log.number > before else []
        touched = {event.remote_id for event in done}
        created = [event.remote_id for event in done if event.what == "created"]
        if not answered:
            self.log.unknown |= {(self.system.side, remote_id) for remote_id in created}
        markers = {self.log.made[self.system.side, remote_id] for remote_id in created}
        for row in rows:
            if row["marker"] in markers if op is Op.CREATE else row["remote_id"] in touched:
                for kind in _kinds(op, row):
                    self._count(kind, row, answered=answered)

    def _count(self, kind: str, row: Row, *, answered: bool) -> None:
        """9 and 25: over any hour at most the limit, overall and for a user (G3)."""
        if not self.log.limits or row["first_import"] or self._is_granted(row, kind):
            return
        now = self.log.seconds()
        unanswered = None if answered else (self.system.side, row["remote_id"])
        self.log.effects.append(Effect(now, kind, row["sc_user_id"], unanswered))
        within = [one for one in self.log.effects if one.kind == kind and now - one.at < 3590]
        if len(within) > self.log.limits["count"]:
            raise Broken(f"25: {len(within)} times {kind} within an hour, the limit is {self.log.limits}")
        of_user = [one for one in within if one.user == row["sc_user_id"]]
        if len(of_user) > self.log.limits["user_count"]:
            raise Broken(f"25: {len(of_user)} times {kind} for one user, the limit is {self.log.limits}")


def _kinds(op: Op, row: Row) -> list[str]:
    if op is not Op.UPDATE:
        return [op.value]
    names = {name for name in FIELDS if row["mask"] & BIT[name]}
    kinds = sorted(names & {"owner", "due_date"})
    if "status" in names and row["status"] in ("complete", "Completed"):
        kinds.append("complete")
    return kinds
