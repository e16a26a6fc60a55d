"""Stories whose last run is killed at every point: together they reach every durable write of a run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from taskbridge.core.run import RunMode
from taskbridge.core.terms import FIELDS, Answer, Op, Side
from taskbridge.engine.loading.busy import TRIES
from taskbridge.engine.on_demand.approval import APPROVAL_ID
from taskbridge.engine.on_demand.conflicts import decide_conflicts
from taskbridge.engine.steps.load import load
from taskbridge.errors import SideUnreachable
from taskbridge.store.approvals import ApprovalState
from tests.conftest import EMPTY
from tests.engine.world import World, planned


@dataclass(frozen=True)
class CrashStory:
    """`before`: what has happened when the run begins; `during`: what people do once it has decided."""

    before: Callable[[World], None]
    during: Callable[[World], None] = lambda world: None
    unreachable: Side | None = None  # the first write to it in the run finds no connection
    asked: Callable[[World], dict[str, Any]] = lambda world: {}  # what makes it a run that a person asked for


def first_run(world: World) -> None:
    """The ledger has never run, and both systems hold tasks."""
    world.sc_task("from before")
    world.sf_task("of today", due_date=date(2026, 4, 1), details="two\nlines")
    world.sf_task("done elsewhere", status="In Progress", priority="Low")


def cut_off(world: World) -> None:
    """There is work for both sides, and Salesforce's clock went back behind the watermark."""
    world.sync()
    world.advance(3_600)
    world.sc_task("kept")
    world.sync()
    world.sf.now -= timedelta(minutes=30)
    world.sf_task("one")
    world.sc_task("two")


def carried_over(world: World) -> None:
    """The last run had not the calls for all that it had planned; there is more by now, and calls again (G7)."""
    world.sync()
    tasks = [world.sc_task(f"Task {number}") for number in range(3)]
    world.settle()
    world.sf.chunk_size = 1
    world.sc.edit(tasks[0], due_date=date(2026, 5, 8))
    world.sc.edit(tasks[1], details="waits")
    world.sc_task("waits")
    world.sf.faults.calls_told = 5
    world.sync()
    world.sf.faults.calls_told = 10_000
    world.sc.edit(tasks[2], details="newer")
    world.sc_task("newer")


def drifted(world: World) -> None:
    """A value moved without a trace."""
    world.sync()
    world.sc_task("in step")
    task = world.sc_task("moved")
    world.settle()
    partner = world.partner(Side.SALES_CONNECT, task) or ""
    world.sf.records[partner].values["priority"] = "High"
    world.advance(3_600)


def ledger_lost(world: World) -> None:
    """The database is empty, and both systems hold pairs."""
    world.sync()
    world.sc_task("one", details="two\nlines")
    world.sf_task("two", status="In Progress")
    world.settle()
    world.rows_changed(EMPTY)


def plan_left(world: World) -> None:
    """The run has decided, and its worker died; Airflow begins its steps again."""
    edited_on_both_sides(world)
    planned(world)


def the_last_run(world: World) -> dict[str, Any]:
    (key,) = world.rows("SELECT run_key FROM bridge.run ORDER BY run_id DESC LIMIT 1")[0]
    return {"run_key": key}


def rebase_left(world: World) -> None:
    """The run that found the pairs of a lost ledger again ended before it was settled."""
    ledger_lost(world)
    run = planned(world, RunMode.REBASE)
    world.ledger.runs.release_lease(run.spec.run_key)


def synced(world: World) -> None:
    """The last run created, changed and deleted on both sides."""
    world.sync()
    here = {name: world.sc_task(name, details="base") for name in ("changed", "gone")}
    there = {name: world.sf_task(name, details="base") for name in ("changed there", "gone there")}
    world.settle()
    world.sc.edit(here["changed"], due_date=date(2026, 5, 5))
    world.sf.edit(there["changed there"], details="changed")
    world.sc.delete(here["gone"])
    world.sf.delete(there["gone there"])
    world.sc_task("new here")
    world.sf_task("new there")
    world.sync()


def template_changed(world: World) -> None:
    """A pair was named by the template of before."""
    world.sync()
    world.sc_task("one")
    world.settle()
    world.with_settings(subject_template="TB: {{activity_subject}}")


