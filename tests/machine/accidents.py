"""What goes wrong in a story, and what operators do in it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pyarrow as pa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from taskbridge.core.model import TASKS
from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import Side
from taskbridge.engine.loading.busy import TRIES
from taskbridge.engine.on_demand.audit import REPAIR
from taskbridge.engine.on_demand.conflicts import decide_conflicts
from tests.doubles.memory_faults import TRICKS, Trick
from tests.engine.world import NAMES
from tests.machine.kinds import Kinds, one_of, play_one
from tests.machine.pairs import take_in_likenesses
from tests.machine.people import TITLES, PeopleRules, changes, told
from tests.machine.story import SPARE, Story
from tests.machine.watching import Broken

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE
SIDES: Final = st.sampled_from(list(Side))
ODD_TEXTS: Final = st.sampled_from(["a\x00b", "half \ud83d"])
_TEXT_COLUMNS: Final = {
    side: [
        column.name
        for column in TASKS[side]
        if pa.types.is_string(column.type)
        and column.name not in ("remote_id", "presence", "payload")
        and not column.name.startswith("problem")
    ]
    for side in Side
}
_ACCIDENTS: Final[Kinds] = []
_DECISIONS: Final[Kinds] = []
# What a plan depends on in the ledger; `dirty` follows from a look at the users, which any run takes.
_LEDGER: Final = """
SELECT 'link', to_jsonb(l) - 'dirty' - 'dirty_since' FROM bridge.link l
UNION ALL SELECT 'action', to_jsonb(a) FROM bridge.action a JOIN bridge.run r USING (run_id) WHERE NOT r.dry_run
UNION ALL SELECT 'conflict', to_jsonb(c) FROM bridge.conflict c WHERE NOT dry_run
UNION ALL SELECT 'change', to_jsonb(c) FROM bridge.ledger_change c
UNION ALL SELECT 'letter', to_jsonb(d) FROM bridge.dead_letter d
UNION ALL SELECT 'request', to_jsonb(p) FROM bridge.approval p
UNION ALL SELECT 'asked', to_jsonb(p) FROM bridge.approval_row p
UNION ALL SELECT 'mark', to_jsonb(w) FROM bridge.watermark w
ORDER BY 1, 2
"""
_PAIRS: Final = "SELECT link_id, generation, state, sc_id, sf_id FROM bridge.link ORDER BY 1"
_DUE_ABOUT_NOW: Final = """
SELECT link_id FROM bridge.link
WHERE look_again_at BETWEEN now() - interval '5 minutes' AND now() + interval '1 minute'
"""
_UNSETTLED: Final = """
SELECT action_id FROM bridge.action WHERE state = 'sent'
UNION ALL SELECT action_id FROM bridge.perhaps_created((SELECT max(run_id) + 1 FROM bridge.run), %s)
"""
_PLANNED: Final = """
SELECT a.side, a.op, a.link_id, a.state = 'held', a.mask, a.title, a.status, a.priority, a.due_date, a.details, a.owner
FROM bridge.action a JOIN bridge.run r USING (run_id) WHERE r.run_key = %s ORDER BY 1, 2, 3, 5
"""


class FaultRules(RuleBasedStateMachine):
    """The systems and the network misbehave."""

    story: Story

    @one_of(_ACCIDENTS, side=SIDES)
    def the_next_answer_is_lost(self, side: Side) -> None:
        self.story.tell(f"the next answer of {side.system} is lost")
        self.story.systems[side].faults.lose_answers = 1

    @one_of(_ACCIDENTS, side=SIDES, title=TITLES)
    def a_row_is_locked_for_a_run(self, side: Side, title: str) -> None:
        self.story.tell(f"{side.system} cannot lock {title[:12]!r} for a run")
        self.story.systems[side].faults.lock_titles[title] = TRIES

    @one_of(
        _ACCIDENTS,
        side=SIDES,
        title=TITLES,
        code=st.sampled_from(
            ["FIELD_CUSTOM_VALIDATION_EXCEPTION", "INSUFFICIENT_ACCESS_OR_READONLY", "", ""]
        ),
    )
    def refuses(self, side: Side, title: str, code: str) -> None:
        refused = self.story.systems[side].faults.refuse_titles
        if code:
            refused[title] = code
        elif refused.pop(title, None) is None:
            return
        self.story.tell(f"{side.system} refuses {title[:12]!r} with {code or 'nothing any more'}")

    @one_of(_ACCIDENTS, side=SIDES, data=st.data())
    def a_record_is_spoiled(self, side: Side, data: st.DataObject) -> None:
        live = sorted(self.story.systems[side].live())
        if live:
            task = data.draw(st.sampled_from(live))
            self.story.tell(f"{self.story.named(side, task)} in {side.system} cannot be understood any more")
            self.story.systems[side].spoil(task)

    @one_of(_ACCIDENTS, side=SIDES, data=st.data(), odd=ODD_TEXTS)
    def a_value_cannot_be_stored(self, side: Side, data: st.DataObject, odd: str) -> None:
        """In whichever column: only that record's pair waits (G4)."""
        live = sorted(self.story.systems[side].live())
        if live:
            task, column = data.draw(st.sampled_from(live)), data.draw(st.sampled_from(_TEXT_COLUMNS[side]))
            self.story.tell(f"{column} of {self.story.named(side, task)} in {side.system} becomes {odd!r}")
            self.story.systems[side].garble(task, column, odd)

    @one_of(
        _ACCIDENTS,
        side=SIDES,
        name=st.sampled_from(NAMES),
        column=st.sampled_from(["name", "time_zone"]),
        odd=ODD_TEXTS,
    )
    def what_a_user_is_called_cannot_be_stored(self, side: Side, name: str, column: str, odd: str) -> None:
        """Nothing follows from it (G4)."""
        story = self.story
        users = story.sc_users if side is _SC else story.sf_users
        if users[name] in story.systems[side].users:
            story.tell(f"{column} of {name.title()} in {side.system} becomes {odd!r}")
            story.systems[side].set_user(users[name], **{column: odd})

    @one_of(_ACCIDENTS, side=SIDES, odd=ODD_TEXTS)
    def what_a_refusal_says_cannot_be_stored(self, side: Side, odd: str) -> None:
        self.story.tell(f"{side.system} refuses from now on with the words {odd!r}")
        self.story.systems[side].faults.refusal = odd

    @one_of(_ACCIDENTS, side=SIDES, seconds=st.sampled_from([0, 30, 300]))
    def rows_show_late(self, side: Side, seconds: int) -> None:
        self.story.tell(f"{side.system} shows what is saved from now on {seconds} s later")
        self.story.systems[side].faults.visible_after = timedelta(seconds=seconds)

    @one_of(_ACCIDENTS, side=SIDES)
    def a_listing_breaks_off(self, side: Side) -> None:
        self.story.tell(f"the next listing of {side.system} breaks off")
        self.story.systems[side].faults.truncate_reads = 1

    @one_of(_ACCIDENTS, side=SIDES, trick=st.sampled_from(TRICKS))
    def a_listing_goes_astray(self, side: Side, trick: Trick) -> None:
        """12: what a page repeats, leads back to or leaves out is read, or the run fails: nothing is lost unseen."""
        self.story.tell(f"the next listing of {side.system} goes astray: {trick}")
        self.story.systems[side].faults.tricks = [trick]

    @one_of(_ACCIDENTS, side=SIDES, on=st.booleans())
    def a_server_normalises(self, side: Side, on: bool) -> None:
        self.story.tell(f"{side.system} {'pads' if on else 'no longer pads'} texts")
        self.story.systems[side].faults.normalise = on

    @one_of(_ACCIDENTS, side=SIDES, what=st.sampled_from(["capitals", "high", None]))
    def a_trigger_rewrites(self, side: Side, what: str | None) -> None:
        high = "high" if side is _SC else "High"
        triggers: dict[str | None, Any] = {
            None: None,
            "capitals": lambda values: {"details": values["details"] and values["details"].upper()},
            "high": lambda values: {"priority": high},
        }
        self.story.tell(f"a trigger of {side.system} now sets: {what or 'nothing'}")
        self.story.systems[side].faults.trigger = triggers[what]

    @one_of(_ACCIDENTS, side=SIDES, on=st.booleans())
    def versions_flicker(self, side: Side, on: bool) -> None:
        self.story.tell(f"versions of {side.system} {'move by themselves' if on else 'stay again'}")
        self.story.systems[side].faults.flaky_versions = on

    @one_of(_ACCIDENTS, side=SIDES, data=st.data())
    def a_sharing_rule_hides(self, side: Side, data: st.DataObject) -> None:
        system = self.story.systems[side]
        if system.faults.hidden:
            self.story.tell(f"everything in {side.system} can be seen again")
            system.faults.hidden.clear()
        elif system.records:
            some = data.draw(
                st.lists(st.sampled_from(sorted(system.records)), min_size=1, max_size=4, unique=True)
            )
            self.story.tell(
                f"{', '.join(self.story.named(side, one) for one in some)} cannot be seen any more"
            )
            system.faults.hidden |= set(some)
            self.story.ever_hidden |= {(side, one) for one in some}

    @one_of(_ACCIDENTS)
    def the_bin_is_emptied(self) -> None:
        gone = {key for key, record in self.story.sf.records.items() if record.deleted and not record.purged}
        if gone:
            self.story.tell("Salesforce's bin is emptied")
            self.story.purged |= gone
            self.story.sf.purge()

    @one_of(_ACCIDENTS, seconds=st.sampled_from([1, 60, 900, 3_500, 7_200, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.story.tell(f"{seconds} s pass")
        self.story.advance(seconds)

    @one_of(_ACCIDENTS, side=SIDES, seconds=st.sampled_from([-2_000, -300, -2, 2, 300, 4_000]))
    def a_clock_jumps(self, side: Side, seconds: int) -> None:
        self.story.tell(f"the clock of {side.system} jumps by {seconds} s")
        self.story.systems[side].advance(seconds)

    @one_of(_ACCIDENTS, side=SIDES, seconds=st.sampled_from([30, 90, 4_000]), later=st.sampled_from([0, 300]))
    def a_fast_clock_is_put_right(self, side: Side, seconds: int, later: int) -> None:
        """What is stamped next is older than what a run has seen (G9)."""
        story, system = self.story, self.story.systems[side]
        system.advance(seconds)
        for record in list(system.records.values()):
            if not record.deleted:
                system.touch(record.remote_id)
        outcome = story.sync().outcome
        system.advance(-seconds)
        story.advance(later)
        story.tell(f"the clock of {side.system} is {seconds} s fast; run: {outcome}; it is put right")

    # Two rules, so that accidents are as frequent as edits and runs are, and no more.

    @rule(data=st.data())
    def something_goes_wrong(self, data: st.DataObject) -> None:
        play_one(self, _ACCIDENTS, data)

    @rule(data=st.data())
    def something_else_goes_wrong(self, data: st.DataObject) -> None:
        play_one(self, _ACCIDENTS, data)


class OperatorRules(PeopleRules):
    """Settings, switch and runs of every kind."""

    @one_of(_DECISIONS, on=st.booleans())
    def the_switch(self, on: bool) -> None:
        if self.story.enabled != on:
            self.story.tell(f"the sync is switched {'on' if on else 'off'}")
            self.story.enabled = on

    @one_of(
        _DECISIONS,
        setting=st.sampled_from(
            [
                {"conflict_policy": "latest_wins"},
                {"conflict_policy": "salesforce_wins"},
                {"conflict_policy": "sales_connect_wins"},
                {"conflict_policy": "manual"},
                {"conflict_policy_fields": {"status": "manual", "owner": "salesforce_wins"}},
                {"conflict_policy_fields": {}},
                {"delete_policy": "delete_wins"},
                {"delete_policy": "edit_wins"},
                {"skipped_tasks": "leave_open"},
                {"skipped_tasks": "complete"},
                {"first_sync_mode": "recent"},
                {"first_sync_mode": "none"},
                {"first_sync_mode": "open"},
                {"first_sync_mode": "all"},
                {"subject_template": "{{activity_subject}}"},
                {"subject_template": "{{activity_type}}: {{activity_subject}} {{sales_campaign_step}}"},
                {"subject_template": "To do"},
            ]
        ),
    )
    def a_setting_changes(self, setting: dict[str, Any]) -> None:
        self.story.tell(f"the settings become {told(setting)}")
        self.story.with_settings(**setting)
        self.story.policies.append(setting)

    @one_of(_DECISIONS, whom=st.sampled_from([SPARE, "ada", None]))
    def the_map_names_somebody(self, whom: str | None) -> None:
        """Ada's tasks go to Dan's, to her own, or the setting is silent: then the last pair stays (S2)."""
        story = self.story
        ada = story.sc_users["ada"]
        wanted = {ada: story.sf_users[whom]} if whom else {}
        if story.settings.user_map == wanted:
            return
        story.tell(f"the setting user_map {f'maps Ada to {whom.title()}' if whom else 'is silent'}")
        story.with_settings(user_map=wanted)
        story.user_changed("ada")

    @rule(data=st.data())
    def an_operator_decides(self, data: st.DataObject) -> None:
        play_one(self, _DECISIONS, data)

    @one_of(_DECISIONS, winner=SIDES)
    def conflicts_are_decided(self, winner: Side) -> None:
        """A person says who is right wherever a field waits for that (K3, K6)."""
        story = self.story
        waiting = [row[0] for row in story.db.rows("SELECT conflict_id FROM mart.conflicts_open ORDER BY 1")]
        if waiting:
            decide_conflicts(story.ledger, waiting, winner, "Eva")
            story.tell(f"Eva decides {len(waiting)} conflicts: {winner.system} is right")

    # runs

    @rule()
    def run(self) -> None:
        self._run("run")

    @rule()
    def run_again(self) -> None:
        self._run("run")

    @rule(times=st.integers(2, 4))
    def some_runs(self, times: int) -> None:
        for _ in range(times):
            self._run("run")

    @rule()
    def run_later(self) -> None:
        self.story.advance(600)
        self._run("run ten minutes later")

    def _run(self, line: str, **values: Any) -> None:
        report = self.story.sync(**values)
        self.story.tell(f"{line}: {report.outcome}")
        if not self.story.enabled:
            self.story.tell("the sync is switched on again")
            self.story.enabled = True

    @rule(
        kind=st.sampled_from([RunMode.BACKFILL, RunMode.MANUAL]),
        seconds=st.sampled_from([120, 7_200, 200_000]),
    )
    def a_run_of_a_window(self, kind: RunMode, seconds: int) -> None:
        self._run(f"{kind} run of the last {seconds} s", mode=kind, window=self.story.window(seconds))

    @rule(name=st.sampled_from(NAMES))
    def a_run_of_one_user(self, name: str) -> None:
        self._run(f"run of {name.title()} only", users=(self.story.sc_users[name],), mode=RunMode.MANUAL)

    @rule(kind=st.sampled_from([RunMode.AUDIT, RunMode.REBASE]), repair=st.booleans())
    def a_run_that_only_looks(self, kind: RunMode, repair: bool) -> None:
        """21: an audit and a rebase of what is in order write nothing, and twice is the same as once."""
        story = self.story
        asked = {REPAIR: 1} if repair and kind is RunMode.AUDIT else {}
        writes, links = story.writes, []
        for _ in range(2):
            report = story.sync(mode=kind, asked=asked)
            story.tell(f"{kind}: {report.outcome}")
            links.append(story.db.rows(_PAIRS))
        take_in_likenesses(story)
        if story.writes != writes:
            raise Broken(f"21: a run of kind {kind} wrote something")
        if links[0] != links[1]:
            raise Broken(f"21: the second {kind} found other pairs than the first")

    @rule(calls=st.integers(1, 90))
    def a_run_dies(self, calls: int) -> None:
        if self.story.enabled:
            place = self.story.dying_run(calls)
            self.story.tell(f"a run dies {place}" if place else "run")

    @rule(calls=st.integers(1, 90))
    def a_worker_dies(self, calls: int) -> None:
        if self.story.enabled:
            place = self.story.retried_run(calls)
            self.story.tell(f"a run whose worker dies {place} and is tried again" if place else "run")

    @rule(data=st.data(), lost=SIDES, side=SIDES, seconds=st.sampled_from([0, 200]))
    def somebody_edits_what_a_lost_answer_was_about(
        self, data: st.DataObject, lost: Side, side: Side, seconds: int
    ) -> None:
        """Nobody knows yet what became of the write, and a person goes on from there (G2)."""
        story = self.story
        story.systems[lost].faults.lose_answers = 1
        before = story.log.number
        self._run(f"the next answer of {lost.system} is lost; run")
        written = {event.remote_id for event in story.log.events[before:] if event.side is lost}
        pairs = [pair for pair in self.pairs_with_both() if pair[lost is _SF] in written]
        if pairs:
            story.advance(seconds)
            change = data.draw(changes(side))
            self.edit(side, data.draw(st.sampled_from(pairs))[side is _SF], change)

    @rule(calls=st.integers(1, 60))
    def the_switch_is_a_brake(self, calls: int) -> None:
        def off() -> None:
            self.story.enabled = False

        if self.story.enabled:
            self._surprised(calls, off, "the sync is switched off while a run is under way")

    @rule(calls=st.integers(1, 60), side=SIDES, data=st.data())
    def somebody_edits_during_a_run(self, calls: int, side: Side, data: st.DataObject) -> None:
        tasks = self.editable if side is _SF else sorted(self.story.sc.live(), key=int)
        if not tasks or not self.story.enabled:
            return
        task, change = data.draw(st.sampled_from(tasks)), data.draw(changes(side))
        system = self.story.systems[side]

        def edit() -> None:
            if not system.records[task].deleted:
                system.edit(task, **change)

        name = self.story.named(side, task)
        self._surprised(calls, edit, f"{name} is edited in {side.system} during a run: {told(change)}")

    def _surprised(self, calls: int, happen: Any, line: str) -> None:
        fuse = self.story.fuse
        fuse.surprise, fuse.surprise_at = happen, calls
        report = self.story.sync()
        self.story.tell(f"{line}: {report.outcome}")

    @rule(then_run=st.booleans())
    def a_dry_run(self, then_run: bool) -> None:
        """22: it changes nothing, and says what the real run does."""
        story = self.story
        self._align_clocks()
        # It looks up answers that were lost, as every run does, and lets the base follow what was answered.
        unsettled = (
            story.db.rows(_UNSETTLED, story.settings.certain_after) or story.ledger.outbox.unfollowed()
        )
        before, writes = story.db.rows(_LEDGER), story.writes
        dry = story.spec(dry_run=True)
        outcome = story.cycle(dry, wait=0).outcome
        story.tell(f"dry run: {outcome}")
        if (story.db.rows(_LEDGER) != before and not unsettled) or story.writes != writes:
            raise Broken("22: a dry run changed something")
        if then_run and story.enabled and outcome is not RunOutcome.FAILED:
            # What only waits may become due between the two (G9).
            due = {link for (link,) in story.db.rows(_DUE_ABOUT_NOW)}
            self._compare(dry.run_key, due)

    def _align_clocks(self) -> None:
        """So that the real run's window ends where the dry run's did."""
        story = self.story
        story.advance(60)
        for system in story.systems.values():
            system.now = system.now.replace(microsecond=0) + timedelta(seconds=1)

    def _compare(self, dry_key: str, but: set[str]) -> None:
        story = self.story
        real = story.spec()
        outcome = story.cycle(real, wait=0).outcome
        story.tell(f"run: {outcome}")
        planned = {
            key: [row for row in story.db.rows(_PLANNED, key) if row[2] not in but]
            for key in (dry_key, real.run_key)
        }
        if outcome is not RunOutcome.FAILED and planned[dry_key] != planned[real.run_key]:
            raise Broken(f"22: the dry run planned {planned[dry_key]}, the run {planned[real.run_key]}")
        story.advance(1)
