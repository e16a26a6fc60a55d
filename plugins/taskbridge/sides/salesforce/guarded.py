"""Updates sent one by one, each with the condition that nobody modified its record since it was read.

Collections take no condition; a single record takes `If-Unmodified-Since`, to the second, and whether an org honours
it on a Task is not documented. So the first update says a moment before the record's last change: 412 means that
the org honours the header, and the update goes out again as it should be; 204 means that it does not, and the
update is done all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import Final

from taskbridge.core.frames import Row
from taskbridge.core.terms import Op
from taskbridge.core.writes import UNMODIFIED_SINCE, Outcome
from taskbridge.errors import NOTHING_DONE, ContractBroken
from taskbridge.sides.answers import Verdict, verdict
from taskbridge.sides.failures import Transient
from taskbridge.sides.frames import masked, unsendable
from taskbridge.sides.http import Channel
from taskbridge.sides.http_answer import HttpAnswer
from taskbridge.sides.outcomes import RowResult, carried_over, row_error
from taskbridge.sides.salesforce.ids import to_18
from taskbridge.sides.salesforce.records import encode_fields
from taskbridge.sides.salesforce.writes import Collections, said, unknown

_BEFORE: Final = timedelta(hours=1)
_OF_ROW: Final = frozenset({400, 403, 404, 409, 412, 413})
_MOVED: Final = "somebody modified the task since it was read"


class Guarded:
    """`path` is that of single Tasks. `conditional`: see `engine.ports.SidePort`."""

    def __init__(self, channel: Channel, path: str, collections: Collections) -> None:
        self._channel, self._path, self._collections = channel, path, collections
        self.conditional: bool | None = None

    def write(self, rows: Sequence[Row]) -> list[RowResult]:
        """One result for each row: those that name a moment one by one, the others together, as are all that
        are left once the org turns out to honour no condition."""
        left = list(rows)
        results: list[RowResult] = []
        try:
            while self.conditional is not False and (row := _guarded(left)) is not None:
                result = self._one(row)
                left.remove(row)
                results.append(result)
            return results + self._collections.write(Op.UPDATE, left)
        except NOTHING_DONE as stop:
            if not results:
                raise
            return results + [carried_over(row["action_id"], stop) for row in left]

    def _one(self, row: Row) -> RowResult:
        if why := unsendable(masked(row)):
            return row_error(row["action_id"], "CONTROL_CHARACTERS", why)
        try:
            answer = self._probed(row) if self.conditional is None else self._sent(row, _moment(row))
        except Transient as lost:
            return unknown(Op.UPDATE, row, lost.code, lost.seen)
        if verdict(answer.status, answer.errors) is Verdict.FINE:
            return _done(row, answer)
        if answer.status == HTTPStatus.PRECONDITION_FAILED:
            return row_error(row["action_id"], "PRECONDITION_FAILED", _MOVED)
        return self._collections.refused(Op.UPDATE, row, said(answer))

    def _probed(self, row: Row) -> HttpAnswer:
        answer = self._sent(row, _moment(row) - _BEFORE)
        if answer.status == HTTPStatus.PRECONDITION_FAILED:
            answer = self._sent(row, _moment(row))
            # An org that refuses a condition that holds as well would refuse this task for ever.
            self.conditional = answer.status != HTTPStatus.PRECONDITION_FAILED
            return answer
        if verdict(answer.status, answer.errors) is Verdict.FINE:
            self.conditional = False
        return answer

    def _sent(self, row: Row, unmodified_since: datetime) -> HttpAnswer:
        self._collections.before_call()
        condition = {"If-Unmodified-Since": format_datetime(unmodified_since.astimezone(UTC), usegmt=True)}
        path = f"{self._path}/{row['remote_id']}"
        return self._channel.write("PATCH", path, encode_fields(row), headers=condition, accept=_OF_ROW)


def _done(row: Row, answer: HttpAnswer) -> RowResult:
    """Salesforce says nothing at all here; a page, whoever sends it, is no proof that anything was written."""
    try:
        if answer.content:
            answer.body()
    except ContractBroken as unusable:
        return unknown(Op.UPDATE, row, "ANSWER_UNUSABLE", str(unusable))
    return RowResult(row["action_id"], Outcome.DONE, to_18(row["remote_id"]), answer.date)


def _guarded(rows: Sequence[Row]) -> Row | None:
    return next((row for row in rows if row.get(UNMODIFIED_SINCE) is not None), None)


def _moment(row: Row) -> datetime:
    moment: datetime = row[UNMODIFIED_SINCE]
    return moment
