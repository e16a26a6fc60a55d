"""C6: after an outage longer than deletes are told, the same run looks up what no listing showed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from taskbridge.core.model import Answer, Side
from taskbridge.engine.ports import RunOutcome
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
    assert world.sc_of(tasks[0])["priority"] == "high"
    assert world.sync().outcome is RunOutcome.CLEAN
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
    requests = {one.kind: one.approval_id for one in world.ledger.unfinished_approvals()}
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
