"""Bringing back what was lost: a value that was overwritten, or a task that TaskBridge deleted (K5).

A restored value is written to both sides where it is not already, as if a person had typed it on its side, and
the base follows once both are done. A task that is gone from one side is created there again, one that is gone
from both is created on both.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import Flags, Masks, choose, constant, distinct, equals, flags
from taskbridge.core.deliberate import Deliberate, now_of
from taskbridge.core.fields import NO_SUBJECT, with_tail
from taskbridge.core.model import Plan, PlanInput
from taskbridge.core.terms import ALL_FIELDS, BIT, FIELDS, TEMPLATE_INPUTS, LinkState, Side, Withheld
from taskbridge.core.view import View

RULE = "K5"
_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE


def plan_restore(given: PlanInput, lost: pd.DataFrame, approved: pd.DataFrame) -> Plan:
    """Brings back LOST rows, or names why not; at most one row for a pair.

    `approved`: ACTIONS that a person has seen held in a dry run; they are released if they are the very same.
    """
    restore = Restore.begin(given, lost)
    restore.plan()
    return restore.conclude(approved)


class Restore(Deliberate):
    """Plans values first, then whole tasks."""

    rule = RULE

    def plan(self) -> None:
        refused = flags(pc.is_valid(self.asked.cell("code")))
        for code in pc.unique(self.asked.cell("code").filter(pa.array(refused))).to_pylist():
            rows = self.asked.only(equals(self.asked.cell("code"), code))
            self.leave_out(rows, code, rows.cell("what"), ": ", rows.cell("reason"))
        rows = self.of_known_pairs(self.asked.only(~refused))
        for side in Side:
            mine = rows.only(equals(rows.cell("side"), side))
            whole = mine.flag("whole")
            self._values(side, mine.only(~whole))
            self._tasks(side, mine.only(whole))

    # values

    def _values(self, side: Side, rows: View) -> None:
        """Writes a value of `side` there and, where it can cross, to the other side."""
        rows = self._in_step(rows)
        there = side.other
        masks = {one: np.zeros(len(rows), np.int32) for one in Side}
        based = {one: np.zeros(len(rows), np.int32) for one in Side}
        values: dict[Side, dict[str, pa.Array]] = {one: {} for one in Side}
        wanted = rows.cell("mask").to_numpy()
        for name, bit in BIT.items():
            concerned = (wanted & bit) != 0
            value = rows.cell(name)
            crossed, can = self._across(side, name, rows, value)
            writes = {side: _differs(side, name, rows, value) & concerned}
            writes[there] = _differs(there, name, rows, crossed) & can & concerned
            values[side][name], values[there][name] = value, crossed
            for one, covered in ((side, concerned), (there, concerned & can)):
                masks[one] |= writes[one] * np.int32(bit)
                based[one] |= covered * np.int32(bit)
            idle = rows.only(concerned & ~writes[side] & ~writes[there])
            self.leave_out(idle, "ALREADY_THERE", "both sides hold it, or what it crosses to", name=name)
        self._write(rows, masks, based, values)

    def _across(self, side: Side, name: str, rows: View, value: pa.Array) -> tuple[pa.Array, Flags]:
        """The value as the other side holds it, and whether it can cross (F1 to F6)."""
        if name == "title":
            return pa.nulls(len(rows), pa.string()), np.zeros(len(rows), np.bool_)
        crossed = self.rules.crossing.to(side.other, name, value)
        if name == "details" and side is Side.SALESFORCE:
            return with_tail(crossed.values, rows.cell("sc_details"), rows.cell("sf_details")), crossed.can
        return crossed.values, crossed.can

    def _in_step(self, rows: View) -> View:
        """Pairs of which both records live, are in sync and belong to people who take part."""
        state = rows.cell("state")
        reason = ("the pair is ", state, "; bring the task back first, by its link_id")
        rows = self.without(rows, ~equals(state, LinkState.LINKED), "PAIR_NOT_IN_SYNC", *reason)
        for side in Side:
            rows = self.of_read_records(side, rows)
            rows = self.of_synced_owners(side, rows.cell(f"{side.prefix}_now_owner"), rows)
        return rows

    def _write(
        self,
        rows: View,
        masks: dict[Side, Masks],
        based: dict[Side, Masks],
        values: dict[Side, dict[str, pa.Array]],
    ) -> None:
        """Plans the updates; the base of both sides waits for both."""
        seq = {side: np.full(len(rows), -1, np.int64) for side in Side}
        for side in Side:
            mine = masks[side] != 0
            written = {name: column.filter(pa.array(mine)) for name, column in values[side].items()}
            if mine.any():
                seq[side][mine] = self.update(side, rows.only(mine), masks[side][mine], written).to_numpy()
        first = np.where(seq[_SC] >= 0, seq[_SC], seq[_SF])
        done, both = first >= 0, (seq[_SC] >= 0) & (seq[_SF] >= 0)
        follows = {
            f"{side.prefix}_{name}": column.filter(pa.array(done))
            for side in Side
            for name, column in values[side].items()
        }
        self.follow(
            rows.only(done),
            seq=pa.array(first[done].astype(np.int32)),
            also=pa.array(seq[_SF][done].astype(np.int32), mask=~both[done]),
            **{f"{side.prefix}_mask": pa.array(based[side][done]) for side in Side},
            **follows,
        )

    # tasks

    def _tasks(self, kept: Side, rows: View) -> None:
        """Creates again what is gone; `kept` is the side of the record that was deleted and is kept."""
        rows = self._restorable(kept, rows)
        gone = {side: _is_gone(side, rows) for side in Side}
        there = rows.only(~gone[_SC] & ~gone[_SF])
        self.leave_out(there, "ALREADY_THERE", "both records are there")
        for side in Side:
            self._one(kept, side, rows.only(gone[side] & ~gone[side.other]))
        self._both(kept, rows.only(gone[_SC] & gone[_SF]))

    def _restorable(self, kept: Side, rows: View) -> View:
        """Leaves out pairs with a record that may or may not be there, and those of people who take no part."""
        for side in Side:
            unclear = ~_is_gone(side, rows) & ~rows.flag(f"{side.prefix}_live")
            reason = f"the record in {side.system} is not found, or cannot be understood"
            rows = self.without(rows, unclear, "NOT_READ", reason)
        for side in Side:
            rows = self.of_synced_owners(side, self._value(kept, side, "owner", rows), rows)
        return rows

    def _value(self, kept: Side, side: Side, name: str, rows: View) -> pa.Array:
        """What the record on `side` holds from now on: what it held, but for what changed on the other side since.

        So a value that cannot cross is as it was (F6).
        """
        there = side.other
        last, other = _last(kept, side, name, rows), _last(kept, there, name, rows)
        moved = distinct(other, rows.cell(f"{there.prefix}_{name}"))
        if side is not kept:
            moved |= ~flags(pc.is_valid(rows.cell(f"{side.prefix}_id")))
        moved &= _is_gone(side, rows)
        return choose(moved, self._crossed(side, name, other, rows), last)

    def _crossed(self, side: Side, name: str, values: pa.Array, rows: View) -> pa.Array:
        if name != "title":
            return self.rules.crossing.create(side, name, values)
        if side is _SC:
            return pc.coalesce(rows.cell("sc_title"), values, pa.scalar(NO_SUBJECT))
        inputs = {one: rows.cell(f"sc_now_{one}") for one in TEMPLATE_INPUTS}
        return self.rules.template.render({"title": values, **inputs}, len(rows))

    def _values_of(self, kept: Side, side: Side, rows: View) -> dict[str, pa.Array]:
        return {name: self._value(kept, side, name, rows) for name in FIELDS}

    def _one(self, kept: Side, side: Side, rows: View) -> None:
        """Creates the record on `side`; the other one is there, and both are the base of the pair."""
        there = side.other
        values = self._values_of(kept, side, rows)
        seq = self.create_again(side, rows, values, rows.cell("person"))
        self.next_generation(rows, {there: rows.cell(f"{there.prefix}_id")})
        based = self._based(side, values, rows) | self._based(there, now_of(there, rows), rows)
        if side is _SF:
            based["inputs"] = False
        self.follow(rows, seq=seq, state=LinkState.LINKED, **based)

    def _both(self, kept: Side, rows: View) -> None:
        """Creates both records. Should only one come to be, the pair stays out rather than lose it again."""
        values = {side: self._values_of(kept, side, rows) for side in Side}
        person = rows.cell("person")
        seq = {side: self.create_again(side, rows, values[side], person) for side in Side}
        self.next_generation(rows, {side: rows.cell(f"{side.prefix}_id") for side in Side})
        for side in Side:
            self.keep_out(rows, seq[side], Withheld.UNDONE, **self._based(side, values[side], rows))
        self.follow(rows, seq=seq[_SF], also=seq[_SC], state=LinkState.LINKED)

    def _based(self, side: Side, values: Mapping[str, pa.Array], rows: View) -> dict[str, pa.Array | bool]:
        """The base of `side` as these values."""
        based: dict[str, pa.Array | bool] = {
            f"{side.prefix}_{name}": column for name, column in values.items()
        }
        based[f"{side.prefix}_mask"] = constant(ALL_FIELDS, len(rows), pa.int32())
        return based | self.created_inputs(rows) if side is _SC else based


def _differs(side: Side, name: str, rows: View, value: pa.Array) -> Flags:
    return distinct(rows.cell(f"{side.prefix}_now_{name}"), value)


def _is_gone(side: Side, rows: View) -> Flags:
    """Deleted, or not the pair's any more."""
    return flags(pc.is_null(rows.cell(f"{side.prefix}_id"))) | rows.flag(f"{side.prefix}_deleted")


def _last(kept: Side, side: Side, name: str, rows: View) -> pa.Array:
    """What the record on `side` holds, or held when it was last known."""
    here = rows.cell(f"{side.prefix}_now_{name}")
    return choose(rows.flag(f"{side.prefix}_live"), here, rows.cell(name)) if side is kept else here
