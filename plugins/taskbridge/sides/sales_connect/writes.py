"""Writing to Sales Connect, and what its answers say of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from taskbridge.core.bounds import moment
from taskbridge.core.frames import Row
from taskbridge.core.terms import Op
from taskbridge.core.writes import Outcome
from taskbridge.errors import NOTHING_DONE, TaskBridgeError
from taskbridge.sides.answers import RemoteError, Verdict, remote_errors, verdict
from taskbridge.sides.failures import Transient
from taskbridge.sides.frames import masked, unsendable
from taskbridge.sides.http import Channel
from taskbridge.sides.http_answer import HttpAnswer
from taskbridge.sides.meanings import normalise_code
from taskbridge.sides.outcomes import RowResult, carried_over, row_error
from taskbridge.sides.sales_connect.records import encode_create, encode_fields

TASKS_PATH: Final = "/v2/tasks"
_KEY: Final = "idempotency_key"
_OF_NEW: Final = frozenset({400, 409, 410, 413, 422})
_OF_ROW: Final = _OF_NEW | {403, 404, 412}
"""By what a task that is named is refused. What names none cannot be refused with these for its row."""

_NO_BATCH: Final = 404
_OF_BATCH: Final = frozenset({400, 413, 422})
"""By what a batch is refused as a whole for what one of its operations holds, or for all of them together."""


@dataclass(frozen=True)
class Operation:
    """A row with what is sent for it."""

    row: Row
    op: Op
    body: dict[str, Any] | None

    @property
    def action_id(self) -> str:
        return str(self.row["action_id"])

    def in_batch(self) -> dict[str, Any]:
        entry: dict[str, Any] = {"op": self.op.value}
        if self.op is not Op.CREATE:
            entry["id"] = int(self.row["remote_id"])
        return entry if self.body is None else entry | {"body": self.body}

    def send_alone(self, channel: Channel) -> HttpAnswer:
        if self.op is Op.CREATE:
            return channel.write("POST", TASKS_PATH, self.body, accept=_OF_NEW)
        method = "DELETE" if self.op is Op.DELETE else "PATCH"
        return channel.write(method, f"{TASKS_PATH}/{self.row['remote_id']}", self.body, accept=_OF_ROW)


def write_rows(
    channel: Channel, op: Op, rows: Sequence[Row], people: Mapping[str, int], *, batch: bool
) -> list[RowResult]:
    """One result for each row, in any order."""
    results: list[RowResult] = []
    operations: list[Operation] = []
    for row in rows:
        try:
            operations.append(_prepared(op, row, people))
        except ValueError as error:
            code = "CONTROL_CHARACTERS" if "control" in str(error) else "UNPROCESSABLE"
            results.append(row_error(row["action_id"], code, str(error)))
    if not operations:
        return results
    answered = _in_batch(channel, operations) if batch else None
    return results + (_one_by_one(channel, operations) if answered is None else answered)


def _prepared(op: Op, row: Row, people: Mapping[str, int]) -> Operation:
    if trouble := unsendable(masked(row)):
        raise ValueError(trouble)
    if op is not Op.CREATE and not str(row["remote_id"]).isdecimal():
        raise ValueError(f"id: {row['remote_id']!r} is no Sales Connect task id")
    if op is Op.DELETE:
        return Operation(row, op, None)
    return Operation(row, op, encode_create(row, people) if op is Op.CREATE else encode_fields(row))


def _in_batch(channel: Channel, operations: Sequence[Operation]) -> list[RowResult] | None:
    """None when the account has no batch endpoint (any more), or it takes not all of these; nothing was done then."""
    body = {"operations": [operation.in_batch() for operation in operations]}
    try:
        answer = channel.write("POST", f"{TASKS_PATH}/batch", body, accept=_OF_BATCH | {_NO_BATCH})
    except Transient as lost:
        return [_unknown(operation, lost.code, lost.seen) for operation in operations]
    if verdict(answer.status, answer.errors) is not Verdict.FINE:
        return None
    entries = _by_index(answer, len(operations))
    if entries is None:
        return [_unknown(operation, "ANSWER_UNUSABLE", _unusable(answer)) for operation in operations]
    return [
        _result(operation, entry["status"], entry, answer.date)
        for operation, entry in zip(operations, entries, strict=True)
    ]


def _by_index(answer: HttpAnswer, count: int) -> list[dict[str, Any]] | None:
    """The entries by the index that each names; None unless there is exactly one for each operation."""
    try:
        entries = answer.body()["results"]
        found = {entry["index"]: entry for entry in entries if isinstance(entry["status"], int)}
    except (TaskBridgeError, TypeError, KeyError):
        return None
    if len(entries) != count or found.keys() != set(range(count)):
        return None
    return [found[index] for index in range(count)]


def _unusable(answer: HttpAnswer) -> str:
    return f"the batch answer of {len(answer.content)} bytes does not hold one result for each operation"


def _one_by_one(channel: Channel, operations: Sequence[Operation]) -> list[RowResult]:
    """Once a call is not taken, no further one is sent; those that are under way then are waited for."""
    stops: dict[str, TaskBridgeError] = {}

    def send(operation: Operation) -> RowResult | None:
        if stops:
            return None
        try:
            return _answered(operation, operation.send_alone(channel))
        except Transient as lost:
            return _unknown(operation, lost.code, lost.seen)
        except NOTHING_DONE as stop:
            stops[operation.action_id] = stop
            return None

    results = channel.each(send, operations)
    if stops and not any(results):
        raise next(iter(stops.values()))
    # Others are written; so the rest goes back as rows, not as an error of the chunk.
    return [result or _left(operation, stops) for operation, result in zip(operations, results, strict=True)]


def _left(operation: Operation, stops: Mapping[str, TaskBridgeError]) -> RowResult:
    """The result of a row whose own call was not taken, or that was not sent any more."""
    stop = stops.get(operation.action_id) or next(iter(stops.values()))
    return carried_over(operation.action_id, stop)


def _answered(operation: Operation, answer: HttpAnswer) -> RowResult:
    if verdict(answer.status, answer.errors) is not Verdict.FINE:
        return _refused(operation, answer.status, answer.errors)
    try:
        body = answer.body() if answer.content or operation.op is not Op.DELETE else {}
        return _result(operation, answer.status, body, answer.date)
    except TaskBridgeError as unusable:
        return _unknown(operation, "ANSWER_UNUSABLE", str(unusable))


def _result(operation: Operation, status: int, body: Any, now: datetime | None) -> RowResult:
    """What one entry of a batch, or one answer, says of its row."""
    errors = remote_errors(body)
    found = verdict(status, errors)
    if found is Verdict.UNCLEAR and status >= 500:
        return _unknown(operation, "SERVER_FAILED", f"HTTP {status}")
    if found is not Verdict.FINE:
        return _refused(operation, status, errors)
    if operation.op is Op.DELETE:
        return RowResult(operation.action_id, Outcome.DONE, operation.row["remote_id"], now)
    try:
        task = body["data"]
        # A replayed create shows the first record as it is now: only its creation was ours.
        written = task["created_at"] if operation.op is Op.CREATE and status == 200 else task["updated_at"]
        written_at, remote_id = moment(written), str(int(task["id"]))
    except (KeyError, TypeError, ValueError):
        return _unknown(operation, "ANSWER_UNUSABLE", "the answer shows no task")
    if operation.op is Op.UPDATE and remote_id != operation.row["remote_id"]:
        return _unknown(operation, "ANSWER_UNUSABLE", f"the answer shows task {remote_id}")
    return RowResult(operation.action_id, Outcome.DONE, remote_id, written_at)


_BY_STATUS: Final[Mapping[int, str]] = {
    401: "INVALID_SESSION_ID",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    410: "GONE",
    412: "PRECONDITION_FAILED",
    429: "RATE_LIMITED",
}


def _refused(operation: Operation, status: int, errors: Sequence[RemoteError]) -> RowResult:
    if operation.op is Op.CREATE and any(_KEY in error.fields for error in errors):
        message = "; ".join(error.message for error in errors)
        return row_error(operation.action_id, "IDEMPOTENCY_KEY_USED", message)
    if not errors:
        code = _BY_STATUS.get(status, f"HTTP_{status}")
        return row_error(operation.action_id, code, f"HTTP {status}")
    code = normalise_code(errors[0].code, errors[0].message)
    named = tuple(name for error in errors for name in error.fields)
    return row_error(operation.action_id, code, "; ".join(error.message for error in errors), fields=named)


def _unknown(operation: Operation, code: str, seen: str) -> RowResult:
    remote_id = None if operation.op is Op.CREATE else operation.row["remote_id"]
    return RowResult(operation.action_id, Outcome.UNKNOWN, remote_id, None, code, seen)
