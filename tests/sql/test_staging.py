"""Staging: what stays of several sights of one record, and what has to be read besides (C5, G9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest

from taskbridge.core.model import TASKS
from taskbridge.core.run import Run
from taskbridge.core.terms import LinkState, Side
from taskbridge.store import Ledger
from tests.sql.rows import (
    SC,
    SF,
    action,
    at,
    change,
    end,
    gone,
    linked,
    new_link,
    one,
    open_run,
    outcome,
    page,
    plan,
    query,
    see,
    task,
    write,
)

EVERY_KIND: dict[str, Any] = {
    "title": "=cmd|' /C calc'!A0, \"quoted\"; \\N",
    "details": "one\ntwo\n\\.\nthree\ttab \\ back",
    "due_date": date(2026, 2, 28),
    "marker": "",
    "person": "003\U0001f600",
}


@pytest.mark.parametrize("side", list(Side))
def test_values_come_back_exactly(side: Side, ledger: Ledger, database_url: str) -> None:
    extra: dict[str, Any] = (
        {"type": "Call", "campaign_name": "Spring", "campaign_day": "3", "delete_cause": "user_deleted"}
        if side is SC
        else {"subtype": "Task", "is_closed": True, "is_recurrence": False, "completed_at": at(-5)}
    )
    given = page(
        side,
        task(side, "1", **EVERY_KIND, **extra),
        task(side, "2", details="no line of its own: \\."),
        {"remote_id": "3", "presence": "live", "problem_code": "BAD_DATE", "problem_message": "31 February",
         "payload": '{"due": "2026-02-31", "text": "\\u0000"}'},
        gone("4", "absent", None),
    )  # fmt: skip
    run = open_run(ledger)
    assert ledger.staging.stage(run, side, given, "delta") == 4
    back = ledger.staging.staged(run, side)
    pd.testing.assert_frame_equal(back, given.assign(payload=given["payload"].where(given["payload"].isna())))
    kept = query(
        database_url, f"SELECT remote_id, payload::text FROM staging.{side}_task WHERE payload IS NOT NULL"
    )
    assert kept == [{"remote_id": "3", "payload": given["payload"][2]}]
    assert [str(kind) for kind in back.dtypes] == [str(pd.ArrowDtype(field.type)) for field in TASKS[side]]


def test_text_that_no_csv_of_an_older_server_holds_takes_the_same_way(ledger: Ledger) -> None:
    """A line of backslash and dot ends a CSV stream before PostgreSQL 18, so such pages are sent as rows."""
    run = open_run(ledger)
    given = page(SF, task(SF, "1", details="\\.\nnext", is_closed=None), task(SF, "2", title=""))
    ledger.staging.stage(run, SF, given, "delta")
    pd.testing.assert_frame_equal(ledger.staging.staged(run, SF), given)


def test_an_empty_page_is_nothing(ledger: Ledger) -> None:
    run = open_run(ledger)
    assert ledger.staging.stage(run, SC, page(SC), "delta") == 0
    empty = ledger.staging.staged(run, SC)
    assert empty.empty
    assert list(empty.columns) == TASKS[SC].names


def test_runs_do_not_see_each_others_rows(ledger: Ledger) -> None:
    first = open_run(ledger)
    ledger.staging.stage(first, SC, page(SC, task(SC, "1")), "delta")
    assert ledger.staging.staged(open_run(ledger), SC).empty


LIVE, LATER = task(SC, "1", title="first"), task(SC, "1", title="second", version=at(1))
SAME, EARLIER = task(SC, "1", title="same"), task(SC, "1", title="earlier", version=at(-1))
DELETED, ABSENT = gone("1"), gone("1", "absent", None)
SIGHTS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("the newer version stays", LIVE, LATER, "second"),
    ("an older version does not replace", LIVE, EARLIER, "first"),
    ("the same version read again does", LIVE, SAME, "same"),
    ("a delete replaces a live row of the same version", LIVE, DELETED, "deleted"),
    ("a delete replaces an older live row", EARLIER, DELETED, "deleted"),
    ("a delete does not replace a newer live row", LATER, DELETED, "second"),
    ("a delete stays against the same version", DELETED, LIVE, "deleted"),
    ("a delete stays against an older version", DELETED, EARLIER, "deleted"),
    ("a newer live row replaces a delete (C7)", DELETED, LATER, "second"),
    ("a delete without a stamp stays", gone("1", version=None), LATER, "deleted"),
    ("absent replaces a live row", LIVE, ABSENT, "absent"),
    ("absent never replaces a delete", DELETED, ABSENT, "deleted"),
    ("a live row replaces absent", ABSENT, EARLIER, "earlier"),
    ("a delete replaces absent", ABSENT, DELETED, "deleted"),
]


@pytest.mark.parametrize(
    ("first", "second", "stays"), [row[1:] for row in SIGHTS], ids=[row[0] for row in SIGHTS]
)
def test_of_two_sights_one_stays(
    first: dict[str, Any], second: dict[str, Any], stays: str, ledger: Ledger
) -> None:
    run = open_run(ledger)
    ledger.staging.stage(run, SC, page(SC, first), "delta")
    ledger.staging.stage(run, SC, page(SC, second), "delta")
    assert _seen(ledger, run) == stays


@pytest.mark.parametrize(
    ("first", "second", "stays"),
    [
        (LIVE, LATER, "second"),
        (LIVE, DELETED, "deleted"),
        (LATER, DELETED, "second"),
        (LATER, gone("1", version=None), "deleted"),
        (LIVE, ABSENT, "first"),
        (DELETED, ABSENT, "deleted"),
    ],
)
def test_of_two_sights_in_one_page_one_stays_in_either_order(
    first: dict[str, Any], second: dict[str, Any], stays: str, ledger: Ledger
) -> None:
    for lot in ([first, second], [second, first]):
        run = open_run(ledger)
        assert ledger.staging.stage(run, SC, page(SC, *lot), "delta") == 2
        assert _seen(ledger, run) == stays


def _seen(ledger: Ledger, run: Run) -> str:
    (row,) = ledger.staging.staged(run, SC).to_dict("records")
    return str(row["title"] if row["presence"] == "live" else row["presence"])


def test_a_record_staged_again_is_to_be_decided_again(ledger: Ledger, database_url: str) -> None:
    run = open_run(ledger)
    ledger.staging.stage(run, SC, page(SC, task(SC, "1")), "delta")
    ledger.plans.save_plan(run, plan(ends=[end(SC, "1", "ignored", rule="I2")]))
    ledger.staging.stage(run, SC, page(SC, task(SC, "1", version=at(1))), "delta")
    row = one(database_url, "SELECT disposition, rule FROM staging.sales_connect_task")
    assert row == {"disposition": None, "rule": None}


# ids_to_read


def _ids(ledger: Ledger, run: Run) -> dict[str, list[str]]:
    return {side.prefix: list(found["remote_id"]) for side, found in ledger.staging.ids_to_read(run).items()}


def _set(url: str, link_id: str, assignment: str) -> None:
    query(url, f"UPDATE bridge.link SET {assignment} WHERE link_id = %s", link_id)


def test_nothing_is_read_of_clean_pairs(ledger: Ledger) -> None:
    linked(ledger)
    assert _ids(ledger, open_run(ledger, at(2))) == {"sc": [], "sf": []}


def test_both_records_of_a_dirty_pair_are_read_once(ledger: Ledger, database_url: str) -> None:
    _set(database_url, linked(ledger), "dirty = true")
    run = open_run(ledger, at(2))
    ledger.staging.stage(run, SC, page(SC, task(SC, "1", version=at(2))), "delta")
    assert _ids(ledger, run) == {"sc": ["1"], "sf": ["00T1"]}
    ledger.staging.stage(run, SC, page(SC, task(SC, "1", version=at(1))), "by_id")
    assert _ids(ledger, run) == {"sc": [], "sf": ["00T1"]}
    assert ledger.staging.staged(run, SC)["version"].tolist() == [at(1)], (
        "a look-up comes after every listing"
    )


@pytest.mark.parametrize("side", [SC, SF])
@pytest.mark.parametrize("look_up", ["by_id", "sweep"])
def test_G9_what_was_read_by_id_is_the_present_whatever_its_stamp_says(
    side: Side, look_up: str, ledger: Ledger
) -> None:
    run = open_run(ledger, at(9))
    found = [
        gone("live"),
        gone("undated"),
        task(side, "gone", version=at(5)),
        task(side, "hidden", version=at(5)),
    ]
    ledger.staging.stage(
        run, side, page(side, *found, task(side, "edited", title="listed", version=at(5))), "delta"
    )
    now = [
        task(side, "live", version=at(-5)),
        gone("undated", version=None),
        gone("gone", version=at(-5)),
        gone("hidden", "absent", None),
        task(side, "edited", title="now", version=at(-5)),
    ]
    ledger.staging.stage(run, side, page(side, *now), look_up)
    told = ledger.staging.staged(run, side).set_index("remote_id")
    seen = dict(zip(told.index, zip(told["presence"], told["version"], strict=True), strict=True))
    assert told["title"]["edited"] == "now"
    assert [seen[name] for name in ("live", "undated", "gone")] == [
        ("live", at(-5)),
        ("deleted", at(0)),
        ("deleted", at(-5)),
    ]
    assert seen["hidden"][0] == "absent"


@pytest.mark.parametrize("side", [SC, SF])
def test_G9_both_records_of_a_pair_are_read_when_a_listing_shows_an_older_version(
    side: Side, ledger: Ledger
) -> None:
    linked(ledger)
    run = open_run(ledger, at(2))
    remote_id = "1" if side is SC else "00T1"
    ledger.staging.stage(run, side, page(side, task(side, remote_id, version=at(0))), "delta")
    assert _ids(ledger, run) == {"sc": [], "sf": []}
    run = open_run(ledger, at(3))
    ledger.staging.stage(run, side, page(side, task(side, remote_id, version=at(-1))), "delta")
    assert _ids(ledger, run) == {"sc": ["1"], "sf": ["00T1"]}
    ledger.staging.stage(run, side, page(side, task(side, remote_id, version=at(-1))), "by_id")
    asked = ledger.plans.links(run).iloc[0]
    assert (bool(asked["sc_asked"]), bool(asked["sf_asked"])) == (side is SC, side is SF)


def test_C7_an_ended_pair_is_read_when_its_deleted_record_is_listed_live(
    ledger: Ledger, database_url: str
) -> None:
    _set(database_url, linked(ledger), "state = 'tombstone'")
    run = open_run(ledger, at(2))
    ledger.staging.stage(run, SF, page(SF, task(SF, "00T1", version=at(0))), "delta")
    assert _ids(ledger, run)["sf"] == []
    _set(database_url, "sc:acc:1", "sf_deleted_id = sf_id")
    assert _ids(ledger, run)["sf"] == ["00T1"]


@pytest.mark.parametrize("state", ["released", "missing", "held"])
def test_a_pair_out_of_step_is_read_when_one_of_its_records_shows(
    state: str, ledger: Ledger, database_url: str
) -> None:
    _set(database_url, linked(ledger), f"state = '{state}'")
    run = open_run(ledger, at(2))
    assert _ids(ledger, run) == {"sc": [], "sf": []}
    ledger.staging.stage(run, SF, page(SF, task(SF, "00T1", version=at(2))), "delta")
    assert _ids(ledger, run) == {"sc": ["1"], "sf": ["00T1"]}


def test_of_a_pending_pair_the_origin_is_read(ledger: Ledger) -> None:
    run = open_run(ledger)
    ledger.staging.stage(run, SF, page(SF, task(SF, "00T9")), "delta")
    link_id = "sf:org:00T9"
    ledger.plans.save_plan(
        run,
        plan([action(0, link_id, SC, "create")], links=[new_link(link_id, sf_id="00T9")],
             ends=[end(SF, "00T9", "planned", link_id)]),
    )  # fmt: skip
    assert _ids(ledger, open_run(ledger, at(1))) == {"sc": [], "sf": ["00T9"]}


def test_a_write_that_no_read_has_confirmed_is_looked_at(ledger: Ledger) -> None:
    link_id = linked(ledger)
    run = open_run(ledger, at(2))
    ledger.staging.stage(run, SC, page(SC, task(SC, "1", title="New", version=at(2))), "delta")
    ledger.plans.save_plan(
        run,
        plan([action(0, link_id, SF, "update", remote_id="00T1", mask=1, title="New")],
             [change(link_id, 0, sc_mask=1, sc_title="New", sf_mask=1, sf_title="New")],
             ends=[end(SC, "1", "planned", link_id)]),
    )  # fmt: skip
    write(ledger, run, SF, outcome(f"{run.run_id}-0", "done", written_at=at(2)))
    ledger.links.settle(run, {}, final=False)
    later = open_run(ledger, at(3))
    assert _ids(ledger, later) == {"sc": [], "sf": ["00T1"]}
    ledger.staging.stage(later, SF, page(SF, task(SF, "00T1", title="New", version=at(2))), "delta")
    assert _ids(ledger, later) == {"sc": [], "sf": []}


def test_a_parked_pair_rests_until_it_is_due_or_moves(
    open_ledger: Callable[..., Ledger], database_url: str
) -> None:
    ledger = open_ledger()
    link_id = linked(ledger)
    run = open_run(ledger, at(2))
    ledger.staging.stage(run, SC, page(SC, task(SC, "1", title="New", version=at(2))), "delta")
    ledger.plans.save_plan(
        run,
        plan([action(0, link_id, SF, "update", remote_id="00T1", mask=1, title="New")],
             ends=[end(SC, "1", "planned", link_id)]),
    )  # fmt: skip
    write(ledger, run, SF, outcome(f"{run.run_id}-0", "rejected", code="STRING_TOO_LONG"))
    ledger.links.settle(run, {}, final=False)

    resting = open_run(ledger, at(3))
    ledger.staging.stage(resting, SC, page(SC, task(SC, "1", title="New", version=at(2))), "delta")
    assert _ids(ledger, resting) == {"sc": [], "sf": []}
    assert ledger.staging.staged(resting, SC).empty, "what is listed again says nothing new"
    ledger.staging.stage(resting, SC, page(SC, task(SC, "1", title="New", version=at(2))), "by_id")
    assert ledger.plans.links(resting)["parked"].tolist() == [True]

    moved = open_run(ledger, at(4))
    ledger.staging.stage(moved, SC, page(SC, task(SC, "1", title="Short", version=at(4))), "delta")
    assert _ids(ledger, moved) == {"sc": ["1"], "sf": ["00T1"]}

    query(database_url, "UPDATE bridge.dead_letter SET next_try_at = now()")
    _set(database_url, link_id, "look_again_at = now()")
    due = open_run(ledger, at(5))
    assert _ids(ledger, due) == {"sc": ["1"], "sf": ["00T1"]}
    ledger.staging.stage(due, SC, page(SC, task(SC, "1", title="New", version=at(2))), "delta")
    assert ledger.plans.links(due)["parked"].tolist() == [False]


def test_the_control_is_another_linked_record_of_the_same_owner(ledger: Ledger, database_url: str) -> None:
    dirty = [linked(ledger, "1", "00T1", at(0)), linked(ledger, "2", "00T2", at(5))]
    linked(ledger, "3", "00T3", at(10), owner="u2")
    _set(database_url, dirty[0], "dirty = true")
    _set(database_url, "sc:acc:3", "dirty = true")
    wanted = ledger.staging.ids_to_read(open_run(ledger, at(20)))
    assert wanted[SC]["remote_id"].tolist() == ["1", "3"]
    assert wanted[SC]["control"].fillna("none").tolist() == ["2", "none"]


# sweep


def test_the_sweep_takes_its_share_and_comes_round_once_in_the_time(ledger: Ledger) -> None:
    for number in range(4):
        linked(ledger, str(number), f"00T{number}")
    every = timedelta(minutes=20)
    checked: dict[str, list[int]] = {str(number): [] for number in range(4)}
    most = 0
    for minute in range(3, 46):
        run = open_run(ledger, at(minute))
        wanted = list(ledger.staging.sweep_ids(run, every)["remote_id"])
        most = max(most, len(wanted))
        for remote_id in wanted:
            checked[remote_id].append(minute)
        ledger.staging.stage(run, SC, page(SC, *(task(SC, remote_id) for remote_id in wanted)), "sweep")
        ledger.links.settle(run, {}, final=False)
    assert most == 1
    for minutes in checked.values():
        gaps = [later - earlier for earlier, later in pairwise([0, *minutes, 46])]
        assert max(gaps) <= 20
        assert min(gaps[1:-1]) >= 10


def test_the_sweep_after_a_long_pause_takes_all(ledger: Ledger) -> None:
    linked(ledger, "1", "00T1")
    linked(ledger, "2", "00T2")
    wanted = ledger.staging.sweep_ids(open_run(ledger, at(600)), timedelta(minutes=60))
    assert dict(wanted.itertuples(index=False)) == {"1": "2", "2": "1"}


@pytest.mark.parametrize("side", [SC, SF])
def test_what_no_listing_showed_is_told_with_a_control_of_the_same_owner(ledger: Ledger, side: Side) -> None:
    for number in ("1", "2", "3"):
        linked(ledger, number, f"00T{number}")
    prefix = "00T" if side is SF else ""
    run = open_run(ledger, at(600))
    ledger.staging.stage(run, side, page(side, task(side, f"{prefix}2")), "delta")
    wanted = ledger.staging.unseen_ids(run, side, [LinkState.LINKED])
    assert dict(wanted.itertuples(index=False)) == {
        f"{prefix}1": f"{prefix}3",
        f"{prefix}3": f"{prefix}1",
    }


def test_G9_the_sweep_takes_what_was_looked_at_by_a_clock_that_was_fast(ledger: Ledger) -> None:
    linked(ledger, "1", "00T1")
    see(ledger, at(900), {SC: [task(SC, "1")]})
    ledger.links.settle(open_run(ledger, at(599)), {}, final=False)
    assert list(ledger.staging.sweep_ids(open_run(ledger, at(600)), timedelta(minutes=60))["remote_id"]) == [
        "1"
    ]


def test_the_sweep_leaves_out_what_was_read_lately_or_in_this_run(ledger: Ledger) -> None:
    linked(ledger, "1", "00T1")
    linked(ledger, "2", "00T2")
    see(ledger, at(590), {SC: [task(SC, "1")]})
    run = open_run(ledger, at(600))
    every = timedelta(minutes=60)
    assert list(ledger.staging.sweep_ids(run, every)["remote_id"]) == ["2"]
    ledger.staging.stage(run, SC, page(SC, task(SC, "2")), "delta")
    assert ledger.staging.sweep_ids(run, every).empty
