"""Text that no database can hold, NUL and halves of surrogate pairs: found once, where an answer is read.

Messages, names, labels and copies of records show in its place what `core.canonical.storable` puts there. A value
that is mapped is another matter: nobody typed what stands there now, so its record is parked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from taskbridge.core.canonical import storable

CODE: Final = "UNSTORABLE_TEXT"


class Cleaned(str):
    """A text that is not as it came."""

    __slots__ = ()


def cleaned(value: Any) -> Any:
    """Decoded JSON, or values of a record, with every text storable, keys too."""
    return storable(value, Cleaned)


def places(values: Sequence[Any]) -> list[int]:
    """Where texts stand that are not as they came."""
    if Cleaned not in set(map(type, values)):
        return []
    return [place for place, value in enumerate(values) if type(value) is Cleaned]
