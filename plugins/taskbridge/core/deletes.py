"""Deletes that cross, and what they leave behind (C1, C5, C6, I4, K4, K5)."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import Flags, choose, constant, equals, flags
from taskbridge.core.decision import EDIT_MEETS_DELETE, RULES
from taskbridge.core.draft import Draft
from taskbridge.core.rules import Rules
from taskbridge.core.terms import FIELDS, ActionState, Disposition, Doubt, LinkState, Op, Proof, Side
from taskbridge.core.updates import seen_values
from taskbridge.core.view import View

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE
_RULE: Final = {Doubt.TOO_OLD: "I4", Doubt.UNDATED: "C6", Doubt.MISSING: "C5,C6"}


def plan_deletes(side: Side, pairs: View, rules: Rules, draft: Draft) -> None:
    """Carries a delete over to `side`; what is too old, or not proven and dated after a gap, is planned and held for
    approval (C1, K4, I4, C6). Reads what `compare` and `judge` answer."""
    length, rows = len(pairs), pairs.places
    if not length:
        return
    cases = pairs.number("case")
    why, doubt = pa.array(RULES).take(pa.array(cases.astype(np.int64))), pa.nulls(length, pa.string())
    doubts = _doubts(side, pairs, rules)
    for reason, here in doubts.items():
        draft.links.end(rows[here], Disposition.HELD, _RULE[reason])
        why = choose(here, constant(_RULE[reason], length), why)
        doubt = choose(here, constant(reason, length), doubt)
    draft.set_state(pairs.only(doubts[Doubt.UNDATED] | doubts[Doubt.MISSING]), LinkState.HELD)
    draft.links.end(rows, Disposition.PLANNED, "C1")
    seq = draft.add_actions(
        {
            "link_id": pairs.cell("link_id"),
            "side": constant(side, length),
            "op": constant(Op.DELETE, length),
            "remote_id": pairs.cell(f"{side.prefix}_id"),
            "state": pc.if_else(pc.is_valid(doubt), ActionState.HELD.value, pa.scalar(None, pa.string())),
            "rule": why,
            "doubt": doubt,
            "sc_user_id": pairs.cell("sc_now_owner"),
            "first_import": constant(False, length, pa.bool_()),
            "mask": constant(0, length, pa.int32()),
            **seen_values(side, pairs),
        },
        rows,
    )
    draft.set_state(pairs, LinkState.TOMBSTONE, seq)
    keep_records(pairs.only(EDIT_MEETS_DELETE[cases]), side.other, draft)


def _doubts(side: Side, pairs: View, rules: Rules) -> dict[Doubt, Flags]:
    missing = pairs.flag(f"{side.other.prefix}_absent")
    too_old = _too_old(pairs, rules) if side is _SC else np.zeros(len(pairs), np.bool_)
    undated = _undated(side.other, pairs, rules) & ~missing & ~too_old
    return {Doubt.TOO_OLD: too_old & ~missing, Doubt.UNDATED: undated, Doubt.MISSING: missing}


def _undated(side: Side, pairs: View, rules: Rules) -> Flags:
    """Deletes on `side` that no listing dates as one of the last days, though the side was not read for
    longer; once that was found, a pair stays in doubt until both records are seen (C6)."""
    waiting = equals(pairs.cell("state"), LinkState.HELD)
    if side not in rules.gaps:
        return waiting
    return waiting | flags(pc.is_null(pairs.cell(f"{side.prefix}_read_version")))


def _too_old(pairs: View, rules: Rules) -> Flags:
    oldest = pa.scalar(rules.sf_now - rules.policy.delete_max_age, pa.timestamp("us", tz="UTC"))
    # What is gone from the recycle bin has no stamp any more, and is no younger for that: it is as old as the
    # run found that held it, else its delete was the last that was seen of it.
    proof, gone = pairs.cell("sf_proof"), pairs.flag("sf_still_gone")
    was_old = equals(proof, Proof.HELD_TOO_OLD)
    last_seen = gone & equals(proof, Proof.READ)
    deleted_at = choose(last_seen, pairs.cell("sf_version"), pairs.cell("sf_read_version"))
    return flags(pc.less(deleted_at, oldest)) | (was_old & gone)


def keep_records(pairs: View, winner: Side, draft: Draft) -> None:
    """An edit that met a delete, with all values of both records (K4, K5)."""
    length = len(pairs)
    if not length:
        return
    draft.add_conflicts(
        {
            "link_id": pairs.cell("link_id"),
            "field": constant("record", length),
            "rule": constant("K4", length),
            "winner": constant(winner, length),
            **{f"base_{side.prefix}": _as_json(pairs, f"{side.prefix}_") for side in Side},
            **{f"value_{side.prefix}": _as_json(pairs, f"{side.prefix}_now_") for side in Side},
        },
        length,
    )


def _as_json(pairs: View, prefix: str) -> pa.Array:
    """All fields of these pairs' records on a side, one JSON object each."""
    columns = {name: pc.cast(pairs.cell(prefix + name), pa.string()) for name in FIELDS}
    lines = pa.table(columns).to_pandas().to_json(orient="records", lines=True, force_ascii=False)
    # Only "\n" ends an object: texts may hold U+2028 and U+0085 as they are.
    return pa.array(lines.removesuffix("\n").split("\n"), pa.string())
