"""S1 to S3: the switches of the pipeline and of each user."""

from __future__ import annotations

from datetime import timedelta

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Op, Side
from taskbridge.engine.steps.load import load
from taskbridge.engine.steps.opening import open_run
from taskbridge.engine.steps.recover import recover
from taskbridge.engine.steps.settle import settle
from tests.engine.world import World, disagreements, planned


def test_S1_off_means_no_call_and_no_run(world: World) -> None:
    world.sc_task()
    world.enabled = False
    before = world.reads, world.writes
    assert world.sync().outcome is RunOutcome.SKIPPED
    assert (world.reads, world.writes) == before


def test_S1_the_switch_is_a_brake_between_batches_of_writes(world: World) -> None:
    """Off while a run is writing: the batch under way is recorded, the next one is not sent."""
    world.sf.chunk_size = 1
    tasks = [world.sc_task(f"Task {number}") for number in range(3)]

    def pull_the_brake(call: str) -> None:
        if call == "after write":
            world.enabled = False

    world.sf.faults.on_call = pull_the_brake
    report = world.sync()
    world.sf.faults.on_call = None
    assert len(world.sf.live()) == 1
    assert "switched off" in report.text
    world.enabled = True
    world.settle()
    assert all(world.partner(Side.SALES_CONNECT, task) for task in tasks)
    assert len(world.sf.live()) == 3


def test_S1_the_switch_is_a_brake_between_writes_that_were_looked_at_together(world: World) -> None:
    world.sf.chunk_size = 1
    tasks = [world.sc_task(f"Task {number}") for number in range(3)]
    world.settle()
    for task in tasks:
        world.sc.edit(task, details="edited")

    def pull_the_brake(call: str) -> None:
        if call == "after write":
            world.enabled = False

    world.sf.faults.on_call = pull_the_brake
    assert "switched off" in world.sync().text
    world.sf.faults.on_call = None
    assert [world.sf_of(task)["details"] for task in tasks].count("edited") == 1
    world.enabled = True
    world.settle()
    assert {world.sf_of(task)["details"] for task in tasks} == {"edited"}


def test_S3_no_watermark_moves_once_the_switch_is_off(world: World) -> None:
    before = world.ledger.sides.state().watermarks
    world.advance(60)
    run = open_run(world.engine, world.spec())
    assert run is not None
    world.enabled = False
    assert settle(world.engine, run) is False
    assert world.ledger.sides.state().watermarks == before


def test_S3_answers_that_were_lost_are_still_recorded_after_the_brake(world: World) -> None:
    task = world.sc_task()
    run = planned(world)
    world.sf.faults.lose_answers = 1
    assert load(world.engine, run, Side.SALESFORCE, (Op.CREATE,)).outcomes == {"unknown": 1}
    world.enabled = False
    assert recover(world.engine, run) == 1
    settle(world.engine, run)
    states = world.rows("select state from bridge.link where sc_id = %s", task)
    assert states == [("linked",)]


def test_S3_switching_on_again_catches_up_fully(world: World) -> None:
    task = world.sc_task()
    world.sync()
    world.enabled = False
    world.sc.edit(task, due_date=None, details="while it was off")
    new = world.sf_task("made while it was off")
    world.advance(86_400)
    world.sync()
    world.enabled = True
    world.settle()
    assert world.sf_of(task)["details"] == "while it was off"
    assert world.sc_of(new)["title"] == "made while it was off"


def test_S3_a_dry_run_may_look_while_the_switch_is_off(world: World) -> None:
    world.sc_task()
    world.enabled = False
    report = world.sync(dry_run=True)
    assert report.outcome is not RunOutcome.SKIPPED
    assert world.writes == 0
    assert not world.ledger.sides.state().has_pairs


def test_S2_only_users_who_are_switched_on_take_part(world: World) -> None:
    mine, hers = world.sc_task(owner="ada"), world.sc_task(owner="chi")
    theirs = world.sf_task(owner="chi")
    world.sync()
    assert world.partner(Side.SALES_CONNECT, mine)
    assert world.partner(Side.SALES_CONNECT, hers) is None
    assert world.partner(Side.SALESFORCE, theirs) is None


def test_S2_a_stored_mapping_survives_a_change_of_the_address(world: World) -> None:
    world.sf.set_user(world.sf_users["ada"], email="ada.new@example.com")
    task = world.sc_task(owner="ada")
    world.sync()
    assert world.sf_of(task)["owner"] == world.sf_users["ada"]


def test_S2_an_ambiguous_address_keeps_everybody_out_with_a_remedy(fresh: World) -> None:
    fresh.sf.add_user("ada@example.com")
    fresh.sync()
    task = fresh.sc_task(owner="ada")
    fresh.sync()
    assert fresh.partner(Side.SALES_CONNECT, task) is None
    users = fresh.ledger.people.user_map().set_index("sc_user_id")
    row = users.loc[fresh.sc_users["ada"]]
    assert row["state"] == "ambiguous"
    assert "user_map" in row["remedy"]


