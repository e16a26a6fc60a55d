"""G9: whatever is unfinished about a pair, it is decided only after both records were read by id.

Each story leaves a pair unfinished for one reason, then edits its Salesforce task so that no listing shows
it. Only a reading by id can bring that edit over.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from taskbridge.core.terms import Op, Side
from taskbridge.engine.loading.busy import TRIES
from taskbridge.engine.steps.load import load
from taskbridge.engine.steps.settle import settle
from tests.engine.world import World, planned

DUE = date(2026, 1, 1)
Story = Callable[[World, str, str], None]


def stale(world: World, sc_id: str, sf_id: str) -> None:
    world.sc.edit(sc_id, due_date=DUE)
    run = planned(world)
    world.sf.edit(sf_id, status="Completed")
    assert load(world.engine, run, Side.SALESFORCE, (Op.UPDATE,)).stale == 1
    settle(world.engine, run)
    world.ledger.runs.release_lease(run.spec.run_key)


def retried(world: World, sc_id: str, sf_id: str) -> None:
    world.sf.faults.lock_titles["Pair"] = TRIES
    world.sc.edit(sc_id, due_date=DUE)
    world.sync()


def held_by_a_limit(world: World, sc_id: str, sf_id: str) -> None:
    world.with_settings(limits={"user_count": 0, "user_share": 0.0})
    world.sc.edit(sc_id, due_date=DUE)
    world.sync()
    world.with_settings(limits={})


def held_for_a_decision(world: World, sc_id: str, sf_id: str) -> None:
    world.with_settings(conflict_policy="manual")
    world.sc.edit(sc_id, due_date=DUE)
    world.sf.edit(sf_id, due_date=date(2026, 2, 2))
    world.sync()


def missing(world: World, sc_id: str, sf_id: str) -> None:
    world.sf.faults.hidden = {sf_id}
    world.sc.edit(sc_id, due_date=DUE)
    world.settle()
    world.sf.faults.hidden = set()


def unconfirmed(world: World, sc_id: str, sf_id: str) -> None:
    world.sc.edit(sc_id, due_date=DUE)
    world.sync()


def dead(world: World, sc_id: str, sf_id: str) -> None:
    world.sf.faults.refuse_titles["Pair"] = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    world.sc.edit(sc_id, due_date=DUE)
    world.sync()
    world.sf.faults.refuse_titles.clear()
    world.rows_changed(
        "update bridge.dead_letter set next_try_at = now() - interval '1 minute'; "
        "update bridge.link set look_again_at = now() where look_again_at is not null"
    )


def unanswered(world: World, sc_id: str, sf_id: str) -> None:
    world.sf.faults.lose_answers = 1
    world.sc.edit(sc_id, due_date=DUE)
    world.sync()


def switched_on_again(world: World, sc_id: str, sf_id: str) -> None:
    ada = world.sc_users["ada"]
    world.sc.switch(ada, False)
    world.sync()
    world.sc.switch(ada, True)


REASONS = [
    stale, retried, held_by_a_limit, held_for_a_decision, missing, unconfirmed, dead, unanswered, switched_on_again,
]  # fmt: skip
WAITING = [held_for_a_decision, missing]  # read again after a rest


@pytest.mark.parametrize("leave_unfinished", REASONS, ids=lambda one: one.__name__)
def test_G9_an_unfinished_pair_is_read_by_id_on_both_sides(world: World, leave_unfinished: Story) -> None:
    sc_id = world.sc_task("Pair")
    world.sync()
    sf_id = world.partner(Side.SALES_CONNECT, sc_id)
    assert sf_id is not None
    world.sync()
    world.advance(3_600)
    world.sync()
    leave_unfinished(world, sc_id, sf_id)
    if leave_unfinished in WAITING:
        world.advance(300)
    world.sf.faults.visible_after = timedelta(days=5)
    world.sf.edit(sf_id, priority="High", details="no listing shows this")
    world.sf.faults.visible_after = timedelta(0)
    world.sync()
    there = world.sc.live()[sc_id]
    assert (there["priority"], there["details"]) == ("high", "no listing shows this")


def test_G9_of_a_clean_pair_a_record_that_no_listing_shows_counts_as_unchanged(world: World) -> None:
    """The other half of the rule, and what shows that the stories above prove something."""
    sc_id = world.sc_task("Pair")
    world.settle()
    sf_id = world.partner(Side.SALES_CONNECT, sc_id)
    assert sf_id is not None
    world.sync()
    world.sf.faults.visible_after = timedelta(days=5)
    world.sf.edit(sf_id, details="no listing shows this")
    world.sf.faults.visible_after = timedelta(0)
    world.settle()
    assert world.sc.live()[sc_id]["details"] is None
