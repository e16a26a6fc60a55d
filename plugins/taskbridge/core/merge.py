"""Three-way merge of one field over many pairs (K1 to K3, F1 to F6, T3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypedDict

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import Flags, Positions, distinct, flags, take
from taskbridge.core.diff import INPUTS, Changes
from taskbridge.core.fields import Crossing, with_tail
from taskbridge.core.match import Matched
from taskbridge.core.model import Policy
from taskbridge.core.template import SubjectTemplate
from taskbridge.core.terms import BIT, TEMPLATE_INPUTS, ConflictPolicy, Side

NOBODY: Final = 0
Winners = npt.NDArray[np.int8]
WINNERS: Final = (None, Side.SALES_CONNECT, Side.SALESFORCE)
"""Who won, by the number in `FieldMerge.winner`."""


class _Contest(TypedDict):
    """The part of a FieldMerge that is about who wins."""

    contested: Flags
    winner: Winners
    turning: Flags
    outdated: Flags
    write: dict[Side, Flags]


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
    winner: Winners
    turning: Flags  # held, as it would reverse once too often (K6)
    outdated: Flags  # held, though a person decided: on other values than those of now
    rule: str

    @property
    def written(self) -> Flags:
        return self.write[Side.SALES_CONNECT] | self.write[Side.SALESFORCE]

    @property
    def held(self) -> Flags:
        undecided: Flags = self.contested & (self.winner == NOBODY)
        return undecided | self.turning


def merge_field(
    matched: Matched, changes: Changes, crossing: Crossing, name: str, pairs: Positions
) -> FieldMerge:
    """Merge a field that both sides may change."""
    sc, sf = Side.SALES_CONNECT, Side.SALESFORCE
    rows = changes.rows(pairs, BIT[name])
    changed = {side: changes.of(side, rows, BIT[name]) for side in Side}
    now = {side: matched.now(side, name, rows) for side in Side}
    crossed = {sf: crossing.to(sf, name, now[sc]), sc: crossing.to(sc, name, now[sf])}
    incoming = crossed[sc].values
    if name == "details":
        incoming = with_tail(incoming, matched.base(sc, name, rows), matched.base(sf, name, rows))
    values = {sf: crossed[sf].values, sc: incoming}
    agree = np.zeros(len(rows), np.bool_)
    for side in Side:
        agree |= crossed[side].can & ~distinct(values[side], now[side])
    contested = changed[sc] & changed[sf] & ~agree

    def writes(contested: Flags, winner: Winners) -> dict[Side, Flags]:
        """Which side the field is written to: the winner's value goes to the other, if it can cross."""
        counts = {
            sf: np.where(contested, winner == 1, changed[sc]),
            sc: np.where(contested, winner == 2, changed[sf]),
        }
        return {side: ~agree & counts[side] & crossed[side].can for side in Side}

    contest = _judge(
        matched, name, rows, now, values, writes, contested, _winner(matched, name, rows, contested)
    )
    return FieldMerge(name=name, rows=rows, changed=changed, now=now, values=values, **contest, rule="K3")


def merge_title(
    matched: Matched, changes: Changes, template: SubjectTemplate, pairs: Positions
) -> FieldMerge:
    """The Subject follows SC's values through the template, and never comes back (F1, T3)."""
    sc, sf = Side.SALES_CONNECT, Side.SALESFORCE
    bits = BIT["title"] | INPUTS
    rows = changes.rows(pairs, bits)
    changed = {sc: changes.of(sc, rows, bits), sf: changes.of(sf, rows, BIT["title"])}
    inputs = {name: matched.now(sc, name, rows) for name in {"title", *template.columns}}
    base = {name: matched.base(sc, name, rows) for name in template.columns}
    subject = template.render(inputs, len(rows))
    now = {sc: inputs["title"], sf: matched.now(sf, "title", rows)}
    values = {sf: subject, sc: now[sc]}
    anew = distinct(subject, template.render(base, len(rows))) | matched.given.rerender
    differs = changed[sc] & anew & distinct(subject, now[sf])
    overwritten = differs & changed[sf]

    def writes(contested: Flags, winner: Winners) -> dict[Side, Flags]:
        """A Subject that a person lets stand is left as it is; it never goes to SC."""
        return {sf: differs & ~(contested & (winner == 2)), sc: np.zeros(len(rows), np.bool_)}

    contest = _judge(matched, "title", rows, now, values, writes, overwritten, overwritten.astype(np.int8))
    return FieldMerge(name="title", rows=rows, changed=changed, now=now, values=values, **contest, rule="T3")


def _judge(
    matched: Matched,
    name: str,
    rows: Positions,
    now: Mapping[Side, pa.Array],
    values: Mapping[Side, pa.Array],
    writes: Callable[[Flags, Winners], dict[Side, Flags]],
    contested: Flags,
    winner: Winners,
) -> _Contest:
    """Holds what would go to and fro (K6), and lets the word of a person stand above rules and policy (K3)."""
    links = take(matched.links["link_id"], rows)
    turning = np.zeros(len(rows), np.bool_)
    for side, chosen in writes(contested, winner).items():
        turning |= chosen & matched.oscillations.turns_again(name, side, links, values[side])
    ruling, outdated = matched.rulings.on(name, links, now)
    ruled = (contested | turning) & (ruling != NOBODY)
    contested = contested | ruled
    winner = np.where(ruled, ruling, winner)
    turning &= ~ruled
    held = (contested & (winner == NOBODY)) | turning
    return {
        "contested": contested,
        "winner": np.where(turning, NOBODY, winner).astype(np.int8),
        "turning": turning,
        "outdated": held & outdated,
        "write": {side: chosen & ~held for side, chosen in writes(contested, winner).items()},
    }


def inputs_now(matched: Matched, rows: Positions) -> dict[str, pa.Array]:
    """The template inputs of these pairs as SC holds them now."""
    return {name: matched.now(Side.SALES_CONNECT, name, rows) for name in TEMPLATE_INPUTS}


def _winner(matched: Matched, name: str, rows: Positions, contested: Flags) -> Winners:
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
