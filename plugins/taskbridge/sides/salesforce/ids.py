"""Salesforce record ids: 15 case-sensitive characters, or 18 with a checksum of the cases."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator

_SUFFIXES: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHAPE: Final = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")


def to_18(record_id: str) -> str:
    """The 18-character form. Raises ValueError for what is no record id, a wrong checksum included."""
    if not _SHAPE.fullmatch(record_id):
        raise ValueError(f"not a Salesforce record id: {record_id!r}")
    groups = (record_id[start : start + 5] for start in (0, 5, 10))
    bits = (sum(1 << place for place, char in enumerate(group) if "A" <= char <= "Z") for group in groups)
    full = record_id[:15] + "".join(_SUFFIXES[value] for value in bits)
    if not full.startswith(record_id):
        raise ValueError(f"not a Salesforce record id, its checksum would be {full[15:]}: {record_id!r}")
    return full


RecordId = Annotated[str, AfterValidator(to_18)]
