"""Creating the missing half of a pair, and who is let in at all (I1 to I5, S2, C2, C7, F7, G2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import Flags, Positions, constant, flags, gather, take
from taskbridge.core.draft import Draft, Ends
from taskbridge.core.fields import NO_SUBJECT, Crossing
from taskbridge.core.match import MARKER_PREFIX, Matched, carries_marker
from taskbridge.core.template import SubjectTemplate
from taskbridge.core.terms import (
    ALL_FIELDS,
    FIELDS,
    MERGED_FIELDS,
    TEMPLATE_INPUTS,
    Disposition,
    FirstSyncMode,
    LinkState,
    Op,
    Side,
)


def plan_new_pairs(
    matched: Matched, draft: Draft, ends: Mapping[Side, Ends], crossing: Crossing, template: SubjectTemplate
) -> None:
    """Decides every staged row that is in no pair: let in and created on the other side, or left alone."""
    for side in Side:
        staged = matched[side]
        strangers = np.flatnonzero((staged.link < 0) & ends[side].open)
        rows = _admit(matched, side, strangers, ends[side])
        if len(rows):
            link_ids = _link_ids(matched, side, rows)
            ends[side].put(rows, Disposition.PLANNED, "C1")
            create(
                matched,
                draft,
                crossing,
                template,
                source=side,
                rows=rows,
                link_ids=link_ids,
                links=np.full(len(rows), -1, np.int64),
                generation=np.ones(len(rows), np.int32),
                rule="C1",
                lost=False,
            )


def create(
    matched: Matched,
    draft: Draft,
    crossing: Crossing,
    template: SubjectTemplate,
    *,
    source: Side,
    rows: Positions,
    link_ids: pa.Array,
    links: Positions,
    generation: np.ndarray[tuple[int], np.dtype[np.int32]],
    rule: str,
    lost: bool,
) -> None:
    """Plans a record on the other side of `source` for each of its staged rows.

    `links` are the places of pairs that exist already (-1: a new pair); the marker holds `generation`. `lost`: the
    new records replace deleted ones.
    """
    target = source.other
    length = len(rows)
    staged = matched[source]
    original = {name: take(staged.rows[name], rows) for name in (*FIELDS, "remote_id", "person")}
    users = matched.user_of(source, original["owner"])
    sc_user = take(matched.users["sc_user_id"], users)
    written = {name: crossing.create(target, name, original[name]) for name in MERGED_FIELDS}
    if target is Side.SALESFORCE:
        inputs = {name: take(staged.rows[name], rows) for name in TEMPLATE_INPUTS}
        written["title"] = template.render({"title": original["title"], **inputs}, length)
    else:
        inputs = known_inputs(matched, links)
        known = take(matched.links["sc_title"], links)
        written["title"] = pc.coalesce(known, original["title"], pa.scalar(NO_SUBJECT))
    numbers = pc.cast(pa.array(generation), pa.string())
    draft.add_new_links(
        {
            "link_id": link_ids,
            "origin": take(matched.links["origin"], links).fill_null(source.value),
            "generation": pa.array(generation),
            f"{source.prefix}_id": original["remote_id"],
            "owner": sc_user,
        },
        length,
    )
    seq = draft.add_actions(
        {
            "link_id": link_ids,
            "side": constant(target, length),
            "op": constant(Op.CREATE, length),
            "marker": pc.binary_join_element_wise(MARKER_PREFIX, link_ids, ":", numbers, ""),
            "rule": constant(rule, length),
            "sc_user_id": sc_user,
            "first_import": _first_import(matched, source, users, lost=lost),
            "mask": constant(ALL_FIELDS, length, pa.int32()),
            "person": _person(matched, target, original["person"]),
            **written,
        },
        links,
        rows,
    )
    here, there = source.prefix, target.prefix
    draft.add_changes(
        {
            "link_id": link_ids,
            "seq": seq,
            "state": constant(LinkState.LINKED, length),
            "sc_mask": constant(ALL_FIELDS, length, pa.int32()),
            "sf_mask": constant(ALL_FIELDS, length, pa.int32()),
            "inputs": constant(True, length, pa.bool_()),
            **{f"sc_{name}": values for name, values in inputs.items()},
            **{f"{here}_{name}": original[name] for name in FIELDS},
            **{f"{there}_{name}": written[name] for name in FIELDS},
        },
        length,
    )


def _person(matched: Matched, target: Side, known: pa.Array) -> pa.Array:
    """Whom a new record is about; Salesforce is told by setting only."""
    told = target is Side.SALES_CONNECT or matched.given.policy.fill_person
    return known if told else pa.nulls(len(known), pa.string())


def _link_ids(matched: Matched, side: Side, rows: Positions) -> pa.Array:
    system = matched.given.account if side is Side.SALES_CONNECT else matched.given.org
    origin = f"{side.prefix}:{system}:"
    return pc.binary_join_element_wise(origin, take(matched[side].rows["remote_id"], rows), "")


def known_inputs(matched: Matched, links: Positions) -> dict[str, pa.Array]:
    """The template inputs of an SC record that will be created: as the pair's was, if it had one (K5), else those of
    an import (F7)."""
    known = {name: take(matched.links[f"sc_{name}"], links) for name in TEMPLATE_INPUTS}
    return known | {"type": known["type"].fill_null("custom")}


def _first_import(matched: Matched, source: Side, users: Positions, *, lost: bool) -> pa.Array:
    """Whether a create belongs to its user's first import, which the limits do not count (G3).

    One that was planned before and never done still does; creating a lost record again (C7, K4) never does.
    """
    owed = gather(flags(matched.users["first_sync_owed"]), users)
    return pa.array(owed & (source is Side.SALESFORCE and not lost))


def _admit(matched: Matched, side: Side, rows: Positions, ends: Ends) -> Positions:
    """The rows that begin a pair; the others end here, with the rule that says why."""
    staged = matched[side]
    ends.end(rows[~staged.live[rows]], Disposition.IGNORED, "C1")
    rows = rows[ends.open[rows]]
    # Only another ledger's records carry a marker and no link: copying them would double them.
    ends.end(rows[carries_marker(staged.rows)[rows]], Disposition.HELD, "G2")
    if side is Side.SALESFORCE:
        ends.end(rows[~matched.reminders[rows]], Disposition.IGNORED, "C2")
    users = matched.user_of(side, take(staged.rows["owner"], rows))
    ends.end(rows[~gather(matched.synced, users)], Disposition.IGNORED, "S2")
    ends.end(rows[~gather(matched.selected, users)], Disposition.DEFERRED, "selection")
    still = ends.open[rows]
    rows, users = rows[still], users[still]
    if side is Side.SALES_CONNECT:
        old = ~_since_switch_on(matched, rows, users, "created_at")
        edited = _since_switch_on(matched, rows, users, "modified_at")
        ends.end(rows[old & edited], Disposition.IGNORED, "I3")
        ends.end(rows[old], Disposition.IGNORED, "I2")
    else:
        ends.end(rows[~_wanted_by_first_sync(matched, rows, users)], Disposition.IGNORED, "I1")
    return rows[ends.open[rows]]


def _since_switch_on(matched: Matched, rows: Positions, users: Positions, stamp: str) -> Flags:
    stamps = take(matched.sales_connect.rows[stamp], rows)
    return flags(pc.greater(stamps, take(matched.users["switched_on_sc"], users)))


def _wanted_by_first_sync(matched: Matched, rows: Positions, users: Positions) -> Flags:
    policy = matched.given.policy
    staged = matched.salesforce.rows
    mode = policy.first_sync_mode
    lookback = timedelta(0) if mode is FirstSyncMode.NONE else policy.first_sync_lookback
    switched_on = take(matched.users["switched_on_sf"], users)
    since = pc.subtract(switched_on, pa.scalar(lookback, pa.duration("us")))
    wanted = flags(pc.greater_equal(take(staged["modified_at"], rows), since))
    if mode in (FirstSyncMode.OPEN, FirstSyncMode.ALL):
        owed = gather(flags(matched.users["first_sync_owed"]), users)
        open_tasks = ~flags(take(staged["is_closed"], rows))
        wanted |= owed & (open_tasks | (mode is FirstSyncMode.ALL))
    return wanted
