"""Whether what was read of a side can still be that side: neither emptied nor set back (G8).

A part of the records that is not found (a sharing rule, an archive) is no reason to stop: those pairs are
missing and held (C5). Nearly all of them at once is: then it is the side that went away, not its records.
Versions go backwards where a clock was put right or records came from a backup. A few are read by id and believed
(G9); many at once are a person's to judge.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Final

import pyarrow.compute as pc

from taskbridge.core.arrays import columns, find, flags, is_in, take
from taskbridge.core.model import PlanInput
from taskbridge.core.terms import LinkState, Presence, Side

ENOUGH: Final = 10
"""So few records prove nothing about a whole side."""

NEARLY_ALL: Final = 0.9
MANY: Final = 0.1

_TAKING_PART: Final = (LinkState.LINKED, LinkState.HELD)


@dataclass(frozen=True)
class Sight:
    """What a run read of the linked records of one side, in numbers of records."""

    read: int = 0  # of pairs that take part, whatever the answer
    absent: int = 0  # of these not found, and no proof of a delete
    missing: int = 0  # of pairs that were missing before, and are not found again
    older: int = 0  # of any pair, in a version older than the one last seen
    resting: int = 0  # of pairs that were missing before, and were not looked for in this run (G9)

    def __add__(self, other: Sight) -> Sight:
        """What two parts of a cycle show of a side."""
        return Sight(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    @property
    def may_be_empty(self) -> bool:
        """Worth a look at more records: newly absent ones are most of what was looked for."""
        return self._enough and 2 * self.absent > self.read

    @property
    def looks_empty(self) -> bool:
        return self._enough and self.absent >= NEARLY_ALL * self.read

    @property
    def looks_old(self) -> bool:
        return self.older > ENOUGH and self.older >= MANY * (self.read + self.missing)

    @property
    def _enough(self) -> bool:
        return self.absent > 0 and self.absent + self.missing + self.resting > ENOUGH


def look(given: PlanInput, side: Side) -> Sight:
    """Counts what the plan's input says of a side."""
    links, rows = columns(given.links), columns(given.tasks(side))
    place = find(links[f"{side.prefix}_id"], rows["remote_id"])
    read = place >= 0
    absent = is_in(take(rows["presence"], place), [Presence.ABSENT])
    taking_part = is_in(links["state"], _TAKING_PART)
    missing = is_in(links["state"], [LinkState.MISSING])
    before = flags(pc.less(take(rows["version"], place), links[f"{side.prefix}_version"]))
    return Sight(
        read=int((read & taking_part).sum()),
        absent=int((absent & taking_part).sum()),
        missing=int((absent & missing).sum()),
        older=int((before & (taking_part | missing)).sum()),
    )
