"""C1 to C5, C7, I4, K4: a pair as a whole: deleted, missing, out of scope, back again."""

from __future__ import annotations

import json

import pytest

from taskbridge.core.terms import DeletePolicy, Side, SkippedTasks
from tests.core.frames import ANNA, BEN, DAY, HOUR, NOON, Row, absent, decide, gone, link, sc, sf

SC, SF = Side.SALES_CONNECT, Side.SALESFORCE
EDITED_SC, EDITED_SF = sc(details="new"), sf(details="new")
WINS, LOSES = DeletePolicy.DELETE_WINS, DeletePolicy.EDIT_WINS

# Sales Connect row, Salesforce row, policy, writes, link state that follows, end of the pair
WHOLE_PAIRS = [
    (sc(), sf(), WINS, [], [], ("unchanged", "G1")),
    (sc(), None, WINS, [], [], ("unchanged", "G1")),
    (gone(sc()), sf(), WINS, [(SF, "delete", {})], ["tombstone"], ("planned", "C1")),
    (gone(sc()), None, WINS, [(SF, "delete", {})], ["tombstone"], ("planned", "C1")),
    (sc(), gone(sf()), WINS, [(SC, "delete", {})], ["tombstone"], ("planned", "C1")),
    (gone(sc()), gone(sf()), WINS, [], ["tombstone"], ("unchanged", "C1")),
    (EDITED_SC, gone(sf()), WINS, [(SC, "delete", {})], ["tombstone"], ("planned", "C1")),
    (gone(sc()), EDITED_SF, WINS, [(SF, "delete", {})], ["tombstone"], ("planned", "C1")),
    (absent(sc()), sf(), WINS, [], ["missing"], ("waiting", "C5")),
    (absent(sc()), EDITED_SF, WINS, [], ["missing"], ("waiting", "C5")),
    (sc(), absent(sf()), WINS, [], ["missing"], ("waiting", "C5")),
    (EDITED_SC, absent(sf()), LOSES, [], ["missing"], ("waiting", "C5")),
    (absent(sc()), gone(sf()), WINS, [], ["missing"], ("waiting", "C5")),
    (gone(sc()), absent(sf()), WINS, [], ["missing"], ("waiting", "C5")),
    (absent(sc()), absent(sf()), WINS, [], ["missing"], ("waiting", "C5")),
]


@pytest.mark.parametrize(("left", "right", "policy", "writes", "states", "end"), WHOLE_PAIRS)
def test_C1_C5_a_delete_crosses_only_on_proof(
    left: Row, right: Row | None, policy: DeletePolicy, writes: list[object], states: list[str], end: object
) -> None:
    plan = decide([link()], [left], [] if right is None else [right], delete_policy=policy)
    assert plan.writes == writes
    assert [row["state"] for row in plan.changes] == states
    assert set(plan.ends.values()) == {end}


def test_K4_edit_wins_creates_the_deleted_task_again() -> None:
    plan = decide([link()], [EDITED_SC], [gone(sf())], delete_policy=LOSES)
    [action] = plan.actions
    assert (action["side"], action["op"], action["marker"]) == (SF, "create", "tb:sc:acc1:1:2")
    assert action["details"] == "new"
    [again] = plan.new_links
    assert (again["sc_id"], again["sf_id"], again["generation"], again["origin"]) == ("1", None, 2, SC)
    back = decide([link(generation=4)], [gone(sc())], [EDITED_SF], delete_policy=LOSES)
    assert (back.actions[0]["side"], back.actions[0]["marker"]) == (SC, "tb:sc:acc1:1:5")
    assert back.new_links[0]["origin"] == SC


@pytest.mark.parametrize(("policy", "winner"), [(WINS, SF), (LOSES, SC)])
def test_K5_both_records_of_an_edit_that_met_a_delete_are_kept(policy: DeletePolicy, winner: str) -> None:
    plan = decide([link()], [sc(details="a\u2028b\n\x85c")], [gone(sf())], delete_policy=policy)
    [kept] = plan.conflicts
    assert (kept["field"], kept["rule"], kept["winner"]) == ("record", "K4", winner)
    assert json.loads(kept["value_sc"])["details"] == "a\u2028b\n\x85c"
    assert json.loads(kept["base_sc"])["details"] == "Ask for the order"
    assert json.loads(kept["value_sf"])["due_date"] == "2026-03-09"


