"""The Bulk client against the sandbox: jobs, their files, and rows whatever becomes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from taskbridge.core.frames import rows_of
from taskbridge.core.terms import Op
from taskbridge.engine.ports import JobState, unfenced
from taskbridge.errors import ApiLimitReached, JobRefused, LeaseLost
from taskbridge.sides.salesforce.bulk import BulkJobs
from taskbridge.sides.salesforce.ids import to_18
from tests.contract.bulk_jobs import asked, ended, port, run, started
from tests.contract.worlds import SalesforceWorld, salesforce_side

MARKER = "tb:sc:acc_1:42"


def test_results_come_in_any_order_and_are_paired_by_key(salesforce: SalesforceWorld) -> None:
    rows = [salesforce.new(f"task {number}", f"{MARKER}:{number}") for number in range(20)]
    outcomes = run(salesforce, Op.CREATE, *rows)
    assert {outcome["outcome"] for outcome in outcomes} == {"done"}
    read = salesforce.read(*(outcome["remote_id"] for outcome in outcomes))
    assert [read[outcome["remote_id"]]["title"] for outcome in outcomes] == [row["title"] for row in rows]
    updates = [
        {"remote_id": outcome["remote_id"], "details": f"of {row['title']}"}
        for outcome, row in zip(outcomes, rows, strict=True)
    ]
    again = run(salesforce, Op.UPDATE, *updates)
    assert [one["remote_id"] for one in again] == [row["remote_id"] for row in updates]
    read = salesforce.read(*(row["remote_id"] for row in updates))
    assert [read[row["remote_id"]]["details"] for row in updates] == [row["details"] for row in updates]
    assert all(one["written_at"] >= read[one["remote_id"]]["modified_at"] for one in again)


def test_F6_rows_with_different_masks_share_a_job(salesforce: SalesforceWorld) -> None:
    whole = {"details": "kept", "due_date": date(2026, 5, 5), "priority": "High"}
    tasks = [salesforce.create(f"task {number}", **whole) for number in range(3)]
    outcomes = run(
        salesforce,
        Op.UPDATE,
        {"remote_id": tasks[0], "due_date": None},
        {"remote_id": tasks[1], "details": None, "title": "renamed"},
        {"remote_id": tasks[2], "status": "Completed"},
    )
    assert [one["outcome"] for one in outcomes] == ["done"] * 3
    read = salesforce.read(*tasks)
    shown = [
        tuple(read[task][name] for name in ("title", "status", "priority", "due_date", "details"))
        for task in tasks
    ]
    assert shown == [
        ("task 0", "Not Started", "High", None, "kept"),
        ("renamed", "Not Started", "High", date(2026, 5, 5), None),
        ("task 2", "Completed", "High", date(2026, 5, 5), "kept"),
    ]


def test_rows_that_fail_are_told_as_collections_tell_them(salesforce: SalesforceWorld) -> None:
    gone, locked, fine = (salesforce.create(name) for name in ("gone", "locked", "fine"))
    salesforce.delete(gone)
    salesforce.fail_row("locked", "UNABLE_TO_LOCK_ROW")
    nobody = to_18("00T5g00000ZZZZZ")
    rows = [{"remote_id": task, "details": "new"} for task in (gone, locked, fine, nobody)]
    rows.append({"remote_id": salesforce.create("long"), "title": "x" * 256})
    outcomes = run(salesforce, Op.UPDATE, *rows)
    assert [(one["outcome"], one["code"]) for one in outcomes] == [
        ("gone", "ENTITY_IS_DELETED"),
        ("busy", "UNABLE_TO_LOCK_ROW"),
        ("done", None),
        ("retry", "NOT_FOUND"),
        ("rejected", "STRING_TOO_LONG"),
    ]
    assert "Subject" in outcomes[4]["message"]
    assert outcomes[4]["remedy"]


def test_G2_a_marker_that_is_used_already_exists(salesforce: SalesforceWorld) -> None:
    (first,) = run(salesforce, Op.CREATE, salesforce.new("one", f"{MARKER}:1"))
    again, other = run(
        salesforce, Op.CREATE, salesforce.new("one", f"{MARKER}:1"), salesforce.new("two", f"{MARKER}:2")
    )
    assert (again["outcome"], again["remote_id"]) == ("exists", first["remote_id"])
    assert other["outcome"] == "done"


def test_only_files_that_are_needed_are_read(salesforce: SalesforceWorld) -> None:
    task = salesforce.create("one")
    salesforce.service.control("DELETE", "/calls")
    run(salesforce, Op.UPDATE, {"remote_id": task, "details": "new"})
    called = salesforce.service.calls()["by_endpoint"]
    assert [name.rpartition("/")[2] for name in called if name.endswith("Results")] == ["successfulResults"]
    assert sum(called.values()) == 2 + 3 + 2 + 1, "login and what is left, steps, looks, one file"


def test_unprocessed_rows_go_back_when_a_job_fails(salesforce: SalesforceWorld) -> None:
    salesforce.service.switch(bulk_fail_after=1, bulk_batch_rows=2)
    tasks = [salesforce.create(f"task {number}") for number in range(5)]
    outcomes = run(salesforce, Op.UPDATE, *({"remote_id": task, "details": "new"} for task in tasks))
    assert [(one["outcome"], one["code"]) for one in outcomes] == [("done", None)] * 2 + [
        ("retry", "NOT_PROCESSED")
    ] * 3
    details = [salesforce.read(task)[task]["details"] for task in tasks]
    assert details == ["new", "new", None, None, None]


def test_a_file_that_salesforce_cannot_read_gives_every_row_back(salesforce: SalesforceWorld) -> None:
    salesforce.service.switch(hidden_fields=["Task.Description"])
    outcomes = run(salesforce, Op.UPDATE, {"remote_id": salesforce.create("one"), "details": "new"})
    assert [(one["outcome"], one["code"]) for one in outcomes] == [("retry", "NOT_PROCESSED")]
    assert "Field name not found" in outcomes[0]["message"]


def test_a_job_that_was_never_started_is_aborted(salesforce: SalesforceWorld) -> None:
    rows = asked(Op.UPDATE, [{"remote_id": salesforce.create("one"), "details": "new"}])
    jobs = port(salesforce)
    job = jobs.open(Op.UPDATE, 1, unfenced)
    assert jobs.look(job).state is JobState.OPEN
    jobs.fill(job, Op.UPDATE, rows, unfenced)
    jobs.abort(job, unfenced)
    sight = jobs.look(job)
    assert (sight.state, sight.failed, sight.processed) == (JobState.ENDED, True, 0)
    (outcome,) = rows_of(jobs.outcomes(job, Op.UPDATE, rows, sight))
    assert (outcome["outcome"], outcome["code"]) == ("retry", "NOT_PROCESSED")
    jobs.abort(job, unfenced)  # again: it has ended already


def test_a_job_that_nobody_knows_tells_nothing(salesforce: SalesforceWorld) -> None:
    rows = asked(Op.UPDATE, [{"remote_id": salesforce.create("one"), "details": "new"}])
    sight = port(salesforce).look(to_18("7505g00000ZZZZZ"))
    assert sight.state is JobState.GONE
    (outcome,) = rows_of(port(salesforce).outcomes("7505g00000ZZZZZ", Op.UPDATE, rows, sight))
    assert (outcome["outcome"], outcome["code"]) == ("unknown", "ANSWER_UNUSABLE")


def test_the_fence_stands_before_each_request_that_writes(salesforce: SalesforceWorld) -> None:
    rows = asked(Op.UPDATE, [{"remote_id": salesforce.create("one"), "details": "new"}])
    jobs = port(salesforce)
    job = jobs.open(Op.UPDATE, 1, unfenced)
    jobs.fill(job, Op.UPDATE, rows, unfenced)

    def lost() -> None:
        raise LeaseLost("another run has the lease")

    for write in (
        lambda: jobs.open(Op.UPDATE, 1, lost),
        lambda: jobs.fill(job, Op.UPDATE, rows, lost),
        lambda: jobs.start(job, lost),
        lambda: jobs.abort(job, lost),
    ):
        with pytest.raises(LeaseLost):
            write()
    assert jobs.look(job).state is JobState.OPEN


def test_a_job_that_is_refused_says_so(salesforce: SalesforceWorld) -> None:
    salesforce.service.switch(hidden_objects=["Task"])
    with pytest.raises(JobRefused, match=r"takes no Bulk job \(INVALIDJOB.*ordinary calls"):
        port(salesforce).open(Op.UPDATE, 1, unfenced)


def test_G7_a_job_leaves_the_reserve_alone_with_all_its_calls(salesforce: SalesforceWorld) -> None:
    salesforce.service.switch(api_daily_max=20)
    side = salesforce_side(salesforce.service, api_reserve=0.5)
    assert side.jobs is not None
    with pytest.raises(ApiLimitReached, match="10 are left to the org's people"):
        side.jobs.open(Op.UPDATE, 5_000, unfenced)


def test_jobs_are_cut_by_rows_and_bytes(salesforce: SalesforceWorld) -> None:
    jobs = port(salesforce)
    assert isinstance(jobs, BulkJobs)
    rows = asked(Op.UPDATE, [{"remote_id": to_18(f"00T5g{n:010d}"), "details": "d" * 80} for n in range(7)])
    parts = replace(jobs, most_rows=3).sort_out(Op.UPDATE, rows)
    assert [len(part) for part in parts] == [3, 3, 1]
    parts = replace(jobs, most_bytes=250).sort_out(Op.UPDATE, rows)
    assert [len(part) for part in parts] == [2, 2, 2, 1]
    assert sorted(action for part in parts for action in part["action_id"]) == sorted(rows["action_id"])


def test_sorted_rows_collide_less(salesforce: SalesforceWorld) -> None:
    """The sandbox saves batches of a job side by side: the same parent in two of them meets a lock."""
    salesforce.service.switch(bulk_batch_rows=4, bulk_chunk_rows=2, bulk_lock_collisions=True)
    contacts = [
        salesforce.service.control("POST", "/people/Contact", {"fields": {"LastName": f"C{number}"}})["id"]
        for number in range(4)
    ]
    rows = asked(
        Op.CREATE,
        [
            salesforce.new(f"task {number}", f"{MARKER}:{number}", person=contacts[number % 4])
            for number in range(16)
        ],
    )
    (part,) = port(salesforce).sort_out(Op.CREATE, rows)
    job = started(salesforce, Op.CREATE, part)
    outcomes = port(salesforce).outcomes(job, Op.CREATE, part, ended(salesforce, job))
    assert set(outcomes["outcome"]) == {"done"}


@pytest.mark.parametrize("details", ["#N/A", "a\rb", "a\r\nb", "bell \x07"])
def test_what_a_csv_cannot_hold_is_left_to_collections(salesforce: SalesforceWorld, details: str) -> None:
    rows = asked(Op.CREATE, [salesforce.new("one", MARKER, details=details)])
    assert not port(salesforce).sort_out(Op.CREATE, rows)


def test_G2_an_upsert_tells_what_was_there(salesforce: SalesforceWorld) -> None:
    """docs/decisions/0001: by both ways, with the record as the upsert left it."""
    salesforce.side = salesforce_side(salesforce.service, upserts=True)
    (by_call,) = salesforce.write(Op.CREATE, salesforce.new("one", f"{MARKER}:1"))
    (by_job,) = run(salesforce, Op.CREATE, salesforce.new("two", f"{MARKER}:2"))
    assert (by_call["outcome"], by_job["outcome"]) == ("done", "done")
    (call_again,) = salesforce.write(Op.CREATE, salesforce.new("two again", f"{MARKER}:2"))
    (job_again,) = run(salesforce, Op.CREATE, salesforce.new("one again", f"{MARKER}:1"))
    assert (call_again["outcome"], call_again["remote_id"]) == ("exists", by_job["remote_id"])
    assert (job_again["outcome"], job_again["remote_id"]) == ("exists", by_call["remote_id"])
    titles = {row["title"] for row in salesforce.read(by_call["remote_id"], by_job["remote_id"]).values()}
    assert titles == {"one again", "two again"}, "an upsert overwrites"


def test_an_upsert_that_fails_creates_nothing(salesforce: SalesforceWorld) -> None:
    salesforce.side = salesforce_side(salesforce.service, upserts=True)
    row = salesforce.new("x" * 256, MARKER)
    (by_call,), (by_job,) = salesforce.write(Op.CREATE, row), run(salesforce, Op.CREATE, row)
    assert (by_call["outcome"], by_call["code"]) == ("rejected", "STRING_TOO_LONG")
    assert (by_job["outcome"], by_job["code"]) == ("rejected", "STRING_TOO_LONG")


def test_a_create_whose_person_went_goes_again_by_a_call_that_follows(salesforce: SalesforceWorld) -> None:
    contact = salesforce.service.control("POST", "/people/Contact", {"fields": {"LastName": "Nora"}})["id"]
    salesforce.service.control("DELETE", f"/people/Contact/{contact}")
    row = salesforce.new("one", f"{MARKER}:1", person=contact)
    (by_job,) = run(salesforce, Op.CREATE, row)
    assert by_job["outcome"] == "busy", by_job
    (by_call,) = salesforce.write(Op.CREATE, row)
    assert (by_call["outcome"], by_call["code"]) == ("done", "PERSON_LEFT_OUT")


def test_a_job_names_no_person_where_the_org_does_not_show_the_field(salesforce: SalesforceWorld) -> None:
    salesforce.service.switch(hidden_fields=["Task.WhoId"])
    salesforce.read(salesforce.create("finds out what is lacking"))
    (done,) = run(salesforce, Op.CREATE, salesforce.new("one", MARKER, person=to_18("0035g0000000001")))
    assert done["outcome"] == "done", done
