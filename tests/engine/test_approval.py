"""G3: a wave is held, a person is asked, and the answer is carried out on what is still as it was shown."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import Answer, ApprovalKind, Op, Side
from taskbridge.engine.on_demand.approval import Person, due
from taskbridge.engine.steps.decide import decide
from taskbridge.engine.steps.load import load
from taskbridge.engine.steps.opening import open_run
from taskbridge.engine.steps.read_dirty import read_dirty
from taskbridge.engine.steps.recover import recover
from taskbridge.engine.steps.settle import settle
from taskbridge.errors import ApprovalClosed, NotAnApprover, SettingsInvalid
from taskbridge.store.approvals import Approval, ApprovalState
from tests.engine.undoing import swap_lives
from tests.engine.world import World, disagreements

SC, SF = Side.SALES_CONNECT, Side.SALESFORCE
APPROVED, REJECTED = Answer.APPROVED, Answer.REJECTED
GENEROUS = {"count": 10_000, "user_count": 10_000, "half_of_more_than": 10_000}
STRICT = {"count": 3, "user_count": 3, "share": 0, "delete_share": 0, "user_share": 0}


def linked(world: World, count: int, owners: tuple[str, ...] = ("ada",)) -> list[str]:
    """So many pairs in step, made without a limit; their SC ids."""
    world.with_settings(limits=GENEROUS)
    tasks = [world.sc_task(f"Task {number}", owner=owners[number % len(owners)]) for number in range(count)]
    world.settle()
    # What was written to get here shall not count.
    world.rows_changed("UPDATE bridge.action SET answered_at = answered_at - interval '2 days'")
    return tasks


def request(world: World) -> Approval:
    """The only unfinished request."""
    [approval] = world.ledger.approvals.unfinished_approvals()
    return approval


def seen(world: World, approval_id: int) -> dict[str, Any]:
    names = ("state", "rows", "written", "rejected", "left_out", "refused", "waiting", "answered_by")
    [row] = world.rows(f"SELECT {', '.join(names)} FROM mart.approvals WHERE approval_id = %s", approval_id)
    return dict(zip(names, row, strict=True))


def completed(world: World) -> int:
    return sum(task["status"] == "Completed" for task in world.sf.live().values())


@pytest.mark.parametrize("runs", [1, 10])
@pytest.mark.parametrize("kind", ["delete", "complete"])
def test_G3_a_wave_of_500_is_held_and_released_by_an_approval(world: World, kind: str, runs: int) -> None:
    """Must show: in one run, and spread over ten runs within the hour; what moved meanwhile is left out."""
    tasks = linked(world, 520, ("ada", "ben"))
    world.with_settings(limits={"half_of_more_than": 10_000, "user_count": 10_000})
    wave, others = tasks[:500], tasks[500:]
    for lot in range(runs):
        for task in wave[lot * 500 // runs : (lot + 1) * 500 // runs]:
            if kind == "delete":
                world.sc.delete(task)
            else:
                world.sc.edit(task, status="complete")
        world.sync()
    done = completed(world) if kind == "complete" else 520 - len(world.sf.live())
    assert done == (0 if runs == 1 else 100), "at most the limit, over all runs of the hour"
    approval = request(world)
    assert approval.kind == kind
    rows = seen(world, approval.approval_id)["rows"]
    for number in range(rows - 5, rows):
        _, sf_id = _asked(world, number)
        world.sf.edit(sf_id, **({"details": "edited"} if kind == "delete" else {"status": "Completed"}))
    world.answer(approval.approval_id, APPROVED)
    writes = world.writes
    world.carry_out(approval.approval_id)
    assert world.writes - writes == rows - 5
    told = seen(world, approval.approval_id)
    assert (told["state"], told["written"], told["left_out"]) == ("carried_out", rows - 5, 5)
    assert told["answered_by"] == "ada"
    assert all(task in world.sc.live() for task in others)
    # What moved, and what came while the request was open, is asked for next.
    world.sync()
    left = 500 - done - (rows - 5 if kind == "delete" else rows)
    if left:
        assert seen(world, request(world).approval_id)["rows"] == left
    assert world.writes - writes == rows - 5
    assert (world.ledger.approvals.unfinished_approvals() == []) == (not left)


def _asked(world: World, number: int) -> tuple[str, str]:
    """SC and SF id of the pair of a row of the only request, in its order."""
    [row] = world.rows(
        "SELECT l.sc_id, l.sf_id FROM bridge.approval_row w JOIN bridge.link l USING (link_id)"
        " ORDER BY w.row_id LIMIT 1 OFFSET %s",
        number,
    )
    return row


def held(world: World, count: int = 5) -> tuple[list[str], int]:
    """So many completions, held; their SC ids and the request."""
    tasks = linked(world, count)
    world.with_settings(limits=STRICT)
    for task in tasks:
        world.sc.edit(task, status="complete", details="harmless")
    assert world.sync().outcome is RunOutcome.HELD
    return tasks, request(world).approval_id


def test_G3_what_is_harmless_of_a_held_update_goes_on(world: World) -> None:
    held(world)
    assert completed(world) == 0
    assert {task["details"] for task in world.sf.live().values()} == {"harmless"}


def test_G3_no_answer_is_never_a_yes(world: World) -> None:
    """Nor is the passing of time, nor a limit that was raised: who was asked has to answer."""
    held(world)
    world.rows_changed("UPDATE bridge.action SET answered_at = answered_at - interval '2 days'")
    world.with_settings(limits=GENEROUS)
    reports = world.settle()
    assert completed(world) == 0
    assert {report.outcome for report in reports} == {RunOutcome.HELD}
    assert "Waits for approval: 5 complete (request" in reports[-1].text


def test_G3_one_request_a_kind_and_what_comes_later_waits_for_the_next(world: World) -> None:
    tasks, first = held(world)
    late = linked(world, 5)
    world.with_settings(limits=STRICT)
    for task in late:
        world.sc.edit(task, status="complete")
    world.sync()
    assert request(world).approval_id == first
    assert seen(world, first)["rows"] == 5
    world.answer(first, APPROVED)
    world.carry_out(first)
    assert completed(world) == 5
    world.sync()
    second = request(world).approval_id
    assert seen(world, second)["rows"] == 5
    assert len(tasks) == 5


@pytest.mark.parametrize("kind", ["complete", "due_date", "owner"])
def test_G3_a_rejected_change_is_not_asked_for_again(world: World, kind: str) -> None:
    edit = {"complete": {"status": "complete"}, "due_date": {"due_date": date(2026, 6, 1)}}.get(kind)
    tasks = linked(world, 5)
    world.with_settings(limits=STRICT)
    for task in tasks:
        world.sc.edit(task, **(edit or {"owner": world.sc_users["ben"]}))
    world.sync()
    approval = request(world)
    world.answer(approval.approval_id, REJECTED)
    assert world.carry_out(approval.approval_id).outcome is RunOutcome.CLEAN
    assert seen(world, approval.approval_id)["rejected"] == 5
    writes = world.writes
    assert {report.outcome for report in world.settle()} == {RunOutcome.CLEAN}
    assert world.writes == writes
    assert world.ledger.approvals.unfinished_approvals() == []
    # An edit of another field crosses, and leaves the rejected one alone.
    world.sc.edit(tasks[0], details="later")
    world.settle()
    assert world.sf_of(tasks[0])["details"] == "later"
    assert world.sf_of(tasks[0])["status"] == "Not Started"


def test_G3_rejected_deletes_are_kept_out_until_the_task_is_restored(world: World) -> None:
    tasks = linked(world, 5)
    world.with_settings(limits=STRICT)
    partners = [world.partner(SC, task) for task in tasks]
    for partner in partners:
        assert partner is not None
        world.sf.delete(partner)
    world.sync()
    approval = request(world)
    world.answer(approval.approval_id, REJECTED)
    world.carry_out(approval.approval_id)
    world.sc.edit(tasks[0], details="edited")
    assert world.settle()[-1].outcome is RunOutcome.CLEAN
    assert sorted(world.sc.live()) == sorted(tasks)
    assert world.rows("SELECT DISTINCT state, withheld FROM bridge.link") == [("released", "rejected")]
    explained = world.rows("SELECT DISTINCT rule, explanation FROM mart.not_synced")
    assert [rule for rule, _ in explained] == ["rejected"]


@pytest.mark.parametrize("unreadable", [False, True])
def test_C7_a_task_out_of_the_bin_brings_back_what_a_rejected_delete_had_left(
    world: World, unreadable: bool
) -> None:
    tasks = linked(world, 5)
    world.with_settings(limits=STRICT)
    for partner in list(world.sf.live()):
        world.sf.delete(partner)
    world.sync()
    approval = request(world)
    world.answer(approval.approval_id, REJECTED)
    world.carry_out(approval.approval_id)
    task, there = tasks[0], world.partner(SC, tasks[0])
    assert there is not None
    swap_lives(world, task, there, unreadable=unreadable)
    (back,) = world.sc.live().keys() - tasks
    assert world.partner(SC, back) == there


@pytest.mark.parametrize("origin", list(Side))
def test_G3_rejected_creates_are_kept_out_until_the_original_changes(world: World, origin: Side) -> None:
    world.settle()
    world.with_settings(limits=STRICT)
    here, there = (world.sc, world.sf) if origin is SC else (world.sf, world.sc)
    make = world.sc_task if origin is SC else world.sf_task
    tasks = [make(f"Task {number}") for number in range(5)]
    world.sync()
    approval = request(world)
    assert approval.kind is ApprovalKind.CREATE
    world.answer(approval.approval_id, REJECTED)
    world.carry_out(approval.approval_id)
    assert world.settle()[-1].outcome is RunOutcome.CLEAN
    assert there.live() == {}
    here.edit(tasks[0], title="Wanted after all")
    world.settle()
    assert [task["title"] for task in there.live().values()] == ["Wanted after all"]


def test_I4_an_approved_old_delete_is_carried_out(world: World) -> None:
    (task,) = linked(world, 1)
    partner = world.partner(SC, task)
    assert partner is not None
    world.enabled = False
    world.sf.delete(partner)
    world.advance(15 * 86_400 + 3_600)
    world.enabled = True
    world.rows_changed(
        "UPDATE bridge.watermark SET position = position + interval '10 days' WHERE side = 'sales_connect'"
    )
    world.sync()
    assert task in world.sc.live()
    approval = request(world)
    assert (approval.kind, seen(world, approval.approval_id)["rows"]) == (ApprovalKind.DELETE, 1)
    world.answer(approval.approval_id, APPROVED)
    world.carry_out(approval.approval_id)
    assert task not in world.sc.live()
    assert world.settle()[-1].outcome is RunOutcome.CLEAN


def test_G3_approved_writes_do_not_count_for_the_limits(world: World) -> None:
    tasks, approval_id = held(world)
    world.answer(approval_id, APPROVED)
    world.carry_out(approval_id)
    assert completed(world) == 5
    more = linked(world, 3)
    world.with_settings(limits=STRICT)
    for task in more:
        world.sc.edit(task, status="complete")
    world.sync()
    assert completed(world) == 8
    assert tasks


def test_G3_a_request_that_nobody_needs_any_more_is_closed(world: World) -> None:
    tasks, approval_id = held(world)
    for task in tasks:
        world.sc.edit(task, status="open")
    world.sync()
    told = seen(world, approval_id)
    assert (told["state"], told["waiting"]) == ("obsolete", 0)
    with pytest.raises(ApprovalClosed, match="is obsolete"):
        world.answer(approval_id, APPROVED)
    with pytest.raises(ApprovalClosed, match="is obsolete"):
        open_run(world.engine, world.spec(RunMode.APPROVAL, asked={"approval_id": approval_id}))
    assert world.ledger.runs.lease_holder() is None


def test_G3_an_answer_counts_once(world: World) -> None:
    _, approval_id = held(world)
    with pytest.raises(ApprovalClosed, match="has not been answered"):
        open_run(world.engine, world.spec(RunMode.APPROVAL, asked={"approval_id": approval_id}))
    world.answer(approval_id, REJECTED, by="ben")
    with pytest.raises(ApprovalClosed, match=r"answer of ada .approved. counts for nothing.*rejected by ben"):
        world.answer(approval_id, APPROVED)
    world.carry_out(approval_id)
    assert completed(world) == 0
    report = world.carry_out(approval_id)
    assert report.outcome is RunOutcome.FAILED
    assert "has been carried out" in report.text
    assert seen(world, approval_id)["rejected"] == 5


@pytest.mark.parametrize("asked", [{}, {"approval_id": "five"}])
def test_G3_a_run_that_names_no_request_is_refused(world: World, asked: dict[str, Any]) -> None:
    with pytest.raises(SettingsInvalid, match="expected the number of a request"):
        open_run(world.engine, world.spec(RunMode.APPROVAL, asked=asked))
    with pytest.raises(ApprovalClosed, match="knows no request 404"):
        world.answer(404, APPROVED)


def test_S3_an_answer_waits_until_the_switch_is_on(world: World) -> None:
    _, approval_id = held(world)
    world.answer(approval_id, APPROVED)
    world.enabled = False
    assert world.carry_out(approval_id).outcome is RunOutcome.SKIPPED
    assert completed(world) == 0
    world.enabled = True
    world.sync()
    assert completed(world) == 0, "held until the answer is carried out"
    assert [name for _, name in due(world.ledger, lambda _: False)] == [f"approval-{approval_id}"]
    world.carry_out(approval_id)
    assert completed(world) == 5


def test_S1_what_the_brake_left_of_an_answer_is_carried_out_later(world: World) -> None:
    _, approval_id = held(world)
    world.sf.chunk_size = 2
    world.answer(approval_id, APPROVED)
    run = _decided(world, approval_id)
    write = world.sf.write

    def brake(op: Op, rows: Any, fence: Any) -> Any:
        world.enabled = False
        return write(op, rows, fence)

    world.sf.write = brake  # type: ignore[method-assign]
    load(world.engine, run, SF, (Op.CREATE, Op.UPDATE))
    settle(world.engine, run)
    world.ledger.runs.release_lease(run.spec.run_key)
    world.sf.write = write  # type: ignore[method-assign]
    assert (completed(world), seen(world, approval_id)["waiting"]) == (2, 3)
    world.enabled = True
    world.sync()
    assert (completed(world), seen(world, approval_id)["waiting"]) == (2, 3)
    world.carry_out(approval_id)
    assert seen(world, approval_id)["state"] == "carried_out"
    assert completed(world) == 5


@pytest.mark.parametrize("answer", [APPROVED, REJECTED])
def test_G3_a_run_that_dies_while_it_carries_out_an_answer_is_made_good(world: World, answer: Answer) -> None:
    """Once before anything is written, once with an answer of the system lost, once before it settles."""
    _, approval_id = held(world)
    world.answer(approval_id, answer)
    _die(world, _decided(world, approval_id).spec.run_key)
    world.sync()
    run = _decided(world, approval_id)
    world.sf.faults.lose_answers = 1
    load(world.engine, run, SF, (Op.UPDATE,))
    _die(world, run.spec.run_key)
    world.sync()
    if seen(world, approval_id)["state"] == "answered":
        world.carry_out(approval_id)
    told = seen(world, approval_id)
    assert told["state"] == "carried_out"
    assert (told["written"], told["rejected"]) == ((5, 0) if answer is APPROVED else (0, 5))
    assert completed(world) == (5 if answer is APPROVED else 0)
    assert world.settle()[-1].outcome is RunOutcome.CLEAN
    assert (not disagreements(world)) == (answer is APPROVED)


def test_G3_a_record_that_moves_while_it_is_carried_out_is_left_out(world: World) -> None:
    tasks, approval_id = held(world)
    world.answer(approval_id, APPROVED)
    run = _decided(world, approval_id)
    partner = world.partner(SC, tasks[0])
    assert partner is not None
    world.sf.edit(partner, priority="High")
    load(world.engine, run, SF, (Op.UPDATE,))
    settle(world.engine, run)
    world.ledger.runs.release_lease(run.spec.run_key)
    told = seen(world, approval_id)
    assert (told["state"], told["written"], told["left_out"]) == ("carried_out", 4, 1)
    reasons = world.rows("SELECT reason FROM bridge.approval_row WHERE outcome = 'left_out'")
    assert reasons == [("the record moved between the plan and the write",)]


def test_G4_a_row_that_the_system_refuses_says_so(world: World) -> None:
    tasks, approval_id = held(world)
    world.sf.faults.refuse_titles[world.sf_of(tasks[0])["title"]] = "ENTITY_IS_LOCKED"
    world.answer(approval_id, APPROVED)
    world.carry_out(approval_id)
    told = seen(world, approval_id)
    assert (told["state"], told["written"], told["refused"]) == ("carried_out", 4, 1)
    [(reason,)] = world.rows("SELECT reason FROM bridge.approval_row WHERE outcome = 'refused'")
    assert reason.startswith("ENTITY_IS_LOCKED")


def test_G3_a_dry_run_asks_nobody(world: World) -> None:
    tasks = linked(world, 5)
    world.with_settings(limits=STRICT)
    for task in tasks:
        world.sc.edit(task, status="complete")
    world.sync(dry_run=True)
    assert world.ledger.approvals.unfinished_approvals() == []


def test_G3_a_plan_stored_again_asks_once(world: World) -> None:
    tasks = linked(world, 5)
    world.with_settings(limits=STRICT)
    for task in tasks:
        world.sc.edit(task, status="complete")
    world.sync()
    run = world.ledger.runs.run_by_key(_last_key(world))
    assert run is not None
    again = open_run(world.engine, run.spec)
    assert again is not None
    decide(world.engine, again)
    assert seen(world, request(world).approval_id)["rows"] == 5


def test_G3_a_request_is_asked_again_when_its_dag_run_is_gone(world: World) -> None:
    _, approval_id = held(world)
    started: list[str] = []

    def start(alive: bool) -> list[str]:
        started[:] = [name for _, name in due(world.ledger, lambda name: alive)]
        return started

    assert start(alive=True) == [f"approval-{approval_id}"]
    assert start(alive=True) == []
    assert start(alive=False) == [f"approval-{approval_id}-2"]
    assert request(world).dag_run_id == f"approval-{approval_id}-2"
    world.answer(approval_id, APPROVED)
    assert request(world).state is ApprovalState.ANSWERED
    assert start(alive=False) == [f"approval-{approval_id}-3"]
    world.carry_out(approval_id)
    assert start(alive=False) == []


def _last_key(world: World) -> str:
    [(key,)] = world.rows("SELECT run_key FROM bridge.run ORDER BY run_id DESC LIMIT 1")
    return str(key)


def _decided(world: World, approval_id: int) -> Any:
    """A run that is about to write what was approved."""
    world.advance(60)
    run = open_run(world.engine, world.spec(RunMode.APPROVAL, asked={"approval_id": approval_id}))
    assert run is not None
    recover(world.engine, run)
    read_dirty(world.engine, run)
    decide(world.engine, run)
    return run


def _die(world: World, key: str) -> None:
    """The process is gone; its lease runs out."""
    world.ledger.runs.release_lease(key)
    world.advance(16 * 60)


def test_G3_only_approvers_answer(world: World) -> None:
    linked(world, 1)
    world.with_settings(limits={**STRICT, "count": 0, "user_count": 0}, approvers=["ben", "7"])
    world.sc.edit(next(iter(world.sc.live())), status="complete")
    world.sync()
    number = request(world).approval_id
    with pytest.raises(NotAnApprover, match=r"ada is not among the approvers \(ben, 7\)"):
        world.answer(number, Answer.APPROVED, by="ada")
    assert request(world).state is ApprovalState.OPEN
    world.answer(number, Answer.APPROVED, by="ben")
    assert request(world).answered_by == "ben"


@pytest.mark.parametrize(
    ("told", "allowed"),
    [
        ({"id": "7", "name": "ada"}, True),
        ({"id": "ben", "name": "b"}, True),
        ({"id": "8", "name": "eve"}, False),
        (None, False),
    ],
)
def test_G3_an_approver_is_known_by_name_or_id(told: dict[str, str] | None, allowed: bool) -> None:
    assert Person.of(told).is_one_of(("ben", "7")) is allowed
    assert Person.of(told).is_one_of(())
