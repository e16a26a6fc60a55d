"""The steps of a run among themselves: their order, a side that is down, counts that do not add up."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Op, Side
from taskbridge.engine.steps.load import load
from taskbridge.engine.steps.report import report
from taskbridge.errors import CountsDoNotAddUp, SideUnreachable
from tests.engine.world import World, planned

SENT = "sent"


def states(world: World) -> list[str]:
    return [state for (state,) in world.rows("SELECT state FROM bridge.action")]


def test_creates_and_updates_on_both_sides_come_before_any_delete(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, gone, gone_there = world.sc_task("kept"), world.sc_task("gone"), world.sf_task("gone there")
    world.sync()
    wrote: list[tuple[Side, str]] = []
    for system in (world.sc, world.sf):
        write = system.write

        def noting(op: Op, *given: Any, side: Side = system.side, write: Any = write) -> pd.DataFrame:
            wrote.append((side, op))
            return write(op, *given)  # type: ignore[no-any-return]

        monkeypatch.setattr(system, "write", noting)
    world.sc.delete(gone)
    world.sf.delete(gone_there)
    world.sc.edit(kept, priority="high")
    world.sc_task("new")
    world.sf_task("new there")
    world.sync()
    assert wrote == [
        (Side.SALESFORCE, Op.CREATE),
        (Side.SALESFORCE, Op.UPDATE),
        (Side.SALES_CONNECT, Op.CREATE),
        (Side.SALESFORCE, Op.DELETE),
        (Side.SALES_CONNECT, Op.DELETE),
    ]


@pytest.mark.parametrize("down", list(Side))
def test_a_side_that_is_down_does_not_keep_the_other_from_its_share(world: World, down: Side) -> None:
    mine, theirs = world.sc_task("mine"), world.sf_task("theirs")
    world.sync()
    world.sc.edit(mine, priority="high")
    world.sf.edit(theirs, priority="High")
    system = world.sc if down is Side.SALES_CONNECT else world.sf

    def refuse(call: str) -> None:
        if call == "before write":
            raise SideUnreachable("no route to the host")

    system.faults.on_call = refuse
    outcome = world.sync()
    assert outcome.outcome is RunOutcome.FAILED
    assert "no route to the host" in outcome.text
    arrived = (world.sf_of(mine)["priority"], world.sc_of(theirs)["priority"])
    assert arrived == (("High", "normal") if down is Side.SALES_CONNECT else ("Normal", "high"))
    assert SENT not in states(world), "what certainly did not arrive is not looked for"
    system.faults.on_call = None
    world.sync()
    assert (world.sf_of(mine)["priority"], world.sc_of(theirs)["priority"]) == ("High", "high")


def test_G2_that_a_write_is_tried_is_stored_before_it_is_tried(world: World) -> None:
    world.sc_task()
    at_the_call: list[list[str]] = []

    def note(call: str) -> None:
        if call == "before write":
            at_the_call.append(states(world))

    world.sf.faults.on_call = note
    world.sync()
    assert at_the_call == [[SENT]]


def test_G5_a_row_without_an_answer_counts_as_perhaps_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sc_task("answered")
    world.sc_task("not answered")
    write = world.sf.write
    monkeypatch.setattr(world.sf, "write", lambda *given: write(*given).iloc[:1])
    told = load(world.engine, planned(world), Side.SALESFORCE, [Op.CREATE])
    assert told.outcomes == {"done": 1, "unknown": 1}
    assert sorted(states(world)) == ["done", SENT]


def test_G5_a_row_that_ended_nowhere_fails_the_run(world: World) -> None:
    world.sc_task()
    run = planned(world)
    world.rows_changed(
        f"update staging.sales_connect_task set disposition = null where run_id = {run.run_id}"
    )
    with pytest.raises(CountsDoNotAddUp, match="1 staged rows ended nowhere"):
        report(world.engine, run.spec.run_key)
    (outcome,) = world.rows("select outcome from bridge.run where run_id = %s", run.run_id)
    assert outcome == ("failed",)
    assert world.ledger.runs.lease_holder() is None
