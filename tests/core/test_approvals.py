"""G3: what is held waits for a person, and the answer is carried out on exactly what the person saw."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from taskbridge.core.policy import Limits
from taskbridge.core.terms import FIELDS
from tests.core.frames import (
    DAY,
    NOON,
    Read,
    Row,
    absent,
    approval_rows,
    decide,
    gone,
    link,
    many,
    sc,
    sf,
    written,
)

SC, SF = "sales_connect", "salesforce"
NOTHING = Limits(count=0, share=0, user_count=0, user_share=0)
DATE = date(2026, 6, 1)

# what happened to a pair, and the kind that it is held as
EFFECTS: list[tuple[str, list[Row], list[Row], list[Row]]] = [
    ("complete", [link()], [sc(status="complete")], [sf()]),
    ("owner", [link()], [sc(owner="ben")], [sf()]),
    ("due_date", [link()], [sc()], [sf(due_date=DATE)]),
    ("delete", [link()], [gone(sc())], [sf()]),
    ("create", [link(sf_id=None, state="pending")], [sc()], []),
]
BY_KIND = {kind: rows for kind, *rows in EFFECTS}


def asked(kind: str, **values: Any) -> list[Row]:
    """The request for that effect, as it was held."""
    held = decide(*BY_KIND[kind], limits=NOTHING)
    return [row for action in held.actions for row in approval_rows(action, **values)]


def answered(kind: str, answer: str | None, rows: Any = None, **values: Any) -> Read:
    """The plan when that effect was asked for and answered, though the limits allow nothing."""
    asks = asked(kind, answer=answer, **values)
    return decide(*(rows or BY_KIND[kind]), limits=NOTHING, approvals=asks)


@pytest.mark.parametrize("kind", BY_KIND)
def test_G3_a_held_effect_asks_for_an_approval_of_its_kind(kind: str) -> None:
    [action] = decide(*BY_KIND[kind], limits=NOTHING).actions
    assert (action["state"], action["asks"], action["approval_id"]) == ("held", kind, None)


@pytest.mark.parametrize("kind", BY_KIND)
def test_G3_what_waits_for_an_answer_is_held_also_when_it_fits_the_limits(kind: str) -> None:
    plan = decide(*BY_KIND[kind], approvals=asked(kind, approval_id=7))
    [action] = plan.actions
    assert (action["state"], action["asks"], action["approval_id"]) == ("held", kind, 7)
    assert set(plan.ends.values()) == {("held", "G3")}


@pytest.mark.parametrize("kind", BY_KIND)
def test_G3_what_was_approved_is_written_above_the_limits_and_counts_for_nothing(kind: str) -> None:
    plan = answered(kind, "approved", approval_id=7)
    [action] = plan.actions
    assert (action["state"], action["asks"], action["approval_id"]) == ("planned", None, 7)
    assert action["kind"] is None
    assert [(row["seq"], row["end"]) for row in plan.answered] == [(action["seq"], None)]
    assert [row["seq"] for row in plan.changes] == [action["seq"]]
    assert {end for end, _ in plan.ends.values()} == {"planned"}


@pytest.mark.parametrize(
    ("kind", "field"), [("complete", "status"), ("owner", "owner"), ("due_date", "due_date")]
)
def test_G3_rejecting_a_change_makes_both_present_values_the_base(kind: str, field: str) -> None:
    plan = answered(kind, "rejected")
    _, [left], [right] = BY_KIND[kind]
    assert plan.actions == []
    assert (plan.base("sc"), plan.base("sf")) == ({field: left[field]}, {field: right[field]})
    assert [row["seq"] for row in plan.changes] == [None]
    assert set(plan.ends.values()) == {("unchanged", "rejected")}
    assert [row["end"] for row in plan.answered] == ["rejected"]


def test_G3_rejecting_a_delete_releases_the_pair() -> None:
    plan = answered("delete", "rejected")
    assert plan.actions == []
    assert [(row["seq"], row["state"], row["withheld"]) for row in plan.changes] == [
        (None, "released", "rejected")
    ]
    assert set(plan.ends.values()) == {("released", "rejected")}


def test_G3_rejecting_a_create_releases_the_original_with_its_values_as_base() -> None:
    plan = answered("create", "rejected")
    assert (plan.actions, plan.new_links) == ([], [])
    [change] = plan.changes
    assert (change["state"], change["withheld"], change["seq"]) == ("released", "rejected", None)
    assert plan.base("sc")["title"] == "Call Ann"
    assert (plan.base("sf"), change["inputs"], change["sc_type"]) == ({}, True, "custom")
    assert set(plan.ends.values()) == {("released", "rejected")}


def test_G3_rejecting_an_import_makes_what_salesforce_holds_the_base() -> None:
    rows: tuple[list[Row], list[Row], list[Row]] = ([link(sc_id=None, state="pending")], [], [sf()])
    [held] = decide(*rows, limits=NOTHING).actions
    plan = decide(*rows, limits=NOTHING, approvals=approval_rows(held, answer="rejected"))
    assert plan.actions == []
    [change] = plan.changes
    assert (change["state"], change["withheld"], change["inputs"]) == ("released", "rejected", False)
    assert plan.base("sf") == {name: sf()[name] for name in FIELDS}
    assert plan.base("sc") == {}


# Completed in Sales Connect, put off in Salesforce hours before: the later edit wins
PUT_OFF = ([link()], [sc(status="complete", modified_at=NOON + DAY)], [sf(status="Deferred")])
MOVES = [
    ("complete", PUT_OFF, "MOVED"),
    ("complete", ([link()], [sc(status="complete")], [sf(status="Completed")]), "NO_LONGER_PLANNED"),
    ("due_date", ([link()], [sc()], [sf(due_date=None)]), "MOVED"),
    ("owner", ([link()], [sc()], [sf()]), "NO_LONGER_PLANNED"),
    ("delete", ([link()], [gone(sc())], [sf(details="edited since")]), "MOVED"),
    ("delete", ([link()], [gone(sc())], [gone(sf())]), "NO_LONGER_PLANNED"),
    ("create", ([link(sf_id=None, state="pending")], [sc(title="Call Bob")], []), "MOVED"),
    ("create", ([link(sf_id=None, state="pending")], [], []), "NO_LONGER_PLANNED"),
]


@pytest.mark.parametrize("answer", ["approved", "rejected"])
@pytest.mark.parametrize(("kind", "now", "code"), MOVES)
def test_G3_a_row_that_moved_is_left_out_and_named(kind: str, now: Any, code: str, answer: str) -> None:
    plan = answered(kind, answer, now)
    assert {row["state"] for row in plan.actions} <= {"held"}
    [left] = plan.left_out
    assert (left["code"], left["link_id"]) == (code, "sc:acc1:1")
    assert [(row["seq"], row["end"], row["reason"]) for row in plan.answered] == [
        (None, "left_out", left["reason"])
    ]
    assert all(row["withheld"] is None for row in plan.changes)


def test_G3_what_moved_stays_held_and_is_asked_for_anew_though_it_fits_the_limits() -> None:
    for answer, number in (("approved", 1), ("rejected", 1), (None, 1), (None, None)):
        plan = decide(*PUT_OFF, approvals=asked("complete", answer=answer, approval_id=number))
        [action] = plan.actions
        assert (action["state"], action["asks"], action["approval_id"]) == ("held", "complete", None)


def test_G3_what_was_left_out_and_moved_back_is_asked_for_anew() -> None:
    plan = decide(*BY_KIND["complete"], approvals=asked("complete", approval_id=None))
    [action] = plan.actions
    assert (action["state"], action["asks"], action["approval_id"]) == ("held", "complete", None)


def test_G3_the_reason_says_what_was_seen_and_what_is_there_now() -> None:
    [left] = answered("complete", "approved", PUT_OFF).left_out
    assert left["reason"] == "the present status was Not Started, is now Deferred"
    assert (left["field"], left["side"]) == ("status", SF)
    renamed = ([link(sf_id=None, state="pending")], [sc(title="New", due_date=None)], [])
    [left] = answered("create", "approved", renamed).left_out
    assert (
        left["reason"]
        == "the new title was Call Ann, is now New; the new due_date was 2026-03-09, is now (empty)"
    )
    [left] = answered("owner", "approved", ([link()], [sc()], [sf()])).left_out
    assert left["reason"] == "nothing of the kind is planned any more: the pair ended as unchanged by G1"
    [left] = answered("owner", "approved", ([], [], [])).left_out
    assert left["reason"].endswith("the pair was not read")


def test_G3_only_the_answered_rows_of_a_pair_are_released() -> None:
    rows = ([link()], [sc(status="complete", due_date=None, details="new")], [sf()])
    plan = decide(*rows, limits=NOTHING, approvals=asked("complete", answer="approved"))
    assert [(row["state"], written(row)) for row in plan.actions] == [
        ("planned", {"status": "Completed", "details": "new"}),
        ("held", {"due_date": None}),
    ]
    assert set(plan.ends.values()) == {("held", "G3")}


def test_G3_a_rejected_field_leaves_the_other_fields_to_be_written() -> None:
    rows = ([link()], [sc(status="complete", details="new")], [sf()])
    plan = decide(*rows, limits=NOTHING, approvals=asked("complete", answer="rejected"))
    assert plan.writes == [(SF, "update", {"details": "new"})]
    assert plan.base("sc") == {"details": "new", "status": "complete"}
    assert plan.base("sf") == {"details": "new", "status": "Not Started"}
    assert set(plan.ends.values()) == {("planned", "C1")}


@pytest.mark.parametrize("answer", [None, "approved", "rejected"])
def test_G3_while_a_request_is_open_what_is_of_no_kind_goes_on(answer: str | None) -> None:
    plan = decide([link()], [sc(details="new")], [sf()], approvals=asked("delete", answer=answer))
    [action] = plan.actions
    assert (action["state"], action["details"], action["kind"], action["approval_id"]) == (
        "planned",
        "new",
        None,
        None,
    )


def test_G3_approved_rows_do_not_make_room_for_others() -> None:
    links, lefts, rights = many(5)
    done = [row | {"status": "complete"} for row in lefts]
    limits = Limits(count=3, user_count=3, share=0, user_share=0)
    held = decide(links, done, rights, limits=limits)
    approvals = [row for number, action in enumerate(held.actions[:2])
                 for row in approval_rows(action, row_id=number, answer="approved")]  # fmt: skip
    plan = decide(links, done, rights, limits=limits, approvals=approvals)
    assert [row["state"] for row in plan.actions] == ["planned"] * 5, "two approved, three within the limit"
    history = [{"kind": "complete", "sc_user_id": "anna", "within_hour": 1, "within_day": 1}]
    plan = decide(links, done, rights, limits=limits, approvals=approvals, history=history)
    assert [row["state"] for row in plan.actions] == ["planned", "planned", "held", "held", "held"]


@pytest.mark.parametrize(
    ("answer", "end"), [("approved", ("planned", "G3")), ("rejected", ("released", "rejected"))]
)
def test_I4_a_delete_that_is_held_for_its_age_can_be_answered(answer: str, end: tuple[str, str]) -> None:
    rows = ([link(sf_version=None)], [sc()], [gone(sf(), version=NOON.replace(year=2025))])
    [held] = decide(*rows).actions
    assert (held["asks"], held["rule"]) == ("delete", "I4")
    plan = decide(*rows, approvals=approval_rows(held, answer=answer))
    assert [row["state"] for row in plan.actions] == (["planned"] if answer == "approved" else [])
    assert set(plan.ends.values()) == {end}


# how a pair looks after a gap in Salesforce (C6), the rules of its held delete, the kind that asks
GAPS = [
    ([link(state="held", dirty=True)], [sc()], [gone(sf(), version=None)], "C6", "delete"),
    ([link(state="held", dirty=True)], [sc()], [absent(sf())], "C5,C6", "missing"),
]


@pytest.mark.parametrize(("links", "lefts", "rights", "rule", "kind"), GAPS)
def test_C6_what_is_gone_after_a_gap_can_be_answered(
    links: list[Row], lefts: list[Row], rights: list[Row], rule: str, kind: str
) -> None:
    rows = (links, lefts, rights)
    [held] = decide(*rows).actions
    assert (held["state"], held["rule"], held["asks"]) == ("held", rule, kind)
    approved = decide(*rows, approvals=approval_rows(held, answer="approved"))
    assert approved.writes == [(SC, "delete", {})]
    assert approved.actions[0]["state"] == "planned"
    rejected = decide(*rows, approvals=approval_rows(held, answer="rejected"))
    assert rejected.actions == []
    assert (rejected.changes[-1]["state"], rejected.changes[-1]["withheld"]) == ("released", "rejected")


@pytest.mark.parametrize(
    ("proof", "days", "end"),
    [
        ("held", 1, ("planned", "C1")),
        ("held", 16, ("planned", "C1")),
        ("held_too_old", 16, ("held", "I4")),
        ("read", 1, ("planned", "C1")),
        ("read", 16, ("held", "I4")),
        (None, 1, ("waiting", "C5")),
    ],
)
def test_C5_I4_a_delete_that_was_proven_once_needs_no_second_proof(
    proof: str | None, days: int, end: tuple[str, str]
) -> None:
    """It is as old as the run found that held it; one that no run could decide is as old as it is by now."""
    pair = link(dirty=True, sf_proof=proof, sf_version=NOON - DAY * days)
    plan = decide([pair], [sc()], [absent(sf())])
    assert set(plan.ends.values()) == {end}


def test_T3_subjects_made_anew_are_of_a_kind_of_their_own() -> None:
    rows = ([link()], [sc(details="new")], [sf()])
    template = {"subject_template": "TB: {{activity_subject}}"}
    assert decide(*rows, **template).writes == [(SF, "update", {"details": "new"})]
    anew = decide(*rows, rerender=True, **template)
    assert anew.writes == [(SF, "update", {"title": "TB: Call Ann", "details": "new"})]
    assert anew.actions[0]["kind"] == "subject"
    held = decide(*rows, rerender=True, limits=NOTHING, **template)
    assert [(row["state"], row["asks"], written(row)) for row in held.actions] == [
        ("planned", None, {"details": "new"}),
        ("held", "subject", {"title": "TB: Call Ann"}),
    ]
    approvals = approval_rows(held.actions[1], answer="approved")
    approved = decide(*rows, rerender=True, limits=NOTHING, approvals=approvals, **template)
    assert approved.writes == anew.writes


def test_T3_a_rendering_that_nobody_has_seen_is_asked_for_anew() -> None:
    template = {"subject_template": "TB: {{activity_subject}}"}
    held = decide([link()], [sc()], [sf()], rerender=True, **template).actions[0]
    approvals = approval_rows(held, answer="approved")
    plan = decide([link()], [sc(title="Call Bob")], [sf()], rerender=True, approvals=approvals, **template)
    assert [(row["state"], row["asks"], row["approval_id"]) for row in plan.actions] == [
        ("held", "subject", None)
    ]
    assert [row["code"] for row in plan.left_out] == ["MOVED"]


def test_T3_a_rejected_subject_stays_as_it_is() -> None:
    rows = ([link()], [sc()], [sf()])
    template = {"subject_template": "TB: {{activity_subject}}"}
    [held] = decide(*rows, rerender=True, **template).actions
    plan = decide(*rows, rerender=True, approvals=approval_rows(held, answer="rejected"), **template)
    assert plan.actions == []
    assert (plan.base("sc"), plan.base("sf")) == ({"title": "Call Ann"}, {"title": "Call Ann"})


def test_C5_an_unproven_delete_never_counts_as_one_that_was_asked_for_with_proof() -> None:
    plan = decide(
        [link(state="missing", dirty=True)],
        [sc()],
        [absent(sf())],
        approvals=asked("delete", answer="approved"),
    )
    assert plan.actions == []
    assert [row["code"] for row in plan.left_out] == ["NO_LONGER_PLANNED"]
