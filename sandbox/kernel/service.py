"""One vendor's service: its API, wrapped in counting, whole-call faults, its own time and the control API."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Message, Receive, Scope, Send

from sandbox.kernel.clock import Clock
from sandbox.kernel.control import BadControlCall, control_router
from sandbox.kernel.counters import Counters
from sandbox.kernel.faults import Fault, FaultBook
from sandbox.kernel.late import LateRequests
from sandbox.kernel.store import Store
from sandbox.kernel.stranger import strange_answer
from sandbox.kernel.switches import SwitchBoard
from sandbox.kernel.wire import cut_connection, cut_midway, discard, read_body, replay, slow_down

CONTROL_PREFIX = "/__sandbox__"
_ENDPOINT = "sandbox.endpoint"


@dataclass
class Kernel:
    """What a service is given at start. `base_url` has no slash at its end."""

    store: Store
    clock: Clock
    secrets: Mapping[str, str]
    base_url: str
    faults: FaultBook = field(default_factory=FaultBook)
    counters: Counters = field(default_factory=Counters)

    @classmethod
    def open(cls, database: Path, secrets: Mapping[str, str], base_url: str) -> "Kernel":
        """Over a database that may hold the state of an earlier start; the clock goes on as it was."""
        kernel = cls(Store(database), Clock(), secrets, base_url)
        if state := kernel.store.get("_kernel", "clock"):
            kernel.clock.restore(state)
        return kernel

    def save_clock(self) -> None:
        self.store.put("_kernel", "clock", self.clock.state())


@dataclass(frozen=True)
class Vendor:
    """What a service plugs in.

    api: the vendor's routes; people: what a person can do, mounted under /__sandbox__/people;
    seed: fills the empty store, given "demo" or "empty" (which may still need an organisation or the like);
    load: puts raw documents by table, raises BadControlCall for what it cannot hold;
    error_body: the vendor's JSON error body for a code and a message; issue_token: a new access token;
    logins, reads: see Counters.classify.
    """

    name: str
    api: FastAPI
    people: APIRouter
    switches: SwitchBoard[Any]
    seed: Callable[[str], None]
    load: Callable[[Mapping[str, list[dict[str, Any]]]], None]
    error_body: Callable[[str, str], Any]
    issue_token: Callable[[], str]
    logins: frozenset[str]
    reads: frozenset[str] = frozenset()


def enter_endpoint(routes: Iterable[BaseRoute], scope: Scope) -> str:
    """Writes down which endpoint a call is for; a service does this for calls that it makes to itself, too."""
    partial = None
    for route in routes:
        if not isinstance(route, Route):
            continue
        match, _ = route.matches(scope)
        if match is Match.FULL:
            partial = route.path
            break
        if match is Match.PARTIAL:
            partial = partial or route.path
    scope[_ENDPOINT] = endpoint = f"{scope['method']} {partial or '(no such path)'}"
    return endpoint


def endpoint_of(request: Request) -> str:
    """The name of the called endpoint for counters and faults: "PATCH /v2/tasks/{id}"."""
    return str(request.scope[_ENDPOINT])


class Service:
    """The ASGI application of one vendor."""

    def __init__(self, kernel: Kernel, vendor: Vendor) -> None:
        self.kernel = kernel
        self.vendor = vendor
        kernel.counters.classify(vendor.logins, vendor.reads)
        vendor.api.include_router(control_router(self), prefix=CONTROL_PREFIX, include_in_schema=False)
        vendor.api.add_exception_handler(BadControlCall, _bad_control_call)
        self._late = LateRequests()
        self._routes = [route for route in vendor.api.router.routes if isinstance(route, Route)]

    def seed_once(self, seed: str) -> None:
        """Seeds a state that never was seeded; an older state is left as it is."""
        if self.kernel.store.get("_kernel", "seeded") is None:
            self.reset(seed)

    def reset(self, seed: str) -> None:
        """Everything as at a first start, except for tables whose names begin with "_" (sessions)."""
        store = self.kernel.store
        if tables := [table for table in store.tables() if not table.startswith("_")]:
            store.clear(*tables)
        self.kernel.faults.clear()
        self._late.clear()
        self.kernel.counters.clear()
        self.kernel.clock.reset()
        self.kernel.save_clock()
        self.vendor.switches.reset()
        with store.transaction():
            self.vendor.seed(seed)
        store.put("_kernel", "seeded", {"seed": seed})

    def endpoints(self) -> Iterator[str]:
        """Every endpoint name that faults may name."""
        for route in self._routes:
            if not route.path.startswith(CONTROL_PREFIX) or route.path.startswith(
                f"{CONTROL_PREFIX}/people/"
            ):
                yield from (f"{method} {route.path}" for method in sorted(route.methods or ()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.vendor.api(scope, receive, send)
            return
        endpoint = enter_endpoint(self._routes, scope)
        answer = self._dated(send)
        await self._late.land(self.kernel.clock.now(), self.vendor.api)
        if scope["path"].startswith(f"{CONTROL_PREFIX}/"):
            await self.vendor.api(scope, receive, answer)
            return
        self.kernel.counters.count(endpoint)
        fault, receive = await self._fault(endpoint, scope, receive)
        await self._serve(fault, scope, receive, answer, send)

    async def _serve(
        self, fault: Fault | None, scope: Scope, receive: Receive, answer: Send, raw: Send
    ) -> None:
        if fault is not None and fault.kind == "slow":
            await slow_down(fault.seconds or 0.0)
        elif fault is not None and fault.kind == "drop_before":
            cut_connection(raw)
            return
        elif fault is not None and fault.kind == "drop_late":
            due = self.kernel.clock.now() + timedelta(seconds=fault.seconds or 0.0)
            self._late.put(due, scope, await read_body(receive))
            cut_connection(raw)
            return
        elif fault is not None and fault.kind == "drop_midway":
            answer = cut_midway(answer, raw)
        elif fault is not None and fault.kind == "drop_after":
            await self.vendor.api(scope, receive, discard)
            cut_connection(raw)
            return
        elif fault is not None and fault.kind == "stranger":
            await strange_answer(fault.status or 302, fault.location)(scope, receive, raw)
            return
        elif fault is not None and fault.kind == "status":
            if fault.committed:
                await self.vendor.api(scope, receive, discard)
            await _as_asked(self._faulty_answer(fault), fault)(scope, receive, answer)
            return
        await self.vendor.api(scope, receive, answer)

    async def _fault(self, endpoint: str, scope: Scope, receive: Receive) -> tuple[Fault | None, Receive]:
        if not self.kernel.faults.wants_names(endpoint):
            return self.kernel.faults.for_call(endpoint), receive
        body = await read_body(receive)
        return self.kernel.faults.for_call(endpoint, lambda: _names(scope, body)), replay(body, receive)

    def _faulty_answer(self, fault: Fault) -> Response:
        status = fault.status or 500
        if isinstance(fault.body, str):
            kind = HTMLResponse if fault.body.lstrip().startswith("<") else PlainTextResponse
            return kind(fault.body, status, fault.headers)
        if fault.body is None and fault.code is None:
            return Response(status_code=status, headers=fault.headers)
        body = fault.body
        if body is None:
            body = self.vendor.error_body(fault.code or "", fault.message or "injected by the sandbox")
        return JSONResponse(body, status, fault.headers)

    def _dated(self, send: Send) -> Send:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(self.kernel.clock.now(), usegmt=True).encode()
                message = {**message, "headers": [*message.get("headers", ()), (b"date", date)]}
            await send(message)

        return send_dated


def _as_asked(answer: Response, fault: Fault) -> Response:
    """With header names as the fault spells them."""
    asked = {name.lower().encode("latin-1"): name.encode("latin-1") for name in fault.headers}
    answer.raw_headers = [(asked.get(name, name), value) for name, value in answer.raw_headers]
    return answer


def _names(scope: Scope, body: bytes) -> set[str]:
    """Every text in path, query and JSON or form body of a call."""
    query = parse_qsl(scope["query_string"].decode("latin-1"))
    names = {*scope["path"].split("/"), *(part for _, value in query for part in value.split(","))}
    try:
        names.update(_texts(json.loads(body)) if body else ())
    except ValueError:
        names.update(value for _, value in parse_qsl(body.decode("latin-1")))
    return names


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str | int):
        yield str(value)


async def _bad_control_call(_: Request, problem: Exception) -> JSONResponse:
    return JSONResponse({"error": "bad_control_call", "message": str(problem)}, 400)
