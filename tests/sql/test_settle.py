"""Settling: the base follows what was answered, and what is unfinished is marked (G9)."""

from __future__ import annotations

from typing import Any

import pytest

from taskbridge.core.run import Run
from taskbridge.store import Ledger
from tests.sql.rows import (
    SC,
    SF,
    action,
    at,
    change,
    end,
    gone,
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
    write,
)

LINK = "sc:acc:1"


def decided(
    ledger: Ledger,
    actions: list[dict[str, Any]],
    changes: list[dict[str, Any]],
    minute: float = 5,
    *,
    disposition: str = "planned",
    rule: str = "C1",
    **sc: Any,
) -> Run:
    """A run that saw the SC task changed, with this plan."""
    run = open_run(ledger, at(minute))
    seen = task(SC, "1", version=at(minute), modified_at=at(minute)) | sc
    ledger.staging.stage(run, SC, page(SC, seen), "delta")
    ledger.plans.save_plan(run, plan(actions, changes, ends=[end(SC, "1", disposition, LINK, rule)]))
    return run


def update(seq: int = 0, **values: Any) -> dict[str, Any]:
    return action(seq, LINK, SF, "update", remote_id="00T1", mask=1, title="New") | values


def to_new(seq: int | None = 0) -> dict[str, Any]:
    return change(LINK, seq, sc_mask=1, sc_title="New", sf_mask=1, sf_title="New")


def settled(ledger: Ledger, url: str, run: Run) -> dict[str, Any]:
    ledger.links.settle(run, {}, final=False)
    return link_row(url, LINK)


def test_the_base_advances_with_the_action_and_only_inside_the_mask(
    ledger: Ledger, database_url: str
) -> None:
    linked(ledger)
    told = to_new() | {"sc_status": "complete", "sf_details": "not in the mask", "sc_type": "not asked for"}
    run = decided(ledger, [update()], [told], title="New")
    write(ledger, run, SF, outcome(f"{run.run_id}-0", "done", written_at=at(5)))
    row = settled(ledger, database_url, run)
    assert (row["sc_title"], row["sf_title"]) == ("New", "New")
    assert (row["sc_status"], row["sf_details"], row["sc_type"]) == ("open", None, "Call")
    assert not row["dirty"]
    assert one(database_url, "SELECT applied_at FROM bridge.ledger_change WHERE run_id = %s",
               run.run_id)["applied_at"] is not None  # fmt: skip


@pytest.mark.parametrize("result", ["unknown", "retry", "rejected", "gone", None])
def test_the_base_never_advances_on_what_was_only_asked_for(
    result: str | None, ledger: Ledger, database_url: str
) -> None:
    linked(ledger)
    run = decided(ledger, [update()], [to_new()], title="New")
    if result:
        write(ledger, run, SF, outcome(f"{run.run_id}-0", result))
    row = settled(ledger, database_url, run)
    assert (row["sc_title"], row["sf_title"]) == ("Call Ann", "Call Ann")
    assert row["dirty"]
    assert row["dirty_since"] is not None
    (waiting,) = query(database_url, "SELECT * FROM bridge.ledger_change WHERE run_id = %s", run.run_id)
    assert waiting["applied_at"] is None


def test_a_change_that_waits_for_nothing_applies_with_state_and_inputs(
    ledger: Ledger, database_url: str
) -> None:
    linked(ledger)
    told = change(
        LINK, None, state="tombstone", inputs=True, sc_type="Email", sc_mask=8, sc_due_date=at(0).date()
    )
    run = decided(ledger, [], [told], disposition="unchanged")
    row = settled(ledger, database_url, run)
    assert (row["state"], row["sc_type"], row["sc_campaign_name"]) == ("tombstone", "Email", None)
    assert row["sc_due_date"] == at(0).date()
    assert not row["dirty"]


