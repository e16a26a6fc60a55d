"""What whole runs take in calls of Salesforce, by the sandbox's own counters: reads and version checks included."""

from __future__ import annotations

import pytest

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Op
from taskbridge.store import Ledger
from tests.contract.counted import Counted
from tests.contract.sandbox_process import Sandbox

pytestmark = pytest.mark.postgres


@pytest.fixture
def counted(sandbox: Sandbox, ledger: Ledger, database_url: str) -> Counted:
    return Counted(sandbox, ledger, database_url)


def test_an_idle_run_takes_two_calls_also_when_the_contract_is_due(counted: Counted) -> None:
    counted.tasks(3)
    assert sum(counted.sync().values()) == 2
    counted.an_hour_later()
    assert sum(counted.sync().values()) == 2
    assert counted.looks() == 1


def test_G9_an_idle_run_takes_two_calls_also_with_a_thousand_held_deletes(counted: Counted) -> None:
    tasks = counted.tasks(1_000)
    for task in tasks:
        counted.sc.delete(task)
    nothing = {"limits": {"delete": {"count": 0, "share": 0, "user_count": 0, "user_share": 0}}}
    counted.sync(RunOutcome.HELD, **nothing)
    for _ in range(2):
        assert sum(counted.sync(RunOutcome.HELD, **nothing).values()) == 2


@pytest.mark.parametrize("due", [False, True])
@pytest.mark.parametrize("op", list(Op))
def test_200_changes_of_one_kind_take_four_calls_at_most(counted: Counted, op: Op, *, due: bool) -> None:
    tasks = counted.tasks(1 if op is Op.CREATE else 200)
    if op is Op.CREATE:
        for number in range(200):
            counted.sc.create(counted.owner, f"New {number}")
    for task in tasks:
        if op is Op.UPDATE:
            counted.sc.edit(task, details="edited")
        elif op is Op.DELETE:
            counted.sc.delete(task)
    if due:
        counted.an_hour_later()
    called = counted.sync()
    assert sum(called.values()) <= 4, called
    assert counted.looks() == 1
    live = [one for one in counted.sf.service.control("GET", "/snapshot")["Task"] if not one["IsDeleted"]]
    assert len(live) == {Op.CREATE: 201, Op.UPDATE: 200, Op.DELETE: 0}[op]


def test_10000_updates_take_62_calls_by_collections_and_18_by_bulk(counted: Counted) -> None:
    tasks = counted.tasks(10_000)
    for way, most, used in (("never", 62, "PATCH"), (None, 18, "jobs")):
        for task in tasks:
            counted.sc.edit(task, details=f"edited, {way}")
        called = counted.sync(salesforce_bulk_threshold=way)
        assert counted.details() == {f"edited, {way}"}
        assert sum(called.values()) <= most, called
        assert any(used in name for name in called)
        counted.sync()
