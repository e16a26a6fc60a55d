"""Three-way merge, field by field over many pairs (K1 to K3, K6, F1 to F6, T3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import Flags, Masks, choose, distinct, flags
from taskbridge.core.compare import INPUTS
from taskbridge.core.decision import Decision
from taskbridge.core.fields import with_tail
from taskbridge.core.frames import Column
from taskbridge.core.judge import chosen
from taskbridge.core.rules import Rules
from taskbridge.core.terms import BIT, FIELDS, ConflictPolicy, Side
from taskbridge.core.view import View

NOBODY, SC_WINS, SF_WINS = range(3)
Winners = npt.NDArray[np.int8]
Edited = Mapping[Side, Masks]
WINNERS: Final = (None, Side.SALES_CONNECT, Side.SALESFORCE)
"""Who won, by the number in the column of winners."""

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE


def merge(judged: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Adds what becomes of every field of the pairs that are to be merged; of the others nothing is changed or written.
    Reads what `compare` and `judge` answer. For each field, here `status`:

    `status_to_sc`, `status_to_sf` (bool): it is written there; `status_for_sc`, `status_for_sf`: the values then.
    `status_changed_sc`, `status_changed_sf` (bool): that side changed it since both were in step.
    `status_contested` (bool): both did, and differently (K3), or a person decided about it; `status_winner` (int8):
    the place in WINNERS. `status_turning` (bool): held, as it would go to and fro once too often (K6).
    `status_outdated` (bool): held, though a person decided: on other values than those of now.

    A field that is contested without a winner, or turning, is held. Where nothing is written and nothing held, both
    present values become the base.
    """
    pairs = View.of(judged)
    concerned = chosen(pairs, Decision.MERGE)
    edited = {side: np.where(concerned, pairs.number(f"{side.prefix}_edited"), 0) for side in Side}
    added: dict[str, Column] = {}
    for name in FIELDS:
        added |= _title(pairs, edited, rules) if name == "title" else _field(pairs, edited, rules, name)
    return pairs.adding(added).frame()


def held(merged: View, name: str) -> Flags:
    """Pairs whose field waits for a person."""
    undecided = merged.flag(f"{name}_contested") & (merged.number(f"{name}_winner") == NOBODY)
    waits: Flags = undecided | merged.flag(f"{name}_turning")
    return waits


def _field(pairs: View, edited: Edited, rules: Rules, name: str) -> dict[str, Column]:
    """A field that both sides may change."""
    changed = {side: (edited[side] & BIT[name]) != 0 for side in Side}
    now = {side: pairs.cell(f"{side.prefix}_now_{name}") for side in Side}
    if not (changed[_SC] | changed[_SF]).any():
        return _untouched(name, changed, now)
    crossed = {side: rules.crossing.to(side, name, now[side.other]) for side in Side}
    values = {side: crossed[side].values for side in Side}
    if name == "details":
        values[_SC] = with_tail(values[_SC], pairs.cell("sc_details"), pairs.cell("sf_details"))
    agree = np.zeros(len(pairs), np.bool_)
    for side in Side:
        agree |= crossed[side].can & ~distinct(values[side], now[side])
    contested = changed[_SC] & changed[_SF] & ~agree

    def writes(contested: Flags, winner: Winners) -> dict[Side, Flags]:
        """Which side the field is written to: the winner's value goes to the other, if it can cross."""
        counts = {
            _SF: np.where(contested, winner == SC_WINS, changed[_SC]),
            _SC: np.where(contested, winner == SF_WINS, changed[_SF]),
        }
        return {side: ~agree & counts[side] & crossed[side].can for side in Side}

    winner = _winner(pairs, rules, name, contested)
    return _named(name, changed, values) | _ruled(pairs, rules, name, values, writes, contested, winner)


