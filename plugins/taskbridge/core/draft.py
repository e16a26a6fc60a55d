"""A plan while it is being written: blocks of rows that become the frames of the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from taskbridge.core.arrays import Flags, Positions, array, at_once, build, constant
from taskbridge.core.model import ACTIONS, CONFLICTS, LEDGER_CHANGES, LEFT_OUT, NEW_LINKS
from taskbridge.core.terms import Disposition, LinkState
from taskbridge.core.view import View

ALL_DISPOSITIONS = tuple(Disposition)


class Ends:
    """Where each of a set of things (links, or the staged rows of a side) ends, and by which rule. `end` leaves what
    was said before, `put` replaces it."""

    def __init__(self, length: int) -> None:
        self.codes = np.full(length, -1, np.int8)
        self.rules = np.zeros(length, np.int16)
        self._names: list[str] = []

    @property
    def open(self) -> Flags:
        return self.codes < 0

    def end(self, rows: Positions, disposition: Disposition, rule: str) -> Positions:
        """Ends those of the rows that have not ended yet, and answers them."""
        rows = rows[self.codes[rows] < 0]
        self.put(rows, disposition, rule)
        return rows

    def put(self, rows: Positions, disposition: Disposition, rule: str) -> None:
        """Ends the rows, whatever was said of them before."""
        self.codes[rows] = ALL_DISPOSITIONS.index(disposition)
        self.rules[rows] = self._number(rule)

    def follow(self, others: Ends, places: Positions) -> None:
        """Ends what is still open as those ended that stand at these places (-1: nobody, stays open)."""
        rows = np.flatnonzero(self.open & (places >= 0))
        self.codes[rows] = others.codes[places[rows]]
        if len(rows):
            numbers = np.array([self._number(name) for name in others._names] or [0], np.int16)
            self.rules[rows] = numbers[others.rules[places[rows]]]

    def _number(self, rule: str) -> int:
        if rule not in self._names:
            self._names.append(rule)
        return self._names.index(rule)

    @property
    def dispositions(self) -> pa.Array:
        """As text; null while open."""
        codes = pa.array(self.codes.astype(np.int64), mask=self.codes < 0)
        return pa.array([one.value for one in ALL_DISPOSITIONS]).take(codes)

    @property
    def rule_names(self) -> pa.Array:
        codes = pa.array(self.rules.astype(np.int64), mask=self.codes < 0)
        return pa.array(self._names or [""], pa.string()).take(codes)


@dataclass
class Draft:
    """Blocks in the order in which they are written; an action's place among all actions is its `seq`."""

    links: Ends
    actions: list[pa.Table] = field(default_factory=list)
    action_links: list[Positions] = field(default_factory=list)  # per action its link, -1 for a new pair
    action_sources: list[Positions] = field(
        default_factory=list
    )  # per create the staged row it copies, else -1
    changes: list[pa.Table] = field(default_factory=list)
    new_links: list[pa.Table] = field(default_factory=list)
    conflicts: list[pa.Table] = field(default_factory=list)
    left_out: list[pa.Table] = field(default_factory=list)
    _next: int = 0

    def add_actions(
        self, values: Mapping[str, pa.Array], links: Positions, sources: Positions | None = None
    ) -> pa.Array:
        """Adds a block of actions; answers their seq."""
        length = len(links)
        seq = pa.array(np.arange(self._next, self._next + length, dtype=np.int32))
        self._next += length
        self.actions.append(build(ACTIONS, {"seq": seq, **values}, length))
        self.action_links.append(links)
        self.action_sources.append(np.full(length, -1, np.int64) if sources is None else sources)
        return seq

    def set_state(self, pairs: View, state: LinkState, seq: pa.Array | None = None) -> None:
        """The state that the pairs have when these actions have succeeded, or when the run settles."""
        length = len(pairs)
        if length:
            waits = {} if seq is None else {"seq": seq}
            given = {"link_id": pairs.cell("link_id"), "state": constant(state, length)}
            self.add_changes(given | waits, length)

    def add_changes(self, values: Mapping[str, pa.Array], length: int) -> None:
        zero = pa.array(np.zeros(length, np.int32))
        given = {"sc_mask": zero, "sf_mask": zero, "inputs": pa.repeat(False, length), **values}
        self.changes.append(build(LEDGER_CHANGES, given, length))

    def add_new_links(self, values: Mapping[str, pa.Array], length: int) -> None:
        self.new_links.append(build(NEW_LINKS, values, length))

    def add_conflicts(self, values: Mapping[str, pa.Array], length: int) -> None:
        if length:
            self.conflicts.append(build(CONFLICTS, values, length))

    def add_left_out(self, values: Mapping[str, pa.Array], length: int) -> None:
        if length:
            self.left_out.append(build(LEFT_OUT, values, length))


def concat(blocks: Sequence[pa.Table], schema: pa.Schema) -> pa.Table:
    """The blocks as one table, in one chunk."""
    if not blocks:
        return schema.empty_table()
    table = pa.concat_tables(blocks)
    return pa.table(at_once(array, table.columns, table.num_rows), schema=schema)
