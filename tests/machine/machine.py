"""The state machine: people, accidents and operators in any order, and the invariants when all of them rest."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from taskbridge.core.contract import Contract
from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import Answer, Side
from taskbridge.engine.deciding.plausibility import ACCEPT_SIDE, BOTH
from taskbridge.engine.on_demand.approval import APPROVAL_ID
from taskbridge.engine.on_demand.audit import REPAIR
from taskbridge.store.approvals import ApprovalState
from tests.engine.world import NAMES
from tests.machine.accidents import FaultRules
from tests.machine.agreement import Agreement, describe
from tests.machine.clock import NewDatabase
from tests.machine.deliberate import DeliberateRules
from tests.machine.leaving import LeavingRules
from tests.machine.outages import OutageRules
from tests.machine.pairs import Pair, all_pairs
from tests.machine.story import Story
from tests.machine.watching import PERSON, Broken

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE
OPEN_LIMITS = {"count": 10_000, "user_count": 10_000, "half_of_more_than": 10_000}
SMALL_LIMITS = {"count": 3, "share": 0.0, "delete_share": 0.0, "user_count": 2, "user_share": 0.0}
_DAY = 25 * 3600
_FIELDS = 4
_ROUNDS = 6
_OVERLAP = 660
_IDLE = 5  # people and listings of both systems, and the deletes


class TwoSystems(FaultRules, OutageRules, LeavingRules, DeliberateRules):
    """Edits of every kind on both sides, faults of every kind, operators, and runs in between."""

    database: ClassVar[NewDatabase]
    told: ClassVar[list[str]] = []
    """The story that was played last: after a failure, the shortest one that fails."""

    @initialize(
        feed=st.booleans(),
        gone=st.sampled_from([404, 410]),
        collides=st.booleans(),
        small=st.booleans(),
        pages=st.sampled_from([100, 2]),
        chunks=st.sampled_from([100, 1]),
        marks=st.sampled_from([True, True, False]),
        answer=st.sampled_from(list(Answer)),
        tasks=st.integers(0, 4),
        part=st.sampled_from([60_000, 60_000, 1]),
    )
    def begin(
        self,
        feed: bool,
        gone: int,
        collides: bool,
        small: bool,
        pages: int,
        chunks: int,
        marks: bool,
        answer: Answer,
        tasks: int,
        part: int,
    ) -> None:
        story = self.story = Story.begin(type(self).database())
        type(self).told = story.lines
        story.with_settings(
            limits=SMALL_LIMITS if small else OPEN_LIMITS, sc_sweep_minutes=1, rows_per_task=part
        )
        story.log.limits = SMALL_LIMITS if small else {}  # type: ignore[assignment]
        story.sc.features = frozenset({"deleted_tasks"} if feed else ())
        story.sc.gone_status = gone
        story.sf.faults.binned_marker_collides = collides
        story.sf.marks, self.last_answer = marks, answer
        for system in story.systems.values():
            system.page_size, system.chunk_size = pages, chunks
        story.tell(
            f"Sales Connect has {'a' if feed else 'no'} delete feed and answers {gone} for deleted tasks; "
            f"{'small' if small else 'no'} limits; {pages} records a page, {chunks} a write, "
            f"{part:,} a task that plans; Salesforce has "
            f"{'the' if marks else 'no'} field for markers"
        )
        story.sync()
        for number in range(tasks):
            (story.sc_task if number % 2 else story.sf_task)(f"Task {number}")
        # Without a feed a delete is proved only while another task of the same assignee answers (C5).
        self.anchors = (
            {story.sc_task("anchor", owner=name) for name in NAMES} if gone == 404 and not feed else set()
        )
        if self.anchors or tasks:
            story.sync()

    last_answer: Answer
    """To what is still asked when everything rests."""

    steps: ClassVar[int] = 0
    """Steps of all stories that were played."""

    @invariant()
    def no_record_has_two_copies(self) -> None:
        type(self).steps += 1
        for pair in all_pairs(self.story):
            Agreement(self.story).check_7_one_partner(pair)

    def teardown(self) -> None:
        if hasattr(self, "story"):
            try:
                self._rest()
            except BaseException:
                self.story.lines += ["then everything rests:", describe(self.story)]
                raise

    def _rest(self) -> None:
        story = self.story
        self._calm_down()
        self._decide_everything()
        if self._poisoned():
            story.settle()
            Agreement(story, manual=True, poison=True).check()
            self._parked_is_told()
            self._cure()
        if any("manual" in str(policy) for policy in story.policies):
            self._converge(manual=True)
            story.with_settings(conflict_policy="latest_wins", conflict_policy_fields={})
        self._converge(manual=False)
        self._idle_costs_little()
        self._still_alive()

    def _parked_is_told(self) -> None:
        """G6: a record that cannot be understood makes no later run partial, and none clean."""
        story = self.story
        broken = [
            (side, record)
            for side, system in story.systems.items()
            for record in system.records.values()
            if record.problem
            and not record.deleted
            # Nobody has seen what became of it out of sight.
            and story.log.shown.get((side, record.remote_id)) == record.version
        ]
        last = story.sync()
        if broken and last.outcome is not RunOutcome.HELD:
            raise Broken(f"G6: with {len(broken)} records parked a quiet run is {last.outcome}:\n{last.text}")
        for side, record in broken:
            if "Parked: 1," in last.text and f"({side.system} {record.remote_id})" not in last.text:
                raise Broken(f"G6: {record.remote_id} is parked, and the run does not name it:\n{last.text}")

    def _idle_costs_little(self) -> None:
        """G9: what waits costs nothing in a run that no listing shows anything and no look is due in."""
        story = self.story
        if "deleted_tasks" not in story.sc.features:
            return  # without a feed linked tasks are looked up by turns
        if not story.db.rows("SELECT FROM bridge.link LIMIT 1"):
            return  # an empty ledger asks whether the systems hold records of ours (G8)
        story.advance(_OVERLAP)
        story.sync()
        reads = story.reads
        last = story.sync()
        if story.reads - reads > _IDLE:
            raise Broken(f"G9: an idle run makes {story.reads - reads} calls to read:\n{last.text}")

    def _converge(self, *, manual: bool) -> None:
        """1 to 3: two runs are enough, and the third writes nothing."""
        story = self.story
        edits = 0
        for _ in range(_FIELDS):
            before = len(story.log.events)
            reports = story.settle()
            # What a trigger rewrites is an edit, which crosses once and may set off the other side's trigger (G1).
            edits = sum(event.who == PERSON for event in story.log.events[before:])
            if not edits:
                break
        try:
            Agreement(story, manual=manual).check()
        except Broken as broken:
            raise Broken("\n".join([str(broken), *(one.text for one in reports)])) from broken
        writes = story.writes
        last = story.sync()
        if story.writes != writes:
            raise Broken(f"2: a run after convergence wrote something:\n{last.text}")
        calm = {RunOutcome.CLEAN, RunOutcome.HELD} | ({RunOutcome.CONFLICTS} if manual else set())
        if last.outcome not in calm:
            raise Broken(f"2: a run after convergence is not clean:\n{last.text}")

    def _calm_down(self) -> None:
        """Faults end except the poison; limits are lifted."""
        story = self.story
        story.enabled = True
        story.with_settings(limits=OPEN_LIMITS)
        story.log.limits = {}
        story.sf.described = Contract("Task")
        for system in story.systems.values():
            faults = system.faults
            faults.lose_answers = faults.truncate_reads = 0
            faults.lock_titles.clear()
            faults.tricks.clear()
            faults.hidden.clear()
            faults.unlisted.clear()
            faults.visible_after = timedelta(0)
            faults.normalise = faults.flaky_versions = faults.refuse_login = False
            faults.stand_between = None
        story.advance(_DAY)  # parked rows are tried again after a day (G4)
        self._accept_what_looks_old()
        self._audit_what_was_out_of_sight()

    def _accept_what_looks_old(self) -> None:
        """Many older versions at once halt every run, until a person has looked (G8)."""
        if "older copy" in self.story.sync().text:
            asked = {ACCEPT_SIDE: BOTH}
            outcome = self.story.sync(mode=RunMode.MANUAL, asked=asked, asked_by="Eva").outcome
            self.story.tell(f"Eva accepts both sides as they are; run: {outcome}")

    def _audit_what_was_out_of_sight(self) -> None:
        """A listing tells an edit by its stamp, and the watermark may have passed that of an edit that was hidden."""
        story = self.story
        if any(
            story.log.shown.get(key, record.version) < record.version
            for side, system in story.systems.items()
            for remote_id, record in system.records.items()
            if (key := (side, remote_id)) in story.ever_hidden
        ):
            outcome = story.sync(mode=RunMode.AUDIT, asked={REPAIR: 1}).outcome
            story.tell(f"what was edited out of sight is looked for by an audit: {outcome}")

    def _decide_everything(self) -> None:
        """Eva says of every lost create what it was, and answers every request, until none is left."""
        story = self.story
        for _ in range(_ROUNDS):
            story.settle()
            self.lost_creates_are_told()
            waiting = story.ledger.approvals.unfinished_approvals()
            if not waiting:
                return
            for one in waiting:
                if one.state is ApprovalState.OPEN:
                    story.decide(one.approval_id, self.last_answer)
                self.deliberate(
                    f"request {one.approval_id} ({one.kind}) is {self.last_answer} and carried out",
                    RunMode.APPROVAL,
                    {APPROVAL_ID: one.approval_id},
                    None,
                )
        raise Broken(f"9: after {_ROUNDS} rounds of answers there are still requests: {waiting}")

    def _poisoned(self) -> bool:
        return any(
            system.faults.refuse_titles or any(record.spoiled for record in system.records.values())
            for system in self.story.systems.values()
        )

    def _cure(self) -> None:
        for system in self.story.systems.values():
            system.faults.refuse_titles.clear()
            for remote_id, record in system.records.items():
                if record.spoiled and not record.deleted:
                    record.heal()
                    system.touch(remote_id)
        self.story.advance(_DAY)

    def _still_alive(self) -> None:
        """After whatever story, edits on either side cross, and cross once."""
        story = self.story
        for side in Side:
            story.systems[side].faults.trigger = None
        story.with_settings(subject_template="{{activity_subject}}", skipped_tasks="leave_open")
        wanted = {
            pair.name: self._edit_everything(pair, number)
            for number, pair in enumerate(all_pairs(story))
            if pair.complete and pair.takes_part
        }
        story.tell(
            "everybody renames and edits every task in Sales Connect, and completes or reopens it in Salesforce"
        )
        self._converge(manual=False)
        for pair in all_pairs(story):
            for (side, name), value in wanted.get(pair.name, {}).items():
                if pair.value(side, name) != value:
                    raise Broken(
                        f"1: {pair.name} no longer follows edits: {name} in {side.system} is "
                        f"{pair.value(side, name)!r} and not {value!r}"
                    )

    def _edit_everything(self, pair: Pair, number: int) -> dict[tuple[Side, str], str]:
        """Edits both records in different fields; answers what the other side has to hold then."""
        sc, sf = pair.live(_SC)[0], pair.live(_SF)[0]
        title, details = f"renamed {number}", f"details {number}"
        self.story.sc.edit(sc.remote_id, title=title, details=details)
        done = sf.values["status"] != "Completed"
        high = sf.values["priority"] != "High"
        status, priority = "Completed" if done else "Not Started", "High" if high else "Normal"
        self.story.sf.edit(sf.remote_id, status=status, priority=priority)
        return {
            (_SF, "title"): title,
            (_SF, "details"): details,
            (_SC, "status"): "complete" if done else "open",
            (_SC, "priority"): "high" if high else "normal",
        }
