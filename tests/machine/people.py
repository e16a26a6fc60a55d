"""What people do in a story: in both systems, in every way that the systems allow."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from taskbridge.core.terms import Side
from tests.doubles.memory import MemorySide
from tests.engine.world import NAMES
from tests.machine.kinds import Kinds, one_of, play_one
from tests.machine.story import Story

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE
OWNERS: Final = st.sampled_from(NAMES)
_SHORT: Final = ["Call Ann", "Mail Bob", "Ünïcode ✓ 🙂", "two\u2028lines", "tabbed\vname"]
TITLES: Final = st.sampled_from([*_SHORT, "🙂" * 130])
_LONG: Final = "x" * 31_999 + "😀"
_FITTING: Final = [None, "short", "two\nlines", "  padded  ", "crlf\r\nhere", "short!", "x" * 32_000]
DETAILS: Final = {
    _SC: st.sampled_from([*_FITTING, _LONG, _LONG + " tail", "y" + _LONG]),
    _SF: st.sampled_from(_FITTING),
}
DATES: Final = st.one_of(
    st.none(), st.integers(0, 3).map(lambda days: date(2026, 3, 9) + timedelta(days=days))
)
_OUTCOMES: Final = st.sampled_from([None, "reached", "no answer"])
_VALUES: Final[dict[Side, dict[str, st.SearchStrategy[Any]]]] = {
    _SC: {
        "title": TITLES,
        "details": DETAILS[_SC],
        "due_date": DATES,
        "status": st.sampled_from(["open", "complete", "skipped"]),
        "priority": st.sampled_from(["normal", "high"]),
        "call_outcome": _OUTCOMES,
    },
    _SF: {
        "title": st.sampled_from([None, *_SHORT, "🙂" * 127]),
        "details": DETAILS[_SF],
        "due_date": DATES,
        "status": st.sampled_from(["Not Started", "Completed", "In Progress", "Deferred"]),
        "priority": st.sampled_from(["Normal", "High", "Low"]),
        "CallDisposition": _OUTCOMES,
        "Region__c": st.sampled_from([None, "North", "South"]),
    },
}
_CHANGES_OF_USERS: Final[Kinds] = []
_CAMPAIGN: Final = {"type": "email", "campaign_name": "Spring", "campaign_day": "3", "campaign_step": "2"}


def changes(side: Side) -> st.SearchStrategy[dict[str, Any]]:
    """One to three fields with new values."""
    fields = _VALUES[side]
    return st.lists(st.sampled_from(sorted(fields)), min_size=1, max_size=3, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: fields[name] for name in names})
    )


def told(values: dict[str, Any]) -> str:
    """Values as a person would say them."""
    parts = []
    for name, value in values.items():
        text = "nothing" if value is None else repr(value) if isinstance(value, str) else str(value)
        parts.append(
            f"{name} = {text if len(text) <= 24 else f'{text[:20]}… ({len(str(value))} characters)'}"
        )
    return ", ".join(parts)


class PeopleRules(RuleBasedStateMachine):
    """Edits, deletes and restores, and people who come, go and are moved."""

    story: Story
    anchors: set[str]

    # making

    @rule(owner=OWNERS, values=changes(_SC), title=TITLES, campaign=st.sampled_from([False, False, True]))
    def create_in_sales_connect(self, owner: str, values: dict[str, Any], title: str, campaign: bool) -> None:
        values = {**(_CAMPAIGN if campaign else {}), **values, "title": title}
        if self.story.sc_users[owner] not in self.story.sc.users:
            return
        task = self.story.sc_task(owner=owner, **values)
        self.story.tell(
            f"{owner.title()} makes {self.story.named(_SC, task)} in Sales Connect: {told(values)}"
        )

    @rule(
        owner=OWNERS,
        values=changes(_SF),
        kind=st.sampled_from([{}, {}, {}, {}, {"subtype": "Call"}, {"is_recurrence": True}]),
    )
    def create_in_salesforce(self, owner: str, values: dict[str, Any], kind: dict[str, Any]) -> None:
        user = self.story.sf_users[owner]
        if not self.story.sf.users[user]["active"]:
            return
        said = told({**values, **kind})
        task = self.story.sf.create(user, values.pop("title", "Ask Cy"), **values, **kind)
        self.story.tell(f"{owner.title()} makes {self.story.named(_SF, task)} in Salesforce: {said}")

    # editing

    @precondition(lambda self: self.story.sc.live())
    @rule(data=st.data(), change=changes(_SC))
    def edit_in_sales_connect(self, data: st.DataObject, change: dict[str, Any]) -> None:
        self.edit(_SC, data.draw(st.sampled_from(sorted(self.story.sc.live(), key=int))), change)

    @precondition(lambda self: self.editable)
    @rule(data=st.data(), change=changes(_SF))
    def edit_in_salesforce(self, data: st.DataObject, change: dict[str, Any]) -> None:
        self.edit(_SF, data.draw(st.sampled_from(self.editable)), change)

    @precondition(lambda self: self.pairs_with_both())
    @rule(data=st.data(), left=changes(_SC), right=changes(_SF), seconds=st.sampled_from([0, 5, 300]))
    def edit_on_both_sides(
        self, data: st.DataObject, left: dict[str, Any], right: dict[str, Any], seconds: int
    ) -> None:
        sc_id, sf_id = data.draw(st.sampled_from(self.pairs_with_both()))
        self.edit(_SC, sc_id, left)
        self.story.advance(seconds)
        self.edit(_SF, sf_id, right)

    def edit(self, side: Side, remote_id: str, change: dict[str, Any]) -> None:
        story = self.story
        story.tell(
            f"{story.owner(side, remote_id)} edits {story.named(side, remote_id)} in {side.system}: {told(change)}"
        )
        story.systems[side].edit(remote_id, **change)

    def pairs_with_both(self) -> list[tuple[str, str]]:
        story = self.story
        found = []
        for members in story.pairs().values():
            live = {
                side: [one for one in members[side] if not story.systems[side].records[one].deleted]
                for side in Side
            }
            if live[_SC] and live[_SF] and live[_SF][0] in self.editable:
                found.append((live[_SC][0], live[_SF][0]))
        return sorted(found)

    @property
    def editable(self) -> list[str]:
        """Salesforce refuses to save a task whose owner is inactive."""
        users = self.story.sf.users
        return sorted(key for key, values in self.story.sf.live().items() if users[values["owner"]]["active"])

    # giving to somebody else

    @precondition(lambda self: self.free)
    @rule(data=st.data(), owner=OWNERS)
    def reassign_in_sales_connect(self, data: st.DataObject, owner: str) -> None:
        if self.story.sc_users[owner] in self.story.sc.users:
            self._reassign(_SC, data.draw(st.sampled_from(self.free)), self.story.sc_users[owner])

    @precondition(lambda self: self.free_there)
    @rule(data=st.data(), owner=OWNERS)
    def reassign_in_salesforce(self, data: st.DataObject, owner: str) -> None:
        self.give_in_salesforce(data.draw(st.sampled_from(self.free_there)), owner)

    def give_in_salesforce(self, task: str, owner: str) -> None:
        """Unless that user is inactive, whom Salesforce gives nothing."""
        user = self.story.sf_users[owner]
        if self.story.sf.users[user]["active"]:
            self._reassign(_SF, task, user)

    def _reassign(self, side: Side, remote_id: str, owner: str) -> None:
        story = self.story
        given = story.who(side, owner)
        story.tell(
            f"{story.owner(side, remote_id)} gives {story.named(side, remote_id)} to {given} in {side.system}"
        )
        story.systems[side].reassign(remote_id, owner)

    @property
    def free(self) -> list[str]:
        return sorted(set(self.story.sc.live()) - self.anchors, key=int)

    @property
    def free_there(self) -> list[str]:
        anchored = {self.story.partner(_SC, anchor) for anchor in self.anchors}
        return [key for key in self.editable if key not in anchored]

    # deleting and restoring

    @precondition(lambda self: self.free)
    @rule(data=st.data())
    def delete_in_sales_connect(self, data: st.DataObject) -> None:
        self._delete(_SC, data.draw(st.sampled_from(self.free)))

    @precondition(lambda self: self.free_there)
    @rule(data=st.data())
    def delete_in_salesforce(self, data: st.DataObject) -> None:
        self._delete(_SF, data.draw(st.sampled_from(self.free_there)))

    def _delete(self, side: Side, remote_id: str) -> None:
        story = self.story
        story.tell(f"{story.owner(side, remote_id)} deletes {story.named(side, remote_id)} in {side.system}")
        story.systems[side].delete(remote_id)

    @precondition(lambda self: self.binned)
    @rule(data=st.data())
    def undelete_in_salesforce(self, data: st.DataObject) -> None:
        task = data.draw(st.sampled_from(self.binned))
        self.story.tell(f"{self.story.named(_SF, task)} is taken out of Salesforce's bin")
        self.story.sf.undelete(task)

    @property
    def binned(self) -> list[str]:
        """What can be restored. Where its pair has another copy by now, that would be a person's second one."""
        sf, found = self.story.sf, []
        for members in self.story.pairs().values():
            of_pair = [sf.records[one] for one in members[_SF]]
            if all(record.deleted for record in of_pair):
                found += [record.remote_id for record in of_pair if not record.purged]
        return sorted(found)

    # kinds of Salesforce tasks that leave and enter the scope (C2)

    @precondition(lambda self: self.free_there)
    @rule(data=st.data(), master=st.booleans())
    def becomes_a_series_or_not(self, data: st.DataObject, master: bool) -> None:
        task = data.draw(st.sampled_from(self.free_there))
        self.story.tell(
            f"{self.story.named(_SF, task)} becomes {'a series master' if master else 'an ordinary task'}"
        )
        self.story.sf.edit(task, is_recurrence=master)

    # users

    @one_of(_CHANGES_OF_USERS, name=OWNERS, on=st.booleans(), stamped=st.sampled_from([True, True, False]))
    def switch_a_user(self, name: str, on: bool, stamped: bool) -> None:
        story = self.story
        user = story.sc_users[name]
        if user not in story.sc.users or story.sc.users[user]["sync_on"] == on:
            return
        told = "" if stamped or not on else ", and nobody tells when"
        story.tell(f"{name.title()} switches the sync {'on' if on else 'off'}{told}")
        story.sc.switch(user, on, stamped=stamped)
        if on:
            story.user_changed(name)

    @one_of(_CHANGES_OF_USERS, name=OWNERS, side=st.sampled_from(list(Side)))
    def a_listing_leaves_somebody_out(self, name: str, side: Side) -> None:
        """Or shows everybody again; by id they are found (S2)."""
        story, unlisted = self.story, self.story.systems[side].faults.unlisted
        user = (story.sc_users if side is _SC else story.sf_users)[name]
        unlisted ^= {user}
        shows = "no longer shows" if user in unlisted else "shows"
        story.tell(f"{side.system} {shows} {name.title()} in its list of users")

    @one_of(
        _CHANGES_OF_USERS,
        name=OWNERS,
        side=st.sampled_from(list(Side)),
        how=st.sampled_from(["inactive", "out of sight"]),
        hours=st.sampled_from([0, 1, 30]),
        title=TITLES,
        data=st.data(),
    )
    def somebody_is_away_for_a_while(
        self, name: str, side: Side, how: str, hours: int, title: str, data: st.DataObject
    ) -> None:
        """Meanwhile tasks are made and edited; who is back is caught up with (S2)."""
        story, system = self.story, self.story.systems[side]
        user = (story.sc_users if side is _SC else story.sf_users)[name]
        if user not in system.users or not system.users[user]["active"]:
            return
        story.tell(f"{name.title()}'s user in {side.system} is {how}")
        self._be(system, user, how, here=False)
        story.tell(f"run: {story.sync().outcome}")
        if story.sc_users[name] in story.sc.users:
            task = story.sc_task(title, owner=name)
            story.tell(f"{name.title()} makes {story.named(_SC, task)} in Sales Connect")
        if self.editable:
            self.edit(_SF, data.draw(st.sampled_from(self.editable)), data.draw(changes(_SF)))
        if story.sc.live():
            self.edit(
                _SC, data.draw(st.sampled_from(sorted(story.sc.live(), key=int))), data.draw(changes(_SC))
            )
        for _ in range(2):
            story.advance(1_800 * hours)
            story.tell(f"{hours / 2} h later a run: {story.sync().outcome}")
        self._be(system, user, how, here=True)
        story.tell(f"{name.title()} is back in {side.system}")

    def _be(self, system: MemorySide, user: str, how: str, *, here: bool) -> None:
        if how == "inactive":
            system.set_user(user, active=here)
        else:
            for ids in (system.faults.unlisted, system.faults.hidden):
                ids.discard(user) if here else ids.add(user)

    @one_of(_CHANGES_OF_USERS, name=OWNERS, side=st.sampled_from(list(Side)), active=st.booleans())
    def activate_a_user(self, name: str, side: Side, active: bool) -> None:
        story = self.story
        user = (story.sc_users if side is _SC else story.sf_users)[name]
        if user in story.systems[side].users and story.systems[side].users[user]["active"] != active:
            story.tell(
                f"{name.title()}'s user in {side.system} is {'activated' if active else 'deactivated'}"
            )
            story.systems[side].set_user(user, active=active)

    @one_of(
        _CHANGES_OF_USERS,
        name=OWNERS,
        side=st.sampled_from(list(Side)),
        email=st.sampled_from(["new", "ben", "chi"]),
    )
    def change_an_address(self, name: str, side: Side, email: str) -> None:
        """Matched once by address, then known by id: later differences are never acted on (S2)."""
        story = self.story
        user = (story.sc_users if side is _SC else story.sf_users)[name]
        if user in story.systems[side].users:
            story.tell(f"{name.title()}'s e-mail address in {side.system} becomes that of {email.title()}")
            story.systems[side].set_user(user, email=f"{email}@example.com")

    @rule(data=st.data())
    def a_user_changes(self, data: st.DataObject) -> None:
        play_one(self, _CHANGES_OF_USERS, data)