def set_back(world: World) -> None:
    """Both systems came back as older copies of themselves, and a person has looked."""
    world.sync()
    tasks = [world.sc_task(f"Task {number}", details="first") for number in range(24)]
    world.settle()
    copies = [(system, deepcopy(system.records)) for system in (world.sc, world.sf)]
    world.advance(3_600)
    for task in tasks:
        world.sc.edit(task, details="second")
        world.sf.edit(world.partner(Side.SALES_CONNECT, task) or "", priority="High")
    world.settle()
    for system, records in copies:
        system.records = records
    world.advance(3_600)
    for here, there in zip(tasks[:12], tasks[12:], strict=True):
        world.sc.edit(here, due_date=date(2026, 5, 5))
        world.sf.edit(world.partner(Side.SALES_CONNECT, there) or "", details="third")
    world.sync()  # the targets are not as they were left


def _last_run(world: World) -> int:
    return int(world.rows("SELECT max(run_id) FROM bridge.run")[0][0])


def _gone(world: World) -> str:
    """The pair of which Salesforce's record was deleted by us."""
    found = world.rows("SELECT link_id FROM bridge.action WHERE op = 'delete' AND side = 'salesforce'")
    return str(found[0][0])


def busy(world: World) -> None:
    """Everything at once, on both sides."""
    world.with_settings(limits={"half_of_more_than": 3})
    world.sync()
    tasks = {name: world.sc_task(name) for name in _PAIRS}
    bens = [world.sc_task(f"of ben {number}", owner="ben") for number in range(4)]
    there = {name: world.sf_task(name) for name in ("edited here", "deleted there", "lost edit here")}
    tasks["campaign"] = world.sc_task("campaign", campaign_name="Spring", campaign_step="1")
    world.sf_task("of chi", owner="chi", details="from before her switch-on")
    world.settle()
    world.sf.faults.lock_titles["locked"] = TRIES + 2  # for one run, and at first in the next
    world.sc.edit(tasks["locked"], due_date=date(2026, 5, 8))
    world.sync()
    _lose_answers(world, tasks, there)
    _edit(world, tasks, there)
    for task in bens[:3]:  # more than half of his: held (G3)
        world.sc.delete(task)
    world.sc.switch(world.sc_users["chi"], True)
    # What is long over is dropped by the next run.
    world.rows_changed(
        "UPDATE bridge.housekeeping SET done_at = 'epoch'; UPDATE bridge.run "
        "SET opened_at = now() - interval '800 days', closed_at = now() - interval '800 days' WHERE run_id = 2"
    )


def by_jobs(world: World) -> None:
    """New and edited tasks, whatever may goes by jobs, and a job of an earlier process that was never started."""
    world.sync()
    tasks = [world.sc_task(f"Task {number}") for number in range(6)]
    world.settle()
    world.with_settings(salesforce_bulk_threshold=1)
    for task in tasks[:2]:
        world.sc.edit(task, details="in a job that was left")
    _abandon_a_job(world)
    for task in tasks[2:]:
        world.sc.edit(task, due_date=date(2026, 5, 5))
    world.sc.edit(tasks[5], details="#N/A")
    world.sc_task("new here", details="one\ntwo")
    world.sf.faults.refuse_titles["refused"] = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    world.sc_task("refused")
    world.sf.faults.lose_answers = 1  # of a start


def answered(answer: Answer) -> Callable[[World], None]:
    """More than half of Ada's tasks were completed, and one more was edited since a person answered."""

    def before(world: World) -> None:
        world.with_settings(limits={"half_of_more_than": 2})
        world.sync()
        tasks = [world.sc_task(f"Task {number}") for number in range(4)]
        world.settle()
        for task in tasks[:3]:
            world.sc.edit(task, status="complete")
        world.sync()
        (request,) = world.ledger.approvals.unfinished_approvals()
        world.answer(request.approval_id, answer)
        world.sf.edit(world.partner(Side.SALES_CONNECT, tasks[0]) or "", status="Completed")

    return before


def lost(world: World) -> None:
    """Salesforce won a field that both had changed."""
    _contest(world, "salesforce_wins")


def decided(world: World) -> None:
    """A person has said who wins a field that both had changed."""
    _contest(world, "manual")
    decide_conflicts(world.ledger, [_contested(world)], Side.SALES_CONNECT, "Eva")


