"""The lease: one writer at a time, fenced by a number (invariant 23)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest

from taskbridge.core.run import Run, RunOutcome
from taskbridge.errors import LeaseLost
from taskbridge.store import Ledger
from tests.sql.rows import (
    NOW,
    SC,
    SF,
    TTL,
    action,
    end,
    link_row,
    linked,
    one,
    open_run,
    outcome,
    outcomes,
    page,
    plan,
    query,
    task,
    user,
    users,
)

OpenLedger = Callable[..., Ledger]


def test_a_second_run_does_not_get_a_lease_that_is_held(open_ledger: OpenLedger) -> None:
    first, second = open_ledger(), open_ledger()
    assert first.runs.take_lease("a", TTL) == 1
    assert second.runs.take_lease("b", TTL) is None
    assert second.runs.lease_holder() == "a"


def test_taking_it_again_renews_it_and_keeps_the_number(ledger: Ledger, database_url: str) -> None:
    ledger.runs.take_lease("a", TTL)
    before = one(database_url, "SELECT * FROM bridge.lease")["expires_at"]
    assert ledger.runs.take_lease("a", TTL) == 1
    assert one(database_url, "SELECT * FROM bridge.lease")["expires_at"] > before


def test_of_many_that_ask_at_once_one_gets_it(open_ledger: OpenLedger) -> None:
    ledgers = [open_ledger() for _ in range(6)]
    start = threading.Barrier(len(ledgers))
    answers: list[int | None] = []

    def ask(number: int, ledger: Ledger) -> None:
        ledger.runs.lease_holder()  # connected before the race begins
        start.wait()
        answers.append(ledger.runs.take_lease(f"run {number}", TTL))

    threads = [threading.Thread(target=ask, args=pair) for pair in enumerate(ledgers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers, key=str) == [1, None, None, None, None, None]


def test_an_expired_lease_goes_to_the_next_under_a_new_number(open_ledger: OpenLedger) -> None:
    first, second = open_ledger(), open_ledger()
    first.runs.take_lease("a", timedelta(0))
    assert second.runs.lease_holder() is None
    assert second.runs.take_lease("b", TTL) == 2
    assert second.runs.lease_holder() == "b"


def test_release_gives_back_only_ones_own(ledger: Ledger) -> None:
    ledger.runs.take_lease("a", TTL)
    ledger.runs.release_lease("b")
    assert ledger.runs.lease_holder() == "a"
    ledger.runs.release_lease("a")
    assert ledger.runs.lease_holder() is None
    assert ledger.runs.take_lease("b", TTL) == 2


def test_who_waits_longest_is_next(ledger: Ledger) -> None:
    ledger.runs.take_lease("holder", TTL)
    for waits in ("first", "second", "first"):
        assert ledger.runs.take_lease(waits, TTL, waits=True) is None
    ledger.runs.release_lease("holder")
    assert ledger.runs.take_lease("second", TTL, waits=True) is None
    assert ledger.runs.take_lease("newcomer", TTL) is None
    assert ledger.runs.take_lease("first", TTL, waits=True) == 2
    ledger.runs.release_lease("first")
    assert ledger.runs.take_lease("first", TTL, waits=True) is None, "it had its turn"
    assert ledger.runs.take_lease("second", TTL, waits=True) == 3


def test_who_stopped_asking_keeps_nobody_waiting(ledger: Ledger, database_url: str) -> None:
    ledger.runs.take_lease("holder", TTL)
    for waits in ("dead", "alive"):
        ledger.runs.take_lease(waits, TTL, waits=True)
    ledger.runs.release_lease("holder")
    assert ledger.runs.take_lease("alive", TTL, waits=True) is None
    query(
        database_url,
        "UPDATE bridge.waiting_run SET seen_at = seen_at - interval '61 s' WHERE run_key = 'dead'",
    )
    assert ledger.runs.take_lease("alive", TTL, waits=True) == 2


def test_who_does_not_wait_has_no_place_in_the_line(ledger: Ledger) -> None:
    ledger.runs.take_lease("holder", TTL)
    assert ledger.runs.take_lease("asks once", TTL) is None
    ledger.runs.release_lease("holder")
    assert ledger.runs.take_lease("another", TTL) == 2


def test_renewing_prolongs_and_a_lost_lease_cannot_be_renewed(
    open_ledger: OpenLedger, database_url: str
) -> None:
    first = open_ledger()
    run = open_run(first)
    before = one(database_url, "SELECT * FROM bridge.lease")["expires_at"]
    first.runs.renew_lease(run, TTL * 2)
    assert one(database_url, "SELECT * FROM bridge.lease")["expires_at"] > before
    open_run(open_ledger())
    with pytest.raises(LeaseLost, match=r"under number 1, which is now 2"):
        first.runs.renew_lease(run, TTL)


Write = Callable[[Ledger, Run], object]

WRITES: dict[str, Write] = {
    "stage": lambda ledger, run: ledger.staging.stage(run, SC, page(SC, task(SC, "9")), "delta"),
    "save_user_map": lambda ledger, run: ledger.people.save_user_map(run, users(user("u9"))),
    "save_plan": lambda ledger, run: ledger.plans.save_plan(run, plan()),
    "mark_sent": lambda ledger, run: ledger.outbox.mark_sent(run, [f"{run.run_id}-0"]),
    "unsend": lambda ledger, run: ledger.outbox.unsend(run, [f"{run.run_id}-1"]),
    "record": lambda ledger, run: ledger.outbox.record(run, outcomes(outcome(f"{run.run_id}-1", "done"))),
    "mark_stale": lambda ledger, run: ledger.outbox.mark_stale(run, [f"{run.run_id}-0"]),
    "settle": lambda ledger, run: ledger.links.settle(run, {SC: NOW, SF: NOW}, final=True),
}


@pytest.mark.parametrize("method", WRITES)
def test_a_write_under_an_old_number_raises_and_changes_nothing(
    method: str, open_ledger: OpenLedger, database_url: str
) -> None:
    old = open_ledger()
    link_id = linked(old)
    run = open_run(old)
    old.staging.stage(run, SC, page(SC, task(SC, "1", title="Renamed")), "delta")
    old.plans.save_plan(
        run,
        plan(
            [
                action(0, link_id, SF, "update", remote_id="00T1", mask=1, title="Renamed"),
                action(1, link_id, SC, "update", remote_id="1", mask=2, status="open"),
            ],
            ends=[end(SC, "1", "planned", link_id)],
        ),
    )
    old.outbox.mark_sent(run, [f"{run.run_id}-1"])
    open_run(open_ledger())
    before = _everything(database_url)
    with pytest.raises(LeaseLost, match=r"another run has taken it"):
        WRITES[method](old, run)
    assert _everything(database_url) == before


def test_a_run_cannot_be_opened_under_an_old_number(open_ledger: OpenLedger) -> None:
    first = open_ledger()
    run = open_run(first)
    open_run(open_ledger())
    with pytest.raises(LeaseLost):
        first.runs.open_run(run.spec, run.fencing, run.windows, run.started, run.features)


def test_a_run_that_lost_its_lease_can_still_be_closed(open_ledger: OpenLedger, database_url: str) -> None:
    first = open_ledger()
    run = open_run(first)
    open_run(open_ledger())
    first.runs.note(run, "the lease was lost")
    first.runs.close_run(run, RunOutcome.FAILED, "lost", first.runs.counts(run))
    assert one(database_url, "SELECT * FROM bridge.run WHERE run_id = %s", run.run_id)["outcome"] == "failed"


def test_a_run_that_was_opened_again_is_not_closed_by_the_worker_before(open_ledger: OpenLedger) -> None:
    first, second = open_ledger(), open_ledger()
    run = open_run(first)
    first.runs.release_lease(run.spec.run_key)
    fencing = second.runs.take_lease(run.spec.run_key, TTL)
    assert fencing == 2
    again = second.runs.open_run(run.spec, fencing, run.windows, run.started, run.features)
    assert again.run_id == run.run_id
    with pytest.raises(LeaseLost):
        first.runs.close_run(run, RunOutcome.CLEAN, "done", first.runs.counts(run))
    with pytest.raises(LeaseLost):
        first.runs.note(run, "from before")
    second.runs.close_run(again, RunOutcome.CLEAN, "done", second.runs.counts(again))


def test_the_lease_cannot_move_in_the_middle_of_a_write(open_ledger: OpenLedger, database_url: str) -> None:
    """What a fenced transaction has checked must hold until it commits."""
    ledger = open_ledger()
    run = open_run(ledger)
    ledger.runs.take_lease(run.spec.run_key, timedelta(0))
    taken: list[int | None] = []
    other = threading.Thread(target=lambda: taken.append(open_ledger().runs.take_lease("b", TTL)))
    with ledger._db.fenced(run):
        other.start()
        other.join(0.3)
        assert taken == []
    other.join()
    assert taken == [2]
    assert link_count(database_url) == 0


def link_count(url: str) -> int:
    return len(query(url, "SELECT 1 FROM bridge.link"))


def _everything(url: str) -> dict[str, list[dict[str, object]]]:
    tables = query(
        url,
        "SELECT schemaname || '.' || tablename AS name FROM pg_tables WHERE schemaname <> 'mart'"
        " AND schemaname !~ '^(pg_|information_schema)'",
    )
    return {
        table["name"]: sorted(query(url, f"SELECT * FROM {table['name']}"), key=str)
        for table in tables
        if table["name"] not in ("bridge.lease", "bridge.waiting_run")
    }


def test_link_row_of_the_fixture_is_clean(ledger: Ledger, database_url: str) -> None:
    """The other tests build on this pair."""
    row = link_row(database_url, linked(ledger))
    assert (row["state"], row["dirty"], row["sc_written_at"], row["sf_written_at"]) == (
        "linked",
        False,
        None,
        None,
    )


def test_an_operator_breaks_a_dead_lease_and_the_old_holder_can_write_no_more(
    ledger: Ledger, database_url: str
) -> None:
    def break_it(reason: str) -> str:
        return str(one(database_url, "SELECT bridge.break_lease(%s, 'Ada') AS told", reason)["told"])

    run = open_run(ledger)
    assert break_it("worker was lost") == f"broken: the lease of {run.spec.run_key}"
    with pytest.raises(LeaseLost):
        ledger.runs.renew_lease(run, TTL)
    assert one(database_url, "SELECT notes FROM bridge.run")["notes"] == [
        "the lease was broken by Ada: worker was lost"
    ]
    assert ledger.runs.take_lease("another", TTL) is not None
    assert break_it("again") == "broken: the lease of another"
    assert break_it("again") == "nobody held the lease"


@pytest.mark.parametrize("nobody", [None, "", "  "])
def test_what_is_done_by_hand_names_a_person(nobody: str | None, database_url: str) -> None:
    for call in ("break_lease('x', %s)", "resume_side('salesforce', %s)", "settle_create('1-0', %s)"):
        with pytest.raises(psycopg.errors.IntegrityError, match="domain"):
            query(database_url, f"SELECT bridge.{call}", nobody)
