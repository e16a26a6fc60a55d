"""No secret leaves its place: whatever a run leaves behind is searched for the credentials and tokens it used.

Searched are all log output at its finest, every file of Airflow (its metadata database with XCom and rendered fields
among them), every table and view of the project's database as it was before the run gave its lease back, and what
the doctor prints.
"""

from __future__ import annotations

import base64
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest

from sandbox.kernel.secrets import new_private_key
from taskbridge.engine.preflight import table
from taskbridge.hooks.doctor import examine
from taskbridge.settings import Settings
from taskbridge.sides.http import Channel, Grant
from taskbridge.sides.salesforce.side import SalesforceSide
from taskbridge.store.runs import Runs
from tests.dags.test_salesforce_login import WAYS, connected
from tests.dags.world import SALES_CONNECT, Ended, Installation

RELATIONS = (
    "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables WHERE table_schema = ANY"
)
PLANTED = "PLANTED-hunter2-/+=&-4711"  # with what changes in URLs and in JSON


@dataclass
class Search:
    """What a run left, and what must not be in it."""

    world: Installation
    capfd: pytest.CaptureFixture[str]
    caplog: pytest.LogCaptureFixture
    tokens: list[str] = field(default_factory=list)
    planted: list[str] = field(default_factory=lambda: [PLANTED])
    database: list[str] = field(default_factory=list)  # dumps

    def dump(self) -> None:
        names = [row["name"] for row in self.world.rows(f"{RELATIONS} ('{{bridge,staging,mart}}')")]
        for name in names:
            rows = self.world.rows(f"SELECT t::text AS line FROM {name} t")
            self.database.append("\n".join([name, *(row["line"] for row in rows)]))

    def run(self) -> Ended:
        ended = self.world.run()
        self.dump()
        return ended

    def secrets(self) -> list[str]:
        service = self.world.sandbox
        salesforce, sales_connect = service.salesforce.secrets, service.sales_connect.secrets
        key = salesforce["private_key"].splitlines()
        basic = f"{salesforce['client_id']}:{salesforce['client_secret']}"
        plain = [
            *(salesforce[name] for name in ("client_secret", "password")),
            sales_connect["client_secret"],
            *self.planted,
            base64.b64encode(basic.encode()).decode(),
            *key[1:-1],
            *(token.rpartition("!")[2] for token in self.tokens),
        ]
        return [*plain, *map(quote_plus, plain)]

    def places(self) -> Iterator[tuple[str, str]]:
        out, err = self.capfd.readouterr()
        yield "standard output", out
        yield "standard error", err
        yield "log records", self.caplog.text
        yield "the project's database", "\n".join(self.database)
        for path in Path(os.environ["AIRFLOW_HOME"]).rglob("*"):
            if path.is_file():
                yield str(path), path.read_bytes().decode("utf-8", "replace")

    def found(self, *, must_hold: str) -> list[str]:
        """Places that hold a secret; the search has to come across `must_hold` in some, or it looks at nothing."""
        secrets, hits, seen = self.secrets(), [], set[str]()
        for place, text in self.places():
            hits += [f"{place}: {secret[:6]}…" for secret in secrets if secret in text]
            if must_hold in text:
                seen.add("Airflow" if "airflow.db" in place else place)
        assert {"Airflow", "the project's database"} <= seen, f"{must_hold} is only in {seen}"
        return hits


@pytest.fixture
def search(
    world: Installation,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Search:
    caplog.set_level(logging.DEBUG)
    search = Search(world, capfd, caplog)
    new_grant, release = Channel._new_grant, Runs.release_lease

    def noting(channel: Channel) -> Grant:
        grant = new_grant(channel)
        search.tokens.append(grant.token)
        return grant

    def dumping(runs: Runs, run_key: str) -> None:
        search.dump()
        release(runs, run_key)

    monkeypatch.setattr(Channel, "_new_grant", noting)
    monkeypatch.setattr(Runs, "release_lease", dumping)
    return search


@pytest.mark.parametrize("way", ["client credentials", "JWT bearer", "SOAP"])
def test_a_run_that_succeeds_shows_no_secret(world: Installation, search: Search, way: str) -> None:
    connected(world, way)
    assert search.run().state == "success"
    assert len(search.tokens) == 2
    print(table(examine(Settings())))
    assert any(dump.startswith("bridge.session\n(") for dump in search.database), (
        "looked at while it was kept"
    )
    assert search.found(must_hold="task_sync") == []


@pytest.mark.parametrize("way", WAYS)
def test_a_run_whose_login_is_refused_shows_no_secret(world: Installation, search: Search, way: str) -> None:
    wrong = {
        "client credentials": {"consumer_secret": PLANTED},
        "JWT bearer": {"private_key": new_private_key()},
        "password": {"password": PLANTED},
        "SOAP": {"security_token": PLANTED},
    }[way]
    connected(world, way, **wrong)
    assert search.run().state == "failed"
    print(table(examine(Settings())))
    search.planted += wrong.get("private_key", "").splitlines()[1:-1]
    assert search.found(must_hold="refused the login") == []


def test_a_sales_connect_login_that_is_refused_shows_no_secret(world: Installation, search: Search) -> None:
    url = world.sandbox.sales_connect.url
    world.connection(SALES_CONNECT, conn_type="sales_connect", host=url, login="nobody", password=PLANTED)
    assert search.run().state == "failed"
    print(table(examine(Settings())))
    assert search.found(must_hold="refused the login") == []


def sessions_end(world: Installation, _: pytest.MonkeyPatch) -> None:
    """From some query on every session is refused, so that a new login does not help."""
    world.sandbox.salesforce.fault(
        kind="status", endpoint="GET *query*", status=401, code="INVALID_SESSION_ID", nth=3, times=None
    )


def a_bug(_: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody thought of, with a session at hand: a traceback in the log."""

    def read_changes(side: SalesforceSide, *_: object) -> Iterator[Any]:
        grant = side._channel.grant()
        yield from [1 / 0 for _ in [grant.token]]

    monkeypatch.setattr(SalesforceSide, "read_changes", read_changes)


@pytest.mark.parametrize("trouble", [sessions_end, a_bug])
def test_a_run_that_fails_in_the_middle_shows_no_secret(
    world: Installation,
    search: Search,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Callable[[Installation, pytest.MonkeyPatch], None],
) -> None:
    trouble(world, monkeypatch)
    assert search.run().state == "failed"
    assert len(search.tokens) >= 2
    assert search.found(must_hold="task_sync") == []
