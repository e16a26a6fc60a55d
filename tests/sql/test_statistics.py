"""The database knows how large a large run is before it is joined with anything."""

from __future__ import annotations

import psycopg
import pytest

from taskbridge.core.terms import Side
from taskbridge.store import Ledger
from taskbridge.store.statistics import LARGE
from tests.sql.rows import SC, SF, action, change, end, new_link, open_run, page, plan, task

STAGED = {SC: "staging.sales_connect_task", SF: "staging.salesforce_task"}


def expected_rows(url: str, table: str, run_id: int) -> int:
    """How many rows of the run the database's planner reckons with."""
    with psycopg.connect(url) as connection:
        query = f"EXPLAIN (FORMAT JSON) SELECT FROM {table} WHERE run_id = {run_id}"
        ((explained,),) = connection.execute(query).fetchall()
    return int(explained[0]["Plan"]["Plan Rows"])


@pytest.fixture
def nothing_known(ledger: Ledger, database_url: str) -> None:
    """As after the clean-up of the last run's rows."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ANALYZE")


@pytest.mark.usefixtures("nothing_known")
@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("rows", [LARGE - 1, LARGE])
def test_of_a_large_run_that_was_staged_the_database_knows(
    ledger: Ledger, database_url: str, side: Side, rows: int
) -> None:
    run = open_run(ledger)
    ledger.staging.stage(run, side, page(side, *(task(side, str(number)) for number in range(rows))), "delta")
    ledger.staging.weigh_staged(run)
    assert (expected_rows(database_url, STAGED[side], run.run_id) == rows) is (rows == LARGE)


@pytest.mark.usefixtures("nothing_known")
@pytest.mark.parametrize("table", ["bridge.action", "bridge.ledger_change"])
def test_of_a_large_plan_the_database_knows(ledger: Ledger, database_url: str, table: str) -> None:
    run = open_run(ledger)
    ledger.staging.stage(run, SC, page(SC, *(task(SC, str(number)) for number in range(LARGE))), "delta")
    names = [f"sc:acc:{number}" for number in range(LARGE)]
    ledger.plans.save_plan(
        run,
        plan(
            [action(seq, name, SF, "create") for seq, name in enumerate(names)],
            changes=[change(name, seq) for seq, name in enumerate(names)],
            links=[new_link(name, sc_id=str(number)) for number, name in enumerate(names)],
            ends=[end(SC, str(number), "planned", name) for number, name in enumerate(names)],
        ),
    )
    assert expected_rows(database_url, table, run.run_id) == LARGE


def test_after_a_large_run_the_database_looks_up_what_is_unfinished(
    ledger: Ledger, database_url: str
) -> None:
    """Else it takes half of all pairs for unfinished, and each run reads them all until it has counted by itself."""
    run = open_run(ledger)
    ledger.staging.stage(run, SC, page(SC, *(task(SC, str(number)) for number in range(LARGE))), "delta")
    links = [new_link(f"sc:acc:{number}", sc_id=str(number)) for number in range(LARGE)]
    ends = [end(SC, str(number), "unchanged", f"sc:acc:{number}") for number in range(LARGE)]
    changes = [change(f"sc:acc:{number}", state="linked") for number in range(LARGE)]
    ledger.plans.save_plan(run, plan(links=links, ends=ends, changes=changes))
    ledger.links.settle(run, {}, final=True)
    with psycopg.connect(database_url) as connection:
        unfinished = "SELECT FROM bridge.link WHERE dirty OR state = 'pending'"
        explained = connection.execute(f"EXPLAIN {unfinished}").fetchall()
    assert any("link_unfinished" in line for (line,) in explained), explained
