"""Writing many rows by jobs in the background: their life, and what becomes of their rows whatever happens."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Op, Side
from taskbridge.engine.ports import JobState
from taskbridge.engine.steps.load import load
from taskbridge.errors import SideUnreachable
from tests.doubles.memory_jobs import MemoryJob, MemoryJobs
from tests.engine.world import World, disagreements, planned


def jobs(world: World) -> MemoryJobs:
    assert world.sf.jobs is not None
    return world.sf.jobs


def opened(world: World) -> list[MemoryJob]:
    return list(jobs(world).book.values())


@pytest.fixture
def bulky(world: World) -> World:
    """Whatever may, goes by a job."""
    world.sync()
    return world.with_settings(salesforce_bulk_threshold=1)


def tasks(world: World, count: int = 3, **values: Any) -> list[str]:
    return [world.sc_task(f"Task {number}", **values) for number in range(count)]


def edited(world: World, count: int = 3, **values: Any) -> list[str]:
    """Pairs whose Sales Connect task was edited."""
    world.with_settings(salesforce_bulk_threshold="never")
    made = tasks(world, count)
    world.settle()
    world.with_settings(salesforce_bulk_threshold=1)
    for task in made:
        world.sc.edit(task, **(values or {"details": "edited"}))
    return made


def test_creates_and_updates_go_by_jobs_and_nothing_comes_back(bulky: World) -> None:
    made = tasks(bulky)
    assert bulky.sync().outcome is RunOutcome.CLEAN
    for task in made:
        bulky.sc.edit(task, details="edited")
    assert bulky.sync().outcome is RunOutcome.CLEAN
    assert [(job.op, len(job.results)) for job in opened(bulky)] == [(Op.CREATE, 3), (Op.UPDATE, 3)]
    assert not disagreements(bulky)
    writes = bulky.writes
    assert bulky.sync().outcome is RunOutcome.CLEAN
    assert bulky.writes == writes
    assert bulky.rows("SELECT op, failed, ended_at IS NULL FROM bridge.bulk_job ORDER BY opened_at") == [
        ("create", False, False),
        ("update", False, False),
    ]


@pytest.mark.parametrize(("threshold", "jobs_of"), [(4, 0), (3, 1), (None, 0), ("never", 0)])
def test_the_threshold_is_a_setting(world: World, threshold: int | str | None, jobs_of: int) -> None:
    world.sync()
    world.with_settings(salesforce_bulk_threshold=threshold)
    tasks(world, 3)
    world.sync()
    assert len(opened(world)) == jobs_of
    assert not disagreements(world)


def test_19_deletes_completions_and_conflicts_never_go_by_a_job(bulky: World) -> None:
    done, gone, contested, plain = edited(bulky, 4)
    bulky.sc.edit(done, status="complete")
    bulky.sc.delete(gone)
    partner = bulky.partner(Side.SALES_CONNECT, contested) or ""
    bulky.sf.edit(partner, details="typed there")
    bulky.advance(3_600)
    bulky.sc.edit(contested, details="later, so it wins")
    bulky.sync()
    (job,) = opened(bulky)
    assert job.rows is not None
    assert [row["remote_id"] for row in job.rows] == [bulky.partner(Side.SALES_CONNECT, plain)]
    assert not disagreements(bulky)
    assert bulky.sf_of(done)["status"] == "Completed"


def test_rows_are_sorted_by_person_then_owner(bulky: World) -> None:
    made = [bulky.sf_task(f"Task {number}", owner=("ada", "ben")[number % 2]) for number in range(6)]
    for number, task in enumerate(made):
        bulky.sf.records[task].values["person"] = ("003c", "003a", "003b")[number % 3]
    bulky.settle()
    for task in made:
        bulky.sc.edit(bulky.partner(Side.SALESFORCE, task) or "", details="edited")
    bulky.sync()
    (job,) = [job for job in opened(bulky) if job.op is Op.UPDATE]
    assert job.rows is not None
    parents = [(row["person"], row["seen_owner"]) for row in job.rows]
    assert parents == sorted(parents)
    assert len(set(parents)) == 6


def test_what_a_csv_cannot_hold_goes_by_an_ordinary_call(bulky: World) -> None:
    task = bulky.sc_task("Text", details="#N/A")
    other = bulky.sc_task("Other", details="plain")
    assert bulky.sync().outcome is RunOutcome.CLEAN
    (job,) = opened(bulky)
    assert len(job.results) == 1
    assert (bulky.sf_of(task)["details"], bulky.sf_of(other)["details"]) == ("#N/A", "plain")


def test_19_a_target_edited_meanwhile_is_in_no_job(bulky: World) -> None:
    task, _ = edited(bulky, 2)
    run = planned(bulky)
    bulky.sf.edit(bulky.partner(Side.SALES_CONNECT, task) or "", details="typed at the last moment")
    result = load(bulky.engine, run, Side.SALESFORCE, [Op.UPDATE])
    assert (result.outcomes, result.stale) == ({"done": 1}, 1)


def test_G2_a_job_that_outlives_its_run_is_gone_on_with(bulky: World) -> None:
    made = edited(bulky)
    bulky.sf.faults.job_takes = timedelta(minutes=10)
    report = bulky.sync()
    assert "goes on after" in report.text
    assert [job.state for job in opened(bulky)] == [JobState.RUNNING]
    bulky.sync()
    assert len(opened(bulky)) == 1, "its rows wait, and nothing is repeated"
    bulky.advance(600)
    bulky.sync()
    assert bulky.sync().outcome is RunOutcome.CLEAN
    assert len(opened(bulky)) == 1
    assert {bulky.sf_of(task)["details"] for task in made} == {"edited"}
    assert not disagreements(bulky)
    assert bulky.rows("SELECT DISTINCT state FROM bridge.action") == [("done",)], "the job told what it did"


def test_K5_what_a_person_types_while_a_job_goes_on_is_kept(bulky: World) -> None:
    (task,) = edited(bulky, 1)
    bulky.sf.faults.job_takes = timedelta(minutes=10)
    bulky.sync()
    bulky.sf.edit(bulky.partner(Side.SALES_CONNECT, task) or "", details="typed meanwhile")
    bulky.sync()
    bulky.advance(600)
    bulky.settle()
    seen = bulky.rows("SELECT seen_details FROM bridge.action WHERE job_id IS NOT NULL")
    assert seen == [("typed meanwhile",)]
    assert not disagreements(bulky)


@pytest.mark.parametrize("op", [Op.CREATE, Op.UPDATE])
def test_a_start_whose_answer_is_lost_shows_in_the_job(bulky: World, op: Op) -> None:
    if op is Op.CREATE:
        tasks(bulky)
    else:
        edited(bulky)
    bulky.sf.faults.lose_answers = 1
    assert bulky.sync().outcome is RunOutcome.CLEAN
    assert not disagreements(bulky)
    assert len(opened(bulky)) == 1


def test_a_job_that_was_never_started_is_aborted_and_its_rows_go_back(bulky: World) -> None:
    edited(bulky)

    def cut(moment: str) -> None:
        if moment == "before fill_job":
            bulky.sf.faults.on_call = None
            raise SideUnreachable("no connection; check the network")

    bulky.sf.faults.on_call = cut
    bulky.sync()
    assert [len(job.results) for job in opened(bulky)] == [0]
    assert bulky.sync().outcome is RunOutcome.CLEAN
    assert [(job.state, job.failed, len(job.results)) for job in opened(bulky)] == [
        (JobState.ENDED, True, 0),
        (JobState.ENDED, False, 3),
    ]
    assert not disagreements(bulky)


def test_a_job_that_fails_half_way_gives_back_what_it_did_not_come_to(bulky: World) -> None:
    edited(bulky, 5)
    bulky.sf.faults.fail_jobs_after = 2
    report = bulky.sync()
    assert "InternalServerError" in report.text
    bulky.sync()
    assert not disagreements(bulky)
    assert len(opened(bulky)) == 1, "for an hour ordinary calls do the work"


def test_a_side_that_takes_no_jobs_is_written_by_calls(bulky: World) -> None:
    edited(bulky)
    bulky.sf.faults.refuse_jobs = True
    report = bulky.sync()
    assert "takes no job" in report.text
    assert not disagreements(bulky)


def test_G4_rejected_rows_of_a_job_are_kept_with_their_reason(bulky: World) -> None:
    bulky.sf.faults.refuse_titles["Task 1"] = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    tasks(bulky)
    assert bulky.sync().outcome is RunOutcome.PARTIAL
    assert [title["title"] for title in bulky.sf.live().values()] == ["Task 0", "Task 2"]
    assert bulky.rows("SELECT code FROM bridge.dead_letter") == [("FIELD_CUSTOM_VALIDATION_EXCEPTION",)]


def test_G2_a_create_by_a_job_that_exists_already_is_adopted(bulky: World) -> None:
    bulky.with_settings(salesforce_bulk_threshold="never")
    tasks(bulky)
    run = planned(bulky)
    bulky.sf.faults.land_late = [timedelta(minutes=5)]
    load(bulky.engine, run, Side.SALESFORCE, [Op.CREATE])
    bulky.ledger.runs.release_lease(run.spec.run_key)
    bulky.with_settings(salesforce_bulk_threshold=1)
    bulky.settle()
    bulky.advance(600)
    bulky.settle()
    assert len(bulky.sf.live()) == 3
    assert not disagreements(bulky)


@pytest.mark.parametrize("moment", ["before open_job", "after open_job", "after fill_job", "after start_job"])
def test_S1_the_brake_between_the_steps_of_a_job(bulky: World, moment: str) -> None:
    edited(bulky)

    def brake(reached: str) -> None:
        if reached == moment:
            bulky.enabled = False

    bulky.sf.faults.on_call = brake
    bulky.sync()
    bulky.sf.faults.on_call = None
    if moment == "after start_job":
        assert bulky.rows("SELECT count(*) FROM bridge.action WHERE state = 'sent'") == [(0,)], (
            "answers are recorded"
        )
    else:
        assert not any(job.results for job in opened(bulky))
    bulky.enabled = True
    bulky.settle()
    assert not disagreements(bulky)


def test_G7_a_job_is_not_opened_into_the_reserve(bulky: World) -> None:
    edited(bulky)
    bulky.sf.faults.calls_left = 0
    assert bulky.sync().outcome is RunOutcome.PARTIAL
    assert not opened(bulky)
    bulky.sf.faults.calls_left = None
    bulky.sync()
    assert not disagreements(bulky)


def test_due_dates_that_are_cleared_and_fields_left_alone(bulky: World) -> None:
    first = bulky.sc_task("first", due_date=date(2026, 5, 5), details="kept")
    second = bulky.sc_task("second", due_date=date(2026, 5, 6), details="cleared")
    bulky.settle()
    bulky.sc.edit(first, due_date=None)
    bulky.sc.edit(second, details=None)
    assert bulky.sync().outcome is RunOutcome.CLEAN
    assert (bulky.sf_of(first)["due_date"], bulky.sf_of(first)["details"]) == (None, "kept")
    assert (bulky.sf_of(second)["due_date"], bulky.sf_of(second)["details"]) == (date(2026, 5, 6), None)
