"""Invariant 7 with real processes: each is killed by SIGKILL at a kind of point at which none was killed before."""

from __future__ import annotations

import itertools
from typing import Any

import psycopg
import pytest

from taskbridge.core.terms import Op, Side
from taskbridge.store import Ledger
from tests.conftest import EMPTY
from tests.contract.doomed import Orders, fatal, send_out
from tests.contract.sandbox_process import Sandbox
from tests.contract.test_whole_runs import BothWorlds

pytestmark = pytest.mark.postgres

_LONGER_THAN_ANY_REQUEST = 11 * 60  # seconds
_keys = itertools.count()


def test_G2_processes_killed_at_every_kind_of_point_leave_nothing_undone_and_nothing_doubled(
    sandbox: Sandbox, ledger: Ledger, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    both = _story(sandbox, ledger, database_url)
    kinds = fatal(_until_settled(both, database_url))
    wanted = _holdings(both)
    both = _story(sandbox, ledger, database_url)
    spared: set[str] = set()
    while True:
        names, killed = send_out(_orders(both, database_url, frozenset(spared)))
        _let_time_pass(both, database_url)
        if not killed:
            break
        spared.add(names[-1])
    _until_settled(both, database_url)
    assert kinds <= spared, f"nobody was killed at {kinds - spared}"
    assert _holdings(both) == wanted
    with capsys.disabled():
        print(f" [{len(spared)} processes killed] ", end="")


def _story(sandbox: Sandbox, ledger: Ledger, url: str) -> BothWorlds:
    """Creates, updates and deletes for both sides, a conflict, and a create whose answer was lost."""
    with psycopg.connect(url) as connection:
        connection.execute(EMPTY)
    both = BothWorlds(sandbox, ledger, batch=True, feed=True)
    here = {name: both.sc.create(name) for name in ("edited", "deleted", "both", "meanwhile")}
    there = {name: both.sf.create(name) for name in ("edited there", "deleted there")}
    both.sync()
    both.sync()
    # Whether Salesforce honours a condition is found out here: a killed process leaves no second update to ask it by.
    both.sc.edit(here["edited"], priority="high")
    both.sf.lose_answer(Op.CREATE)
    both.sc.create("lost")
    both.sync()
    both.sc.edit(here["edited"], due_date="2026-05-05", details="two\nlines")
    both.sc.delete(here["deleted"])
    both.sf.edit(there["edited there"], status="Completed")
    both.sf.delete(there["deleted there"])
    partner = next(one["Id"] for one in both.tasks()[0] if one["Subject"] == "both")
    both.sc.edit(here["both"], details="from here")
    both.sc.advance(300)
    both.sf.advance(300)
    both.sf.edit(partner, details="from there, later")
    both.sc.create("new here", priority="high")
    both.sf.create("new there", details="of there")
    return both


def _orders(both: BothWorlds, url: str, spared: frozenset[str] | None) -> Orders:
    services = {Side.SALESFORCE: both.sandbox.salesforce, Side.SALES_CONNECT: both.sandbox.sales_connect}
    parts = {side: (one.url, one.ca_bundle, one.secrets) for side, one in services.items()}
    return Orders(url, parts, both.sc.features, f"doomed/{next(_keys)}", spared)


def _let_time_pass(both: BothWorlds, url: str) -> None:
    """So much that the dead process has lost its lease, and nothing that it sent can land any more."""
    both.sc.advance(_LONGER_THAN_ANY_REQUEST)
    both.sf.advance(_LONGER_THAN_ANY_REQUEST)
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE bridge.lease SET expires_at = now() - interval '1 second'")


def _until_settled(both: BothWorlds, url: str) -> list[str]:
    """Processes that nobody kills, until one writes nothing. The points of the first."""
    reached: list[str] = []
    for _ in range(4):
        _let_time_pass(both, url)
        writes = both.writes()
        names, killed = send_out(_orders(both, url, None))
        assert not killed
        reached = reached or names
        if both.writes() == writes:
            return reached
    raise AssertionError("still writing after four runs")


def _holdings(both: BothWorlds) -> list[str]:
    """What both systems hold, ids and stamps aside; what is in the bin counts as well."""
    salesforce = both.sandbox.salesforce.control("GET", "/snapshot")
    sales_connect = both.sandbox.sales_connect.control("GET", "/snapshot")
    lines = [_line("SF", task, _SALESFORCE) for task in salesforce["Task"]]
    lines += [_line("SC", task, _SALES_CONNECT) for task in sales_connect["tasks"]]
    return sorted([*lines, f"{len(sales_connect['deleted_tasks'])} deleted in Sales Connect"])


_SALESFORCE = ("Subject", "Status", "Priority", "ActivityDate", "Description", "IsDeleted")
_SALES_CONNECT = ("name", "status", "priority", "due_date", "details")


def _line(system: str, task: dict[str, Any], names: tuple[str, ...]) -> str:
    return f"{system} {[task[name] for name in names]}"
