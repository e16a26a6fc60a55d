"""G1 to G9: no echo, no duplicates, limits, errors that stay with their row, counts, identity, dirty."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from taskbridge.core.policy import LIMITS, Limits
from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import GuardKind, Op, Side
from taskbridge.engine.loading.busy import TRIES
from taskbridge.engine.steps.load import load
from taskbridge.engine.steps.opening import open_run
from taskbridge.engine.steps.settle import settle
from taskbridge.errors import LeaseLost, SettingsInvalid
from taskbridge.settings import Settings
from tests.engine.world import World, disagreements, planned

FEATURES = [frozenset[str](), frozenset({"deleted_tasks"}), frozenset({"deleted_tasks", "batch"})]


def test_G1_a_run_after_convergence_writes_nothing_and_reads_little(world: World) -> None:
    world.sc_task()
    world.sf_task()
    world.settle()
    reads, writes = (world.sc.reads, world.sf.reads), world.writes
    report = world.sync()
    assert world.writes == writes
    assert world.sc.reads - reads[0] <= 3, "users, tasks, deletes"
    assert world.sf.reads - reads[1] <= 2, "users, tasks"
    assert report.outcome is RunOutcome.CLEAN


@pytest.mark.parametrize("side", list(Side))
def test_G1_a_server_that_trims_and_pads_causes_no_echo(world: World, side: Side) -> None:
    world.sc.faults.normalise = world.sf.faults.normalise = True
    world.sc_task("  padded  ", details="a\nb\n")
    world.sf_task("  padded  ", details="a\r\nb\r\n")
    world.settle()
    writes = world.writes
    world.settle()
    assert world.writes == writes
    assert not disagreements(world)


def test_G1_a_rewriting_trigger_crosses_once(world: World) -> None:
    world.sf.faults.trigger = lambda values: {"priority": "High"}
    task = world.sc_task(priority="normal")
    world.settle()
    assert world.sc.live()[task]["priority"] == "high"
    writes = world.writes
    world.settle()
    assert world.writes == writes


@pytest.mark.parametrize("features", FEATURES, ids=lambda one: "+".join(sorted(one)) or "none")
@pytest.mark.parametrize("side", list(Side))
def test_G2_a_create_whose_answer_is_lost_is_there_exactly_once(
    world: World, side: Side, features: frozenset[str]
) -> None:
    world.sc.features = features
    here, there = (world.sc, world.sf) if side is Side.SALES_CONNECT else (world.sf, world.sc)
    task = world.sc_task() if side is Side.SALES_CONNECT else world.sf_task()
    there.faults.lose_answers = 1
    world.settle()
    assert len(here.live()) == len(there.live()) == 1
    assert world.partner(side, task)
    writes = world.writes
    assert world.sync().outcome is RunOutcome.CLEAN
    assert world.writes == writes


def test_G2_a_create_that_is_seen_late_is_adopted_not_doubled(world: World) -> None:
    """The record is there and no listing shows it yet: the marker refuses the second create."""
    world.sf.faults.visible_after = timedelta(minutes=3)
    world.sf.faults.lose_answers = 1
    world.sc_task()
    for _ in range(5):
        world.sync()
    assert len(world.sf.live()) == 1
    assert world.sync().outcome is RunOutcome.CLEAN


def test_G2_created_then_deleted_before_anybody_knew_its_id_means_deleted(world: World) -> None:
    task = world.sc_task()
    world.sf.faults.lose_answers = 1
    world.sync()
    (copy,) = world.sf.live()
    world.sf.delete(copy)
    world.settle()
    assert task not in world.sc.live()
    assert world.sf.live() == {}


def test_G2_the_base_follows_a_recovered_create_before_anything_is_decided(world: World) -> None:
    """Else a value that cannot cross would look like a change on both sides, and be overwritten (F6)."""
    world.with_settings(conflict_policy="sales_connect_wins")
    task = world.sf_task(status="In Progress", priority="Low")
    run = planned(world)
    world.sc.faults.lose_answers = 1
    load(world.engine, run, Side.SALES_CONNECT, (Op.CREATE,))
    world.ledger.runs.release_lease(run.spec.run_key)
    world.settle()
    assert (world.sf.live()[task]["status"], world.sf.live()[task]["priority"]) == ("In Progress", "Low")
    assert world.sf.writes == 0


def test_G2_the_base_follows_what_a_run_wrote_that_died_before_its_end(world: World) -> None:
    """The answer was recorded, so nothing is left to look up; the base has to follow all the same (F6)."""
    world.with_settings(conflict_policy="sales_connect_wins")
    task = world.sf_task(status="In Progress", priority="Low")
    run = planned(world)
    assert load(world.engine, run, Side.SALES_CONNECT, (Op.CREATE,)).outcomes == {"done": 1}
    world.ledger.runs.release_lease(run.spec.run_key)
    world.settle()
    assert (world.sf.live()[task]["status"], world.sf.live()[task]["priority"]) == ("In Progress", "Low")
    assert world.sf.writes == 0
    assert not world.rows("select 1 from bridge.conflict")


@pytest.mark.parametrize("op", ["update", "delete"])
def test_G2_updates_and_deletes_without_an_answer_are_settled_by_reading(world: World, op: str) -> None:
    task = world.sc_task()
    world.sync()
    if op == "update":
        world.sc.edit(task, due_date=date(2026, 5, 5))
    else:
        world.sc.delete(task)
    world.sf.faults.lose_answers = 1
    world.sync()
    writes = world.writes
    world.settle()
    assert world.writes == writes, "it was done; nothing is repeated"
    assert not disagreements(world)


def test_G3_more_than_half_of_the_pairs_deleted_is_held_and_nothing_of_it_written(world: World) -> None:
    tasks = [world.sc_task(f"Task {number}") for number in range(12)]
    world.sync()
    edited = tasks.pop()
    for task in tasks:
        world.sc.delete(task)
    world.sc.edit(edited, priority="high")
    report = world.sync()
    assert len(world.sf.live()) == 12
    assert report.outcome is RunOutcome.HELD
    assert world.sf_of(edited)["priority"] == "High", "what is harmless goes on"


def test_G3_the_limit_holds_over_a_rolling_hour(world: World) -> None:
    world.with_settings(limits={"user_count": 3, "user_share": 0.0})
    tasks = [world.sc_task(f"Task {number}") for number in range(3)]
    world.sync()
    more = [world.sc_task(f"More {number}") for number in range(2)]
    world.sync()
    assert len(world.sf.live()) == 3
    assert all(world.partner(Side.SALES_CONNECT, task) for task in tasks)
    assert not any(world.partner(Side.SALES_CONNECT, task) for task in more)


def test_G3_a_campaign_step_of_a_hundred_tasks_waits_for_nobody(world: World) -> None:
    tasks = [world.sc_task(f"Call {number}") for number in range(100)]
    assert world.sync().outcome is RunOutcome.CLEAN
    assert len(world.sf.live()) == len(tasks)


def test_G3_limits_are_set_for_one_kind_or_for_all() -> None:
    def limits(**given: Any) -> Mapping[GuardKind, Limits]:
        return Settings.parse(json.dumps({"limits": given})).policy.limits

    assert limits() == LIMITS
    some = limits(user_count=50, half_of_more_than=4, share=0.5, create={"user_count": 500})
    assert some[GuardKind.OWNER] == Limits(share=0.5, user_count=50, half_of_more_than=4)
    assert some[GuardKind.DELETE] == Limits(share=0.02, user_count=50, half_of_more_than=4)
    assert some[GuardKind.CREATE] == replace(LIMITS[GuardKind.CREATE], share=0.5, user_count=500)
    assert limits(delete_share=0.1) == limits(delete={"share": 0.1})
    assert limits(count=0)[GuardKind.CREATE].count == 0, "what is set for all kinds holds for creates too"
    with pytest.raises(SettingsInvalid, match=r"unknown key limits.creates .*known keys: .*create, complete"):
        limits(creates={})
    with pytest.raises(SettingsInvalid, match=r"unknown key limits.create.counts .*known keys: count, share"):
        limits(create={"counts": 1})
    with pytest.raises(SettingsInvalid, match=r"limits.create.user_share is 2"):
        limits(create={"user_share": 2})


def test_G4_a_rejected_row_delays_only_itself_and_is_parked(world: World) -> None:
    world.sf.faults.refuse_titles["bad"] = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    bad, good = world.sc_task("bad"), world.sc_task("good")
    report = world.sync()
    assert world.partner(Side.SALES_CONNECT, good)
    assert world.partner(Side.SALES_CONNECT, bad) is None
    assert report.outcome is RunOutcome.PARTIAL
    assert report.counts is not None
    assert report.counts.rejected_new == 1
    letters = world.rows("select code, remedy from bridge.dead_letter where resolved_at is null")
    assert letters[0][0] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert letters[0][1]
    writes = world.writes
    later = world.sync()
    assert world.writes == writes, "a parked row is not hammered"
    assert later.counts is not None
    assert later.counts.rejected_new == 0, "and does not keep later runs red (G6)"


def test_G4_a_parked_row_is_tried_again_when_its_record_moves(world: World) -> None:
    world.sf.faults.refuse_titles["bad"] = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    task = world.sc_task("bad")
    world.settle()
    world.sc.edit(task, title="good")
    world.settle()
    assert world.sf_of(task)["title"] == "good"
    assert not world.rows("select 1 from bridge.dead_letter where resolved_at is null")


def test_G4_a_locked_row_is_retried_by_itself(world: World) -> None:
    task = world.sc_task("Locked")
    world.sf.faults.lock_titles["Locked"] = TRIES
    world.sync()
    world.sync()
    assert world.partner(Side.SALES_CONNECT, task)


def test_G4_a_record_that_cannot_be_understood_goes_to_the_dead_letters_alone(world: World) -> None:
    bad, good = world.sc_task("bad"), world.sc_task("good")
    world.sc.spoil(bad, "IMPOSSIBLE_DATE", "due_date is 2026-02-30, expected a date")
    report = world.sync()
    assert world.partner(Side.SALES_CONNECT, good)
    assert world.partner(Side.SALES_CONNECT, bad) is None
    assert report.outcome is RunOutcome.PARTIAL
    letters = "select code, message from bridge.dead_letter where remote_id = %s and resolved_at is null"
    assert world.rows(letters, bad) == [("IMPOSSIBLE_DATE", "due_date is 2026-02-30, expected a date")]
    world.sc.edit(bad, due_date=date(2026, 2, 28))
    world.settle()
    assert world.sf_of(bad)["due_date"] == date(2026, 2, 28)
    assert not world.rows(letters, bad)


def test_G4_C1_a_record_that_cannot_be_understood_can_still_be_deleted(world: World) -> None:
    here = world.sc_task("deleted in Salesforce")
    there = world.sf_task("deleted in Sales Connect")
    world.settle()
    spoiled = {
        Side.SALESFORCE: world.partner(Side.SALES_CONNECT, here),
        Side.SALES_CONNECT: world.partner(Side.SALESFORCE, there),
    }
    for side, system in ((Side.SALESFORCE, world.sf), (Side.SALES_CONNECT, world.sc)):
        system.spoil(spoiled[side] or "", "BAD_VALUE", "Status is 5, expected a text")
    assert world.sync().outcome is RunOutcome.PARTIAL
    world.sf.delete(spoiled[Side.SALESFORCE] or "")
    world.sc.delete(spoiled[Side.SALES_CONNECT] or "")
    world.settle()
    assert (world.sc.live(), world.sf.live()) == ({}, {})
    assert world.sync().outcome is RunOutcome.CLEAN
    assert not world.rows("select 1 from bridge.dead_letter where resolved_at is null")


def test_G5_every_staged_row_ends_in_one_place(world: World) -> None:
    world.sc_task(owner="ada")
    world.sc_task(owner="chi")
    world.sf_task(owner="ben")
    world.sf_task(owner="chi")
    report = world.sync()
    assert report.counts is not None
    assert all("" not in ends for ends in report.counts.staged.values())
    assert {side: sum(ends.values()) for side, ends in report.counts.staged.items()} == {
        "sales_connect": 2,
        "salesforce": 2,
    }


def test_G8_an_empty_ledger_over_marked_records_halts(world: World) -> None:
    world.sc_task()
    world.sync()
    world.rows_changed(
        "truncate bridge.link, bridge.action, bridge.ledger_change, bridge.conflict, bridge.dead_letter, "
        "bridge.kept, bridge.parked_answer"
    )
    writes = world.writes
    report = world.sync()
    assert report.outcome is RunOutcome.FAILED
    assert "would double them" in report.text
    assert world.writes == writes


@pytest.mark.parametrize("side", list(Side))
def test_G8_another_org_or_account_halts(world: World, side: Side) -> None:
    system = world.sc if side is Side.SALES_CONNECT else world.sf
    system.identity = "another"
    report = world.sync()
    assert report.outcome is RunOutcome.FAILED
    assert "another" in report.text
    assert "Correct the connection" in report.text


def test_G8_a_watermark_ahead_of_the_clock_goes_back_and_says_so(world: World) -> None:
    world.sync()
    world.sf.now -= timedelta(hours=2)
    report = world.sync()
    assert report.outcome is not RunOutcome.FAILED
    assert "ahead of the server's clock" in report.text


def test_G8_a_run_of_one_user_leaves_a_watermark_that_is_ahead_where_it_is(world: World) -> None:
    marks = "SELECT side, position, previous FROM bridge.watermark ORDER BY side"
    world.sync()
    before = world.rows(marks)
    world.sf.now -= timedelta(hours=2)
    report = world.sync(mode=RunMode.MANUAL, users=("ada@example.com",))
    assert "ahead of the server's clock" in report.text
    assert world.rows(marks) == before


def test_G9_a_target_edited_between_decide_and_load_is_not_overwritten(world: World) -> None:
    task = world.sc_task()
    world.sync()
    partner = world.partner(Side.SALES_CONNECT, task)
    assert partner is not None
    world.sc.edit(task, due_date=date(2026, 1, 1))
    run = planned(world)
    world.sf.edit(partner, details="typed at the last moment")
    result = load(world.engine, run, Side.SALESFORCE, (Op.UPDATE,))
    assert result.stale == 1
    settle(world.engine, run)
    world.ledger.runs.release_lease(run.spec.run_key)
    world.settle()
    assert world.sf.live()[partner]["due_date"] == date(2026, 1, 1)
    assert world.sc.live()[task]["details"] == "typed at the last moment"


def test_G9_a_dirty_pair_is_decided_only_after_both_records_are_read(world: World) -> None:
    """The other side's edit lies far before the window; only the read by id can show it."""
    task = world.sc_task("Locked")
    world.sync()
    partner = world.partner(Side.SALES_CONNECT, task)
    assert partner is not None
    world.sf.faults.lock_titles["Locked"] = TRIES
    world.sc.edit(task, due_date=date(2026, 1, 1))
    world.sync()
    world.sf.faults.visible_after = timedelta(hours=5)
    world.sf.edit(partner, priority="High")
    world.sf.faults.visible_after = timedelta(0)
    world.sync()
    assert world.sc.live()[task]["priority"] == "high"
    assert world.sf.live()[partner]["due_date"] == date(2026, 1, 1)


