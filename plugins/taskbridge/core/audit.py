"""Whole populations compared with each other and with the ledger: what is not as the rules say it should be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import (
    Flags,
    Positions,
    build,
    columns,
    constant,
    distinct,
    equals,
    flags,
    gather,
    take,
)
from taskbridge.core.diff import Changes
from taskbridge.core.fields import SKIPPED, Crossing
from taskbridge.core.match import Matched, carries_marker
from taskbridge.core.model import Plan, PlanInput
from taskbridge.core.template import SubjectTemplate
from taskbridge.core.terms import BIT, MERGED_FIELDS, TEMPLATE_INPUTS, LinkState, Side

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


def compare(given: PlanInput, plan: Plan) -> pa.Table:
    """DRIFT of populations that were read whole; `plan` is what a sync would make of the same input."""
    matched = Matched.of(given)
    return pa.concat_tables([*_Audit(matched).pairs(), *_strangers(matched, plan), *_doubled(matched)])


@dataclass
class _Audit:
    """Pairs, class by class; the first one stands, differences of fields aside."""

    matched: Matched

    def __post_init__(self) -> None:
        links = self.matched.links
        self.state = links["state"]
        self.open: Flags = np.ones(len(self.state), np.bool_)
        self.live = {side: gather(self.matched[side].live, self.matched[side].position) for side in Side}
        self.deleted = {
            side: gather(self.matched[side].deleted, self.matched[side].position) for side in Side
        }

    def pairs(self) -> Iterator[pa.Table]:
        live, deleted, links = self.live, self.deleted, self.matched.links
        ended = equals(self.state, LinkState.TOMBSTONE)
        yield self._end(Drift.ENDED_BUT_LIVE, ended & (live[_SC] | live[_SF]))
        self.open &= ~ended
        broken = [gather(self.matched[side].broken, self.matched[side].position) for side in Side]
        yield self._end(Drift.UNREADABLE, broken[0] | broken[1])
        yield self._end(Drift.HALF, flags(pc.or_(pc.is_null(links["sc_id"]), pc.is_null(links["sf_id"]))))
        yield self._end(Drift.BOTH_DELETED, deleted[_SC] & deleted[_SF])
        kept_out = equals(self.state, LinkState.RELEASED)
        yield self._end(Drift.WITHHELD, kept_out & flags(pc.is_valid(links["withheld"])))
        yield self._end(Drift.RELEASED, kept_out)
        yield self._end(Drift.ONE_DELETED, (live[_SC] & deleted[_SF]) | (deleted[_SC] & live[_SF]))
        yield self._end(Drift.WITHOUT_RECORDS, ~(live[_SC] | live[_SF]))
        yield self._end(Drift.MISSING, ~(live[_SC] & live[_SF]))
        yield from self._differences(np.flatnonzero(self.open))

    def _end(self, kind: Drift, which: Flags) -> pa.Table:
        rows = np.flatnonzero(which & self.open)
        self.open[rows] = False
        return self._lines(kind, rows)

    def _lines(self, kind: Drift, rows: Positions, **values: pa.Array) -> pa.Table:
        links = self.matched.links
        owner, title = self._present("owner", rows), self._present("title", rows)
        given = {
            "class": constant(kind, len(rows)),
            "tasks": constant(1, len(rows), pa.int64()),
            **{name: take(links[name], rows) for name in ("link_id", "sc_id", "sf_id")},
            "sc_user_id": owner,
            "title": title,
        }
        return build(DRIFT, given | values, len(rows))

    def _present(self, name: str, rows: Positions) -> pa.Array:
        """The SC value as read, else as in the base."""
        staged = self.matched[_SC]
        return pc.coalesce(take(staged.rows[name], staged.position[rows]), self.matched.base(_SC, name, rows))

    def _differences(self, rows: Positions) -> Iterator[pa.Table]:
        """Of pairs with two live records the fields that differ; the rest is in step."""
        crossing = Crossing.of(self.matched.users, self.matched.given.policy.skipped_tasks)
        changes = Changes.found_in(self.matched)
        differing = np.zeros(len(rows), np.bool_)
        for name in MERGED_FIELDS:
            here, there = self._read(_SC, name, rows), self._read(_SF, name, rows)
            differs = ~crossing.agree(name, here, there)
            differing |= differs
            explained = changes.of(_SC, rows, BIT[name]) | changes.of(_SF, rows, BIT[name])
            if name == "status":
                # What it means in Salesforce was set anew since: no edit, so nothing is overwritten (C4, F6).
                explained |= equals(here, SKIPPED)
            yield self._field(Drift.DIFFERS, name, rows, differs, (here, there), ~explained)
        template = SubjectTemplate.parse(self.matched.given.policy.subject_template)
        values = {name: self._read(_SC, name, rows) for name in ("title", *TEMPLATE_INPUTS)}
        rendered, present = template.render(values, len(rows)), self._read(_SF, "title", rows)
        subject = distinct(rendered, present)
        nothing = np.zeros(len(rows), np.bool_)
        yield self._field(Drift.SUBJECT, "title", rows, subject, (rendered, present), nothing)
        counted = int((~differing & ~subject).sum())
        yield build(
            DRIFT,
            {"class": constant(Drift.IN_STEP, 1), "tasks": constant(counted, 1, pa.int64())},
            1,
        )

    def _read(self, side: Side, name: str, rows: Positions) -> pa.Array:
        staged = self.matched[side]
        return take(staged.rows[name], staged.position[rows])

    def _field(
        self,
        kind: Drift,
        name: str,
        rows: Positions,
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
        return self._lines(kind, rows[differs], **told)


def _strangers(matched: Matched, plan: Plan) -> Iterator[pa.Table]:
    """Live records in no pair that should be in one, or say that they are."""
    wanted = columns(plan.new_links)
    known = matched.links["link_id"]
    new = ~flags(pc.is_in(wanted["link_id"], known))
    for side, kind in ((_SC, Drift.ONLY_IN_SALES_CONNECT), (_SF, Drift.ONLY_IN_SALESFORCE)):
        staged = matched[side]
        begun = wanted[f"{side.prefix}_id"].filter(pa.array(new)).drop_null()
        alone = staged.live & (staged.link < 0)
        marked = alone & carries_marker(staged.rows)
        yield _records(matched, side, kind, alone & flags(pc.is_in(staged.rows["remote_id"], begun)))
        yield _records(matched, side, Drift.MARKER_WITHOUT_LINK, marked)
        yield _records(matched, side, Drift.UNREADABLE, staged.broken & (staged.link < 0))


def _doubled(matched: Matched) -> Iterator[pa.Table]:
    """Live records whose marker another live record of their side carries as well (G2)."""
    for side in Side:
        staged = matched[side]
        marked = staged.live & carries_marker(staged.rows)
        counts = staged.rows["marker"].filter(pa.array(marked)).value_counts()
        twice = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
        doubled = marked & flags(pc.is_in(staged.rows["marker"], twice))
        yield _records(matched, side, Drift.MARKER_DOUBLED, doubled)


def _records(matched: Matched, side: Side, kind: Drift, which: Flags) -> pa.Table:
    staged = matched[side]
    rows = np.flatnonzero(which)
    users = matched.user_of(side, take(staged.rows["owner"], rows))
    given = {
        "class": constant(kind, len(rows)),
        "tasks": constant(1, len(rows), pa.int64()),
        "link_id": take(matched.links["link_id"], staged.link[rows]),
        f"{side.prefix}_id": take(staged.rows["remote_id"], rows),
        "sc_user_id": take(matched.users["sc_user_id"], users),
        "title": take(staged.rows["title"], rows),
    }
    return build(DRIFT, given, len(rows))
