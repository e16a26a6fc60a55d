"""What people are told when something has changed, and that they are told once."""

from __future__ import annotations

from datetime import timedelta

from taskbridge.engine.news import Ended, tell
from taskbridge.store.notices import Notice
from tests.engine.world import World

DAG = "task_sync"
REFUSED = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
NOTHING = {"count": 0, "share": 0, "delete_share": 0, "user_count": 0, "user_share": 0}


def told(
    world: World, *, error: str | None = None, ran: bool = True, patience: timedelta | None = None
) -> list[str]:
    """What the notifiers are told after a run."""
    ended = Ended(DAG, error) if ran else None
    return [notice.text for notice in tell(world.ledger, ended, patience, lambda _: True)]


def test_a_quiet_run_is_no_news(world: World) -> None:
    world.sync()
    assert told(world) == []


def test_a_run_that_fails_is_told_once_and_so_is_that_it_works_again(world: World) -> None:
    assert told(world, error="no route") == ["task_sync failed: no route"]
    assert told(world, error="no route to the host") == []
    assert told(world, ran=False) == [], "a run that was skipped says neither"
    assert told(world) == ["task_sync works again."]
    assert told(world) == []


def test_a_side_that_pauses_and_is_back_is_told_once_and_hides_the_failed_run(world: World) -> None:
    world.sync()
    world.sf.faults.refuse_login = True
    error = world.sync().text
    (paused,) = told(world, error=error)
    assert paused.startswith("Salesforce is paused: ")
    world.sync()
    assert told(world, ran=False) == []
    world.sf.faults.refuse_login = False
    world.rows_changed("SELECT bridge.resume_side('salesforce', 'ada')")
    world.sync()
    assert told(world) == ["Salesforce is back."]
    assert told(world) == []


def test_each_parked_row_and_each_request_is_told_once(world: World) -> None:
    tasks = [world.sc_task(f"Task {number}") for number in range(4)]
    world.settle()
    world.sf.faults.refuse_titles["Bad"] = REFUSED
    world.sc_task("Bad")
    world.sync()
    assert told(world) == ["Newly parked: 1 row, see mart.not_synced."]
    world.with_settings(limits=NOTHING)
    world.sc.delete(tasks[0])
    world.sync()
    (waits,) = told(world)
    assert waits.startswith("Waits for approval: delete (request ")
    world.sc.delete(tasks[1])
    world.sync()
    assert told(world) == [], "the request grows, and it is the same"
    world.sf.faults.refuse_titles["Worse"] = REFUSED
    world.with_settings(limits={})
    world.sc_task("Worse")
    world.sync()
    assert told(world) == ["Newly parked: 1 row, see mart.not_synced."]


def test_it_is_told_that_nothing_crosses_for_longer_than_is_set(world: World) -> None:
    half_an_hour = timedelta(minutes=30)
    assert told(world, patience=half_an_hour) == [], "before the first run nothing can be late"
    world.sync()
    world.rows_changed("UPDATE bridge.watermark SET moved_at = now() - interval '31 minutes'")
    assert told(world) == [], "nobody wants to know"
    assert told(world, patience=half_an_hour) == ["Nothing has crossed for 31 minutes."]
    assert told(world, patience=half_an_hour) == []
    world.sync()
    assert told(world, patience=half_an_hour) == ["Changes cross again."]


def test_what_reached_nobody_is_told_again(world: World) -> None:
    tried: list[Notice] = []

    def nobody(notices: list[Notice]) -> bool:
        tried.extend(notices)
        return False

    assert tell(world.ledger, Ended(DAG, "no route"), None, nobody) == []
    assert [notice.subject for notice in tried] == ["failed:task_sync"]
    assert told(world, error="no route") == ["task_sync failed: no route"]
