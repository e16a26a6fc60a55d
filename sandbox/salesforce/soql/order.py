"""ORDER BY: nulls come first unless the key says last, whatever the direction; text without regard to case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ..schema import TEXT_TYPES, Field
from .syntax import OrderKey

Item = TypeVar("Item")


def sort_key(key: OrderKey, read: Callable[[Item], Any], field: Field | None) -> Callable[[Item], Any]:
    """For `list.sort(key=..., reverse=key.descending)`; `field` is what the values are of, if of one."""
    null_rank = 1 if key.nulls_last != key.descending else -1
    if field is not None and field.type in TEXT_TYPES:
        return lambda item: (0, value.lower()) if (value := read(item)) is not None else (null_rank,)
    return lambda item: (0, value) if (value := read(item)) is not None else (null_rank,)
