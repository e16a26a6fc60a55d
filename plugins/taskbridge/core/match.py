"""Which staged row belongs to which pair, and who takes part (S2, C2, C3)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import (
    Columns,
    Flags,
    Positions,
    choose,
    columns,
    distinct,
    equals,
    find,
    flags,
    gather,
    later,
    take,
    ticks,
)
from taskbridge.core.model import PlanInput
from taskbridge.core.oscillation import Oscillations
from taskbridge.core.rulings import Rulings
from taskbridge.core.terms import LinkState, Outside, Presence, Side, Withheld

MARKER_PREFIX: Final = "tb:"
UNNAMED: Final = MARKER_PREFIX
"""Stands for the marker of a record that TaskBridge created in a system that has no place for markers: ours, and
nobody can tell from the record which pair it belongs to."""

_GENERATION: Final = r":\d+$"
_FAR_FUTURE: Final = 2**62


@dataclass(frozen=True)
class Staged:
    """One side's staged rows and their places among the links."""

    side: Side
    rows: Columns
    position: Positions  # for each link its staged row, or -1
    link: Positions  # for each staged row its link, or -1

    @cached_property
    def live(self) -> Flags:
        return equals(self.rows["presence"], Presence.LIVE) & ~self.broken

    @cached_property
    def deleted(self) -> Flags:
        return equals(self.rows["presence"], Presence.DELETED)

    @cached_property
    def absent(self) -> Flags:
        return equals(self.rows["presence"], Presence.ABSENT)

    @cached_property
    def broken(self) -> Flags:
        """Records that cannot be understood."""
        return ~flags(pc.is_null(self.rows["problem_code"]))

    def __len__(self) -> int:
        return len(self.link)


@dataclass(frozen=True)
class Matched:
    """A plan's input with its staged rows joined to the links by position."""

    given: PlanInput
    links: Columns
    users: Columns
    sales_connect: Staged
    salesforce: Staged

    @classmethod
    def of(cls, given: PlanInput) -> Matched:
        links = columns(given.links)
        return cls(
            given,
            links,
            columns(given.users),
            _staged(Side.SALES_CONNECT, columns(given.sales_connect), links["sc_id"]),
            _with_earlier_copies(_staged(Side.SALESFORCE, columns(given.salesforce), links["sf_id"]), links),
        )

    def __getitem__(self, side: Side) -> Staged:
        return self.sales_connect if side is Side.SALES_CONNECT else self.salesforce

    @cached_property
    def rulings(self) -> Rulings:
        """What people decided about these pairs (K3)."""
        return Rulings(columns(self.given.decisions))

    @cached_property
    def oscillations(self) -> Oscillations:
        """What went to and fro lately (K6)."""
        return Oscillations(columns(self.given.recent))

    @cached_property
    def user_ids(self) -> dict[Side, pa.Array]:
        return {Side.SALES_CONNECT: self.users["sc_user_id"], Side.SALESFORCE: self.users["sf_user_id"]}

    @cached_property
    def synced(self) -> Flags:
        """Per user: switched on and mapped (S2)."""
        return flags(self.users["synced"])

    @cached_property
    def selected(self) -> Flags:
        """Per user: asked for by this run."""
        return flags(self.users["selected"])

    def user_of(self, side: Side, owners: pa.Array) -> Positions:
        """Each owner's place among the users, or -1."""
        return find(owners, self.user_ids[side])

    @cached_property
    def outdated(self) -> Flags:
        """Links of which a listing showed a record in an older version than before: that decides nothing until the
        record is read by id (G9)."""
        outdated = np.zeros(len(self.links["link_id"]), np.bool_)
        for side in Side:
            staged = self[side]
            read = ticks(staged.rows["version"], null=_FAR_FUTURE)
            known = ticks(self.links[f"{side.prefix}_version"], null=-_FAR_FUTURE)
            listed = ~flags(self.links[f"{side.prefix}_asked"])
            found = np.flatnonzero((staged.position >= 0) & listed)
            outdated[found] |= read[staged.position[found]] < known[found]
        return outdated

    @cached_property
    def seen(self) -> dict[Side, Flags]:
        """Links whose record was read live."""
        return {side: self._read_as(side, self[side].live) for side in Side}

    @cached_property
    def deleted(self) -> dict[Side, Flags]:
        """Links whose record was read as deleted; or is still gone, after a delete that was proven once (C5)."""
        return {side: self._read_as(side, self[side].deleted) | self.still_gone[side] for side in Side}

    @cached_property
    def still_gone(self) -> dict[Side, Flags]:
        """Links whose record was not found, as is to be expected since its delete was proven: in a run that could
        not decide the pair, or before the pair ended; and of a copy that was withdrawn."""
        ended = equals(self.links["state"], LinkState.TOMBSTONE)
        return {
            side: self._read_as(side, self[side].absent)
            & (ended | self.withdrawn[side] | flags(pc.is_valid(self.links[f"{side.prefix}_proof"])))
            for side in Side
        }

    @cached_property
    def withdrawn(self) -> dict[Side, Flags]:
        """Links whose record there was a copy that an undo took back."""
        return {side: equals(self.links["withheld"], Withheld.withdrawn_from(side)) for side in Side}

    @cached_property
    def absent(self) -> dict[Side, Flags]:
        """Links whose record was asked for and not found, and nothing proves a delete (C5)."""
        return {side: self._read_as(side, self[side].absent) & ~self.still_gone[side] for side in Side}

    def _read_as(self, side: Side, known: Flags) -> Flags:
        return gather(known, self[side].position)

    @cached_property
    def told(self) -> dict[Side, Flags]:
        """Links whose record itself says whose and what it is. A deleted one says it once: whoever takes part since
        then did not when it was deleted (C2, C3)."""
        told = {}
        for side in Side:
            prefix, staged = side.prefix, self[side]
            names = flags(pc.is_valid(staged.rows["owner"]))
            judged = pc.and_(
                pc.is_valid(self.links[f"{prefix}_outside"]), pc.is_valid(self.links[f"{prefix}_proof"])
            )
            told[side] = self.seen[side] | (self._read_as(side, staged.deleted & names) & ~flags(judged))
        return told

    def owner(self, side: Side, rows: Positions) -> pa.Array:
        """Whose the record is, or was when it was deleted: as it says itself, else as in the base."""
        said = take(self[side].rows["owner"], self[side].position[rows])
        return choose(self.told[side][rows], said, self.base(side, "owner", rows))

    def outside(self, side: Side, rows: Positions) -> pa.Array:
        """Outside: why the record itself takes no part (C2, C3). Null where it does; as it says itself, else as it
        was last seen."""
        owner = self.owner(side, rows)
        given = distinct(owner, self.base(side, "owner", rows))
        given &= ~gather(self.synced, self.user_of(side, owner))
        said = choose(given, pa.scalar(Outside.OWNER.value), pa.scalar(None, pa.string()))
        if side is Side.SALESFORCE:
            no_reminder = gather(~self.reminders, self[side].position[rows])
            said = choose(no_reminder, pa.scalar(Outside.NO_REMINDER.value), said)
        return choose(self.told[side][rows], said, take(self.links[f"{side.prefix}_outside"], rows))

    def now(self, side: Side, name: str, rows: Positions) -> pa.Array:
        """Present values of a field for these links: as staged where it was seen, else as in the base."""
        here = self.seen[side][rows]
        if not here.any():
            return self.base(side, name, rows)
        read = take(self[side].rows[name], self[side].position[rows])
        return read if here.all() else choose(here, read, self.base(side, name, rows))

    def base(self, side: Side, name: str, rows: Positions) -> pa.Array:
        return take(self.links[f"{side.prefix}_{name}"], rows)

    def stamps(self, side: Side, rows: Positions) -> pa.Array:
        """When a person last edited the record, as first seen with a difference that is still open (K3).

        A stamp that a write of ours moved says nothing about the person: the stamp seen before it counts.
        """
        prefix = side.prefix
        staged = self[side]
        read = take(staged.rows["modified_at"], staged.position[rows])
        written = take(self.links[f"{prefix}_written_at"], rows)
        before = take(self.links[f"{prefix}_modified_at"], rows)
        ours = flags(pc.less_equal(read, written))
        stamp = choose(ours, before, read)
        return pc.coalesce(take(self.links[f"{prefix}_changed_at"], rows), stamp, before)

    def newest_known(self, side: Side, rows: Positions) -> pa.Array:
        """The newest version that was ever seen or written by us."""
        prefix = side.prefix
        return later(
            take(self.links[f"{prefix}_version"], rows), take(self.links[f"{prefix}_written_at"], rows)
        )

    @cached_property
    def reminders(self) -> Flags:
        """Per staged SF row: a reminder, neither a logged activity nor a series master (C2)."""
        logged = self.given.policy.include_logged_activities
        return are_reminders(self.salesforce.rows, logged_activities=logged)


