"""Reading, by the contract of `engine.ports.SidePort`, in every world."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from taskbridge.core.frames import rows_of
from taskbridge.core.model import TASKS
from taskbridge.core.run import Window
from taskbridge.core.terms import Op, Side
from taskbridge.engine.ports import SIDE_USERS
from taskbridge.sides.salesforce.ids import to_18
from tests.contract.worlds import OneSystem, by_id


def test_connect_tells_who_the_side_is_and_who_works_there(world: OneSystem) -> None:
    info = world.side.connect()
    users = {row["email"]: row for row in info.users.to_dict("records")}
    assert list(info.users.columns) == SIDE_USERS.names
    assert users["ada@example.com"]["user_id"] == world.owner
    assert users["ada@example.com"]["active"]
    assert users["ada@example.com"]["standard"]
    assert info.side is world.vendor
    assert info.identity == world.side.connect().identity != ""
    assert abs(info.server_now - world.now()) < timedelta(seconds=1)


def test_a_window_holds_its_start_and_not_its_end(world: OneSystem) -> None:
    first = world.create("first")
    world.advance(5)
    second = world.create("second")
    stamps = {row["remote_id"]: row["version"] for row in world.changes(*_bounds(world))}
    found = [row["remote_id"] for row in world.changes(stamps[first], stamps[second])]
    assert found == [first]


def test_frames_have_the_schema_of_the_side(world: OneSystem) -> None:
    world.create("one")
    for page in world.side.read_changes(world.lately()):
        assert list(page.columns) == TASKS[world.vendor].names
        assert [str(kind.pyarrow_dtype) for kind in page.dtypes] == [
            str(column.type) for column in TASKS[world.vendor]
        ]
    assert list(world.side.read_ids([], {}).columns) == TASKS[world.vendor].names


def test_values_come_as_they_are(world: OneSystem) -> None:
    created = world.create(
        "Call Nora",
        status=world.words["complete"],
        priority=world.words["high"],
        due_date=date(2026, 2, 28),
        details="first\nsecond",
        owner=world.other,
    )
    row = world.read(created)[created]
    assert row["presence"] == "live"
    assert row["title"] == "Call Nora"
    assert row["status"] == world.words["complete"]
    assert row["priority"] == world.words["high"]
    assert row["due_date"] == date(2026, 2, 28)
    assert row["details"] == "first\nsecond"
    assert row["owner"] == world.other
    assert row["created_at"] == row["modified_at"] == row["version"]
    assert row["problem_code"] is None
    if world.vendor is Side.SALESFORCE:
        assert row["is_closed"]
        assert row["completed_at"] == row["version"]
        assert row["subtype"] == "Task"


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        (" padded \n", "padded"),
        ("one\r\ntwo\rthree\nfour", "one\ntwo\nthree\nfour"),
        ("   ", None),
        ("tab\tand  spaces", "tab\tand  spaces"),
        ("emoji \U0001f600 and ünïcode 日本", "emoji \U0001f600 and ünïcode 日本"),
    ],
)
def test_g1_text_is_canonical(world: OneSystem, typed: str, canonical: str | None) -> None:
    created = world.create("texts", details=typed)
    assert world.read(created)[created]["details"] == canonical


def test_every_record_comes_once_though_stamps_are_equal_and_pages_small(world: OneSystem) -> None:
    world.small_pages()
    created = {world.create(f"tied {number}") for number in range(11)}
    world.advance(3)
    created |= {world.create(f"later {number}") for number in range(4)}
    found = [row["remote_id"] for row in world.changes(*_bounds(world))]
    assert sorted(found) == sorted(created)


@pytest.mark.parametrize("place", [0, 5, 10])
def test_records_that_move_while_pages_are_read_hide_no_others(world: OneSystem, place: int) -> None:
    world.small_pages()
    created = [world.create(f"tied {number}") for number in range(11)]
    world.advance(60)
    window = Window(world.now() - timedelta(hours=1), world.now() - timedelta(seconds=30))
    found: set[str] = set()
    for number, page in enumerate(world.side.read_changes(window)):
        found |= set(page["remote_id"])
        if number == 0:
            world.edit(created[place], title="moved")
    assert set(created) - {created[place]} <= found


def test_c1_deletes_are_told(world: OneSystem) -> None:
    kept, gone = world.create("kept"), world.create("gone")
    world.advance(2)
    world.delete(gone)
    window = world.lately()
    if world.vendor is Side.SALESFORCE:
        told = {row["remote_id"]: row for row in world.changes(window.start, window.end)}
        assert (told[kept]["presence"], told[gone]["presence"]) == ("live", "deleted")
        assert told[gone]["version"] > told[kept]["version"]
        assert world.deletes(window.start, window.end) == []
        return
    assert [row["remote_id"] for row in world.changes(window.start, window.end)] == [kept]
    told = {row["remote_id"]: row for row in world.deletes(window.start, window.end)}
    if "deleted_tasks" not in world.features:
        assert told == {}
        return
    assert told.keys() == {gone}
    assert told[gone]["presence"] == "deleted"
    assert told[gone]["owner"] == world.owner
    assert told[gone]["delete_cause"] == "deleted"
    assert told[gone]["version"] is not None


def test_c5_an_id_that_is_merely_not_found_is_absent(world: OneSystem) -> None:
    live = world.create("live")
    nobody = {Side.SALES_CONNECT: "999999", Side.SALESFORCE: to_18("00T5g00000ZZZZZ")}[world.vendor]
    found = world.read(live, nobody, "without-id-1234")
    assert {key: row["presence"] for key, row in found.items()} == {
        live: "live",
        nobody: "absent",
        "without-id-1234": "absent",
    }
    assert found[nobody]["version"] is None


def test_c5_a_delete_is_believed_on_proof_only(world: OneSystem) -> None:
    gone, witness, other = world.create("gone"), world.create("witness"), world.create("gone too")
    world.advance(2)
    world.delete(gone)
    world.delete(other)
    without_control = world.read(gone)[gone]["presence"]
    with_dead_control = world.read(gone, controls={gone: other})[gone]["presence"]
    with_control = world.read(gone, controls={gone: witness})[gone]
    expected = "deleted" if world.deletes_prove_themselves else "absent"
    assert without_control == with_dead_control == expected
    assert with_control["presence"] == "deleted"
    assert (with_control["version"] is None) == (world.vendor is Side.SALES_CONNECT), "only the feed dates it"


def test_markers_are_found_while_the_record_lives(world: OneSystem) -> None:
    assert not world.side.carries_markers()
    (made,) = world.write(Op.CREATE, world.new("marked", "tb:x:1:1"))
    world.create("unmarked")
    found = by_id(world.side.find_markers(["tb:x:1:1", "tb:x:2:1"]))
    assert found.keys() == {made["remote_id"]}
    assert found[made["remote_id"]]["marker"] == "tb:x:1:1"
    assert world.side.carries_markers()


def test_markers_of_deleted_records_are_found_as_far_as_the_side_can_tell(world: OneSystem) -> None:
    (made,) = world.write(Op.CREATE, world.new("marked", "tb:x:1:1"))
    world.delete(made["remote_id"])
    found = by_id(world.side.find_markers(["tb:x:1:1"]))
    tells = world.vendor is Side.SALESFORCE or "deleted_tasks" in world.features
    assert {key: row["presence"] for key, row in found.items()} == (
        {made["remote_id"]: "deleted"} if tells else {}
    )


def test_a_record_that_cannot_be_understood_spoils_nothing_else(world: OneSystem) -> None:
    good, bad = world.create("good"), world.create("bad", details="kept in the payload")
    world.spoil(bad)
    found = {row["remote_id"]: row for row in world.changes(*_bounds(world))}
    assert found[good]["problem_code"] is None
    assert found[good]["title"] == "good"
    assert found[bad]["problem_code"] == "BAD_VALUE"
    assert "due_date" in found[bad]["problem_message"] or "ActivityDate" in found[bad]["problem_message"]
    assert found[bad]["title"] is None
    assert found[bad]["version"] is None
    assert found[bad]["payload"]


def test_S2_users_are_looked_up_by_id(world: OneSystem) -> None:
    listed = by_user(world.side.connect().users)
    found = by_user(world.side.read_users([world.owner, "005000000000000AAA", "987654"]))
    assert found == {world.owner: listed[world.owner]}


def test_live_tasks_of_owners_are_read_by_their_stamps(world: OneSystem) -> None:
    open_task, done = world.create("open"), world.create("done", status=world.words["complete"])
    world.create("of another", owner=world.other)
    gone = world.create("gone")
    world.delete(gone)
    window = world.lately()

    def read(since: datetime | None, *, open_only: bool) -> set[str]:
        pages = world.side.read_owned([world.owner], since, window.end, open_only=open_only)
        return {remote_id for page in pages for remote_id in page["remote_id"]}

    assert read(window.start, open_only=False) == {open_task, done}
    if world.vendor is Side.SALESFORCE:
        assert read(None, open_only=True) == {open_task}
    assert read(window.end, open_only=False) == set()


def by_user(users: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {row["user_id"]: row for row in rows_of(users)}


def _bounds(world: OneSystem) -> tuple[datetime, datetime]:
    window = world.lately()
    return window.start, window.end
