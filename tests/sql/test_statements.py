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
from taskbridge.core.model import ANSWERED, Answer, LinkState, Op
from taskbridge.core.usage import CallKind, Told, Usage
from taskbridge.engine.ports import SEEN, Retention, RunMode, RunOutcome
from taskbridge.errors import CountsDoNotAddUp
from taskbridge.store import PostgresLedger, statements, statistics
from taskbridge.store.dictionary import dictionary
from taskbridge.store.migrate import migrate
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

FOLDER = Path(str(statements.folder()))
STORE = Path(statements.__file__).parent
FILES = sorted(
    str(path.relative_to(FOLDER).with_suffix(""))
    for path in FOLDER.rglob("*.sql")
    if path.parent.name not in ("migrations", "views")
)


@pytest.mark.parametrize("name", FILES)
def test_a_statement_says_what_it_is_for(name: str) -> None:
    purpose, parameters, caller, first = statements.source(name).splitlines()[:4]
    assert purpose.startswith("-- Purpose: ")
    assert not first.startswith("-- ")
    told = set(re.findall(r"\w+", parameters.removeprefix("-- Parameters: ")))
    bound = set(statements.clause(name)._bindparams)
    if "columns of bridge.run" not in parameters:
        assert bound <= told
    for path in caller.removeprefix("-- Caller: ").split(", "):
        text = (STORE.parent / path).read_text(encoding="utf-8")
        job, _, thing = name.partition("/")
        assert f'"{name}"' in text or re.search(rf'f"{job}/\w*{{(side|run\.spec\.mode).value}}', text), (
            f"{path} does not use {thing}"
        )


def test_parameters_are_numbered_in_their_order_for_adbc() -> None:
    text, names = statements.numbered("outbox/read_planned")
    assert names == ("run_id", "side", "ops")
    assert "$3" in text
    assert ":ops" not in text


