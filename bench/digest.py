"""One number for a set of planned actions, whatever their order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from taskbridge.core.model import ACTIONS
from taskbridge.core.terms import BIT

_COLUMNS: Final = tuple(name for name in ACTIONS.names if name != "seq" and name not in BIT)


def digest(actions: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 over the sorted rows of ACTIONS, without `seq` and the values outside a mask."""
    lines = sorted(hashlib.sha256(_line(action).encode()).digest() for action in actions)
    return hashlib.sha256(b"".join(lines)).hexdigest()


def _line(action: Mapping[str, Any]) -> str:
    values = [action[name] for name in _COLUMNS]
    written = [action[name] for name, bit in BIT.items() if action["mask"] & bit]
    return repr((values, written))
