"""What happens to pairs with a staged row: nothing, a merge, a delete, a release, a hold (C1 to C7, K4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from taskbridge.core.arrays import Flags, Positions, equals, flags, gather, is_in, take
from taskbridge.core.decision import DECISIONS, Decision, Seen, decide
from taskbridge.core.deletes import Deletes
from taskbridge.core.diff import INPUTS
from taskbridge.core.halves import Halves
from taskbridge.core.pair_step import PairStep
from taskbridge.core.terms import ALL_FIELDS, Disposition, LinkState, Outside, Side
from taskbridge.core.updates import Updates

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE
Step = TypeVar("Step", bound=PairStep)
_OUTSIDE: Final = {Outside.OWNER: "C3", Outside.NO_REMINDER: "C2"}
_ASTRAY = (LinkState.RELEASED, LinkState.MISSING, LinkState.HELD)


@dataclass
class PairPlanner(PairStep):
    """Plans the pairs; each step ends the pairs it is about, so their order is their precedence."""

    def plan(self) -> None:
        links = self.matched.links
        ended = equals(links["state"], LinkState.TOMBSTONE)
        lonely = ~flags(pc.is_valid(links["sc_id"])) | ~flags(pc.is_valid(links["sf_id"]))
        unconfirmed, outdated = flags(links["unconfirmed"]), self.matched.outdated
        self.note_scope(np.flatnonzero(self._needs_attention & ~outdated))
        # Before anything else: what was sent and may land yet would undo whatever is decided now.
        self.draft.links.end(np.flatnonzero(unconfirmed & self._staged), Disposition.DEFERRED, "G2")
        self.draft.links.end(np.flatnonzero(outdated), Disposition.DEFERRED, "G9")
        live = ~ended & ~unconfirmed & ~outdated
        self._step(Deletes).restore(np.flatnonzero(ended & ~unconfirmed & ~outdated))
        self._step(Halves).plan(np.flatnonzero(live & lonely))
        rows = np.flatnonzero(self._needs_attention & live & ~lonely)
        rows = self._hindered(rows)
        rows = self._in_scope(rows)
        rows = self._complete(rows)
        rows = self._let_in(rows)
        self._decide(rows)
        everything = np.flatnonzero(self.draft.links.open & self._staged)
        self.draft.links.put(everything, Disposition.UNCHANGED, "G1")

    def _step(self, kind: type[Step]) -> Step:
        return kind(self.matched, self.draft, self.crossing, self.template, self.changes)

    @cached_property
    def _staged(self) -> Flags:
        return (self.matched[_SC].position >= 0) | (self.matched[_SF].position >= 0)

    @cached_property
    def _needs_attention(self) -> Flags:
        links = self.matched.links
        attention: Flags = (self.changes.mask[_SC] | self.changes.mask[_SF]) != 0
        attention |= flags(links["dirty"]) | ~equals(links["state"], LinkState.LINKED)
        for side in Side:
            attention |= flags(pc.is_valid(links[f"{side.prefix}_outside"]))
            staged = self.matched[side]
            attention |= gather(~staged.live, staged.position)
        # What makes a task an activity is no mapped field, so that no change tells of it (C2).
        attention |= gather(~self.matched.reminders, self.matched[_SF].position)
        return attention & self._staged

    def _hindered(self, rows: Positions) -> Positions:
        """Ends pairs with a record that cannot be understood, and parked ones that have not moved (G4)."""
        ends = self.draft.links
        broken = np.zeros(len(ends.codes), np.bool_)
        for side in Side:
            staged = self.matched[side]
            broken |= gather(staged.broken, staged.position)
        ends.end(rows[broken[rows]], Disposition.WAITING, "G4")
        parked = flags(self.matched.links["parked"])
        ends.end(rows[parked[rows] & ~self.moved(rows)], Disposition.WAITING, "G4")
        return rows[ends.open[rows]]

    def _in_scope(self, rows: Positions) -> Positions:
        """Ends pairs of users who were not asked for, releases those that take no part now (C2, C3), whatever became
        of the record that takes none. Of a pair that lost both its records nothing is left to decide."""
        ends, deleted = self.draft.links, self.matched.deleted
        users = {side: self.matched.user_of(side, self.matched.owner(side, rows)) for side in Side}
        # A copy that was taken back is nobody's: its original's owner counts.
        away = {side: (self.matched.withdrawn[side] & deleted[side])[rows] for side in Side}
        for side in Side:
            users[side] = np.where(away[side], users[side.other], users[side])
        unasked = ~(gather(self.matched.selected, users[_SC]) | (users[_SC] < 0))
        ends.end(rows[unasked], Disposition.DEFERRED, "selection")
        some = ~(deleted[_SC] & deleted[_SF])[rows]
        unsynced = ~(gather(self.matched.synced, users[_SC]) & gather(self.matched.synced, users[_SF]))
        self.release(rows[unsynced & some], "C3")
        for side in Side:
            outside = self.matched.outside(side, rows)
            for why, rule in _OUTSIDE.items():
                self.release(rows[equals(outside, why) & ~away[side] & some], rule)
        gone = self.matched[_SC]
        with_user = gather(equals(gone.rows["delete_cause"], "user_deleted"), gone.position[rows])
        self.release(rows[with_user & deleted[_SC][rows] & some], "C5")
        return rows[ends.open[rows]]

    def _complete(self, rows: Positions) -> Positions:
        """Ends dirty pairs of which a record was not read: their silence means nothing (G9)."""
        matched, links = self.matched, self.matched.links
        unsettled = flags(links["dirty"])[rows] | is_in(take(links["state"], rows), _ASTRAY)
        known = np.ones(len(rows), np.bool_)
        for side in Side:
            known &= (matched.seen[side] | matched.deleted[side] | matched.absent[side])[rows]
        self.draft.links.end(rows[unsettled & ~known], Disposition.DEFERRED, "G9")
        return rows[self.draft.links.open[rows]]

    def _let_in(self, rows: Positions) -> Positions:
        """Leaves pairs out that a person keeps out while only one of their records is live; a copy that was taken
        back is made anew when its original was edited, and so is what is gone when somebody brought the other back."""
        seen, deleted = self.matched.seen, self.matched.deleted
        for side in Side:
            edited = seen[side.other] & (self.changes.mask[side.other] != 0)
            wanted = self.matched.withdrawn[side] & deleted[side] & edited
            self._step(Deletes).copy_again(side, rows[wanted[rows]])
        was_away = flags(pc.is_valid(self.matched.links["sf_proof"]))
        brought_back = self.withheld & was_away & seen[_SF] & deleted[_SC]
        self._step(Deletes).original_again(rows[brought_back[rows]])
        rows = rows[self.draft.links.open[rows]]
        whole = (seen[_SC] & seen[_SF]) | (deleted[_SC] & deleted[_SF])
        self.withhold(rows[(self.withheld & ~whole)[rows]])
        return rows[self.draft.links.open[rows]]

    def _decide(self, rows: Positions) -> None:
        cases = {side: self._case(side, rows) for side in Side}
        decisions, lines = decide(cases[_SC], cases[_SF], self.matched.given.policy.delete_policy)
        only_inputs = (decisions == DECISIONS.index(Decision.NOTHING)) & (
            (self.changes.mask[_SC][rows] & INPUTS) != 0
        )
        decisions[only_inputs] = DECISIONS.index(Decision.MERGE)

        def group(decision: Decision) -> tuple[Positions, npt.NDArray[np.int8]]:
            chosen = decisions == DECISIONS.index(decision)
            return rows[chosen], lines[chosen]

        self._back_in_step(group(Decision.NOTHING)[0], group(Decision.MERGE)[0])
        self._step(Updates).merge(group(Decision.MERGE)[0])
        deletes = self._step(Deletes)
        deletes.delete(_SF, *group(Decision.DELETE_IN_SALESFORCE))
        deletes.delete(_SC, *group(Decision.DELETE_IN_SALES_CONNECT))
        deletes.recreate(_SF, group(Decision.RECREATE_IN_SALESFORCE)[0])
        deletes.recreate(_SC, group(Decision.RECREATE_IN_SALES_CONNECT)[0])
        ended = group(Decision.END)[0]
        self.draft.links.end(ended, Disposition.UNCHANGED, "C1")
        self.change_state(ended, LinkState.TOMBSTONE)
        self._hold(*group(Decision.HOLD))

    def _hold(self, rows: Positions, lines: npt.NDArray[np.int8]) -> None:
        """A missing record is no proof (C5); after a gap, which leaves no other trace, a person is asked (C6)."""
        matched = self.matched
        waiting = equals(take(matched.links["state"], rows), LinkState.HELD)
        asked = np.zeros(len(rows), np.bool_)
        for side in Side:
            there = side.other
            alone = matched.absent[side][rows] & ~(matched.absent[there] | matched.deleted[there])[rows]
            ask = alone & (waiting | (side in matched.given.gaps))
            self._step(Deletes).delete(there, rows[ask], lines[ask])
            asked |= ask
        missing = rows[~asked]
        self.draft.links.end(missing, Disposition.WAITING, "C5")
        self.change_state(missing, LinkState.MISSING)

    def _case(self, side: Side, rows: Positions) -> npt.NDArray[np.int8]:
        case = np.where((self.changes.mask[side][rows] & ALL_FIELDS) != 0, Seen.EDITED, Seen.SAME)
        case[self.matched.deleted[side][rows]] = Seen.DELETED
        case[self.matched.absent[side][rows]] = Seen.MISSING
        return case.astype(np.int8)

    def _back_in_step(self, *groups: Positions) -> None:
        """A released, missing or held pair of which both records were read takes part again."""
        rows = np.concatenate(groups)
        astray = is_in(take(self.matched.links["state"], rows), _ASTRAY)
        self.change_state(rows[astray], LinkState.LINKED)
