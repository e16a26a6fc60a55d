"""Text that no database can hold, NUL and half a surrogate pair, wherever it stands (G4, invariant 18)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taskbridge.core.contract import Contract
from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import Side
from tests.engine.world import World

TEXTS = pytest.mark.parametrize("odd", ["a\x00b", "half \ud83d"])

IN_SALES_CONNECT = ("title", "details", "person", "type", "campaign_name", "call_outcome", "call_reason")
IN_SALESFORCE = ("title", "status", "priority", "details", "subtype")


def parked(world: World) -> list[tuple[str, str]]:
    return world.rows("SELECT remote_id, code FROM bridge.dead_letter WHERE resolved_at IS NULL")


@pytest.mark.parametrize(
    ("side", "column"),
    [(Side.SALES_CONNECT, column) for column in IN_SALES_CONNECT]
    + [(Side.SALESFORCE, column) for column in IN_SALESFORCE],
)
@TEXTS
def test_G4_a_value_that_cannot_be_stored_delays_its_own_pair_only(
    world: World, side: Side, column: str, odd: str
) -> None:
    system = world.sc if side is Side.SALES_CONNECT else world.sf
    task = world.sc_task("Call Ann") if side is Side.SALES_CONNECT else world.sf_task("Call Ann")
    other = world.sc_task("Call Ben")
    world.settle()
    edited = "high" if side is Side.SALES_CONNECT else "High"
    system.edit(task, priority=edited)
    system.garble(task, column, odd)
    world.sc.edit(other, title="Call Benny", details="both sides")
    report = world.sync()
    assert report.outcome is not RunOutcome.FAILED, report.text
    assert world.sf_of(other)["details"] == "both sides"
    assert parked(world) == [(task, "UNSTORABLE_TEXT")]

    system.edit(task, details="typed anew")
    world.settle()
    assert parked(world) == []
    copy = world.sf_of(task) if side is Side.SALES_CONNECT else world.sc_of(task)
    assert (copy["priority"].lower(), copy["details"]) == ("high", "typed anew")


@pytest.mark.parametrize("column", ["name", "time_zone"])
@pytest.mark.parametrize("side", list(Side))
@TEXTS
def test_G4_a_user_takes_part_whatever_the_name_holds(
    world: World, side: Side, column: str, odd: str
) -> None:
    if side is Side.SALES_CONNECT:
        world.sc.set_user(world.sc_users["ada"], **{column: odd})
    else:
        world.sf.set_user(world.sf_users["ada"], **{column: odd})
    task = world.sc_task("Call Ann")
    assert world.sync().outcome is RunOutcome.CLEAN
    assert world.sf_of(task)["title"] == "Call Ann"


@TEXTS
def test_G4_answers_are_recorded_whatever_their_messages_hold(world: World, odd: str) -> None:
    world.sf.faults.refuse_titles["Call Ann"] = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    world.sf.faults.refusal = odd
    world.sc_task("Call Ann")
    other = world.sc_task("Call Ben")
    report = world.sync()
    assert report.outcome is not RunOutcome.FAILED, report.text
    assert world.sf_of(other)["title"] == "Call Ben"
    states = dict(world.rows("SELECT title, state FROM bridge.action"))
    assert states == {"Call Ann": "dead", "Call Ben": "done"}
    ((message,),) = world.rows("SELECT message FROM bridge.action WHERE title = 'Call Ann'")
    assert "\u2400" in message or "\ufffd" in message


@TEXTS
def test_G4_labels_accounts_and_people_who_ask_stop_no_run(fresh: World, odd: str) -> None:
    world = fresh
    world.sf.described = replace(Contract(), values={"Status": ("Not Started", odd), odd: ()})
    world.sc.features |= {odd}
    asked = {"note": odd}
    report = world.sync(mode=RunMode.MANUAL, asked=asked, asked_by=odd, users=())
    assert report.outcome is RunOutcome.CLEAN, report.text
    with world.ledger as ledger:  # the ledger's own door
        run = ledger.runs.run_by_key("test/0")
        assert run is not None
        assert run.spec.asked["note"] != odd
