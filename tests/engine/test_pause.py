"""A side that refuses our login: told once, tried three times an hour, resumed by itself, nothing lost."""

from __future__ import annotations

import pytest

from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import Side
from tests.doubles.memory import MemorySide
from tests.engine.world import World, disagreements

STATE = "SELECT state, reason FROM mart.sides WHERE side = %s"


def pass_minutes(world: World, minutes: float) -> None:
    """Moves what the ledger remembers of pauses into the past, and both systems' clocks on."""
    world.advance(60 * minutes)
    world.rows_changed(
        f"UPDATE bridge.side_state SET since = since - interval '{minutes} minutes', "
        f"next_attempt_at = next_attempt_at - interval '{minutes} minutes'"
    )


@pytest.fixture(params=list(Side))
def refusing(world: World, request: pytest.FixtureRequest) -> MemorySide:
    side: MemorySide = world.sc if request.param is Side.SALES_CONNECT else world.sf
    side.faults.refuse_login = True
    return side


def test_a_refused_login_is_told_once_and_tried_three_times_an_hour(
    world: World, refusing: MemorySide
) -> None:
    outcomes, attempts = [], []
    for _ in range(121):
        report = world.sync()
        outcomes.append(report.outcome)
        attempts.append(refusing.refused_logins)
        pass_minutes(world, 1)
    assert outcomes == [RunOutcome.FAILED] + 120 * [RunOutcome.SKIPPED]
    per_hour = [attempts[minute + 59] - (attempts[minute - 1] if minute else 0) for minute in range(61)]
    assert set(per_hour) == {3}


def test_the_first_run_names_what_to_do_and_the_next_one_says_it_briefly(
    world: World, refusing: MemorySide
) -> None:
    first = world.sync().text
    assert "correct the credentials" in first
    assert f"{refusing.side.system} is paused" in first
    assert "Nothing is lost" in first
    second = world.sync().text
    assert f"{refusing.side.system} is paused since" in second
    assert f"bridge.resume_side('{refusing.side}', 'your name')" in second
    assert world.rows(STATE, refusing.side)[0][0] == "paused"
    assert world.rows(STATE, refusing.side.other) == [("active", None)]


def test_while_a_side_is_paused_neither_is_called(world: World, refusing: MemorySide) -> None:
    world.sync()
    before = world.reads
    assert world.sync().outcome is RunOutcome.SKIPPED
    assert world.reads == before
    assert refusing.refused_logins == 1


def test_it_resumes_by_itself_and_nothing_is_lost(world: World, refusing: MemorySide) -> None:
    mine, theirs = world.sc_task("There"), world.sf_task("Here")
    for _ in range(3):
        world.sync()
        pass_minutes(world, 7)
    world.sc.edit(mine, details="edited meanwhile")
    refusing.faults.refuse_login = False
    pass_minutes(world, 20)
    assert world.sync().outcome is RunOutcome.CLEAN
    assert world.rows(STATE, refusing.side) == [("active", None)]
    assert world.sf_of(mine)["details"] == "edited meanwhile"
    assert world.sc_of(theirs)["title"] == "Here"
    assert not disagreements(world)


def test_a_later_refusal_is_told_again(world: World, refusing: MemorySide) -> None:
    world.sync()
    refusing.faults.refuse_login = False
    pass_minutes(world, 21)
    world.sync()
    refusing.faults.refuse_login = True
    assert world.sync().outcome is RunOutcome.FAILED


def test_a_person_can_have_it_tried_at_once(world: World, refusing: MemorySide) -> None:
    world.sync()
    refusing.faults.refuse_login = False
    assert world.sync().outcome is RunOutcome.SKIPPED
    assert world.rows("SELECT bridge.resume_side(%s, 'Ada')", refusing.side) == [
        (f"{refusing.side}: the next run logs in",)
    ]
    assert world.sync().outcome is RunOutcome.CLEAN
    assert world.rows("SELECT bridge.resume_side(%s, 'Ada')", refusing.side) == [
        (f"{refusing.side} is not paused",)
    ]


@pytest.mark.parametrize("mode", [RunMode.MANUAL, RunMode.BACKFILL])
def test_whoever_asks_for_a_run_is_told_that_it_did_nothing(
    world: World, refusing: MemorySide, mode: RunMode
) -> None:
    world.sync()
    asked = world.sync(mode=mode, window=world.window(600))
    assert asked.outcome is RunOutcome.FAILED
    assert "is paused since" in asked.text
    assert refusing.refused_logins == 1


def test_a_login_that_fails_in_the_middle_of_a_run_loses_no_write(world: World) -> None:
    gone = world.sc_task("Gone")
    world.settle()
    world.sc.delete(gone)
    mine, theirs = world.sc_task("There"), world.sf_task("Here")

    def withdraw(moment: str) -> None:
        world.sf.faults.refuse_login |= moment == "before write"

    world.sf.faults.on_call = withdraw
    assert world.sync().outcome is RunOutcome.FAILED
    assert world.sf.refused_logins == 1, "later steps of the run do not try again"
    assert world.sc_of(theirs)["title"] == "Here", "the other side gets its share"
    assert world.partner(Side.SALES_CONNECT, mine) is None
    world.sf.faults.on_call, world.sf.faults.refuse_login = None, False
    pass_minutes(world, 21)
    assert world.sync().outcome is RunOutcome.CLEAN
    assert world.sf_of(mine)["title"] == "There"
    assert not disagreements(world)


@pytest.mark.parametrize("jobs_from", [1, "never"])
def test_rows_that_are_refused_for_our_login_pause_the_side(world: World, jobs_from: int | str) -> None:
    world.sync()
    world.with_settings(salesforce_bulk_threshold=jobs_from)
    world.sf.faults.refuse_titles["There"] = "AUTHENTICATION_FAILURE"
    mine, other = world.sc_task("There"), world.sc_task("Written before")
    assert world.sync().outcome is RunOutcome.FAILED
    ((state, reason),) = world.rows(STATE, Side.SALESFORCE)
    assert (state, "AUTHENTICATION_FAILURE" in reason) == ("paused", True)
    assert world.sf_of(other)["title"] == "Written before", "answers of the others are recorded"
    assert world.partner(Side.SALES_CONNECT, mine) is None
    assert world.sync().outcome is RunOutcome.SKIPPED
    world.sf.faults.refuse_titles.clear()
    pass_minutes(world, 21)
    assert world.sync().outcome is RunOutcome.CLEAN
    assert world.sf_of(mine)["title"] == "There"
    assert not disagreements(world)
