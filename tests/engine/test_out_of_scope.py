"""C2, C3: what is out of scope decides nothing: no delete, no restore and no edit of it crosses."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from taskbridge.core.run import RunMode
from taskbridge.core.terms import Side
from taskbridge.engine.loading.busy import TRIES
from tests.engine.world import World, disagreements

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE
DUE = date(2026, 6, 1)
DAY = 24 * 3600


@pytest.fixture(params=["feed", "410", "404"])
def told(request: pytest.FixtureRequest, world: World) -> World:
    """How Sales Connect tells its deletes: a feed, or an answer for the single id."""
    if request.param != "feed":
        world.sc.features = frozenset()
        world.sc.gone_status = int(request.param)
        world.with_settings(sc_sweep_minutes=1)
        for name in ("ada", "chi"):
            world.sc_task("witness", owner=name)
    return world


def pair(world: World) -> dict[Side, str]:
    """A task of Ada's and its partner."""
    sc_id = world.sc_task("Pair")
    world.settle()
    sf_id = world.partner(_SC, sc_id)
    assert sf_id is not None
    return {_SC: sc_id, _SF: sf_id}


def system(world: World, side: Side) -> Any:
    return world.sc if side is _SC else world.sf


def user(world: World, side: Side, name: str) -> str:
    return (world.sc_users if side is _SC else world.sf_users)[name]


def give(world: World, side: Side, remote_id: str, name: str = "chi") -> None:
    system(world, side).reassign(remote_id, user(world, side, name))


def state(world: World, ids: dict[Side, str]) -> str:
    return str(world.rows("select state from bridge.link where sc_id = %s", ids[_SC])[0][0])


def is_left_alone(world: World, side: Side, ids: dict[Side, str]) -> None:
    """What is left of the pair, on `side`, stays, whatever its owner does with it."""
    writes = world.writes
    world.settle()
    system(world, side).edit(ids[side], details="goes on")
    world.settle()
    world.advance(DAY)
    world.settle()
    assert ids[side] in system(world, side).live()
    assert world.writes == writes
    assert state(world, ids) == "released"


# given away


@pytest.mark.parametrize("side", list(Side))
def test_C3_a_delete_by_somebody_who_takes_no_part_leaves_the_other_one(told: World, side: Side) -> None:
    told.with_settings(delete_policy="edit_wins")
    ids = pair(told)
    give(told, side, ids[side])
    told.settle()
    system(told, side).delete(ids[side])
    is_left_alone(told, side.other, ids)


@pytest.mark.parametrize("policy", ["delete_wins", "edit_wins"])
@pytest.mark.parametrize("side", list(Side))
def test_C3_given_away_and_deleted_before_any_run_looked(world: World, side: Side, policy: str) -> None:
    world.with_settings(delete_policy=policy)
    ids = pair(world)
    give(world, side, ids[side])
    system(world, side).delete(ids[side])
    system(world, side.other).edit(ids[side.other], details="edited meanwhile")
    is_left_alone(world, side.other, ids)


LOOKS_BY_ID: list[dict[str, Any]] = [{"mode": RunMode.RERENDER}, {"mode": RunMode.BACKFILL, "seconds": 60}]


def look(world: World, seconds: int | None = None, **asked: Any) -> None:
    """A run that asks for an unfinished pair by id, and not for the deletes since the last run."""
    world.advance(600)
    world.sync(**asked, **({} if seconds is None else {"window": world.window(seconds)}))


@pytest.mark.parametrize("asked", LOOKS_BY_ID)
def test_C3_a_look_by_id_between_the_runs_does_not_tell_whose_a_deleted_task_was(
    world: World, asked: dict[str, Any]
) -> None:
    ids = pair(world)
    world.sc.gone_status = 410
    world.sf.faults.lock_titles["Pair"] = TRIES
    world.sc.edit(ids[_SC], due_date=DUE)
    world.sync()  # what it could not write leaves the pair unfinished
    give(world, _SC, ids[_SC])
    world.sc.delete(ids[_SC])
    for _ in range(2):
        look(world, **asked)
        assert ids[_SF] in world.sf.live()
    is_left_alone(world, _SF, ids)


@pytest.mark.parametrize("side", list(Side))
def test_C3_somebody_joins_after_she_deleted_what_she_was_given(told: World, side: Side) -> None:
    ids = pair(told)
    give(told, side, ids[side])
    told.settle()
    system(told, side).delete(ids[side])
    told.settle()
    told.sc.switch(told.sc_users["chi"], True)
    is_left_alone(told, side.other, ids)


@pytest.mark.parametrize("side", list(Side))
def test_C3_somebody_joins_after_she_deleted_one_of_two_records_that_she_was_given(
    told: World, side: Side
) -> None:
    ids = pair(told)
    for one in Side:
        give(told, one, ids[one])
    told.settle()
    system(told, side).delete(ids[side])
    told.settle()
    told.sc.switch(told.sc_users["chi"], True)
    is_left_alone(told, side.other, ids)


def test_C3_whom_the_map_names_later_deleted_nothing_for_its_owner(world: World) -> None:
    ids = pair(world)
    world.sf_users["dan"] = world.sf.add_user("dan@example.com")
    give(world, _SF, ids[_SF], "dan")
    world.settle()
    world.sf.delete(ids[_SF])
    world.settle()
    world.with_settings(user_map={world.sc_users["ada"]: world.sf_users["dan"]})
    is_left_alone(world, _SC, ids)


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize("side", list(Side))
def test_C3_a_delete_that_only_a_sweep_tells_leaves_a_released_pair_released(
    world: World, side: Side, seen: bool
) -> None:
    """After weeks without a run nothing dates or describes the delete."""
    ids = pair(world)
    give(world, side, ids[side])
    world.settle()
    system(world, side).delete(ids[side])
    if seen:
        world.settle()
    world.sf.purge()
    world.advance(40 * DAY)
    world.settle()
    is_left_alone(world, side.other, ids)


