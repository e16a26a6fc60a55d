"""A process of its own that runs one cycle over HTTPS and gets a SIGKILL at the first kind of point that is new."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import urlsplit

import requests

from taskbridge.core.run import RunMode, RunSpec
from taskbridge.core.terms import Side
from taskbridge.engine.cycle import run_cycle
from taskbridge.engine.engine import Engine
from taskbridge.engine.ports import Sides
from taskbridge.settings import Settings
from tests.contract.sandbox_process import Service
from tests.contract.worlds import sales_connect_side, salesforce_side
from tests.machine.crash import Points, watched_ledger

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])
_PATIENCE = 60  # seconds


@dataclass(frozen=True)
class Orders:
    """Where to run, and which kinds of points were fatal already."""

    database_url: str
    services: dict[Side, tuple[str, str, dict[str, str]]]
    features: frozenset[str]
    run_key: str
    spared: frozenset[str] | None  # null: nobody dies


def send_out(orders: Orders) -> tuple[list[str], bool]:
    """Runs it. Answers the points that the process reached, and whether it was killed at the last of them."""
    here, there = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=_run, args=(orders, there))
    process.start()
    there.close()
    names: list[str] = []
    while here.poll(_PATIENCE):
        try:
            names.append(here.recv())
        except EOFError:
            break
    process.join(_PATIENCE)
    assert process.exitcode in (0, -signal.SIGKILL), f"ended with {process.exitcode} after {names[-1:]}"
    return names, process.exitcode == -signal.SIGKILL


def _run(orders: Orders, tell: Connection) -> None:
    spared = orders.spared

    def watch(name: str) -> None:
        tell.send(name)
        if spared is not None and name not in spared and not _reads_only(name):
            os.kill(os.getpid(), signal.SIGKILL)

    points = Points(watch)
    services = {side: Service(*parts) for side, parts in orders.services.items()}
    os.environ["REQUESTS_CA_BUNDLE"] = services[Side.SALESFORCE].ca_bundle
    sales_connect = sales_connect_side(services[Side.SALES_CONNECT])
    sales_connect.features = orders.features
    salesforce = salesforce_side(services[Side.SALESFORCE])
    for side in (sales_connect, salesforce):
        session = side._channel._session
        session.request = partial(_request, points, side.side, session.request)  # type: ignore[method-assign]
    with watched_ledger(orders.database_url, points) as ledger:
        engine = Engine(ledger, Sides(sales_connect, salesforce), Settings(), lambda: True)
        run_cycle(engine, RunSpec(orders.run_key, RunMode.SCHEDULED, "settings", "code"))


def _request(
    points: Points,
    side: Side,
    request: Callable[..., requests.Response],
    method: str,
    url: str,
    **options: Any,
) -> requests.Response:
    call = f"{method} {re.sub('[0-9]+', '*', urlsplit(url).path)} of {side}"
    points.reach(f"before {call}")
    answer = request(method, url, **options)
    points.reach(f"after {call}")
    return answer


def _reads_only(name: str) -> bool:
    """After a call that only reads, everything is as it was before it."""
    return name.startswith("after GET ")


def fatal(names: Collection[str]) -> set[str]:
    """The kinds of points among these at which a process is killed."""
    return {name for name in names if not _reads_only(name)}