def test_K4_a_subject_edited_in_salesforce_counts_as_an_edit() -> None:
    plan = decide([link()], [gone(sc())], [sf(title="typed")])
    assert plan.conflicts[0]["rule"] == "K4"


@pytest.mark.parametrize(("age", "held"), [(15 * DAY, False), (15 * DAY + HOUR, True)])
def test_I4_a_delete_older_than_15_days_is_held(age: object, held: bool) -> None:
    plan = decide([link(sf_version=NOON - 40 * DAY)], [sc()], [gone(sf(), version=NOON - age)])  # type: ignore[operator]
    [action] = plan.actions
    assert (action["side"], action["op"], action["state"]) == (SC, "delete", "held" if held else "planned")
    assert action["rule"] == ("I4" if held else "C1")
    assert plan.ends["T1"] == (("held", "I4") if held else ("planned", "C1"))


UNDATED = gone(sc(), version=None)

# Pair, Sales Connect row, Salesforce row, sides with a gap, the delete's side, state and rule
DOUBTS = [
    (link(), UNDATED, sf(), [], SF, "planned", "C1"),
    (link(), UNDATED, sf(), [SF], SF, "planned", "C1"),
    (link(), UNDATED, sf(), [SC], SF, "held", "C6"),
    (link(), gone(sc()), sf(), [SC], SF, "planned", "C1"),
    (link(), UNDATED, EDITED_SF, [SC], SF, "held", "C6"),
    (link(), absent(sc()), sf(), [SC], SF, "held", "C5,C6"),
    (link(), sc(), absent(sf()), [SF], SC, "held", "C5,C6"),
    (link(), EDITED_SC, absent(sf()), [SF], SC, "held", "C5,C6"),
    (link(), sc(), gone(sf()), [SF], SC, "planned", "C1"),
    (link(), sc(), gone(sf(), version=NOON - 16 * DAY), [SF], SC, "held", "I4"),
    (link(state="held", dirty=True), UNDATED, sf(), [], SF, "held", "C6"),
    (link(state="held", dirty=True), gone(sc()), sf(), [], SF, "held", "C6"),
    (link(state="held", dirty=True), sc(), absent(sf()), [], SC, "held", "C5,C6"),
]


@pytest.mark.parametrize(("pair", "left", "right", "gaps", "side", "state", "rule"), DOUBTS)
def test_C6_after_a_gap_only_what_is_proven_and_dated_crosses_unasked(
    pair: Row, left: Row, right: Row, gaps: list[Side], side: str, state: str, rule: str
) -> None:
    plan = decide([pair | {"sf_version": NOON - 40 * DAY}], [left], [right], gaps=gaps)
    [action] = plan.actions
    assert (action["side"], action["op"], action["state"], action["rule"]) == (side, "delete", state, rule)
    held = ["held"] if rule.endswith("C6") else []
    assert [row["state"] for row in plan.changes] == [*held, "tombstone"]
    assert set(plan.ends.values()) == {(state, rule)}


@pytest.mark.parametrize("other", [absent(sf()), gone(sf())])
def test_C6_with_nothing_left_to_delete_nobody_is_asked(other: Row) -> None:
    plan = decide([link()], [absent(sc())], [other], gaps=[SC, SF])
    assert plan.actions == []
    assert [row["state"] for row in plan.changes] == ["missing"]


def test_C6_edit_wins_creates_again_only_what_was_proven_deleted() -> None:
    proven = decide([link()], [UNDATED], [EDITED_SF], gaps=[SC], delete_policy=LOSES)
    assert [row["op"] for row in proven.actions] == ["create"]
    hidden = decide([link()], [absent(sc())], [EDITED_SF], gaps=[SC], delete_policy=LOSES)
    assert [(row["op"], row["state"]) for row in hidden.actions] == [("delete", "held")]


