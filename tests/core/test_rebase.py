"""G8: which records belong together, told from the records alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from taskbridge.core.arrays import columns
from taskbridge.core.rebase import rebase
from taskbridge.core.terms import Side
from tests.core.frames import (
    ANNA,
    DUE,
    HOUR,
    NOON,
    Read,
    Row,
    absent,
    broken,
    given,
    gone,
    link,
    rows_of,
    sc,
    sf,
)

MARKED = sf(marker="tb:sc:acc1:1:1")
LONG = "x" * 31_990 + " and a tail that Salesforce never held"


def rebased(*arguments: Any, likeness: bool = True, known: list[str] | None = None, **words: Any) -> Read:
    made = given(*arguments, **words)
    names = pa.array(known, pa.string()) if known is not None else columns(made.links)["link_id"]
    plan = rebase(made, names, likeness=likeness)
    read = Read(plan)
    assert read.actions == read.conflicts == []
    assert len(read.ends) == len(made.sales_connect) + len(made.salesforce), "every row ends once (G5)"
    read.left_out = rows_of(plan.left_out)  # type: ignore[attr-defined]
    return read


def found(read: Read) -> list[tuple[Any, ...]]:
    return [
        (row["link_id"], row["origin"], row["generation"], row["sc_id"], row["sf_id"])
        for row in read.new_links
    ]


def codes(read: Read) -> set[str]:
    return {row["code"] for row in read.left_out}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (sc(), MARKED, ("sc:acc1:1", "sales_connect", 1, "1", "T1")),
        (sc(marker="tb:sf:00D1:T1:3"), sf(), ("sf:00D1:T1", "salesforce", 3, "1", "T1")),
        (sc(), sf(), ("sc:acc1:1", "sales_connect", 1, "1", "T1")),
        (sc(), sf(created_at=NOON - 2 * HOUR), ("sf:00D1:T1", "salesforce", 1, "1", "T1")),
    ],
)
def test_G8_a_pair_is_found_by_its_marker_or_else_by_likeness(
    left: Row, right: Row, expected: object
) -> None:
    read = rebased([], [left], [right])
    assert found(read) == [expected]
    assert {row["state"] for row in read.changes} == {"linked"}
    assert read.base("sc")["title"] == "Call Ann"
    assert set(read.ends.values()) == {("unchanged", "G1")}
    assert codes(read) == set()


@pytest.mark.parametrize(
    "values",
    [
        {"title": "Call Anna"},
        {"due_date": DUE + timedelta(days=1)},
        {"due_date": None},
        {"details": None},
        {"priority": "High"},
        {"status": "In Progress"},
        {"owner": "005B"},
        {"owner": "005X"},
        {"subtype": "Call"},
        {"is_recurrence": True},
        {"marker": "tb:sc:other:1:1"},
    ],
)
def test_G8_likeness_means_everything(values: Row) -> None:
    assert found(rebased([], [sc()], [sf(**values)])) == []


@pytest.mark.parametrize("likeness", [True, False])
def test_G8_likeness_is_for_an_empty_ledger(likeness: bool) -> None:
    assert len(found(rebased([], [sc()], [sf()], likeness=likeness))) == likeness


def test_G8_likeness_has_to_be_unique_on_both_sides() -> None:
    read = rebased([], [sc("1"), sc("2"), sc("3", title="other")], [sf("T1"), sf("T3", title="other")])
    assert [row[3:] for row in found(read)] == [("3", "T3")]
    assert codes(read) == {"SEVERAL_ALIKE"}
    assert read.ends["1"] == read.ends["T1"] == ("held", "G2")
    assert codes(rebased([], [sc("1"), sc("2")], [])) == set(), "two alike on one side alone concern nobody"


def test_G8_likeness_goes_through_template_and_vocabulary() -> None:
    left = sc(title="Ann", type="call", status="complete", priority="high", details=LONG)
    right = sf(title="Call: Ann", status="Completed", priority="High", details=LONG[:32_000].rstrip())
    assert found(rebased([], [left], [right], subject_template="{{activity_type}}: {{activity_subject}}"))


def test_G8_a_generation_that_followed_a_restore_or_an_edit_is_the_one_that_counts() -> None:
    again = rebased(
        [],
        [gone(sc("1")), sc("9", marker="tb:sc:acc1:1:2")],
        [MARKED],
    )
    assert found(again) == [("sc:acc1:1", "sales_connect", 2, "9", "T1")]
    assert codes(again) == set()
    older = rebased([], [sc("1"), sc("9", marker="tb:sc:acc1:1:2")], [MARKED])
    assert found(older) == []
    assert codes(older) == {"OLDER_LIVE"}


@pytest.mark.parametrize(
    ("lefts", "rights", "code"),
    [
        ([sc()], [MARKED, sf("T2", marker="tb:sc:acc1:1:1")], "MARKER_TWICE"),
        ([sc()], [MARKED, gone(sf("T2"), marker="tb:sc:acc1:1:1")], "MARKER_TWICE"),
        ([sc()], [sf(marker="tb:sc:acc2:1:1")], "MARKER_FOREIGN"),
        ([sc(marker="tb:sf:00D2:T1:1")], [sf()], "MARKER_FOREIGN"),
        ([sc()], [sf(marker="tb:what is this")], "MARKER_FOREIGN"),
        ([sc("9", marker="tb:sc:acc1:1:2")], [], "ORIGINAL_ONLY"),
        ([sc(), sc("2", marker="tb:sf:00D1:T1:1")], [MARKED], "ORIGINAL_TAKEN"),
    ],
)
def test_G2_G8_what_is_ambiguous_is_named_and_left_alone(
    lefts: list[Row], rights: list[Row], code: str
) -> None:
    read = rebased([], lefts, rights)
    assert found(read) == []
    assert codes(read) == {code}
    assert all(row["reason"] for row in read.left_out)  # type: ignore[attr-defined]


def test_G8_pairs_that_the_ledger_knows_stay_as_they_are() -> None:
    read = rebased([link()], [sc(details="edited")], [MARKED | {"details": "edited too"}])
    assert found(read) == []
    assert read.changes == []
    assert set(read.ends.values()) == {("deferred", "selection")}, "to settling they were not seen at all"
    assert codes(rebased([], [sc()], [MARKED], known=["sc:acc1:1"], likeness=False)) == {"MARKER_TAKEN"}


@pytest.mark.parametrize(
    ("left", "right", "state", "end"),
    [
        (gone(sc()), MARKED, "held", ("held", "C6")),
        (sc(), gone(MARKED, marker="tb:sc:acc1:1:1"), "held", ("held", "C6")),
        (absent(sc()), MARKED, "missing", ("waiting", "C5")),
        (None, MARKED, "missing", ("waiting", "C5")),
        (gone(sc()), gone(MARKED, marker="tb:sc:acc1:1:1"), "tombstone", ("unchanged", "C1")),
        (None, gone(MARKED, marker="tb:sc:acc1:1:1"), "tombstone", ("unchanged", "C1")),
    ],
)
def test_G8_C5_C6_without_two_live_records_nothing_is_concluded(
    left: Row | None, right: Row, state: str, end: object
) -> None:
    read = rebased([], [] if left is None else [left], [right])
    assert [row[3:] for row in found(read)] == [("1", "T1")]
    assert [row["state"] for row in read.changes] == [state]
    assert set(read.ends.values()) == {end}
    if state in ("held", "missing"):
        assert read.base("sc")["owner"] == "anna", "whose task it was, so that somebody is asked (C3)"
        assert read.base("sf")["owner"] == "005A"


def test_G8_K3_a_field_that_differs_has_no_base_and_the_title_always_has() -> None:
    left = sc(title="renamed", details="mine", status="complete")
    right = MARKED | {"title": "typed", "details": "theirs", "status": "In Progress"}
    read = rebased([], [left], [right])
    assert (read.base("sc")["details"], read.base("sf")["details"]) == (None, None)
    assert (read.base("sc")["title"], read.base("sf")["title"]) == ("renamed", "typed"), "T3"
    assert (read.base("sc")["status"], read.base("sf")["status"]) == ("complete", "In Progress"), "F6"
    assert set(read.ends.values()) == {("deferred", "G8")}, "so the next run reads and decides them"


def test_G4_G8_a_record_that_cannot_be_understood_waits() -> None:
    read = rebased([], [broken(sc())], [MARKED])
    assert read.ends["1"] == ("dead_letter", "G4")
    assert [row["state"] for row in read.changes] == ["missing"]


def test_G8_what_takes_no_part_is_left_alone() -> None:
    off = ANNA | {"synced": False}
    assert found(rebased([], [sc()], [sf()], users=[off])) == []
    marked = rebased([], [sc()], [MARKED], users=[off])
    assert len(found(marked)) == 1, "a pair is a pair, whoever owns it"
    assert {side.value for side in Side} == {row["side"] for row in marked.dispositions}
