"""Three-way merge of one field over many pairs (K1 to K3, F1 to F6, T3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import Flags, Positions, distinct, flags
from taskbridge.core.diff import INPUTS, Changes
from taskbridge.core.fields import Crossing, with_tail
from taskbridge.core.match import Matched
from taskbridge.core.model import BIT, TEMPLATE_INPUTS, ConflictPolicy, Policy, Side
from taskbridge.core.template import SubjectTemplate

NOBODY: Final = 0
WINNERS: Final = (None, Side.SALES_CONNECT, Side.SALESFORCE)
"""Who won, by the number in `FieldMerge.winner`."""


@dataclass(frozen=True)
class FieldMerge:
    """What becomes of one field in the pairs (`rows`, positions among the links) where a side changed it.

    The arrays run along `rows`. `write[side]` says that `values[side]` goes to that side. Where nothing is
    written and the field is not held, both present values become the base.
    """

    name: str
    rows: Positions
    changed: Mapping[Side, Flags]
    now: Mapping[Side, pa.Array]
    values: Mapping[Side, pa.Array]
    write: Mapping[Side, Flags]
    contested: Flags
    winner: npt.NDArray[np.int8]
    held: Flags
    rule: str

    @property
    def written(self) -> Flags:
        return self.write[Side.SALES_CONNECT] | self.write[Side.SALESFORCE]


def merge_field(
    matched: Matched, changes: Changes, crossing: Crossing, name: str, pairs: Positions
) -> FieldMerge:
    """Merge a field that both sides may change."""
    sc, sf = Side.SALES_CONNECT, Side.SALESFORCE
    rows = changes.rows(pairs, BIT[name])
    changed = {side: changes.of(side, rows, BIT[name]) for side in Side}
    now = {side: matched.now(side, name, rows) for side in Side}
    to_salesforce = crossing.to(sf, name, now[sc])
    to_sales_connect = crossing.to(sc, name, now[sf])
    incoming = to_sales_connect.values
    if name == "details":
        incoming = with_tail(incoming, matched.base(sc, name, rows), matched.base(sf, name, rows))
    agree = (to_salesforce.can & ~distinct(to_salesforce.values, now[sf])) | (
        to_sales_connect.can & ~distinct(incoming, now[sc])
    )
    contested = changed[sc] & changed[sf] & ~agree
    winner = _winner(matched, name, rows, contested)
    held = contested & (winner == NOBODY)
    sc_counts = np.where(contested, winner == 1, changed[sc])
    sf_counts = np.where(contested, winner == 2, changed[sf])
    return FieldMerge(
        name=name,
        rows=rows,
        changed=changed,
        now=now,
        values={sf: to_salesforce.values, sc: incoming},
        write={
            sf: ~agree & ~held & sc_counts & to_salesforce.can,
            sc: ~agree & ~held & sf_counts & to_sales_connect.can,
        },
        contested=contested,
        winner=winner,
        held=held,
        rule="K3",
    )


def merge_title(
    matched: Matched, changes: Changes, template: SubjectTemplate, pairs: Positions
) -> FieldMerge:
    """The Subject follows SC's values through the template, and never comes back (F1, T3)."""
    sc, sf = Side.SALES_CONNECT, Side.SALESFORCE
    bits = BIT["title"] | INPUTS
    rows = changes.rows(pairs, bits)
    changed = {sc: changes.of(sc, rows, bits), sf: changes.of(sf, rows, BIT["title"])}
    now = {name: matched.now(sc, name, rows) for name in {"title", *template.columns}}
    base = {name: matched.base(sc, name, rows) for name in template.columns}
    subject = template.render(now, len(rows))
    present = matched.now(sf, "title", rows)
    differs = changed[sc] & distinct(subject, template.render(base, len(rows))) & distinct(subject, present)
    overwritten = differs & changed[sf]
    return FieldMerge(
        name="title",
        rows=rows,
        changed=changed,
        now={sc: now["title"], sf: present},
        values={sf: subject, sc: now["title"]},
        write={sf: differs, sc: np.zeros(len(rows), np.bool_)},
        contested=overwritten,
        winner=overwritten.astype(np.int8),
        held=np.zeros(len(rows), np.bool_),
        rule="T3",
    )


def inputs_now(matched: Matched, rows: Positions) -> dict[str, pa.Array]:
    """The template inputs of these pairs as SC holds them now."""
    return {name: matched.now(Side.SALES_CONNECT, name, rows) for name in TEMPLATE_INPUTS}


def _winner(matched: Matched, name: str, rows: Positions, contested: Flags) -> npt.NDArray[np.int8]:
    """Place in WINNERS for contested rows, NOBODY elsewhere and where a person has to decide (K3)."""
    winner = np.zeros(len(rows), np.int8)
    if not contested.any():
        return winner
    policy: Policy = matched.given.policy
    match policy.field_policies.get(name, policy.conflict_policy):
        case ConflictPolicy.MANUAL:
            return winner
        case ConflictPolicy.SALESFORCE_WINS:
            winner[contested] = 2
        case ConflictPolicy.SALES_CONNECT_WINS:
            winner[contested] = 1
        case ConflictPolicy.LATEST_WINS:
            theirs = matched.stamps(Side.SALES_CONNECT, rows[contested])
            ours = matched.stamps(Side.SALESFORCE, rows[contested])
            margin = pa.scalar(policy.conflict_margin, pa.duration("us"))
            winner[contested] = np.where(flags(pc.greater(theirs, pc.add(ours, margin))), 1, 2)
    return winner