def _contest(world: World, policy: str) -> None:
    world.with_settings(conflict_policy=policy)
    edited_on_both_sides(world)
    world.settle()


def edited_on_both_sides(world: World) -> None:
    """People have changed one field in both systems since the last run."""
    world.sync()
    task = world.sc_task("Call", details="base")
    world.settle()
    world.sc.edit(task, details="ours")
    world.sf.edit(world.partner(Side.SALES_CONNECT, task) or "", details="theirs")


def _contested(world: World) -> int:
    return int(world.rows("SELECT conflict_id FROM bridge.conflict")[0][0])


def carrying_out(world: World) -> dict[str, Any]:
    """While there is an answer to carry out."""
    unfinished = world.ledger.approvals.unfinished_approvals()
    answers = [one.approval_id for one in unfinished if one.state is ApprovalState.ANSWERED]
    return {"mode": RunMode.APPROVAL, "asked": {APPROVAL_ID: answers[0]}} if answers else {}


def a_person_edits_a_target(world: World) -> None:
    partner = next(key for key, values in world.sf.live().items() if values["title"] == "edited meanwhile")
    world.sf.edit(partner, details="typed at the last moment")


_PAIRS = (
    "edited",
    "edited there",
    "edited meanwhile",
    "both, two fields",
    "both, one field",
    "deleted",
    "deleted and edited",
    "lost edit",
    "lost delete",
    "out of sight",
    "locked",
    "given away",
    "spoiled",
)

STORIES = {
    "first run": CrashStory(first_run),
    "cut off": CrashStory(cut_off, unreachable=Side.SALES_CONNECT),
    "carried over": CrashStory(carried_over),
    "busy": CrashStory(busy, a_person_edits_a_target),
    "jobs": CrashStory(by_jobs),
    "audit": CrashStory(drifted, asked=lambda world: {"mode": RunMode.AUDIT, "asked": {"repair": 1}}),
    "rebase": CrashStory(ledger_lost, asked=lambda world: {"mode": RunMode.REBASE}),
    "rebase left": CrashStory(rebase_left, asked=lambda world: {"mode": RunMode.REBASE}),
    "approved": CrashStory(answered(Answer.APPROVED), asked=carrying_out),
    "rejected": CrashStory(answered(Answer.REJECTED), asked=carrying_out),
    "rerender": CrashStory(template_changed, asked=lambda world: {"mode": RunMode.RERENDER}),
    "set back": CrashStory(set_back, asked=lambda world: {"asked": {"accept_side": "both"}}),
    "undo": CrashStory(
        synced, asked=lambda world: {"mode": RunMode.UNDO, "asked": {"run_id": _last_run(world)}}
    ),
    "restore": CrashStory(
        synced, asked=lambda world: {"mode": RunMode.RESTORE, "asked": {"link_id": _gone(world)}}
    ),
    "decided": CrashStory(decided),
    "plan left": CrashStory(plan_left, asked=the_last_run),
    "loser": CrashStory(
        lost, asked=lambda world: {"mode": RunMode.RESTORE, "asked": {"conflict_id": _contested(world)}}
    ),
}


def unreachable() -> SideUnreachable:
    return SideUnreachable("no connection; check the network")


def _abandon_a_job(world: World) -> None:
    """An earlier run opened a job and died before the job had its rows."""

    def die(moment: str) -> None:
        if moment == "before fill_job":
            raise unreachable()

    run = planned(world)
    world.sf.faults.on_call = die
    with contextlib.suppress(SideUnreachable):
        load(world.engine, run, Side.SALESFORCE, [Op.UPDATE])
    world.sf.faults.on_call = None
    world.ledger.runs.release_lease(run.spec.run_key)


def _lose_answers(world: World, tasks: dict[str, str], there: dict[str, str]) -> None:
    """An earlier run wrote creates, updates and a delete to both sides, and died before it had any answer."""
    world.advance(60)
    world.sc_task("lost create")
    world.sf_task("lost create here")
    world.sc.edit(tasks["lost edit"], due_date=date(2026, 6, 1))
    world.sf.edit(there["lost edit here"], details="typed there")
    world.sc.delete(tasks["lost delete"])
    run = planned(world)
    world.sc.faults.land_late = [timedelta(0)] * 2
    world.sf.faults.land_late = [timedelta(0), timedelta(minutes=5), timedelta(0)]  # the update is under way
    for side in Side:
        load(world.engine, run, side, tuple(Op))
    assert not world.sc.faults.land_late + world.sf.faults.land_late
    world.ledger.runs.release_lease(run.spec.run_key)


