"""Which fields of a pair differ from its own base, side by side. Content decides, never a stamp (G1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from taskbridge.core.arrays import SLICE, Flags, Masks, Positions, distinct, take
from taskbridge.core.match import Matched
from taskbridge.core.model import BIT, FIELDS, Side

INPUTS = 1 << len(FIELDS)
"""Bit of an SC record whose template inputs changed (T3)."""


def changed(matched: Matched, side: Side, seen: Flags, inputs: Sequence[str]) -> Masks:
    """Per link the BIT of each field whose value on `side` differs from the base; 0 where it was not seen.

    `inputs` are the template inputs that matter for the present template (SC only).
    """
    mask = np.zeros(len(seen), np.int32)
    staged = matched[side]
    if len(staged) == 0 or not seen.any():
        return mask
    for name in FIELDS:
        _compare(mask, BIT[name], staged.rows[name], matched.links[f"{side.prefix}_{name}"], staged.position)
    for name in inputs:
        _compare(mask, INPUTS, staged.rows[name], matched.links[f"{side.prefix}_{name}"], staged.position)
    mask[~seen] = 0
    return mask


def _compare(mask: Masks, bit: int, read: pa.Array, base: pa.Array, position: Positions) -> None:
    for start in range(0, len(mask), SLICE):
        part = slice(start, start + SLICE)
        here = base.slice(start, SLICE)
        mask[part] |= distinct(take(read, position[part]), here) * np.int32(bit)