def test_why_a_person_keeps_a_pair_out_goes_with_the_state(ledger: Ledger, database_url: str) -> None:
    linked(ledger)
    out = change(LINK, None, state="released", withheld="rejected")
    assert settled(ledger, database_url, decided(ledger, [], [out]))["withheld"] == "rejected"
    base_only = change(LINK, None, sc_mask=1, sc_title="New")
    assert settled(ledger, database_url, decided(ledger, [], [base_only], 6))["withheld"] == "rejected"
    back = change(LINK, None, state="linked")
    assert settled(ledger, database_url, decided(ledger, [], [back], 7))["withheld"] is None


def test_of_several_changes_the_later_action_stays_field_by_field(ledger: Ledger, database_url: str) -> None:
    linked(ledger)
    told = [
        change(LINK, 1, sf_mask=1, sf_title="of action 1"),
        change(LINK, 0, sf_mask=3, sf_title="of action 0", sf_status="Completed"),
        change(LINK, None, sf_mask=5, sf_title="of none", sf_priority="High"),
    ]
    run = decided(ledger, [update(), update(1)], told)
    write(ledger, run, SF, *(outcome(f"{run.run_id}-{seq}", "done") for seq in (0, 1)))
    row = settled(ledger, database_url, run)
    assert (row["sf_title"], row["sf_status"], row["sf_priority"]) == ("of action 1", "Completed", "High")


def test_what_an_earlier_run_wrote_applies_once_its_answer_is_known(
    ledger: Ledger, database_url: str
) -> None:
    linked(ledger)
    cut_off = decided(ledger, [update()], [to_new(), change(LINK, None, sf_mask=4, sf_priority="High")])
    ledger.outbox.mark_sent(cut_off, [f"{cut_off.run_id}-0"])
    later = open_run(ledger, at(9))
    assert settled(ledger, database_url, later)["sf_title"] == "Call Ann"
    assert link_row(database_url, LINK)["dirty"]
    ledger.outbox.record(later, outcomes(outcome(f"{cut_off.run_id}-0", "done")))
    row = settled(ledger, database_url, later)
    assert (row["sf_title"], row["sf_priority"]) == ("New", "Normal")


# last seen


def test_what_was_seen_last_is_kept_also_of_a_deleted_record(ledger: Ledger, database_url: str) -> None:
    linked(ledger)
    run = open_run(ledger, at(5))
    ledger.staging.stage(
        run, SC, page(SC, task(SC, "1", owner="u2", version=at(4), modified_at=at(3))), "delta"
    )
    ledger.staging.stage(run, SF, page(SF, gone("00T1", version=at(4))), "delta")
    ledger.plans.save_plan(
        run, plan(ends=[end(SC, "1", "unchanged", LINK), end(SF, "00T1", "unchanged", LINK)])
    )
    row = settled(ledger, database_url, run)
    assert (row["sc_version"], row["sc_modified_at"], row["sc_owner_now"]) == (at(4), at(3), "u2")
    assert (row["sc_owner"], row["sc_checked_at"]) == ("u1", at(5))
    assert (row["sf_version"], row["sf_modified_at"], row["sf_owner_now"]) == (at(4), None, "005A")


def test_an_older_version_turns_back_what_was_seen_only_if_it_was_read_by_id(
    ledger: Ledger, database_url: str
) -> None:
    """G9: versions may go back, where a clock was put right."""
    linked(ledger)
    row = settled(ledger, database_url, decided(ledger, [], [], disposition="deferred", version=at(-9)))
    assert (row["sc_version"], row["dirty"]) == (at(0), True)
    run = open_run(ledger, at(1))
    ledger.staging.stage(run, SC, page(SC, task(SC, "1", owner="u2", version=at(-9))), "by_id")
    ledger.plans.save_plan(run, plan(ends=[end(SC, "1", "unchanged", LINK)]))
    row = settled(ledger, database_url, run)
    assert (row["sc_version"], row["sc_owner_now"], row["dirty"]) == (at(-9), "u2", False)


