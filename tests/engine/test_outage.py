"""C6: after an outage longer than deletes are told, the same run looks up what no listing showed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Answer, Side
from tests.engine.world import World, disagreements

DAY = 86_400.0
HELD = (
    "select l.origin, a.side, a.rule from bridge.action a join bridge.link l using (link_id) "
    "where a.state = 'held' order by a.rule, a.side"
)


def outage(world: World, days: float) -> None:
    """Nothing runs for so long; both systems forget what was deleted more than 15 days ago."""
    world.advance(days * DAY)
    world.sf.purge(older_than=timedelta(days=15))


@pytest.mark.parametrize("features", [frozenset({"deleted_tasks"}), frozenset[str]()], ids=["feed", "bare"])
def test_C6_deletes_of_the_last_days_cross_and_older_ones_are_held(
    world: World, features: frozenset[str]
) -> None:
    world.sc.features = features
    sc = {name: world.sc_task(f"sc {name}") for name in ("kept", "old", "recent")}
    sf = {name: world.sf_task(f"sf {name}") for name in ("kept", "old", "recent")}
    world.settle()
    for system, tasks in ((world.sc, sc), (world.sf, sf)):
        system.delete(tasks["old"])
    outage(world, 6)
    for system, tasks in ((world.sc, sc), (world.sf, sf)):
        system.delete(tasks["recent"])
    world.sc.edit(sc["kept"], details="edited meanwhile")
    outage(world, 10)
    report = world.sync()
    assert report.outcome is RunOutcome.HELD
    in_sf = {one["title"] for one in world.sf.live().values()}
    in_sc = {one["title"] for one in world.sc.live().values()}
    # Without a feed no delete in Sales Connect has a date.
    undated = set() if features else {"sc recent"}
    assert in_sf == {"sc kept", "sf kept", "sc old"} | undated
    assert in_sc == {"sc kept", "sf kept", "sf old"}
    assert world.sf_of(sc["kept"])["details"] == "edited meanwhile"
    held = world.rows(HELD)
    assert held == [
        ("salesforce", "sales_connect", "C5,C6"),
        *[("sales_connect", "salesforce", "C6")] * (1 + len(undated)),
    ]
    writes = world.writes
    world.settle()
    assert world.writes == writes, "no answer is never a yes, in later runs either"
    assert world.rows(HELD) == held
    assert [row[0] for row in world.rows("select rule from mart.not_synced where reason = 'held'")]


def test_C6_what_was_only_out_of_sight_goes_on_when_it_is_seen_again(world: World) -> None:
    tasks = [world.sf_task(f"Task {number}") for number in range(4)]
    world.settle()
    outage(world, 16)
    world.sf.faults.hidden = set(tasks[:2])
    assert world.sync().outcome is RunOutcome.HELD
    assert len(world.sc.live()) == 4
    world.sf.faults.hidden = set()
    world.sf.edit(tasks[0], priority="High")
    world.settle()
    assert world.sc_of(tasks[0])["priority"] == "high", "a listing shows it"
    world.advance(300)
    assert world.sync().outcome is RunOutcome.CLEAN, "the other is read again after a rest"
    assert not disagreements(world)


def test_C6_a_shorter_gap_looks_up_nothing(world: World) -> None:
    world.sf_task()
    world.settle()
    outage(world, 13.9)
    world.settle()
    assert not world.rows("select 1 from staging.salesforce_task where source = 'sweep'")


def test_C6_a_dry_run_shows_what_the_run_will_ask(world: World) -> None:
    task = world.sf_task()
    world.settle()
    world.sf.delete(task)
    outage(world, 16)
    world.sync(dry_run=True)
    assert world.rows("select rule, state from bridge.action where op = 'delete'") == [("C5,C6", "held")]
    world.sync()
    assert world.partner(Side.SALESFORCE, task) in world.sc.live()


@pytest.mark.parametrize("answer", list(Answer))
def test_C6_an_answer_is_carried_out_and_nothing_else(world: World, answer: Answer) -> None:
    """Must show: what the sweep found is held, and deleted after an approval."""
    world.sc_task("kept")
    proven, missing, moved = world.sc_task("proven"), world.sf_task("missing"), world.sc_task("moved")
    world.settle()
    copy = world.partner(Side.SALES_CONNECT, moved)
    assert copy is not None
    world.sc.delete(proven)
    world.sc.delete(moved)
    world.sf.delete(missing)
    outage(world, 16)
    world.sync()
    requests = {one.kind: one.approval_id for one in world.ledger.approvals.unfinished_approvals()}
    assert set(requests) == {"delete", "missing"}
    world.sf.edit(copy, details="edited after it was asked about")
    for number in requests.values():
        world.answer(number, answer)
        world.carry_out(number)
    in_sf = {one["title"] for one in world.sf.live().values()}
    in_sc = {one["title"] for one in world.sc.live().values()}
    approved = answer is Answer.APPROVED
    assert in_sf == {"kept", "moved"} | (set() if approved else {"proven"})
    assert in_sc == {"kept"} | (set() if approved else {"missing"})
    writes = world.writes
    world.settle()
    assert world.writes == writes
    left = world.rows("select kind, rows::int from mart.approvals where state = 'open'")
    assert left == [("delete", 1)], "what moved is asked about anew, what was answered never is"


def emptied(world: World, *, outlives: bool = False) -> tuple[str, str]:
    """Two tasks deleted in Salesforce and, after some days without a run, emptied from its recycle bin: one of a
    pair that began there, one of a pair that began in Sales Connect."""
    world.sf.log_outlives_bin = outlives
    theirs, ours = world.sf_task("theirs"), world.sc_task("ours")
    world.sf_task("kept")
    world.settle()
    copy = world.partner(Side.SALES_CONNECT, ours) or ""
    world.advance(DAY)
    for task in (theirs, copy):
        world.sf.delete(task)
    world.advance(2 * DAY)
    world.sf.purge()
    return theirs, ours


def test_C6_deletes_that_were_emptied_from_the_bin_are_looked_up_and_asked_about(world: World) -> None:
    emptied(world)
    report = world.sync()
    assert report.outcome is RunOutcome.HELD, report.text
    assert report.counts is not None
    (note,) = report.counts.notes
    assert note.startswith("Salesforce does not know all deletes since")
    assert len(world.sc.live()) == 3, "no proof, no delete"
    (request,) = world.ledger.approvals.unfinished_approvals()
    assert request.kind == "missing"
    world.answer(request.approval_id, Answer.APPROVED)
    world.carry_out(request.approval_id)
    assert [one["title"] for one in world.sc.live().values()] == ["kept"]


def test_C5_the_log_of_deletes_is_proof_of_what_no_query_shows_any_more(world: World) -> None:
    emptied(world, outlives=True)
    report = world.sync()
    assert report.counts is not None
    assert (report.outcome, report.counts.notes) == (RunOutcome.CLEAN, ())
    assert [one["title"] for one in world.sc.live().values()] == ["kept"]
    assert not world.rows("select 1 from staging.salesforce_task where source = 'sweep'")


def test_the_log_of_deletes_is_not_asked_while_queries_tell_everything(world: World) -> None:
    task = world.sf_task("gone")
    world.settle()
    world.sf.delete(task)
    world.advance(DAY / 2)
    asked: list[str] = []
    world.sf.faults.on_call = asked.append
    world.sync()
    assert "before read_changes" in asked
    assert "before read_deletes" not in asked
    assert not world.sc.live()


def test_a_run_for_a_past_window_leaves_the_log_alone(world: World) -> None:
    emptied(world)
    report = world.sync(window=world.window(4 * DAY))
    assert report.counts is not None
    assert report.counts.notes == ()
    assert len(world.sc.live()) == 3
