"""Edits that become visible only after the run that should have seen them, all with the stamp of one second."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import psycopg
import pytest
import requests

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Side
from taskbridge.settings import Settings
from taskbridge.store import Ledger
from tests.contract.sandbox_process import Sandbox
from tests.contract.test_whole_runs import BothWorlds
from tests.contract.worlds import salesforce_login

EDITS = 1000
COLLECTION = 200
UNLIMITED = {"count": 2 * EDITS, "user_count": 2 * EDITS}


@pytest.mark.postgres
@pytest.mark.parametrize("origin", list(Side))
def test_G9_a_thousand_edits_committed_late_in_one_second_cross_once(
    sandbox: Sandbox, ledger: Ledger, database_url: str, origin: Side
) -> None:
    """Half of them are visible to the first run, at places drawn by chance among the others, on pages of 200."""
    settings = Settings.model_validate({"limits": UNLIMITED})
    both = BothWorlds(sandbox, ledger, batch=True, feed=True, settings=settings)
    sandbox.salesforce.switch(page_size=COLLECTION)
    tasks = _imported(both, origin)
    last_second = _whole_second(both)
    _edit(both, origin, random.Random(4).sample(tasks, EDITS), late=EDITS // 2)
    for world in (both.sc, both.sf):
        world.advance(1)

    first = both.sync(wait=0)
    run = ledger.runs.run_by_key("https/3")
    assert run is not None
    assert run.windows[origin].end == last_second + timedelta(seconds=1)
    assert _edited(both, origin.other) == EDITS // 2, first.text
    second = both.sync()
    assert _edited(both, origin.other) == EDITS, second.text

    assert [len(live) for live in both.tasks()] == [EDITS, EDITS]
    with psycopg.connect(database_url) as connection:
        query = "SELECT state, count(*), count(DISTINCT link_id) FROM bridge.action WHERE op = 'update' GROUP BY state"
        assert connection.execute(query).fetchall() == [("done", EDITS, EDITS)]
    before = both.writes()
    assert both.sync().outcome is RunOutcome.CLEAN
    assert both.writes() == before


def _imported(both: BothWorlds, origin: Side) -> list[str]:
    """Ids, on this side, of so many pairs."""
    records = [
        {"attributes": {"type": "Task"}, "Subject": f"Task {number}", "OwnerId": both.sf.owner}
        for number in range(EDITS)
    ]
    _collections(both, "POST", records)
    for _ in ("import", "confirm"):
        report = both.sync()
        assert report.outcome is RunOutcome.CLEAN, report.text
    salesforce, sales_connect = both.tasks()
    if origin is Side.SALESFORCE:
        return [task["Id"] for task in salesforce]
    return [str(task["id"]) for task in sales_connect]


def _whole_second(both: BothWorlds) -> datetime:
    """Both clocks at the beginning of a second; it."""
    moment = both.sf.now().replace(microsecond=0) + timedelta(minutes=1)
    for service in (both.sandbox.salesforce, both.sandbox.sales_connect):
        service.control("POST", "/clock", {"set": moment.isoformat()})
    return moment


def _edit(both: BothWorlds, origin: Side, tasks: Sequence[str], late: int) -> None:
    """The last so many become visible half a minute later."""
    lag = {"kind": "late", "nth": len(tasks) - late + 1, "times": late, "seconds": 30}
    if origin is Side.SALESFORCE:
        both.sandbox.salesforce.fault(endpoint="PATCH *composite/sobjects", **lag)
        edits = [
            {"attributes": {"type": "Task"}, "Id": task, "Description": f"edited {task}"} for task in tasks
        ]
        _collections(both, "PATCH", edits)
    else:
        both.sandbox.sales_connect.fault(endpoint="PATCH *people/tasks/*", **lag)
        for task in tasks:
            both.sc.edit(task, details=f"edited {task}")


def _edited(both: BothWorlds, side: Side) -> int:
    """How many tasks of a side hold an edited text."""
    salesforce, sales_connect = both.tasks()
    texts = (
        [task["Description"] for task in salesforce]
        if side is Side.SALESFORCE
        else [task["details"] for task in sales_connect]
    )
    return sum(bool(text) and text.startswith("edited") for text in texts)


def _collections(both: BothWorlds, method: str, records: Sequence[dict[str, object]]) -> None:
    """As a loader of the org's own would write, in lots."""
    session = salesforce_login(both.sandbox.salesforce)
    for lot in _lots(records):
        answer = requests.request(
            method,
            f"{session.instance_url}/services/data/v67.0/composite/sobjects",
            json={"allOrNone": False, "records": lot},
            headers={"Authorization": f"Bearer {session.access_token}"},
            timeout=60,
        )
        assert all(row["success"] for row in answer.json()), answer.text


def _lots(records: Sequence[dict[str, object]]) -> Iterator[Sequence[dict[str, object]]]:
    for start in range(0, len(records), COLLECTION):
        yield records[start : start + COLLECTION]
