"""Names, owners and ids at the edge: what is no reason to park, and what a person may type (T2, S2, C3)."""

from __future__ import annotations

import pytest

from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import Side
from taskbridge.sides.salesforce.ids import to_18
from tests.engine.undoing import pair, quiet
from tests.engine.world import World


def parked(world: World) -> list[tuple[str, ...]]:
    return world.rows("SELECT side, code FROM bridge.dead_letter WHERE resolved_at IS NULL")


def unassigned(world: World, side: Side, task: str) -> None:
    """Nobody has the task any more."""
    system = world.sc if side is Side.SALES_CONNECT else world.sf
    system.records[task].values["owner"] = None
    system.touch(task)


@pytest.mark.parametrize("line_break", ["\v", "\f", "\r\v"])
def test_T2_a_vertical_tab_or_form_feed_in_a_name_is_a_line_break(world: World, line_break: str) -> None:
    task = world.sc_task(f"Call{line_break}Ann", details=f"a{line_break}b")
    theirs = world.sf_task(f"Ask{line_break}Cy")
    [report, _] = world.settle()
    assert report.outcome is RunOutcome.CLEAN, report.text
    assert world.sf_of(task)["title"] == "CallAnn"
    assert world.sf_of(task)["details"].split() == ["a", "b"]
    assert world.sc_of(theirs)["title"].split() == ["Ask", "Cy"]
    assert parked(world) == []
    quiet(world)


@pytest.mark.parametrize("side", list(Side))
def test_S2_a_task_without_an_assignee_is_ignored(world: World, side: Side) -> None:
    task = world.sc_task("Nobody's") if side is Side.SALES_CONNECT else world.sf_task("Nobody's")
    unassigned(world, side, task)
    report = world.sync()
    assert (report.outcome, parked(world)) == (RunOutcome.CLEAN, []), report.text
    assert world.partner(side, task) is None
    assert world.rows("SELECT rule FROM mart.not_synced WHERE remote_id = %s", task) in ([], [("S2",)])


@pytest.mark.parametrize("side", list(Side))
def test_C3_a_pair_that_loses_its_assignee_is_released_and_goes_on_with_the_next(
    world: World, side: Side
) -> None:
    task, there = pair(world, "Call")
    mine, system = (task, world.sc) if side is Side.SALES_CONNECT else (there, world.sf)
    unassigned(world, side, mine)
    report = world.sync()
    assert (report.outcome, parked(world)) == (RunOutcome.CLEAN, []), report.text
    assert world.rows("SELECT state FROM bridge.link") == [("released",)]
    users = world.sc_users if side is Side.SALES_CONNECT else world.sf_users
    system.edit(mine, owner=users["ben"])
    world.settle()
    assert world.rows("SELECT state FROM bridge.link") == [("linked",)]
    assert (world.sc.live()[task]["owner"], world.sf.live()[there]["owner"]) == (
        world.sc_users["ben"], world.sf_users["ben"],
    )  # fmt: skip


def test_S2_the_explicit_map_takes_ids_of_15_characters(fresh: World) -> None:
    other = fresh.sf.add_user("someone.else@example.com")
    assert len(other) == 18
    fresh.with_settings(user_map={"ada@example.com": other[:15]})
    fresh.sync()
    task = fresh.sc_task(owner="ada")
    report = fresh.sync()
    assert fresh.sf_of(task)["owner"] == other
    assert "names" not in report.text


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"adda@example.com": "ada@example.com"}, "names adda@example.com, which no Sales Connect user has"),
        ({"ada@example.com": "adda@example.com"}, "names adda@example.com, which no Salesforce user has"),
        ({"ada@example.com": to_18("0055g0000099999")}, "which no Salesforce user has"),
        ({"ada@example.com": "0055g0000099999"}, "names 0055g0000099999, which no Salesforce user has"),
    ],
)
def test_S2_a_name_in_the_map_that_nobody_has_is_told(fresh: World, entry: dict[str, str], said: str) -> None:
    fresh.with_settings(user_map=entry)
    assert said in fresh.sync().text
    fresh.with_settings(user_map={})
    assert "user_map names" not in fresh.sync().text


def test_S2_who_left_is_still_somebody(world: World) -> None:
    """An entry for a user who is deleted by now is no typo."""
    world.with_settings(user_map={"ben@example.com": "ben@example.com"})
    world.sync()
    world.sc.delete_user(world.sc_users["ben"])
    assert "user_map names" not in world.sync().text


def test_K5_a_restore_takes_ids_of_15_characters(world: World) -> None:
    task, there = pair(world, "Call")
    world.sc.delete(task)
    world.sync()
    report = world.sync(mode=RunMode.RESTORE, asked={"link_id": there[:15]}, asked_by="Ann")
    assert report.outcome is RunOutcome.CLEAN, report.text
    assert (len(world.sc.live()), len(world.sf.live())) == (1, 1)
    assert world.ledger.links.known(there[:15]).pair == world.ledger.links.known(there).pair