@pytest.mark.parametrize("side", list(Side))
def test_C3_out_of_sight_and_out_of_scope_is_no_riddle(world: World, side: Side) -> None:
    ids = pair(world)
    give(world, side, ids[side])
    world.settle()
    system(world, side).faults.hidden.add(ids[side])
    is_left_alone(world, side.other, ids)
    system(world, side).faults.hidden.clear()
    give(world, side, ids[side], "ada")
    world.settle()
    assert state(world, ids) == "linked"
    assert not disagreements(world)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("name", ["ada", "ben"])
def test_C1_taken_back_and_deleted_in_one_window_is_deleted_as_ever(
    world: World, side: Side, name: str
) -> None:
    ids = pair(world)
    give(world, side, ids[side])
    world.settle()
    give(world, side, ids[side], name)
    system(world, side).delete(ids[side])
    world.settle()
    assert not world.sc.live()
    assert not world.sf.live()


@pytest.mark.parametrize("side", list(Side))
def test_C1_given_to_a_synced_user_and_deleted_in_one_window_is_deleted_as_ever(
    world: World, side: Side
) -> None:
    ids = pair(world)
    give(world, side, ids[side], "ben")
    system(world, side).delete(ids[side])
    world.settle()
    assert not world.sc.live()
    assert not world.sf.live()


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(("looked", "weeks"), [(False, False), (True, True)])
def test_I5_what_was_deleted_while_its_user_was_off_is_deleted_after_all(
    told: World, side: Side, weeks: bool, looked: bool
) -> None:
    ids = pair(told)
    told.sc.switch(told.sc_users["ada"], False)
    told.settle()
    if looked:
        system(told, side).edit(ids[side], details="a run releases it")
        told.settle()
    system(told, side).delete(ids[side])
    told.settle()
    if weeks:
        told.advance(10 * DAY)
        told.sf.purge()
        told.settle()
    told.sc.switch(told.sc_users["ada"], True)
    told.settle()
    assert ids[side.other] not in system(told, side.other).live()
    assert state(told, ids) == "tombstone"


# restored


def test_C7_what_somebody_restores_who_takes_no_part_is_the_same_pair_when_it_comes_back(
    world: World,
) -> None:
    ids = pair(world)
    give(world, _SF, ids[_SF])
    world.settle()
    world.sf.delete(ids[_SF])
    world.settle()
    world.sf.undelete(ids[_SF])
    is_left_alone(world, _SC, ids)
    give(world, _SF, ids[_SF], "ada")
    world.settle()
    assert state(world, ids) == "linked"
    assert world.sf.live()[ids[_SF]]["details"] == "goes on"
    assert (len(world.sc.live()), len(world.sf.live())) == (1, 1)


@pytest.mark.parametrize("between", [True, False])
def test_C7_after_both_were_deleted_a_restore_crosses_once_it_is_in_scope(
    world: World, between: bool
) -> None:
    ids = pair(world)
    give(world, _SF, ids[_SF])
    world.settle()
    world.sc.delete(ids[_SC])
    world.settle()
    world.sf.delete(ids[_SF])
    world.settle()
    assert state(world, ids) == "tombstone", "there is nothing left to decide"
    world.sf.undelete(ids[_SF])
    if between:
        world.settle()
        assert not world.sc.live(), "it is Chi's, who takes no part"
    give(world, _SF, ids[_SF], "ada")
    world.settle()
    assert world.sc_of(ids[_SF])["owner"] == world.sc_users["ada"]
    world.sf.delete(ids[_SF])
    world.settle()
    assert not world.sc.live(), "a pair like any other"


# no reminder

KINDS: list[dict[str, Any]] = [{"subtype": "Email"}, {"is_recurrence": True}]


@pytest.mark.parametrize("between", [True, False])
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_C2_a_delete_of_what_is_no_reminder_leaves_the_sales_connect_task(
    world: World, kind: dict[str, Any], between: bool
) -> None:
    world.with_settings(delete_policy="edit_wins")
    ids = pair(world)
    world.sf.edit(ids[_SF], **kind)
    if between:
        world.settle()
    world.sf.delete(ids[_SF])
    world.sc.edit(ids[_SC], details="edited meanwhile")
    is_left_alone(world, _SC, ids)


def test_C2_weeks_later_it_is_still_known_that_it_was_no_reminder(world: World) -> None:
    world.sf.log_outlives_bin = True
    ids = pair(world)
    world.sf.edit(ids[_SF], subtype="Email")
    world.settle()
    world.sf.delete(ids[_SF])
    world.sf.purge()
    world.advance(2 * DAY)
    is_left_alone(world, _SC, ids)


@pytest.mark.parametrize("spoil", [True, False])
def test_C2_a_deleted_record_that_cannot_be_read_says_what_it_was(world: World, spoil: bool) -> None:
    ids = pair(world)
    world.sf.edit(ids[_SF], subtype="Email")
    if spoil:
        world.sf.spoil(ids[_SF])
    world.sf.delete(ids[_SF])
    is_left_alone(world, _SC, ids)


def test_C3_an_undo_that_meets_the_delete_first_does_not_hide_whose_it_was(world: World) -> None:
    ids = pair(world)
    world.sc.edit(ids[_SC], due_date=DUE)
    report = world.sync()
    give(world, _SF, ids[_SF])
    world.sf.delete(ids[_SF])
    world.sync(mode=RunMode.UNDO, asked={"run_id": report.run_id})
    is_left_alone(world, _SC, ids)
