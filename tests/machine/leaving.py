"""Records that leave the scope, and what their people do with them there (C2, C3)."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from taskbridge.core.terms import Side
from tests.engine.world import NAMES
from tests.machine.accidents import OperatorRules
from tests.machine.people import OWNERS, changes
from tests.machine.story import SPARE

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE
_LEFT: Final = st.sampled_from(["given", "given", "kind"])


class LeavingRules(OperatorRules):
    """One record of a pair goes to somebody who takes no part, or is no reminder any more, and is deleted then."""

    @precondition(lambda self: self.leaving)
    @rule(
        data=st.data(),
        left=_LEFT,
        looked=st.booleans(),
        edited=st.one_of(st.none(), changes(_SC)),
        restored=st.booleans(),
        back=st.one_of(st.none(), OWNERS),
        joins=st.booleans(),
    )
    def leaves_the_scope_and_is_deleted(
        self,
        data: st.DataObject,
        left: str,
        looked: bool,
        edited: dict[str, object] | None,
        restored: bool,
        back: str | None,
        joins: bool,
    ) -> None:
        side, pair = data.draw(st.sampled_from(self.leaving))
        task = pair[side is _SF]
        if left == "kind" and side is _SF:
            self.story.tell(f"{self.story.named(_SF, task)} becomes a series master")
            self.story.sf.edit(task, is_recurrence=True)
        elif strangers := self._strangers(side):
            self._reassign(side, task, data.draw(st.sampled_from(strangers)))
        if looked:
            self._run("run")
        self._delete(side, task)
        if edited is not None and side is _SF:
            self.edit(_SC, pair[0], edited)
        if restored and task in self.binned:
            self._run("run")
            self.story.tell(f"{self.story.named(_SF, task)} is taken out of Salesforce's bin")
            self.story.sf.undelete(task)
            if back is not None and task in self.editable:
                self.give_in_salesforce(task, back)
        elif joins:
            self._run("run")
            self.switch_a_user("chi", True, True)

    @property
    def leaving(self) -> list[tuple[Side, tuple[str, str]]]:
        free = {_SC: self.free, _SF: self.free_there}
        return [
            (side, pair)
            for side in Side
            for pair in self.pairs_with_both()
            if pair[side is _SF] in free[side]
        ]

    def _strangers(self, side: Side) -> list[str]:
        """Users who can own a task and take no part."""
        story = self.story
        users = story.sc_users if side is _SC else story.sf_users
        known = story.systems[side].users
        return [
            users[name]
            for name in (*NAMES, SPARE)
            if name in users
            and users[name] in known
            and known[users[name]]["active"]
            and not story.takes_part(side, users[name])
        ]
