"""What every step of planning pairs works with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import Flags, Positions, constant, distinct, equals, flags, take
from taskbridge.core.creation import create
from taskbridge.core.diff import Changes
from taskbridge.core.draft import Draft
from taskbridge.core.fields import Crossing
from taskbridge.core.match import Matched
from taskbridge.core.template import SubjectTemplate
from taskbridge.core.terms import FIELDS, Disposition, LinkState, Side, Withheld

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE


@dataclass
class PairStep:
    """The plan under way, and the few things that all steps do to a pair."""

    matched: Matched
    draft: Draft
    crossing: Crossing
    template: SubjectTemplate
    changes: Changes

    def moved(self, rows: Positions) -> Flags:
        """Pairs of which a record was read in another version than before."""
        moved = np.zeros(len(rows), np.bool_)
        for side in Side:
            staged = self.matched[side]
            read = take(staged.rows["version"], staged.position[rows])
            known = take(self.matched.links[f"{side.prefix}_version"], rows)
            moved |= flags(pc.is_valid(read)) & flags(pc.fill_null(pc.not_equal(read, known), True))
        return moved

    def release(self, rows: Positions, rule: str) -> None:
        """Ends pairs that take no part any more: nothing is deleted, link and base stay (C2, C3)."""
        rows = self.draft.links.end(rows, Disposition.RELEASED, rule)
        known = equals(self.matched.links["state"], LinkState.RELEASED)
        self.change_state(rows[~known[rows]], LinkState.RELEASED)

    def note_scope(self, rows: Positions) -> None:
        """Keeps what the records say of their own scope, for when they say nothing any more (C2, C3)."""
        for side in Side:
            column = f"{side.prefix}_outside"
            outside = self.matched.outside(side, rows)
            news = distinct(outside, take(self.matched.links[column], rows))
            values = {
                "link_id": take(self.matched.links["link_id"], rows[news]),
                column: pc.fill_null(outside.filter(pa.array(news)), ""),
            }
            self.draft.add_changes(values, int(news.sum()))

    @cached_property
    def withheld(self) -> Flags:
        """Pairs that a person keeps out."""
        links = self.matched.links
        return flags(pc.is_valid(links["withheld"])) & equals(links["state"], LinkState.RELEASED)

    def withhold(self, rows: Positions) -> None:
        """Leaves pairs out that a person keeps out, with the reason as the rule."""
        for reason in Withheld:
            here = equals(take(self.matched.links["withheld"], rows), reason)
            self.draft.links.end(rows[here], Disposition.RELEASED, reason)

    def change_state(self, rows: Positions, state: LinkState) -> None:
        """The state that the pairs have when the run settles."""
        if len(rows):
            values = {
                "link_id": take(self.matched.links["link_id"], rows),
                "state": constant(state, len(rows)),
            }
            self.draft.add_changes(values, len(rows))

    def seen_values(self, side: Side, rows: Positions) -> dict[str, pa.Array]:
        """What the target of an action holds now, for the stale check and for K5."""
        return {f"seen_{name}": self.matched.now(side, name, rows) for name in FIELDS}

    def owner(self, rows: Positions) -> pa.Array:
        """SC user ids of the pairs' present owners."""
        return self.matched.now(_SC, "owner", rows)

    def generation(self, rows: Positions) -> npt.NDArray[np.int32]:
        generations: npt.NDArray[np.int32] = take(self.matched.links["generation"], rows).to_numpy()
        return generations

    def create(
        self, side: Side, rows: Positions, generation: npt.NDArray[np.int32], rule: str, *, lost: bool
    ) -> None:
        """Plans the records of these pairs on `side`, as copies of what the other side holds. `lost`: they replace
        records that were deleted."""
        if not len(rows):
            return
        source = side.other
        create(
            self.matched,
            self.draft,
            self.crossing,
            self.template,
            source=source,
            rows=self.matched[source].position[rows],
            link_ids=take(self.matched.links["link_id"], rows),
            links=rows,
            generation=generation,
            rule=rule,
            lost=lost,
        )
