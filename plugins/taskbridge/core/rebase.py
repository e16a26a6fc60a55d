"""A lost ledger rebuilt from the two systems: pairs by marker, then by an exact and unique likeness (G2, G8).

Nothing is written to either system, and what cannot be told is left alone and named. The base of a pair that
is found is what both records hold now; where they differ in a field its base is empty, so that the next run
sees two changes, decides by K3 and keeps the loser.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import (
    Flags,
    Positions,
    build,
    choose,
    constant,
    equals,
    gather,
    take,
    to_table,
)
from taskbridge.core.draft import Ends
from taskbridge.core.frames import empty, frame
from taskbridge.core.join import join
from taskbridge.core.model import (
    ACTIONS,
    CONFLICTS,
    DISPOSITIONS,
    LEDGER_CHANGES,
    LEFT_OUT,
    NEW_LINKS,
    Plan,
    PlanInput,
)
from taskbridge.core.record_linkage import Found, Population, Populations, by_likeness, by_marker
from taskbridge.core.records import is_broken, is_deleted
from taskbridge.core.rules import Rules
from taskbridge.core.terms import (
    ALL_FIELDS,
    BIT,
    FIELDS,
    MERGED_FIELDS,
    TEMPLATE_INPUTS,
    Disposition,
    LinkState,
    Side,
)

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE

_ENDS: Final = {
    LinkState.LINKED: (Disposition.UNCHANGED, "G1"),
    LinkState.TOMBSTONE: (Disposition.UNCHANGED, "C1"),
    LinkState.HELD: (Disposition.HELD, "C6"),
    LinkState.MISSING: (Disposition.WAITING, "C5"),
}


def rebase(given: PlanInput, known: pa.Array, *, likeness: bool) -> Plan:
    """New pairs for the staged records that are in none. `given` holds whole populations, deleted records
    included; `known` are the ids of all links there are, which stay as they are (twice is the same as once).

    `likeness`: also pair records without a marker that agree in everything; for a ledger that was empty.
    """
    rules, joined = Rules.of(given), join(given)
    read = {side: Population.of(joined.staged(side)) for side in Side}
    found = by_marker(read, rules, known)
    if likeness:
        found = found.and_then(by_likeness(read, rules, found))
    pairs = _Pairs(read, rules, found.pairs)
    return Plan(
        actions=empty(ACTIONS),
        ledger_changes=frame(pairs.changes()),
        new_links=frame(pairs.new_links()),
        conflicts=empty(CONFLICTS),
        dispositions=frame(
            pa.concat_tables([_dispositions(read[side], pairs, found, side) for side in Side])
        ),
        left_out=frame(to_table(found.left_out, LEFT_OUT)),
    )


class _Pairs:
    """The pairs that were found, with what their records look like now."""

    def __init__(self, read: Populations, rules: Rules, pairs: pd.DataFrame) -> None:
        self.read, self.rules, self.found = read, rules, pairs
        self.place: dict[Side, Positions] = {
            side: pairs[f"{side.prefix}_place"].to_numpy(np.int64) for side in Side
        }
        self.live = {side: gather(read[side].live, self.place[side]) for side in Side}
        self.deleted = {side: gather(is_deleted(read[side].rows), self.place[side]) for side in Side}
        self.state = self._states()
        self.differs = {name: self._differs(name) for name in MERGED_FIELDS}
        # Of a record out of sight nobody knows what it says: when it is seen, all fields are compared (K3).
        out_of_sight = equals(self.state, LinkState.MISSING)
        self.open = {
            name: differ | (out_of_sight & (name != "owner")) for name, differ in self.differs.items()
        }

    def __len__(self) -> int:
        return len(self.found)

    def _states(self) -> pa.Array:
        """Two live records are linked; with one, a person decides what became of the other (C5, C6)."""
        both, none = self.live[_SC] & self.live[_SF], ~(self.live[_SC] | self.live[_SF])
        proven = self.deleted[_SC] | self.deleted[_SF]
        return pa.array(
            np.select(
                [both, none, proven],
                [LinkState.LINKED.value, LinkState.TOMBSTONE.value, LinkState.HELD.value],
                LinkState.MISSING.value,
            ),
            pa.string(),
        )

    def values(self, side: Side, name: str) -> pa.Array:
        return take(self.read[side].rows[name], self.place[side])

    def _differs(self, name: str) -> Flags:
        """Pairs of two live records whose values say different things, as far as they can cross (F6)."""
        agree = self.rules.crossing.agree(name, self.values(_SC, name), self.values(_SF, name))
        differ: Flags = self.live[_SC] & self.live[_SF] & ~agree
        return differ

    def new_links(self) -> pa.Table:
        people = self.rules.people
        users = people.place(_SF, self.values(_SF, "owner"))
        owner = pc.coalesce(self.values(_SC, "owner"), people.of("sc_user_id", users))
        columns = {name: _text(self.found[name]) for name in ("link_id", "origin", "sc_id", "sf_id")}
        generation = pa.array(self.found["generation"].to_numpy(np.int32))
        return build(NEW_LINKS, columns | {"generation": generation, "owner": owner}, len(self))

    def changes(self) -> pa.Table:
        """State and base; of a record that is not live the base is no more than whose task it was."""
        columns: dict[str, pa.Array] = {
            "link_id": _text(self.found["link_id"]),
            "state": self.state,
            "inputs": pa.array(self.live[_SC]),
        }
        for side in Side:
            mask = np.where(self.live[side], ALL_FIELDS, BIT["owner"]).astype(np.int32)
            columns[f"{side.prefix}_mask"] = pa.array(mask)
            for name in FIELDS:
                present = self.values(side, name)
                unknown = self.open.get(name, np.zeros(len(self), np.bool_))
                columns[f"{side.prefix}_{name}"] = choose(
                    unknown, pa.nulls(len(present), present.type), present
                )
            # Whose task a record was that is not there any more: else nobody would be asked about it (C3).
            theirs = self.rules.crossing.to(side, "owner", self.values(side.other, "owner")).values
            columns[f"{side.prefix}_owner"] = pc.coalesce(columns[f"{side.prefix}_owner"], theirs)
        columns |= {f"sc_{name}": self.values(_SC, name) for name in TEMPLATE_INPUTS}
        return build(LEDGER_CHANGES, columns, len(self))

    @property
    def unsettled(self) -> Flags:
        """Pairs that the next run has to decide."""
        differs = np.zeros(len(self), np.bool_)
        for differ in self.differs.values():
            differs |= differ
        return differs


def _dispositions(staged: Population, pairs: _Pairs, found: Found, side: Side) -> pa.Table:
    ends = Ends(len(staged.pair))
    ends.end(np.flatnonzero(is_broken(staged.rows)), Disposition.DEAD_LETTER, "G4")
    # What is in a pair already is none of this run's business: to settling it was not seen at all.
    ends.end(np.flatnonzero(staged.pair >= 0), Disposition.DEFERRED, "selection")
    place = pairs.place[side]
    ends.end(place[pairs.unsettled & (place >= 0)], Disposition.DEFERRED, "G8")
    for state, end in _ENDS.items():
        rows = place[equals(pairs.state, state)]
        ends.end(rows[rows >= 0], *end)
    ends.end(found.unclear[side], Disposition.HELD, "G2")
    ends.end(np.flatnonzero(ends.open), Disposition.IGNORED, "G8")
    link = np.full(len(staged.pair), -1, np.int64)
    link[place[place >= 0]] = np.flatnonzero(place >= 0)
    return build(
        DISPOSITIONS,
        {
            "side": constant(side, len(staged.pair)),
            "remote_id": staged.rows["remote_id"],
            # Without the pairs that were known: what is held or contested in them stays so.
            "link_id": take(_text(pairs.found["link_id"]), link),
            "disposition": ends.dispositions,
            "rule": ends.rule_names,
        },
        len(staged.pair),
    )


def _text(values: pd.Series) -> pa.Array:
    return pa.array(values, pa.string(), from_pandas=True)
