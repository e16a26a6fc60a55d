"""Versions of tasks, without what is in them: enough to know whether there is anything to read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Stamp:
    """A version of a task: who has it, and when it was made by the side's clock. `gone`: by its delete."""

    remote_id: str
    at: datetime
    owner: str | None
    gone: bool = False


@dataclass(frozen=True)
class Stamps:
    """Versions since a moment; `more`: these are not all of them."""

    shown: tuple[Stamp, ...]
    more: bool = False
