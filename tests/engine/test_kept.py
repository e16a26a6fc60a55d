"""K5: whatever is removed or created anew by us stays in the database in full."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import psycopg
import psycopg.rows
import pytest

from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import Op, Side
from taskbridge.engine.steps.load import load
from taskbridge.engine.steps.report import RunReport
from tests.doubles.memory import MemorySide
from tests.engine.undoing import pair, quiet, undo
from tests.engine.world import KEEP, World, planned


def kept(world: World) -> list[dict[str, Any]]:
    with psycopg.connect(world.database_url, row_factory=psycopg.rows.dict_row) as connection:
        return connection.execute(
            "SELECT k.*, a.state AS became FROM bridge.kept k JOIN bridge.action a USING (action_id) ORDER BY kept_id"
        ).fetchall()


def test_K5_a_deleted_sales_connect_task_is_kept_with_all_that_was_told_of_it(world: World) -> None:
    told = {
        "details": "a\nb",
        "due_date": date(2026, 5, 1),
        "type": "email",
        "campaign_name": "Spring",
        "campaign_day": "3",
        "campaign_step": "2",
        "call_outcome": "reached",
        "call_reason": "offer",
        "person": "003",
        "status": "skipped",
        "priority": "high",
    }
    task = world.sc_task("Call", **told)
    world.sync()
    partner = world.partner(Side.SALES_CONNECT, task)
    assert partner is not None
    world.sf.delete(partner)
    world.sync()
    assert world.sc.live() == {}
    [row] = kept(world)
    assert {name: row[name] for name in told} == told
    assert (row["side"], row["remote_id"], row["reason"], row["became"]) == (
        "sales_connect", task, "deleted", "done",
    )  # fmt: skip
    assert row["payload"]["campaign_name"] == "Spring"
    assert row["link_id"] == world.pair_of(Side.SALES_CONNECT, task)


def test_K5_a_deleted_salesforce_task_is_kept_with_its_marker_and_person(world: World) -> None:
    world.sf.add_person("003")
    task = world.sc_task("Call", person="003")
    world.sync()
    partner = world.partner(Side.SALES_CONNECT, task)
    assert partner is not None
    world.sf.edit(partner, title="Typed", status="In Progress", priority="Low")
    world.sync()
    world.sc.delete(task)
    world.sync()
    assert world.sf.live() == {}
    [row] = kept(world)
    assert (row["title"], row["status"], row["priority"], row["person"]) == (
        "Typed", "In Progress", "Low", "003",
    )  # fmt: skip
    assert row["marker"] == f"tb:{row['link_id']}:1"
    assert row["payload"]["subtype"] == "Task"


def test_K5_what_moved_before_its_delete_is_kept_as_it_was_read_last(world: World) -> None:
    """The delete is stale, planned anew and then done: the last reading is what goes away."""
    task = world.sc_task("Call")
    world.sync()
    partner = world.partner(Side.SALES_CONNECT, task)
    assert partner is not None
    world.sc.delete(task)
    run = planned(world)
    world.sf.edit(partner, details="at the last moment")
    assert load(world.engine, run, Side.SALESFORCE, (Op.DELETE,)).stale == 1
    assert kept(world) == [], "nothing is removed, so nothing is kept"
    world.ledger.runs.release_lease(run.spec.run_key)
    world.settle()
    assert [(row["details"], row["became"]) for row in kept(world)] == [("at the last moment", "done")]


@pytest.mark.parametrize("policy", ["delete_wins", "edit_wins"])
@pytest.mark.parametrize("deleted", list(Side))
def test_K5_what_loses_a_delete_against_an_edit_is_kept(world: World, deleted: Side, policy: str) -> None:
    """K4: with delete_wins the edited record goes away, with edit_wins the deleted one is made anew."""
    world.with_settings(delete_policy=policy)
    sc_id = world.sc_task("Contested", details="before", type="email", campaign_name="Spring")
    world.sync()
    sf_id = world.partner(Side.SALES_CONNECT, sc_id)
    assert sf_id is not None
    here, there, mine, other = world.sc, world.sf, sc_id, sf_id
    if deleted is Side.SALESFORCE:
        here, there, mine, other = there, here, other, mine
    here.delete(mine)
    there.edit(other, details="edited")
    world.settle()
    [row] = kept(world)
    if policy == "delete_wins":
        assert (row["remote_id"], row["reason"], row["details"]) == (other, "deleted", "edited")
    else:
        assert (row["remote_id"], row["reason"], row["details"]) == (mine, "recreated", "before")
        assert row["side"] == deleted
    if row["side"] == Side.SALES_CONNECT:
        assert (row["type"], row["campaign_name"]) == ("email", "Spring")


def test_K5_what_a_restored_task_replaces_is_kept(world: World) -> None:
    """C7: the Sales Connect task is made anew under another id; the old id and values stay known."""
    task = world.sc_task("Call", type="email")
    world.sync()
    partner = world.partner(Side.SALES_CONNECT, task)
    assert partner is not None
    world.sf.delete(partner)
    world.sync()
    world.advance(60)
    world.sf.undelete(partner)
    world.settle()
    assert [(row["remote_id"], row["reason"], row["type"]) for row in kept(world)] == [
        (task, "deleted", "email"),
        (task, "recreated", "email"),
    ]


def test_K5_what_is_kept_outlives_the_staging(world: World) -> None:
    task = world.sc_task("Call", details="a")
    world.sync()
    partner = world.partner(Side.SALES_CONNECT, task)
    assert partner is not None
    world.sf.edit(partner, details="theirs")
    world.sc.edit(task, details="mine")
    world.sync()
    world.sc.delete(task)
    world.sync()
    world.rows_changed("update bridge.run set closed_at = now() - interval '400 days'")
    world.ledger.housekeeping.clean_up(KEEP)
    assert world.rows("select 1 from staging.salesforce_task") == []
    assert [row["details"] for row in kept(world)] == ["theirs"]
    assert world.rows("select value_sc, value_sf from bridge.conflict") == [("mine", "theirs")]
    overwritten = "select seen_details from bridge.action where op = 'update'"
    assert world.rows(overwritten) == [("mine",)]


CALL: dict[str, Any] = {
    "type": "call",
    "call_outcome": "reached",
    "call_reason": "offer",
    "campaign_name": "Spring",
    "campaign_day": "3",
    "campaign_step": "2",
    "person": "003",
}
RELATED: dict[str, Any] = {
    "CallDisposition": "reached",
    "WhatId": "001",
    "Region__c": "North",
    "Score__c": 4.5,
    "Hot__c": False,
}


def held(system: MemorySide, names: Iterable[str]) -> list[dict[str, Any]]:
    """What the live tasks hold in these fields."""
    return [{name: values.get(name) for name in names} for values in system.live().values()]


def restored(world: World, pair: str) -> RunReport:
    return world.sync(mode=RunMode.RESTORE, asked={"link_id": pair}, asked_by="Ann")


def call_pair(world: World) -> tuple[str, str]:
    world.sf.add_person("003")
    world.sc.contacts["003"] = "9"
    task, there = pair(world, "Call", **CALL)
    world.sf.edit(there, **RELATED)
    world.settle()
    return task, there


@pytest.mark.parametrize("deleted", list(Side))
@pytest.mark.parametrize("way", ["restore", "undo"])
def test_K5_a_deleted_pair_comes_back_with_every_field(world: World, way: str, deleted: Side) -> None:
    task, there = call_pair(world)
    (world.sc.delete(task) if deleted is Side.SALES_CONNECT else world.sf.delete(there))
    report = world.sync()
    assert not world.sc.live()
    assert not world.sf.live()
    link = world.pair_of(Side.SALES_CONNECT, task)
    again = restored(world, link) if way == "restore" else undo(world, report)
    assert again.outcome is RunOutcome.CLEAN, again.text
    expected = {Side.SALES_CONNECT: [CALL], Side.SALESFORCE: [RELATED]}
    if way == "undo":  # only what the run deleted comes back
        expected[deleted] = []
    assert held(world.sc, CALL) == expected[Side.SALES_CONNECT]
    assert held(world.sf, RELATED) == expected[Side.SALESFORCE]
    quiet(world)


def test_K5_an_outcome_that_was_logged_after_the_last_agreement_comes_back(world: World) -> None:
    task, there = pair(world, "Call", type="call")
    world.sc.edit(task, call_outcome="no answer")
    world.sf.delete(there)
    world.sync()
    restored(world, world.pair_of(Side.SALES_CONNECT, task))
    assert held(world.sc, ["type", "call_outcome"]) == [{"type": "call", "call_outcome": "no answer"}]
    quiet(world)


def test_K5_C7_a_restore_in_salesforce_brings_the_call_back_in_sales_connect(world: World) -> None:
    _, there = call_pair(world)
    world.sf.delete(there)
    world.sync()
    world.advance(60)
    world.sf.undelete(there)
    world.settle()
    assert held(world.sc, CALL) == [CALL]
    assert held(world.sf, RELATED) == [RELATED]
    quiet(world)


@pytest.mark.parametrize("deleted", list(Side))
def test_K5_K4_what_an_edit_brings_back_is_as_it_was_known(world: World, deleted: Side) -> None:
    task, there = call_pair(world)
    world.with_settings(delete_policy="edit_wins")
    if deleted is Side.SALES_CONNECT:
        world.sc.delete(task)
        world.sf.edit(there, details="edited")
    else:
        world.sf.delete(there)
        world.sc.edit(task, details="edited")
    world.settle()
    assert held(world.sc, CALL) == [CALL]
    assert held(world.sf, RELATED) == [RELATED]
    quiet(world)


def test_K5_what_is_brought_back_twice_is_as_it_was_last(world: World) -> None:
    task, _ = call_pair(world)
    link = world.pair_of(Side.SALES_CONNECT, task)
    world.sc.delete(task)
    world.sync()
    restored(world, link)
    [second] = world.sf.live()
    world.sf.edit(second, CallDisposition="called back")
    world.sc.delete(next(iter(world.sc.live())))
    world.sync()
    assert restored(world, link).outcome is RunOutcome.CLEAN
    assert held(world.sf, ["CallDisposition", "Region__c"]) == [
        {"CallDisposition": "called back", "Region__c": "North"}
    ]


def test_K5_what_salesforce_refuses_is_left_out_and_named(world: World) -> None:
    task, _ = call_pair(world)
    world.sc.delete(task)
    world.sync()
    world.sf.faults.refuse_fields = {"WhatId"}
    report = restored(world, world.pair_of(Side.SALES_CONNECT, task))
    assert held(world.sf, RELATED) == [{**RELATED, "WhatId": None}]
    assert "Salesforce: 1 tasks were brought back without what the system refused" in report.text
    assert "WhatId" in report.text
    assert world.rows("SELECT code FROM bridge.action WHERE code = 'FIELDS_LEFT_OUT'") == [
        ("FIELDS_LEFT_OUT",)
    ]


def test_K5_a_delete_that_waits_for_its_late_request_is_kept_in_full(world: World) -> None:
    """Recovery keeps the record again as long as the request may land: in full as well."""
    task, there = call_pair(world)
    world.sc.delete(task)
    world.sf.faults.land_late = [timedelta(minutes=5)]
    world.sync()
    world.sync()
    assert there in world.sf.live(), "the request is still under way"
    [row] = kept(world)
    assert {name: row["payload"].get(name) for name in RELATED} == RELATED


def test_F7_an_import_is_custom_as_ever(world: World) -> None:
    world.sf_task("Ask Cy", CallDisposition="reached")
    world.settle()
    assert held(world.sc, ["type", "call_outcome"]) == [{"type": "custom", "call_outcome": None}]


def test_K5_the_base_of_what_comes_back_is_what_it_was(world: World) -> None:
    """Else a Subject that shows the kind of task would be written anew (T3)."""
    world.with_settings(subject_template="[{{activity_type}}] {{activity_subject}}")
    task, there = pair(world, "Ann", type="call")
    world.sf.delete(there)
    world.sync()
    restored(world, world.pair_of(Side.SALES_CONNECT, task))
    assert world.rows("SELECT sc_type FROM bridge.link") == [("call",)]
    assert [values["title"] for values in world.sf.live().values()] == ["[Call] Ann"]
    quiet(world)
