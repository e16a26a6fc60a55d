"""G6, G9: what waits for a person keeps no run red, is named in every one, and is not read in every one."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import Answer, Side
from taskbridge.engine.on_demand.audit import REPAIR
from taskbridge.engine.steps.report import RunReport
from tests.engine.world import World

REFUSED = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
NOTHING = {"count": 0, "share": 0, "delete_share": 0, "user_count": 0, "user_share": 0}
OVERLAP = 11 * 60
HOUR = 3_600


def rejected(report: RunReport) -> int:
    assert report.counts is not None
    return report.counts.rejected_new


def calls(world: World) -> int:
    """Of an idle run."""
    reads = world.reads
    world.sync()
    return world.reads - reads


def pairs(world: World, count: int) -> list[tuple[str, str]]:
    """Pairs in step whose last edits no listing shows any more."""
    made = [world.sc_task(f"Task {number}") for number in range(count)]
    world.settle()
    world.advance(OVERLAP)
    world.sync()
    return [(task, world.partner(Side.SALES_CONNECT, task) or "") for task in made]


# what a run says


def test_G6_a_refused_row_is_news_once_and_named_until_it_is_mended(world: World) -> None:
    world.sf.faults.refuse_titles["Bad"] = REFUSED
    task = world.sc_task("Bad")
    first = world.sync()
    assert (first.outcome, rejected(first)) == (RunOutcome.PARTIAL, 1)
    for wait in (0, OVERLAP, 25 * HOUR, 0):
        world.advance(wait)
        later = world.sync()
        assert (later.outcome, rejected(later)) == (RunOutcome.HELD, 0), later.text
        assert "Parked: 1, since 20" in later.text
        assert f"'Bad' of Ada (Sales Connect {task}): {REFUSED}" in later.text
        assert "To do: " in later.text
    assert world.rows("SELECT attempts FROM bridge.dead_letter") == [(2,)], "it was tried again after a day"
    world.sf.faults.refuse_titles.clear()
    world.sc.edit(task, details="mended")
    assert world.sync().outcome is RunOutcome.CLEAN


def test_G6_ten_refused_rows_are_named_in_their_run_and_three_afterwards(world: World) -> None:
    world.sf.faults.refuse_titles |= {f"Bad {number}": REFUSED for number in range(12)}
    for title in world.sf.faults.refuse_titles:
        world.sc_task(title)
    for named, more in ((10, 2), (3, 9)):
        text = world.sync().text
        assert text.count("of Ada (Sales Connect") == text.count(f"): {REFUSED}") == named, text
        assert text.count("To do: ") == named
        assert f"and {more} more, in mart.not_synced" in text


@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("side", list(Side))
def test_G6_a_record_that_cannot_be_understood_is_news_once(
    world: World, side: Side, *, linked: bool
) -> None:
    system = world.sc if side is Side.SALES_CONNECT else world.sf
    make = world.sc_task if side is Side.SALES_CONNECT else world.sf_task
    task = make("Bad")
    if linked:
        world.settle()
    system.spoil(task, "IMPOSSIBLE_DATE", "due_date is 2026-02-30, expected a date")
    seen = world.sync(dry_run=True)
    assert (seen.outcome, rejected(seen)) == (RunOutcome.PARTIAL, 1)
    first = world.sync()
    assert (first.outcome, rejected(first)) == (RunOutcome.PARTIAL, 1)
    for wait in (0, OVERLAP, HOUR):
        world.advance(wait)
        later = world.sync()
        assert (later.outcome, rejected(later)) == (RunOutcome.HELD, 0), later.text
        assert f"({side.system} {task}): IMPOSSIBLE_DATE: due_date is 2026-02-30" in later.text
    system.edit(task, due_date=date(2026, 2, 28))
    world.sync()
    assert world.sync().outcome is RunOutcome.CLEAN


def test_G6_a_quiet_run_tells_what_waits_for_an_answer(world: World) -> None:
    [first, second, hidden] = pairs(world, 3)
    world.with_settings(conflict_policy="manual", limits=NOTHING)
    world.sc.delete(first[0])
    world.sc.edit(second[0], details="here")
    world.sf.edit(second[1], details="there")
    world.sf.faults.hidden = {hidden[1]}
    world.sc.edit(hidden[0], details="edited")
    world.settle()
    world.advance(OVERLAP)
    world.settle()
    staged = "SELECT count(*) FROM staging.{} WHERE run_id = (SELECT max(run_id) FROM bridge.run)"
    quiet = world.sync()
    assert (
        world.rows(staged.format("sales_connect_task"))
        == world.rows(staged.format("salesforce_task"))
        == [(0,)]
    )
    assert quiet.outcome is RunOutcome.HELD
    assert "Waits for approval: 1 delete (request " in quiet.text
    assert "Waits for a decision: 1 fields, see mart.conflicts_open" in quiet.text
    assert "Not found: the records of 1 pairs, see mart.not_synced" in quiet.text


# what a run reads


def held(world: World, made: list[tuple[str, str]]) -> None:
    world.with_settings(limits=NOTHING)
    for task, _ in made:
        world.sc.delete(task)


def held_deletes_of_salesforce(world: World, made: list[tuple[str, str]]) -> None:
    world.with_settings(limits=NOTHING)
    for _, task in made:
        world.sf.delete(task)


def undecided(world: World, made: list[tuple[str, str]]) -> None:
    world.with_settings(conflict_policy="manual")
    for here, there in made:
        world.sc.edit(here, details="here")
        world.sf.edit(there, details="there")


def refused(world: World, made: list[tuple[str, str]]) -> None:
    for number, (task, _) in enumerate(made):
        world.sf.faults.refuse_titles[f"Task {number}"] = REFUSED
        world.sc.edit(task, details="refused")


def unreadable(world: World, made: list[tuple[str, str]]) -> None:
    for _, task in made:
        world.sf.spoil(task, "BAD_VALUE", "Status is 5, expected a text")


def missing(world: World, made: list[tuple[str, str]]) -> None:
    world.sf.faults.hidden = {task for _, task in made}
    for task, _ in made:
        world.sc.edit(task, details="edited")


def held_creates(world: World, made: list[tuple[str, str]]) -> None:
    world.with_settings(limits=NOTHING)
    for _ in made:
        world.sc_task("New")


WAITS = [
    held, held_deletes_of_salesforce, undecided, refused, unreadable, missing, held_creates,
]  # fmt: skip
Story = Callable[[World, list[tuple[str, str]]], None]


@pytest.mark.parametrize("wait", WAITS, ids=lambda one: one.__name__)
def test_G9_what_waits_costs_an_idle_run_nothing(world: World, wait: Story) -> None:
    """Neither while listings show again what they showed, nor later; and the reason does not get lost."""
    made = pairs(world, 4)
    idle = calls(world)
    wait(world, made)
    world.settle()
    world.sync()
    before = world.rows("SELECT rule, remote_id FROM mart.not_synced ORDER BY 1, 2")
    for _ in range(2):
        assert calls(world) <= idle
    world.advance(OVERLAP)
    world.sync()  # a look
    for _ in range(2):
        assert calls(world) <= idle
    assert world.sync().outcome is RunOutcome.HELD
    assert world.rows("SELECT rule, remote_id FROM mart.not_synced ORDER BY 1, 2") == before


@pytest.mark.parametrize("wait", WAITS, ids=lambda one: one.__name__)
def test_G9_a_look_at_what_waits_unchanged_adds_no_row(world: World, wait: Story) -> None:
    made = pairs(world, 4)
    idle = calls(world)
    wait(world, made)
    for _ in range(3):
        world.advance(HOUR)
        world.sync()
    before, quiet = rows_of_all_tables(world), world.rows("SELECT count(*) FROM bridge.run")
    for _ in range(3):
        world.advance(HOUR)
        assert calls(world) > idle
    runs = world.rows("SELECT count(*) FROM bridge.run")[0][0] - quiet[0][0]
    after = rows_of_all_tables(world)
    assert {name: n - before[name] for name, n in after.items() if n != before[name]} == {"bridge.run": runs}


def rows_of_all_tables(world: World) -> dict[str, int]:
    """Calls aside, which every run makes."""
    names = world.rows("SELECT schemaname || '.' || relname FROM pg_stat_user_tables")
    tables = [name for (name,) in names if not name.startswith("bridge.api_")]
    return {name: world.rows(f"SELECT count(*) FROM {name}")[0][0] for name in tables}


def test_G9_what_waits_is_looked_at_after_rests_that_grow_up_to_an_hour(world: World) -> None:
    made = pairs(world, 2)
    idle = calls(world)
    held(world, made)
    world.sync()
    looks = []
    for time in range(60):
        world.advance(240)
        if calls(world) > idle:
            looks.append(4 * time)
    rests = [later - sooner for sooner, later in itertools.pairwise(looks)]
    assert looks[0] <= 4
    assert rests == sorted(rests)
    assert rests[-1] in range(60, 68, 4)
    assert len(looks) < 10


def test_G9_a_pair_that_waits_is_read_when_a_listing_shows_one_of_its_records(world: World) -> None:
    [pair] = pairs(world, 1)
    undecided(world, [pair])
    world.settle()
    world.sf.edit(pair[1], details="here")
    assert world.sync().outcome is RunOutcome.CLEAN
    assert world.sf_of(pair[0])["details"] == "here"


def test_G9_a_decision_is_carried_out_by_the_next_run(world: World) -> None:
    [pair] = pairs(world, 1)
    undecided(world, [pair])
    world.settle()
    world.advance(OVERLAP)
    world.settle()
    [(number,)] = world.rows("SELECT conflict_id FROM mart.conflicts_open")
    world.ledger.approvals.decide_conflicts([number], Side.SALES_CONNECT, "Eva")
    world.sync()
    assert world.sf_of(pair[0])["details"] == "here"


def test_G9_under_other_settings_what_waits_is_decided_anew(world: World) -> None:
    [pair] = pairs(world, 1)
    undecided(world, [pair])
    world.settle()
    world.advance(OVERLAP)
    world.settle()
    world.with_settings(conflict_policy="salesforce_wins").sync()
    assert world.sc.live()[pair[0]]["details"] == "there"


def test_G9_an_approval_carries_out_what_was_shown_and_what_came_later_is_asked_for_next(
    world: World,
) -> None:
    made = pairs(world, 3)
    held(world, made[:2])
    world.settle()
    world.sc.delete(made[2][0])
    world.settle()
    world.advance(OVERLAP)
    world.settle()
    [first] = world.ledger.approvals.unfinished_approvals()
    world.answer(first.approval_id, Answer.APPROVED)
    world.carry_out(first.approval_id)
    assert set(world.sf.live()) == {made[2][1]}, "exactly what was shown"
    report = world.sync()
    [second] = world.ledger.approvals.unfinished_approvals()
    assert f"Waits for approval: 1 delete (request {second.approval_id})" in report.text
    world.sf.edit(made[2][1], details="edited meanwhile")
    world.settle()
    [third] = world.ledger.approvals.unfinished_approvals()
    assert third.approval_id != second.approval_id, "what moved is asked for anew"
    world.answer(third.approval_id, Answer.REJECTED)
    world.carry_out(third.approval_id)
    assert world.settle()[-1].outcome is RunOutcome.CLEAN
    assert set(world.sf.live()) == {made[2][1]}


def test_G9_a_request_of_which_nothing_is_left_is_closed_though_its_pairs_rest(world: World) -> None:
    made = pairs(world, 2)
    held_deletes_of_salesforce(world, made)
    world.settle()
    world.advance(OVERLAP)
    world.settle()
    for _, task in made:
        world.sf.undelete(task)
    world.settle()
    assert not world.ledger.approvals.unfinished_approvals()
    assert world.sync().outcome is RunOutcome.CLEAN


def test_G9_whoever_switches_on_again_is_caught_up_with_though_a_pair_rests(world: World) -> None:
    [pair] = pairs(world, 1)
    missing(world, [pair])
    world.settle()
    ada = world.sc_users["ada"]
    world.sc.switch(ada, False)
    world.sync()
    world.sf.faults.hidden = set()
    world.sc.switch(ada, True)
    world.settle()
    assert world.sf_of(pair[0])["details"] == "edited"


def test_G9_an_audit_with_repair_has_a_pair_that_rests_looked_at(world: World) -> None:
    [pair] = pairs(world, 1)
    missing(world, [pair])
    for _ in range(4):
        world.sync()
    world.sf.faults.hidden = set()
    world.sync(mode=RunMode.AUDIT, asked={REPAIR: 1})
    world.sync()
    assert world.sf_of(pair[0])["details"] == "edited"


def test_G9_what_was_not_found_for_once_is_looked_up_by_the_next_run(world: World) -> None:
    [pair] = pairs(world, 1)
    missing(world, [pair])
    assert world.settle()[-1].outcome is RunOutcome.HELD
    world.sf.faults.hidden = set()
    world.sync()
    assert world.sf_of(pair[0])["details"] == "edited"


def test_G9_without_a_delete_feed_a_pair_that_waits_is_in_no_sweep(world: World) -> None:
    world.sc.features = frozenset()
    world.with_settings(sc_sweep_minutes=10)
    made = pairs(world, 2)
    undecided(world, made[:1])
    world.settle()
    for _ in range(12):
        world.advance(timedelta(minutes=5).total_seconds())
        world.sync()
    held_by = world.rows("SELECT rule FROM mart.conflicts_open")
    assert held_by == [("K3",)], "it is still held, and was not decided with half of it read"
