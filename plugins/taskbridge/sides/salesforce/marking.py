"""How a Salesforce Task is known to be ours: by a marker in a unique field, or, without one, by who created it (G2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core.records import UNNAMED
from taskbridge.sides.answers import RemoteError
from taskbridge.sides.decode import RecordColumns


class Marking(Protocol):
    """What is read and written for it."""

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields to read besides those that every org has."""

    def read(self, page: RecordColumns) -> pa.Array:
        """The column `marker` of these records."""

    def write(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What a create sends besides the mapped fields."""

    def refused_it(self, error: RemoteError) -> bool:
        """Whether the error says that a record with this marker is there."""


@dataclass(frozen=True)
class Marked:
    """An org with the external id field on Activity."""

    field: str

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.field,)

    def read(self, page: RecordColumns) -> pa.Array:
        return page.text(self.field)

    def write(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {self.field: row["marker"]}

    def refused_it(self, error: RemoteError) -> bool:
        return self.field in error.fields or self.field in error.message


@dataclass(frozen=True)
class Unmarked:
    """An org without it: what our own user created is ours, though not which pair's. `me` answers the user's id."""

    me: Callable[[], str]

    @property
    def fields(self) -> tuple[str, ...]:
        return ("CreatedById",)

    def read(self, page: RecordColumns) -> pa.Array:
        ours = pc.fill_null(pc.equal(page.ids(page.text("CreatedById", required=True)), self.me()), False)
        return pc.if_else(ours, pa.scalar(UNNAMED), pa.scalar(None, pa.string()))

    def write(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    def refused_it(self, error: RemoteError) -> bool:
        return False
