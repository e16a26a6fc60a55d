"""Runs, identity, watermarks and users."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest

from taskbridge.core.run import RunMode, RunOutcome, RunSpec, Window
from taskbridge.errors import SideIdentityChanged
from taskbridge.store import Ledger
from taskbridge.store.runs import RunCounts
from taskbridge.store.sides import Watermark
from tests.engine.world import KEEP
from tests.sql.rows import (
    NOW,
    SC,
    SF,
    TTL,
    action,
    at,
    change,
    end,
    link_row,
    linked,
    new_link,
    one,
    open_run,
    page,
    plan,
    query,
    see,
    task,
    user,
    users,
)


def test_a_run_comes_back_as_it_was_opened(ledger: Ledger) -> None:
    assert ledger.runs.lease_holder() is None
    fencing = ledger.runs.take_lease("backfill/1", TTL)
    assert fencing is not None
    spec = RunSpec(
        "backfill/1",
        RunMode.BACKFILL,
        "f00d",
        "1.2",
        window=Window(at(-60), at(0)),
        users=("u1", "ada@example.com"),
        dry_run=True,
    )
    windows = {SC: Window(at(-60), at(0)), SF: Window(at(-61), at(-1))}
    run = ledger.runs.open_run(spec, fencing, windows, {SC: at(1), SF: at(2)}, frozenset({"etag", "batch"}))
    assert (run.spec, run.windows, run.started) == (spec, windows, {SC: at(1), SF: at(2)})
    assert run.features == {"etag", "batch"}
    assert ledger.runs.run_by_key("backfill/1") == run
    assert ledger.runs.run_by_key("other") is None


def test_opening_a_key_again_is_the_same_run_under_the_new_number(ledger: Ledger) -> None:
    run = open_run(ledger)
    ledger.runs.close_run(run, RunOutcome.FAILED, "cut off", ledger.runs.counts(run))
    ledger.runs.release_lease(run.spec.run_key)
    fencing = ledger.runs.take_lease(run.spec.run_key, TTL)
    assert fencing == run.fencing + 1
    again = ledger.runs.open_run(run.spec, fencing, {SC: Window(at(5), at(6)), SF: Window(at(5), at(6))},
                            {SC: at(6), SF: at(6)}, frozenset())  # fmt: skip
    assert again == replace(run, fencing=fencing)


def test_counts_add_up_by_side_and_state(ledger: Ledger, database_url: str) -> None:
    run = open_run(ledger)
    ledger.staging.stage(run, SC, page(SC, task(SC, "1"), task(SC, "2"), task(SC, "3")), "delta")
    assert ledger.runs.counts(run) == RunCounts({"sales_connect": {"": 3}}, {}, 0, 0, 0, ())
    ledger.plans.save_plan(
        run,
        plan(
            [action(0, "sc:acc:1", SF, "create"), action(1, "sc:acc:2", SF, "create", state="held")],
            links=[new_link("sc:acc:1", sc_id="1"), new_link("sc:acc:2", sc_id="2")],
            conflicts=[{"link_id": "sc:acc:1", "field": "title", "rule": "T3", "winner": "sales_connect"}],
            ends=[
                end(SC, "1", "planned", "sc:acc:1"),
                end(SC, "2", "held", "sc:acc:2"),
                end(SC, "3", "ignored", rule="I2"),
            ],
        ),
    )
    ledger.runs.note(run, "first")
    ledger.runs.note(run, "it's 100 % :done")
    counts = ledger.runs.counts(run)
    assert counts.staged == {"sales_connect": {"planned": 1, "held": 1, "ignored": 1}}
    assert counts.actions == {"salesforce": {"create": {"planned": 1, "held": 1}}}
    assert (counts.conflicts, counts.rejected_new) == (1, 0)
    assert counts.notes == ("first", "it's 100 % :done")
    ledger.runs.close_run(run, RunOutcome.HELD, "one held", ledger.runs.counts(run))
    row = one(database_url, "SELECT * FROM bridge.run WHERE run_id = %s", run.run_id)
    assert (row["outcome"], row["summary"]) == ("held", "one held")
    assert row["counts"]["staged"] == counts.staged


def test_clean_up_drops_the_staging_of_runs_that_ended_long_ago(ledger: Ledger, database_url: str) -> None:
    linked(ledger)
    ended, cut_off, recent = (see(ledger, at(n), {SC: [task(SC, "1")]}) for n in (2, 3, 4))
    ledger.runs.close_run(ended, RunOutcome.CLEAN, "", ledger.runs.counts(ended))
    ledger.runs.close_run(recent, RunOutcome.CLEAN, "", ledger.runs.counts(recent))
    query(database_url, "UPDATE bridge.run SET opened_at = now() - interval '20 days'")
    query(
        database_url,
        "UPDATE bridge.run SET closed_at = now() - interval '15 days' WHERE run_id = %s",
        ended.run_id,
    )
    holder = open_run(ledger, at(5))
    ledger.staging.stage(holder, SC, page(SC, task(SC, "1")), "delta")
    query(database_url, "UPDATE bridge.run SET opened_at = now() - interval '20 days'")
    assert ledger.housekeeping.clean_up(KEEP) == 4  # the two of `linked` were never closed
    left = query(database_url, "SELECT DISTINCT run_id FROM staging.sales_connect_task ORDER BY 1")
    assert [row["run_id"] for row in left] == [recent.run_id, holder.run_id]
    assert cut_off.run_id not in [row["run_id"] for row in left]
    assert ledger.housekeeping.clean_up(KEEP) == 0


# identity and watermarks


def test_the_start_of_the_ledger_is_kept_once(ledger: Ledger) -> None:
    first = {SC: at(0), SF: at(1)}
    assert ledger.sides.state().started == {}
    ledger.sides.start(first)
    assert ledger.sides.state().started == first
    ledger.sides.start({SC: at(9), SF: at(9)})
    assert ledger.sides.state().started == first


def test_an_identity_is_remembered_and_never_replaced(ledger: Ledger) -> None:
    assert ledger.sides.state().identities == {}
    ledger.sides.start({SC: NOW, SF: NOW})
    ledger.sides.remember_identity(SC, "acc")
    ledger.sides.remember_identity(SC, "acc")
    assert ledger.sides.state().identities == {SC: "acc"}
    with pytest.raises(SideIdentityChanged, match=r"'acc'.*'other'"):
        ledger.sides.remember_identity(SC, "other")
    assert ledger.sides.state().identities == {SC: "acc"}


def test_watermarks_move_when_a_run_is_settled_for_good_and_go_back_once(ledger: Ledger) -> None:
    assert ledger.sides.state().watermarks == {}
    ledger.links.settle(open_run(ledger), {SC: at(0), SF: at(1)}, final=True)
    second = open_run(ledger)
    ledger.links.settle(second, {SC: at(10)}, final=True)
    ledger.links.settle(second, {SC: at(10)}, final=True)
    assert ledger.sides.state().watermarks == {SC: Watermark(at(10), at(0)), SF: Watermark(at(1), None)}
    ledger.sides.revert_watermark(SC)
    ledger.sides.revert_watermark(SC)
    ledger.sides.revert_watermark(SF)
    assert ledger.sides.state().watermarks == {SC: Watermark(at(0), None), SF: Watermark(at(1), None)}


def test_watermarks_stay_when_a_run_is_not_final_or_was_given_a_selection(ledger: Ledger) -> None:
    ledger.links.settle(open_run(ledger), {SC: at(0)}, final=False)
    ledger.links.settle(open_run(ledger, users=("u1",)), {SC: at(0)}, final=True)
    ledger.links.settle(open_run(ledger, window=Window(at(-9), at(0))), {SC: at(0)}, final=True)
    assert ledger.sides.state().watermarks == {}


# users


def test_the_map_of_users_is_replaced(ledger: Ledger) -> None:
    run = open_run(ledger)
    first = users(user("u1"), user("u2", sf_user_id="005B", first_sync=None))
    ledger.people.save_user_map(run, first)
    pd.testing.assert_frame_equal(ledger.people.user_map(), first)
    swapped = users(user("u1", sf_user_id="005B"), user("u3", sf_user_id="005A", state="off"))
    ledger.people.save_user_map(run, swapped)
    pd.testing.assert_frame_equal(ledger.people.user_map(), swapped)


def test_a_map_that_did_not_change_rewrites_no_row(ledger: Ledger, database_url: str) -> None:
    def versions() -> dict[str, str]:
        rows = query(database_url, "SELECT sc_user_id, xmin::text AS version FROM bridge.user_map")
        return {row["sc_user_id"]: row["version"] for row in rows}

    run = open_run(ledger)
    given = [user("u1"), user("u2", sf_user_id="005B"), user("u3", sf_user_id=None, state="unmapped")]
    ledger.people.save_user_map(run, users(*given))
    before = versions()
    ledger.people.save_user_map(run, users(*given))
    assert versions() == before
    ledger.people.save_user_map(run, users(given[0], given[1] | {"name": "Ben"}, given[2]))
    after = versions()
    assert [name for name in before if after[name] != before[name]] == ["u2"]


@pytest.mark.parametrize(
    ("new", "dirty"),
    [
        (user("u1"), False),
        (user("u1", name="Ada L."), False),
        (user("u1", switched_on_sc=at(3)), True),
        (user("u1", switched_on_sc=None, switched_on_sf=None, state="off"), True),
        (user("u2", sf_user_id="005A"), True),
        (user("u1", state="inactive"), False),
    ],
    ids=["same", "renamed", "switched on anew", "switched off", "another partner", "away"],
)
def test_pairs_of_a_user_whose_switch_on_changed_become_dirty(
    new: dict[str, object], dirty: bool, ledger: Ledger, database_url: str
) -> None:
    ledger.people.save_user_map(open_run(ledger), users(user("u1")))
    link_id = linked(ledger)
    other = linked(ledger, "7", "00T7", at(5), owner="u7")
    query(database_url, "UPDATE bridge.link SET sf_owner_now = '005G' WHERE link_id = %s", other)
    ledger.people.save_user_map(open_run(ledger), users(new))
    row = link_row(database_url, link_id)
    assert (row["dirty"], row["dirty_since"] is not None) == (dirty, dirty)
    assert not link_row(database_url, other)["dirty"]


@pytest.mark.parametrize("state", ["inactive", "off", "unmapped", "ambiguous"])
def test_S2_pairs_of_a_user_who_comes_back_become_dirty(
    state: str, ledger: Ledger, database_url: str
) -> None:
    ledger.people.save_user_map(open_run(ledger), users(user("u1", state=state)))
    link_id = linked(ledger)
    ledger.people.save_user_map(open_run(ledger), users(user("u1", state=state, name="Ada L.")))
    assert not link_row(database_url, link_id)["dirty"]
    ledger.people.save_user_map(open_run(ledger), users(user("u1")))
    assert link_row(database_url, link_id)["dirty"]


def test_S2_what_an_absence_left_unread_is_owed_until_a_run_that_moves_watermarks(
    ledger: Ledger,
) -> None:
    missed = {"unread_since_sc": at(-9), "unread_since_sf": at(-8)}
    away = user("u2", sf_user_id="005B", state="inactive", **missed)
    ledger.people.save_user_map(open_run(ledger), users(user("u1", **missed), away))
    ledger.links.settle(open_run(ledger), {}, final=False)
    ledger.links.settle(open_run(ledger, users=("u1",)), {}, final=True)
    assert ledger.people.user_map()["unread_since_sf"].tolist() == [at(-8), at(-8)]
    ledger.links.settle(open_run(ledger), {SC: NOW, SF: NOW}, final=True)
    assert ledger.people.user_map()["unread_since_sc"].isna().tolist() == [True, False]


@pytest.mark.parametrize("state", ["planned", "held", "sent", "retry"])
def test_a_first_sync_is_owed_while_one_of_its_creates_is_open(
    state: str, ledger: Ledger, database_url: str
) -> None:
    ledger.people.save_user_map(open_run(ledger), users(user("u1"), user("u2", sf_user_id="005B")))
    run = open_run(ledger)
    ledger.staging.stage(run, SF, page(SF, task(SF, "00T1")), "first_sync")
    ledger.plans.save_plan(
        run,
        plan([action(0, "sf:org:00T1", SC, "create", first_import=True)], [change("sf:org:00T1", 0)],
             [new_link("sf:org:00T1", sf_id="00T1")], ends=[end(SF, "00T1", "planned", "sf:org:00T1")]),
    )  # fmt: skip
    query(database_url, "UPDATE bridge.action SET state = %s", state)
    ledger.people.save_first_sync_turns(run, ["005A", "005B"])
    ledger.links.settle(run, {SC: NOW, SF: NOW}, final=True)
    assert dict(
        zip(*(ledger.people.user_map()[name] for name in ("sc_user_id", "first_sync")), strict=True)
    ) == {
        "u1": "owed",
        "u2": "settled",
    }


def test_a_first_sync_is_settled_only_by_a_run_that_moves_watermarks(
    open_ledger: Callable[..., Ledger],
) -> None:
    ledger = open_ledger()
    given = users(user("u1"), user("u2", sf_user_id="005B", state="off"))
    ledger.people.save_user_map(open_run(ledger), given)
    ledger.links.settle(open_run(ledger), {}, final=False)
    chosen = open_run(ledger, users=("u1",))
    ledger.people.save_first_sync_turns(chosen, ["005A"])
    ledger.links.settle(chosen, {}, final=True)
    assert ledger.people.user_map()["first_sync"].tolist() == ["owed", "owed"]
    run = open_run(ledger)
    ledger.people.save_first_sync_turns(run, ["005A", "005B"])
    ledger.links.settle(run, {SC: NOW, SF: NOW}, final=True)
    assert ledger.people.user_map()["first_sync"].tolist() == ["settled", "owed"]
