"""The switches of the memory sides do what they say: the tests that use them stand on this."""

from __future__ import annotations

from datetime import timedelta

import pytest

from taskbridge.core.terms import Op
from taskbridge.errors import CallRefused, ReadIncomplete
from tests.contract.worlds import MemoryWorld
from tests.doubles.memory import MemorySalesConnect, MemorySalesforce, MemorySide
from tests.doubles.memory_faults import TRICKS, Trick


@pytest.fixture(params=[MemorySalesConnect, MemorySalesforce])
def world(request: pytest.FixtureRequest) -> MemoryWorld:
    side: MemorySide = request.param()
    return MemoryWorld(side)


def test_late_records_are_left_out_until_their_time_and_found_by_id(world: MemoryWorld) -> None:
    world.side.faults.visible_after = timedelta(minutes=2)
    task = world.create("late")
    window = world.lately()
    assert world.changes(window.start, window.end) == []
    assert world.read(task)[task]["presence"] == "live"
    world.advance(121)
    (row,) = world.changes(window.start, window.end)
    assert row["version"] < world.now() - timedelta(minutes=2)


def test_a_truncated_read_raises_after_its_first_page(world: MemoryWorld) -> None:
    world.small_pages()
    for number in range(5):
        world.create(f"task {number}")
    world.side.faults.truncate_reads = 1
    pages = world.side.read_changes(world.lately())
    assert len(next(pages)) == 3
    with pytest.raises(ReadIncomplete):
        next(pages)
    window = world.lately()
    assert len(world.changes(window.start, window.end)) == 5


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_12_a_listing_that_goes_astray_tells_all_or_fails(
    world: MemoryWorld, trick: Trick, count: int
) -> None:
    tasks = {world.create(f"task {number}") for number in range(count)}
    window = world.lately()
    world.side.faults.tricks = [trick]
    harmless = trick == "empty" or (trick == "repeats" and count < 3)
    if harmless:
        assert {row["remote_id"] for row in world.changes(window.start, window.end)} == tasks
    else:
        with pytest.raises(ReadIncomplete):
            world.changes(window.start, window.end)
    assert {row["remote_id"] for row in world.changes(window.start, window.end)} == tasks


def test_g1_a_server_that_normalises_shows_the_same_canonical_text(world: MemoryWorld) -> None:
    world.side.faults.normalise = True
    (made,) = world.write(Op.CREATE, world.new("name", "tb:x:1:1", details="a\nb"))
    assert world.side.live()[made["remote_id"]]["details"] == "a\r\nb "
    assert world.read(made["remote_id"])[made["remote_id"]]["details"] == "a\nb"


def test_a_trigger_rewrites_what_we_write_and_not_what_people_write(world: MemoryWorld) -> None:
    world.side.faults.trigger = lambda values: {"details": f"[{values['title']}]"}
    (made,) = world.write(Op.CREATE, world.new("ours", "tb:x:1:1"))
    theirs = world.create("theirs")
    assert world.side.live()[made["remote_id"]]["details"] == "[ours]"
    assert world.side.live()[theirs]["details"] is None
    world.write(Op.UPDATE, {"remote_id": theirs, "title": "renamed"})
    assert world.side.live()[theirs]["details"] == "[renamed]"


def test_flaky_versions_move_without_an_edit(world: MemoryWorld) -> None:
    task = world.create("still")
    before = world.read(task)[task]
    world.advance(60)
    world.side.faults.flaky_versions = True
    world.side.connect()
    after = world.read(task)[task]
    assert after["version"] > before["version"]
    assert after["modified_at"] == before["modified_at"]


def test_hidden_records_look_absent(world: MemoryWorld) -> None:
    task, witness = world.create("hidden"), world.create("witness")
    world.side.faults.hidden = {task}
    window = world.lately()
    assert [row["remote_id"] for row in world.changes(window.start, window.end)] == [witness]
    assert world.read(task, controls={task: witness})[task]["presence"] == "absent"


def test_the_hook_sees_every_call_and_may_end_it(world: MemoryWorld) -> None:
    calls: list[str] = []
    world.side.faults.on_call = calls.append
    world.side.connect()
    assert calls == ["before connect", "after connect"]

    def die(moment: str) -> None:
        if moment == "after write":
            raise KeyboardInterrupt

    world.side.faults.on_call = die
    with pytest.raises(KeyboardInterrupt):
        world.write(Op.CREATE, world.new("written", "tb:x:1:1"))
    assert len(world.side.carrying("tb:x:1:1")) == 1


def test_people_and_calls_are_counted_apart(world: MemoryWorld) -> None:
    world.create("by hand")
    world.side.connect()
    world.write(Op.CREATE, world.new("ours", "tb:x:1:1"))
    assert (world.side.reads, world.side.writes) == (1, 1)


def test_a_marker_in_the_bin_collides_only_where_it_is_said() -> None:
    world = MemoryWorld(MemorySalesforce())
    row = world.new("once", "tb:x:1:1")
    (made,) = world.write(Op.CREATE, row)
    world.delete(made["remote_id"])
    world.side.faults.binned_marker_collides = True
    assert world.write(Op.CREATE, row)[0]["outcome"] == "exists"


def test_restoring_and_emptying_the_bin() -> None:
    side = MemorySalesforce()
    world = MemoryWorld(side)
    task, purged = world.create("back"), world.create("purged")
    world.delete(task)
    world.delete(purged)
    side.undelete(task)
    assert world.read(task)[task]["presence"] == "live"
    side.purge()
    assert world.read(purged)[purged]["presence"] == "absent"
    with pytest.raises(ValueError, match="not in the recycle bin"):
        side.undelete(purged)


def test_switching_on_is_stamped_once_and_users_take_their_tasks_along() -> None:
    side = MemorySalesConnect()
    world = MemoryWorld(side)
    side.switch(world.owner, True)
    since = side.users[world.owner]["sync_on_since"]
    side.switch(world.owner, True)
    assert side.users[world.owner]["sync_on_since"] == since
    task = world.create("theirs")
    side.delete_user(world.owner)
    window = world.lately()
    (told,) = world.deletes(window.start, window.end)
    assert (told["remote_id"], told["delete_cause"]) == (task, "user_deleted")


def test_completing_a_campaigns_task_brings_the_next_step() -> None:
    world = MemoryWorld(MemorySalesConnect())
    task = world.create("mail", campaign_name="Spring", campaign_step="1")
    world.edit(task, status="complete")
    steps = [values.get("campaign_step") for values in world.side.live().values()]
    assert sorted(filter(None, steps)) == ["1", "2"]


def test_what_stands_between_answers_after_so_many_rows(world: MemoryWorld) -> None:
    asked = [world.new(f"t{number}", f"tb:x:{number}:1") for number in range(3)]
    world.side.faults.stand_between = 2
    world.side.connect()
    told = [(one["outcome"], one["code"]) for one in world.write(Op.CREATE, *asked)]
    assert told == [("done", None), ("done", None), ("retry", "CALL_REFUSED")]
    for call in (world.side.connect, lambda: world.write(Op.CREATE, asked[2])):
        with pytest.raises(CallRefused, match="redirect"):
            call()
    assert len(world.side.live()) == 2
