"""Writing to Salesforce by collections, and what the answers say of each row."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from taskbridge.core.frames import Row
from taskbridge.core.terms import BIT, Op
from taskbridge.core.writes import Outcome
from taskbridge.errors import NOTHING_DONE, ContractBroken
from taskbridge.sides.answers import RemoteError, Verdict, remote_errors, verdict
from taskbridge.sides.failures import Transient
from taskbridge.sides.frames import masked, unsendable
from taskbridge.sides.http import Channel
from taskbridge.sides.http_answer import HttpAnswer
from taskbridge.sides.outcomes import RowResult, carried_over, row_error
from taskbridge.sides.salesforce.ids import to_18
from taskbridge.sides.salesforce.marking import Marking
from taskbridge.sides.salesforce.records import encode_create, encode_fields

_OF_ROWS: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE})
"""By what a collection is refused as a whole for what one of its rows holds, or for all of them together."""

_HOLDER: Final = re.compile(r"record with id:?\s*([A-Za-z0-9]{18}|[A-Za-z0-9]{15})\b")


@dataclass(frozen=True)
class Collections:
    """The collections resource of one API version, with the way that records are marked (G2).

    `before_call` may raise instead of each call, when nothing of it is written yet (G7). `upsert_by`: creates are
    upserts by this external id field (docs/decisions/0001).
    """

    channel: Channel
    path: str
    marking: Marking
    before_call: Callable[[], None]
    upsert_by: str | None = None

    def write(self, op: Op, rows: Sequence[Row]) -> list[RowResult]:
        """One result for each row, in any order."""
        refused = {row["action_id"]: why for row in rows if (why := unsendable(masked(row)))}
        results = [row_error(action_id, "CONTROL_CHARACTERS", why) for action_id, why in refused.items()]
        return results + self._send(op, [row for row in rows if row["action_id"] not in refused])

    def _send(self, op: Op, rows: Sequence[Row]) -> list[RowResult]:
        if not rows:
            return []
        try:
            answer = self._call(op, rows)
        except Transient as lost:
            return [unknown(op, row, lost.code, lost.seen) for row in rows]
        if verdict(answer.status, answer.errors) is not Verdict.FINE:
            if len(rows) > 1:
                return self._halved(op, rows)
            return [self.refused(op, row, said(answer)) for row in rows]
        return self._results(op, rows, answer)

    def _halved(self, op: Op, rows: Sequence[Row]) -> list[RowResult]:
        """A call that was refused as a whole, nothing done: one row may be what it stumbled over."""
        first, second = rows[: len(rows) // 2], rows[len(rows) // 2 :]
        results = self._send(op, first)
        try:
            return results + self._send(op, second)
        except NOTHING_DONE as stop:
            # The first half is written; so the second goes back as rows, not as an error of the chunk.
            return results + [carried_over(row["action_id"], stop) for row in second]

    def _call(self, op: Op, rows: Sequence[Row]) -> HttpAnswer:
        self.before_call()
        if op is Op.DELETE:
            ids = ",".join(row["remote_id"] for row in rows)
            every = {"ids": ids, "allOrNone": "false"}
            return self.channel.write("DELETE", self.path, params=every, accept=_OF_ROWS)
        records = [{"attributes": {"type": "Task"}, **self._encoded(op, row)} for row in rows]
        method, path = ("POST" if op is Op.CREATE else "PATCH"), self.path
        if op is Op.CREATE and self.upsert_by:
            method, path = "PATCH", f"{path}/Task/{self.upsert_by}"
        return self.channel.write(method, path, {"allOrNone": False, "records": records}, accept=_OF_ROWS)

    def _encoded(self, op: Op, row: Row) -> dict[str, Any]:
        if op is Op.CREATE:
            return encode_create(row, self.marking)
        return {"Id": row["remote_id"], **encode_fields(row)}

    def _results(self, op: Op, rows: Sequence[Row], answer: HttpAnswer) -> list[RowResult]:
        try:
            entries = answer.body()
        except ContractBroken as unusable:
            return [unknown(op, row, "ANSWER_UNUSABLE", str(unusable)) for row in rows]
        if not _fits(op, rows, entries):
            seen = f"{len(entries)} results" if isinstance(entries, list) else type(entries).__name__
            message = f"{len(rows)} rows were answered by {seen} that do not fit them"
            return [unknown(op, row, "ANSWER_UNUSABLE", message) for row in rows]
        return [self._result(op, row, entry, answer.date) for row, entry in zip(rows, entries, strict=True)]

    def _result(self, op: Op, row: Row, entry: Row, now: datetime | None) -> RowResult:
        if entry["success"] and entry.get("created") is False:
            return RowResult(row["action_id"], Outcome.EXISTS, to_18(entry["id"]))
        if entry["success"]:
            return RowResult(row["action_id"], Outcome.DONE, to_18(entry["id"]), now)
        return self.refused(
            op, row, remote_errors(entry["errors"]) or (RemoteError("UNKNOWN_EXCEPTION", ""),)
        )

    def refused(self, op: Op, row: Row, errors: Sequence[RemoteError]) -> RowResult:
        """The result of a row that was answered with these errors."""
        error = errors[0]
        message = "; ".join(map(_worded, errors))
        action_id: str = row["action_id"]
        named = tuple(name for each in errors for name in each.fields)
        match error.code:
            case "DUPLICATE_VALUE" if op is Op.CREATE and self.marking.refused_it(error):
                return row_error(action_id, error.code, message, remote_id=_holder(error.message))
            case "DUPLICATE_VALUE":
                return RowResult(action_id, Outcome.REJECTED, None, None, error.code, message, named)
            case "ENTITY_IS_DELETED" if op is Op.CREATE:
                # Not the task is deleted, as there is none yet, but what it refers to.
                return RowResult(action_id, Outcome.REJECTED, None, None, error.code, message, named)
            case "INVALID_CROSS_REFERENCE_KEY" if not error.fields and _only_the_record(op, row):
                return RowResult(action_id, Outcome.RETRY, None, None, "NOT_FOUND", message)
        return row_error(action_id, error.code, message, fields=named)


def said(answer: HttpAnswer) -> Sequence[RemoteError]:
    """The errors of an answer, of which there may be none for what is too large."""
    return answer.errors or (RemoteError(f"HTTP_{answer.status}", f"HTTP {answer.status}"),)


def _fits(op: Op, rows: Sequence[Row], entries: Any) -> bool:
    """Whether there is one well-formed result for each row. Results of known records must name them; those of
    creates have nothing but their number and order to go by."""
    if not isinstance(entries, list) or len(entries) != len(rows):
        return False
    return all(_fitting(op, row, entry) for row, entry in zip(rows, entries, strict=True))


def _fitting(op: Op, row: Row, entry: Any) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("success"), bool):
        return False
    if not entry["success"]:
        return isinstance(entry.get("errors"), list)
    try:
        written = to_18(entry["id"])
    except (KeyError, TypeError, ValueError):
        return False
    return op is Op.CREATE or written == to_18(row["remote_id"])


def _only_the_record(op: Op, row: Row) -> bool:
    """Whether nothing but the record itself can be what was not found. That is no proof of a delete (C5); the
    next run reads both records of the pair. With an owner in the row it may be the owner."""
    return op is Op.DELETE or (op is Op.UPDATE and not row["mask"] & BIT["owner"])


def _holder(message: str) -> str | None:
    """The record that a DUPLICATE_VALUE message names, in 18 characters."""
    found = _HOLDER.search(message)
    return to_18(found[1]) if found else None


def _worded(error: RemoteError) -> str:
    fields = f" [{', '.join(error.fields)}]" if error.fields else ""
    return f"{error.message or error.code}{fields}"


def unknown(op: Op, row: Row, code: str, seen: str) -> RowResult:
    """The result of a row whose answer was lost or says nothing."""
    remote_id = None if op is Op.CREATE else row["remote_id"]
    return RowResult(row["action_id"], Outcome.UNKNOWN, remote_id, None, code, seen)