def test_a_listing_that_breaks_off_fails_and_writes_nothing(world: World) -> None:
    world.sc.page_size = 2
    for number in range(5):
        world.sc_task(f"Task {number}")
    world.sc.faults.truncate_reads = 1
    before = world.ledger.sides.state().watermarks
    report = world.sync()
    assert report.outcome is RunOutcome.FAILED
    assert world.writes == 0
    assert world.ledger.sides.state().watermarks == before
    world.sync()
    assert len(world.sf.live()) == 5


def test_rows_with_one_stamp_across_pages_are_all_read(world: World) -> None:
    world.sc.page_size = world.sf.page_size = 3
    for number in range(10):
        world.sf_task(f"Task {number}")
    world.sync()
    assert len(world.sc.live()) == 10


def test_rows_that_show_late_are_taken_in_by_the_overlap(world: World) -> None:
    world.sf.faults.visible_after = timedelta(minutes=4)
    task = world.sf_task()
    world.sf.faults.visible_after = timedelta(0)
    world.sync()
    assert world.partner(Side.SALESFORCE, task) is None
    world.advance(240)
    world.sync()
    assert world.partner(Side.SALESFORCE, task)


def test_only_one_run_holds_the_lease_and_an_old_one_cannot_write(world: World) -> None:
    world.sc_task()
    run = planned(world)
    assert open_run(world.engine, world.spec()) is None, "a second run waits"
    world.rows_changed("update bridge.lease set expires_at = now() - interval '1 second'")
    other = open_run(world.engine, world.spec())
    assert other is not None
    assert other.fencing > run.fencing
    with pytest.raises(LeaseLost):
        load(world.engine, run, Side.SALESFORCE, (Op.CREATE,))
    assert world.sf.live() == {}


def test_a_given_window_or_selection_moves_no_watermark(world: World) -> None:
    task = world.sc_task(owner="ada")
    other = world.sc_task(owner="ben")
    before = world.ledger.sides.state().watermarks
    world.sync(users=("ADA@example.com",))
    assert world.partner(Side.SALES_CONNECT, task)
    assert world.partner(Side.SALES_CONNECT, other) is None
    world.sync(window=world.window(3_600))
    assert world.partner(Side.SALES_CONNECT, other), (
        "a window reads what lies in it, whatever was read before"
    )
    assert world.ledger.sides.state().watermarks == before


def test_an_unknown_user_is_refused_with_the_known_ones(world: World) -> None:
    with pytest.raises(SettingsInvalid, match=r"nobody@example\.com.*ada@example\.com"):
        open_run(world.engine, world.spec(users=("nobody@example.com",)))


def test_a_dry_run_ends_every_row_and_writes_nothing(world: World) -> None:
    world.sc_task()
    report = world.sync(dry_run=True)
    assert report.counts is not None
    assert report.counts.staged["sales_connect"] == {"planned": 1}
    assert (world.writes, world.ledger.sides.state().has_pairs) == (0, False)
    world.sync()
    assert len(world.sf.live()) == 1