def are_reminders(rows: Columns, *, logged_activities: bool) -> Flags:
    """SF rows that are neither a logged activity nor a series master (C2)."""
    subtype = pc.fill_null(rows["subtype"], "Task")
    reminder = equals(subtype, "Task") & ~flags(rows["is_recurrence"])
    if not logged_activities:
        at_once = flags(pc.equal(rows["completed_at"], rows["created_at"]))
        reminder &= ~(at_once & flags(rows["is_closed"]) & ~carries_marker(rows))
    return reminder


def carries_marker(rows: Columns) -> Flags:
    """Records that TaskBridge created (G2)."""
    return flags(pc.starts_with(rows["marker"], MARKER_PREFIX))


def _staged(side: Side, rows: Columns, link_ids: pa.Array) -> Staged:
    position = find(link_ids, rows["remote_id"])
    link = np.full(len(rows["remote_id"]), -1, np.int64)
    found = np.flatnonzero(position >= 0)
    link[position[found]] = found
    return Staged(side, rows, position, link)


def _with_earlier_copies(staged: Staged, links: Columns) -> Staged:
    """An earlier copy that somebody took out of the bin stands for its pair, if that has ended (C7). While the pair
    lives it would be a second one, and is left alone (G2)."""
    alone = np.flatnonzero((staged.link < 0) & staged.live & carries_marker(staged.rows))
    if not len(alone):
        return staged
    named = pc.replace_substring_regex(take(staged.rows["marker"], alone), _GENERATION, "")
    pair = find(named, pc.binary_join_element_wise(MARKER_PREFIX, links["link_id"], ""))
    ended = gather(equals(links["state"], LinkState.TOMBSTONE), pair)
    ended &= ~gather(gather(staged.live, staged.position), pair)
    pairs, first = np.unique(pair[ended], return_index=True)
    copies = alone[ended][first]
    position, link = staged.position.copy(), staged.link.copy()
    position[pairs], link[copies] = copies, pairs
    return Staged(staged.side, staged.rows, position, link)
