"""Which staged row belongs to which pair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from taskbridge.core.arrays import Columns, Positions, at_once, columns, equals, find, gather, held_by, take
from taskbridge.core.frames import made
from taskbridge.core.model import PlanInput
from taskbridge.core.records import MARKER_PREFIX, carries_marker, is_live
from taskbridge.core.terms import LinkState, Side

_GENERATION: Final = r":\d+$"


class Joined(NamedTuple):
    """Frames that know of each other by position, -1 where there is nobody.

    `pairs`: LINKS, and where their records stand among the staged rows (`sc_place`, `sf_place`, int64).
    `sales_connect`, `salesforce`: the staged rows, and where their pair stands among the pairs (`pair`, int64).
    """

    pairs: pd.DataFrame
    sales_connect: pd.DataFrame
    salesforce: pd.DataFrame

    def staged(self, side: Side) -> pd.DataFrame:
        return self.sales_connect if side is Side.SALES_CONNECT else self.salesforce


def join(given: PlanInput) -> Joined:
    """A record belongs to the pair that has its id."""
    links = columns(given.links)

    def of(side: Side) -> tuple[Positions, Positions]:
        rows = columns(given.tasks(side))
        place = find(links[f"{side.prefix}_id"], rows["remote_id"])
        pair = np.full(len(rows["remote_id"]), -1, np.int64)
        pair[place[place >= 0]] = np.flatnonzero(place >= 0)
        return _with_earlier_copies(rows, links, place, pair) if side is Side.SALESFORCE else (place, pair)

    found = dict(zip(Side, at_once(of, tuple(Side), len(given.links)), strict=True))
    places = {f"{side.prefix}_place": place for side, (place, _) in found.items()}
    return Joined(
        _numbered(given.links, places),
        *(_numbered(given.tasks(side), {"pair": pair}) for side, (_, pair) in found.items()),
    )


def _numbered(frame: pd.DataFrame, new: Mapping[str, Positions]) -> pd.DataFrame:
    """With further columns, and each row's position as its index, whatever it was."""
    return made({**dict(held_by(frame)), **new}, pd.RangeIndex(len(frame)))


def _with_earlier_copies(
    rows: Columns, links: Columns, place: Positions, pair: Positions
) -> tuple[Positions, Positions]:
    """An earlier copy that somebody took out of the bin stands for its pair, if that has ended (C7). While the pair
    lives it would be a second one, and is left alone (G2)."""
    live = is_live(rows)
    alone = np.flatnonzero((pair < 0) & live & carries_marker(rows))
    if not len(alone):
        return place, pair
    named = pc.replace_substring_regex(take(rows["marker"], alone), _GENERATION, "")
    of_pair = find(named, pc.binary_join_element_wise(MARKER_PREFIX, links["link_id"], ""))
    ended = gather(equals(links["state"], LinkState.TOMBSTONE) & ~gather(live, place), of_pair)
    pairs, first = np.unique(of_pair[ended], return_index=True)
    copies = alone[ended][first]
    place, pair = place.copy(), pair.copy()
    place[pairs], pair[copies] = copies, pairs
    return place, pair
