"""G7: what runs cost in calls of Salesforce, told by the sandbox's counters; every step is a process of its own."""

from __future__ import annotations

from datetime import date

import pytest

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Op
from taskbridge.core.usage import counted
from taskbridge.store import Ledger
from tests.contract.sandbox_process import Sandbox
from tests.contract.stepped import FREE, SteppedWorlds

pytestmark = pytest.mark.postgres

CHANGES = 200


@pytest.fixture
def both(sandbox: Sandbox, ledger: Ledger) -> SteppedWorlds:
    return SteppedWorlds(sandbox, ledger, limits=FREE)


def made(both: SteppedWorlds, number: int) -> list[str]:
    return [both.sc.create(f"Task {place}") for place in range(number)]


def test_G7_an_idle_run_takes_two_calls(both: SteppedWorlds) -> None:
    made(both, 3)
    for _ in range(3):
        both.sync()
    both.sc.advance(3_600)  # past the overlap
    both.sf.advance(3_600)
    for _ in range(2):
        assert both.sync().outcome is RunOutcome.CLEAN
        assert both.calls() == counted(both.usage().calls) == 2


@pytest.mark.parametrize("op", list(Op))
def test_G7_200_changes_of_one_kind_take_at_most_four_calls(both: SteppedWorlds, op: Op) -> None:
    tasks = made(both, 1 if op is Op.CREATE else CHANGES)
    for _ in range(2):
        both.sync()
    for task in tasks if op is not Op.CREATE else ():
        both.sc.delete(task) if op is Op.DELETE else both.sc.edit(task, due_date=date(2026, 5, 5))
    if op is Op.CREATE:
        made(both, CHANGES)
    told = both.sync()
    assert told.outcome is RunOutcome.CLEAN, told.text
    assert told.counts is not None
    assert told.counts.actions == {"salesforce": {op.value: {"done": CHANGES}}}
    assert counted(both.usage().calls) == both.calls() == (3 if op is Op.CREATE else 4)


def test_G7_a_cap_of_100_calls_with_500_needed_ends_clean_and_the_next_run_finishes(
    both: SteppedWorlds,
) -> None:
    made(both, 1)
    both.sync()
    both.rows_a_call = 1
    tasks = made(both, 500)
    both.sandbox.salesforce.switch(api_daily_max=100)
    told = both.sync()
    assert told.outcome is RunOutcome.PARTIAL, told.text
    assert told.counts is not None
    states = told.counts.actions["salesforce"]["create"]
    assert states.keys() == {"done", "planned"}
    assert both.usage().told is not None
    assert both.usage().told.left == 10, "the reserve, to the call"
    assert f"Carried over: {states['planned']} changes to Salesforce, since " in told.text
    assert "90 of 100 in 24 hours are ours: " in told.text
    assert counted(both.usage().forecast) == both.calls()
    both.sandbox.salesforce.switch(api_daily_max=15_000)
    for world in (both.sc, both.sf):
        world.advance(25 * 3_600)
    newer = {both.sc.create(f"Newer {place}") for place in range(3)}
    told = both.sync()
    assert told.outcome is RunOutcome.CLEAN, told.text
    created = both.sandbox.salesforce.control("GET", "/snapshot")["Task"]
    markers = [one["Taskbridge_Id__c"] for one in created]
    assert len(markers) == len(set(markers)) == 1 + len(tasks) + len(newer)
    in_order = [one["Subject"] for one in sorted(created, key=lambda one: one["Id"])]
    assert sorted(in_order[-3:]) == ["Newer 0", "Newer 1", "Newer 2"], "what had waited went first"