def test_C6_a_pair_that_is_seen_again_goes_on() -> None:
    plan = decide([link(state="held", dirty=True)], [EDITED_SC], [sf()])
    assert plan.write(SF) == {"details": "new"}
    assert "linked" in [row["state"] for row in plan.changes]


def test_C5_the_tasks_of_a_deleted_user_are_released() -> None:
    plan = decide([link()], [gone(sc(), delete_cause="user_deleted")], [sf()])
    assert plan.actions == []
    assert [row["state"] for row in plan.changes] == ["released"]
    assert set(plan.ends.values()) == {("released", "C5")}


@pytest.mark.parametrize("values", [{"subtype": "Call"}, {"is_recurrence": True}])
def test_C2_a_pair_whose_salesforce_task_leaves_the_scope_is_released(values: Row) -> None:
    plan = decide([link()], [EDITED_SC], [sf(details="other", **values)])
    assert (plan.actions, plan.conflicts) == ([], [])
    assert [row["state"] for row in plan.changes] == ["released"]
    assert set(plan.ends.values()) == {("released", "C2")}


def test_C2_a_task_leaves_the_scope_without_a_change_of_any_field() -> None:
    plan = decide([link()], [], [sf(subtype="Call")])
    assert [row["state"] for row in plan.changes] == ["released"]
    assert set(plan.ends.values()) == {("released", "C2")}


def test_C2_a_pair_stays_released_until_it_is_back_in_scope() -> None:
    still = decide([link(state="released")], [EDITED_SC], [sf(subtype="Call", details="x")])
    assert (still.actions, still.changes) == ([], [])
    assert set(still.ends.values()) == {("released", "C2")}
    back = decide([link(state="released")], [EDITED_SC], [sf()])
    assert back.writes == [(SF, "update", {"details": "new"})]
    assert "linked" in [row["state"] for row in back.changes]


@pytest.mark.parametrize("state", ["released", "missing", "held"])
def test_C2_C5_a_pair_back_in_step_takes_part_again(state: str) -> None:
    plan = decide([link(state=state)], [sc()], [sf()])
    assert [row["state"] for row in plan.changes] == ["linked"]
    assert set(plan.ends.values()) == {("unchanged", "G1")}


def test_C3_reassignment_crosses_where_both_are_switched_on() -> None:
    plan = decide([link()], [sc(owner="ben")], [sf()])
    assert plan.writes == [(SF, "update", {"owner": "005B"})]
    assert plan.actions[0]["sc_user_id"] == "ben"


@pytest.mark.parametrize(
    ("left", "right"), [({"owner": "ben"}, {}), ({}, {"owner": "005B"}), ({"owner": None}, {})]
)
def test_C3_a_pair_whose_new_owner_is_not_synced_is_released(left: Row, right: Row) -> None:
    plan = decide([link()], [sc(**left)], [sf(**right)], users=[ANNA, BEN | {"synced": False}])
    assert plan.actions == []
    assert set(plan.ends.values()) == {("released", "C3")}


def test_C3_a_released_pair_is_not_deleted_with_one_of_its_records() -> None:
    plan = decide([link()], [gone(sc())], [sf()], users=[ANNA | {"synced": False}])
    assert plan.actions == []
    assert set(plan.ends.values()) == {("released", "C3")}


def test_S2_pairs_of_users_who_were_not_asked_for_wait() -> None:
    plan = decide([link()], [EDITED_SC], [gone(sf())], users=[ANNA | {"selected": False}])
    assert (plan.actions, plan.changes) == ([], [])
    assert set(plan.ends.values()) == {("deferred", "selection")}


CLEO = ANNA | {"sc_user_id": "cleo", "sf_user_id": "005C", "synced": False}
HERS: Row = {"owner": "005C"}
CALL: Row = {"owner": "005A", "subtype": "Call"}

