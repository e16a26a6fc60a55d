"""Blast radius: which kinds of effect are too many, and for whom (G3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import (
    Columns,
    Flags,
    Positions,
    columns,
    constant,
    equals,
    find,
    gather,
    to_table,
    whole,
)
from taskbridge.core.fields import DONE
from taskbridge.core.model import WEIGHED, PlanInput
from taskbridge.core.policy import Limits
from taskbridge.core.terms import BIT, GuardKind, Op, Side

Counts = npt.NDArray[np.int64]
Kinds = Mapping[GuardKind, Flags]

FIELD_OF: Final[Mapping[GuardKind, str]] = {
    GuardKind.COMPLETE: "status",
    GuardKind.OWNER: "owner",
    GuardKind.DUE_DATE: "due_date",
    GuardKind.SUBJECT: "title",
}
"""The field that an update of this kind writes."""


def kinds_of(actions: pa.Table, *, rerender: bool) -> Kinds:
    """Per kind which of the actions are of it. Only where Subjects are made anew is a Subject of a kind."""
    op, side = whole(actions, "op"), whole(actions, "side")
    mask = whole(actions, "mask").to_numpy(zero_copy_only=False)
    update = equals(op, Op.UPDATE)
    status = whole(actions, "status")
    completes = np.zeros(len(actions), np.bool_)
    for target in Side:
        completes |= equals(side, target) & equals(status, DONE[target])
    writes = {kind: update & ((mask & BIT[name]) != 0) for kind, name in FIELD_OF.items()}
    writes[GuardKind.COMPLETE] &= completes
    writes[GuardKind.SUBJECT] &= rerender
    return {
        GuardKind.CREATE: equals(op, Op.CREATE),
        GuardKind.DELETE: equals(op, Op.DELETE),
        **writes,
    }


def weigh(actions: pa.Table, counted: Kinds) -> pa.Table:
    """WEIGHED of the actions that count for each kind."""
    users = whole(actions, "sc_user_id")
    return together(
        pa.table(
            {
                "kind": constant(kind, int(concerned.sum())),
                "sc_user_id": users.filter(pa.array(concerned)),
                "actions": constant(1, int(concerned.sum()), pa.int64()),
            },
            schema=WEIGHED,
        )
        for kind, concerned in counted.items()
    )


def together(weighed: Iterable[pa.Table]) -> pa.Table:
    """WEIGHED tables added up, by kind and user."""
    rows = pa.concat_tables([WEIGHED.empty_table(), *weighed])
    summed = rows.group_by(["kind", "sc_user_id"]).aggregate([("actions", "sum")])
    named = summed.rename_columns({"actions_sum": "actions"}).select(WEIGHED.names).cast(WEIGHED)
    return named.sort_by([("kind", "ascending"), ("sc_user_id", "ascending")])


def too_many(actions: pa.Table, weighed: pa.Table, given: PlanInput) -> Kinds:
    """Per kind the actions whose user has too many of it; `weighed`: those of them that count. A limit that is
    exceeded overall exceeds it for everybody, one that is exceeded for a user for that user alone."""
    known, exceeded = _exceeded(together([weighed, to_table(given.elsewhere, WEIGHED)]), given)
    place = find(_users(whole(actions, "sc_user_id")), known)
    return {kind: gather(users, place) for kind, users in exceeded.items()}


def is_too_much(weighed: pa.Table, given: PlanInput) -> bool:
    """Whether any limit is exceeded by this."""
    return any(bool(users.any()) for users in _exceeded(weighed, given)[1].values())


def _exceeded(weighed: pa.Table, given: PlanInput) -> tuple[pa.Array, Kinds]:
    """Users, and per kind which of them have too many, together with what was written in the last hour; of deletes
    also with the last day."""
    population, history = columns(given.population), columns(given.history)
    planned = {name: whole(weighed, name) for name in WEIGHED.names}
    known = pc.unique(
        pa.concat_arrays([_users(rows["sc_user_id"]) for rows in (planned, population, history)])
    )
    pairs = _per_user(known, population["sc_user_id"], population["pairs"])
    exceeded = {}
    for kind, limits in given.policy.limits.items():
        of_kind = pc.equal(planned["kind"], kind.value)
        counts = _per_user(known, planned["sc_user_id"].filter(of_kind), planned["actions"].filter(of_kind))
        exceeded[kind] = _too_many(kind, counts, pairs, history, known, limits)
    return known, exceeded


def names(kinds: Kinds, length: int) -> pa.Array:
    """Each action's kinds as text, comma-separated, null for none; looked up by their combination."""
    combination = np.zeros(length, np.int64)
    for bit, of_kind in enumerate(kinds.values()):
        combination |= of_kind.astype(np.int64) << bit
    texts = [
        ",".join(kind for bit, kind in enumerate(kinds) if number >> bit & 1) or None
        for number in range(1 << len(kinds))
    ]
    return pa.array(texts, pa.string()).take(pa.array(combination))


def _too_many(
    kind: GuardKind, planned: Counts, pairs: Counts, history: Columns, known: pa.Array, limits: Limits
) -> Flags:
    """Per user whether actions of the kind are too many; everybody's when they are too many overall."""
    half = limits.half_of_more_than
    windows = ("within_hour", "within_day") if kind is GuardKind.DELETE else ("within_hour",)
    result = np.zeros(len(known), np.bool_)
    of_kind = pc.equal(history["kind"], kind.value)
    for window in windows:
        written = _per_user(known, history["sc_user_id"].filter(of_kind), history[window].filter(of_kind))
        total = planned + written
        result |= _exceeds(total, pairs, limits.user_count, limits.user_share, half)
        everybody = total.sum(keepdims=True), pairs.sum(keepdims=True)
        result |= _exceeds(*everybody, limits.count, limits.share, half)
    return result


def _exceeds(total: Counts, pairs: Counts, count: int, share: float, half_of_more_than: int | None) -> Flags:
    result: Flags = total > np.maximum(count, share * pairs)
    if half_of_more_than is not None:
        result |= (pairs > half_of_more_than) & (total > pairs / 2)
    return result


def _per_user(known: pa.Array, users: pa.Array, counts: pa.Array) -> Counts:
    place: Positions = find(_users(users), known)
    weights = counts.to_numpy(zero_copy_only=False)
    return np.bincount(place, weights=weights, minlength=len(known)).astype(np.int64)


def _users(users: pa.Array) -> pa.Array:
    """Users with a name for nobody, who counts for the whole."""
    return pc.fill_null(users, "")
