"""A story: two systems, a ledger, people and accidents, told line by line so that a failure can be read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from taskbridge.core.plausible import ENOUGH
from taskbridge.core.run import RunMode, RunOutcome, RunSpec
from taskbridge.core.terms import Answer, Side
from taskbridge.engine.cycle import LOAD_STEPS, run_cycle
from taskbridge.engine.deciding.planned_parts import plan_parts, to_tasks
from taskbridge.engine.engine import Engine
from taskbridge.engine.on_demand.approval import APPROVAL_ID
from taskbridge.engine.on_demand.undo import APPROVED_PLAN, RUN_ID
from taskbridge.engine.pause import LOGINS_AN_HOUR, WatchedSides
from taskbridge.engine.ports import Sides
from taskbridge.engine.steps.decide import decide
from taskbridge.engine.steps.extract import extract
from taskbridge.engine.steps.load import load
from taskbridge.engine.steps.opening import open_run
from taskbridge.engine.steps.read_dirty import read_dirty
from taskbridge.engine.steps.recover import recover
from taskbridge.engine.steps.report import RunReport, report
from taskbridge.engine.steps.settle import settle
from taskbridge.errors import TaskBridgeError
from taskbridge.store.approvals import Approval, ApprovalState
from tests.doubles.memory import Record
from tests.engine.world import NAMES, World
from tests.machine.clock import StoryDatabase
from tests.machine.scope import Scope
from tests.machine.watching import US, Broken, Log, Watched, WatchedSalesConnect, WatchedSalesforce

OTHER_NAME = {Side.SALES_CONNECT: "Sales Connect", Side.SALESFORCE: "Salesforce"}
_APPROVED = """
SELECT w.link_id, w.side, a.kind FROM bridge.approval_row w JOIN bridge.approval a USING (approval_id)
WHERE approval_id = %s AND a.answer = 'approved'
"""
SPARE = "dan"  # a Salesforce user without an SC user, whom a map may name


class Died(BaseException):
    """The process of a run is gone; nothing that it still calls answers."""


@dataclass
class Fuse:
    """Lets the process of a run die at its n-th call of a system or the ledger, or lets something happen there."""

    calls: int = 0
    at: int | None = None
    dead: bool = False
    surprise: Callable[[], None] | None = None
    surprise_at: int | None = None

    def burn(self, what: str) -> None:
        if self.dead:
            raise Died(what)
        self.calls += 1
        if self.calls == self.at:
            self.dead = True
            raise Died(what)
        # An edit between the look at a chunk's versions and its write is the one race that the API leaves open.
        harmless = what.startswith("after ") and what != "after read_ids"
        if self.surprise and self.surprise_at is not None and self.calls >= self.surprise_at and harmless:
            happen, self.surprise = self.surprise, None
            happen()


class MortalLedger:
    """The ledger, or one of its repositories, as a process sees it that may die before or after any of its calls."""

    def __init__(self, ledger: Any, fuse: Fuse) -> None:
        self._ledger, self._fuse = ledger, fuse

    def __getattr__(self, name: str) -> Any:
        method: Any = getattr(self._ledger, name)
        if not callable(method):
            return MortalLedger(method, self._fuse)

        def mortal(*given: Any, **named: Any) -> Any:
            self._fuse.burn(f"before ledger {name}")
            result = method(*given, **named)
            self._fuse.burn(f"after ledger {name}")
            return result

        return mortal


@dataclass
class Story(World):
    """Ada and Ben are switched on, Chi is not, and Dan has no Sales Connect user."""

    database: StoryDatabase | None = None
    log: Log = field(default_factory=Log)
    lines: list[str] = field(default_factory=list)
    fuse: Fuse = field(default_factory=Fuse)
    mapped: dict[str, str] = field(default_factory=dict)  # SC user id -> SF user id, as the rules have it
    ever_mapped: set[tuple[str, str]] = field(default_factory=set)
    changed_at: dict[str, int] = field(
        default_factory=dict
    )  # name -> looks at the users before its last change
    ever_hidden: set[tuple[Side, str]] = field(default_factory=set)
    purged: set[str] = field(default_factory=set)
    policies: list[dict[str, Any]] = field(default_factory=list)
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By run key the number of the last event before the run began, and of the last one when it had ended."""
    asked_for: list[tuple[int, int]] = field(default_factory=list)  # the spans of the deliberate runs
    answers: dict[int, Answer] = field(default_factory=dict)  # to requests, by their number
    logins: list[tuple[float, Side]] = field(default_factory=list)  # refused ones, by the database's clock
    _own_number: Iterator[int] = field(default_factory=lambda: iter(range(1, 10**9)))

    @classmethod
    def begin(cls, database: StoryDatabase) -> Story:
        database.empty()
        story = cls(
            ledger=database.ledger,
            database_url=database.url,
            sc=WatchedSalesConnect(),
            sf=WatchedSalesforce(),
            database=database,
        )
        story._watch()
        return story

    def _watch(self) -> None:
        for system in self.systems.values():
            system.log = self.log
            system.faults.on_call = self.fuse.burn
        self.log.seconds = lambda: time.monotonic() + self.db.ahead
        self.log.switched_on = lambda: self.enabled
        self.log.partners = self._partners
        self.log.about_to_write = self._note_map  # a run has looked at the users by then (S2)
        self.log.why_not_delete = self.scope.why_not_delete
        self.log.why_not_create_again = self.scope.why_not_create_again
        self.sf_users[SPARE] = self.sf.add_user(f"{SPARE}@example.com")
        for name in NAMES:
            self.mapped[self.sc_users[name]] = self.sf_users[name]
            self.changed_at[name] = 0
        self.ever_mapped |= set(self.mapped.items())

    @cached_property
    def scope(self) -> Scope:
        return Scope(self)

    @property
    def db(self) -> StoryDatabase:
        assert self.database is not None
        return self.database

    @property
    def systems(self) -> dict[Side, Watched]:
        return {Side.SALES_CONNECT: self.sc, Side.SALESFORCE: self.sf}  # type: ignore[dict-item]

    @property
    def mortal_engine(self) -> Engine:
        ledger: Any = MortalLedger(self.ledger, self.fuse)
        sides = WatchedSides(Sides(self.sc, self.sf), ledger)
        return Engine(ledger, sides, self.settings, lambda: self.enabled, sleep=lambda _: None)

    # telling

    def tell(self, line: str) -> None:
        self.lines.append(line)

    def named(self, side: Side, remote_id: str) -> str:
        record = self.systems[side].records[remote_id]
        title = record.values["title"] or "(no subject)"
        return f"'{title if len(title) <= 20 else title[:19] + '…'}' ({short(remote_id)})"

    def who(self, side: Side, user_id: str) -> str:
        users = self.sc_users if side is Side.SALES_CONNECT else self.sf_users
        return next((name.title() for name, one in users.items() if one == user_id), user_id)

    def owner(self, side: Side, remote_id: str) -> str:
        return self.who(side, self.systems[side].records[remote_id].values["owner"])

    # time

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        self.db.advance(seconds)

    def advance_ledger(self, seconds: float) -> None:
        """This database has a clock of its own."""

    # runs

    def sync(self, **values: Any) -> RunReport:
        return self.cycle(self.spec(**values))

    def cycle(self, spec: RunSpec, *, wait: float = 60) -> RunReport:
        """One whole run; a failure that no fault explains breaks the story."""
        if wait:
            self.advance(wait)
        truncated = any(
            system.faults.truncate_reads or system.faults.tricks for system in self.systems.values()
        )
        marks, switch = self.watermarks(), self.enabled
        with self._watching(spec):
            outcome = run_cycle(self.mortal_engine, spec)
        self._note_map()
        if marks != self.watermarks():
            self.scope.note()
        if wait:
            self.advance(1)
        if outcome.outcome is RunOutcome.FAILED and not (truncated or self._explained(outcome.text)):
            raise Broken(f"10: a run failed though nothing was amiss:\n{outcome.text}")
        if not switch and marks != self.watermarks():
            raise Broken("20: a watermark moved while the switch was off (S3)")
        self.fuse.surprise = None
        return outcome

    def _explained(self, text: str) -> bool:
        """Whether a run fails for a reason that is there, told from the systems."""
        if any(system.faults.refuse_login for system in self.systems.values()) or self.sf.described.breaches:
            return True
        strangers = any(system.faults.stand_between is not None for system in self.systems.values())
        if strangers and "redirect to sso.example.com" in text:
            return True
        for side, system in self.systems.items():
            gone = sum(
                key in system.faults.hidden or (record.deleted and record.purged)
                for key, record in system.records.items()
            )
            older = sum(record.version < self.log.newest[side, key] for key, record in system.records.items())
            if (gone > ENOUGH and f"{side.system} looks empty" in text) or (
                older > ENOUGH and f"{side.system} looks like an older copy" in text
            ):
                return True
        return "is paused since" in text and any(
            state.pause for state in self.ledger.sides.side_states().values()
        )

    @contextmanager
    def _watching(self, spec: RunSpec) -> Iterator[None]:
        """What a run may do besides syncing, as a person asked for it; and when it was."""
        log = self.log
        before = log.run_began = log.number
        self.fuse.calls = 0
        log.shown_lately.clear()
        refused = {side: system.refused_logins for side, system in self.systems.items()}
        log.on_behalf = spec.mode in (RunMode.UNDO, RunMode.RESTORE)
        log.seen_whole = APPROVED_PLAN in spec.asked
        if spec.mode is RunMode.AUDIT:
            log.asked_of = dict.fromkeys(Side, frozenset())
        elif spec.users:
            theirs = frozenset(self.mapped[one] for one in spec.users if one in self.mapped)
            log.asked_of = {Side.SALES_CONNECT: frozenset(spec.users), Side.SALESFORCE: theirs}
        if spec.mode is RunMode.APPROVAL:
            log.granted = frozenset(self.db.rows(_APPROVED, spec.asked[APPROVAL_ID]))
        if spec.mode is RunMode.UNDO:
            log.undoes = frozenset(self.made_by(spec.asked[RUN_ID]))
        try:
            yield
        finally:
            log.on_behalf = log.seen_whole = False
            log.granted, log.undoes, log.asked_of = frozenset(), frozenset(), {}
            self.spans[spec.run_key] = (before, log.number)
            if not spec.mode.syncs:
                self.asked_for.append((before, log.number))
            for side, system in self.systems.items():
                self.logins += [(self.db.ahead, side)] * (system.refused_logins - refused[side])
        lately = [side for at, side in self.logins if self.db.ahead - at < 3_590]
        if any(lately.count(side) > LOGINS_AN_HOUR for side in Side):
            raise Broken(f"a system that refuses the login was tried {len(lately)} times within an hour")

    def made_by(self, run_id: object) -> Iterator[tuple[Side, str]]:
        """The records that a run created."""
        ((key,),) = self.db.rows("SELECT run_key FROM bridge.run WHERE run_id = %s", run_id)
        first, last = self.spans[key]
        for event in self.log.events[first:last]:
            if event.what == "created" and event.who == US:
                yield event.side, event.remote_id

    def dying_run(self, calls: int, spec: RunSpec | None = None) -> str | None:
        """A run whose process dies at its n-th call; answers where, or None when it ended before."""
        self.advance(60)
        place = None
        self.fuse.at = calls
        try:
            spec = spec or self.spec()
            with self._watching(spec):
                run_cycle(self.mortal_engine, spec)
        except Died as death:
            place = str(death)
        self._revive()
        # Nobody gives the lease of a dead run back: it ends by itself.
        self.db.advance(60 * self.settings.lease_minutes + 1)
        return place

    def retried_run(self, calls: int) -> str | None:
        """As Airflow runs it, step by step: the step whose worker dies is tried again, under the same lease."""
        self.advance(60)
        self.fuse.at = calls
        spec, places, marks = self.spec(), list[str](), self.watermarks()
        with self._watching(spec):
            failed = self._run_steps(spec, places)
        if marks != self.watermarks():
            self.scope.note()
        self._revive()
        report(self.engine, spec.run_key, failed)
        self.advance(1)
        return places[0] if places else None

    def _run_steps(self, spec: RunSpec, places: list[str]) -> str | None:
        """The first error of the steps; where workers died is added to `places`."""
        engine, failed = self.mortal_engine, None
        try:
            run = self._tried_again(lambda: open_run(engine, spec), places)
            if run is None:
                return "Another run holds the lease."
            self._tried_again(lambda: recover(engine, run), places)
            for side in Side:
                self._tried_again(partial(extract, engine, run, side), places)
            self._tried_again(lambda: read_dirty(engine, run), places)
            for part in self._tried_again(lambda: to_tasks(engine, run), places):
                self._tried_again(partial(plan_parts, engine, run, part), places)
            self._tried_again(lambda: decide(engine, run), places)
        except TaskBridgeError as error:
            return str(error)
        for side, ops in LOAD_STEPS:
            try:
                self._tried_again(partial(load, engine, run, side, ops), places)
            except TaskBridgeError as error:
                failed = failed or str(error)
        self._tried_again(lambda: settle(engine, run), places)
        return failed

    def _tried_again(self, step: Callable[[], Any], places: list[str]) -> Any:
        try:
            return step()
        except Died as death:
            places.append(str(death))
            self._revive()
            return step()

    def _revive(self) -> None:
        """Another process goes on; whether the dead one stored the map is not known, so it is looked up."""
        self.fuse.dead, self.fuse.at, self.fuse.surprise = False, None, None
        stored = "SELECT sc_user_id, sf_user_id FROM bridge.user_map WHERE sf_user_id IS NOT NULL"
        self.mapped |= dict(self.db.rows(stored))
        self.ever_mapped |= set(self.mapped.items())

    def _note_map(self) -> None:
        """What a look at the users does to the map: a pair named by the setting is matched, and stays so (S2)."""
        for sc_user, sf_user in self.settings.user_map.items():
            if self.sf.users[sf_user]["active"]:
                self.mapped[sc_user] = sf_user
        self.ever_mapped |= set(self.mapped.items())

    def watermarks(self) -> list[tuple[Any, ...]]:
        return self.db.rows("SELECT side, position, previous FROM bridge.watermark ORDER BY side")

    # who takes part, by the rules

    def takes_part(self, side: Side, owner: str) -> bool:
        """Whether a task of this owner takes part now (S2)."""
        if side is Side.SALESFORCE:
            found = [sc_user for sc_user, sf_user in self.mapped.items() if sf_user == owner]
            return bool(found) and self.takes_part(Side.SALES_CONNECT, found[0])
        user = self.sc.users.get(owner)
        partner = self.sf.users.get(self.mapped.get(owner, ""))
        return bool(user and partner and user["sync_on"] and user["active"] and partner["active"])

    def user_changed(self, name: str) -> None:
        """Something that counts as a new switch-on for this person: it is stored by the next look at the users."""
        self.changed_at[name] = len(self.log.opened)

    def switched_on_by(self, side: Side, owner: str) -> Any:
        """The latest that the effective switch-on of an owner can be, by the side's clock; None: not known yet."""
        sc_user = owner
        if side is Side.SALESFORCE:
            sc_user = next(one for one, sf_user in self.mapped.items() if sf_user == owner)
        name = next(name for name, one in self.sc_users.items() if one == sc_user)
        looks = [look for look in self.log.opened[self.changed_at[name] :] if len(look) == 2]
        return looks[0][side] if looks else None

    def pair_of(self, side: Side, remote_id: str) -> str:
        """As it was made: an org without the external id field does not carry the marker."""
        marker = self.log.made.get((side, remote_id))
        if marker:
            return marker.removeprefix("tb:").rpartition(":")[0]
        return f"{side.prefix}:{self.systems[side].identity}:{remote_id}"

    def pairs(self) -> dict[str, dict[Side, list[str]]]:
        """Without a person's second copy while another one lives ("Two generations" in docs/guarantees.md)."""
        found = super().pairs()
        for members in found.values():
            for side, ids in members.items():
                live = {(side, one) for one in ids if not self.systems[side].records[one].deleted}
                if live - self.log.second:
                    members[side] = [one for one in ids if (side, one) not in live & self.log.second]
        return found

    def _partners(self, side: Side, remote_id: str) -> list[Record]:
        other, pair = self.systems[side.other], self.pair_of(side, remote_id)
        found = [
            other.records[copy]
            for (where, copy), marker in self.log.made.items()
            if where is side.other and marker.startswith(f"tb:{pair}:")
        ]
        origin = pair.rpartition(":")[2]
        if (side, remote_id) in self.log.made and origin in other.records:
            found.append(other.records[origin])
        return found

    # requests to people

    def requests(self, state: ApprovalState) -> list[Approval]:
        return [one for one in self.ledger.approvals.unfinished_approvals() if one.state is state]

    def decide(self, approval_id: int, answer: Answer) -> None:
        """A person answers, and it is remembered what was said."""
        self.answer(approval_id, answer, by="Eva")
        self.answers[approval_id] = answer


def short(remote_id: str) -> str:
    """An id as a person would say it: the number in it."""
    return remote_id if remote_id.isdigit() else f"{remote_id[:3]}..{remote_id[5:15].lstrip('0')}"