def test_S2_the_explicit_map_overrides_the_matching(fresh: World) -> None:
    other = fresh.sf.add_user("someone.else@example.com")
    fresh.with_settings(user_map={"ada@example.com": "someone.else@example.com"})
    fresh.sync()
    task = fresh.sc_task(owner="ada")
    fresh.sync()
    assert fresh.sf_of(task)["owner"] == other


def test_S2_two_users_on_one_salesforce_user_are_both_refused(fresh: World) -> None:
    fresh.with_settings(user_map={"ben@example.com": "ada@example.com"})
    fresh.sync()
    states = fresh.ledger.people.user_map().set_index("sc_user_id")["state"]
    assert states[fresh.sc_users["ada"]] == states[fresh.sc_users["ben"]] == "refused"


def test_I1_the_first_sync_brings_in_what_changed_in_the_day_before(fresh: World) -> None:
    old = fresh.sf_task("two days old")
    fresh.advance(86_400)
    edge = fresh.sf_task("a day old, all but a minute")
    fresh.advance(86_400 - 120)
    began = fresh.sf.now + timedelta(seconds=60 - 86_400)  # a run begins a minute later
    text = fresh.sync().text
    assert f"Salesforce: changes since {began:%Y-%m-%d %H:%M}" in text, "the window alone would not be true"
    assert fresh.partner(Side.SALESFORCE, edge)
    assert fresh.partner(Side.SALESFORCE, old) is None
    fresh.sf.edit(old, priority="High")
    fresh.sync()
    assert fresh.sc_of(old)["priority"] == "high", "the rest comes in when it is next changed"


def test_I1_a_user_who_is_switched_on_later_gets_a_first_sync_of_her_own(world: World) -> None:
    task = world.sf_task("of the last day", owner="chi")
    world.sync()
    world.advance(3_600 * 5)
    world.sync()
    world.sc.switch(world.sc_users["chi"], True)
    world.sync()
    assert world.sc_of(task)["title"] == "of the last day"
    first = world.ledger.people.user_map().set_index("sc_user_id")["first_sync"]
    assert first[world.sc_users["chi"]] == "settled"


def test_I1_mode_open_brings_in_all_open_tasks_and_mode_all_everything(fresh: World) -> None:
    fresh.with_settings(first_sync_mode="open")
    opened, closed = fresh.sf_task("open"), fresh.sf_task("closed")
    fresh.advance(60)
    fresh.sf.edit(closed, status="Completed")
    fresh.advance(86_400 * 30)
    fresh.sync()
    assert fresh.partner(Side.SALESFORCE, opened)
    assert fresh.partner(Side.SALESFORCE, closed) is None
    fresh.with_settings(first_sync_mode="all")
    late = fresh.sf_task("old and closed", owner="chi")
    fresh.advance(60)
    fresh.sf.edit(late, status="Completed")
    fresh.advance(86_400 * 30)
    fresh.sync()
    fresh.sc.switch(fresh.sc_users["chi"], True)
    fresh.sync()
    assert fresh.partner(Side.SALESFORCE, late)


def test_I1_mode_none_brings_in_nothing_that_is_older_than_the_switch(fresh: World) -> None:
    fresh.with_settings(first_sync_mode="none")
    task = fresh.sf_task()
    fresh.advance(60)
    fresh.sync()
    assert fresh.partner(Side.SALESFORCE, task) is None


def test_I2_I3_tasks_from_before_stay_in_sales_connect_also_when_edited(fresh: World) -> None:
    task = fresh.sc_task("from before")
    fresh.sync()
    why = "select rule, remedy like 'Nothing: such tasks are not pushed%%' from mart.not_synced where remote_id = %s"
    fresh.sync(window=fresh.window(3_600))
    assert fresh.rows(why, task) == [("I2", True)]
    fresh.sc.edit(task, title="edited")
    fresh.settle()
    assert fresh.partner(Side.SALES_CONNECT, task) is None
    assert fresh.rows(why, task) == [("I3", True)]


def test_I5_tasks_made_while_the_user_was_off_count_as_existing(world: World) -> None:
    linked = world.sc_task("linked")
    world.sync()
    ada = world.sc_users["ada"]
    world.sc.switch(ada, False)
    world.sync()
    unlinked = world.sc_task("made while off")
    world.sc.edit(linked, due_date=None, details="edited while off")
    world.sync()
    assert world.sf_of(linked)["details"] is None
    world.sc.switch(ada, True)
    world.settle()
    assert world.partner(Side.SALES_CONNECT, unlinked) is None
    assert world.sf_of(linked)["details"] == "edited while off", "linked pairs are reconciled as usual"
    assert not disagreements(world)


def test_I4_recent_deletes_are_carried_over_and_old_ones_are_held(world: World) -> None:
    recent, old = world.sf_task("recent"), world.sf_task("old")
    world.sync()
    world.enabled = False
    world.sf.delete(old)
    world.advance(timedelta(days=14).total_seconds())
    world.sf.delete(recent)
    world.advance(timedelta(days=2).total_seconds())
    world.enabled = True
    report = world.sync()
    assert world.partner(Side.SALESFORCE, recent) not in world.sc.live()
    assert world.partner(Side.SALESFORCE, old) in world.sc.live()
    assert report.outcome is RunOutcome.HELD