def test_C5_a_delete_of_ours_proves_itself_until_the_record_is_read_live(
    ledger: Ledger, database_url: str
) -> None:
    linked(ledger)
    delete = action(0, LINK, SF, "delete", remote_id="00T1", mask=0)
    run = decided(ledger, [delete], [change(LINK, 0, state="tombstone")])
    ledger.staging.stage(run, SF, page(SF, task(SF, "00T1")), "by_id")
    write(ledger, run, SF, outcome(f"{run.run_id}-0", "done", written_at=at(6)))
    assert settled(ledger, database_url, run)["sf_deleted_id"] == "00T1", "it was live before we deleted it"
    assert _seen_live(ledger, database_url)["sf_deleted_id"] == "00T1", "no run has taken it in again (C7)"
    query(database_url, "UPDATE bridge.link SET state = 'linked'")
    assert _seen_live(ledger, database_url)["sf_deleted_id"] is None


def _seen_live(ledger: Ledger, database_url: str) -> dict[str, Any]:
    run = open_run(ledger, at(9))
    ledger.staging.stage(run, SF, page(SF, task(SF, "00T1", version=at(2))), "by_id")
    ledger.plans.save_plan(run, plan(ends=[end(SF, "00T1", "unchanged", LINK)]))
    return settled(ledger, database_url, run)


def test_a_stamp_that_our_write_moved_is_no_persons_edit(ledger: Ledger, database_url: str) -> None:
    """K3: Salesforce shows our own write with our stamp; only a later stamp is a person's."""
    linked(ledger)
    run = decided(ledger, [update()], [to_new()], title="New")
    write(ledger, run, SF, outcome(f"{run.run_id}-0", "done", written_at=at(6)))
    assert settled(ledger, database_url, run)["sf_written_at"] == at(6)
    before = link_row(database_url, LINK)["sf_modified_at"]

    def look(minute: float, stamp: float) -> dict[str, Any]:
        run = open_run(ledger, at(minute))
        seen = task(SF, "00T1", title="New", version=at(stamp), modified_at=at(stamp))
        ledger.staging.stage(run, SF, page(SF, seen), "delta")
        ledger.plans.save_plan(run, plan(ends=[end(SF, "00T1", "unchanged", LINK)]))
        return settled(ledger, database_url, run)

    ours = look(8, 6)
    assert (ours["sf_modified_at"], ours["sf_version"], ours["sf_written_at"]) == (before, at(6), None)
    assert look(20, 15)["sf_modified_at"] == at(15)


def test_an_edit_that_was_seen_before_we_wrote_keeps_its_stamp(ledger: Ledger, database_url: str) -> None:
    """Both sides changed; the run wrote to SC after it had seen a person's edit there."""
    linked(ledger)
    write_back = action(0, LINK, SC, "update", remote_id="1", mask=4, priority="high")
    run = decided(ledger, [write_back], [change(LINK, 0, sc_mask=4, sc_priority="high")], 5)
    write(ledger, run, SC, outcome(f"{run.run_id}-0", "done", written_at=at(6)))
    row = settled(ledger, database_url, run)
    assert (row["sc_modified_at"], row["sc_written_at"]) == (at(5), at(6))


def test_absent_confirms_no_write(ledger: Ledger, database_url: str) -> None:
    linked(ledger)
    run = decided(ledger, [update()], [to_new()], title="New")
    write(ledger, run, SF, outcome(f"{run.run_id}-0", "done", written_at=at(6)))
    ledger.links.settle(run, {}, final=False)
    run = open_run(ledger, at(9))
    ledger.staging.stage(run, SF, page(SF, gone("00T1", "absent", None)), "by_id")
    ledger.plans.save_plan(run, plan(ends=[end(SF, "00T1", "waiting", LINK, "C5")]))
    row = settled(ledger, database_url, run)
    assert (row["sf_written_at"], row["sf_version"], row["dirty"]) == (at(6), at(0), True)


# dirty


@pytest.mark.parametrize(
    ("disposition", "rule", "dirty"),
    [
        ("unchanged", "G1", False),
        ("planned", "C1", False),
        ("released", "C2", False),
        ("ignored", "G9", False),
        ("held", "G3", True),
        ("dead_letter", "G4", True),
        ("deferred", "G9", True),
        ("deferred", "selection", None),  # says nothing: the pair stays as it was
    ],
)
@pytest.mark.parametrize("was_dirty", [False, True])
def test_dirty_follows_from_where_the_row_ended(
    disposition: str,
    rule: str,
    dirty: bool | None,
    was_dirty: bool,
    ledger: Ledger,
    database_url: str,
) -> None:
    linked(ledger)
    query(database_url, "UPDATE bridge.link SET dirty = %s", was_dirty)
    row = settled(ledger, database_url, decided(ledger, [], [], disposition=disposition, rule=rule))
    assert row["dirty"] == (was_dirty if dirty is None else dirty)


