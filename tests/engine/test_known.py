"""What the overlap reads again as it is known is counted and not staged (G5), and nothing is missed by that."""

from __future__ import annotations

from typing import Any

import pytest

from taskbridge.core.run import RunMode
from taskbridge.core.terms import Side
from tests.engine.world import World

SC, SF = Side.SALES_CONNECT, Side.SALESFORCE


def rested(world: World, tasks: int = 1) -> list[str]:
    """Salesforce ids of tasks that are in step, and that the overlap shows once more."""
    for number in range(tasks):
        world.sc_task(f"Call {number}")
    world.sync()
    world.sync()
    return sorted(world.sf.live())


def read(world: World, **values: Any) -> dict[str, dict[str, int]]:
    counts = world.sync(**values).counts
    assert counts is not None
    return {side: dict(ends) for side, ends in counts.staged.items()}


KNOWN = {"sales_connect": {"known": 1}, "salesforce": {"known": 1}}
STAGED = {"sales_connect": {"unchanged": 1}, "salesforce": {"unchanged": 1}}


def test_G5_what_is_known_is_counted_and_not_staged(world: World) -> None:
    rested(world)
    assert read(world) == KNOWN
    (told,) = world.rows("SELECT summary FROM bridge.run ORDER BY run_id DESC LIMIT 1")
    assert "1 known" in told[0]
    newest = "run_id = (SELECT max(run_id) FROM bridge.run)"
    assert world.rows(f"SELECT FROM staging.seen WHERE {newest}") == []
    assert world.rows(f"SELECT rows_known FROM mart.sync_runs WHERE {newest}") == [(2,)]


def test_G1_an_edit_that_the_stamp_does_not_tell_crosses(world: World) -> None:
    """Salesforce's stamps tell no less than a second, so two edits can have one."""
    [sf_id] = rested(world)
    world.sf.records[sf_id].values["details"] = "typed within the same second"
    assert read(world) == {"sales_connect": {"known": 1}, "salesforce": {"planned": 1}}
    assert world.sc_of(sf_id)["details"] == "typed within the same second"


def test_C2_what_became_no_reminder_without_a_new_stamp_is_released(world: World) -> None:
    [sf_id] = rested(world)
    world.sf.records[sf_id].values["is_recurrence"] = True
    assert read(world)["salesforce"] == {"released": 1}


@pytest.mark.parametrize(
    "doubt",
    [
        "UPDATE bridge.link SET dirty = true",
        "UPDATE bridge.link SET state = 'released'",
        "UPDATE bridge.link SET sf_written_at = now()",
        "UPDATE bridge.link SET sc_outside = 'owner'",
        "UPDATE bridge.link SET sf_deleted_id = sf_id",
        "UPDATE bridge.action SET state = 'held'",
        "INSERT INTO bridge.dead_letter (run_id, stage, side, link_id, code, category, message, remedy) "
        "SELECT changed_run_id, 'load', 'salesforce', link_id, 'X', 'other', '', '' FROM bridge.link",
    ],
)
def test_G9_records_of_a_pair_with_anything_unfinished_are_staged(world: World, doubt: str) -> None:
    rested(world)
    world.rows_changed(doubt)
    assert not any("known" in ends for ends in read(world).values())


def test_a_run_that_was_asked_for_something_stages_all_it_reads(world: World) -> None:
    rested(world)
    assert read(world, window=world.window(600)) == STAGED
    assert read(world, users=(world.sc_users["ada"],)) == STAGED
    assert read(world, mode=RunMode.AUDIT) == STAGED


def test_a_dry_run_shows_what_a_run_would_show(world: World) -> None:
    rested(world)
    assert read(world, dry_run=True) == KNOWN


def test_G8_records_that_were_known_still_count_for_a_side_that_looks_old(world: World) -> None:
    """A dozen older versions among a hundred and more that a listing shows as they were."""
    ids = rested(world, tasks=130)
    older = ", ".join(f"'{one}'" for one in ids[:12])
    world.rows_changed(
        f"UPDATE bridge.link SET sf_version = sf_version + interval '1 h' WHERE sf_id IN ({older})"
    )
    report = world.sync()
    assert "12 tasks of Salesforce have older versions than before" in report.text
    assert report.counts is not None
    assert report.counts.staged["salesforce"]["known"] == 118
