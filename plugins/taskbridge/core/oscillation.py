"""Fields that go to and fro: two automations that fight, or a value that cannot stay (K6).

A write *reverses* when it gives a side a value that this side already held within the hour, and that
something else has replaced since. What a side held is told from our own writes: what each wrote, and what
each replaced. Values are compared within their side only, so that no vocabulary comes into it. Reversals of
a field count over both sides of the pair, as one fight shows on both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import Columns, Flags, equals, find, take
from taskbridge.core.terms import BIT, FIELDS, Op, Side

REVERSALS: Final = 3
"""The write that would be this one within the hour is held."""

_SEPARATOR: Final = "\x1f"  # in no text: a record with control characters is not understood


@dataclass(frozen=True)
class _Held:
    """Values that sides held within the hour, by key, and how often the field reversed, by pair."""

    keys: pa.Array
    links: pa.Array
    reversals: pa.Array


@dataclass(frozen=True)
class Oscillations:
    """Recent writes (RECENT_WRITES), asked field by field."""

    recent: Columns

    def turns_again(self, name: str, side: Side, links: pa.Array, values: pa.Array) -> Flags:
        """Whether writing these values to `side` would be a reversal too many."""
        held = self._by_field.get(name)
        if held is None:
            return np.zeros(len(links), np.bool_)
        known = find(_keys(links, pa.repeat(side.value, len(links)), values), held.keys) >= 0
        so_far = pc.fill_null(take(held.reversals, find(links, held.links)), 0).to_numpy()
        again: Flags = known & (so_far >= REVERSALS - 1)
        return again

    @cached_property
    def _by_field(self) -> dict[str, _Held]:
        return {name: held for name in FIELDS for held in self._held(name)}

    def _held(self, name: str) -> Iterator[_Held]:
        concerned = (self.recent["mask"].to_numpy() & BIT[name]) != 0
        if not concerned.any():
            return
        rows = {column: cells.filter(pa.array(concerned)) for column, cells in self.recent.items()}
        written = _keys(rows["link_id"], rows["side"], rows[name])
        # A create replaced nothing.
        update = pa.array(equals(rows["op"], Op.UPDATE))
        replaced = _keys(rows["link_id"], rows["side"], rows[f"seen_{name}"]).filter(update)
        sights = pa.table(
            {
                "key": pa.concat_arrays([written, replaced]),
                "nth": pa.concat_arrays([rows["nth"], rows["nth"].filter(update)]),
            }
        )
        first = sights.group_by("key").aggregate([("nth", "min")]).combine_chunks()
        keys = first["key"].combine_chunks()
        before = take(first["nth_min"].combine_chunks(), find(written, keys))
        reversed_links = rows["link_id"].filter(pc.less(before, rows["nth"]))
        counts = pc.value_counts(reversed_links)
        yield _Held(keys, counts.field("values"), counts.field("counts"))


def _keys(links: pa.Array, sides: pa.Array, values: pa.Array) -> pa.Array:
    texts = pc.fill_null(pc.cast(values, pa.string()), "")
    return pc.binary_join_element_wise(links, sides, texts, _SEPARATOR)
