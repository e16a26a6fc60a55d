"""How values cross between the systems (F2 to F6), and which cannot.

A vocabulary maps the values of one side that can cross to the other side's word. A value that is not in it
stays where it is: it never overwrites anything, and only a change of the same field on the other side
overwrites it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core import canonical
from taskbridge.core.arrays import Columns, Flags, distinct, find, flags, take
from taskbridge.core.terms import Side, SkippedTasks

OPEN, COMPLETE, SKIPPED = "open", "complete", "skipped"
NOT_STARTED, COMPLETED = "Not Started", "Completed"

_STATUS_TO_SALESFORCE: Final = {OPEN: NOT_STARTED, COMPLETE: COMPLETED}
_STATUS_TO_SALES_CONNECT: Final = {NOT_STARTED: OPEN, COMPLETED: COMPLETE}
_PRIORITY_TO_SALESFORCE: Final = {"normal": "Normal", "high": "High"}
_PRIORITY_TO_SALES_CONNECT: Final = {"Normal": "normal", "High": "high"}

DEFAULTS: Final[Mapping[Side, Mapping[str, str]]] = {
    Side.SALES_CONNECT: {"status": OPEN, "priority": "normal"},
    Side.SALESFORCE: {"status": NOT_STARTED, "priority": "Normal"},
}
"""What a created record gets where the original's value cannot cross (F7)."""

SALESFORCE_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "status": tuple(_STATUS_TO_SALESFORCE.values()),
    "priority": tuple(_PRIORITY_TO_SALESFORCE.values()),
}
"""Every word that is written into a picklist of Salesforce (F2, F3)."""

DONE: Final[Mapping[Side, str]] = {Side.SALES_CONNECT: COMPLETE, Side.SALESFORCE: COMPLETED}
NO_SUBJECT: Final = "(no subject)"


@dataclass(frozen=True)
class Crossed:
    """Values as the other side would write them; where `can` is False the value stays on its side."""

    values: pa.Array
    can: Flags


@dataclass(frozen=True)
class Crossing:
    """The crossing rules of one run; owners cross by the map of synced users (C3)."""

    vocabularies: Mapping[tuple[str, Side], tuple[pa.Array, pa.Array]]

    @classmethod
    def of(cls, users: Columns, skipped: SkippedTasks) -> Crossing:
        status_to_salesforce = dict(_STATUS_TO_SALESFORCE)
        if skipped is SkippedTasks.COMPLETE:
            status_to_salesforce[SKIPPED] = COMPLETED
        synced = users["synced"]
        sc_users, sf_users = users["sc_user_id"].filter(synced), users["sf_user_id"].filter(synced)
        return cls(
            {
                ("status", Side.SALESFORCE): _vocabulary(status_to_salesforce),
                ("status", Side.SALES_CONNECT): _vocabulary(_STATUS_TO_SALES_CONNECT),
                ("priority", Side.SALESFORCE): _vocabulary(_PRIORITY_TO_SALESFORCE),
                ("priority", Side.SALES_CONNECT): _vocabulary(_PRIORITY_TO_SALES_CONNECT),
                ("owner", Side.SALESFORCE): (sc_users, sf_users),
                ("owner", Side.SALES_CONNECT): (sf_users, sc_users),
            }
        )

    def to(self, side: Side, name: str, values: pa.Array) -> Crossed:
        """The values of a field of the other side as `side` would hold them."""
        if name == "details" and side is Side.SALESFORCE:
            return Crossed(canonical.cut_comments(values), np.ones(len(values), np.bool_))
        vocabulary = self.vocabularies.get((name, side))
        if vocabulary is None:
            return Crossed(values, np.ones(len(values), np.bool_))
        known, translated = vocabulary
        position = find(values, known)
        return Crossed(take(translated, position), position >= 0)

    def agree(self, name: str, sales_connect: pa.Array, salesforce: pa.Array) -> Flags:
        """Where two values say the same, or one of them is a word that the other side does not have (F6)."""
        to_sf = self.to(Side.SALESFORCE, name, sales_connect)
        to_sc = self.to(Side.SALES_CONNECT, name, salesforce)
        # An empty value says nothing that could not cross.
        can = (to_sf.can | flags(pc.is_null(sales_connect))) & (to_sc.can | flags(pc.is_null(salesforce)))
        differ = distinct(to_sf.values, salesforce) & distinct(to_sc.values, sales_connect)
        return ~(can & differ)

    def create(self, side: Side, name: str, values: pa.Array) -> pa.Array:
        """The values for a record that is created on `side`: the default where one cannot cross (F7)."""
        crossed = self.to(side, name, values).values
        default = DEFAULTS[side].get(name)
        return crossed if default is None else pc.fill_null(crossed, default)


def with_tail(edited: pa.Array, sc_base: pa.Array, sf_base: pa.Array) -> pa.Array:
    """Comments edited in Salesforce, followed by what Salesforce never held of the SC text (F5)."""
    held = pc.fill_null(sf_base, "")
    whole = pc.fill_null(sc_base, "")
    longer = flags(pc.greater(pc.binary_length(whole), pc.binary_length(held)))
    if not longer.any():
        return edited
    # Arrow cuts all rows at one place. NumPy's `strings.slice` cuts the other end before NumPy 2.4.
    texts = zip(*(text.filter(pa.array(longer)).to_pylist() for text in (whole, held)), strict=True)
    tails = pa.array(
        [text.removeprefix(begin) if text.startswith(begin) else "" for text, begin in texts], pa.string()
    )
    appended = pc.replace_with_mask(pa.repeat(pa.scalar(""), len(edited)), pa.array(longer), tails)
    return canonical.text(pc.binary_join_element_wise(pc.fill_null(edited, ""), appended, ""))


def _vocabulary(words: Mapping[str, str]) -> tuple[pa.Array, pa.Array]:
    return pa.array(list(words), pa.string()), pa.array(list(words.values()), pa.string())
