"""What people were told by the notifiers, so that each change is told once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from taskbridge.core.terms import Side
from taskbridge.store.database import Database


@dataclass(frozen=True)
class Notice:
    """One change that people are told of."""

    subject: str  # what it is about; what is told of is remembered under it
    text: str
    over: bool = False  # what they were told of before has ended
    up_to: int | None = None  # of numbered things, the highest of those that are told of


@dataclass(frozen=True)
class Standing:
    """What people may have to be told of, and what they were told."""

    told: frozenset[str]  # subjects that are not over
    paused: Mapping[Side, str]  # side -> reason
    requests: tuple[str, ...]  # open ones that nobody was told of
    last_request: int | None
    parked: int  # rows that nobody was told of
    last_parked: int | None
    quiet: (
        timedelta | None
    )  # since a run last moved the watermark that lies furthest back; null before the first one


@dataclass
class Notices:
    _db: Database

    def standing(self) -> Standing:
        """Keeps other runs from telling the same until the transaction around it has ended."""
        with self._db.transaction() as tx:
            tx.run("notice/lock")
            found: dict[str, Any] = tx.run("notice/read_state").scalar_one()
        seconds = found.pop("quiet_seconds")
        return Standing(
            **found
            | {
                "told": frozenset(found["told"]),
                "paused": {Side(side): reason for side, reason in found["paused"].items()},
                "requests": tuple(found["requests"]),
                "quiet": None if seconds is None else timedelta(seconds=seconds),
            }
        )

    def save(self, notices: Iterable[Notice]) -> None:
        with self._db.transaction() as tx:
            for notice in notices:
                if notice.over:
                    tx.run("notice/forget", subject=notice.subject)
                else:
                    tx.run("notice/save", subject=notice.subject, text=notice.text, up_to=notice.up_to)
