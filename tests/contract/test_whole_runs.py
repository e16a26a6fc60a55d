"""Whole runs over HTTPS: both real clients, both services, a real ledger."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from taskbridge.core.run import RunMode, RunOutcome, RunSpec
from taskbridge.core.terms import Op, Side
from taskbridge.engine.cycle import run_cycle
from taskbridge.engine.engine import Engine
from taskbridge.engine.pause import WatchedSides
from taskbridge.engine.ports import Sides
from taskbridge.engine.steps.report import RunReport
from taskbridge.settings import Settings
from taskbridge.store import Ledger
from tests.contract.sandbox_process import Sandbox
from tests.contract.worlds import SalesConnectWorld, SalesforceWorld

OPTIONS = [
    pytest.param(True, True, id="batch+feed"),
    pytest.param(True, False, id="batch"),
    pytest.param(False, True, id="feed"),
    pytest.param(False, False, id="bare"),
]


class BothWorlds:
    """Ada and Ben work in both systems, and both are switched on."""

    def __init__(
        self,
        sandbox: Sandbox,
        ledger: Ledger,
        *,
        batch: bool,
        feed: bool,
        settings: Settings | None = None,
        sleep: Callable[[float], None] = time.sleep,
        **options: Any,
    ) -> None:
        self.sandbox = sandbox
        sandbox.salesforce.reset()
        sandbox.sales_connect.reset()
        self.sf = SalesforceWorld(sandbox.salesforce, **options)
        self.sc = SalesConnectWorld(sandbox.sales_connect, batch=batch, feed=feed, gone_status=404)
        for user in (self.sc.owner, self.sc.other):
            sandbox.sales_connect.control("PATCH", f"/people/users/{user}", {"salesforce_task_sync": True})
        sides = WatchedSides(Sides(self.sc.side, self.sf.side), ledger)
        self.engine = Engine(ledger, sides, settings or Settings(), lambda: True, sleep=sleep)
        self._keys = itertools.count()
        self.sync()

    def sync(self, mode: RunMode = RunMode.SCHEDULED, wait: float = 60, **asked: int) -> RunReport:
        """One run, so many seconds after whatever was before."""
        self.sc.advance(wait)
        self.sf.advance(wait)
        report = self.run(mode, **asked)
        assert report.outcome is not RunOutcome.FAILED, report.text
        return report

    def run(self, mode: RunMode = RunMode.SCHEDULED, **asked: int) -> RunReport:
        """The same without time passing, and it may fail."""
        key = f"https/{next(self._keys)}"
        return run_cycle(
            self.engine, RunSpec(key, mode, self.engine.settings.fingerprint, "code", asked=asked)
        )

    def writes(self) -> int:
        services = (self.sandbox.salesforce, self.sandbox.sales_connect)
        return sum(int(service.calls()["writes"]) for service in services)

    def tasks(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Live tasks of Salesforce and of Sales Connect, as the services hold them."""
        salesforce = self.sandbox.salesforce.control("GET", "/snapshot").get("Task", [])
        sales_connect = self.sandbox.sales_connect.control("GET", "/snapshot").get("tasks", [])
        return [one for one in salesforce if not one["IsDeleted"]], sales_connect


@pytest.mark.postgres
@pytest.mark.parametrize(("batch", "feed"), OPTIONS)
@pytest.mark.parametrize("origin", list(Side))
def test_G2_a_create_whose_answer_is_lost_after_the_commit_is_there_once(
    sandbox: Sandbox, ledger: Ledger, origin: Side, batch: bool, feed: bool
) -> None:
    both = BothWorlds(sandbox, ledger, batch=batch, feed=feed)
    here, there = (both.sc, both.sf) if origin is Side.SALES_CONNECT else (both.sf, both.sc)
    here.create("Call Ann")
    there.lose_answer(Op.CREATE)
    both.sync()
    both.sync()
    salesforce, sales_connect = both.tasks()
    assert [one["Subject"] for one in salesforce] == ["Call Ann"]
    assert [one["name"] for one in sales_connect] == ["Call Ann"]
    before = both.writes()
    assert both.sync().outcome is RunOutcome.CLEAN
    assert both.writes() == before


