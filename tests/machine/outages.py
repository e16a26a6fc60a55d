"""What happens to a whole system: its login, its permissions, its fields; and waves of tasks."""

from __future__ import annotations

from datetime import date
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from taskbridge.core.contract import Contract
from taskbridge.core.finding import problem
from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import Side
from taskbridge.core.writes import CALL_REFUSED
from taskbridge.engine.deciding.plausibility import ACCEPT_SIDE, BOTH
from tests.machine.kinds import Kinds, one_of, play_one
from tests.machine.people import PeopleRules
from tests.machine.watching import Broken

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE
SIDES: Final = st.sampled_from(list(Side))
SYNCED: Final = st.sampled_from(["ada", "ben"])
_OUTAGES: Final[Kinds] = []
_LETTERS: Final = "SELECT dead_letter_id::text, code FROM bridge.dead_letter WHERE resolved_at IS NULL"
_WAVE: Final = 12  # more than what G8 and the half of G3 take for too few to tell
_BROKEN: Final = Contract(
    "Task",
    (
        problem(
            "field ActivityDate", "not to be edited", "to be edited", "give edit access to Task.ActivityDate"
        ),
    ),
)


class OutageRules(PeopleRules):
    """Each goes on until somebody mends it, or the story rests."""

    @one_of(_OUTAGES, side=SIDES, calls=st.integers(0, 40), minutes=st.sampled_from([None, 1, 21, 70]))
    def the_login_is_refused(self, side: Side, calls: int, minutes: int | None) -> None:
        """From the beginning of a run, or in the midst of it."""
        story, faults = self.story, self.story.systems[side].faults

        def refuse() -> None:
            faults.refuse_login = True

        if not story.enabled or faults.refuse_login:
            return
        if calls:
            story.fuse.surprise, story.fuse.surprise_at = refuse, calls
        else:
            refuse()
        outcomes = [story.sync().outcome for _ in range(4)]
        story.tell(
            f"{side.system} refuses the login from call {calls} of a run on; runs: {', '.join(outcomes)}"
        )
        if minutes is not None:
            self.logins_work_again(minutes)

    @one_of(_OUTAGES, minutes=st.sampled_from([1, 21, 70]))
    def logins_work_again(self, minutes: int) -> None:
        for side, system in self.story.systems.items():
            if system.faults.refuse_login:
                system.faults.refuse_login = False
                self.story.advance(60 * minutes)
                outcome = self.story.sync().outcome
                self.story.tell(f"{side.system} takes the login again, {minutes} min later a run: {outcome}")

    @one_of(_OUTAGES, side=SIDES, calls=st.integers(0, 40), rows=st.sampled_from([0, 0, 1, 2, 5]))
    def something_stands_between(self, side: Side, calls: int, rows: int) -> None:
        """From the beginning of a run, in the midst of it, or in the midst of a write; gone after two runs (G4)."""
        story, system = self.story, self.story.systems[side]

        def come() -> None:
            system.faults.stand_between = rows

        if not story.enabled or system.faults.refuse_login:
            return
        before = set(story.db.rows(_LETTERS))
        if calls:
            story.fuse.surprise, story.fuse.surprise_at = come, calls
        else:
            come()
        outcomes = []
        for _ in range(2):
            met = system.strangers
            outcomes.append(story.sync().outcome)
            if system.strangers > met and outcomes[-1] is not RunOutcome.FAILED:
                raise Broken(
                    f"G4: a sign-in page answered for {side.system}, and the run ended {outcomes[-1]}"
                )
        system.faults.stand_between = None
        story.tell(
            f"a sign-in page answers for {side.system} from call {calls} and {rows} rows of a run on; "
            f"runs: {', '.join(outcomes)}"
        )
        self._nobody_is_to_blame(before, nobody_asked=not calls and not rows)

    def _nobody_is_to_blame(self, before: set[tuple[str | None, ...]], *, nobody_asked: bool) -> None:
        """What answers for a call as a whole parks no row."""
        parked = set(self.story.db.rows(_LETTERS)) - before
        if blamed := [row for row in parked if nobody_asked or row[-1] in (None, CALL_REFUSED)]:
            raise Broken(f"G4: {blamed} were parked for an answer that was about no row")

    @one_of(_OUTAGES, side=SIDES, every=st.sampled_from([1, 1, 2]))
    def permissions_shrink(self, side: Side, every: int) -> None:
        """0 deletes, and a halt where nearly everything is gone (G8)."""
        story, system = self.story, self.story.systems[side]
        hidden = sorted(system.records)[::every]
        system.faults.hidden |= set(hidden)
        story.ever_hidden |= {(side, one) for one in hidden}
        outcomes = [story.sync().outcome for _ in range(2)]
        story.tell(
            f"{'every' if every == 1 else 'every other'} task of {side.system} cannot be seen any more; "
            f"runs: {', '.join(outcomes)}"
        )

    @one_of(_OUTAGES)
    def permissions_are_as_before(self) -> None:
        for side, system in self.story.systems.items():
            if system.faults.hidden:
                self.story.tell(f"everything in {side.system} can be seen again")
                system.faults.hidden.clear()

    @one_of(_OUTAGES, side=st.sampled_from([*(side.value for side in Side), BOTH]))
    def a_side_is_accepted(self, side: str) -> None:
        report = self.story.sync(mode=RunMode.MANUAL, asked={ACCEPT_SIDE: side}, asked_by="Eva")
        self.story.tell(f"Eva accepts {side} as it is; run: {report.outcome}")

    @one_of(_OUTAGES, broken=st.booleans())
    def a_field_is_withdrawn_or_given_back(self, broken: bool) -> None:
        sf = self.story.sf
        if bool(sf.described.breaches) != broken:
            sf.described = _BROKEN if broken else Contract("Task")
            self.story.tell(
                f"Salesforce {'withdraws' if broken else 'gives back'} the right to edit due dates"
            )

    @rule(owner=SYNCED, side=SIDES, what=st.sampled_from(["made", "completed", "deleted", "dated"]))
    def a_wave(self, owner: str, side: Side, what: str) -> None:
        """Many at once: the limits hold most of them (G3)."""
        story, system = self.story, self.story.systems[side]
        user = (story.sc_users if side is _SC else story.sf_users)[owner]
        if user not in system.users or not system.users[user]["active"]:
            return
        mine = [
            key for key in (self.free if side is _SC else self.free_there)
            if system.records[key].values["owner"] == user
        ]  # fmt: skip
        what = what if mine else "made"
        number = _WAVE if what == "made" else len(mine)
        story.tell(f"a wave: {number} tasks of {owner.title()} are {what} in {side.system}")
        if what == "made":
            mine = [system.create(user, f"Wave {one}") for one in range(_WAVE)]
        for key in mine:
            if what == "deleted":
                system.delete(key)
            elif what == "completed":
                system.edit(key, status="complete" if side is _SC else "Completed")
            elif what == "dated":
                system.edit(key, due_date=date(2026, 3, 20))

    @rule(data=st.data())
    def something_happens_to_a_system(self, data: st.DataObject) -> None:
        play_one(self, _OUTAGES, data)