# what the pair knows, what is told of the deleted Salesforce record, its end, what is kept of its scope
OUT_OF_SCOPE: list[tuple[Row, Row, str, Row]] = [
    ({}, gone(sf(), **HERS), "C3", {"sf_outside": "owner"}),
    ({}, gone(sf(), owner="unknown"), "C3", {"sf_outside": "owner"}),
    ({}, gone(sf(), **CALL), "C2", {"sf_outside": "no_reminder"}),
    ({}, gone(sf(), owner="005A", is_recurrence=True), "C2", {"sf_outside": "no_reminder"}),
    ({"sf_outside": "owner"}, gone(sf()), "C3", {}),
    ({"sf_outside": "no_reminder"}, gone(sf()), "C2", {}),
    ({"sf_outside": "owner", "sf_proof": "read"}, gone(sf(), owner="005B"), "C3", {}),
    ({"sf_outside": "no_reminder", "sf_proof": "read"}, absent(sf()), "C2", {}),
    ({"sf_outside": "owner"}, absent(sf()), "C3", {}),
]


@pytest.mark.parametrize("policy", [WINS, LOSES])
@pytest.mark.parametrize("left", [sc(), EDITED_SC])
@pytest.mark.parametrize(("known", "right", "rule", "kept"), OUT_OF_SCOPE)
def test_C2_C3_a_delete_of_what_is_out_of_scope_crosses_to_nobody(
    known: Row, right: Row, rule: str, kept: Row, left: Row, policy: DeletePolicy
) -> None:
    pair = link(state="released" if known else "linked", **known)
    plan = decide([pair], [left], [right], users=[ANNA, BEN, CLEO], delete_policy=policy)
    assert (plan.actions, plan.conflicts) == ([], [])
    assert set(plan.ends.values()) == {("released", rule)}
    assert [row["state"] for row in plan.changes] == ([] if known else ["released"])
    assert plan.outside == kept


@pytest.mark.parametrize("right", [sf(), EDITED_SF])
@pytest.mark.parametrize(
    ("known", "left"),
    [
        ({}, gone(sc(), owner="cleo")),
        ({}, gone(sc(), owner="unknown")),
        ({"sc_outside": "owner"}, gone(sc())),
        ({"sc_outside": "owner"}, absent(sc())),
        ({"sc_outside": "owner", "sc_proof": "read"}, gone(sc(), owner="anna")),
    ],
)
def test_C3_a_delete_in_sales_connect_of_what_is_out_of_scope_crosses_to_nobody(
    known: Row, left: Row, right: Row
) -> None:
    plan = decide([link(**known)], [left], [right], users=[ANNA, BEN, CLEO], delete_policy=LOSES)
    assert plan.actions == []
    assert set(plan.ends.values()) == {("released", "C3")}


# what the pair knows, what is told of the deleted Salesforce record
IN_SCOPE_WHEN_DELETED: list[tuple[Row, Row]] = [
    ({}, gone(sf(), owner="005A")),
    ({}, gone(sf(), owner="005B")),
    ({"state": "released"}, gone(sf(), owner="005A")),
    ({"state": "released", "sf_proof": "read"}, gone(sf(), owner="005A")),
    ({"state": "released", "sf_proof": "read"}, absent(sf())),
    ({"state": "released", "sf_outside": "owner"}, gone(sf(), owner="005A")),
    ({"state": "released", "sf_outside": "owner"}, gone(sf(), owner="005B")),
]


@pytest.mark.parametrize(("known", "right"), IN_SCOPE_WHEN_DELETED)
def test_C1_I5_what_was_in_scope_when_it_was_deleted_is_deleted_as_ever(known: Row, right: Row) -> None:
    plan = decide([link(**known)], [sc()], [right], users=[ANNA, BEN, CLEO])
    assert plan.writes == [(SC, "delete", {})]
    assert plan.outside == ({"sf_outside": ""} if "sf_outside" in known else {})


