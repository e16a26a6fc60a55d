"""Whole populations compared with each other and with the ledger: what is not as the rules say it should be."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import (
    Flags,
    build,
    columns,
    constant,
    distinct,
    equals,
    flags,
    take,
)
from taskbridge.core.compare import compare
from taskbridge.core.fields import SKIPPED
from taskbridge.core.join import join
from taskbridge.core.model import Plan, PlanInput
from taskbridge.core.record_linkage import Population
from taskbridge.core.records import carries_marker, is_broken
from taskbridge.core.rules import Rules
from taskbridge.core.terms import BIT, MERGED_FIELDS, TEMPLATE_INPUTS, LinkState, Side
from taskbridge.core.view import View

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE


class Drift(StrEnum):
    """What a line of an audit says."""

    IN_STEP = "in_step"  # only counted
    DIFFERS = "differs"  # a field says different things, as far as it can cross
    SUBJECT = (
        "subject"  # the Subject is not what the template gives now (F1, T3): typed, or an older template
    )
    ONE_DELETED = "one_deleted"
    BOTH_DELETED = "both_deleted"  # the next run ends the pair
    MISSING = "missing"  # a record is not found, without proof that it was deleted (C5)
    WITHOUT_RECORDS = "without_records"  # neither record is found
    ENDED_BUT_LIVE = "ended_but_live"  # the pair was ended, and a record of it is live
    HALF = "half"  # the second record never came to be
    RELEASED = "released"  # C2, C3
    WITHHELD = "withheld"  # a person keeps it out
    UNREADABLE = "unreadable"  # G4
    ONLY_IN_SALES_CONNECT = "only_in_sales_connect"  # should have a partner by the rules
    ONLY_IN_SALESFORCE = "only_in_salesforce"
    MARKER_WITHOUT_LINK = "marker_without_link"
    MARKER_DOUBLED = "marker_doubled"


_ONLY: Final = {_SC: Drift.ONLY_IN_SALES_CONNECT, _SF: Drift.ONLY_IN_SALESFORCE}

DRIFT: Final = pa.schema(
    [
        ("class", pa.string()),  # Drift
        ("tasks", pa.int64()),  # what the line stands for: 1, or how many are in step
        ("link_id", pa.string()),
        ("sc_id", pa.string()),
        ("sf_id", pa.string()),
        ("sc_user_id", pa.string()),
        ("title", pa.string()),
        ("field", pa.string()),  # of a difference
        ("value_sc", pa.string()),
        ("value_sf", pa.string()),
        ("unexplained", pa.bool_()),  # neither an edit nor a setting tells why
    ]
)
"""One row for each difference; a pair that differs in two fields has two."""


def find_drift(given: PlanInput, plan: Plan) -> pa.Table:
    """DRIFT of populations that were read whole; `plan` is what a sync would make of the same input."""
    rules, joined = Rules.of(given), join(given)
    pairs = View.of(compare(joined, rules, everything=True))
    lines, known = [*_pairs(pairs, rules)], pairs.cell("link_id")
    for side in Side:
        staged = Population.of(joined.staged(side))
        lines += [*_strangers(side, staged, known, rules, plan), _doubled(side, staged, known, rules)]
    return pa.concat_tables(lines)


def _pairs(pairs: View, rules: Rules) -> Iterator[pa.Table]:
    """Class by class; the first one stands, differences of fields aside."""
    live = {side: pairs.flag(f"{side.prefix}_live") for side in Side}
    some = live[_SC] | live[_SF]
    # What was read itself: what is known of a pair besides does not make it less of a drift.
    deleted = {side: _read_as_deleted(pairs, side) for side in Side}
    state = pairs.cell("state")
    ended, released = equals(state, LinkState.TOMBSTONE), equals(state, LinkState.RELEASED)
    ids = [pairs.cell(f"{side.prefix}_id") for side in Side]
    classes = (
        (Drift.ENDED_BUT_LIVE, ended & some),
        (None, ended),
        (Drift.UNREADABLE, pairs.flag("sc_broken") | pairs.flag("sf_broken")),
        (Drift.HALF, flags(pc.or_(*map(pc.is_null, ids)))),
        (Drift.BOTH_DELETED, deleted[_SC] & deleted[_SF]),
        (Drift.WITHHELD, released & flags(pc.is_valid(pairs.cell("withheld")))),
        (Drift.RELEASED, released),
        (Drift.ONE_DELETED, (live[_SC] & deleted[_SF]) | (deleted[_SC] & live[_SF])),
        (Drift.WITHOUT_RECORDS, ~some),
        (Drift.MISSING, ~(live[_SC] & live[_SF])),
    )
    left = np.ones(len(pairs), np.bool_)
    for kind, here in classes:
        if kind is not None:
            yield _lines(kind, pairs.only(here & left))
        left &= ~here
    yield from _differences(pairs.only(left), rules)


def _read_as_deleted(pairs: View, side: Side) -> Flags:
    return pairs.flag(f"{side.prefix}_deleted") & ~pairs.flag(f"{side.prefix}_still_gone")


def _lines(kind: Drift, pairs: View, **values: pa.Array) -> pa.Table:
    length = len(pairs)
    given = {
        "class": constant(kind, length),
        "tasks": constant(1, length, pa.int64()),
        **{name: pairs.cell(name) for name in ("link_id", "sc_id", "sf_id")},
        "sc_user_id": pairs.cell("sc_now_owner"),
        "title": pairs.cell("sc_now_title"),
    }
    return build(DRIFT, given | values, length)


def _differences(pairs: View, rules: Rules) -> Iterator[pa.Table]:
    """Of pairs with two live records the fields that differ; the rest is in step."""
    differing = np.zeros(len(pairs), np.bool_)
    edited = pairs.number("sc_edited") | pairs.number("sf_edited")
    for name in MERGED_FIELDS:
        here, there = pairs.cell(f"sc_now_{name}"), pairs.cell(f"sf_now_{name}")
        differs = ~rules.crossing.agree(name, here, there)
        differing |= differs
        explained = (edited & BIT[name]) != 0
        if name == "status":
            # What it means in Salesforce was set anew since: no edit, so nothing is overwritten (C4, F6).
            explained |= equals(here, SKIPPED)
        yield _field(Drift.DIFFERS, name, pairs, differs, (here, there), ~explained)
    values = {name: pairs.cell(f"sc_now_{name}") for name in ("title", *TEMPLATE_INPUTS)}
    rendered, present = rules.template.render(values, len(pairs)), pairs.cell("sf_now_title")
    subject = distinct(rendered, present)
    nothing = np.zeros(len(pairs), np.bool_)
    yield _field(Drift.SUBJECT, "title", pairs, subject, (rendered, present), nothing)
    counted = constant(int((~differing & ~subject).sum()), 1, pa.int64())
    yield build(DRIFT, {"class": constant(Drift.IN_STEP, 1), "tasks": counted}, 1)


def _field(
    kind: Drift,
    name: str,
    pairs: View,
    differs: Flags,
    values: tuple[pa.Array, pa.Array],
    unexplained: Flags,
) -> pa.Table:
    chosen = pa.array(differs)
    here, there = (pc.cast(value.filter(chosen), pa.string()) for value in values)
    told = {
        "field": constant(name, len(here)),
        "value_sc": here,
        "value_sf": there,
        "unexplained": pa.array(unexplained[differs]),
    }
    return _lines(kind, pairs.only(differs), **told)


def _strangers(
    side: Side, staged: Population, known: pa.Array, rules: Rules, plan: Plan
) -> Iterator[pa.Table]:
    """Live records in no pair that should be in one, or say that they are."""
    wanted = columns(plan.new_links)
    new = pc.invert(pc.is_in(wanted["link_id"], known))
    begun = wanted[f"{side.prefix}_id"].filter(new).drop_null()
    alone = staged.pair < 0
    begins = staged.live & alone & flags(pc.is_in(staged.rows["remote_id"], begun))
    yield _records(_ONLY[side], side, begins, staged, known, rules)
    marked = staged.live & alone & carries_marker(staged.rows)
    yield _records(Drift.MARKER_WITHOUT_LINK, side, marked, staged, known, rules)
    yield _records(Drift.UNREADABLE, side, is_broken(staged.rows) & alone, staged, known, rules)


def _doubled(side: Side, staged: Population, known: pa.Array, rules: Rules) -> pa.Table:
    """Live records whose marker another live record of their side carries as well (G2)."""
    marked = staged.live & carries_marker(staged.rows)
    counts = staged.rows["marker"].filter(pa.array(marked)).value_counts()
    twice = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    doubled = marked & flags(pc.is_in(staged.rows["marker"], twice))
    return _records(Drift.MARKER_DOUBLED, side, doubled, staged, known, rules)


def _records(
    kind: Drift, side: Side, which: Flags, staged: Population, known: pa.Array, rules: Rules
) -> pa.Table:
    rows = np.flatnonzero(which)
    users = rules.people.place(side, take(staged.rows["owner"], rows))
    given = {
        "class": constant(kind, len(rows)),
        "tasks": constant(1, len(rows), pa.int64()),
        "link_id": take(known, staged.pair[rows]),
        f"{side.prefix}_id": take(staged.rows["remote_id"], rows),
        "sc_user_id": rules.people.of("sc_user_id", users),
        "title": take(staged.rows["title"], rows),
    }
    return build(DRIFT, given, len(rows))
