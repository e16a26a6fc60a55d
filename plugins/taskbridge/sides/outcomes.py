"""What became of each row of a write, as the engine records it (G4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from taskbridge.core.frames import frame
from taskbridge.core.writes import CALL_REFUSED, OUTCOMES, Outcome
from taskbridge.errors import ApiLimitReached, CallRefused, SideUnreachable, TaskBridgeError
from taskbridge.sides.meanings import Reaction, meaning, normalise_code

_OUTCOME: Final[Mapping[Reaction, Outcome]] = {
    Reaction.SOON: Outcome.BUSY,
    Reaction.RETRY: Outcome.RETRY,
    Reaction.REJECTED: Outcome.REJECTED,
    Reaction.GONE: Outcome.GONE,
    Reaction.EXISTS: Outcome.EXISTS,
    # Of an authentication code the category pauses the side, once the answers of all rows are recorded.
    Reaction.AUTHENTICATION: Outcome.RETRY,
    Reaction.LIMIT: Outcome.RETRY,
}


@dataclass(frozen=True)
class RowResult:
    """What became of one row of a write."""

    action_id: str
    outcome: Outcome
    remote_id: str | None = None
    written_at: datetime | None = None
    code: str | None = None
    message: str | None = None
    fields: tuple[str, ...] = ()  # that the system's errors name


def row_error(
    action_id: str,
    code: str,
    message: str,
    *,
    remote_id: str | None = None,
    fields: tuple[str, ...] = (),
) -> RowResult:
    """The result of a row that the system answered with an error."""
    outcome = _OUTCOME[meaning(code, message).reaction]
    return RowResult(action_id, outcome, remote_id, None, normalise_code(code, message), message, fields)


def carried_over(action_id: str, stop: TaskBridgeError) -> RowResult:
    """The result of a row that was not sent any more, because another call of its chunk failed."""
    code = "INVALID_SESSION_ID"
    if isinstance(stop, ApiLimitReached):
        code = "REQUEST_LIMIT_EXCEEDED"
    elif isinstance(stop, SideUnreachable):
        code = "SERVER_UNAVAILABLE"
    elif isinstance(stop, CallRefused):
        code = CALL_REFUSED
    return RowResult(action_id, Outcome.RETRY, None, None, code, str(stop))


def unprocessed(row: Mapping[str, Any], message: str | None) -> RowResult:
    """The result of a row that a job ended before."""
    return row_error(row["action_id"], "NOT_PROCESSED", message or "the job was ended before it")


def unaccounted(row: Mapping[str, Any]) -> RowResult:
    """The result of a row that a job tells nothing of."""
    message = "the job's results do not account for the row"
    return RowResult(row["action_id"], Outcome.UNKNOWN, row["remote_id"], None, "ANSWER_UNUSABLE", message)


def outcome_frame(results: Iterable[RowResult]) -> pd.DataFrame:
    """OUTCOMES, with category and remedy looked up for every row that carries a code."""
    rows = []
    for result in results:
        found = meaning(result.code, result.message or "") if result.code else None
        rows.append(
            {
                "action_id": result.action_id,
                "outcome": result.outcome,
                "remote_id": result.remote_id,
                "written_at": result.written_at,
                "code": result.code,
                "category": found and found.category,
                "message": result.message,
                "remedy": found and found.remedy,
            }
        )
    return frame(pa.Table.from_pylist(rows, schema=OUTCOMES))
