"""Creates that bring a record back, with what it held besides the mapped fields (K5).

What a system refuses of that (a value that is gone from a picklist, a record that is gone, a right that was taken
away) is left out, and the row is sent again: a task without its call result is better than no task.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from taskbridge.core.frames import Row
from taskbridge.core.writes import FIELDS_LEFT_OUT, Outcome
from taskbridge.errors import NOTHING_DONE
from taskbridge.sides.outcomes import RowResult, carried_over

MORE: Final = "more"
"""A column that a create may have besides: further fields to send, in the system's own words."""

_NAMED_ONE_BY_ONE: Final = 3  # refusals, before all that is left is left out at once

Send = Callable[[Sequence[Row]], list[RowResult]]


def write_bringing_back(rows: Sequence[Row], send: Send, doubtful: Collection[str] = ()) -> list[RowResult]:
    """One result for each create. `send` writes rows, with what they have in MORE.

    `doubtful`: fields that are left out first where a refusal names none. Raises only what the first call raises, as
    nothing is written then.
    """
    results = {one.action_id: one for one in send(rows)}
    refused: dict[str, str] = {}
    again = list(rows)
    for turn in range(1, 1 + _NAMED_ONE_BY_ONE + 1):
        again = [
            _lessened(row, results[row["action_id"]], doubtful, everything=turn > _NAMED_ONE_BY_ONE)
            for row in again
            if row.get(MORE) and results[row["action_id"]].outcome is Outcome.REJECTED
        ]
        if not again:
            break
        refused |= {row["action_id"]: results[row["action_id"]].message or "" for row in again}
        try:
            answers = send(again)
        except NOTHING_DONE as stop:
            answers = [carried_over(row["action_id"], stop) for row in again]
        results |= {one.action_id: one for one in answers}
    return [_told(results[row["action_id"]], refused.get(row["action_id"])) for row in rows]


def _lessened(row: Row, result: RowResult, doubtful: Collection[str], *, everything: bool) -> Row:
    more: Mapping[str, Any] = row[MORE]
    bad = [] if everything else [name for name in more if name in result.fields]
    bad = bad or ([] if everything else [name for name in more if name in doubtful]) or list(more)
    return {**row, MORE: {name: value for name, value in more.items() if name not in bad}}


def _told(result: RowResult, refused: str | None) -> RowResult:
    """The result, saying what was refused if the row was created without it."""
    if refused is None or result.outcome is not Outcome.DONE:
        return result
    said = "; ".join(filter(None, (refused, result.message)))
    return replace(result, code=FIELDS_LEFT_OUT, message=f"{result.remote_id}: {said}")
