"""K3: a person decides about a field that both sides changed, and the next run carries it out."""

from __future__ import annotations

from datetime import date

import pytest

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Side
from taskbridge.engine.loading.busy import TRIES
from taskbridge.engine.on_demand.conflicts import decide_conflicts
from taskbridge.errors import ConflictNotOpen, SettingsInvalid
from tests.engine.world import World

OURS, THEIRS = date(2026, 1, 1), date(2026, 2, 2)
STATES = "select state from bridge.decision order by decision_id"


def contest(world: World) -> tuple[str, str, int]:
    """A pair whose due dates differ, held: both ids and the number of the conflict."""
    world.with_settings(conflict_policy="manual")
    sc_id = world.sc_task("Contested")
    world.sync()
    sf_id = world.partner(Side.SALES_CONNECT, sc_id)
    assert sf_id is not None
    world.sc.edit(sc_id, due_date=OURS)
    world.sf.edit(sf_id, due_date=THEIRS)
    assert world.sync().outcome is RunOutcome.HELD
    [(conflict_id,)] = world.rows("select conflict_id from mart.conflicts_open")
    return sc_id, sf_id, conflict_id


def dates(world: World, sc_id: str, sf_id: str) -> tuple[object, object]:
    return world.sc.live()[sc_id]["due_date"], world.sf.live()[sf_id]["due_date"]


@pytest.mark.parametrize(("winner", "value"), [(Side.SALES_CONNECT, OURS), (Side.SALESFORCE, THEIRS)])
def test_K3_the_next_run_carries_a_decision_out(world: World, winner: Side, value: date) -> None:
    sc_id, sf_id, number = contest(world)
    world.enabled = False
    writes = world.writes
    assert decide_conflicts(world.ledger, [number], winner, "ann") == 1
    assert world.writes == writes, "deciding writes nothing, and obeys no switch"
    [(told,)] = world.rows("select decision from mart.conflicts_open")
    assert told == f"{winner} is right, says ann; the next run carries it out"
    world.enabled = True
    assert world.sync().outcome is RunOutcome.CONFLICTS
    assert dates(world, sc_id, sf_id) == (value, value)
    assert world.rows(STATES) == [("carried_out",)]
    assert world.rows("select 1 from mart.conflicts_open") == []
    kept = world.rows("select winner, value_sc, value_sf from bridge.conflict where winner is not null")
    assert kept == [(winner, str(OURS), str(THEIRS))], "the loser is kept (K5)"
    writes = world.writes
    assert world.sync().outcome is RunOutcome.CLEAN
    assert world.writes == writes


def test_K3_a_decision_outlives_a_run_that_could_not_write(world: World) -> None:
    sc_id, sf_id, number = contest(world)
    decide_conflicts(world.ledger, [number], Side.SALES_CONNECT, "ann")
    world.sf.faults.lock_titles["Contested"] = TRIES
    world.sync()
    assert dates(world, sc_id, sf_id) == (OURS, THEIRS)
    assert world.rows(STATES) == [("open",)]
    world.sync()
    assert dates(world, sc_id, sf_id) == (OURS, OURS)
    assert world.rows(STATES) == [("carried_out",)]


def test_K3_a_dry_run_shows_a_decision_and_leaves_it_open(world: World) -> None:
    _, _, number = contest(world)
    decide_conflicts(world.ledger, [number], Side.SALES_CONNECT, "ann")
    report = world.sync(dry_run=True)
    assert report.counts is not None
    assert report.counts.actions == {"salesforce": {"update": {"planned": 1}}}
    assert world.rows(STATES) == [("open",)]


def test_K3_a_decision_on_values_that_moved_is_outdated_and_said_so(world: World) -> None:
    sc_id, sf_id, number = contest(world)
    decide_conflicts(world.ledger, [number], Side.SALES_CONNECT, "ann")
    world.sf.edit(sf_id, due_date=date(2026, 3, 3))
    report = world.sync()
    assert dates(world, sc_id, sf_id) == (OURS, date(2026, 3, 3))
    assert "Left out: 1" in report.text
    assert world.rows("select code, field from bridge.left_out") == [("DECISION_OUTDATED", "due_date")]
    assert world.rows(STATES) == [("outdated",)]
    [(again, value, told)] = world.rows("select conflict_id, value_sf, decision from mart.conflicts_open")
    assert (again, value) == (number, "2026-03-03"), "the same conflict, brought up to date"
    assert told == "outdated: a side changed the field after ann had decided; decide again"
    decide_conflicts(world.ledger, [number], Side.SALESFORCE, "ben")
    world.settle()
    assert dates(world, sc_id, sf_id) == (date(2026, 3, 3), date(2026, 3, 3))


