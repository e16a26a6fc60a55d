"""The control API, under /__sandbox__/ on each service: no authentication, not counted, no faults."""

from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, ValidationError

from sandbox.kernel.faults import Fault

if TYPE_CHECKING:
    from sandbox.kernel.service import Service


class BadControlCall(Exception):
    """A call of the control API that cannot be understood; answered with 400 and the text."""


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Reset(_Closed):
    seed: Literal["demo", "empty"] = "empty"


class _ClockChange(_Closed):
    advance_seconds: float | None = None
    set: datetime | None = None
    freeze: bool | None = None


Model = TypeVar("Model", bound=BaseModel)


async def control_body(request: Request) -> dict[str, Any]:
    """The JSON object of a control call; raises BadControlCall for anything else."""
    try:
        body = await request.json()
    except ValueError as problem:
        raise BadControlCall(f"the body is not JSON: {problem}") from problem
    if not isinstance(body, dict):
        raise BadControlCall(f"the body must be a JSON object, got {type(body).__name__}")
    return body


def checked(model: type[Model], body: dict[str, Any]) -> Model:
    try:
        return model.model_validate(body)
    except ValidationError as problem:
        raise BadControlCall(_in_words(problem)) from problem


def _in_words(problem: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in problem.errors())


def control_router(service: "Service") -> APIRouter:
    router = APIRouter()
    for part in (_state_routes, _clock_routes, _fault_routes, _switch_routes, _call_routes):
        part(router, service)
    router.include_router(service.vendor.people, prefix="/people")
    return router


def _state_routes(router: APIRouter, service: "Service") -> None:
    store = service.kernel.store

    @router.get("/")
    async def describe() -> JSONResponse:
        """This description."""
        return JSONResponse(
            {
                "service": service.vendor.name,
                "control": [
                    {"method": method, "path": f"/__sandbox__{route.path}", "what": route.description}
                    for route in router.routes
                    if isinstance(route, APIRoute)
                    for method in sorted(route.methods)
                ],
                "endpoints": list(service.endpoints()),
                "fault": Fault.model_json_schema(),
                "switches": service.vendor.switches.now.model_dump(mode="json"),
            }
        )

    @router.post("/reset")
    async def reset(request: Request) -> JSONResponse:
        """{"seed": "demo"|"empty"}: everything as at a first start; access tokens stay valid."""
        wanted = checked(_Reset, await control_body(request))
        service.reset(wanted.seed)
        return JSONResponse({"seed": wanted.seed})

    @router.get("/snapshot")
    async def snapshot() -> JSONResponse:
        """The whole state: every table as a list of raw documents."""
        tables = [table for table in store.tables() if not table.startswith("_")]
        return JSONResponse({table: list(store.rows(table)) for table in tables})

    @router.post("/load")
    async def load(request: Request) -> JSONResponse:
        """{"table": [raw documents]}: puts them as they are, stamps too, without the API's validation."""
        tables = await control_body(request)
        for table, documents in tables.items():
            if not isinstance(documents, list) or not all(isinstance(row, dict) for row in documents):
                raise BadControlCall(f"{table}: expected a list of JSON objects")
        with store.transaction():
            service.vendor.load(tables)
        return JSONResponse({table: len(documents) for table, documents in tables.items()})


def _clock_routes(router: APIRouter, service: "Service") -> None:
    clock = service.kernel.clock

    def shown() -> JSONResponse:
        return JSONResponse({"now": clock.now().isoformat(), "frozen": clock.frozen})

    @router.get("/clock")
    async def clock_now() -> JSONResponse:
        """The service's time."""
        return shown()

    @router.post("/clock")
    async def move_clock(request: Request) -> JSONResponse:
        """{"set": time with zone, "advance_seconds": number, "freeze": bool}, each optional."""
        change = checked(_ClockChange, await control_body(request))
        if change.freeze is not None:
            clock.freeze(change.freeze)
        try:
            if change.set is not None:
                clock.set(change.set)
            if change.advance_seconds is not None:
                clock.advance(change.advance_seconds)
        except ValueError as problem:
            raise BadControlCall(str(problem)) from problem
        service.kernel.save_clock()
        return shown()


def _fault_routes(router: APIRouter, service: "Service") -> None:
    book = service.kernel.faults

    @router.get("/faults")
    async def faults() -> JSONResponse:
        """The faults in force, with how often each matched and struck."""
        return JSONResponse(book.list())

    @router.post("/faults")
    async def add_fault(request: Request) -> JSONResponse:
        """A fault (see "fault" in the description) -> {"id"}."""
        fault = checked(Fault, await control_body(request))
        known = list(service.endpoints())
        if not any(fnmatchcase(endpoint, fault.endpoint) for endpoint in known):
            raise BadControlCall(f"endpoint {fault.endpoint!r} fits none of: {', '.join(known)}")
        return JSONResponse({"id": book.add(fault)}, 201)

    @router.delete("/faults")
    async def clear_faults() -> Response:
        """Removes every fault."""
        book.clear()
        return Response(status_code=204)

    @router.delete("/faults/{id}")
    async def remove_fault(fault_id: Annotated[int, Path(alias="id")]) -> Response:
        """Removes one fault."""
        try:
            book.remove(fault_id)
        except KeyError as problem:
            raise BadControlCall(f"there is no fault {fault_id}") from problem
        return Response(status_code=204)


def _switch_routes(router: APIRouter, service: "Service") -> None:
    board = service.vendor.switches

    @router.get("/switches")
    async def switches() -> JSONResponse:
        """How the service behaves where real installations differ."""
        return JSONResponse(board.now.model_dump(mode="json"))

    @router.patch("/switches")
    async def change_switches(request: Request) -> JSONResponse:
        """{switch: value}: changes those, all or none."""
        body = await control_body(request)
        try:
            changed = board.change(body)
        except ValidationError as problem:
            known = ", ".join(sorted(board.now.model_dump()))
            raise BadControlCall(f"{_in_words(problem)}; the switches are {known}") from problem
        return JSONResponse(changed.model_dump(mode="json"))


def _call_routes(router: APIRouter, service: "Service") -> None:
    counters = service.kernel.counters

    @router.get("/calls")
    async def calls() -> JSONResponse:
        """Calls of the vendor's API since the start, the last reset or DELETE."""
        return JSONResponse(counters.summary())

    @router.delete("/calls")
    async def clear_calls() -> Response:
        """Counts from zero again."""
        counters.clear()
        return Response(status_code=204)
