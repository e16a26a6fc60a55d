"""Pairs of which one record never came to be (G2)."""

from __future__ import annotations

from dataclasses import dataclass

from taskbridge.core.arrays import Positions, flags, gather, take
from taskbridge.core.pair_step import PairStep
from taskbridge.core.terms import Disposition, LinkState, Side


@dataclass
class Halves(PairStep):
    """Plans the missing halves again, under the same markers."""

    def plan(self, rows: Positions) -> None:
        ends = self.draft.links
        for source in Side:
            staged = self.matched[source]
            mine = rows[staged.position[rows] >= 0]
            ends.end(mine[gather(staged.broken, staged.position[mine])], Disposition.WAITING, "G4")
            ends.end(mine[self.matched.absent[source][mine]], Disposition.WAITING, "C5")
            gone = ends.end(mine[self.matched.deleted[source][mine]], Disposition.UNCHANGED, "C1")
            self.change_state(gone, LinkState.TOMBSTONE)
            self.withhold(mine[self.withheld[mine] & (self.changes.mask[source][mine] == 0)])
            parked = flags(self.matched.links["parked"])[mine]
            ends.end(mine[parked & ~self.moved(mine)], Disposition.WAITING, "G4")
            self._plan_in_scope(source, mine[ends.open[mine]])

    def _plan_in_scope(self, source: Side, rows: Positions) -> None:
        ends = self.draft.links
        staged = self.matched[source]
        users = self.matched.user_of(source, take(staged.rows["owner"], staged.position[rows]))
        unasked = (users >= 0) & ~gather(self.matched.selected, users)
        ends.end(rows[unasked], Disposition.DEFERRED, "selection")
        self.release(rows[~gather(self.matched.synced, users)], "C3")
        if source is Side.SALESFORCE:
            self.release(rows[~gather(self.matched.reminders, staged.position[rows])], "C2")
        rows = ends.end(rows, Disposition.PLANNED, "C1")
        self.create(source.other, rows, self.generation(rows), "C1", lost=False)
