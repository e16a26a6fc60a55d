"""explain: for each field which side, run and rule set it, and why a task is not in sync."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date

import pytest

from taskbridge.core.terms import Side
from taskbridge.engine.on_demand.explain import explain
from taskbridge.errors import TaskUnknown
from tests.engine.world import World


def told(world: World, task: str) -> dict[str, str]:
    """What is said by heading: the paragraph of each field, and the first one as ""."""
    first, *fields = explain(world.ledger, task).split("\n\n")
    return {"": first} | {part.splitlines()[0]: part for part in fields}


def run_of(report_text: str) -> str:
    return report_text.split(" (")[0].replace("Run", "run")


def test_each_field_tells_side_run_rule_and_time(world: World) -> None:
    task = world.sc_task("Call Ann", due_date=date(2026, 3, 1))
    made = run_of(world.sync().text)
    there = world.partner(Side.SALES_CONNECT, task)
    assert there is not None
    world.sync()
    world.sf.edit(there, due_date=date(2026, 4, 1), status="In Progress", title="Typed there")
    world.sc.edit(task, priority="high")
    edited = run_of(world.sync().text)
    said = told(world, task)
    assert said[""].startswith(f'"Call Ann", pair sc:{world.sc.identity}:{task}, begun in Sales Connect')
    assert f"Sales Connect {task}, Salesforce {there}" in said[""]
    assert "State: linked: in sync" in said[""]
    due = said["Due date"]
    assert 'Sales Connect: "2026-04-01"' in due
    assert f"From Salesforce, set by {edited} (scheduled) at 20" in due
    assert "rule C1: One side created, edited" in due
    assert f"From Sales Connect, set by {edited}" in said["Priority"]
    assert f"From Sales Connect, set by {made}" in said["Owner"]
    assert f"From Salesforce, set by {edited}" in said["Status"]
    assert 'Sales Connect: "open"' in said["Status"]
    assert 'Salesforce:    "In Progress"' in said["Status"]
    assert "rule F6" in said["Status"]
    assert "rule F1" in said["Name / Subject"]
    assert "rule" not in said[""]


@pytest.mark.parametrize("name", ["sc", "sf 18", "sf 15", "link", "marker", " padded "])
def test_every_name_of_a_task_leads_to_its_pair(world: World, name: str) -> None:
    task = world.sc_task()
    world.settle()
    there = world.partner(Side.SALES_CONNECT, task)
    assert there is not None
    link = f"sc:{world.sc.identity}:{task}"
    names = {"sc": task, "sf 18": there, "sf 15": there[:15], "link": link, "marker": f"tb:{link}:1"}
    assert f"pair {link}," in explain(world.ledger, names.get(name, f" {task}\n"))


def test_K5_conflicts_are_told_with_both_values(world: World) -> None:
    world.with_settings(conflict_policy="salesforce_wins", conflict_policy_fields={"details": "manual"})
    task = world.sc_task(details="base", due_date=date(2026, 1, 1))
    world.settle()
    there = world.partner(Side.SALES_CONNECT, task)
    assert there is not None
    world.sc.edit(task, due_date=date(2026, 2, 2), details="ours")
    world.sf.edit(there, due_date=date(2026, 3, 3), details="theirs")
    world.sync()
    said = told(world, task)
    assert (
        'rule K3: Sales Connect had "2026-02-02", Salesforce "2026-03-03"; Salesforce won' in said["Due date"]
    )
    assert "the other value is kept" in said["Due date"]
    assert (
        'Sales Connect had "ours", Salesforce "theirs"; it waits for a decision' in said["Details / Comments"]
    )
    assert "unfinished since" in said[""]


def test_what_is_held_is_told_with_its_rule(world: World) -> None:
    task = world.sc_task()
    world.settle()
    world.with_settings(limits={"count": 0, "share": 0, "user_count": 0, "user_share": 0})
    world.sc.edit(task, due_date=date(2026, 5, 5))
    world.sync()
    said = told(world, task)[""]
    assert "Still to come: update in Salesforce of due_date, held by run" in said
    assert "rule C1,G3: A limit on how much may change at once was exceeded" in said


def test_a_task_in_no_pair_is_told_why(world: World) -> None:
    task = world.sf_task(owner="chi")
    world.sync()
    said = explain(world.ledger, task)
    assert said.startswith(f'Salesforce {task}, "Call Ann": in no pair')
    assert "rule S2: The owner takes no part" in said
    assert 'What helps: Switch on "Salesforce task sync"' in said


@pytest.mark.parametrize("side", list(Side))
def test_C21_a_task_whose_create_is_parked_is_told_as_it_was_read(world: World, side: Side) -> None:
    other = world.sf if side is Side.SALES_CONNECT else world.sc
    other.faults.refuse_titles["Call Bob"] = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    make = world.sc_task if side is Side.SALES_CONNECT else world.sf_task
    task = make("Call Bob", owner="ben", due_date=date(2026, 5, 5))
    world.sync()
    said = told(world, task)
    assert said[""].startswith('"Call Bob", pair ')
    assert "(no task)" in said[""]
    assert "Owner: Ben" in said[""]
    assert "rule G4: FIELD_CUSTOM_VALIDATION_EXCEPTION" in said[""]
    here, there = ("Sales Connect: ", "Salesforce:    ")[:: 1 if side is Side.SALES_CONNECT else -1]
    assert f'  {here}"2026-05-05"' in said["Due date"]
    assert f"  {there}(no task)" in said["Due date"]
    assert "As last read; nothing was agreed yet" in said["Due date"]
    assert "(empty)" not in said["Name / Subject"] + said["Status"] + said["Owner"]


@pytest.mark.parametrize("given", ["Call Ann", "call ann", " CALL ANN "])
def test_C21_a_title_leads_to_its_task(world: World, given: str) -> None:
    task = world.sc_task("Call Ann")
    world.sf_task("Call Anna")
    world.settle()
    assert explain(world.ledger, given) == explain(world.ledger, task)


def test_C21_a_title_that_several_tasks_have_names_them_all(world: World) -> None:
    one, two = world.sc_task("Call Ann"), world.sc_task("Call Ann", owner="ben")
    outside = world.sf_task("Call Ann", owner="chi")
    world.settle()
    said = explain(world.ledger, "Call Ann")
    assert said.startswith("3 tasks are called 'Call Ann'; name the one you mean:")
    assert all(f":{task}," in said for task in (one, two))
    assert f"Salesforce {outside}, in no pair" in said


def test_a_task_that_nobody_knows_is_an_error_that_helps(world: World) -> None:
    with pytest.raises(TaskUnknown, match=r"'4711'.*15 or 18 characters.*Check the id"):
        explain(world.ledger, "4711")


def test_the_command_prints_it(world: World) -> None:
    task = world.sc_task()
    world.settle()

    def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        plain = {name: value for name, value in os.environ.items() if name != "TASKBRIDGE_DATABASE_URL"}
        return subprocess.run(
            [sys.executable, "-m", "taskbridge.explain", *arguments],
            env=plain | environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    done = command(task, TASKBRIDGE_DATABASE_URL=world.database_url)
    assert (done.returncode, done.stdout) == (0, explain(world.ledger, task) + "\n")
    unknown = command("4711", TASKBRIDGE_DATABASE_URL=world.database_url)
    assert unknown.returncode == 1
    assert "'4711'" in unknown.stderr
    assert command(task).returncode == 2


def test_where_a_field_comes_from_can_be_queried(world: World) -> None:
    task = world.sc_task()
    world.settle()
    rows = world.rows(
        "SELECT field, came_from, rule FROM mart.field_origins WHERE link_id = bridge.pair_of(%s)", task
    )
    assert sorted(rows) == sorted(
        (name, "sales_connect", "C1")
        for name in ("title", "status", "priority", "due_date", "details", "owner")
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("0055g0000000001", "0055g0000000001AAA"),
        ("00T5gABCDEabcdE", None),
        ("17", "17"),
        ("x" * 18, "x" * 18),
    ],
)
def test_ids_of_15_characters_are_completed(world: World, given: str, expected: str | None) -> None:
    from taskbridge.sides.salesforce.ids import to_18

    assert world.rows("SELECT bridge.salesforce_id(%s)", given) == [(expected or to_18(given),)]