def _title(pairs: View, edited: Edited, rules: Rules) -> dict[str, Column]:
    """The Subject follows SC's values through the template, and never comes back (F1, T3)."""
    template = rules.template
    bits = {_SC: BIT["title"] | INPUTS, _SF: BIT["title"]}
    changed = {side: (edited[side] & bits[side]) != 0 for side in Side}
    now = {side: pairs.cell(f"{side.prefix}_now_title") for side in Side}
    if not (changed[_SC] | changed[_SF]).any():
        return _untouched("title", changed, now)
    inputs = {name: pairs.cell(f"sc_now_{name}") for name in template.columns}
    base = {name: pairs.cell(f"sc_{name}") for name in template.columns}
    subject = template.render(inputs, len(pairs))
    anew = distinct(subject, template.render(base, len(pairs))) | rules.rerender
    differs = changed[_SC] & anew & distinct(subject, now[_SF])
    overwritten = differs & changed[_SF]
    values = {_SF: subject, _SC: now[_SC]}

    def writes(contested: Flags, winner: Winners) -> dict[Side, Flags]:
        """A Subject that a person lets stand is left as it is; it never goes to SC."""
        return {_SF: differs & ~(contested & (winner == SF_WINS)), _SC: np.zeros(len(pairs), np.bool_)}

    winner = np.where(overwritten, SC_WINS, NOBODY).astype(np.int8)
    return _named("title", changed, values) | _ruled(
        pairs, rules, "title", values, writes, overwritten, winner
    )


def _named(name: str, changed: Mapping[Side, Flags], values: Mapping[Side, pa.Array]) -> dict[str, Column]:
    return {f"{name}_changed_{side.prefix}": changed[side] for side in Side} | {
        f"{name}_for_{side.prefix}": values[side] for side in Side
    }


def _untouched(name: str, changed: Mapping[Side, Flags], now: Mapping[Side, pa.Array]) -> dict[str, Column]:
    nothing = np.zeros(len(changed[_SC]), np.bool_)
    unwritten = ("to_sc", "to_sf", "contested", "turning", "outdated")
    return {
        **_named(name, changed, now),
        **{f"{name}_{what}": nothing for what in unwritten},
        f"{name}_winner": nothing.astype(np.int8),
    }


def _ruled(
    pairs: View,
    rules: Rules,
    name: str,
    values: Mapping[Side, pa.Array],
    writes: Callable[[Flags, Winners], dict[Side, Flags]],
    contested: Flags,
    winner: Winners,
) -> dict[str, Column]:
    """Holds what would go to and fro (K6), and lets the word of a person stand above rules and policy (K3)."""
    links = pairs.cell("link_id")
    turning = np.zeros(len(links), np.bool_)
    for side, written in writes(contested, winner).items():
        turning |= written & rules.oscillations.turns_again(name, side, links, values[side])
    now = {side: pairs.cell(f"{side.prefix}_now_{name}") for side in Side}
    ruling, outdated = rules.rulings.on(name, links, now)
    ruled = (contested | turning) & (ruling != NOBODY)
    contested = contested | ruled
    winner = np.where(ruled, ruling, winner)
    turning &= ~ruled
    waits = (contested & (winner == NOBODY)) | turning
    return {
        f"{name}_contested": contested,
        f"{name}_winner": np.where(turning, NOBODY, winner).astype(np.int8),
        f"{name}_turning": turning,
        f"{name}_outdated": waits & outdated,
        **{f"{name}_to_{side.prefix}": here & ~waits for side, here in writes(contested, winner).items()},
    }


def _winner(pairs: View, rules: Rules, name: str, contested: Flags) -> Winners:
    """Place in WINNERS for contested pairs, NOBODY elsewhere and where a person has to decide (K3)."""
    winner = np.zeros(len(pairs), np.int8)
    if not contested.any():
        return winner
    policy = rules.policy
    match policy.field_policies.get(name, policy.conflict_policy):
        case ConflictPolicy.MANUAL:
            return winner
        case ConflictPolicy.SALESFORCE_WINS:
            winner[contested] = SF_WINS
        case ConflictPolicy.SALES_CONNECT_WINS:
            winner[contested] = SC_WINS
        case ConflictPolicy.LATEST_WINS:
            sc_stamp, sf_stamp = (_stamps(pairs, side).filter(pa.array(contested)) for side in Side)
            margin = pa.scalar(policy.conflict_margin, pa.duration("us"))
            later = flags(pc.greater(sc_stamp, pc.add(sf_stamp, margin)))
            winner[contested] = np.where(later, SC_WINS, SF_WINS)
    return winner


def _stamps(pairs: View, side: Side) -> pa.Array:
    """When a person last edited each record, as first seen with a difference that is still open (K3).

    A stamp that a write of ours moved says nothing about the person: the stamp seen before it counts.
    """
    prefix = side.prefix
    read, before = pairs.cell(f"{prefix}_read_modified_at"), pairs.cell(f"{prefix}_modified_at")
    moved_by_us = flags(pc.less_equal(read, pairs.cell(f"{prefix}_written_at")))
    return pc.coalesce(pairs.cell(f"{prefix}_changed_at"), choose(moved_by_us, before, read), before)