def test_K3_a_decision_that_people_made_good_by_hand_is_unneeded(world: World) -> None:
    sc_id, sf_id, number = contest(world)
    decide_conflicts(world.ledger, [number], Side.SALES_CONNECT, "ann")
    world.sf.edit(sf_id, due_date=OURS)
    assert world.settle()[-1].outcome is RunOutcome.CLEAN
    assert world.rows(STATES) == [("unneeded",)]
    assert dates(world, sc_id, sf_id) == (OURS, OURS)


def test_K3_deciding_again_before_the_run_replaces_the_decision(world: World) -> None:
    sc_id, sf_id, number = contest(world)
    decide_conflicts(world.ledger, [number], Side.SALES_CONNECT, "ann")
    decide_conflicts(world.ledger, [number], Side.SALESFORCE, "ben")
    world.sync()
    assert dates(world, sc_id, sf_id) == (THEIRS, THEIRS)
    assert world.rows(STATES) == [("replaced",), ("carried_out",)]


def test_K3_a_conflict_keeps_its_number_while_a_record_is_missing(world: World) -> None:
    """Nothing is known anew of a pair that waits; a decision made meanwhile still counts afterwards."""
    sc_id, sf_id, number = contest(world)
    world.sf.faults.hidden = {sf_id}
    world.sync()
    assert world.rows("select conflict_id from mart.conflicts_open") == [(number,)]
    decide_conflicts(world.ledger, [number], Side.SALES_CONNECT, "ann")
    world.sync()
    world.sf.faults.hidden = set()
    world.settle()
    assert dates(world, sc_id, sf_id) == (OURS, OURS)


def test_K3_what_is_closed_or_unknown_cannot_be_decided(world: World) -> None:
    _, _, number = contest(world)
    with pytest.raises(ConflictNotOpen, match=r"There is no conflict 99.*Nothing was recorded"):
        decide_conflicts(world.ledger, [number, 99], Side.SALES_CONNECT, "ann")
    assert world.rows(STATES) == [], "all or none"
    decide_conflicts(world.ledger, [number], Side.SALES_CONNECT, "ann")
    world.sync()
    with pytest.raises(ConflictNotOpen, match=rf"Conflict {number} \(due_date\) is over since"):
        decide_conflicts(world.ledger, [number], Side.SALESFORCE, "ann")
    [(policy,)] = world.rows("select conflict_id from bridge.conflict where winner is not null")
    with pytest.raises(ConflictNotOpen, match="was decided already: Sales Connect won"):
        decide_conflicts(world.ledger, [policy], Side.SALESFORCE, "ann")
    with pytest.raises(SettingsInvalid, match="No conflict was named"):
        decide_conflicts(world.ledger, [], Side.SALESFORCE, "ann")


def test_K3_a_run_for_others_leaves_a_held_conflict_as_it_is(world: World) -> None:
    """G9: the pair stays dirty, so that the next run of everybody looks at it again."""
    sc_id, sf_id, number = contest(world)
    world.advance(3_600)
    world.sync()
    world.sync(users=(world.sc_users["ben"],))
    assert world.rows("select conflict_id from mart.conflicts_open") == [(number,)]
    decide_conflicts(world.ledger, [number], Side.SALES_CONNECT, "ann")
    world.sync()
    assert dates(world, sc_id, sf_id) == (OURS, OURS)


def test_K3_a_held_field_is_named_with_a_remedy(world: World) -> None:
    sc_id, _, _ = contest(world)
    [(rule, explanation, remedy)] = world.rows(
        "select rule, explanation, remedy from mart.not_synced where remote_id = %s", sc_id
    )
    assert rule == "K3"
    assert explanation.endswith("Field: due_date.")
    assert "task_sync_decide" in remedy
