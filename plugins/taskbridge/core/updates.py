"""Merges turned into updates, and into a base that follows them (K1 to K5, F6, T3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import Flags, Masks, choose, constant
from taskbridge.core.draft import Draft
from taskbridge.core.merge import WINNERS, held
from taskbridge.core.terms import BIT, FIELDS, TEMPLATE_INPUTS, Disposition, Op, Side
from taskbridge.core.view import View

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE

OUTDATED: Final = (
    "A side changed the field after a person had decided about it, so the decision does not fit the values of "
    "now and the field stays held: look at mart.conflicts_open and decide again."
)


def plan_updates(merged: View, draft: Draft) -> None:
    """Plans what `merge` asks for. Reads what `compare` and `merge` answer."""
    for side in (_SF, _SC):
        _update(side, merged, draft)
    _agree(merged, draft)
    for name in FIELDS:
        _keep_contested(name, merged, draft)
        _leave_out(name, merged, draft)
        draft.links.put(merged.places[held(merged, name)], Disposition.HELD, "K3")
    for name in FIELDS:
        turning = merged.flag(f"{name}_turning")
        draft.links.put(merged.places[turning], Disposition.HELD, "K6")


def _update(side: Side, merged: View, draft: Draft) -> None:
    """One update a pair, with the fields that go to this side; the base follows when it is done."""
    prefix, source = side.prefix, side.other.prefix
    mask = _mask({name: merged.flag(f"{name}_to_{prefix}") for name in FIELDS}, len(merged))
    written = merged.only(mask != 0)
    mask, length = mask[mask != 0], len(written)
    if not length:
        return
    draft.links.end(written.places, Disposition.PLANNED, "C1")
    contested = np.any(
        [written.flag(f"{n}_contested") & written.flag(f"{n}_to_{prefix}") for n in FIELDS],
        axis=0,
    )
    chosen = {name: written.flag(f"{name}_to_{prefix}") for name in FIELDS}
    values = {name: _where(chosen[name], written.cell(f"{name}_for_{prefix}")) for name in FIELDS}
    seq = draft.add_actions(
        {
            "link_id": written.cell("link_id"),
            "side": constant(side, length),
            "op": constant(Op.UPDATE, length),
            "remote_id": written.cell(f"{prefix}_id"),
            "rule": pc.if_else(pa.array(contested), "C1,K3", "C1"),
            "contested": pa.array(contested),
            "sc_user_id": written.cell("sc_now_owner"),
            "first_import": constant(False, length, pa.bool_()),
            "mask": pa.array(mask),
            **values,
            **seen_values(side, written),
        },
        written.places,
    )
    follow = {f"{prefix}_{name}": value for name, value in values.items()} | {
        f"{source}_{name}": _where(chosen[name], written.cell(f"{source}_now_{name}")) for name in FIELDS
    }
    _advance(written, {_SC: mask, _SF: mask}, follow | {"seq": seq}, draft)


def _agree(merged: View, draft: Draft) -> None:
    """What changed and needs no write becomes the base: agreement, what cannot cross (K2, F6)."""
    idle = {
        name: ~(merged.flag(f"{name}_to_sc") | merged.flag(f"{name}_to_sf") | held(merged, name))
        for name in FIELDS
    }
    agreed = {
        side: {name: idle[name] & merged.flag(f"{name}_changed_{side.prefix}") for name in FIELDS}
        for side in Side
    }
    masks = {side: _mask(agreed[side], len(merged)) for side in Side}
    some = (masks[_SC] | masks[_SF]) != 0
    if not some.any():
        return
    settled = merged.only(some)
    values = {
        f"{side.prefix}_{name}": _where(agreed[side][name][some], settled.cell(f"{side.prefix}_now_{name}"))
        for side in Side
        for name in FIELDS
    }
    _advance(settled, {side: mask[some] for side, mask in masks.items()}, values, draft)


def _advance(pairs: View, masks: Mapping[Side, Masks], values: Mapping[str, pa.Array], draft: Draft) -> None:
    """Lets the base of these pairs follow, the template inputs together with the SC name (T3).

    With a `seq` when these actions have succeeded, without one when the run settles.
    """
    renamed = (masks[_SC] & BIT["title"]) != 0
    inputs = {f"sc_{name}": pairs.cell(f"sc_now_{name}") for name in TEMPLATE_INPUTS} if renamed.any() else {}
    given = {
        "link_id": pairs.cell("link_id"),
        "sc_mask": pa.array(masks[_SC]),
        "sf_mask": pa.array(masks[_SF]),
        "inputs": pa.array(renamed),
    }
    draft.add_changes({**given, **inputs, **values}, len(pairs))


def seen_values(side: Side, pairs: View) -> dict[str, pa.Array]:
    """What the target of an action holds now, for the stale check and for K5."""
    return {f"seen_{name}": pairs.cell(f"{side.prefix}_now_{name}") for name in FIELDS}


def _mask(chosen: Mapping[str, Flags], length: int) -> Masks:
    mask: Masks = np.zeros(length, np.int32)
    for name, here in chosen.items():
        mask |= here * np.int32(BIT[name])
    return mask


def _where(chosen: Flags, values: pa.Array) -> pa.Array:
    """Null where the field is not concerned."""
    if chosen.all():
        return values
    return (
        choose(chosen, values, pa.scalar(None, values.type))
        if chosen.any()
        else pa.nulls(len(values), values.type)
    )


def _keep_contested(name: str, merged: View, draft: Draft) -> None:
    """Both values of a field that is contested or goes to and fro, in full (K5)."""
    kept = merged.only(merged.flag(f"{name}_contested") | merged.flag(f"{name}_turning"))
    length = len(kept)
    if not length:
        return
    winners = pa.array([winner and winner.value for winner in WINNERS], pa.string())
    rule = constant("T3" if name == "title" else "K3", length)
    draft.add_conflicts(
        {
            "link_id": kept.cell("link_id"),
            "field": constant(name, length),
            "rule": choose(kept.flag(f"{name}_turning"), constant("K6", length), rule),
            "winner": winners.take(pa.array(kept.number(f"{name}_winner").astype(np.int64))),
            **{f"value_{one.prefix}": _text(kept, f"{one.prefix}_now_{name}") for one in Side},
            **{f"base_{one.prefix}": _text(kept, f"{one.prefix}_{name}") for one in Side},
        },
        length,
    )


def _text(pairs: View, name: str) -> pa.Array:
    return pc.cast(pairs.cell(name), pa.string())


def _leave_out(name: str, merged: View, draft: Draft) -> None:
    """Says of a decision that it came too late: it was made on values that are not there any more."""
    late = merged.only(merged.flag(f"{name}_outdated"))
    draft.add_left_out(
        {
            "link_id": late.cell("link_id"),
            "field": constant(name, len(late)),
            "code": constant("DECISION_OUTDATED", len(late)),
            "reason": constant(OUTDATED, len(late)),
        },
        len(late),
    )
