"""C5, C7: which absence proves a delete, and which deleted task is wanted back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Side
from tests.engine.world import World, disagreements

STATE = "select state from bridge.link where sc_id = %s"


def pair(world: World, owner: str = "ada", title: str = "Pair") -> tuple[str, str]:
    sc_id = world.sc_task(title, owner=owner)
    world.sync()
    sf_id = world.partner(Side.SALES_CONNECT, sc_id)
    assert sf_id is not None
    world.sync()
    return sc_id, sf_id


# how the delete shows in Sales Connect: feed, status of a look-up, another task of the assignee's
SC_PROOFS = [
    (True, 404, False, "tombstone"),
    (False, 410, False, "tombstone"),
    (False, 404, True, "tombstone"),
    (False, 404, False, "missing"),
]


@pytest.mark.parametrize(("feed", "status", "control", "state"), SC_PROOFS)
def test_C5_which_answers_of_sales_connect_prove_a_delete(
    world: World, feed: bool, status: int, control: bool, state: str
) -> None:
    world.sc.features = frozenset({"deleted_tasks"} if feed else ())
    world.sc.gone_status = status
    if control:
        pair(world, title="Control")
    pair(world, owner="ben", title="Another assignee's")
    sc_id, sf_id = pair(world)
    world.sc.delete(sc_id)
    world.advance(7_200)
    world.settle()
    assert world.rows(STATE, sc_id) == [(state,)]
    assert (sf_id in world.sf.live()) is (state == "missing")


def test_C5_a_missing_task_is_deleted_once_there_is_proof(world: World) -> None:
    """A 404 alone says nothing; a control task of the same assignee that answers makes it proof."""
    world.sc.features = frozenset()
    sc_id, sf_id = pair(world)
    world.sc.delete(sc_id)
    world.advance(7_200)
    world.settle()
    assert sf_id in world.sf.live()
    pair(world, title="Control")
    world.advance(3_600)
    world.settle()
    assert sf_id not in world.sf.live()


def test_C5_a_hidden_control_task_proves_nothing(world: World) -> None:
    world.sc.features = frozenset()
    control, _ = pair(world, title="Control")
    sc_id, sf_id = pair(world)
    world.sc.faults.hidden = {control, sc_id}
    world.advance(7_200)
    world.settle()
    assert sf_id in world.sf.live()
    assert world.rows(STATE, sc_id) == [("missing",)]


def test_C5_a_delete_proved_while_the_other_record_was_out_of_sight_needs_no_second_proof(
    world: World,
) -> None:
    """A 404 without a control task, and a task that is out of the recycle bin, would be none."""
    one, in_sf = pair(world, title="deleted in Sales Connect")
    in_sc, other = pair(world, owner="ben", title="deleted in Salesforce")
    world.sf.faults.hidden, world.sc.faults.hidden = {in_sf}, {in_sc}
    world.sc.delete(one)
    world.sf.delete(other)
    world.settle()
    world.sf.purge()
    world.advance(86_400)
    world.settle()
    assert [*world.rows(STATE, one), *world.rows(STATE, in_sc)] == [("missing",), ("missing",)]
    world.sf.faults.hidden, world.sc.faults.hidden = set(), set()
    world.advance(3_600)
    world.settle()
    assert (world.sc.live(), world.sf.live()) == ({}, {})


def test_C5_C7_what_was_seen_live_after_its_delete_needs_a_new_proof(world: World) -> None:
    sc_id, sf_id = pair(world)
    world.sc.faults.hidden = {sc_id}
    world.sf.delete(sf_id)
    world.settle()
    world.advance(60)
    world.sf.undelete(sf_id)
    world.settle()
    world.sc.faults.hidden, world.sf.faults.hidden = set(), {sf_id}
    world.sc.edit(sc_id, details="edited")
    world.settle()
    assert sc_id in world.sc.live()
    assert world.rows(STATE, sc_id) == [("missing",)]


@pytest.mark.parametrize("seen_by", ["a listing", "an update that meets it"])
def test_C5_a_deleted_salesforce_task_is_proved_by_the_record(world: World, seen_by: str) -> None:
    """IsDeleted in a listing, or ENTITY_IS_DELETED as the answer to an update."""
    sc_id, sf_id = pair(world)
    if seen_by == "an update that meets it":
        world.sc.edit(sc_id, details="edited")
        world.sf.faults.visible_after = timedelta(days=1)
    world.sf.delete(sf_id)
    world.sf.faults.visible_after = timedelta(0)
    world.settle()
    world.settle()
    assert sc_id not in world.sc.live()


@pytest.mark.parametrize("cause", ["purged", "hidden"])
def test_C5_a_salesforce_task_without_a_trace_is_held(world: World, cause: str) -> None:
    """Out of the recycle bin or behind a sharing rule: NOT_FOUND is no proof."""
    sc_id, sf_id = pair(world)
    if cause == "hidden":
        world.sf.faults.hidden = {sf_id}
    else:
        world.sf.delete(sf_id)
        world.sf.purge()
    world.sc.edit(sc_id, details="edited")
    world.settle()
    assert world.sync().outcome is RunOutcome.HELD
    assert world.sc.live()[sc_id]["details"] == "edited"
    assert world.rows(STATE, sc_id) == [("missing",)]
    [(rule, remedy)] = world.rows("select rule, remedy from mart.not_synced where remote_id = %s", sc_id)
    assert rule == "C5"
    assert remedy


def test_C5_an_archived_task_is_a_task_like_any(world: World) -> None:
    sc_id, sf_id = pair(world)
    world.sf.edit(sf_id, status="Completed")
    world.sync()
    world.sf.edit(sf_id, is_archived=True)
    world.advance(86_400 * 400)
    world.sc.edit(sc_id, details="a year later")
    world.settle()
    assert world.sf.live()[sf_id]["details"] == "a year later"


@pytest.mark.parametrize("feed", [True, False], ids=["feed", "no feed"])
@pytest.mark.parametrize("status", [404, 410])
def test_C5_tasks_that_went_with_their_user_stay_in_salesforce(world: World, feed: bool, status: int) -> None:
    world.sc.features = frozenset({"deleted_tasks"} if feed else ())
    world.sc.gone_status = status
    kept = [pair(world, owner="ben", title=f"Ben's {number}")[1] for number in range(3)]
    pair(world, title="Ada's")
    world.sc.delete_user(world.sc_users["ben"])
    world.advance(7_200)
    world.settle()
    world.settle()
    assert set(kept) <= set(world.sf.live())
    assert world.rows("select 1 from bridge.action where op = 'delete'") == []


def test_C7_a_task_restored_twice_has_a_generation_for_each(world: World) -> None:
    sc_id, sf_id = pair(world)
    for generation in (2, 3):
        world.sf.delete(sf_id)
        world.settle()
        assert world.sc.live() == {}
        world.advance(60)
        world.sf.undelete(sf_id)
        world.settle()
        [copy] = world.sc.live().values()
        assert copy["marker"] == f"tb:{world.pair_of(Side.SALES_CONNECT, sc_id)}:{generation}"
    assert world.sync().outcome is RunOutcome.CLEAN


def test_C7_a_restore_before_the_delete_was_carried_over_leaves_both_as_they_are(world: World) -> None:
    sc_id, sf_id = pair(world)
    world.sf.delete(sf_id)
    world.advance(5)
    world.sf.undelete(sf_id)
    writes = world.writes
    world.settle()
    assert (list(world.sc.live()), list(world.sf.live())) == ([sc_id], [sf_id])
    assert world.writes == writes


def test_C7_I4_a_task_restored_while_its_old_delete_was_held_goes_on(world: World) -> None:
    sc_id, sf_id = pair(world)
    world.enabled = False
    world.sf.delete(sf_id)
    world.advance(86_400 * 16)
    world.enabled = True
    assert world.sync().outcome is RunOutcome.HELD
    world.sf.undelete(sf_id)
    world.sf.edit(sf_id, details="back")
    world.settle()
    assert world.sc.live()[sc_id]["details"] == "back"
    assert not disagreements(world)
