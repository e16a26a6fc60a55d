"""The inverse of what a run wrote, as far as nothing has moved since.

What is written back is not carried over: the base of the written side becomes what is restored, so that both
sides stay as they were before the run, until somebody edits the field again. A pair of which one record went, or came
back alone, is kept out; its base stays, so that the two are merged should they meet again.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import Flags, distinct, equals, flags
from taskbridge.core.deliberate import Deliberate, shown
from taskbridge.core.model import Plan, PlanInput
from taskbridge.core.terms import BIT, FIELDS, LinkState, Op, Side, Withheld
from taskbridge.core.view import View

RULE = "undo"


def plan_undo(given: PlanInput, written: pd.DataFrame, approved: pd.DataFrame) -> Plan:
    """Undoes WRITTEN rows, each or names why not.

    `approved`: ACTIONS that a person has seen held in a dry run; they are released if they are the very same.
    """
    undo = Undo.begin(given, written)
    undo.plan()
    return undo.conclude(approved)


class Undo(Deliberate):
    """Plans creates for what was deleted, then updates, then deletes of what was created."""

    rule = RULE

    def plan(self) -> None:
        rows = self.without(
            self.asked,
            ~self.asked.flag("answered"),
            "UNANSWERED",
            "whether it was written is not known; the next run finds out",
        )
        rows = self.of_known_pairs(rows)
        for side in Side:
            mine = rows.only(equals(rows.cell("side"), side))
            ops = mine.cell("op")
            self._undelete(side, mine.only(equals(ops, Op.DELETE)))
            self._write_back(side, mine.only(equals(ops, Op.UPDATE)))
            self._remove(side, mine.only(equals(ops, Op.CREATE)))

    def _same_record(self, side: Side, rows: View) -> View:
        """Leaves out those whose pair has another record on `side` by now."""
        present, written = rows.cell(f"{side.prefix}_id"), rows.cell("remote_id")
        reason = ("the run wrote record ", written, ", the pair now has ", pc.fill_null(present, "none"))
        return self.without(rows, distinct(present, written), "REPLACED", *reason)

    def _here(self, side: Side, rows: View) -> View:
        rows = self.of_read_records(side, self._same_record(side, rows))
        # A write of ours would hide from the next run that somebody brought the record back (C7).
        ended = equals(rows.cell("state"), LinkState.TOMBSTONE)
        reason = "the pair had ended, and somebody brought the record back; the next run takes it in"
        rows = self.without(rows, ended, "PAIR_NOT_IN_SYNC", reason)
        return self.of_synced_owners(side, rows.cell(f"{side.prefix}_now_owner"), rows)

    def _write_back(self, side: Side, rows: View) -> None:
        """Fields that still hold what the run wrote get back what they held before."""
        rows = self._here(side, rows)
        wrote = rows.cell("mask").to_numpy()
        mask = np.zeros(len(rows), np.int32)
        for name, bit in BIT.items():
            now, after = rows.cell(f"{side.prefix}_now_{name}"), rows.cell(name)
            concerned = (wrote & bit) != 0
            same = concerned & ~distinct(now, after)
            back = concerned & ~distinct(now, rows.cell(f"seen_{name}"))
            mask |= (same & ~back) * np.int32(bit)
            self.leave_out(rows.only(back), "ALREADY_UNDONE", "it holds what it held before", name=name)
            moved = concerned & ~same & ~back
            self.leave_out(rows.only(moved), "CHANGED_SINCE", *_moved(now, after, moved), name=name)
        rows, mask = rows.only(mask != 0), mask[mask != 0]
        before = {name: rows.cell(f"seen_{name}") for name in FIELDS}
        seq = self.update(side, rows, mask, before)
        based = {f"{side.prefix}_{name}": values for name, values in before.items()}
        self.follow(rows, seq=seq, **{f"{side.prefix}_mask": pa.array(mask)}, **based)

    def _remove(self, side: Side, rows: View) -> None:
        """What the run created goes away, unless somebody has worked on it since."""
        prefix, there = side.prefix, side.other.prefix
        rows = self._same_record(side, rows)
        taken = rows.flag(f"{prefix}_withdrawn") & rows.flag(f"{prefix}_deleted")
        rows = self._here(side, self.without(rows, taken, "ALREADY_UNDONE", "the copy was taken back"))
        moved = np.zeros(len(rows), np.bool_)
        for name in FIELDS:
            now, after = rows.cell(f"{prefix}_now_{name}"), rows.cell(name)
            here = distinct(now, after)
            self.leave_out(rows.only(here), "CHANGED_SINCE", *_moved(now, after, here), name=name)
            moved |= here
        edited = rows.cell(f"{there}_edited").to_numpy() != 0
        reason = f"its original in {side.other.system} was edited since, which the next run carries over"
        self.leave_out(rows.only(edited & ~moved), "CHANGED_SINCE", reason)
        rows = rows.only(~(moved | edited))
        seq = self.delete(side, rows)
        alone = ~rows.flag(f"{there}_live") & rows.flag(f"{there}_deleted")
        self.follow(rows.only(alone), seq=seq.filter(pa.array(alone)), state=LinkState.TOMBSTONE)
        # The original stays, alone, until somebody edits it. The pair keeps the copy's id: should a person take it out
        # of the bin, it is the copy again.
        self.keep_out(rows.only(~alone), seq.filter(pa.array(~alone)), Withheld.withdrawn_from(side))

    def _undelete(self, side: Side, rows: View) -> None:
        """What the run deleted is created again as it was; the record whose delete was carried over stays away."""
        rows = self._gone(side, rows)
        values = {name: rows.cell(f"seen_{name}") for name in FIELDS}
        seq = self.create_again(side, rows, values, rows.cell("person"))
        there = side.other
        self.next_generation(rows, {there: rows.cell(f"{there.prefix}_id")})
        # Only of a delete that was itself an undo the other record lives.
        live = rows.flag(f"{there.prefix}_live")
        for chosen, add in ((~live, self._leave_undone), (live, self._link_again)):
            mine = rows.only(chosen)
            inputs = self.created_inputs(mine) if side is Side.SALES_CONNECT else {}
            add(mine, seq.filter(pa.array(chosen)), **inputs)

    def _leave_undone(self, rows: View, seq: pa.Array, **inputs: pa.Array | bool) -> None:
        self.keep_out(rows, seq, Withheld.UNDONE, **inputs)

    def _link_again(self, rows: View, seq: pa.Array, **inputs: pa.Array | bool) -> None:
        self.follow(rows, seq=seq, state=LinkState.LINKED, **inputs)

    def _gone(self, side: Side, rows: View) -> View:
        """Deleted records that nobody has brought back, and whose owners take part."""
        prefix = side.prefix
        present, written = rows.cell(f"{prefix}_id"), rows.cell("remote_id")
        other = flags(pc.is_valid(present)) & distinct(present, written)
        reason = ("the run deleted record ", written, ", the pair now has ", pc.fill_null(present, "none"))
        rows = self.without(rows, other, "REPLACED", *reason)
        here = rows.flag(f"{prefix}_live") | rows.flag(f"{prefix}_broken")
        rows = self.without(rows, here, "ALREADY_UNDONE", "the record is there again")
        return self.of_synced_owners(side, rows.cell("seen_owner"), rows)


def _moved(now: pa.Array, written: pa.Array, chosen: Flags) -> tuple[pa.Array | str, ...]:
    rows = pa.array(chosen)
    return ("it holds ", shown(now.filter(rows)), ", the run had written ", shown(written.filter(rows)))
