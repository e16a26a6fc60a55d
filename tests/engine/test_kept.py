"""K5: whatever is removed or created anew by us stays in the database in full."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import psycopg
import psycopg.rows
import pytest

from taskbridge.core.model import Op, Side
from taskbridge.engine.load import load
from tests.engine.world import World, planned


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
    world.ledger.release_lease(run.spec.run_key)
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
    world.ledger.clean_up(timedelta(days=14))
    assert world.rows("select 1 from staging.salesforce_task") == []
    assert [row["details"] for row in kept(world)] == ["theirs"]
    assert world.rows("select value_sc, value_sf from bridge.conflict") == [("mine", "theirs")]
    overwritten = "select seen_details from bridge.action where op = 'update'"
    assert world.rows(overwritten) == [("mine",)]
