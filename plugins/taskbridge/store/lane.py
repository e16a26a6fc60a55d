"""What a look before a run asks of the ledger, be it the event lane's or the clock's. Nothing of it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from taskbridge.core.stamps import Stamp
from taskbridge.core.terms import Side
from taskbridge.store.database import Database


@dataclass(frozen=True)
class LaneState:
    """How things stand between two runs."""

    positions: Mapping[Side, datetime]  # how far the sides were read; empty before the first run
    paused: bool  # a side is, so that no run can do anything
    busy: bool  # a run holds the lease
    due: bool  # a pair, a decision or a first sync waits for the next run, whether or not anybody edits
    last_run: int | None
    last_settings: str | None  # fingerprint of its settings
    at_rest: bool  # the last run read both sides, planned nothing, and left nothing to be tried again
    read_at: datetime | None  # when the sides were last read, by the ledger's clock
    age: float | None  # seconds since then


@dataclass
class LaneStates:
    _db: Database

    def state(self) -> LaneState:
        rows = self._db.rows("lane/read_state")
        first = rows[0]
        return LaneState(
            {Side(row.side): row.position.astimezone(UTC) for row in rows if row.position is not None},
            any(row.paused for row in rows),
            first.busy,
            first.due,
            first.run_id,
            first.settings_fingerprint,
            all(row.at_rest for row in rows),
            None if first.read_at is None else first.read_at.astimezone(UTC),
            first.age,
        )

    def has_news(self, side: Side, shown: Sequence[Stamp]) -> bool:
        """Whether a run would find anything in these versions that no run has read or written."""
        return bool(
            self._db.value(
                "lane/has_news",
                side=side.value,
                remote_ids=[one.remote_id for one in shown],
                stamps=[one.at for one in shown],
                owners=[one.owner for one in shown],
                deleted=[one.gone for one in shown],
            )
        )
