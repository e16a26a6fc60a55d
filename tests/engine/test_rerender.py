"""T3: after a change of the template the Subjects are made anew, when a person asks for it and under the guard."""

from __future__ import annotations

import pytest

from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import Answer
from tests.engine.world import World

TEMPLATE = "TB: {{activity_subject}}"
GENEROUS = {"count": 10_000, "user_count": 10_000, "half_of_more_than": 10_000}


def subjects(world: World) -> list[str]:
    return sorted(one["title"] for one in world.sf.live().values())


@pytest.fixture
def renamed(world: World) -> World:
    """Three pairs, one of them with a Subject that a person typed, and a template that has changed since."""
    world.with_settings(limits=GENEROUS)
    for number in range(3):
        world.sc_task(f"Task {number}")
    world.sf_task("never imported", owner="chi")
    world.settle()
    world.sf.edit(
        next(key for key, one in world.sf.live().items() if one["title"] == "Task 2"), title="typed"
    )
    world.settle()
    return world.with_settings(subject_template=TEMPLATE)


def test_T3_a_template_is_carried_out_when_a_person_asks(renamed: World) -> None:
    writes = renamed.writes
    renamed.settle()
    assert renamed.writes == writes, "the template alone writes nothing"
    look = renamed.sync(mode=RunMode.RERENDER, dry_run=True)
    assert renamed.writes == writes
    assert "3 planned" in look.text
    assert renamed.sync(mode=RunMode.RERENDER).outcome in (RunOutcome.CLEAN, RunOutcome.CONFLICTS)
    assert subjects(renamed) == ["TB: Task 0", "TB: Task 1", "TB: Task 2", "never imported"]
    assert renamed.writes == writes + 3
    kept = renamed.rows("select before, after from mart.change_log where op = 'update' order by after")
    assert ("typed", "TB: Task 2") in kept, "what a person typed is kept (K5)"
    renamed.settle()
    assert renamed.sync(mode=RunMode.RERENDER).outcome is RunOutcome.CLEAN
    assert renamed.writes == writes + 3
    assert {one["title"] for one in renamed.sc.live().values()} == {"Task 0", "Task 1", "Task 2"}


def test_T3_G3_more_subjects_than_a_limit_allows_wait_for_a_person(renamed: World) -> None:
    renamed.with_settings(limits={"count": 2, "user_count": 2, "share": 0.0, "user_share": 0.0})
    assert renamed.sync(mode=RunMode.RERENDER).outcome is RunOutcome.HELD
    assert subjects(renamed) == ["Task 0", "Task 1", "never imported", "typed"]
    [approval] = renamed.ledger.approvals.unfinished_approvals()
    assert approval.kind == "subject"
    renamed.sync()
    renamed.answer(approval.approval_id, Answer.APPROVED)
    renamed.carry_out(approval.approval_id)
    assert subjects(renamed) == ["TB: Task 0", "TB: Task 1", "TB: Task 2", "never imported"]
    writes = renamed.writes
    renamed.settle()
    assert renamed.writes == writes


def test_T3_pairs_that_take_no_part_keep_their_subjects(renamed: World) -> None:
    task = next(key for key, one in renamed.sc.live().items() if one["title"] == "Task 0")
    renamed.sc.reassign(task, renamed.sc_users["chi"])
    renamed.settle()
    renamed.sync(mode=RunMode.RERENDER)
    assert subjects(renamed) == ["TB: Task 1", "TB: Task 2", "Task 0", "never imported"]
