"""Invariant 15: a cycle that is planned in parts is planned as in one piece, and memory depends on the part."""

from __future__ import annotations

from typing import Any

import pytest

from taskbridge.core import planned_part
from taskbridge.core.faults import MOST
from taskbridge.core.model import PlanInput
from taskbridge.core.parts import BUCKETS, WHOLE, cut
from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import Side
from taskbridge.engine.deciding import in_parts, planned_parts
from taskbridge.errors import CountsDoNotAddUp
from tests.engine.world import World, disagreements

PLANNED = (
    "SELECT link_id, side, op, state, rule, kind, asks, mask, title, status, due_date FROM bridge.action "
    "WHERE run_id = (SELECT max(run_id) FROM bridge.run) ORDER BY 1, 2, 3, 4, 8"
)
ENDED = (
    "SELECT side, remote_id, link_id, disposition, rule FROM staging.seen "
    "WHERE run_id = (SELECT max(run_id) FROM bridge.run) ORDER BY 1, 2"
)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Of three rows; answers how many parts each plan was made of."""
    seen: list[int] = []
    real = planned_parts.cut

    def counted(rows: int, most: int) -> Any:
        parts = real(rows, most)
        seen.append(len(parts))
        return parts

    monkeypatch.setattr(planned_parts, "PART_ROWS", 3)
    monkeypatch.setattr(planned_parts, "cut", counted)
    return seen


def busy(world: World) -> None:
    """Pairs that were edited on one side, on both, deleted and completed, and new tasks on both sides."""
    ids = [world.sc_task(f"Task {number}", owner="ada" if number % 2 else "ben") for number in range(16)]
    world.settle()
    partners = {one: world.partner(Side.SALES_CONNECT, one) or "" for one in ids}
    for one in ids[:4]:
        world.sc.edit(one, title=f"Renamed {one}")
    for one in ids[2:6]:
        world.sf.edit(partners[one], details="from Salesforce")
    world.sc.edit(ids[3], details="from Sales Connect")
    world.sf.delete(partners[ids[7]])
    world.sc.edit(ids[8], status="complete")
    world.sc_task("New there")
    world.sf_task("New here", owner="ben")
    world.sf_task("Whose sync is off", owner="chi")


def more_deletes_than_a_limit_allows(world: World) -> None:
    """Eight of twelve, where six are allowed."""
    ids = [world.sc_task(f"Task {number}") for number in range(12)]
    world.settle()
    loose = {"count": 6, "share": 0.0, "user_count": 6, "user_share": 0.0}
    world.with_settings(limits={"delete": loose})
    for one in ids[:8]:
        world.sc.delete(one)


def a_side_that_went_away(world: World) -> None:
    """Nothing of Sales Connect is found, and no proof says that it was deleted."""
    ids = [world.sc_task(f"Task {number}") for number in range(14)]
    world.settle()
    world.sc.faults.hidden = set(ids)
    for one in ids:
        world.sf.edit(world.partner(Side.SALES_CONNECT, one) or "", details="touched")
    world.sync()  # finds nothing to write over, and asks for each record by id from then on


def test_15_parts_make_the_plan_that_one_piece_makes(world: World, small_parts: list[int]) -> None:
    busy(world)
    world.advance(60)
    seen = []
    for most in (3, 10**6):
        planned_parts.PART_ROWS = most  # type: ignore[misc] - put back by the fixture
        assert world.sync(dry_run=True).outcome is not RunOutcome.FAILED
        seen.append((world.rows(PLANNED), world.rows(ENDED)))
    assert small_parts[-2] > 4
    assert small_parts[-1] == 1
    assert seen[0] == seen[1]
    assert seen[0][0]


def test_what_is_planned_in_parts_is_carried_out_once(world: World, small_parts: list[int]) -> None:
    busy(world)
    world.settle()
    assert max(small_parts) > 4
    assert disagreements(world) == []
    writes = world.writes
    world.settle()
    assert world.writes == writes


@pytest.mark.parametrize("most", [3, 10**6])
def test_G3_a_limit_counts_all_parts(
    world: World, small_parts: list[int], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    more_deletes_than_a_limit_allows(world)
    monkeypatch.setattr(planned_parts, "PART_ROWS", most)
    report = world.sync()
    assert report.outcome is RunOutcome.HELD
    held = "SELECT count(*) FROM bridge.action WHERE op = 'delete' AND state = 'held'"
    assert world.rows(held) == [(8,)]
    assert world.rows("SELECT kind, state FROM bridge.approval") == [("delete", "open")]
    assert len(world.sf.live()) == 12


def test_G8_a_side_is_believed_by_what_all_parts_show(world: World, small_parts: list[int]) -> None:
    a_side_that_went_away(world)
    report = world.sync()
    assert report.outcome is RunOutcome.FAILED
    assert "looks empty" in report.text
    assert world.rows(
        "SELECT count(*) FROM bridge.action WHERE run_id = (SELECT max(run_id) FROM bridge.run)"
    ) == [(0,)]


def test_an_audit_in_parts_finds_what_one_in_one_piece_finds(world: World, small_parts: list[int]) -> None:
    busy(world)
    lines = (
        "SELECT class, field, sum(tasks) FROM bridge.drift WHERE run_id = (SELECT max(run_id) FROM bridge.drift) "
        "GROUP BY 1, 2 ORDER BY 1, 2"
    )
    world.sync(mode=RunMode.AUDIT)
    found = world.rows(lines)
    assert small_parts[-1] > 4
    planned_parts.PART_ROWS = 10**6  # type: ignore[misc]
    world.sync(mode=RunMode.AUDIT)
    assert world.rows(lines) == found
    assert len(found) > 2


def test_parts_are_about_equal_and_leave_no_bucket_out() -> None:
    assert cut(0, 10) == cut(10, 10) == [WHOLE]
    parts = cut(1_000, 10)
    assert [part.low for part in parts[1:]] == [part.high + 1 for part in parts[:-1]]
    assert (parts[0].low, parts[-1].high) == (0, BUCKETS - 1)
    assert len(parts) == 100
    assert len(cut(10**9, 1)) == BUCKETS


@pytest.mark.parametrize("mode", [RunMode.SCHEDULED, RunMode.AUDIT])
def test_a_part_that_fails_leaves_nothing_of_the_others(
    world: World, small_parts: list[int], monkeypatch: pytest.MonkeyPatch, mode: RunMode
) -> None:
    busy(world)
    planned, calls = in_parts._plan, []

    def fails(*given: Any, **words: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise CountsDoNotAddUp("the third part")
        return planned(*given, **words)

    monkeypatch.setattr(in_parts, "_plan", fails)
    assert "the third part" in world.sync(mode=mode).text
    assert world.rows(PLANNED) == []
    assert world.rows("SELECT 1 FROM bridge.drift") == []
    monkeypatch.setattr(in_parts, "_plan", planned)
    world.settle()
    assert disagreements(world) == []


def fails_with(monkeypatch: pytest.MonkeyPatch, *titles: str) -> None:
    """Makes the program fail with these tasks, wherever it plans."""
    planned = in_parts.make_plan

    def fails(given: PlanInput, **words: Any) -> Any:
        if any(given.tasks(side)["title"].isin(titles).any() for side in Side):
            raise KeyError("a title that nobody may read here")
        return planned(given, **words)

    for module in (in_parts, planned_part):
        monkeypatch.setattr(module, "make_plan", fails)


@pytest.mark.parametrize("most", [3, 10**6])
def test_G4_what_no_plan_can_be_made_with_is_parked_and_the_others_go_on(
    world: World, small_parts: list[int], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    busy(world)
    ids = [world.sc_task(title) for title in ("One", "Poison", "Two")]
    world.sf_task("More poison", owner="ben")
    monkeypatch.setattr(planned_parts, "PART_ROWS", most)
    fails_with(monkeypatch, "Poison", "More poison")
    report = world.sync()
    assert report.outcome is RunOutcome.PARTIAL
    assert f"Sales Connect {ids[1]}" in report.text
    assert "KeyError in engine/deciding/in_parts.py, line " in report.text
    assert "a title that nobody may read here" not in report.text
    assert world.partner(Side.SALES_CONNECT, ids[0])
    assert world.partner(Side.SALES_CONNECT, ids[2])
    assert world.rows("SELECT code, count(*) FROM bridge.dead_letter GROUP BY 1") == [("PLAN_FAILED", 2)]
    world.settle()
    assert {row["title"] for row in world.sf.live().values()}.isdisjoint({"Poison"})

    monkeypatch.undo()
    world.sc.edit(ids[1], details="touched")
    world.sf.edit(
        next(one for one, row in world.sf.live().items() if row["title"] == "More poison"), details="x"
    )
    world.settle()
    assert disagreements(world) == []
    assert world.rows("SELECT 1 FROM bridge.dead_letter WHERE resolved_at IS NULL") == []


def test_G4_a_pair_that_no_plan_can_be_made_with_waits(
    world: World, small_parts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [world.sc_task(f"Task {number}") for number in range(8)]
    world.settle()
    world.sc.edit(ids[3], title="Poison")
    world.sc.edit(ids[4], title="Renamed")
    fails_with(monkeypatch, "Poison")
    assert world.sync().outcome is RunOutcome.PARTIAL
    assert "Renamed" in {row["title"] for row in world.sf.live().values()}
    monkeypatch.undo()
    world.advance(4200)
    world.settle()
    assert disagreements(world) == []


def test_a_fault_that_is_no_matter_of_records_fails_the_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(given: PlanInput) -> Any:
        raise KeyError

    world.sc_task()
    monkeypatch.setattr(in_parts, "make_plan", fails)
    with pytest.raises(KeyError):
        world.sync()
    assert world.rows("SELECT 1 FROM staging.seen WHERE problem_code IS NOT NULL") == [], "nothing is parked"


def test_a_fault_that_is_no_matter_of_a_few_records_fails_the_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles = [f"Task {number}" for number in range(MOST + 1)]
    for title in titles:
        world.sc_task(title)
    fails_with(monkeypatch, *titles)
    with pytest.raises(KeyError):
        world.sync()
    assert world.rows("SELECT 1 FROM staging.seen WHERE problem_code IS NOT NULL") == [], "nothing is parked"
