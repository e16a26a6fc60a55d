"""The Sales Connect stand-in, put together."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from sandbox.kernel.service import Kernel, Service, Vendor
from sandbox.kernel.switches import SwitchBoard
from sandbox.sales_connect.access import Gate, Points, Sessions
from sandbox.sales_connect.listing import Listing
from sandbox.sales_connect.load import load
from sandbox.sales_connect.people import people_router
from sandbox.sales_connect.records import Records
from sandbox.sales_connect.refusals import Refused, answer_http, answer_invalid, answer_refused, error_body
from sandbox.sales_connect.routes import token_router, v2_router
from sandbox.sales_connect.seed import seed_demo
from sandbox.sales_connect.switches import SalesConnectSwitches


def create_app(kernel: Kernel) -> Service:
    switches = SwitchBoard(kernel.store, SalesConnectSwitches)
    sessions = Sessions(kernel, switches)
    records = Records(kernel, switches)
    listing = Listing(kernel, switches, sessions)
    points = Points(kernel.clock, switches)

    api = FastAPI(
        title="Sales Connect (stand-in)", version="2", docs_url=None, redoc_url=None, redirect_slashes=False
    )
    api.include_router(token_router(sessions, switches))
    api.include_router(v2_router(records, listing, switches, kernel.counters))
    api.add_middleware(Gate, sessions=sessions, points=points)
    api.add_exception_handler(Refused, answer_refused)
    api.add_exception_handler(RequestValidationError, answer_invalid)
    api.add_exception_handler(HTTPException, answer_http)

    def seed(name: str) -> None:
        points.reset()
        if name == "demo":
            seed_demo(kernel.store, kernel.clock)

    return Service(
        kernel,
        Vendor(
            name="sales_connect",
            api=api,
            people=people_router(kernel, records),
            switches=switches,
            seed=seed,
            load=lambda tables: load(kernel.store, tables),
            error_body=error_body,
            issue_token=sessions.issue,
            logins=frozenset({"POST /oauth/token"}),
        ),
    )
