"""Whole populations compared: every class of drift is named, nothing is written, and repair hands it over."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import Answer, Side
from taskbridge.engine.steps.report import RunReport
from tests.engine.world import World, disagreements

CLASSES = "select class, coalesce(field, ''), tasks::int from mart.drift_by_class order by 1, 2"

# three pairs in step, and one of each kind that takes no part
OUT_OF_THE_SYNC = [("ended_but_live", "", 1), ("in_step", "", 3), ("released", "", 1), ("withheld", "", 1)]


def audit(world: World, **asked: Any) -> RunReport:
    return world.sync(mode=RunMode.AUDIT, asked=asked)


def partner(world: World, side: Side, task: str) -> str:
    other = world.partner(side, task)
    assert other is not None
    return other


@pytest.fixture
def pairs(world: World) -> list[str]:
    tasks = [world.sc_task(f"Task {number}") for number in range(6)]
    world.settle()
    return tasks


def behind_our_back(world: World, task: str, **values: Any) -> None:
    """A value that moved without a trace: no stamp, and the base says that this is how it was."""
    copy = partner(world, Side.SALES_CONNECT, task)
    world.sf.records[copy].values |= values
    for name, value in values.items():
        world.rows_changed(f"update bridge.link set sf_{name} = '{value}' where sc_id = '{task}'")


def test_an_audit_of_systems_in_step_counts_and_writes_nothing(world: World, pairs: list[str]) -> None:
    world.sc_task("of somebody who does not sync", owner="chi")
    world.sf_task("old", owner="chi")
    ledger = world.rows("select l.* from bridge.link l order by link_id")
    marks = world.rows("select side, position from bridge.watermark order by 1")
    writes = world.writes
    world.enabled = False
    assert audit(world).outcome is RunOutcome.CLEAN
    assert world.rows(CLASSES) == [("in_step", "", 6)]
    assert not world.rows("select 1 from mart.drift")
    assert world.writes == writes
    assert world.rows("select l.* from bridge.link l order by link_id") == ledger
    assert world.rows("select side, position from bridge.watermark order by 1") == marks
    assert not world.rows("select 1 from staging.salesforce_task s join bridge.run using (run_id) "
                          "where mode = 'audit' and payload is not null"), "no second copy of everything"  # fmt: skip


def test_every_class_of_drift_is_named(world: World, pairs: list[str]) -> None:
    differs, typed, gone, both, hidden, _ = pairs
    behind_our_back(world, differs, priority="High")
    world.sf.edit(partner(world, Side.SALES_CONNECT, typed), title="typed by a person")
    world.sf.delete(partner(world, Side.SALES_CONNECT, gone))
    world.sf.delete(partner(world, Side.SALES_CONNECT, both))
    world.sc.delete(both)
    world.sf.faults.hidden = {partner(world, Side.SALES_CONNECT, hidden)}
    alone = world.sc_task("new")
    spoiled = world.sf_task("spoiled")
    world.sf.spoil(spoiled)
    stray = world.sf_task("stray")
    world.sf.edit(stray, marker="tb:sc:elsewhere:1:1")
    for _ in range(2):
        world.sf.edit(world.sf_task("double"), marker="tb:sc:elsewhere:2:1")
    writes = world.writes
    report = audit(world)
    assert report.outcome is RunOutcome.PARTIAL
    assert "mart.drift" in report.text
    assert world.rows(CLASSES) == [
        ("both_deleted", "", 1),
        ("differs", "priority", 1),
        ("in_step", "", 1),
        ("marker_doubled", "", 2),
        ("marker_without_link", "", 3),
        ("missing", "", 1),
        ("one_deleted", "", 1),
        ("only_in_sales_connect", "", 1),
        ("subject", "title", 1),
        ("unreadable", "", 1),
    ]
    assert world.rows(
        "select title, value_sc, value_sf, unexplained from mart.drift where class = 'differs'"
    ) == [("Task 0", "normal", "High", True)]
    assert world.rows(
        "select sc_id, sf_id, owner_name from mart.drift where class = 'only_in_sales_connect'"
    ) == [(alone, None, "Ada")]
    assert world.writes == writes
    assert not world.rows(
        "select 1 from bridge.action a join bridge.run r using (run_id) where r.mode = 'audit'"
    )


@pytest.mark.parametrize("mode", [RunMode.AUDIT, RunMode.REBASE])
def test_K3_G3_what_waits_for_a_person_goes_on_waiting(world: World, pairs: list[str], mode: RunMode) -> None:
    world.with_settings(conflict_policy="manual", limits={"user_count": 0, "user_share": 0.0})
    world.sc.edit(pairs[0], details="mine")
    world.sf.edit(partner(world, Side.SALES_CONNECT, pairs[0]), details="theirs")
    world.sc.delete(pairs[1])
    world.sync()
    waiting = "select link_id, state from bridge.action where state = 'held'"
    contested = "select link_id, field from bridge.conflict where winner is null and decided_at is null"
    before = world.rows(waiting), world.rows(contested)
    assert all(before)
    world.sync(mode=mode)
    assert (world.rows(waiting), world.rows(contested)) == before


def test_G3_an_audit_holds_nothing_as_it_writes_nothing(world: World, pairs: list[str]) -> None:
    """What a limit would hold waits for the sync that would write it."""
    world.with_settings(limits=dict.fromkeys(("count", "share", "user_count", "user_share"), 0))
    world.sc.delete(pairs[0])
    audit(world)
    ends = f"select disposition, rule from staging.sales_connect_task where remote_id = '{pairs[0]}'"
    assert world.rows(f"{ends} order by run_id desc limit 1") == [("deferred", "audit")]


def test_a_pair_out_of_the_sync_is_named_as_such(world: World, pairs: list[str]) -> None:
    world.sc.reassign(pairs[0], world.sc_users["chi"])
    world.settle()
    world.rows_changed(f"update bridge.link set state = 'tombstone' where sc_id = '{pairs[1]}'")
    world.rows_changed(
        f"update bridge.link set state = 'released', withheld = 'rejected' where sc_id = '{pairs[2]}'"
    )
    audit(world)
    assert world.rows(CLASSES) == OUT_OF_THE_SYNC


def test_K3_repair_lets_the_next_run_mend_what_no_sync_would_see(world: World, pairs: list[str]) -> None:
    behind_our_back(world, pairs[0], priority="High")
    world.settle()
    assert disagreements(world), "to the ledger all is well"
    audit(world, repair=True)
    assert disagreements(world), "the audit itself mends nothing"
    world.sync()
    assert not disagreements(world)
    assert world.rows("select value_sc, value_sf from bridge.conflict where field = 'priority'") == [
        ("normal", "High")
    ]
    audit(world)
    assert world.rows(CLASSES) == [("in_step", "", 6)]


def test_C2_C7_G3_repair_has_edits_read_that_no_listing_showed(world: World, pairs: list[str]) -> None:
    """Records that were out of sight when their edits were listed, and came back after the overlap."""

    def past_the_overlap() -> None:
        world.advance(3_600)
        world.settle()

    series, restored, rejected = (partner(world, Side.SALES_CONNECT, task) for task in pairs[:3])
    world.sf.edit(series, is_recurrence=True)
    world.sf.delete(restored)
    world.settle()
    past_the_overlap()
    world.rows_changed(
        f"update bridge.link set state = 'released', withheld = 'rejected' where sf_id = '{rejected}'"
    )
    world.sf.faults.hidden = {series, restored, rejected}
    world.sf.edit(series, is_recurrence=False, details="ordinary again")
    world.sf.undelete(restored)
    world.sf.edit(rejected, details="back")
    past_the_overlap()
    world.sf.faults.hidden = set()
    world.settle()
    assert len(disagreements(world)) == 3
    assert len(world.sc.live()) == 5
    audit(world)
    assert world.rows(CLASSES) == OUT_OF_THE_SYNC
    audit(world, repair=True)
    world.settle()
    assert not disagreements(world)
    assert len(world.sc.live()) == 6
    audit(world)
    assert world.rows(CLASSES) == [("in_step", "", 6)]


def test_K5_G3_repair_leaves_different_what_a_person_left_different(world: World, pairs: list[str]) -> None:
    undone, rejected = (partner(world, Side.SALES_CONNECT, task) for task in pairs[:2])
    world.sf.edit(undone, details="undone here")
    run = world.sync()
    world.sync(mode=RunMode.UNDO, asked={"run_id": run.run_id})
    world.with_settings(limits=dict.fromkeys(("count", "share", "user_count", "user_share"), 0))
    world.sf.edit(rejected, due_date=date(2026, 5, 5))
    world.settle()
    [request] = world.ledger.approvals.unfinished_approvals()
    world.answer(request.approval_id, Answer.REJECTED)
    world.carry_out(request.approval_id)
    left = disagreements(world)
    assert len(left) == 2
    audit(world, repair=True)
    world.settle()
    assert disagreements(world) == left
    world.sc.edit(pairs[0], details="goes on here")
    world.settle()
    assert len(disagreements(world)) == 1


def test_C6_repair_has_an_old_delete_asked_about_and_carries_a_recent_one_over(
    world: World, pairs: list[str]
) -> None:
    old, recent = pairs[2:4]
    world.sc.delete(old)
    world.advance(20 * 86_400)
    world.rows_changed("update bridge.watermark set position = position + interval '20 days'")
    world.sc.delete(recent)
    audit(world, repair=True)
    assert world.sync().outcome is RunOutcome.HELD
    titles = {one["title"] for one in world.sf.live().values()}
    assert "Task 2" in titles
    assert "Task 3" not in titles
    assert world.rows("select rule from bridge.action where state = 'held'") == [("C6",)]


def test_C6_repair_asks_nothing_about_a_delete_that_a_run_had_decided(world: World, pairs: list[str]) -> None:
    """Without a feed nothing dates it; it was refused and is parked when the audit comes."""
    world.sc.features, world.sc.gone_status = frozenset({"batch"}), 410
    copy = partner(world, Side.SALES_CONNECT, pairs[2])
    world.sf.faults.refuse_titles[world.sf_of(pairs[2])["title"]] = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    world.sc.delete(pairs[2])
    for _ in range(4):
        world.advance(3600)
        world.sync()
    assert world.rows("select count(*) from bridge.dead_letter where resolved_at is null") == [(1,)]
    audit(world, repair=True)
    world.sf.faults.refuse_titles.clear()
    world.advance(25 * 3600)
    world.settle()
    assert copy not in world.sf.live()


@pytest.mark.parametrize("seen_missing", [False, True])
def test_C5_a_delete_that_an_audit_was_told_is_proof_for_the_run_that_mends(
    world: World, seen_missing: bool
) -> None:
    """Told by the feed, of the whole past; by id it is not found, and no other task of hers answers."""
    world.sc.gone_status = 404
    task = world.sc_task("Call Ann")
    copy = partner_of_a_settled(world, task)
    world.sc.faults.hidden.add(task)
    world.sc.delete(task)
    if seen_missing:
        world.sf.edit(copy, details="edited")
    world.settle()
    world.advance(3600)
    world.settle()
    world.sc.faults.hidden.clear()
    world.settle()
    assert copy in world.sf.live()
    assert audit(world, repair=1).outcome is RunOutcome.PARTIAL
    world.settle()
    assert copy not in world.sf.live()


def partner_of_a_settled(world: World, task: str) -> str:
    world.settle()
    return partner(world, Side.SALES_CONNECT, task)


def test_F6_C4_repair_takes_a_setting_for_no_edit(world: World) -> None:
    """What skipped means in Salesforce was set anew: the two differ, though nobody has edited either."""
    task = world.sc_task("Call", status="skipped")
    world.settle()
    copy = partner(world, Side.SALES_CONNECT, task)
    world.with_settings(skipped_tasks="complete")
    world.sf.edit(copy, details="the later edit is here")
    world.settle()
    audit(world, repair=True)
    assert ("differs", "status", 1) in world.rows(CLASSES)
    world.settle()
    assert world.sc.live()[task]["status"] == "skipped"
    assert world.sf.live()[copy]["status"] == "Not Started"
    world.sf.edit(copy, status="Completed")
    world.settle()
    audit(world)
    assert world.rows(CLASSES) == [("in_step", "", 1)]
