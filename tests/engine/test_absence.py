"""S2, I1, I2, I5: whoever was away and comes back is caught up with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from taskbridge.core.terms import Side
from tests.engine.world import World, disagreements

DUE = date(2026, 5, 1)
DAY = 86_400
Switch = Callable[[World, bool], None]


def active_in(side: Side) -> Switch:
    def switch(world: World, here: bool) -> None:
        system, users = (
            (world.sc, world.sc_users) if side is Side.SALES_CONNECT else (world.sf, world.sf_users)
        )
        system.set_user(users["ada"], active=here)

    return switch


def seen_in(side: Side) -> Switch:
    """Neither a listing nor a look-up by id shows her."""

    def switch(world: World, here: bool) -> None:
        system, users = (
            (world.sc, world.sc_users) if side is Side.SALES_CONNECT else (world.sf, world.sf_users)
        )
        for ids in (system.faults.unlisted, system.faults.hidden):
            ids.discard(users["ada"]) if here else ids.add(users["ada"])

    return switch


def named_by_the_map(world: World, here: bool) -> None:
    world.with_settings(user_map={} if here else {"ada@example.com": "nobody@example.com"})


ABSENCES = {
    "inactive in Sales Connect": active_in(Side.SALES_CONNECT),
    "inactive in Salesforce": active_in(Side.SALESFORCE),
    "gone from Sales Connect": seen_in(Side.SALES_CONNECT),
    "gone from Salesforce": seen_in(Side.SALESFORCE),
    "mapped to nobody": named_by_the_map,
}


@pytest.mark.parametrize("be_here", ABSENCES.values(), ids=ABSENCES)
def test_S2_what_happened_while_somebody_was_away_is_made_up_for(world: World, be_here: Switch) -> None:
    edited, edited_there, gone = (world.sc_task(title) for title in ("edited", "edited there", "gone"))
    world.sc_task("witness")
    world.settle()
    world.advance(DAY)
    world.sync()
    new_there = world.sf_task("made there meanwhile")  # before: Salesforce takes nothing for who is inactive
    world.sf.edit(world.partner(Side.SALES_CONNECT, edited_there) or "", priority="High")
    be_here(world, False)
    world.sync()
    new = world.sc_task("made meanwhile")
    world.sc.edit(edited, due_date=DUE)
    world.sc.delete(gone)
    for _ in range(4):
        world.advance(DAY / 4)
        world.sync()
    assert world.partner(Side.SALES_CONNECT, new) is None
    be_here(world, True)
    world.settle()
    assert world.sf_of(edited)["due_date"] == DUE
    assert world.sc.live()[edited_there]["priority"] == "high"
    assert not [one for one in world.sf.live().values() if one["title"] == "gone"]
    assert world.sf_of(new)["title"] == "made meanwhile", (
        "she was never switched off, so it counts as new (I2)"
    )
    assert world.sc_of(new_there)["title"] == "made there meanwhile"
    assert not disagreements(world)
    writes, reads = world.writes, world.reads
    world.sync()
    assert world.writes == writes
    assert world.reads - reads == 5, "and nothing is owed any more"


@pytest.mark.parametrize("side", Side)
def test_S2_nobody_is_taken_for_gone_because_one_listing_does_not_show_them(world: World, side: Side) -> None:
    task = world.sc_task("Call Ann")
    world.settle()
    system, users = (world.sc, world.sc_users) if side is Side.SALES_CONNECT else (world.sf, world.sf_users)
    system.faults.unlisted = {users["ada"]}
    world.sc.edit(task, due_date=DUE)
    new = world.sc_task("New")
    report = world.sync()
    assert world.sf_of(task)["due_date"] == DUE
    assert world.partner(Side.SALES_CONNECT, new)
    assert f"{side.system} did not list {users['ada']}, who are there by id (S2)" in report.text


def test_S2_who_is_gone_for_good_is_looked_up_once(world: World) -> None:
    world.sc.delete_user(world.sc_users["ben"])
    world.sync()
    with_a_look = world.sc.reads
    world.sync()
    idle = world.sc.reads - with_a_look
    world.sync()
    assert world.sc.reads - with_a_look == 2 * idle
    assert (
        world.ledger.people.user_map().set_index("sc_user_id")["state"][world.sc_users["ben"]] == "inactive"
    )


@pytest.mark.parametrize("stamped", [True, False])
@pytest.mark.parametrize("inactive_too", [True, False])
def test_I5_off_and_on_again_lets_in_what_is_new_since_then(
    world: World, stamped: bool, inactive_too: bool
) -> None:
    """Without a stamp it counts from the run that saw it on again."""
    linked = world.sc_task("linked")
    world.settle()
    ada = world.sc_users["ada"]
    world.sc.switch(ada, False, stamped=stamped)
    world.sync()
    before = world.sc_task("made while off")
    world.sc.edit(linked, due_date=DUE)
    world.sync()
    if inactive_too:
        world.sc.set_user(ada, active=False)
        world.sync()
        world.sc.set_user(ada, active=True)
    world.sc.switch(ada, True, stamped=stamped)
    world.settle()
    after = world.sc_task("made since")
    world.settle()
    assert world.sf_of(linked)["due_date"] == DUE, "linked pairs are reconciled as usual"
    assert world.partner(Side.SALES_CONNECT, before) is None
    assert world.partner(Side.SALES_CONNECT, after)


def test_S2_a_run_that_looks_only_does_not_end_what_is_owed(world: World) -> None:
    world.sync()
    world.advance(3_600)
    world.sync()
    active_in(Side.SALESFORCE)(world, False)
    world.sync()
    new = world.sc_task("made meanwhile")
    for _ in range(3):
        world.advance(3_600)
        world.sync()
    active_in(Side.SALESFORCE)(world, True)
    world.sync(dry_run=True)
    world.sync(window=world.window(60))
    assert world.partner(Side.SALES_CONNECT, new) is None
    world.sync()
    assert world.partner(Side.SALES_CONNECT, new)


def test_S2_switched_on_while_inactive_counts_from_the_switch(world: World) -> None:
    """Chi turns her sync on, and is active in Salesforce a day later."""
    world.sf.set_user(world.sf_users["chi"], active=False)
    world.sync()
    old = world.sc_task("from before", owner="chi")
    world.sc.switch(world.sc_users["chi"], True)
    world.sync()
    new = world.sc_task("made since", owner="chi")
    for _ in range(3):
        world.advance(3_600)
        world.sync()
    world.sf.set_user(world.sf_users["chi"], active=True)
    world.settle()
    assert world.partner(Side.SALES_CONNECT, new)
    assert world.partner(Side.SALES_CONNECT, old) is None
