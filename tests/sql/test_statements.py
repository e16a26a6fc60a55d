"""Every SQL file has a header, is used, and runs on a real PostgreSQL."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from taskbridge.core.audit import DRIFT
from taskbridge.core.contract import Contract
from taskbridge.core.model import ANSWERED
from taskbridge.core.parts import WHOLE
from taskbridge.core.planned_part import PlannedPart
from taskbridge.core.plausible import Sight
from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.stamps import Stamp
from taskbridge.core.terms import Answer, LinkState, Op
from taskbridge.core.usage import CallKind, Told, Usage
from taskbridge.core.writes import SEEN
from taskbridge.errors import CountsDoNotAddUp
from taskbridge.store import Ledger, statements, statistics
from taskbridge.store.dictionary import dictionary
from taskbridge.store.housekeeping import Retention
from taskbridge.store.migrate import migrate
from taskbridge.store.notices import Notice
from tests.sql.rows import (
    SC,
    SF,
    TTL,
    action,
    at,
    change,
    end,
    kept,
    linked,
    new_link,
    open_run,
    outcome,
    outcomes,
    page,
    plan,
    query,
    rows,
    task,
    user,
    users,
)

STORE = Path(statements.__file__).parent
WEB = STORE.parent / "web"
FILES = sorted(statements.names())


@pytest.mark.parametrize("name", FILES)
def test_a_statement_says_what_it_is_for(name: str) -> None:
    head, _, statement = statements.source(name).partition("\n")
    assert re.match(r"-- [A-Z]\w* \w+", head)
    parameters = re.search(r"Parameters: (.*)", "\n".join([head, *statement.splitlines()[:1]]))
    bound = set(statements.clause(name)._bindparams)
    assert parameters is None or bound <= set(re.findall(r"\w+", parameters[1]))
    of_a_side = re.sub("sales_connect|salesforce", "{side.value}", name)
    of_a_mode = re.sub("choose_[a-z]+_", "choose_{run.spec.mode.value}_", name)
    of_a_page = name.removeprefix("pages/")
    texts = [path.read_text(encoding="utf-8") for path in (*STORE.glob("*.py"), *WEB.glob("*.py"))]
    assert any(f'"{used}"' in text for text in texts for used in (name, of_a_side, of_a_mode, of_a_page))


def test_parameters_are_numbered_in_their_order_for_adbc() -> None:
    text, names = statements.numbered("outbox/read_planned")
    assert names == ("run_id", "side", "ops", "among")
    assert "$3" in text
    assert ":ops" not in text


def test_every_statement_runs(ledger: Ledger, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A life of the ledger, from the migration to the clean-up, in which no file is left out."""
    used: set[str] = set()
    for name in ("clause", "numbered"):
        real = getattr(statements, name)

        def noting(statement: str, real: Any = real) -> Any:
            used.add(statement)
            return real(statement)

        monkeypatch.setattr(statements, name, noting)

    migrate(database_url)
    dictionary(database_url)
    ledger.check_schema()
    ledger.sides.start({SC: at(0), SF: at(0)})
    ledger.sides.remember_identity(SC, "acc")
    ledger.sides.state()
    first = open_run(ledger)
    ledger.people.save_user_map(first, users(user()))
    ledger.people.save_first_sync_turns(first, ["005A"])
    assert ledger.people.first_sync_turns() == {"005A": first.run_id}
    assert len(ledger.people.user_map()) == 1
    link_id = linked(ledger)
    ledger.sides.pause_side(SC, "refused", timedelta(0))
    assert ledger.sides.side_states()[SC].pause.due
    assert ledger.sides.claim_login(SC, TTL)
    ledger.sides.resume_side(SC)
    ledger.sides.save_contract(open_run(ledger), SF, Contract(), ["INVALID_FIELD"])
    assert ledger.sides.known_contract(open_run(ledger).spec, SF, TTL, [])
    assert ledger.sides.conditional(SF, TTL) is None
    ledger.sides.save_conditional(open_run(ledger), SF, True)
    assert ledger.sides.conditional(SF, TTL)
    ledger.sides.save_lacking(SF, frozenset({"Task.WhoId", "Task.IsArchived"}))
    assert ledger.sides.side_states()[SF].lacking == {"Task.WhoId", "Task.IsArchived"}
    ledger.sides.revert_watermark(SC)
    ledger.sides.behind()
    run = open_run(ledger, at(5))
    for side, seen in ((SC, task(SC, "1", version=at(5))), (SF, task(SF, "00T1", version=at(5)))):
        ledger.staging.stage(run, side, page(side, seen), "by_id")
    ledger.staging.stage(run, SC, page(SC, task(SC, "7", problem_code="DATE_UNREADABLE")), "delta")
    ledger.staging.ids_to_read(run)
    ledger.staging.named_ids(run)
    assert not ledger.plans.facts(run).swept
    ledger.plans.link_ids()
    ledger.links.save_drift(run, DRIFT.empty_table())
    ledger.links.mark_drifted(run)
    ledger.staging.sweep_ids(run, timedelta(hours=1))
    for side in (SC, SF):
        ledger.staging.unseen_ids(run, side, [LinkState.LINKED])
        ledger.staging.staged(run, side)
        ledger.staging.sample_ids(run, side, 10)
        ledger.staging.quiet(side, pd.DataFrame({"remote_id": ["1", "00T1"]}))
        ledger.staging.park(run, side, ["nobody"], "PLAN_FAILED", "Planning failed.")
        ledger.staging.save_known(run, side, 3)
        assert ledger.staging.unstaged(run, side) == (0, 3)
    monkeypatch.setattr(statistics, "LARGE", 1)
    ledger.staging.weigh_staged(run)
    ledger.approvals.approval_rows(run)
    ledger.plans.links(run), ledger.plans.history(), ledger.plans.population()
    updates = [action(seq, link_id, SF, "update", remote_id="00T1") for seq in range(4)]
    with pytest.raises(CountsDoNotAddUp):
        ledger.plans.save_plan(run, plan())
    ends = [
        end(SC, "1", "planned", link_id),
        end(SF, "00T1", "planned", link_id),
        end(SC, "7", "dead_letter"),
    ]
    assert not ledger.checks.broken(run)
    for actions in ([action(0, link_id, SF, "create")], updates):
        ledger.plans.save_plan(
            run,
            plan(actions, links=[new_link(link_id, sc_id="1", sf_id="00T1")],
                 conflicts=[{"link_id": link_id, "field": "title", "rule": "K3"}], ends=ends),
        )  # fmt: skip
    assert ledger.outbox.pending(run, timedelta(minutes=10)) == {(SF, Op.UPDATE)}
    ledger.outbox.actions(run, SF, [Op.UPDATE]), ledger.outbox.waiting_since(run)
    assert len(ledger.outbox.outlines(run, SF)) == 4
    ledger.outbox.mark_stale(run, [f"{run.run_id}-1"])
    ledger.outbox.keep(run, kept(SF, action_id=f"{run.run_id}-0", link_id=link_id, remote_id="00T1"))
    ledger.outbox.mark_sent(run, [f"{run.run_id}-0"])
    ledger.outbox.unsend(run, [f"{run.run_id}-0"])
    ledger.outbox.mark_sent(run, [f"{run.run_id}-0"])
    ledger.outbox.open_job(run, SF, Op.UPDATE, "750", [f"{run.run_id}-2"])
    assert ledger.outbox.open_jobs(SF) == [("750", Op.UPDATE)]
    (
        ledger.outbox.unsettled(run, SF, timedelta(minutes=10)),
        ledger.outbox.job_rows("750"),
        ledger.outbox.given_up(SF, ["tb:sc:acc:8:1"]),
    )
    ledger.outbox.record(run, outcomes(outcome(f"{run.run_id}-2", "retry")))
    ledger.outbox.end_job(run, "750", failed=True, message="it broke")
    assert ledger.outbox.job_failed(SF, TTL)
    ledger.outbox.linked(SF, ["00T1"])
    ledger.outbox.originals(SF, [f"{run.run_id}-0"]), ledger.links.titled("New")
    ledger.outbox.see_again(run, rows(SEEN, {"action_id": f"{run.run_id}-0", "title": "typed since"}))
    ledger.outbox.unfollowed()
    ledger.outbox.record(run, outcomes(outcome(f"{run.run_id}-0", "rejected")))
    query(database_url, "ANALYZE bridge.link")  # else it may be taken for as large as other tests left it
    ledger.links.settle(run, {SC: at(5)}, final=True)
    ledger.runs.note(run, "a note")
    ledger.usage.add_usage(run, {SF: Usage({CallKind.QUERY: 2}, Told(90, 100, at(5)))})
    ledger.usage.save_forecast(run, {SF: {CallKind.QUERY: 2}})
    assert ledger.usage.of_run(run)[SF] == Usage(
        {CallKind.QUERY: 2}, ledger.usage.last_told(SF, TTL), {CallKind.QUERY: 2}
    )
    ledger.runs.renew_lease(run, TTL)
    ledger.plans.decisions(), ledger.plans.recent_writes(run, 3)
    assert ledger.approvals.decide_conflicts([2], SC, "ann") == 1
    ledger.links.past_run(run.run_id), ledger.links.written(run.run_id), ledger.links.shown_held(run.run_id)
    (
        ledger.links.lost_in_conflict(2),
        ledger.links.lost_by_action(f"{run.run_id}-0", "title"),
        ledger.links.lost_task("00T1"),
    )
    for mode in (RunMode.UNDO, RunMode.RESTORE):
        ledger.runs.choose_pairs(replace(run, spec=replace(run.spec, mode=mode)))
    assert ledger.links.known("00T1").pair is not None
    assert ledger.links.known("nobody").pair is None
    assert ledger.runs.counts(run).waiting.parked == 2
    parked = [
        row["dead_letter_id"] for row in query(database_url, "SELECT dead_letter_id FROM bridge.dead_letter")
    ]
    retry = {"side": None, "code": None, "reason": None, "answered_by": "ann"}
    assert ledger.parked.answer("retry", rows=parked, **retry) == sorted(parked)
    ledger.runs.close_run(run, RunOutcome.PARTIAL, "", ledger.runs.counts(run))
    ledger.runs.run_by_key(run.spec.run_key)
    ledger.sides.keep_session(run.spec.run_key, SC, "sealed")
    assert ledger.sides.session(run.spec.run_key, SC) == "sealed"
    ledger.runs.release_lease(run.spec.run_key)
    assert ledger.sides.session(run.spec.run_key, SC) is None
    ledger.links.settle(open_run(ledger, at(5.5)), {}, final=False)
    held = [updates[0] | {"state": "held", "asks": "due_date"}]
    ledger.plans.save_plan(open_run(ledger, at(6)), plan([*held, updates[1]]))
    over = open_run(ledger, at(6.5))
    ledger.staging.stage(over, SC, page(SC, task(SC, "1")), "delta")
    ledger.plans.save_plan(over, plan(ends=[end(SC, "1", "unchanged", link_id)]))
    assert not ledger.approvals.unfinished_approvals()
    ledger.plans.save_plan(open_run(ledger, at(7)), plan(held))
    [request] = ledger.approvals.unfinished_approvals()
    ledger.approvals.approval_details(request.approval_id, 10)
    ledger.approvals.ask(request.approval_id, "approval-1")
    ledger.approvals.answer(
        request.approval_id, Answer.APPROVED, answered_by="ada", answered_at=at(7), answered_in="here"
    )
    assert ledger.approvals.approval(request.approval_id)
    approval = open_run(ledger, at(8), mode=RunMode.APPROVAL, asked={"approval_id": request.approval_id})
    assert ledger.runs.choose_pairs(approval) == 1
    answered = rows(ANSWERED, {"row_id": 1, "end": "left_out", "reason": "it moved"})
    ledger.plans.save_plan(approval, replace(plan(), answered=answered))
    open_run(ledger, at(9), mode=RunMode.RESTORE, asked={"conflict_id": 2})
    found = open_run(ledger, at(9), mode=RunMode.REBASE)
    ledger.plans.save_plan(found, plan(changes=[change(link_id, state="linked")]))
    ledger.links.settle(open_run(ledger, at(9)), {}, final=False)
    assert not ledger.plans.is_quiet(run)
    large = open_run(ledger, at(9))
    ledger.planned_parts.save(large, WHOLE, "fits", PlannedPart(plan(), {SC: Sight(), SF: Sight(1)}))
    assert ledger.planned_parts.read(large, WHOLE, "another") is None
    assert ledger.planned_parts.read(large, WHOLE, "fits") is not None
    assert ledger.planned_parts.exist(large)
    ledger.planned_parts.forget(large)
    assert not ledger.planned_parts.exist(large)
    assert ledger.staging.state(large, WHOLE).rows == 0
    ledger.runs.choose_pairs(open_run(ledger, at(9), mode=RunMode.RERENDER))
    aged = "UPDATE bridge.run SET closed_at = now() - interval '1 day', opened_at = now() - interval '1 day'"
    query(database_url, aged)
    assert ledger.housekeeping.is_time_to_clean_up()
    assert ledger.housekeeping.clean_up(Retention(*[timedelta(hours=1)] * 3)) == 4
    ledger.erasure.erase("nobody", really=False)
    assert ledger.lane.state().last_run is not None
    assert not ledger.lane.has_news(SF, [Stamp("00T-unknown", at(5), None)])
    assert ledger.notices.standing().told == frozenset()
    ledger.notices.save([Notice("late", "it is late"), Notice("parked", "none", over=True)])
    # What the pages ask, tests/web plays.
    ours = {name for name in FILES if not name.startswith("pages/")}
    assert (sorted(ours - used), sorted(used - ours)) == ([], [])
