"""What a Task held besides the mapped fields, and Salesforce takes when it is created again (K5)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from taskbridge.core.frames import Row
from taskbridge.sides.bringing_back import MORE
from taskbridge.sides.salesforce.records import WIRE
from taskbridge.sides.shapes import Shape

_NEVER: Final = frozenset(
    {"Id", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"}
)
"""Of these an org lets a client set some, by a permission; but the new record is made now, by us."""


class _Field(Shape):
    expected = "a field"
    name: str
    type: str
    createable: bool


class TaskFields(Shape):
    """What a description says of a create."""

    expected = "the description of Task with its fields"
    fields: list[_Field]

    def taken(self) -> dict[str, bool]:
        """Fields that may be set on a create, and whether they point at records."""
        return {each.name: each.type == "reference" for each in self.fields if each.createable}


class Originals:
    """`describe` answers the description of Task; it is asked once, when a record is brought back. `marker_fields`:
    what a create writes into them is another's marker on the original (G2)."""

    def __init__(self, describe: Callable[[], TaskFields], marker_fields: Sequence[str]) -> None:
        self._describe = describe
        self._ours = _NEVER | set(WIRE.values()) | {"WhoId"} | set(marker_fields)
        self._taken: dict[str, bool] | None = None

    @property
    def references(self) -> frozenset[str]:
        """Fields that point at records, which may be gone."""
        return frozenset(name for name, reference in (self._taken or {}).items() if reference)

    def add(self, rows: Sequence[Row]) -> list[Row]:
        """The creates, those that bring a record back with MORE."""
        if not any(row.get("payload") for row in rows):
            return list(rows)
        if self._taken is None:
            self._taken = self._describe().taken()
        return [{**row, MORE: self._more(row["payload"])} if row.get("payload") else row for row in rows]

    def _more(self, payload: str) -> dict[str, Any]:
        record = json.loads(payload)
        known = (self._taken or {}).keys() - self._ours
        return {name: value for name, value in record.items() if name in known and value is not None}