def _edit(world: World, tasks: dict[str, str], there: dict[str, str]) -> None:
    world.advance(60)
    partner = {name: world.partner(Side.SALES_CONNECT, task) or "" for name, task in tasks.items()}
    here = world.partner(Side.SALESFORCE, there["edited here"]) or ""
    world.sc.edit(tasks["edited"], title="edited again", due_date=date(2026, 5, 5), details="a\nb")
    world.sf.edit(partner["edited there"], status="Completed", priority="High")
    world.sc.edit(here, due_date=date(2026, 5, 6))
    world.sc.edit(tasks["edited meanwhile"], due_date=date(2026, 5, 7))
    world.sc.edit(tasks["both, two fields"], priority="high")
    world.sf.edit(partner["both, two fields"], details="from there")
    world.sc.edit(tasks["both, one field"], details="from here")
    world.sf.edit(partner["both, one field"], details="from there, later")
    world.sc.delete(tasks["deleted"])
    world.sf.delete(there["deleted there"])
    world.sc.delete(tasks["deleted and edited"])
    world.sf.edit(partner["deleted and edited"], details="nobody wants this")
    world.sc.edit(tasks["campaign"], status="complete")
    world.sf.faults.hidden.add(partner["out of sight"])
    world.sc.edit(tasks["out of sight"], details="nobody there to see it")
    world.sc.reassign(tasks["given away"], world.sc_users["ben"])
    world.sc.spoil(tasks["spoiled"])
    world.sf.faults.refuse_titles["refused"] = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    world.sc_task("refused")
    world.sc_task("new here", details="one\ntwo", priority="high")
    world.sf_task("new there", due_date=date(2026, 7, 1))
    world.sf.faults.lose_answers = 1


# what there is to compare


def picture(world: World) -> list[str]:
    """What both systems hold, pair by pair, without the ids of what TaskBridge made."""
    lines = []
    for members in world.pairs().values():
        sides = []
        for side, system in ((Side.SALES_CONNECT, world.sc), (Side.SALESFORCE, world.sf)):
            records = [system.records[one] for one in members[side]]
            live = [_values(record.values) for record in records if not record.deleted]
            sides.append(f"{side}: {live} and {sum(record.deleted for record in records)} deleted")
        lines.append("; ".join(sides))
    return sorted(lines)


def _values(values: dict[str, Any]) -> dict[str, Any]:
    """Stamps and markers aside: they tell when and under which id something was made."""
    return {name: value for name, value in sorted(values.items()) if name not in ("marker", "completed_at")}


_BASE = ", ".join(f"{side.prefix}_{name}" for side in Side for name in FIELDS)


def base(world: World) -> list[str]:
    """The ledger's pairs with their base."""
    rows = world.rows(f"SELECT state, dirty, {_BASE} FROM bridge.link")
    return sorted(str(row) for row in rows)


def kept(world: World) -> set[str]:
    """What lost a conflict or was refused, for people (K5, G4)."""
    lost = world.rows("SELECT field, winner, value_sc, value_sf FROM bridge.conflict WHERE NOT dry_run")
    letters = world.rows("SELECT side, code, message FROM bridge.dead_letter WHERE resolved_at IS NULL")
    return {str(row) for row in (*lost, *letters)}


def broken_bases(world: World) -> list[str]:
    """Clean pairs whose base is not what their records hold (invariant 11)."""
    found = []
    rows = world.rows(f"SELECT sc_id, sf_id, {_BASE} FROM bridge.link WHERE state = 'linked' AND NOT dirty")
    for sc_id, sf_id, *values in rows:
        held = [world.sc.records[sc_id].values.get(name) for name in FIELDS]
        held += [world.sf.records[sf_id].values.get(name) for name in FIELDS]
        if held != values:
            found.append(f"{sc_id} / {sf_id}: base {values}, records {held}")
    return found
