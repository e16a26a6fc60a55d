"""A pair that a person keeps out: a rejected or undone create or delete is not planned again by itself (G3)."""

from __future__ import annotations

import pytest

from tests.core.frames import Row, absent, decide, gone, link, sc, sf

SC, SF = "sales_connect", "salesforce"
OF_DELETES = ["rejected", "undone"]
REASONS = [*OF_DELETES, "withdrawn_from_sales_connect", "withdrawn_from_salesforce"]


def out(reason: str = "rejected", **values: object) -> Row:
    return link(state="released", withheld=reason, **values)


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("dirty", [False, True])
def test_G3_an_original_that_did_not_change_is_not_created_again(reason: str, dirty: bool) -> None:
    for pair, row in (
        (out(reason, sf_id=None, dirty=dirty), sc()),
        (out(reason, sc_id=None, dirty=dirty), sf()),
    ):
        rows = ([row], []) if pair["sf_id"] is None else ([], [row])
        plan = decide([pair], *rows)
        assert (plan.actions, plan.changes, plan.new_links) == ([], [], [])
        assert set(plan.ends.values()) == {("released", reason)}


@pytest.mark.parametrize("edit", [{"title": "Call Bob"}, {"details": None}, {"campaign_name": "Spring"}])
def test_G3_an_original_that_changed_is_created_under_the_same_marker(edit: Row) -> None:
    plan = decide([out(sf_id=None)], [sc(**edit)])
    [action] = plan.actions
    assert (action["side"], action["op"], action["marker"]) == (SF, "create", "tb:sc:acc1:1:1")
    [change] = plan.changes
    assert (change["state"], change["withheld"]) == ("linked", None)


def test_G3_the_original_of_a_rejected_create_that_is_deleted_ends_the_pair() -> None:
    plan = decide([out(sf_id=None)], [gone(sc())])
    assert [row["state"] for row in plan.changes] == ["tombstone"]


@pytest.mark.parametrize("reason", OF_DELETES)
@pytest.mark.parametrize(
    ("left", "right"),
    [
        (gone(sc()), sf()),
        (sc(), gone(sf())),
        (gone(sc()), sf(details="new")),
        (sc(details="new"), gone(sf())),
        (gone(sc()), absent(sf())),
        (absent(sc()), sf()),
    ],
)
def test_G3_a_rejected_delete_is_not_planned_again(reason: str, left: Row, right: Row) -> None:
    plan = decide([out(reason)], [left], [right])
    assert (plan.actions, plan.changes, plan.conflicts) == ([], [], [])
    assert set(plan.ends.values()) == {("released", reason)}


def test_G3_a_pair_of_which_both_records_live_again_is_reconciled() -> None:
    plan = decide([out()], [sc(details="new")], [sf(priority="High")])
    assert sorted(plan.writes) == [(SC, "update", {"priority": "high"}), (SF, "update", {"details": "new"})]
    assert [(row["state"], row["withheld"]) for row in plan.changes if row["state"]] == [("linked", None)]


def test_G9_both_records_of_a_pair_that_is_kept_out_are_read_before_it_is_reconciled() -> None:
    plan = decide([out()], [sc(details="new")])
    assert plan.actions == []
    assert set(plan.ends.values()) == {("deferred", "G9")}


def test_G3_a_pair_that_is_kept_out_ends_when_both_records_are_deleted() -> None:
    plan = decide([out()], [gone(sc())], [gone(sf())])
    assert [row["state"] for row in plan.changes] == ["tombstone"]


def withdrawn(side: str, **values: object) -> Row:
    """A pair whose copy on that side an undo took back, and with it what proves that it is gone."""
    proof = f"{'sc' if side == SC else 'sf'}_proof"
    return out(f"withdrawn_from_{side}", **{proof: "read", **values})


@pytest.mark.parametrize("purged", [False, True])
@pytest.mark.parametrize("dirty", [False, True])
def test_C1_a_copy_that_was_withdrawn_is_made_anew_when_its_original_is_edited(
    purged: bool, dirty: bool
) -> None:
    lost = absent if purged else gone
    for plan, side in (
        (decide([withdrawn(SF, dirty=dirty)], [sc(details="new")], [lost(sf())]), SF),
        (decide([withdrawn(SC, dirty=dirty)], [lost(sc())], [sf(details="new")]), SC),
    ):
        [action] = plan.actions
        assert (action["side"], action["op"], action["marker"]) == (side, "create", "tb:sc:acc1:1:2")
        assert action["details"] == "new"
        [new] = plan.new_links
        assert (new["generation"], new["sc_id" if side == SC else "sf_id"]) == (2, None)
        [change] = plan.changes
        assert (change["state"], change["withheld"]) == ("linked", None)


@pytest.mark.parametrize("purged", [False, True])
def test_G3_a_copy_that_was_withdrawn_stays_away_while_nobody_edits_the_original(purged: bool) -> None:
    lost = absent if purged else gone
    for plan in (
        decide([withdrawn(SF)], [sc()], [lost(sf())]),
        decide([withdrawn(SC)], [lost(sc())], [sf()]),
    ):
        assert (plan.actions, plan.changes, plan.new_links) == ([], [], [])


def test_C5_an_original_that_is_not_found_is_no_copy_that_was_withdrawn() -> None:
    for copy in (gone(sf()), sf(details="taken out of the bin and edited")):
        plan = decide([withdrawn(SF)], [absent(sc())], [copy])
        assert (plan.actions, plan.new_links, plan.changes) == ([], [], []), "the pair does not end either"


def test_C7_a_withdrawn_copy_that_comes_back_is_the_copy_again() -> None:
    plan = decide([withdrawn(SF)], [sc(details="new")], [sf(priority="High")])
    assert sorted(plan.writes) == [(SC, "update", {"priority": "high"}), (SF, "update", {"details": "new"})]
    assert [(row["state"], row["withheld"]) for row in plan.changes if row["state"]] == [("linked", None)]


@pytest.mark.parametrize("known", [False, True])
def test_C7_a_withdrawn_copy_that_comes_back_brings_its_deleted_original_back(known: bool) -> None:
    """Whoever takes the copy out of the bin wants it; that its original is deleted is proven, now or earlier (C5)."""
    pair = withdrawn(SF, sc_proof="read") if known else withdrawn(SF)
    plan = decide([pair], [absent(sc()) if known else gone(sc())], [sf(details="wanted")])
    [action] = plan.actions
    assert (action["side"], action["op"], action["rule"]) == (SC, "create", "C7")
    assert action["details"] == "wanted"


@pytest.mark.parametrize("reason", OF_DELETES)
def test_C7_a_task_out_of_the_bin_brings_back_what_a_person_had_kept_alone(reason: str) -> None:
    """Whoever deletes what stayed, once the other is back, has not deleted the other."""
    pair = out(reason, sf_proof="read")
    plan = decide([pair], [gone(sc())], [sf(details="wanted")])
    [action] = plan.actions
    assert (action["side"], action["op"], action["rule"]) == (SC, "create", "C7")
    for unproven in (absent(sc()), sc()):
        plan = decide([pair], [unproven], [gone(sf())])
        assert plan.actions == []


def test_C3_the_owner_of_a_copy_that_was_withdrawn_counts_for_nothing() -> None:
    plan = decide([withdrawn(SF, sf_owner="005GONE")], [sc(details="new")], [gone(sf())])
    assert [action["op"] for action in plan.actions] == ["create"]
