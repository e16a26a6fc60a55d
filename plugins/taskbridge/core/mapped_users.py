"""Who takes part (S2): the mapped users, asked by the owner of a task."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from taskbridge.core.arrays import Columns, Flags, Positions, find, flags, gather, take
from taskbridge.core.terms import Side


@dataclass(frozen=True)
class MappedUsers:
    """USERS. Whoever is not in it takes no part: a place of -1."""

    columns: Columns

    def place(self, side: Side, owners: pa.Array) -> Positions:
        """Each owner's place among the users, or -1."""
        return find(owners, self.columns[f"{side.prefix}_user_id"])

    def of(self, name: str, places: Positions) -> pa.Array:
        """A column of USERS for the users at these places; null for nobody."""
        return take(self.columns[name], places)

    @cached_property
    def _flags(self) -> dict[str, Flags]:
        return {name: flags(self.columns[name]) for name in ("synced", "selected", "first_sync_owed")}

    def synced(self, places: Positions) -> Flags:
        """Switched on and mapped."""
        return gather(self._flags["synced"], places)

    def selected(self, places: Positions) -> Flags:
        """Asked for by this run."""
        return gather(self._flags["selected"], places)

    def owed(self, places: Positions) -> Flags:
        """Whose first sync is not done yet."""
        return gather(self._flags["first_sync_owed"], places)
