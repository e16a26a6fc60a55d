"""Record ids: 15 case-sensitive characters, or the same with a 3-character checksum appended (18)."""

from __future__ import annotations

import re
import string

_CHECKSUM = string.ascii_uppercase + "012345"
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[A-Z0-5]{3})?")
_INSTANCE = "Tb0"


def checksum(id15: str) -> str:
    """The three characters that make a 15-character id safe for case-insensitive systems."""
    groups = (id15[0:5], id15[5:10], id15[10:15])
    capitals = (sum(1 << i for i, char in enumerate(group) if "A" <= char <= "Z") for group in groups)
    return "".join(_CHECKSUM[bits] for bits in capitals)


def full_id(text: object) -> str | None:
    """The 18-character form of a well-formed id; None for anything else, a wrong checksum included."""
    if not isinstance(text, str) or not _SHAPE.fullmatch(text):
        return None
    id18 = text[:15] + checksum(text[:15])
    return id18 if text in (text[:15], id18) else None


def make_id(prefix: str, number: int) -> str:
    """The 18-character id of the `number`-th record of the object with this key prefix."""
    digits = ""
    for _ in range(9):
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    id15 = prefix + _INSTANCE + digits
    return id15 + checksum(id15)
