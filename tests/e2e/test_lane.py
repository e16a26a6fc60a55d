"""The event lane under the real scheduler and triggerer, beside a clock that does not tick."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from stack.airflow import METADATA_DATABASE
from stack.airflow_api import RUN_ENDED
from stack.console import Progress
from stack.demo.people import Edit
from stack.demo.records import Record, look
from stack.demo.systems import SIDES, Side
from stack.layout import Layout
from stack.supervisor import Options, Stack
from tests.e2e.theatre import BACKFILL, SYNC, Theatre

pytestmark = pytest.mark.e2e
BEN = "ben@example.com"
OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
NEVER = "0 0 1 1 *"
SECONDS = 5
SOON = 60.0  # seconds, on a machine that does more besides; the clock would take until new year


@pytest.fixture(scope="module")
def lane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    """Switched on, imported by hand, and with a lane; the org is a large one, which can afford it."""
    options = Options(
        variables={"TASKBRIDGE_SCHEDULE": NEVER, "TASKBRIDGE_LANE_SECONDS": str(SECONDS)}, seed="demo"
    )
    with Stack(Layout(tmp_path_factory.mktemp("stack") / "lane"), options, Progress()) as stack:
        stack.api.wait_for_dags({SYNC}, 60)
        theatre = Theatre(stack)
        theatre.systems.salesforce.control("PATCH", "/switches", {"api_daily_max": 100_000})
        theatre.switch(True)
        for _ in range(2):  # the second reads what the first wrote
            run = stack.api.wait_for_run(SYNC, stack.api.trigger(SYNC), 120)
            assert run["state"] == "success"
        yield theatre


def woken(theatre: Theatre) -> list[dict[str, Any]]:
    return theatre.api.runs(SYNC, run_type="asset_triggered")


def at_rest(theatre: Theatre) -> int:
    """How many runs the lane has started, once all of them have ended."""
    theatre.wait_for("end of the runs", lambda: all(run["state"] in RUN_ENDED for run in woken(theatre)))
    return len(woken(theatre))


def make(theatre: Theatre, side: Side, title: str) -> str:
    return theatre.edit(Edit(side, "create", BEN, {"title": title}))


def copies(theatre: Theatre, side: Side, *titles: str) -> list[Record]:
    return [record for record in look(theatre.systems).records[side] if record.title in titles]


@pytest.mark.parametrize("side", SIDES)
def test_an_edit_is_on_the_other_side_within_seconds(lane: Theatre, side: Side) -> None:
    before = at_rest(lane)
    there: Side = "salesforce" if side == "sales_connect" else "sales_connect"
    title = f"Seen in {there}"
    started = time.monotonic()
    make(lane, side, title)
    lane.wait_for("copy", lambda: copies(lane, there, title), every=0.5)
    assert time.monotonic() - started < SOON
    assert at_rest(lane) == before + 1
    (newest, *_) = woken(lane)
    assert (newest["logical_date"], newest["data_interval_start"]) == (None, None)
    assert newest["state"] == "success"
    key = f"{SYNC}/{newest['dag_run_id']}"
    (ran,) = lane.rows("SELECT mode, outcome FROM mart.sync_runs WHERE run_key = %s", key)
    assert (ran["mode"], ran["outcome"]) == ("scheduled", "clean")


def test_several_edits_take_few_runs_and_what_these_write_takes_none(lane: Theatre) -> None:
    before = at_rest(lane)
    titles = [f"One of many {number}" for number in range(6)]
    for number, title in enumerate(titles):
        make(lane, SIDES[number % 2], title)
    lane.wait_for(
        "copies",
        lambda: all(len(copies(lane, side, *titles)) == len(titles) for side in SIDES),
        every=1,
    )
    assert at_rest(lane) - before in (1, 2), "those that came while the first run was on its way took another"
    settled, asked = at_rest(lane), lane.calls("reads")
    lane.wait_for("four more looks", lambda: lane.calls("reads")[1] >= asked[1] + 4, every=0.5)
    assert at_rest(lane) == settled


def test_the_clock_still_owns_a_schedule_and_days_can_be_repeated(lane: Theatre) -> None:
    """The lane changes neither what a person may start nor the DAG of past days."""
    dag = lane.api.call("GET", f"dags/{SYNC}/details").json()
    assert sorted(dag["allowed_run_types"]) == ["asset_triggered", "manual", "scheduled"]
    assert dag["max_active_runs"] == 1
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    day = today - timedelta(days=3)
    backfill = lane.api.create_backfill(BACKFILL, day, day)
    runs = lane.api.wait_for_backfill(backfill, 120)
    assert [run["state"] for run in runs] == ["success"]


def test_s1_switched_off_the_lane_calls_nobody_and_switched_on_it_catches_up(lane: Theatre) -> None:
    at_rest(lane)
    user = look(lane.systems).users["sales_connect"][BEN]
    task = {"name": "While it is off", "assignee_id": int(user)}
    lane.switch(False)
    time.sleep(2 * SECONDS)  # a look that was under way ends; what is to be seen is that nothing happens
    lane.systems.forget_calls()
    lane.systems.sales_connect.control("POST", "/people/tasks", task)
    time.sleep(2 * SECONDS)
    assert lane.calls("total") == (0, 0)
    lane.switch(True)
    lane.wait_for("copy", lambda: copies(lane, "salesforce", "While it is off"), every=0.5)


def test_the_nightly_commands_take_old_runs_out_of_airflows_database(lane: Theatre) -> None:
    """Those of docs/operations.md, for whatever was before the next minute."""
    at_rest(lane)
    before = airflows_rows(lane)
    assert before["dag_run"] > 2
    assert before["asset_event"] >= 4 * before["dag_run"]
    commands = OPERATIONS.read_text(encoding="utf-8").split("<!-- clean -->")[1].split("```")[1]
    commands = commands.replace("7 days ago", "1 minute").replace(
        "airflow db", f"{sys.executable} -m airflow db"
    )
    done = subprocess.run(
        ["sh", "-ec", commands],
        env=dict(lane.stack.environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (kept,) = lane.api.runs(SYNC)
    assert kept["run_type"] == "asset_triggered", "the last that nobody started"
    assert airflows_rows(lane) == {"dag_run": 1, "task_instance": 0, "xcom": 0, "asset_event": 0}
    make(lane, "salesforce", "After the cleaning")
    lane.wait_for("copy", lambda: copies(lane, "sales_connect", "After the cleaning"), every=0.5)


def airflows_rows(theatre: Theatre) -> dict[str, int]:
    """Of task_sync in Airflow's own database, by table."""
    with psycopg.connect(theatre.stack.postgres.url(METADATA_DATABASE)) as connection:
        counted = connection.execute(
            "SELECT (SELECT count(*) FROM dag_run WHERE dag_id = %(dag)s), "
            "(SELECT count(*) FROM task_instance WHERE dag_id = %(dag)s), "
            "(SELECT count(*) FROM xcom WHERE dag_id = %(dag)s), "
            "(SELECT count(*) FROM asset_event WHERE source_dag_id = %(dag)s)",
            {"dag": SYNC},
        ).fetchone()
    assert counted is not None
    return dict(zip(("dag_run", "task_instance", "xcom", "asset_event"), counted, strict=True))
