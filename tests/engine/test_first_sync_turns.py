"""I1: first syncs go in turns, and nobody who is synced already waits for all of them."""

from __future__ import annotations

import pytest

from taskbridge.engine.reading import first_syncs
from tests.engine.world import World, disagreements

ADA, BEN, CHI = "ada", "ben", "chi"


@pytest.fixture(autouse=True)
def one_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_syncs, "AT_ONCE", 1)


def in_turns(world: World, *names: str) -> None:
    """Two tasks a run, and three of each of them in Salesforce."""
    world.with_settings(first_sync_tasks=2)
    for name in names:
        for number in range(3):
            world.sf_task(f"{number} of {name}", owner=name)


def synced(world: World, name: str) -> int:
    owner = world.sc_users[name]
    return sum(one["owner"] == owner for one in world.sc.live().values())


def first_sync(world: World, name: str) -> str:
    known = world.ledger.people.user_map().set_index("sc_user_id")["first_sync"]
    return str(known[world.sc_users[name]])


def test_I1_a_turn_is_read_whole_and_the_others_follow_in_the_next_runs(fresh: World) -> None:
    in_turns(fresh, ADA, BEN)
    fresh.advance(3_600)
    first = fresh.sync()
    assert (synced(fresh, ADA), synced(fresh, BEN)) == (3, 0)
    assert (first_sync(fresh, ADA), first_sync(fresh, BEN)) == ("settled", "owed")
    assert "3 tasks were read; the next runs read those of 1 more user." in first.text
    second = fresh.sync()
    assert (synced(fresh, ADA), synced(fresh, BEN)) == (3, 3)
    assert first_sync(fresh, BEN) == "settled"
    assert "the next runs read" not in second.text
    assert not disagreements(fresh)


@pytest.mark.parametrize("mode", ["open", "all", "recent"])
def test_I1_edits_cross_while_others_wait_for_their_turn(fresh: World, mode: str) -> None:
    fresh.with_settings(first_sync_mode=mode)
    in_turns(fresh, ADA, BEN, CHI)
    fresh.advance(3_600)
    fresh.sync()
    fresh.sc.switch(fresh.sc_users[CHI], True)
    task = next(one for one, row in fresh.sc.live().items() if row["owner"] == fresh.sc_users[ADA])
    fresh.sc.edit(task, details="Said meanwhile")
    mine = fresh.sf_task("Made while waiting", owner=CHI)
    fresh.sync()
    assert (synced(fresh, BEN), synced(fresh, CHI)) == (3, 1), "whose turn it is, and what is new"
    assert fresh.sf_of(task)["details"] == "Said meanwhile"
    assert fresh.sc_of(mine)["title"] == "Made while waiting"
    fresh.sync()
    assert synced(fresh, CHI) == 4
    assert not disagreements(fresh)


def test_I1_a_task_that_cannot_be_written_keeps_nobody_else_waiting(fresh: World) -> None:
    in_turns(fresh, ADA, BEN)
    fresh.sc.faults.lock_titles["1 of ada"] = 10**6
    fresh.advance(3_600)
    fresh.sync()
    assert first_sync(fresh, ADA) == "owed"
    fresh.sync()
    assert synced(fresh, BEN) == 3
    fresh.sc.faults.lock_titles.clear()
    fresh.sync()
    assert first_sync(fresh, ADA) == "settled"
    assert synced(fresh, ADA) == 3


def test_I1_whoever_waits_is_a_reason_for_the_next_run(fresh: World) -> None:
    fresh.with_settings(first_sync_mode="all", first_sync_tasks=1)
    for name in (ADA, BEN):
        fresh.sf_task("A call that was logged", owner=name, subtype="Call")
    fresh.advance(3_600)
    assert not fresh.sync().counts.actions, "which is nothing to sync, so no pair is a reason"
    assert fresh.ledger.lane.state().due
    fresh.sync()
    assert first_sync(fresh, BEN) == "settled"
    assert not fresh.ledger.lane.state().due


def test_I1_a_run_for_somebody_reads_theirs_and_settles_nothing(fresh: World) -> None:
    in_turns(fresh, ADA, BEN)
    fresh.advance(3_600)
    fresh.sync(users=("BEN@example.com",))
    assert (synced(fresh, ADA), synced(fresh, BEN)) == (0, 3)
    fresh.sync()
    assert (first_sync(fresh, ADA), first_sync(fresh, BEN)) == ("settled", "owed"), "not in its turn"
    fresh.sync()
    assert first_sync(fresh, BEN) == "settled"


def test_I1_a_dry_run_shows_what_the_next_run_does(fresh: World) -> None:
    in_turns(fresh, ADA, BEN)
    fresh.advance(3_600)
    shown = fresh.sync(dry_run=True)
    fresh.sync()
    assert shown.counts
    assert sum(shown.counts.actions["sales_connect"]["create"].values()) == synced(fresh, ADA) == 3
