"""Invariant 19, where the org can be asked to refuse a write: an edit of the last moment is not overwritten."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Side
from tests.engine.world import World

DUE = date(2026, 5, 5)


def pairs(world: World, count: int) -> list[tuple[str, str]]:
    tasks = [world.sc_task(f"Task {number}", details="base") for number in range(count)]
    world.settle()
    world.advance(60)
    return [(task, world.partner(Side.SALES_CONNECT, task) or "") for task in tasks]


def edit_just_before_the_write(world: World, remote_id: str, **values: Any) -> None:
    """Once, after the targets were read and before the request arrives."""

    def edit(point: str) -> None:
        if point == "before write":
            world.sf.faults.on_call = None
            world.sf.edit(remote_id, **values)

    world.sf.faults.on_call = edit


def known(world: World) -> list[bool | None]:
    return [
        row[0] for row in world.rows("SELECT conditional_updates FROM mart.sides WHERE side = 'salesforce'")
    ]


def test_G9_an_edit_between_the_last_look_and_the_write_is_not_overwritten(world: World) -> None:
    world.sf.honours_conditions = True
    (task, there), (other, also) = pairs(world, 2)
    world.sc.edit(task, details="ours", due_date=DUE)
    world.sc.edit(other, due_date=DUE)
    edit_just_before_the_write(world, there, details="theirs")
    report = world.sync()
    assert report.outcome is RunOutcome.PARTIAL, report.text
    assert world.sf.live()[there]["details"] == "theirs"
    assert world.sf.live()[also]["due_date"] == DUE, "the others are written"
    codes = world.rows("SELECT code, state FROM bridge.action WHERE code IS NOT NULL")
    assert codes == [("PRECONDITION_FAILED", "retry")]
    world.settle()
    assert world.sf.live()[there]["due_date"] == world.sc.live()[task]["due_date"] == DUE
    assert world.sf.live()[there]["details"] == world.sc.live()[task]["details"] == "theirs"


@pytest.mark.parametrize("honours", [True, False])
def test_what_the_org_does_is_found_out_once_and_kept(world: World, honours: bool) -> None:
    world.sf.honours_conditions = honours
    ((task, there),) = pairs(world, 1)
    assert known(world) == [None]
    world.sc.edit(task, due_date=DUE)
    assert world.sync().outcome is RunOutcome.CLEAN
    assert (world.sf.live()[there]["due_date"], known(world)) == (DUE, [honours])
    world.sf.honours_conditions = not honours
    world.sc.edit(task, due_date=None)
    world.sync()
    assert (world.sf.live()[there]["due_date"], known(world)) == (None, [honours]), (
        "not looked at within a day"
    )
    world.rows_changed("UPDATE bridge.contract SET conditional_seen_at = now() - interval '25 hours'")
    world.sc.edit(task, due_date=DUE)
    world.sync()
    assert (world.sf.live()[there]["due_date"], known(world)) == (DUE, [not honours])


def test_many_updates_go_together_and_say_nothing_of_it(world: World) -> None:
    world.sf.honours_conditions = True
    for task, _ in pairs(world, 4):
        world.sc.edit(task, due_date=DUE)
    assert world.sync().outcome is RunOutcome.CLEAN
    assert known(world) == [None]
    world.with_settings(salesforce_guarded_updates=0)
    task = world.sc_task("one")
    world.settle()
    world.sc.edit(task, due_date=DUE)
    world.sync()
    assert known(world) == [None], "switched off by setting"
