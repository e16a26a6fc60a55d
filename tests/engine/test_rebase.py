"""G8: a ledger that was lost is found again from the records, and nothing is written to find it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import Side
from taskbridge.engine.steps.decide import decide
from taskbridge.engine.steps.extract import extract
from taskbridge.engine.steps.opening import open_run
from taskbridge.engine.steps.report import RunReport
from tests.conftest import EMPTY
from tests.engine.world import World, disagreements

LINKS = "select link_id, origin, generation, state, sc_id, sf_id from bridge.link order by link_id"


def rebase(world: World, **values: Any) -> RunReport:
    return world.sync(mode=RunMode.REBASE, **values)


def lose_ledger(world: World) -> None:
    world.rows_changed(EMPTY)


def records(world: World) -> tuple[object, object]:
    return (
        {key: (one.deleted, one.values) for key, one in world.sc.records.items()},
        {key: (one.deleted, one.values) for key, one in world.sf.records.items()},
    )


@pytest.fixture
def lived(world: World) -> World:
    """A week of everything: pairs of both origins, edited, completed, deleted, restored, created again."""
    world.with_settings(delete_policy="edit_wins")
    both = [world.sc_task(f"sc {number}") for number in range(4)]
    theirs = [world.sf_task(f"sf {number}", status="In Progress", priority="Low") for number in range(4)]
    world.sc_task("made in a second", details="x\r\ny ")
    world.settle()
    world.sc.edit(both[0], details="y\r\n" + "z" * 40)
    world.sf.edit(theirs[0], title="a Subject typed by hand", due_date=date(2026, 5, 5))
    world.sc.delete(both[1])
    world.sf.delete(theirs[1])
    world.settle()
    world.sf.undelete(theirs[1])
    partner = world.partner(Side.SALES_CONNECT, both[2])
    assert partner is not None
    world.sc.delete(both[2])
    world.sf.edit(partner, details="an edit that met a delete")
    world.settle()
    assert not disagreements(world)
    return world


def test_G8_a_lost_ledger_halts_and_rebase_finds_every_pair_again(lived: World) -> None:
    links = [row for row in lived.rows(LINKS) if row[3] == "linked"]
    before = records(lived)
    writes = lived.writes
    lose_ledger(lived)
    halted = lived.sync()
    assert halted.outcome is RunOutcome.FAILED
    assert "task_sync_audit with mode=rebase" in halted.text
    report = rebase(lived)
    assert report.outcome is RunOutcome.CLEAN, report.text
    assert [row for row in lived.rows(LINKS) if row[3] == "linked"] == links
    for _ in range(2):
        assert lived.sync().outcome is RunOutcome.CLEAN
    assert lived.writes == writes
    assert records(lived) == before
    assert not disagreements(lived)


def test_G8_rebase_twice_is_the_same_as_once_also_over_a_sound_ledger(lived: World) -> None:
    lived.sf.edit(next(iter(lived.sf.live())), priority="High")
    kept = "select l.* from bridge.link l order by link_id"
    sound = lived.rows(kept)
    assert rebase(lived).outcome is RunOutcome.CLEAN
    assert lived.rows(kept) == sound
    lose_ledger(lived)
    rebase(lived)
    once, marks = lived.rows(kept), lived.rows("select side, position from bridge.watermark")
    rebase(lived)
    assert lived.rows(kept) == once
    assert lived.rows("select side, position from bridge.watermark") == marks
    lived.settle()
    assert not disagreements(lived)


def test_G8_a_dry_run_of_rebase_keeps_nothing(lived: World) -> None:
    lose_ledger(lived)
    lived.enabled = False
    assert rebase(lived, dry_run=True).outcome is RunOutcome.CLEAN
    assert not lived.rows("select 1 from bridge.link")
    assert not lived.rows("select 1 from bridge.watermark")
    assert rebase(lived).outcome is RunOutcome.SKIPPED


def test_G8_edits_and_tasks_made_after_a_rebase_are_not_missed(lived: World) -> None:
    lose_ledger(lived)
    rebase(lived)
    lived.enabled = False
    task = next(iter(lived.sc.live()))
    lived.sc.edit(task, details="edited between")
    made = lived.sc_task("made between")
    lived.advance(7_200)
    lived.enabled = True
    lived.settle()
    assert lived.sf_of(task)["details"] == "edited between"
    assert lived.partner(Side.SALES_CONNECT, made)


def test_G8_K3_where_both_differ_the_next_run_decides_and_keeps_the_loser(world: World) -> None:
    task = world.sc_task(details="as it was", due_date=date(2026, 3, 9))
    world.settle()
    partner = world.partner(Side.SALES_CONNECT, task)
    assert partner is not None
    world.sc.edit(task, details="mine", due_date=None)
    world.advance(600)
    world.sf.edit(partner, details="theirs")
    lose_ledger(world)
    rebase(world)
    world.settle()
    assert world.sc.live()[task]["details"] == world.sf.live()[partner]["details"] == "theirs"
    assert world.sc.live()[task]["due_date"] == date(2026, 3, 9), "an empty value never wins"
    assert world.rows("select value_sc, value_sf from bridge.conflict where field = 'details'") == [
        ("mine", "theirs")
    ]
    assert not disagreements(world)


@pytest.mark.parametrize("side", list(Side))
def test_G8_C6_of_a_pair_with_one_deleted_record_a_person_decides(world: World, side: Side) -> None:
    world.sc_task("anchor")
    task = world.sc_task("Call Ann")
    world.settle()
    partner = world.partner(Side.SALES_CONNECT, task)
    assert partner is not None
    if side is Side.SALES_CONNECT:
        world.sc.delete(task)
    else:
        world.sf.delete(partner)
    lose_ledger(world)
    assert rebase(world).outcome is RunOutcome.HELD
    writes = world.writes
    for _ in range(2):
        assert world.sync().outcome is RunOutcome.HELD
    assert world.writes == writes
    assert world.rows("select rule, op, side from bridge.action where state = 'held'") == [
        ("C6", "delete", side.other.value)
    ]


def test_G8_deleted_pairs_do_not_come_back_from_the_dead(world: World) -> None:
    task = world.sf_task("Gone on both")
    world.settle()
    world.sf.delete(task)
    world.settle()
    lose_ledger(world)
    rebase(world)
    assert [row[3] for row in world.rows(LINKS)] == ["tombstone"]
    writes = world.writes
    world.settle()
    assert world.writes == writes


def test_G8_an_original_out_of_sight_is_missing_not_gone(world: World) -> None:
    hidden, seen = world.sf_task("hidden"), world.sf_task("seen")
    world.settle()
    lose_ledger(world)
    world.sf.faults.hidden = {hidden}
    assert rebase(world).outcome is RunOutcome.HELD
    assert {row[5]: row[3] for row in world.rows(LINKS)} == {hidden: "missing", seen: "linked"}
    copy = world.partner(Side.SALESFORCE, hidden)
    assert copy is not None
    world.sync()
    world.sc.edit(copy, details="edited while nobody saw the original")
    world.sync()
    world.sf.faults.hidden = set()
    world.settle()
    assert world.sync().outcome is RunOutcome.CLEAN
    assert world.sf.live()[hidden]["details"] == "edited while nobody saw the original"
    assert len(world.sc.live()) == len(world.sf.live()) == 2


def test_G8_markers_of_another_org_are_named_and_left_alone(world: World) -> None:
    """A refreshed copy of an org carries another id: what it says of itself is true of the org it came from."""
    world.sf_task("began in Salesforce")
    kept = world.sc_task("began in Sales Connect")
    world.settle()
    world.advance(timedelta(days=3).total_seconds())
    lose_ledger(world)
    world.sf.identity = "00D5g000009ZzZzEAK"
    report = rebase(world)
    assert report.outcome is RunOutcome.PARTIAL
    assert [row[4] for row in world.rows(LINKS)] == [kept]
    ((code, reason),) = world.rows("select code, reason from bridge.left_out")
    assert code == "MARKER_FOREIGN"
    assert "Sales Connect task" in reason
    writes = world.writes
    world.settle()
    assert world.writes == writes


def test_G8_without_markers_an_exact_and_unique_likeness_pairs(world: World) -> None:
    world.sc_task("Call Ann", details="a\nb", due_date=date(2026, 3, 9), priority="high")
    world.sc_task("twin")
    world.sf_task("Mail Bob")
    world.settle()
    for system in (world.sc, world.sf):
        for record in system.records.values():
            record.values["marker"] = None
    world.sf_task("twin")
    lose_ledger(world)
    report = rebase(world)
    linked = world.rows("select sc_title from bridge.link order by 1")
    assert linked == [("Call Ann",), ("Mail Bob",)]
    assert report.outcome is RunOutcome.PARTIAL
    codes = world.rows("select code, count(*)::int from bridge.left_out group by code")
    assert codes == [("SEVERAL_ALIKE", 3)]


def test_G8_a_marker_on_two_records_pairs_neither(world: World) -> None:
    task = world.sc_task("Call Ann")
    world.settle()
    partner = world.partner(Side.SALES_CONNECT, task)
    assert partner is not None
    marker = world.sf.records[partner].values["marker"]
    double = world.sf_task("Call Ann")
    world.sf.edit(double, marker=marker)
    lose_ledger(world)
    assert rebase(world).outcome is RunOutcome.PARTIAL
    assert not world.rows(LINKS)
    assert world.rows("select code, count(*)::int from bridge.left_out group by 1") == [("MARKER_TWICE", 2)]
    writes = world.writes
    world.advance(timedelta(days=1).total_seconds())
    world.sf.touch(partner)
    assert world.sync().outcome is RunOutcome.FAILED, "still nothing but doubles: it halts again"
    assert world.writes == writes


@pytest.mark.parametrize("mode", [RunMode.REBASE, RunMode.SCHEDULED])
def test_G8_a_rebase_that_died_before_its_end_is_finished_by_the_next_run(
    lived: World, mode: RunMode
) -> None:
    """Pairs without their base would look as if both sides had changed everything."""
    before = lived.rows(LINKS)
    lose_ledger(lived)
    lived.advance(60)
    run = open_run(lived.engine, lived.spec(mode=RunMode.REBASE))
    assert run is not None
    for side in Side:
        extract(lived.engine, run, side)
    decide(lived.engine, run)
    lived.ledger.runs.release_lease(run.spec.run_key)
    found, writes = records(lived), lived.writes
    lived.sync(mode=mode)
    lived.sync()
    assert lived.rows(LINKS) == before
    assert (records(lived), lived.writes) == (found, writes)
    assert not lived.rows("select 1 from bridge.conflict")
