"""Plans: stored as a whole or not at all, and what becomes of earlier ones (G5)."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from taskbridge.core.model import HISTORY, LINKS, POPULATION, Plan
from taskbridge.core.run import Run
from taskbridge.core.terms import Op
from taskbridge.core.writes import WRITES
from taskbridge.errors import CountsDoNotAddUp
from taskbridge.store import Ledger
from tests.sql.rows import (
    NOW,
    SC,
    SF,
    action,
    at,
    change,
    end,
    link_row,
    linked,
    new_link,
    one,
    open_run,
    outcome,
    page,
    plan,
    query,
    rows,
    task,
    write,
)

ALL = (Op.CREATE, Op.UPDATE, Op.DELETE)


def rename(link_id: str, seq: int = 0, title: str = "New", **values: Any) -> dict[str, Any]:
    return (
        action(seq, link_id, SF, "update", remote_id="00T1", mask=1, title=title, seen_title="Call Ann")
        | values
    )


def staged_run(ledger: Ledger, minute: float = 2, **values: Any) -> Run:
    run = open_run(ledger, at(minute), **values)
    ledger.staging.stage(run, SC, page(SC, task(SC, "1", title="New", version=at(minute))), "delta")
    return run


def test_links_are_those_with_a_staged_row_on_either_side(ledger: Ledger) -> None:
    first, second = linked(ledger, "1", "00T1"), linked(ledger, "2", "00T2", at(5))
    linked(ledger, "3", "00T3", at(10))
    run = open_run(ledger, at(20))
    ledger.staging.stage(run, SC, page(SC, task(SC, "1"), task(SC, "9")), "delta")
    ledger.staging.stage(run, SF, page(SF, task(SF, "00T1"), task(SF, "00T2")), "delta")
    links = ledger.plans.links(run)
    assert links["link_id"].tolist() == [first, second]
    assert list(links.columns) == LINKS.names
    assert [str(kind) for kind in links.dtypes] == [str(pd.ArrowDtype(field.type)) for field in LINKS]
    row = links.iloc[0]
    assert (row["sc_title"], row["sf_status"], row["sc_type"], row["generation"]) == (
        "Call Ann",
        "Not Started",
        "Call",
        1,
    )
    assert len(ledger.plans.link_ids()) == 3


def test_actions_come_back_as_planned_in_the_order_of_writing(ledger: Ledger) -> None:
    link_id = linked(ledger)
    run = staged_run(ledger)
    given = [
        action(0, link_id, SF, "delete", remote_id="00T1", seen_title="Call Ann"),
        rename(link_id, 1, due_date=NOW.date(), person="003", kind="due_date,owner"),
        action(2, "sc:acc:8", SF, "create", first_import=True),
        action(3, link_id, SC, "update", remote_id="1", mask=2, status="complete"),
        rename(link_id, 4, state="held"),
    ]
    ledger.plans.save_plan(
        run, plan(given, links=[new_link("sc:acc:8", sc_id="8")], ends=[end(SC, "1", "planned", link_id)])
    )
    wanted = [{"action_id": f"{run.run_id}-{seq}", **given[seq]} for seq in (1, 0, 2)]
    pd.testing.assert_frame_equal(ledger.outbox.actions(run, SF, ALL), rows(WRITES, *wanted))
    assert ledger.outbox.actions(run, SC, [Op.CREATE]).empty
    outlines = ledger.outbox.outlines(run, SF)
    assert list(outlines["action_id"]) == list(rows(WRITES, *wanted)["action_id"])
    last = list(outlines["action_id"])[-1:]
    assert list(ledger.outbox.actions(run, SF, ALL, last)["action_id"]) == last
    assert ledger.outbox.actions(run, SC, [Op.UPDATE])["seq"].tolist() == [3]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (plan(), "sales_connect 1 0 times"),
        (plan(ends=[end(SC, "1", "ignored"), end(SC, "1", "planned")]), "sales_connect 1 2 times"),
        (plan(ends=[end(SC, "1", "ignored"), end(SF, "00T9", "ignored")]), "salesforce 00T9 1 times"),
        (plan([rename("a", 3), rename("b", 3)], ends=[end(SC, "1", "planned")]), "seq twice: 3"),
        (plan(changes=[change("a", 5)], ends=[end(SC, "1", "planned")]), "seq 5"),
    ],
    ids=[
        "no disposition",
        "two dispositions",
        "a disposition of no row",
        "a seq twice",
        "a change of no action",
    ],
)
def test_a_plan_that_does_not_add_up_is_refused_as_a_whole(
    broken: Plan, message: str, ledger: Ledger, database_url: str
) -> None:
    run = staged_run(ledger)
    with pytest.raises(CountsDoNotAddUp, match=message):
        ledger.plans.save_plan(run, broken)
    assert query(database_url, "SELECT 1 FROM bridge.action") == []
    assert one(database_url, "SELECT disposition FROM staging.sales_connect_task")["disposition"] is None


def test_a_plan_may_be_stored_again_while_nothing_was_sent(ledger: Ledger, database_url: str) -> None:
    link_id = linked(ledger)
    run = staged_run(ledger)
    contested = {"link_id": link_id, "field": "status", "rule": "K3", "value_sc": "complete"}
    for title in ("one", "two"):
        ledger.plans.save_plan(
            run,
            plan(
                [rename(link_id, title=title)],
                [change(link_id, 0)],
                conflicts=[contested],
                ends=[end(SC, "1", "planned", link_id)],
            ),
        )
    assert ledger.outbox.actions(run, SF, ALL)["title"].tolist() == ["two"]
    for table in ("action", "ledger_change", "conflict"):
        assert len(query(database_url, f"SELECT 1 FROM bridge.{table} WHERE run_id = %s", run.run_id)) == 1
    ledger.outbox.mark_sent(run, [f"{run.run_id}-0"])
    with pytest.raises(CountsDoNotAddUp, match=r"1 actions of run .* were sent already"):
        ledger.plans.save_plan(run, plan(ends=[end(SC, "1", "unchanged", link_id)]))
    assert one(database_url, "SELECT disposition FROM staging.sales_connect_task WHERE run_id = %s",
               run.run_id)["disposition"] == "planned"  # fmt: skip


def test_what_earlier_runs_planned_or_held_for_the_pair_becomes_stale(
    ledger: Ledger, database_url: str
) -> None:
    link_id = linked(ledger)
    other = linked(ledger, "2", "00T2", at(1))
    run = staged_run(ledger)
    given = [
        rename(link_id),
        rename(link_id, 1, state="held"),
        rename(other, 2, state="held"),
        rename(other, 3),
    ]
    late = [
        change(link_id, None, sf_mask=1, sf_title="late"),
        change(other, None, sf_mask=1, sf_title="kept"),
    ]
    ledger.plans.save_plan(run, plan(given, late, ends=[end(SC, "1", "held", link_id)]))
    look = staged_run(ledger, dry_run=True)
    ledger.plans.save_plan(look, plan([rename(link_id)], ends=[end(SC, "1", "planned", link_id)]))
    again = staged_run(ledger, 3)
    ledger.plans.save_plan(again, plan(ends=[end(SC, "1", "unchanged", link_id)]))
    states = query(
        database_url, "SELECT state, message FROM bridge.action WHERE run_id = %s ORDER BY seq", run.run_id
    )
    assert [row["state"] for row in states] == ["stale", "stale", "held", "stale"]
    assert states[0]["message"] == f"Decided anew by run {again.run_id}"
    assert ledger.outbox.actions(look, SF, ALL)["state"].tolist() == ["planned"]
    changes = query(database_url, "SELECT sf_title FROM bridge.ledger_change WHERE run_id = %s", run.run_id)
    assert changes == [{"sf_title": "kept"}]


def test_a_dry_run_shows_its_plan_and_leaves_the_ledger_as_it_is(ledger: Ledger, database_url: str) -> None:
    link_id = linked(ledger)
    held = staged_run(ledger)
    ledger.plans.save_plan(held, plan([rename(link_id, state="held")], ends=[end(SC, "1", "held", link_id)]))
    before = query(database_url, "SELECT * FROM bridge.link ORDER BY link_id")
    run = staged_run(ledger, dry_run=True)
    broken = {
        "remote_id": "7",
        "presence": "live",
        "problem_code": "BAD_DATE",
        "problem_message": "31 February",
    }
    ledger.staging.stage(run, SC, page(SC, broken), "delta")
    ledger.plans.save_plan(
        run,
        plan(
            [rename(link_id), action(1, "sc:acc:8", SF, "create")],
            [change(link_id, 0, sf_mask=1, sf_title="New")],
            [new_link("sc:acc:8", sc_id="8")],
            [{"link_id": link_id, "field": "status", "rule": "K3"}],
            [end(SC, "1", "planned", link_id), end(SC, "7", "dead_letter")],
        ),
    )
    assert ledger.outbox.actions(run, SF, ALL)["link_id"].tolist() == [link_id, "sc:acc:8"]
    assert query(database_url, "SELECT * FROM bridge.link ORDER BY link_id") == before
    assert ledger.runs.counts(run).conflicts == 1
    assert query(database_url, "SELECT 1 FROM bridge.dead_letter") == []
    assert query(database_url, "SELECT 1 FROM mart.conflicts_open") == []
    assert query(database_url, "SELECT state FROM bridge.action WHERE run_id = %s", held.run_id) == [
        {"state": "held"}
    ]


def test_new_links_are_pending_and_a_next_generation_forgets_the_lost_record(
    ledger: Ledger, database_url: str
) -> None:
    link_id = linked(ledger)
    run = staged_run(ledger)
    ledger.plans.save_plan(
        run,
        plan([action(0, link_id, SF, "create", marker=f"tb:{link_id}:2")],
             links=[new_link(link_id, generation=2, sc_id="1")], ends=[end(SC, "1", "planned", link_id)]),
    )  # fmt: skip
    row = link_row(database_url, link_id)
    assert (row["state"], row["generation"], row["sc_id"], row["sf_id"]) == ("pending", 2, "1", None)
    assert row["sf_version"] is None
    assert row["sc_version"] is not None
    assert row["sc_title"] == "Call Ann"


def test_one_open_dead_letter_for_each_record_that_cannot_be_understood(
    ledger: Ledger, database_url: str
) -> None:
    broken = {"remote_id": "7", "presence": "live", "version": NOW, "problem_code": "BAD_DATE",
              "problem_message": "31 February", "payload": '{"due": "2026-02-31"}'}  # fmt: skip
    for minute in (0, 1):
        run = open_run(ledger, at(minute))
        ledger.staging.stage(run, SC, page(SC, broken), "delta")
        for _ in range(2):
            ledger.plans.save_plan(run, plan(ends=[end(SC, "7", "dead_letter", rule="G4")]))
        ledger.links.settle(run, {}, final=False)
    row = one(database_url, "SELECT * FROM bridge.dead_letter")
    assert (row["stage"], row["side"], row["remote_id"], row["attempts"]) == (
        "extract",
        "sales_connect",
        "7",
        2,
    )
    assert (row["code"], row["category"], row["message"]) == ("BAD_DATE", "data", "31 February")
    assert row["remedy"] == "Correct the record in Sales Connect; it is read again when it changes."
    assert row["payload"] == {"due": "2026-02-31"}
    assert row["run_id"] == run.run_id - 1
    assert row["resolved_at"] is None
    run = open_run(ledger, at(3))
    ledger.staging.stage(run, SC, page(SC, task(SC, "7", version=at(3))), "delta")
    ledger.plans.save_plan(run, plan(ends=[end(SC, "7", "ignored", rule="I2")]))
    ledger.links.settle(run, {}, final=False)
    assert one(database_url, "SELECT resolved_at FROM bridge.dead_letter")["resolved_at"] is not None


def test_a_conflict_that_waits_is_one_row_until_it_is_over(ledger: Ledger, database_url: str) -> None:
    link_id = linked(ledger)
    for value in ("a", "b"):
        run = staged_run(ledger)
        ledger.plans.save_plan(
            run,
            plan(conflicts=[{"link_id": link_id, "field": "details", "rule": "K3", "value_sc": value}],
                 ends=[end(SC, "1", "held", link_id, "K3")]),
        )  # fmt: skip
    waiting = one(database_url, "SELECT * FROM mart.conflicts_open")
    assert (waiting["value_sc"], waiting["run_id"], waiting["title"]) == ("b", run.run_id - 1, "Call Ann")
    ledger.plans.save_plan(staged_run(ledger), plan(ends=[end(SC, "1", "unchanged", link_id)]))
    assert query(database_url, "SELECT 1 FROM mart.conflicts_open") == []
    assert one(database_url, "SELECT decided_at FROM bridge.conflict")["decided_at"] is not None


def test_history_counts_what_was_written_lately_by_kind_and_user(ledger: Ledger, database_url: str) -> None:
    link_id = linked(ledger)
    assert ledger.plans.history().empty  # the create of `linked` has no kind
    run = staged_run(ledger)
    kinds = ["complete,due_date", "complete", "complete", None, "complete"]
    given = [rename(link_id, seq, kind=kind, first_import=seq == 4) for seq, kind in enumerate(kinds)]
    ledger.plans.save_plan(
        run, plan([*given, rename(link_id, 5, kind="complete")], ends=[end(SC, "1", "planned", link_id)])
    )
    write(ledger, run, SF, *(outcome(f"{run.run_id}-{seq}", "done") for seq in range(5)))
    query(
        database_url,
        "UPDATE bridge.action SET answered_at = now() - interval '2 hours' WHERE seq = 1",
    )
    query(
        database_url,
        "UPDATE bridge.action SET answered_at = now() - interval '2 days' WHERE seq = 2",
    )
    wanted = [
        {"kind": "complete", "sc_user_id": "u1", "within_hour": 1, "within_day": 2},
        {"kind": "due_date", "sc_user_id": "u1", "within_hour": 1, "within_day": 1},
    ]
    pd.testing.assert_frame_equal(ledger.plans.history(), rows(HISTORY, *wanted))


def test_population_counts_linked_and_held_pairs_by_owner(ledger: Ledger, database_url: str) -> None:
    for number, owner in enumerate(["u1", "u1", "u2", "u2"]):
        linked(ledger, str(number), f"00T{number}", at(number), owner=owner)
    query(database_url, "UPDATE bridge.link SET state = 'held' WHERE sc_id = '1'")
    query(database_url, "UPDATE bridge.link SET state = 'tombstone' WHERE sc_id = '3'")
    wanted = [{"sc_user_id": "u1", "pairs": 2}, {"sc_user_id": "u2", "pairs": 1}]
    pd.testing.assert_frame_equal(ledger.plans.population(), rows(POPULATION, *wanted))
