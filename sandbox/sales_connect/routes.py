"""The paths of the API under /v2/, and the token endpoint."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Header, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPBearer

from sandbox.kernel.counters import Counters
from sandbox.kernel.service import endpoint_of
from sandbox.kernel.store import Document
from sandbox.kernel.switches import SwitchBoard
from sandbox.sales_connect import bodies
from sandbox.sales_connect.access import Sessions
from sandbox.sales_connect.batch import run_batch
from sandbox.sales_connect.listing import Listing
from sandbox.sales_connect.records import Records, etag
from sandbox.sales_connect.refusals import failed
from sandbox.sales_connect.switches import SalesConnectSwitches

_Responses = dict[int | str, dict[str, Any]]
_REFUSALS: _Responses = {
    401: {"model": bodies.Error},
    422: {"model": bodies.FieldErrors},
    429: {"model": bodies.Error},
}
_ONE: _Responses = {
    200: {"model": bodies.Single[bodies.Task]},
    404: {"model": bodies.Error},
    410: {"model": bodies.Error},
    412: {"model": bodies.Error},
}

RecordId = Annotated[int, Path(alias="id")]
IfMatch = Annotated[str | None, Header()]


def token_router(sessions: Sessions, switches: SwitchBoard[SalesConnectSwitches]) -> APIRouter:
    router = APIRouter(tags=["access"])

    @router.post("/oauth/token", responses={200: {"model": bodies.Token}, 401: {"model": bodies.Error}})
    async def token(
        grant_type: Annotated[str, Form()] = "",
        client_id: Annotated[str, Form()] = "",
        client_secret: Annotated[str, Form()] = "",
    ) -> JSONResponse:
        """Client credentials for an access token."""
        if grant_type != "client_credentials":
            raise failed(400, "unsupported_grant_type", "only client_credentials is supported")
        if not sessions.accepts_client(client_id, client_secret):
            raise failed(401, "invalid_client", "client id or secret is wrong")
        return JSONResponse(
            {
                "access_token": sessions.issue(),
                "token_type": "Bearer",
                "expires_in": switches.now.session_seconds,
                "account_id": sessions.account_id,
            }
        )

    return router


def v2_router(
    records: Records, listing: Listing, switches: SwitchBoard[SalesConnectSwitches], counters: Counters
) -> APIRouter:
    # The token is checked before routing (access.Gate); this only tells the OpenAPI document about it.
    documented = [Depends(HTTPBearer(auto_error=False))]
    router = APIRouter(prefix="/v2", responses=_REFUSALS, dependencies=documented)
    _list_routes(router, records, listing, switches)
    _batch_route(router, records, switches, counters)
    _task_routes(router, records, switches)
    return router


def _list_routes(
    router: APIRouter, records: Records, listing: Listing, switches: SwitchBoard[SalesConnectSwitches]
) -> None:
    def in_list(task: Document) -> dict[str, Any]:
        shown = records.shown(task)
        return {**shown, "etag": etag(task)} if switches.now.etag else shown

    @router.get("/users", tags=["account"], responses={200: {"model": bodies.Listed[bodies.User]}})
    async def list_users(query: Annotated[bodies.Paged, Query()]) -> JSONResponse:
        """Every user of the account, the inactive ones too."""
        return JSONResponse(listing.page(listing.users(), query))

    @router.get(
        "/users/{id}",
        tags=["account"],
        responses={200: {"model": bodies.Single[bodies.User]}, 404: {"model": bodies.Error}},
    )
    async def get_user(user_id: RecordId) -> JSONResponse:
        """A user of the account, also an inactive one."""
        return JSONResponse({"data": listing.user(user_id)})

    @router.get("/people", tags=["account"], responses={200: {"model": bodies.Listed[bodies.Person]}})
    async def list_people(query: Annotated[bodies.PersonQuery, Query()]) -> JSONResponse:
        """The people that tasks are about."""
        return JSONResponse(listing.page(listing.people(query), query))

    @router.get("/tasks", tags=["tasks"], responses={200: {"model": bodies.Listed[bodies.Task]}})
    async def list_tasks(query: Annotated[bodies.TaskQuery, Query()]) -> JSONResponse:
        """Tasks; equal stamps are ordered by id. Deleted tasks are not in it."""
        return JSONResponse(listing.page(listing.tasks(query), query, in_list))

    @router.get(
        "/deleted_tasks", tags=["tasks"], responses={200: {"model": bodies.Listed[bodies.DeletedTask]}}
    )
    async def list_deleted_tasks(query: Annotated[bodies.DeletedTaskQuery, Query()]) -> JSONResponse:
        """Deletes of the last 15 days in their order. Optional part: 404 without it."""
        if not switches.now.deleted_tasks:
            raise failed(404, "not_found")
        return JSONResponse(listing.page(listing.deleted_tasks(query), query, _tombstone))


def _batch_route(
    router: APIRouter, records: Records, switches: SwitchBoard[SalesConnectSwitches], counters: Counters
) -> None:
    @router.post("/tasks/batch", tags=["tasks"], responses={200: {"model": bodies.BatchResults}})
    async def batch(request: Request, batch: bodies.Batch) -> JSONResponse:
        """Up to 100 operations in their order, each on its own. Optional part: 404 without it."""
        if not switches.now.batch:
            raise failed(404, "not_found")
        counters.add_rows(endpoint_of(request), len(batch.operations))
        return JSONResponse({"results": run_batch(records, batch.operations, endpoint_of(request))})


def _task_routes(router: APIRouter, records: Records, switches: SwitchBoard[SalesConnectSwitches]) -> None:
    def answer(task: Document, status: int = 200) -> JSONResponse:
        headers = {"ETag": etag(task)} if switches.now.etag else None
        return JSONResponse({"data": records.shown(task)}, status, headers)

    created: _Responses = {**_ONE, 201: {"model": bodies.Single[bodies.Task]}}

    @router.post("/tasks", tags=["tasks"], status_code=201, responses=created)
    async def create_task(request: Request, values: bodies.NewTask) -> JSONResponse:
        """201, or 200 and the first record when the same key and body were sent before."""
        task, is_new = records.create(values, endpoint_of(request))
        return answer(task, 201 if is_new else 200)

    @router.get("/tasks/{id}", tags=["tasks"], responses=_ONE)
    async def get_task(task_id: RecordId) -> JSONResponse:
        return answer(records.task(task_id))

    @router.patch("/tasks/{id}", tags=["tasks"], responses=_ONE)
    async def change_task(
        request: Request, task_id: RecordId, values: bodies.TaskChange, if_match: IfMatch = None
    ) -> JSONResponse:
        """Writes the fields given; where none of them differs, nothing moves."""
        return answer(records.change(task_id, values, endpoint_of(request), if_match))

    @router.delete("/tasks/{id}", tags=["tasks"], status_code=204, responses={404: _ONE[404], 410: _ONE[410]})
    async def delete_task(request: Request, task_id: RecordId, if_match: IfMatch = None) -> Response:
        """Final: there is no bin."""
        records.delete(task_id, endpoint_of(request), if_match)
        return Response(status_code=204)


def _tombstone(row: Document) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "deleted_at", "assignee_id", "cause", "idempotency_key")}
