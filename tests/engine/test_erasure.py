"""What is kept of a person goes on request, and what stays is needed and said."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from taskbridge.core.terms import Side
from taskbridge.store.erasure import Erased
from taskbridge.store.migrate import URL_VARIABLE
from tests.engine.undoing import pair, quiet
from tests.engine.world import World

SECRET = "Secret of Ada"


def kept(world: World, text: str = SECRET) -> dict[str, int]:
    """In how many rows of each table the text stands."""
    tables = world.rows(
        "SELECT table_schema || '.' || table_name FROM information_schema.tables "
        "WHERE table_schema IN ('bridge', 'staging') AND table_type = 'BASE TABLE'"
    )
    count = "SELECT count(*) FROM {} t WHERE t::text LIKE %s"
    counts = {table: world.rows(count.format(table), f"%{text}%")[0][0] for (table,) in tables}
    return {table: number for table, number in counts.items() if number}


@pytest.fixture
def history(world: World) -> dict[str, str]:
    """Ada's tasks in every state, and one of Ben."""
    live, there = pair(world, f"{SECRET} lives", details=SECRET)
    world.sf.edit(there, details=f"{SECRET}, changed")
    world.sync()
    world.sc.edit(live, details=f"{SECRET} here")
    world.sf.edit(there, details=f"{SECRET} there")  # a conflict
    world.settle()
    ended, _ = pair(world, f"{SECRET} ends", details=SECRET)
    world.sc.delete(ended)
    world.settle()
    world.sc_task(f"{SECRET} of somebody else", owner="chi")  # in no pair
    bens, _ = pair(world, "Of Ben", owner="ben", details="Ben's own")
    world.settle()
    return {"live": live, "ended": ended, "ben": bens}


def erase(world: World, person: str, *, really: bool = True) -> Erased:
    return world.ledger.erasure.erase(person, really=really)


def test_nothing_is_left_of_a_person_but_what_both_systems_still_hold(
    world: World, history: dict[str, str]
) -> None:
    before = kept(world)
    assert {"bridge.action", "bridge.kept", "bridge.conflict", "bridge.ledger_change"} <= set(before)
    erased = erase(world, "ada@example.com")
    assert erased.pairs == 2
    assert set(kept(world)) <= {"bridge.link", "staging.sales_connect_task"}, (
        "the base of the living pair, Chi's task"
    )
    assert kept(world)["bridge.link"] == 1
    assert erased.name == "Ada"
    told = {
        "bridge.kept": "records that were removed",
        "bridge.action": "writes",
        "bridge.conflict": "conflicts",
    }
    removed = {
        table: sum(n for what, n in erased.removed.items() if what.startswith(told[table])) for table in told
    }
    assert all(removed[table] >= before[table] for table in told), "what it says is what went"


def test_the_sync_goes_on_as_if_nothing_had_been_erased(world: World, history: dict[str, str]) -> None:
    erase(world, world.sc_users["ada"])
    quiet(world)
    world.sc.edit(history["live"], details="new")
    world.settle()
    assert world.sf_of(history["live"])["details"] == "new"
    world.sf.undelete(str(world.rows("SELECT sf_id FROM bridge.link WHERE state = 'tombstone'")[0][0]))
    world.settle()
    assert len(world.sc.live()) == 4, "the task that had ended is there again, once"
    quiet(world)


def test_what_is_of_others_stays(world: World, history: dict[str, str]) -> None:
    before = kept(world, "Ben's own")
    erase(world, "ada@example.com")
    assert kept(world, "Ben's own") == before


def test_a_look_removes_nothing(world: World, history: dict[str, str]) -> None:
    before = kept(world)
    told = erase(world, "ada@example.com", really=False)
    assert kept(world) == before
    assert told == erase(world, "ada@example.com")


def test_what_waits_stays_and_is_named(world: World, history: dict[str, str]) -> None:
    world.with_settings(conflict_policy="manual")
    there = world.partner(Side.SALES_CONNECT, history["live"])
    world.sc.edit(history["live"], details=f"{SECRET} 1")
    world.sf.edit(str(there), details=f"{SECRET} 2")
    world.settle()
    erased = erase(world, "ada@example.com")
    assert [count for why, count in erased.staying.items() if "wait for a decision" in why] == [1]
    assert len(world.rows("SELECT FROM mart.conflicts_open")) == 1


def test_a_contact_is_found_by_the_tasks_about_them(world: World) -> None:
    contact = "0035g0000000001AAA"
    world.sf.add_person(contact)
    about, there = pair(world, SECRET, person=contact)
    other, _ = pair(world, "About nobody", details="stays")
    world.sc.delete(about)
    world.settle()
    erased = erase(world, contact[:15])
    assert (erased.pairs, erased.name) == (1, None)
    assert kept(world) == {}
    assert kept(world, there)["bridge.link"] == 1, "the id stays"
    assert "bridge.action" in kept(world, world.pair_of(Side.SALES_CONNECT, other))


def test_nobody_of_that_name(world: World, history: dict[str, str]) -> None:
    erased = erase(world, "nobody@example.com")
    assert (erased.pairs, erased.name) == (0, None)
    assert not any(erased.removed.values())


def command(world: World, *arguments: str) -> Any:
    return subprocess.run(
        [sys.executable, "-m", "taskbridge.erase", *arguments],
        env={**os.environ, URL_VARIABLE: world.database_url, "PYTHONPATH": "plugins"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_on_the_command_line_it_looks_first(world: World, history: dict[str, str]) -> None:
    look = command(world, "ada@example.com")
    assert look.returncode == 0, look.stderr
    assert "nothing was; add --really" in look.stdout
    assert kept(world)
    done = command(world, "ada@example.com", "--really")
    assert done.stdout.startswith("ada@example.com (Ada): 2 pairs of tasks.\nRemoved:\n")
    assert "Stays, and why:" in done.stdout
    assert "bridge.kept" not in kept(world)
