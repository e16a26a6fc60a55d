"""What people do in the product's own pages: tasks and users, by the same rules as the API."""

import zoneinfo
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response
from pydantic import AfterValidator, with_config
from typing_extensions import TypedDict

from sandbox.kernel.service import Kernel, endpoint_of
from sandbox.kernel.store import Document
from sandbox.sales_connect import bodies
from sandbox.sales_connect.records import Records
from sandbox.sales_connect.refusals import failed

RecordId = Annotated[int, Path(alias="id")]


def _time_zone(value: str) -> str:
    if value not in zoneinfo.available_timezones():
        raise ValueError("must be an IANA time zone, for example Europe/Berlin")
    return value


class _UserSettings(TypedDict, total=False):
    active: bool
    time_zone: Annotated[str, AfterValidator(_time_zone)]
    salesforce_task_sync: bool


@with_config({"extra": "forbid", "strict": True})
class NewUser(_UserSettings):
    email: bodies.RequiredText
    name: bodies.RequiredText


@with_config({"extra": "forbid", "strict": True})
class UserChange(_UserSettings, total=False):
    email: bodies.RequiredText
    name: bodies.RequiredText


def people_router(kernel: Kernel, records: Records) -> APIRouter:
    router = APIRouter()
    _task_routes(router, records)
    _user_routes(router, kernel, records)
    return router


def _task_routes(router: APIRouter, records: Records) -> None:
    @router.post("/tasks")
    async def create_task(request: Request, values: bodies.NewTask) -> JSONResponse:
        """A new task, by the API's rules."""
        task, _ = records.create(values, endpoint_of(request))
        return JSONResponse({"data": records.shown(task)}, 201)

    @router.patch("/tasks/{id}")
    async def change_task(
        request: Request, task_id: RecordId, values: bodies.PersonsTaskChange
    ) -> JSONResponse:
        """Edits a task; besides the API's fields also campaign."""
        return JSONResponse({"data": records.shown(records.change(task_id, values, endpoint_of(request)))})

    @router.delete("/tasks/{id}")
    async def delete_task(request: Request, task_id: RecordId) -> Response:
        """Deletes a task for good."""
        records.delete(task_id, endpoint_of(request))
        return Response(status_code=204)


def _user_routes(router: APIRouter, kernel: Kernel, records: Records) -> None:
    store = kernel.store

    def user(user_id: int) -> Document:
        found = store.get("users", str(user_id))
        if found is None:
            raise failed(404, "not_found")
        return found

    @router.post("/users")
    async def create_user(values: NewUser) -> JSONResponse:
        """{"email", "name", "active", "time_zone", "salesforce_task_sync"}; e-mail and name are needed."""
        created = new_user(records, values)
        store.put("users", str(created["id"]), created)
        return JSONResponse({"data": created}, 201)

    @router.patch("/users/{id}")
    async def change_user(user_id: RecordId, values: UserChange) -> JSONResponse:
        """Changes a user; turning salesforce_task_sync on stamps salesforce_task_sync_enabled_at."""
        changed = changed_user(user(user_id), values, records.now())
        store.put("users", str(user_id), changed)
        return JSONResponse({"data": changed})

    @router.delete("/users/{id}")
    async def delete_user(request: Request, user_id: RecordId) -> Response:
        """Deletes a user and with it all its tasks (tombstone cause user_deleted)."""
        user(user_id)
        records.delete_user(user_id, endpoint_of(request))
        return Response(status_code=204)


def new_user(records: Records, values: NewUser) -> dict[str, Any]:
    now = records.now()
    defaults = {"active": True, "time_zone": "UTC", "salesforce_task_sync": False}
    user = {"id": records.next_id("users"), **defaults, **values}
    enabled_at = now if user["salesforce_task_sync"] else None
    return {**user, "salesforce_task_sync_enabled_at": enabled_at, "created_at": now, "updated_at": now}


def changed_user(old: Document, values: UserChange, now: str) -> dict[str, Any]:
    changes = {name: value for name, value in values.items() if old[name] != value}
    if not changes:
        return dict(old)
    changed = {**old, **changes, "updated_at": now}
    if changes.get("salesforce_task_sync"):
        changed["salesforce_task_sync_enabled_at"] = now
    return changed
