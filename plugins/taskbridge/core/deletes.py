"""Deletes that cross, deleted tasks that come back, and what both leave behind (C1, C7, I4, K4, K5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import Flags, Positions, choose, constant, distinct, equals, flags, gather, take
from taskbridge.core.decision import EDIT_MEETS_DELETE, RULES
from taskbridge.core.pair_step import PairStep
from taskbridge.core.terms import FIELDS, ActionState, Disposition, Doubt, LinkState, Op, Proof, Side

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE
_RULE: Final = {Doubt.TOO_OLD: "I4", Doubt.UNDATED: "C6", Doubt.MISSING: "C5,C6"}


@dataclass
class Deletes(PairStep):
    """Plans deletes, and the next generation of records that are wanted again."""

    def delete(self, side: Side, rows: Positions, lines: npt.NDArray[np.int8]) -> None:
        """Carries a delete over to `side`; what is too old, or not proven and dated after a gap, is planned and
        held for approval (C1, K4, I4, C6)."""
        length = len(rows)
        if not length:
            return
        links = self.matched.links
        decided = pa.array(RULES).take(pa.array(lines.astype(np.int64)))
        doubts = self._doubts(side, rows)
        rules, doubt = decided, pa.nulls(length, pa.string())
        for why, here in doubts.items():
            self.draft.links.end(rows[here], Disposition.HELD, _RULE[why])
            rules = choose(here, constant(_RULE[why], length), rules)
            doubt = choose(here, constant(why, length), doubt)
        self.change_state(rows[doubts[Doubt.UNDATED] | doubts[Doubt.MISSING]], LinkState.HELD)
        self.draft.links.end(rows, Disposition.PLANNED, "C1")
        seq = self.draft.add_actions(
            {
                "link_id": take(links["link_id"], rows),
                "side": constant(side, length),
                "op": constant(Op.DELETE, length),
                "remote_id": take(links[f"{side.prefix}_id"], rows),
                "state": pc.if_else(pc.is_valid(doubt), ActionState.HELD.value, pa.scalar(None, pa.string())),
                "rule": rules,
                "doubt": doubt,
                "sc_user_id": self.owner(rows),
                "first_import": constant(False, length, pa.bool_()),
                "mask": constant(0, length, pa.int32()),
                **self.seen_values(side, rows),
            },
            rows,
        )
        self.draft.add_changes(
            {
                "link_id": take(links["link_id"], rows),
                "seq": seq,
                "state": constant(LinkState.TOMBSTONE, length),
            },
            length,
        )
        self._keep_records(rows[EDIT_MEETS_DELETE[lines]], winner=side.other)

    def _doubts(self, side: Side, rows: Positions) -> dict[Doubt, Flags]:
        missing = self.matched.absent[side.other][rows]
        too_old = self._too_old(rows) if side is _SC else np.zeros(len(rows), np.bool_)
        undated = self._undated(side.other, rows) & ~missing & ~too_old
        return {Doubt.TOO_OLD: too_old & ~missing, Doubt.UNDATED: undated, Doubt.MISSING: missing}

    def _undated(self, side: Side, rows: Positions) -> Flags:
        """Deletes on `side` that no listing dates as one of the last days, though the side was not read for
        longer; once that was found, a pair stays in doubt until both records are seen (C6)."""
        waiting = equals(take(self.matched.links["state"], rows), LinkState.HELD)
        if side not in self.matched.given.gaps:
            return waiting
        staged = self.matched[side]
        undated = flags(pc.is_null(take(staged.rows["version"], staged.position[rows])))
        return waiting | undated

    def _too_old(self, rows: Positions) -> Flags:
        given, links = self.matched.given, self.matched.links
        oldest = pa.scalar(given.sf_now - given.policy.delete_max_age, pa.timestamp("us", tz="UTC"))
        staged = self.matched[_SF]
        dated = take(staged.rows["version"], staged.position[rows])
        # What is gone from the recycle bin has no stamp any more, and is no younger for that: it is as old as the
        # run found that held it, else its delete was the last that was seen of it.
        proof = take(links["sf_proof"], rows)
        gone = self.matched.still_gone[_SF][rows]
        was_old = equals(proof, Proof.HELD_TOO_OLD)
        deleted_at = choose(gone & equals(proof, Proof.READ), take(links["sf_version"], rows), dated)
        return flags(pc.less(deleted_at, oldest)) | (was_old & gone)

    def _keep_records(self, rows: Positions, winner: Side) -> None:
        """An edit that met a delete, with all values of both records (K4, K5)."""
        if not len(rows):
            return
        values = {f"base_{side.prefix}": _as_json(self.matched.base, side, rows) for side in Side}
        values |= {f"value_{side.prefix}": _as_json(self.matched.now, side, rows) for side in Side}
        self.draft.add_conflicts(
            {
                "link_id": take(self.matched.links["link_id"], rows),
                "field": constant("record", len(rows)),
                "rule": constant("K4", len(rows)),
                "winner": constant(winner, len(rows)),
                **values,
            },
            len(rows),
        )

    def recreate(self, side: Side, rows: Positions) -> None:
        """The edit wins over the delete: the deleted record is created again (K4)."""
        if not len(rows):
            return
        self._keep_records(rows, winner=side.other)
        self._create_next(side, rows, "K4", lost=True)

    def copy_again(self, side: Side, rows: Positions) -> None:
        """The copy that an undo took back is wanted after all (C1)."""
        self._create_next(side, rows, "C1", lost=False)

    def original_again(self, rows: Positions) -> None:
        """A person restored the Salesforce task of a pair that is kept out, and the other is deleted by now (C7)."""
        self._create_next(_SC, rows, "C7", lost=True)

    def restore(self, rows: Positions) -> None:
        """A deleted Salesforce task that is live again was restored by a person (C7): it is newer than all that was
        known of it, or was known to be deleted and is there when it is asked for."""
        rows = rows[self.matched.seen[_SF][rows]]
        staged, links = self.matched[_SF], self.matched.links
        read = take(staged.rows["version"], staged.position[rows])
        back = flags(pc.fill_null(pc.greater(read, self.matched.newest_known(_SF, rows)), True))
        back |= (flags(links["sf_asked"]) & flags(pc.is_valid(links["sf_proof"])))[rows]
        # An earlier copy is another record, so that the stamps of the last one say nothing of it.
        back |= distinct(take(staged.rows["remote_id"], staged.position[rows]), take(links["sf_id"], rows))
        rows = rows[back & gather(self.matched.reminders, staged.position[rows])]
        users = self.matched.user_of(_SF, self.matched.now(_SF, "owner", rows))
        taking_part = gather(self.matched.synced, users)
        asked = gather(self.matched.selected, users)
        self.draft.links.end(rows[taking_part & ~asked], Disposition.DEFERRED, "selection")
        self._create_next(_SC, rows[taking_part & asked], "C7", lost=True)

    def _create_next(self, side: Side, rows: Positions, rule: str, *, lost: bool) -> None:
        """Plans the next generation of these pairs' records on `side`."""
        self.draft.links.end(rows, Disposition.PLANNED, rule)
        self.create(side, rows, self.generation(rows) + np.int32(1), rule, lost=lost)


def _as_json(values: Callable[[Side, str, Positions], pa.Array], side: Side, rows: Positions) -> pa.Array:
    """All fields of these pairs' records on a side, one JSON object each."""
    columns = {name: pc.cast(values(side, name, rows), pa.string()) for name in FIELDS}
    lines = pa.table(columns).to_pandas().to_json(orient="records", lines=True, force_ascii=False)
    # Only "\n" ends an object: texts may hold U+2028 and U+0085 as they are.
    return pa.array(lines.removesuffix("\n").split("\n"), pa.string())