@pytest.mark.postgres
def test_F1_F2_F3_F4_F5_F8_all_fields_cross_over_https_and_nothing_comes_back(
    sandbox: Sandbox, ledger: Ledger
) -> None:
    both = BothWorlds(sandbox, ledger, batch=True, feed=True)
    subject = "n" * 254 + "🙂 and more"
    task = both.sc.create(
        subject[:255],
        status="complete",
        priority="high",
        due_date=date(2026, 2, 28),
        details="a\nb\n\nc 漢字",
    )
    both.sync()
    (there,), _ = both.tasks()
    assert there["Subject"] == "n" * 254, "cut before the emoji that would be split"
    assert (there["Status"], there["Priority"], there["ActivityDate"]) == ("Completed", "High", "2026-02-28")
    assert there["Description"] == "a\nb\n\nc 漢字"
    assert there["OwnerId"] == both.sf.owner
    assert "Type" not in there or there["Type"] is None, "F8"
    both.sf.edit(there["Id"], status="Not Started", priority="Normal", due_date=None, details="x\r\ny")
    both.sync()
    _, (back,) = both.tasks()
    assert str(back["id"]) == task
    assert (back["status"], back["priority"], back["due_date"]) == ("open", "normal", None)
    assert back["details"] == "x\ny"
    before = both.writes()
    assert both.sync().outcome is RunOutcome.CLEAN
    assert both.writes() == before


def _shown(both: BothWorlds) -> list[tuple[Any, ...]]:
    """What people see of all live tasks in both systems; ids, markers and stamps aside."""
    names = ("Subject", "Status", "Priority", "ActivityDate", "Description", "OwnerId", "WhoId")
    theirs = ("name", "status", "priority", "due_date", "details", "assignee_id", "person_id", "type")
    salesforce, sales_connect = both.tasks()
    return sorted(
        [("Salesforce", *(str(task.get(name)) for name in names)) for task in salesforce]
        + [("Sales Connect", *(str(task.get(name)) for name in theirs)) for task in sales_connect]
    )


@pytest.mark.postgres
@pytest.mark.parametrize(("batch", "feed"), [OPTIONS[0], OPTIONS[3]])
def test_run_undo_run_over_https_leaves_both_systems_as_they_were(
    sandbox: Sandbox, ledger: Ledger, batch: bool, feed: bool
) -> None:
    both = BothWorlds(sandbox, ledger, batch=batch, feed=feed)
    tasks = [both.sc.create(f"Task {number}", details="base") for number in range(4)]
    theirs = [both.sf.create(f"Theirs {number}", status="In Progress") for number in range(3)]
    both.sync()
    both.sync()
    there = {task["Subject"]: task["Id"] for task in both.tasks()[0]}
    here = {task["name"]: str(task["id"]) for task in both.tasks()[1]}
    both.sc.edit(tasks[0], due_date=date(2026, 5, 5), title="Renamed", status="complete")
    both.sf.edit(there["Task 1"], details="edited\nthere", priority="High")
    both.sc.edit(tasks[1], details="edited here")
    both.sc.delete(here["Theirs 0"])
    both.sf.delete(there["Task 2"])
    both.sf.edit(theirs[1], status="Completed", due_date=date(2026, 6, 6))
    both.sc.create("New here")
    both.sf.create("New there")
    before = _shown(both)
    run = both.sync()
    assert run.counts is not None
    assert {op for ops in run.counts.actions.values() for op in ops} == {"create", "update", "delete"}
    assert _shown(both) != before
    undone = both.sync(RunMode.UNDO, run_id=run.run_id or 0)
    assert undone.outcome is RunOutcome.CLEAN, undone.text
    assert _shown(both) == before
    writes = both.writes()
    both.sync()
    both.sync()
    assert (_shown(both), both.writes()) == (before, writes)


@pytest.mark.postgres
def test_G2_an_update_that_salesforce_carries_out_late_overtakes_nothing(
    sandbox: Sandbox, ledger: Ledger
) -> None:
    both = BothWorlds(sandbox, ledger, batch=True, feed=True)
    task = both.sc.create("late")
    both.sync()
    both.sync()
    sandbox.salesforce.fault(kind="drop_late", endpoint="PATCH *sobjects*", seconds=300)
    both.sc.edit(task, due_date=date(2026, 5, 5))
    both.sync()
    both.sc.edit(task, due_date=date(2026, 6, 6))
    both.sync()
    (there,), _ = both.tasks()
    assert there["ActivityDate"] is None, "on its way, and nothing was repeated"
    both.sc.advance(600)
    both.sf.advance(600)
    both.sync()
    both.sync()
    (there,), (here,) = both.tasks()
    assert (there["ActivityDate"], here["due_date"]) == ("2026-06-06", "2026-06-06")
