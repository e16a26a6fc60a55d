"""What people ask for one by one: answers to requests, undo, restore, Subjects made anew."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import Answer, Side
from taskbridge.engine.on_demand.approval import APPROVAL_ID
from taskbridge.engine.on_demand.undo import ACTION_ID, APPROVED_PLAN, CONFLICT_ID, LINK_ID, RUN_ID
from taskbridge.engine.steps.report import RunReport
from taskbridge.store.approvals import ApprovalState
from tests.machine.accidents import OperatorRules
from tests.machine.agreement import Agreement
from tests.machine.kinds import Kinds, one_of, play_one
from tests.machine.pairs import all_pairs
from tests.machine.watching import Broken

_REQUESTS: Final[Kinds] = []
CALLS: Final = st.one_of(st.none(), st.none(), st.none(), st.integers(1, 60))
"""After so many calls the process dies; None: it lives."""
_UNDOABLE: Final = """
SELECT r.run_id FROM bridge.run r WHERE NOT r.dry_run AND r.run_id IN (
    SELECT run_id FROM bridge.action WHERE state IN ('done', 'sent')) ORDER BY 1
"""
_LOST: Final = {
    CONFLICT_ID: "SELECT conflict_id FROM bridge.conflict WHERE NOT dry_run AND winner IS NOT NULL ORDER BY 1",
    ACTION_ID: "SELECT action_id FROM bridge.action WHERE state = 'done' AND op = 'update' ORDER BY run_id, seq",
    LINK_ID: "SELECT DISTINCT link_id FROM bridge.action WHERE state = 'done' AND op = 'delete' ORDER BY 1",
}
_IN_DOUBT: Final = """
SELECT action_id, marker FROM bridge.action WHERE state = 'sent' AND code = 'CREATE_UNCLEAR' ORDER BY run_id, seq
"""
_OVER_LIMIT: Final = "SELECT count(*) FROM bridge.left_out WHERE run_id = %s AND code = 'OVER_LIMIT'"
_LEFT_OUT: Final = "SELECT code, side, field, reason FROM bridge.left_out WHERE run_id = %s ORDER BY 1, 2, 3"


class DeliberateRules(OperatorRules):
    """Runs that do one thing that a person asked for; each may die, and what it left is settled by the others."""

    @rule(
        answers=st.lists(st.sampled_from(list(Answer)), min_size=1, max_size=2),
        later=st.booleans(),
        calls=CALLS,
    )
    def requests_are_answered(self, answers: list[Answer], later: bool, calls: int | None) -> None:
        """Each open request in turn; carried out now, or some time later."""
        story = self.story
        for number, one in enumerate(story.requests(ApprovalState.OPEN)):
            answer = answers[number % len(answers)]
            story.decide(one.approval_id, answer)
            story.tell(f"Eva answers request {one.approval_id} ({one.kind}): {answer}")
        if not later:
            self.answers_are_carried_out(calls)

    @one_of(_REQUESTS, calls=CALLS)
    def answers_are_carried_out(self, calls: int | None) -> None:
        story = self.story
        for one in story.requests(ApprovalState.ANSWERED):
            asked = {APPROVAL_ID: one.approval_id}
            self.deliberate(f"request {one.approval_id} is carried out", RunMode.APPROVAL, asked, calls)

    @rule(data=st.data(), insist=st.booleans(), calls=CALLS)
    def a_run_is_undone(self, data: st.DataObject, insist: bool, calls: int | None) -> None:
        runs = [row[0] for row in self.story.db.rows(_UNDOABLE)]
        if runs:
            # The latest ones are undone more often.
            back = data.draw(st.one_of(st.integers(1, 2), st.integers(1, len(runs))), label="back")
            run_id = runs[-min(back, len(runs))]
            asked = {RUN_ID: run_id}
            report = self.deliberate(f"run {run_id} is undone", RunMode.UNDO, asked, calls)
            self._insist(report, RunMode.UNDO, asked, insist)

    @rule(data=st.data(), what=st.sampled_from(sorted(_LOST)), insist=st.booleans(), calls=CALLS)
    def something_is_restored(self, data: st.DataObject, what: str, insist: bool, calls: int | None) -> None:
        lost = [row[0] for row in self.story.db.rows(_LOST[what])]
        if not lost:
            return
        asked = {what: lost[-data.draw(st.integers(1, len(lost)), label="back")]}
        line = f"{what.removesuffix('_id')} {asked[what]} is restored"
        report = self.deliberate(line, RunMode.RESTORE, asked, calls)
        self._insist(report, RunMode.RESTORE, asked, insist)
        if what == LINK_ID and report is not None and report.outcome is RunOutcome.CLEAN:
            self._is_back(asked[what])

    def _is_back(self, link_id: str) -> None:
        (pair,) = (pair for pair in all_pairs(self.story) if pair.name == link_id)
        if not pair.complete:
            raise Broken(f"4: the task of {link_id} was restored, and is not there (K5)")

    @one_of(_REQUESTS, calls=CALLS)
    def subjects_are_made_anew(self, calls: int | None) -> None:
        report = self.deliberate("Subjects are made anew", RunMode.RERENDER, {}, calls)
        if report is not None and report.outcome is RunOutcome.CLEAN:
            Agreement(self.story).check_subjects()

    @one_of(_REQUESTS)
    def lost_creates_are_told(self) -> None:
        """Where Salesforce has no field for markers, a person says which record a lost create made, if any (G2)."""
        story = self.story
        for action, marker in story.db.rows(_IN_DOUBT):
            copies = [
                key
                for (side, key), made in story.log.made.items()
                if side is Side.SALESFORCE and made == marker
            ]
            (told,) = story.db.rows(
                "SELECT bridge.settle_create(%s, 'Ada', %s)", action, next(iter(copies), None)
            )
            story.tell(f"Eva says what the create {action} made: {told[0]}")

    def _insist(self, report: RunReport | None, mode: RunMode, asked: dict[str, Any], insist: bool) -> None:
        """Where a limit held it, a person looks at the plan and starts it again with that plan."""
        story = self.story
        if report is None or not insist or not story.db.rows(_OVER_LIMIT, report.run_id)[0][0]:
            return
        shown = story.sync(mode=mode, asked=asked, dry_run=True)
        story.tell(f"Eva looks at the plan: {shown.outcome}")
        if shown.outcome is not RunOutcome.FAILED:
            self.deliberate("the plan is approved", mode, {**asked, APPROVED_PLAN: shown.run_id}, None)

    def deliberate(
        self, line: str, mode: RunMode, asked: dict[str, Any], calls: int | None
    ) -> RunReport | None:
        """The run's report; None when it died."""
        story = self.story
        spec = story.spec(mode, asked=asked, asked_by="Eva")
        if calls is not None and story.enabled:
            place = story.dying_run(calls, spec)
            story.tell(f"{line}; it {f'dies {place}' if place else 'ends'}")
            return None
        report = story.cycle(spec)
        story.tell(f"{line}: {report.outcome}")
        story.lines += [f"  left out: {row}" for row in story.db.rows(_LEFT_OUT, report.run_id)]
        return report

    @rule(data=st.data())
    def somebody_asks(self, data: st.DataObject) -> None:
        play_one(self, _REQUESTS, data)
