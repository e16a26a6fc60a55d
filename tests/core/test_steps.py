"""The steps of the plan: each answers the columns that it promises, keeps the rows, and leaves its input alone."""

from __future__ import annotations

import pandas as pd
import pytest

from taskbridge.core.compare import compare
from taskbridge.core.join import join
from taskbridge.core.judge import judge
from taskbridge.core.merge import merge
from taskbridge.core.model import LINKS, PlanInput
from taskbridge.core.precedence import PRECEDENCE
from taskbridge.core.records import MARKER_PREFIX
from taskbridge.core.rerender import with_new_renderings
from taskbridge.core.rules import Rules
from taskbridge.core.terms import FIELDS, TEMPLATE_INPUTS
from tests.core import frames
from tests.core.frames import Row, absent, gone, link, sc, sf

PREFIXES = ("sc", "sf")
_SIGHTS = ("edited", "live", "broken", "deleted", "absent", "still_gone", "withdrawn")
_READ = ("remote_id", "version", "modified_at", "owner", "person")
COMPARED = {
    *LINKS.names,
    *("concerned", "outdated", "sf_reminder", "sc_with_user"),
    *(f"{prefix}_{name}" for prefix in PREFIXES for name in _SIGHTS),
    *(f"{prefix}_read_{name}" for prefix in PREFIXES for name in _READ),
    *(f"{prefix}_now_{name}" for prefix in PREFIXES for name in FIELDS),
    *(f"sc_now_{name}" for name in TEMPLATE_INPUTS),
}
JUDGED = {
    *(line.situation for line in PRECEDENCE),
    *(f"{prefix}_{name}" for prefix in PREFIXES for name in ("owner_said", "outside_now", "outside_new")),
    *("line", "case", "decision", "needs_person"),
}
_MERGED = ("to_sc", "to_sf", "for_sc", "for_sf", "changed_sc", "changed_sf")
MERGED = {
    f"{field}_{name}" for field in FIELDS for name in (*_MERGED, "contested", "winner", "turning", "outdated")
}


def pair(number: int, **values: object) -> Row:
    return link(sc(str(number)), sf(f"T{number}"), **values)


def several() -> PlanInput:
    """In step, edited, contested, deleted, missing, half, and ended; and a record in no pair on either side."""
    links = [
        *(pair(number) for number in range(5)),
        pair(5, sf_id=None, state="pending"),
        pair(6, state="tombstone"),
    ]
    lefts = [
        sc("0"),
        sc("1", title="new"),
        sc("2", details="a"),
        gone(sc("3")),
        absent(sc("4")),
        sc("5"),
        sc("7"),
    ]
    rights = [sf("T0"), sf("T1"), sf("T2", details="b"), sf("T3"), sf("T4"), sf("T6"), sf("T8")]
    return frames.given(links, lefts, rights)


@pytest.fixture
def given() -> PlanInput:
    return several()


@pytest.fixture
def rules(given: PlanInput) -> Rules:
    return Rules.of(given)


@pytest.fixture
def compared(given: PlanInput, rules: Rules) -> pd.DataFrame:
    return compare(join(given), rules)


def test_join_tells_each_record_its_pair_and_each_pair_its_records(given: PlanInput) -> None:
    joined = join(given)
    assert joined.pairs["sc_place"].tolist() == [0, 1, 2, 3, 4, 5, -1]
    assert joined.pairs["sf_place"].tolist() == [0, 1, 2, 3, 4, -1, 5]
    assert joined.sales_connect["pair"].tolist() == [0, 1, 2, 3, 4, 5, -1]
    assert joined.salesforce["pair"].tolist() == [0, 1, 2, 3, 4, 6, -1]
    assert set(joined.pairs.columns) == {*LINKS.names, "sc_place", "sf_place"}


def test_C7_join_lets_an_earlier_copy_stand_for_a_pair_that_has_ended() -> None:
    ended, alive = pair(1, state="tombstone"), pair(2)
    copies = [
        sf("old1", marker=f"{MARKER_PREFIX}{ended['link_id']}:1"),
        sf("old2", marker=f"{MARKER_PREFIX}{alive['link_id']}:1"),
    ]
    joined = join(frames.given([ended, alive], [], copies))
    assert joined.pairs["sf_place"].tolist() == [0, -1]
    assert joined.salesforce["pair"].tolist() == [0, -1]


def test_compare_answers_the_pairs_that_may_need_something(given: PlanInput, rules: Rules) -> None:
    compared = compare(join(given), rules)
    assert set(compared.columns) == COMPARED
    assert compared.index.tolist() == [1, 2, 3, 4, 5, 6], "the first pair is as its base says"
    everything = compare(join(given), rules, everything=True)
    assert everything.index.tolist() == list(range(7))
    assert everything["concerned"].tolist() == [False, True, True, True, True, True, True]


def test_judge_adds_what_it_promises(compared: pd.DataFrame, rules: Rules) -> None:
    judged = judge(compared, rules)
    assert set(judged.columns) == COMPARED | JUDGED
    assert judged.index.equals(compared.index)
    met = [PRECEDENCE[line].situation if line >= 0 else None for line in judged["line"]]
    assert met == [None, None, None, None, "half", "back"]
    assert (judged["decision"] >= 0).tolist() == [line is None for line in met]


def test_merge_adds_what_it_promises(compared: pd.DataFrame, rules: Rules) -> None:
    judged = judge(compared, rules)
    merged = merge(judged, rules)
    assert set(merged.columns) == COMPARED | JUDGED | MERGED
    assert merged.index.equals(judged.index)
    assert merged["title_to_sf"].tolist() == [True, False, False, False, False, False]
    assert merged["details_contested"].tolist() == [False, True, False, False, False, False]


@pytest.mark.parametrize("step", [judge, merge, with_new_renderings])
def test_a_step_leaves_its_input_alone(step: object, given: PlanInput, rules: Rules) -> None:
    assert callable(step)
    before = judge(compare(join(given), rules, everything=True), rules)
    copy = before.copy(deep=True)
    step(before, rules)
    pd.testing.assert_frame_equal(before, copy)


def test_no_step_changes_what_it_was_given(given: PlanInput) -> None:
    fresh = several()
    rules = Rules.of(given)
    merge(judge(compare(join(given), rules), rules), rules)
    for name in ("links", "sales_connect", "salesforce", "users"):
        pd.testing.assert_frame_equal(getattr(given, name), getattr(fresh, name))


def test_T3_only_what_needs_something_is_rendered_anew(given: PlanInput) -> None:
    rules = Rules.of(
        frames.given(users=[frames.ANNA], subject_template="{{activity_type}}: {{activity_subject}}")
    )
    anew = with_new_renderings(compare(join(given), rules, everything=True), rules)
    assert 0 in anew.index, "in step, and its Subject renders differently now"
    quiet = with_new_renderings(compare(join(given), Rules.of(given), everything=True), Rules.of(given))
    assert 0 not in quiet.index
