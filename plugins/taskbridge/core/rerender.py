"""Subjects made anew after a change of the template, for their own sake (T3)."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from taskbridge.core.arrays import distinct, flags
from taskbridge.core.diff import INPUTS, Changes
from taskbridge.core.match import Matched
from taskbridge.core.template import SubjectTemplate
from taskbridge.core.terms import Side

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE


def with_new_renderings(changes: Changes, matched: Matched, template: SubjectTemplate) -> Changes:
    """The changes, and a pair whose Subject renders differently now counts as changed in Sales Connect."""
    whole = flags(pc.is_valid(matched.links["sf_id"]))
    rows = np.flatnonzero(matched.seen[_SC] & whole)
    now = {name: matched.now(_SC, name, rows) for name in template.columns}
    differs = distinct(template.render(now, len(rows)), matched.now(_SF, "title", rows))
    mask = changes.mask[_SC].copy()
    mask[rows[differs]] |= INPUTS
    return Changes({_SC: mask, _SF: changes.mask[_SF]})