# Sales Connect row, Salesforce row, what the pair knows already, and whether the delete waits for the listing
UNTOLD = [
    (gone(sc()), sf(), {}, True),
    (gone(sc()), sf(), {"dirty": True, "sc_proof": "read"}, True),
    (absent(sc()), sf(), {"dirty": True, "sc_proof": "read"}, True),
    (gone(sc(), owner="1"), sf(), {}, False),
    (gone(sc()), sf(), {"sc_proof": "held"}, False),
    (gone(sc()), gone(sf()), {}, False),
    (sc(), sf(), {"dirty": True}, False),
]


@pytest.mark.parametrize(("left", "right", "known", "waits"), UNTOLD)
def test_C2_C3_C5_a_delete_waits_for_the_listing_that_tells_whose_it_was(
    left: Row, right: Row, known: Row, waits: bool
) -> None:
    plan = decide([link(**known)], [left], [right], untold=[SC])
    assert (plan.ends["1"] == ("deferred", "G9")) is waits
    assert not (waits and plan.actions)
    assert decide([link(**known)], [left], [right]).ends["1"] != ("deferred", "G9")


def test_C3_a_user_who_is_off_leaves_no_trace_in_the_pair() -> None:
    """The record did not leave its owner; once she is back it counts as it was (I5)."""
    plan = decide([link()], [sc()], [gone(sf(), owner="005A")], users=[ANNA | {"synced": False}])
    assert set(plan.ends.values()) == {("released", "C3")}
    assert plan.outside == {}


@pytest.mark.parametrize("left", [gone(sc(), owner="anna"), gone(sc(), delete_cause="user_deleted")])
@pytest.mark.parametrize("right", [gone(sf(), **HERS), gone(sf(), **CALL)])
def test_C1_of_a_released_pair_that_lost_both_records_nothing_is_left_to_decide(
    left: Row, right: Row
) -> None:
    plan = decide([link(state="released")], [left], [right], users=[ANNA, CLEO])
    assert plan.actions == []
    assert [row["state"] for row in plan.changes] == ["tombstone"]


def test_C2_C3_what_was_out_of_scope_is_seen_in_scope_again() -> None:
    plan = decide([link(state="released", sf_outside="no_reminder", sc_outside="owner")], [sc()], [sf()])
    assert [row["state"] for row in plan.changes] == ["linked"]
    assert plan.outside == {"sf_outside": "", "sc_outside": ""}


@pytest.mark.parametrize(
    ("setting", "status"), [(SkippedTasks.LEAVE_OPEN, None), (SkippedTasks.COMPLETE, "Completed")]
)
def test_C4_a_skipped_task(setting: SkippedTasks, status: str | None) -> None:
    plan = decide([link()], [sc(status="skipped")], [sf()], skipped_tasks=setting)
    assert plan.writes == ([] if status is None else [(SF, "update", {"status": status})])
    assert plan.base("sc") == {"status": "skipped"}


def test_C4_reopening_in_salesforce_reopens_a_skipped_task() -> None:
    left, right = sc(status="skipped"), sf(status="Completed")
    plan = decide([link(left, right)], [left], [sf()], skipped_tasks=SkippedTasks.COMPLETE)
    assert plan.writes == [(SC, "update", {"status": "open"})]


BURIED = {"state": "tombstone", "sf_version": NOON - HOUR, "sc_title": "Our name"}


def test_C7_a_restored_task_is_created_again() -> None:
    plan = decide([link(**BURIED, generation=3)], [], [sf(title="Subject", version=NOON)])
    [action] = plan.actions
    assert (action["side"], action["op"], action["marker"]) == (SC, "create", "tb:sc:acc1:1:4")
    assert action["title"] == "Our name"
    assert plan.ends == {"T1": ("planned", "C7")}
    assert plan.new_links[0]["generation"] == 4


# what the link knows, what was staged, users
STAYS_DEAD: list[tuple[Row, Row, list[Row]]] = [
    ({}, sf(version=NOON - HOUR), [ANNA]),
    ({"sf_asked": True}, sf(version=NOON - 2 * HOUR), [ANNA]),
    ({"sf_proof": "read"}, sf(version=NOON - HOUR), [ANNA]),
    ({"sf_written_at": NOON}, sf(version=NOON), [ANNA]),
    ({}, gone(sf()), [ANNA]),
    ({}, sf(subtype="Call"), [ANNA]),
    ({}, sf(), [ANNA | {"synced": False}]),
]


