"""What Salesforce's log of deletes adds to queries, which show a deleted record until the recycle bin forgets it.

A bin that was emptied shows its records in queries for a day more. So the log is asked about longer windows only:
it may name deletes that no query shows any more, and it says when it does not know all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

import pandas as pd

from taskbridge.core.run import DELETES_TOLD, Window
from taskbridge.core.terms import Presence, Side
from taskbridge.errors import DeletesForgotten
from taskbridge.sides.failures import Refusal
from taskbridge.sides.frames import task_frame
from taskbridge.sides.http import Channel
from taskbridge.sides.salesforce.ids import RecordId
from taskbridge.sides.shapes import Moment, Shape

SHOWN_WHEN_EMPTIED: Final = timedelta(hours=20)
"""For so long a query surely shows what was in a bin that somebody emptied: about a day."""

_MINUTE: Final = timedelta(
    minutes=1
)  # both ends of a span lose their seconds, and it has to be longer than one


class _Delete(Shape):
    expected = "a delete"
    id: RecordId
    deletedDate: Moment


class Deletes(Shape):
    """What the log tells of a span."""

    expected = "deletes with deletedRecords, earliestDateAvailable, latestDateCovered"
    deletedRecords: list[_Delete]
    earliestDateAvailable: Moment
    latestDateCovered: Moment


@dataclass(frozen=True)
class DeleteLog:
    """`path` is that of the log of Task."""

    channel: Channel
    path: str

    def read(self, window: Window) -> Iterator[pd.DataFrame]:
        """Deletes of the window with nothing but id and time; nothing where queries tell all of them.

        Each call goes on where the last one says that it is complete up to. Raises DeletesForgotten.
        """
        if window.end - window.start <= SHOWN_WHEN_EMPTIED:
            return
        start = max(window.start, window.end - DELETES_TOLD).astimezone(UTC)
        end = window.end.astimezone(UTC)
        while end - start > _MINUTE:
            told = self._told(start, end)
            yield _page(told.deletedRecords)
            if told.earliestDateAvailable > start:
                raise _forgotten(start, f"deletes are told since {told.earliestDateAvailable:%Y-%m-%d %H:%M}")
            if told.latestDateCovered - start < _MINUTE:
                if end - start > SHOWN_WHEN_EMPTIED:
                    raise _forgotten(
                        start, f"the log is complete up to {told.latestDateCovered:%Y-%m-%d %H:%M}"
                    )
                return  # what is not committed yet will be in a query
            start = told.latestDateCovered

    def _told(self, start: datetime, end: datetime) -> Deletes:
        try:
            answer = self.channel.read(self.path, {"start": start.isoformat(), "end": end.isoformat()})
        except Refusal as refusal:
            if refusal.answer.status != HTTPStatus.BAD_REQUEST:
                raise
            raise _forgotten(start, "; ".join(map(str, refusal.answer.errors))) from refusal
        return answer.of(Deletes)


def _forgotten(start: datetime, seen: str) -> DeletesForgotten:
    return DeletesForgotten(
        f"Salesforce does not know all deletes since {start:%Y-%m-%d %H:%M} UTC any more ({seen}): every linked task "
        "that no listing showed is looked up by its id, and what is gone without a date waits for a person (C6)."
    )


def _page(records: Sequence[_Delete]) -> pd.DataFrame:
    columns = {
        "remote_id": [record.id for record in records],
        "presence": [Presence.DELETED] * len(records),
        "version": [record.deletedDate for record in records],
    }
    return task_frame(Side.SALESFORCE, columns, len(records))
