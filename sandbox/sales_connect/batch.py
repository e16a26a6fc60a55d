"""Many operations in one call."""

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from sandbox.sales_connect import bodies
from sandbox.sales_connect.records import Records
from sandbox.sales_connect.refusals import Refused, unprocessable

Checked = TypeVar("Checked")

_OPERATION: TypeAdapter[bodies.Operation] = TypeAdapter(bodies.Operation)
_NEW_TASK: TypeAdapter[bodies.NewTask] = TypeAdapter(bodies.NewTask)
_TASK_CHANGE: TypeAdapter[bodies.TaskChange] = TypeAdapter(bodies.TaskChange)


def run_batch(records: Records, operations: Sequence[Any], endpoint: str) -> list[dict[str, Any]]:
    """One result for each operation, in their order: {"index", "status", "data" | "errors" | "error"}."""
    results = []
    for index, raw in enumerate(operations):
        try:
            result = _run(records, raw, endpoint)
        except Refused as refusal:
            result = {"status": refusal.status, **refusal.body}
        results.append({"index": index, **result})
    return results


def _run(records: Records, raw: Any, endpoint: str) -> dict[str, Any]:
    operation = _checked(_OPERATION, raw)
    if isinstance(operation, bodies.CreateOperation):
        task, is_new = records.create(_checked(_NEW_TASK, operation.body), endpoint)
        return {"status": 201 if is_new else 200, "data": records.shown(task)}
    if isinstance(operation, bodies.UpdateOperation):
        values = _checked(_TASK_CHANGE, operation.body)
        task = records.change(operation.id, values, endpoint, operation.if_match)
        return {"status": 200, "data": records.shown(task)}
    records.delete(operation.id, endpoint, operation.if_match)
    return {"status": 204}


def _checked(adapter: TypeAdapter[Checked], raw: Any) -> Checked:
    try:
        return adapter.validate_python(raw)
    except ValidationError as problem:
        errors = problem.errors()
        # What the discriminator has chosen stands first in `loc`.
        named = adapter is _OPERATION and errors[0]["loc"][:1] in {("create",), ("update",), ("delete",)}
        raise unprocessable(errors, skip=1 if named else 0) from problem