@pytest.mark.parametrize(("known", "row", "users"), STAYS_DEAD)
def test_C7_a_tombstone_stays_one_through_overlap_and_replay(known: Row, row: Row, users: list[Row]) -> None:
    plan = decide([link(**BURIED | known)], [], [row], users=users)
    assert (plan.actions, plan.changes) == ([], [])
    assert plan.ends == {"T1": ("unchanged", "G1")}


@pytest.mark.parametrize("stamp", [NOON - 2 * HOUR, NOON - HOUR, NOON])
def test_C7_a_task_known_to_be_deleted_that_is_there_when_it_is_asked_for_was_restored(stamp: object) -> None:
    asked = link(**BURIED, sf_asked=True, sf_proof="read", sf_written_at=NOON)
    assert decide([asked], [], [sf(version=stamp)]).ends == {"T1": ("planned", "C7")}


def test_C7_G9_an_ended_pair_waits_until_an_older_version_is_read_by_id() -> None:
    old = sf(version=NOON - 2 * HOUR)
    assert decide([link(**BURIED, sf_proof="read")], [], [old]).ends == {"T1": ("deferred", "G9")}


def test_C7_a_restore_of_a_user_who_was_not_asked_for_waits() -> None:
    plan = decide([link(**BURIED)], [], [sf()], users=[ANNA | {"selected": False}])
    assert plan.ends == {"T1": ("deferred", "selection")}


def test_C1_a_live_sales_connect_task_does_not_wake_a_tombstone() -> None:
    plan = decide([link(**BURIED)], [EDITED_SC], [])
    assert plan.ends == {"1": ("unchanged", "G1")}


# the half of a pair whose other record never came to be: staged row, users, end, state
HALVES: list[tuple[Row, list[Row], tuple[str, str], list[str]]] = [
    (gone(sc()), [ANNA], ("unchanged", "C1"), ["tombstone"]),
    (absent(sc()), [ANNA], ("waiting", "C5"), []),
    (sc(), [ANNA | {"synced": False}], ("released", "C3"), ["released"]),
    (sc(owner="stranger"), [ANNA], ("released", "C3"), ["released"]),
    (sc(), [ANNA | {"selected": False}], ("deferred", "selection"), []),
    (sc(version=NOON - 2 * HOUR), [ANNA], ("deferred", "G9"), []),
    (gone(sc(), version=NOON - 2 * HOUR), [ANNA], ("deferred", "G9"), []),
]


@pytest.mark.parametrize(("row", "users", "end", "states"), HALVES)
def test_G2_a_pending_pair_that_is_not_created_now(
    row: Row, users: list[Row], end: tuple[str, str], states: list[str]
) -> None:
    plan = decide([link(sf_id=None, state="pending")], [row], [], users=users)
    assert plan.actions == []
    assert plan.ends == {"1": end}
    assert [change["state"] for change in plan.changes] == states


def test_G2_a_pending_pair_is_planned_again_under_the_same_marker() -> None:
    plan = decide([link(sf_id=None, state="pending", generation=2)], [EDITED_SC], [])
    assert [(row["op"], row["marker"]) for row in plan.actions] == [("create", "tb:sc:acc1:1:2")]
    assert plan.actions[0]["details"] == "new"


@pytest.mark.parametrize("state", ["pending", "linked"])
def test_C1_a_pair_of_one_record_gets_the_other_whatever_its_state(state: str) -> None:
    assert [row["op"] for row in decide([link(sf_id=None, state=state)], [sc()], []).actions] == ["create"]
    assert [row["op"] for row in decide([link(sc_id=None, state=state)], [], [sf()]).actions] == ["create"]


def test_C2_a_pending_pair_whose_task_left_the_scope_is_released() -> None:
    plan = decide([link(sc_id=None, state="pending", origin=SF)], [], [sf(subtype="Call")])
    assert plan.ends == {"T1": ("released", "C2")}
