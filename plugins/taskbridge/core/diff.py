"""Which fields of a pair differ from its own base, side by side. Content decides, never a stamp (G1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from taskbridge.core.arrays import SLICE, Flags, Masks, Positions, distinct
from taskbridge.core.match import Matched
from taskbridge.core.terms import BIT, FIELDS, TEMPLATE_INPUTS, Side

INPUTS = 1 << len(FIELDS)
"""Bit of an SC record whose template inputs changed (T3)."""


@dataclass(frozen=True)
class Changes:
    """Per link and side which fields differ from its base (BIT)."""

    mask: Mapping[Side, Masks]

    @classmethod
    def found_in(cls, matched: Matched) -> Changes:
        return cls(
            {
                Side.SALES_CONNECT: changed(matched, Side.SALES_CONNECT, TEMPLATE_INPUTS),
                Side.SALESFORCE: changed(matched, Side.SALESFORCE),
            }
        )

    def rows(self, among: Positions, bits: int) -> Positions:
        either = self.mask[Side.SALES_CONNECT][among] | self.mask[Side.SALESFORCE][among]
        chosen: Positions = among[(either & bits) != 0]
        return chosen

    def of(self, side: Side, rows: Positions, bits: int) -> Flags:
        differs: Flags = (self.mask[side][rows] & bits) != 0
        return differs


def changed(matched: Matched, side: Side, inputs: Sequence[str] = ()) -> Masks:
    """Per link the BIT of each field whose value on `side` differs from the base; 0 where it was not seen.

    `inputs` are the template inputs to compare as well (SC only); a difference in any is the bit INPUTS.
    """
    seen = matched.seen[side]
    mask = np.zeros(len(seen), np.int32)
    if not seen.any():
        return mask
    compared = list(_compared(matched, side, inputs))
    for start in range(0, len(mask), SLICE):
        position = matched[side].position[start : start + SLICE]
        rows = pa.array(position, mask=position < 0)
        for bit, read, base in compared:
            differ = distinct(read.take(rows), base.slice(start, SLICE))
            mask[start : start + SLICE] |= differ * np.int32(bit)
    mask[~seen] = 0
    return mask


def _compared(
    matched: Matched, side: Side, inputs: Sequence[str]
) -> Iterator[tuple[int, pa.Array, pa.Array]]:
    """Bit, staged column and base column, without fields that nobody fills."""
    for name, bit in [*BIT.items(), *((name, INPUTS) for name in inputs)]:
        read, base = matched[side].rows[name], matched.links[f"{side.prefix}_{name}"]
        if read.null_count < len(read) or base.null_count < len(base):
            yield bit, read, base