def test_every_statement_runs(
    ledger: PostgresLedger, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    ledger.start({SC: at(0), SF: at(0)})
    ledger.remember_identity(SC, "acc")
    ledger.state()
    ledger.save_user_map(open_run(ledger), users(user()))
    assert len(ledger.user_map()) == 1
    link_id = linked(ledger)
    ledger.pause_side(SC, "refused", timedelta(0))
    assert ledger.side_states()[SC].pause.due
    assert ledger.claim_login(SC, TTL)
    ledger.resume_side(SC)
    ledger.save_contract(open_run(ledger), SF, Contract(), ["INVALID_FIELD"])
    assert ledger.known_contract(open_run(ledger).spec, SF, TTL, [])
    assert ledger.conditional(SF, TTL) is None
    ledger.save_conditional(open_run(ledger), SF, True)
    assert ledger.conditional(SF, TTL)
    ledger.save_lacking(SF, frozenset({"Task.WhoId", "Task.IsArchived"}))
    assert ledger.side_states()[SF].lacking == {"Task.WhoId", "Task.IsArchived"}
    ledger.revert_watermark(SC)
    run = open_run(ledger, at(5))
    for side, seen in ((SC, task(SC, "1", version=at(5))), (SF, task(SF, "00T1", version=at(5)))):
        ledger.stage(run, side, page(side, seen), "by_id")
    ledger.stage(run, SC, page(SC, task(SC, "7", problem_code="DATE_UNREADABLE")), "delta")
    ledger.ids_to_read(run)
    ledger.named_ids(run)
    assert not ledger.facts(run).swept
    ledger.link_ids()
    ledger.save_drift(run, DRIFT.empty_table())
    ledger.mark_drifted(run)
    ledger.sweep_ids(run, timedelta(hours=1))
    for side in (SC, SF):
        ledger.unseen_ids(run, side, [LinkState.LINKED])
        ledger.staged(run, side)
        ledger.sample_ids(run, side, 10)
        ledger.quiet(side, pd.DataFrame({"remote_id": ["1", "00T1"]}))
        ledger.save_known(run, side, 3)
        assert ledger.unstaged(run, side) == (0, 3)
    monkeypatch.setattr(statistics, "LARGE", 1)
    ledger.weigh_staged(run)
    ledger.approval_rows(run)
    ledger.links(run), ledger.history(), ledger.population()
    updates = [action(seq, link_id, SF, "update", remote_id="00T1") for seq in range(4)]
    with pytest.raises(CountsDoNotAddUp):
        ledger.save_plan(run, plan())
    ends = [
        end(SC, "1", "planned", link_id),
        end(SF, "00T1", "planned", link_id),
        end(SC, "7", "dead_letter"),
    ]
    for actions in ([action(0, link_id, SF, "create")], updates):
        ledger.save_plan(
            run,
            plan(actions, links=[new_link(link_id, sc_id="1", sf_id="00T1")],
                 conflicts=[{"link_id": link_id, "field": "title", "rule": "K3"}], ends=ends),
        )  # fmt: skip
    assert ledger.pending(run) == {(SF, Op.UPDATE)}
    ledger.actions(run, SF, [Op.UPDATE]), ledger.waiting_since(run)
    ledger.mark_stale(run, [f"{run.run_id}-1"])
    ledger.keep(run, kept(SF, action_id=f"{run.run_id}-0", link_id=link_id, remote_id="00T1"))
    ledger.mark_sent(run, [f"{run.run_id}-0"])
    ledger.unsend(run, [f"{run.run_id}-0"])
    ledger.mark_sent(run, [f"{run.run_id}-0"])
    ledger.open_job(run, SF, Op.UPDATE, "750", [f"{run.run_id}-2"])
    assert ledger.open_jobs(SF) == [("750", Op.UPDATE)]
    ledger.unsettled(run, SF), ledger.job_rows("750"), ledger.given_up(SF, ["tb:sc:acc:8:1"])
    ledger.record(run, outcomes(outcome(f"{run.run_id}-2", "retry")))
    ledger.end_job(run, "750", failed=True, message="it broke")
    assert ledger.job_failed(SF, TTL)
    ledger.linked(SF, ["00T1"])
    ledger.originals(SF, [f"{run.run_id}-0"]), ledger.titled("New")
    ledger.see_again(run, rows(SEEN, {"action_id": f"{run.run_id}-0", "title": "typed since"}))
    ledger.unfollowed()
    ledger.record(run, outcomes(outcome(f"{run.run_id}-0", "rejected")))
    query(database_url, "ANALYZE bridge.link")  # else it may be taken for as large as other tests left it
    ledger.settle(run, {SC: at(5)}, final=True)
    ledger.note(run, "a note")
    ledger.add_usage(run, {SF: Usage({CallKind.QUERY: 2}, Told(90, 100, at(5)))})
    ledger.save_forecast(run, {SF: {CallKind.QUERY: 2}})
    assert ledger.usage(run)[SF] == Usage({CallKind.QUERY: 2}, ledger.last_told(SF, TTL), {CallKind.QUERY: 2})
    ledger.renew_lease(run, TTL)
    ledger.decisions(), ledger.recent_writes(run, 3)
    assert ledger.decide_conflicts([2], SC, "ann") == 1
    ledger.past_run(run.run_id), ledger.written(run.run_id), ledger.shown_held(run.run_id)
    ledger.lost_in_conflict(2), ledger.lost_by_action(f"{run.run_id}-0", "title"), ledger.lost_task("00T1")
    for mode in (RunMode.UNDO, RunMode.RESTORE):
        ledger.choose_pairs(replace(run, spec=replace(run.spec, mode=mode)))
    assert ledger.known("00T1").pair is not None
    assert ledger.known("nobody").pair is None
    assert ledger.counts(run).waiting.parked == 2
    ledger.close_run(run, RunOutcome.PARTIAL, "", ledger.counts(run))
    ledger.run_by_key(run.spec.run_key)
    ledger.keep_session(run.spec.run_key, SC, "sealed")
    assert ledger.session(run.spec.run_key, SC) == "sealed"
    ledger.release_lease(run.spec.run_key)
    assert ledger.session(run.spec.run_key, SC) is None
    ledger.settle(open_run(ledger, at(5.5)), {}, final=False)
    held = [updates[0] | {"state": "held", "asks": "due_date"}]
    ledger.save_plan(open_run(ledger, at(6)), plan([*held, updates[1]]))
    over = open_run(ledger, at(6.5))
    ledger.stage(over, SC, page(SC, task(SC, "1")), "delta")
    ledger.save_plan(over, plan(ends=[end(SC, "1", "unchanged", link_id)]))
    assert not ledger.unfinished_approvals()
    ledger.save_plan(open_run(ledger, at(7)), plan(held))
    [request] = ledger.unfinished_approvals()
    ledger.approval_details(request.approval_id, 10)
    ledger.ask(request.approval_id, "approval-1")
    ledger.answer(
        request.approval_id, Answer.APPROVED, answered_by="ada", answered_at=at(7), answered_in="here"
    )
    assert ledger.approval(request.approval_id)
    approval = open_run(ledger, at(8), mode=RunMode.APPROVAL, asked={"approval_id": request.approval_id})
    assert ledger.choose_pairs(approval) == 1
    answered = rows(ANSWERED, {"row_id": 1, "end": "left_out", "reason": "it moved"})
    ledger.save_plan(approval, replace(plan(), answered=answered))
    open_run(ledger, at(9), mode=RunMode.RESTORE, asked={"conflict_id": 2})
    found = open_run(ledger, at(9), mode=RunMode.REBASE)
    ledger.save_plan(found, plan(changes=[change(link_id, state="linked")]))
    ledger.settle(open_run(ledger, at(9)), {}, final=False)
    assert not ledger.is_quiet(run)
    ledger.choose_pairs(open_run(ledger, at(9), mode=RunMode.RERENDER))
    aged = "UPDATE bridge.run SET closed_at = now() - interval '1 day', opened_at = now() - interval '1 day'"
    query(database_url, aged)
    assert ledger.is_time_to_clean_up()
    assert ledger.clean_up(Retention(*[timedelta(hours=1)] * 3)) == 4
    assert (sorted(set(FILES) - used), sorted(used - set(FILES))) == ([], [])
