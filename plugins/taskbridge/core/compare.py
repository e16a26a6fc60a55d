"""What each pair that may need something held when it was last in step, and what it holds now.

Content decides, never a stamp (G1). This is the only step that reads wide values of all pairs, slice by slice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.arrays import (
    SLICE,
    Columns,
    Flags,
    Masks,
    Positions,
    at_once,
    choose,
    columns,
    distinct,
    equals,
    flags,
    gather,
    take_all,
    ticks,
)
from taskbridge.core.frames import made
from taskbridge.core.join import Joined
from taskbridge.core.model import LINKS
from taskbridge.core.records import is_absent, is_broken, is_deleted, is_live, is_reminder
from taskbridge.core.rules import Rules
from taskbridge.core.terms import BIT, FIELDS, TEMPLATE_INPUTS, LinkState, Side, Withheld

INPUTS: Final = 1 << len(FIELDS)
"""Bit of an SC record whose template inputs changed (T3)."""

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE
_FAR_FUTURE: Final = 2**62
_STAMPS: Final = ("remote_id", "version", "modified_at", "owner", "person")
_VALUES: Final[Mapping[Side, tuple[str, ...]]] = {_SC: (*FIELDS, *TEMPLATE_INPUTS), _SF: FIELDS}


def compare(joined: Joined, rules: Rules, *, everything: bool = False) -> pd.DataFrame:
    """One row for each pair that may need something; `everything`: for each pair. Index: its place among the pairs.

    Columns: LINKS; `concerned` (bool): it may need something; `outdated` (bool): a listing showed a record as it was
    before (G9). For either side, here `sc`:
    `sc_edited` (int32): which fields differ from the base (BIT, INPUTS), 0 for a record that was not seen.
    `sc_live`, `sc_broken`, `sc_deleted`, `sc_absent` (bool): what was read of the record, if it was. Deleted: read as
    deleted, or still gone after a delete that was proven once; absent: not found, and nothing proves a delete (C5).
    `sc_still_gone` (bool): deleted, but not read as deleted now. `sc_withdrawn` (bool): a copy that an undo took back.
    `sc_read_remote_id`, `_version`, `_modified_at`, `_owner`, `_person`: of the row that was read.
    `sc_now_title` and so on, in Sales Connect the template inputs too: as read where the record is live, else the base.
    `sf_reminder`, `sc_with_user` (bool): a reminder was read (C2); the record went together with its user (C5).
    """
    links, place = columns(joined.pairs), _places(joined)
    staged = {side: columns(joined.staged(side)) for side in Side}
    edited = {side: _edited(side, links, staged[side], place[side]) for side in Side}
    reminders = is_reminder(staged[_SF], logged_activities=rules.policy.include_logged_activities)
    outdated = _outdated(links, staged, place)
    concerned = _concerned(links, staged, place, edited, reminders) | outdated
    rows = np.arange(len(concerned)) if everything else np.flatnonzero(concerned)
    known = {name: links[name] for name in LINKS.names}
    cells: dict[str, pa.Array | Flags | Masks] = {**(known if everything else take_all(known, rows))}
    cells |= {"concerned": concerned[rows], "outdated": outdated[rows]}
    for side in Side:
        cells[f"{side.prefix}_edited"] = edited[side][rows]
        cells |= _read(side, staged[side], place[side][rows], cells)
    cells["sf_reminder"] = gather(reminders, place[_SF][rows])
    cells["sc_with_user"] = gather(equals(staged[_SC]["delete_cause"], "user_deleted"), place[_SC][rows])
    return made(cells, pd.Index(rows, name="pair"))


def _places(joined: Joined) -> dict[Side, Positions]:
    return {side: joined.pairs[f"{side.prefix}_place"].to_numpy() for side in Side}


def _concerned(
    links: Columns,
    staged: Mapping[Side, Columns],
    place: Mapping[Side, Positions],
    edited: Mapping[Side, Masks],
    reminders: Flags,
) -> Flags:
    """All pairs of which anything was read but those that are whole, clean, linked, and as their base says."""
    concerned: Flags = (edited[_SC] | edited[_SF]) != 0
    concerned |= flags(links["dirty"]) | ~equals(links["state"], LinkState.LINKED)
    concerned |= flags(links["unconfirmed"])
    for side in Side:
        concerned |= flags(pc.is_null(links[f"{side.prefix}_id"]))
        concerned |= flags(pc.is_valid(links[f"{side.prefix}_outside"]))
        concerned |= gather(~is_live(staged[side]), place[side])
    # What makes a task an activity is no mapped field, so that no change tells of it (C2).
    concerned |= gather(~reminders, place[_SF])
    return concerned & ((place[_SC] >= 0) | (place[_SF] >= 0))


def _outdated(links: Columns, staged: Mapping[Side, Columns], place: Mapping[Side, Positions]) -> Flags:
    """Pairs of which a listing showed a record in an older version than before: that decides nothing until the
    record is read by id (G9)."""
    outdated = np.zeros(len(links["link_id"]), np.bool_)
    for side in Side:
        read = ticks(staged[side]["version"], null=_FAR_FUTURE)
        known = ticks(links[f"{side.prefix}_version"], null=-_FAR_FUTURE)
        listed = np.flatnonzero((place[side] >= 0) & ~flags(links[f"{side.prefix}_asked"]))
        outdated[listed] |= read[place[side][listed]] < known[listed]
    return outdated


def _edited(side: Side, links: Columns, staged: Columns, place: Positions) -> Masks:
    """Per pair the BIT of each field whose value on `side` differs from the base; 0 where it was not seen."""
    seen = gather(is_live(staged), place)
    mask: Masks = np.zeros(len(seen), np.int32)
    if not seen.any():
        return mask
    compared = list(_compared(side, links, staged))

    def compare_from(start: int) -> None:
        here = place[start : start + SLICE]
        rows = pa.array(here, mask=here < 0)
        for bit, read, base in compared:
            differ = distinct(read.take(rows), base.slice(start, SLICE))
            mask[start : start + SLICE] |= differ * np.int32(bit)

    at_once(compare_from, range(0, len(mask), SLICE), len(mask))
    mask[~seen] = 0
    return mask


def _compared(side: Side, links: Columns, staged: Columns) -> Iterator[tuple[int, pa.Array, pa.Array]]:
    """Bit, staged column and base column, without fields that nobody fills."""
    for name in _VALUES[side]:
        read, base = staged[name], links[f"{side.prefix}_{name}"]
        if read.null_count < len(read) or base.null_count < len(base):
            yield BIT.get(name, INPUTS), read, base


def _read(
    side: Side, staged: Columns, place: Positions, links: Mapping[str, pa.Array | npt.NDArray[np.generic]]
) -> dict[str, pa.Array | Flags]:
    prefix = side.prefix
    gone = gather(is_absent(staged), place)
    withdrawn = equals(links["withheld"], Withheld.withdrawn_from(side))
    # Not found, as is to be expected: its delete was proven, in a run that could not decide the pair, or before the
    # pair ended; or it was a copy that was withdrawn.
    expected = equals(links["state"], LinkState.TOMBSTONE) | withdrawn
    expected |= flags(pc.is_valid(links[f"{prefix}_proof"]))
    live = gather(is_live(staged), place)
    values = take_all({name: staged[name] for name in {*_VALUES[side], *_STAMPS}}, place)

    def present(name: str) -> pa.Array:
        base = links[f"{prefix}_{name}"]
        return values[name] if live.all() else choose(live, values[name], base)

    now = at_once(present, _VALUES[side], len(place))
    return {
        f"{prefix}_live": live,
        f"{prefix}_broken": gather(is_broken(staged), place),
        f"{prefix}_deleted": gather(is_deleted(staged), place) | (gone & expected),
        f"{prefix}_absent": gone & ~expected,
        f"{prefix}_still_gone": gone & expected,
        f"{prefix}_withdrawn": withdrawn,
        **{f"{prefix}_read_{name}": values[name] for name in _STAMPS},
        **{f"{prefix}_now_{name}": found for name, found in zip(_VALUES[side], now, strict=True)},
    }
