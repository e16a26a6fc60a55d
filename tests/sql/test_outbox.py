"""The outbox: intent before the call, outcome after it, nothing twice (G2, G4)."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest

from taskbridge.core.run import Run
from taskbridge.core.terms import Op
from taskbridge.core.writes import SEEN
from taskbridge.errors import ContractBroken, CountsDoNotAddUp
from taskbridge.store import Ledger
from tests.sql.rows import (
    SC,
    SF,
    action,
    at,
    end,
    link_row,
    linked,
    new_link,
    one,
    open_run,
    outcome,
    outcomes,
    page,
    plan,
    query,
    rows,
    task,
    write,
)

ALL = tuple(Op)
CERTAIN = timedelta(minutes=10)


def planned_run(ledger: Ledger, minute: float = 2) -> Run:
    """Seq 0 updates, 1 deletes the Salesforce record of a pair; 2 creates one for a new pair."""
    link_id = linked(ledger) if not ledger.sides.state().has_pairs else "sc:acc:1"
    run = open_run(ledger, at(minute))
    ledger.staging.stage(run, SC, page(SC, task(SC, "1", version=at(minute)), task(SC, "8")), "delta")
    ledger.plans.save_plan(
        run,
        plan(
            [
                action(0, link_id, SF, "update", remote_id="00T1", mask=33, title="New", owner="005B"),
                action(1, link_id, SF, "delete", remote_id="00T1"),
                action(2, "sc:acc:8", SF, "create", title="Call Bo"),
            ],
            links=[new_link("sc:acc:8", sc_id="8")],
            ends=[end(SC, "1", "planned", link_id), end(SC, "8", "planned", "sc:acc:8")],
        ),
    )
    return run


def state(url: str, run: Run, seq: int) -> str:
    action_id = f"{run.run_id}-{seq}"
    return str(one(url, "SELECT state FROM bridge.action WHERE action_id = %s", action_id)["state"])


def test_an_action_is_sent_once(ledger: Ledger) -> None:
    run = planned_run(ledger)
    sent = [f"{run.run_id}-0"]
    ledger.outbox.mark_sent(run, sent)
    assert ledger.outbox.unsettled(run, SF, CERTAIN)["action_id"].tolist() == sent
    assert ledger.outbox.unsettled(run, SC, CERTAIN).empty
    with pytest.raises(CountsDoNotAddUp, match=r"2 actions should have been planned, but 1 were"):
        ledger.outbox.mark_sent(run, [*sent, f"{run.run_id}-1"])
    assert ledger.outbox.unsettled(run, SF, CERTAIN)["action_id"].tolist() == sent
    ledger.outbox.unsend(run, sent)
    assert ledger.outbox.unsettled(run, SF, CERTAIN).empty
    assert len(ledger.outbox.actions(run, SF, ALL)) == 3
    with pytest.raises(CountsDoNotAddUp, match=r"should have been sent, but 0 were"):
        ledger.outbox.unsend(run, sent)


def test_moved_records_leave_the_outbox(ledger: Ledger, database_url: str) -> None:
    run = planned_run(ledger)
    ledger.outbox.mark_stale(run, [f"{run.run_id}-0"])
    ledger.outbox.mark_stale(run, [])
    assert state(database_url, run, 0) == "stale"
    assert ledger.outbox.actions(run, SF, ALL)["seq"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("seq", "result", "becomes"),
    [
        (0, "done", "done"),
        (0, "gone", "stale"),
        (1, "gone", "done"),
        (2, "gone", "stale"),
        (0, "retry", "retry"),
        (0, "unknown", "sent"),
        (2, "exists", "sent"),
        (0, "rejected", "dead"),
    ],
)
def test_an_outcome_becomes_a_state(
    seq: int, result: str, becomes: str, ledger: Ledger, database_url: str
) -> None:
    run = planned_run(ledger)
    remote_id = "00T8" if result == "exists" else None
    told = {"code": "CODE", "category": "other", "message": "a \x00 b", "remedy": "wait"}
    write(ledger, run, SF, outcome(f"{run.run_id}-{seq}", result, remote_id=remote_id, **told))
    assert state(database_url, run, seq) == becomes
    row = one(database_url, "SELECT * FROM bridge.action WHERE action_id = %s", f"{run.run_id}-{seq}")
    assert (row["outcome"], row["code"], row["message"]) == (result, "CODE", "a \u2400 b")
    assert (row["answered_at"] is None) == (becomes == "sent")
    assert (row["written_at"] is None) == (becomes != "done")


def test_a_created_record_is_in_the_link_at_once(ledger: Ledger, database_url: str) -> None:
    run = planned_run(ledger)
    write(ledger, run, SF, outcome(f"{run.run_id}-2", "done", remote_id="00T8", written_at=at(3)))
    row = link_row(database_url, "sc:acc:8")
    assert (row["sf_id"], row["state"], row["sf_written_at"]) == ("00T8", "linked", at(3))
    written = one(database_url, "SELECT remote_id FROM bridge.action WHERE action_id = %s", f"{run.run_id}-2")
    assert written == {"remote_id": "00T8"}


def test_a_done_write_is_remembered_until_it_is_seen(ledger: Ledger, database_url: str) -> None:
    run = planned_run(ledger)
    write(ledger, run, SF, outcome(f"{run.run_id}-0", "done", written_at=at(3)))
    row = link_row(database_url, "sc:acc:1")
    assert (row["sf_written_at"], row["sc_written_at"], row["sf_owner_now"]) == (at(3), None, "005B")


def test_a_write_without_a_time_gets_the_servers_not_the_databases(ledger: Ledger, database_url: str) -> None:
    run = planned_run(ledger)
    write(ledger, run, SF, outcome(f"{run.run_id}-0", "done"))
    written = link_row(database_url, "sc:acc:1")["sf_written_at"]
    assert at(2) <= written < at(3)


def test_a_create_without_an_id_is_refused_and_stays_sent(ledger: Ledger, database_url: str) -> None:
    run = planned_run(ledger)
    ids = [f"{run.run_id}-0", f"{run.run_id}-2"]
    ledger.outbox.mark_sent(run, ids)
    with pytest.raises(ContractBroken, match=r"without the id of the new record"):
        ledger.outbox.record(run, outcomes(*(outcome(action_id, "done") for action_id in ids)))
    assert [state(database_url, run, seq) for seq in (0, 2)] == ["sent", "sent"]


def test_an_answer_to_what_was_not_sent_is_refused(ledger: Ledger, database_url: str) -> None:
    run = planned_run(ledger)
    with pytest.raises(CountsDoNotAddUp, match=r"1 actions should have been sent, but 0 were"):
        ledger.outbox.record(run, outcomes(outcome(f"{run.run_id}-0", "done")))
    assert state(database_url, run, 0) == "planned"


def test_two_answers_to_one_action_are_refused(ledger: Ledger) -> None:
    run = planned_run(ledger)
    twice = outcome(f"{run.run_id}-0", "done")
    with pytest.raises(CountsDoNotAddUp, match=r"name an action twice"):
        ledger.outbox.record(run, outcomes(twice, twice))
    ledger.outbox.record(run, outcomes())


def test_a_rejected_row_has_one_open_dead_letter_however_often_it_is_tried(
    ledger: Ledger, database_url: str
) -> None:
    first = planned_run(ledger)
    told = {"code": "STRING_TOO_LONG", "category": "validation", "message": "too long", "remedy": "shorten"}
    write(ledger, first, SF, outcome(f"{first.run_id}-0", "rejected", **told))
    assert ledger.runs.counts(first).rejected_new == 1
    ledger.links.settle(first, {}, final=False)
    second = planned_run(ledger, 5)
    ledger.outbox.mark_sent(second, [f"{second.run_id}-0"])
    ledger.outbox.record(second, outcomes(outcome(f"{second.run_id}-0", "rejected")), timedelta(hours=3))
    row = one(database_url, "SELECT *, next_try_at - last_seen_at AS rest FROM bridge.dead_letter")
    assert (row["stage"], row["side"], row["link_id"], row["remote_id"]) == (
        "load",
        "salesforce",
        "sc:acc:1",
        "00T1",
    )
    assert (row["attempts"], row["code"], row["action_id"]) == (2, "UNKNOWN", f"{second.run_id}-0")
    assert row["rest"] == timedelta(hours=3)
    assert ledger.runs.counts(second).rejected_new == 0


def test_a_later_run_records_what_an_earlier_one_left_open(ledger: Ledger, database_url: str) -> None:
    cut_off = planned_run(ledger)
    ledger.outbox.mark_sent(cut_off, [f"{cut_off.run_id}-2"])
    later = open_run(ledger, at(10))
    (action_id,) = ledger.outbox.unsettled(later, SF, CERTAIN)["action_id"]
    ledger.outbox.record(later, outcomes(outcome(action_id, "done", remote_id="00T8")))
    assert query(database_url, "SELECT 1 FROM bridge.action WHERE state = 'sent'") == []
    row = link_row(database_url, "sc:acc:8")
    assert (row["sf_id"], row["state"], row["changed_run_id"]) == ("00T8", "linked", later.run_id)


def test_a_create_that_was_taken_for_lost_can_turn_out_to_be_done(ledger: Ledger, database_url: str) -> None:
    run, marker = planned_run(ledger), "tb:sc:acc:8:1"
    lost = f"{run.run_id}-2"
    assert ledger.outbox.given_up(SF, [marker]).empty
    write(ledger, run, SF, outcome(lost, "retry", code="NOT_CREATED"))
    assert ledger.outbox.given_up(SF, [marker])["action_id"].tolist() == [lost]
    assert ledger.outbox.given_up(SC, [marker]).empty
    later = open_run(ledger, at(10))
    with pytest.raises(CountsDoNotAddUp):
        ledger.outbox.record(later, outcomes(outcome(lost, "rejected", code="MARKER_LOST")))
    ledger.outbox.record(later, outcomes(outcome(lost, "done", remote_id="00T8")))
    assert (state(database_url, run, 2), link_row(database_url, "sc:acc:8")["sf_id"]) == ("done", "00T8")
    assert ledger.outbox.given_up(SF, [marker]).empty


def test_a_create_that_was_taken_for_lost_is_looked_for_until_nothing_can_come_of_it(
    ledger: Ledger, database_url: str
) -> None:
    run = planned_run(ledger)
    lost = f"{run.run_id}-2"
    missed = outcome(lost, "retry", code="NOT_CREATED")
    write(ledger, run, SF, missed)
    assert (SF, None) not in ledger.outbox.pending(run, CERTAIN), "it has just been looked for"
    later = open_run(ledger, at(10))
    assert (SF, None) in ledger.outbox.pending(later, CERTAIN)
    assert ledger.outbox.unsettled(later, SF, CERTAIN)["action_id"].tolist() == [lost]
    assert ledger.outbox.unsettled(later, SC, CERTAIN).empty
    query(
        database_url,
        f"UPDATE bridge.action SET sent_at = sent_at - interval '11 min' WHERE action_id = '{lost}' RETURNING 1",
    )
    ledger.outbox.record(later, outcomes(missed))
    last = open_run(ledger, at(11))
    assert ledger.outbox.unsettled(last, SF, CERTAIN).empty
    assert (SF, None) not in ledger.outbox.pending(last, CERTAIN)


def test_how_long_a_write_has_waited_is_told_by_the_servers_clock_or_ours(
    ledger: Ledger, database_url: str
) -> None:
    cut_off = planned_run(ledger)
    sent = [f"{cut_off.run_id}-{seq}" for seq in range(3)]
    ledger.outbox.mark_sent(cut_off, sent)
    lost = [
        outcome(sent[0], "unknown", code="ANSWER_LOST"),
        outcome(sent[1], "unknown", code="SERVER_FAILED"),
    ]
    ledger.outbox.record(cut_off, outcomes(*lost))

    def unsettled(minute: int) -> pd.DataFrame:
        return ledger.outbox.unsettled(open_run(ledger, at(minute)), SF, CERTAIN).set_index("action_id")

    found = unsettled(8)
    assert found["waited"].between(350, 400).all()
    assert found["over"].to_dict() == {sent[0]: False, sent[1]: True, sent[2]: False}, (
        "what was answered is over"
    )
    assert (found["sent_after"] == at(2)).all()
    assert (found["sent_before"] - at(2) < timedelta(seconds=30)).all()
    query(database_url, "UPDATE bridge.action SET sent_at = sent_at - interval '11 minutes'")
    assert (unsettled(2)["waited"] > 660).all(), "by our own clock too, should theirs have gone back"


def test_a_create_in_doubt_keeps_its_time_and_a_person_settles_it(ledger: Ledger, database_url: str) -> None:
    run = planned_run(ledger)
    create = f"{run.run_id}-2"
    ledger.outbox.mark_sent(run, [create])

    def tell(*what: str) -> str:
        asked = ", ".join(["%s", "'Ada'", *["%s"] * (len(what) - 1)])
        return str(one(database_url, f"SELECT bridge.settle_create({asked}) AS told", *what)["told"])

    assert "nothing was changed" in tell(create), "it is not in doubt yet"
    before = one(database_url, "SELECT sent_at FROM bridge.action WHERE action_id = %s", create)
    ledger.outbox.record(run, outcomes(outcome(create, "unknown", code="CREATE_UNCLEAR")))
    assert one(database_url, "SELECT sent_at FROM bridge.action WHERE action_id = %s", create) == before
    assert "nothing was changed" in tell(create, "00T1"), "that record is in a pair"
    assert tell(create, "00T9") == "settled by Ada: it is 00T9"
    assert ledger.outbox.unsettled(run, SF, CERTAIN)["remote_id"].tolist() == ["00T9"]
    assert "was not created" in tell(create)
    assert state(database_url, run, 2) == "retry"


def test_records_in_a_pair_are_told(ledger: Ledger) -> None:
    linked(ledger)
    assert ledger.outbox.linked(SF, ["00T1", "00T9"]) == {"00T1"}
    assert ledger.outbox.linked(SC, ["00T1", "1"]) == {"1"}


def test_what_a_late_request_would_overwrite_is_kept_with_it(ledger: Ledger, database_url: str) -> None:
    run = planned_run(ledger)
    ledger.outbox.mark_sent(run, [f"{run.run_id}-0"])
    seen = [{"action_id": f"{run.run_id}-{seq}", "title": "Typed since"} for seq in (0, 1)]
    ledger.outbox.see_again(run, rows(SEEN, *seen))
    found = query(
        database_url,
        "SELECT seen_title FROM bridge.action WHERE run_id = %s ORDER BY seq LIMIT 2",
        run.run_id,
    )
    assert [row["seen_title"] for row in found] == ["Typed since", None], "only with what was sent"
