"""An org without the external id field, strictly: what the contract says of `find_created`, and whole runs over it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from taskbridge.core.frames import rows_of
from taskbridge.core.records import UNNAMED
from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Op
from taskbridge.errors import ContractBroken
from taskbridge.store import Ledger
from tests.contract.sandbox_process import Sandbox
from tests.contract.test_whole_runs import BothWorlds
from tests.contract.worlds import MemoryWorld, OneSystem, SalesforceWorld
from tests.doubles.memory import MemorySalesforce


@pytest.fixture(params=["memory", "sandbox"])
def world(request: pytest.FixtureRequest) -> Iterator[OneSystem]:
    if request.param == "memory":
        yield MemoryWorld(MemorySalesforce(marks=False))
        return
    sandbox: Sandbox = request.getfixturevalue("sandbox")
    sandbox.salesforce.reset()
    yield SalesforceWorld(sandbox.salesforce, marker_field=None)


def created(world: OneSystem) -> dict[str, dict[str, object]]:
    found = world.side.find_created(world.now() - timedelta(minutes=5), world.now() + timedelta(seconds=2))
    return {row["remote_id"]: row for row in rows_of(found)}


def test_records_are_written_and_read_without_the_field(world: OneSystem) -> None:
    (made,) = world.write(Op.CREATE, world.new("ours", "tb:sc:acc:1:1", details="a\nb"))
    assert made["outcome"] == "done", made
    read = world.read(made["remote_id"])[made["remote_id"]]
    assert (read["title"], read["details"], read["marker"]) == ("ours", "a\nb", UNNAMED)
    (again,) = world.write(Op.CREATE, world.new("ours", "tb:sc:acc:1:1", details="a\nb"))
    assert again["outcome"] == "done", "nothing refuses a second one"
    assert again["remote_id"] != made["remote_id"]
    assert not world.side.carries_markers()
    assert world.side.find_markers(["tb:sc:acc:1:1"]).empty


def test_who_we_are_is_asked_again_when_the_session_has_ended(sandbox: Sandbox) -> None:
    """The identity service refuses an ended session with 403 and a word, where the API answers 401."""
    sandbox.salesforce.reset()
    world = SalesforceWorld(sandbox.salesforce, marker_field=None)
    world.side.log_in()
    world.advance(3 * 3600)
    assert created(world) == {}


def test_what_our_own_user_created_is_found_also_in_the_bin_and_nobody_elses(world: OneSystem) -> None:
    theirs = world.create("by a person")
    (old,) = world.write(Op.CREATE, world.new("old", "tb:x:1"))
    world.advance(600)
    ours = [world.write(Op.CREATE, world.new(title, f"tb:{title}"))[0]["remote_id"] for title in ("a", "b")]
    world.delete(ours[1])
    found = created(world)
    assert {key: row["presence"] for key, row in found.items()} == {ours[0]: "live", ours[1]: "deleted"}
    assert {row["marker"] for row in found.values()} == {UNNAMED}
    assert found[ours[0]]["title"] == "a"
    assert old["remote_id"] not in found
    assert world.read(theirs)[theirs]["marker"] is None


def test_a_lost_create_is_unknown_and_found(world: OneSystem) -> None:
    world.lose_answer(Op.CREATE)
    (lost,) = world.write(Op.CREATE, world.new("once", "tb:x:1"))
    assert (lost["outcome"], lost["remote_id"]) == ("unknown", None)
    assert [row["title"] for row in created(world).values()] == ["once"]


def test_an_org_without_the_field_refuses_it(salesforce: SalesforceWorld) -> None:
    """So a setting that names the field where there is none is found out at the first read."""
    salesforce.service.switch(external_id_field=False)
    with pytest.raises(ContractBroken, match=r"Taskbridge_Id__c: not there.*salesforce_marker_field"):
        list(salesforce.side.read_changes(salesforce.lately()))
    (refused,) = salesforce.write(Op.CREATE, salesforce.new("t", "tb:x:1"))
    assert (refused["outcome"], refused["code"]) == ("rejected", "INVALID_FIELD")


@pytest.mark.postgres
def test_G2_whole_runs_over_an_org_without_the_field(sandbox: Sandbox, ledger: Ledger) -> None:
    both = BothWorlds(sandbox, ledger, batch=True, feed=True, marker_field=None)
    both.sc.create("from here", details="two\nlines")
    both.sf.create("from there")
    both.sync()
    both.sf.lose_answer(Op.CREATE)
    both.sc.create("lost")
    for _ in range(3):
        both.sync()
    there, here = both.tasks()
    assert sorted(task["Subject"] for task in there) == ["from here", "from there", "lost"]
    assert len(here) == 3
    before = both.writes()
    assert both.sync().outcome is RunOutcome.CLEAN
    assert both.writes() == before