@pytest.mark.parametrize("state", ["pending", "missing", "held"])
def test_a_pair_that_is_out_of_step_stays_dirty(state: str, ledger: Ledger, database_url: str) -> None:
    linked(ledger)
    run = decided(ledger, [], [change(LINK, None, state=state)], disposition="unchanged")
    row = settled(ledger, database_url, run)
    assert (row["state"], row["dirty"]) == (state, True)


def test_a_row_that_was_not_decided_keeps_its_pair_dirty(ledger: Ledger, database_url: str) -> None:
    linked(ledger)
    run = open_run(ledger, at(5))
    ledger.staging.stage(run, SC, page(SC, task(SC, "1", version=at(5))), "delta")
    assert settled(ledger, database_url, run)["dirty"]


def test_an_open_difference_keeps_the_stamp_with_which_it_was_first_seen(
    ledger: Ledger, database_url: str
) -> None:
    """K3: later edits do not make the first difference younger; a clean end forgets it."""
    linked(ledger)
    first = decided(ledger, [], [], 5, disposition="held", rule="K3", title="One")
    assert settled(ledger, database_url, first)["sc_changed_at"] == at(5)
    second = decided(ledger, [], [], 9, disposition="held", rule="K3", title="Two")
    assert settled(ledger, database_url, second)["sc_changed_at"] == at(5)
    last = decided(ledger, [], [], 12, disposition="unchanged")
    assert settled(ledger, database_url, last)["sc_changed_at"] is None


def test_a_dirty_pair_without_a_difference_has_no_such_stamp(ledger: Ledger, database_url: str) -> None:
    linked(ledger)
    row = settled(ledger, database_url, decided(ledger, [], [], disposition="held", rule="G3"))
    assert (row["dirty"], row["sc_changed_at"], row["sf_changed_at"]) == (True, None, None)


# dead letters


def test_a_rejected_row_is_over_when_a_later_write_goes_through(ledger: Ledger, database_url: str) -> None:
    linked(ledger)
    run = decided(ledger, [update()], [to_new()], title="New")
    write(ledger, run, SF, outcome(f"{run.run_id}-0", "rejected", code="CODE"))
    ledger.links.settle(run, {}, final=False)
    assert one(database_url, "SELECT resolved_at FROM bridge.dead_letter")["resolved_at"] is None
    run = decided(ledger, [update()], [to_new()], 9, disposition="held", title="New")
    write(ledger, run, SF, outcome(f"{run.run_id}-0", "done"))
    ledger.links.settle(run, {}, final=False)
    assert one(database_url, "SELECT resolved_at FROM bridge.dead_letter")["resolved_at"] is not None


@pytest.mark.parametrize(("disposition", "over"), [("unchanged", True), ("deferred", False)])
def test_a_rejected_row_is_over_when_its_pair_ends_clean(
    disposition: str, over: bool, ledger: Ledger, database_url: str
) -> None:
    linked(ledger)
    run = decided(ledger, [update()], [to_new()], title="New")
    write(ledger, run, SF, outcome(f"{run.run_id}-0", "rejected", code="CODE"))
    ledger.links.settle(run, {}, final=False)
    ledger.links.settle(decided(ledger, [], [], 9, disposition=disposition), {}, final=False)
    assert (
        one(database_url, "SELECT resolved_at FROM bridge.dead_letter")["resolved_at"] is not None
    ) == over


def test_settling_twice_changes_nothing_more(ledger: Ledger, database_url: str) -> None:
    linked(ledger)
    run = decided(ledger, [update()], [to_new()], title="New")
    write(ledger, run, SF, outcome(f"{run.run_id}-0", "done", written_at=at(6)))
    first = settled(ledger, database_url, run)
    assert settled(ledger, database_url, run) == first
