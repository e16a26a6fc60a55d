"""The sync under the real scheduler and worker, with the two systems as real services."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest

from stack.airflow_api import RUN_ENDED
from stack.demo.people import Edit
from stack.demo.records import API, look
from stack.demo.systems import SIDES, Side
from tests.e2e.theatre import BACKFILL, PATIENCE, SYNC, Theatre

pytestmark = pytest.mark.e2e

BEN = "ben@example.com"
LEAD, CALL = "Follow up with the lead", "Rückruf Käufer"  # two of Ben's tasks that the first run imports
TASKS = 16
APPROVAL = "task_sync_approval"
SETTINGS = "taskbridge_settings"
NOTHING_IS_ALLOWED = (
    '{"limits": {"count": 0, "share": 0, "user_count": 0, "user_share": 0}, "approvers": ["user"]}'
)
OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


@pytest.fixture
def synced(theatre: Theatre) -> Theatre:
    """Switched on, and the first import is through."""
    theatre.switch(True)
    if not theatre.rows("SELECT 1 FROM mart.sync_runs WHERE outcome <> 'open'"):
        assert theatre.run_alone()["state"] == "success"
    return theatre


def test_s1_without_the_switch_scheduled_runs_call_nobody_and_end_skipped(theatre: Theatre) -> None:
    def ended() -> list[dict[str, Any]]:
        runs = theatre.api.runs(SYNC, run_type="scheduled")
        return [run for run in runs if run["state"] in RUN_ENDED]

    for run in theatre.wait_for("scheduled run", ended):
        states = theatre.task_states(SYNC, run["dag_run_id"])
        assert len(states) == TASKS
        assert set(states.values()) == {"skipped"}
    assert theatre.calls("total") == (0, 0), "calls since the two systems were started"


def test_g1_after_the_first_import_an_idle_run_is_one_task_that_reads_little(synced: Theatre) -> None:
    first = synced.rows("SELECT * FROM mart.sync_runs ORDER BY run_id LIMIT 1")[0]
    assert (first["outcome"], first["created"]) == ("clean", 7)
    for _ in range(3):  # the one after the import reads once more what that wrote (G9)
        idle = synced.run_alone()
        assert idle["state"] == "success"
        assert idle["calls"]["writes"] == (0, 0)
    assert idle["calls"]["reads"] == (2, 1)
    states = synced.task_states(SYNC, idle["dag_run_id"])
    assert states.pop("gate") == "success"
    assert len(states) == TASKS - 1
    assert set(states.values()) == {"skipped"}


def test_c1_an_edit_on_each_side_crosses(synced: Theatre) -> None:
    due = (datetime.now(UTC).date() + timedelta(days=40)).isoformat()
    lead, call = synced.titled(LEAD, CALL)
    synced.edit(Edit("sales_connect", "change", BEN, {"due": due}), lead["sales_connect"].id)
    synced.edit(Edit("salesforce", "change", BEN, {"status": "Completed"}), call["salesforce"].id)

    def crossed() -> bool:
        lead, call = synced.titled(LEAD, CALL)
        return lead["salesforce"].due == due and call["sales_connect"].status == "complete"

    synced.run_alone()
    synced.wait_for("due date and completion on the other side", crossed, every=1)


@pytest.mark.parametrize("to", SIDES)
def test_freshness_agrees_with_a_stopwatch_at_both_apis(synced: Theatre, to: Side) -> None:
    (task,) = synced.titled(LEAD)
    source: Side = "salesforce" if to == "sales_connect" else "sales_connect"
    path = {
        "sales_connect": f"/v2/tasks/{task['sales_connect'].id}",
        "salesforce": f"{API}/sobjects/Task/{task['salesforce'].id}",
    }[to]
    text = f"Seen in {to} at {datetime.now(UTC):%H:%M:%S}"
    # They stamp whole seconds: so the edit is made as one begins.
    synced.wait_for("beginning of a second", lambda: datetime.now(UTC).microsecond < 100_000, every=0.02)
    before = _freshness(synced, to)
    started = time.monotonic()
    synced.edit(Edit(source, "change", BEN, {"details": text}), task[source].id)
    synced.wait_for(
        "text on the other side", lambda: text in json.dumps(synced.systems[to].read(path)), every=0.25
    )
    seconds = time.monotonic() - started

    now = synced.wait_for("kept freshness", lambda: _freshness(synced, to)[len(before) :])
    assert now == [pytest.approx(seconds, abs=1)]


def _freshness(theatre: Theatre, side: Side) -> list[float]:
    """Seconds of each change that crossed to a side, the newest last."""
    rows = theatre.rows("SELECT seconds FROM bridge.freshness WHERE side = %s ORDER BY hour", side)
    return [second for row in rows for second in row["seconds"]]


def test_a_dag_that_is_scheduled_on_the_runs_is_told_what_they_did(synced: Theatre) -> None:
    example = "example_after_sync"
    synced.api.unpause(example)
    (lead,) = synced.titled(LEAD)
    synced.edit(
        Edit("sales_connect", "change", BEN, {"details": "Is anything told?"}), lead["sales_connect"].id
    )
    synced.run_alone()
    newest = synced.rows("SELECT max(run_id) AS run_id FROM mart.sync_runs WHERE outcome <> 'open'")[0][
        "run_id"
    ]

    def told() -> list[dict[str, Any]]:
        runs = [run for run in synced.api.runs(example) if run["state"] == "success"]
        events = [event for run in runs for event in synced.api.xcom(example, run["dag_run_id"], "tell")]
        return [event for event in events if event["run_id"] >= newest]

    found = synced.wait_for("run of the example", told, every=1)
    synced.api.pause(example)
    assert {event["outcome"] for event in found} <= {"clean", "held"}
    assert all(set(event["staged"]) == {"sales_connect", "salesforce"} for event in found)


def test_a_backfill_of_three_days_goes_beside_scheduled_runs(synced: Theatre) -> None:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=back) for back in (5, 4, 3)]
    scheduled = synced.wait_for("scheduled run under way", lambda: synced.api.runs(SYNC, state="running"))
    backfill = synced.api.create_backfill(BACKFILL, days[0], days[-1])
    waited = _watch_backfill(synced, backfill)

    runs = synced.backfill_runs(backfill)
    assert {run["state"] for run in runs} == {"success"}
    ledger = [_ledger_row(synced, BACKFILL, run) for run in runs]
    for row, run, day in zip(ledger, runs, reversed(days), strict=True):
        assert datetime.fromisoformat(run["data_interval_start"]) == day
        assert datetime.fromisoformat(run["data_interval_end"]) == day + timedelta(days=1)
        assert (row["mode"], row["outcome"]) == ("backfill", "clean")
        assert (row["sc_start"], row["sc_end"]) == (day, day + timedelta(days=1))
        assert (row["sf_start"], row["sf_end"]) == (day, day + timedelta(days=1))
    assert waited, "runs that want to write at the same time wait, and without a worker slot"
    _check_scheduled_runs_go_on(synced, scheduled[0]["dag_run_id"])
    _check_one_writer_at_a_time(synced)


def test_g3_what_is_held_is_pending_in_airflow_and_released_by_rest(synced: Theatre) -> None:
    """Must show: an approval by REST writes exactly what it showed; what moved meanwhile is left out and named."""
    synced.api.set_variable(SETTINGS, NOTHING_IS_ALLOWED)
    lead, call = synced.titled(LEAD, CALL)
    before = {task["salesforce"].id: task["salesforce"].due for task in (lead, call)}
    due = (datetime.now(UTC).date() + timedelta(days=50)).isoformat()
    for task in (lead, call):
        synced.edit(Edit("sales_connect", "change", BEN, {"due": due}), task["sales_connect"].id)
    run_id, detail = synced.wait_for("request in Airflow", lambda: _pending(synced))
    assert "due date" in detail["subject"]
    assert LEAD in detail["body"]
    assert CALL in detail["body"]
    assert _dues(synced, before) == before, "nothing is written while nobody has answered"

    later = (datetime.now(UTC).date() + timedelta(days=60)).isoformat()
    synced.edit(Edit("sales_connect", "change", BEN, {"due": later}), call["sales_connect"].id)
    path = f"dags/{APPROVAL}/dagRuns/{run_id}/taskInstances/ask/-1/hitlDetails"
    answer = {"chosen_options": ["Approve"], "params_input": {}}
    for role in ("admin", "viewer"):
        refused = synced.as_role(role).call("PATCH", path, body=answer, accept=[403])
        assert refused.status_code == 403, role
    synced.as_role("user").call("PATCH", path, body=answer)
    assert synced.api.wait_for_run(APPROVAL, run_id, PATIENCE)["state"] == "success"

    lead_id, call_id = lead["salesforce"].id, call["salesforce"].id
    assert _dues(synced, before) == {lead_id: due, call_id: before[call_id]}
    (told,) = synced.rows("SELECT * FROM mart.approvals WHERE dag_run_id = %s", run_id)
    assert (told["answer"], told["answered_by"]) == ("approved", "user")
    (left_out,) = synced.rows(
        "SELECT o.* FROM bridge.left_out o JOIN bridge.run r USING (run_id) WHERE r.mode = 'approval'"
    )
    assert later in left_out["reason"]
    synced.api.delete_variable(SETTINGS)


def _pending(theatre: Theatre) -> tuple[str, dict[str, Any]] | None:
    """The run that asks, and what it asks, once both tasks are in one request and it waits: Airflow shows the question
    a moment before, and an answer in between would wake nobody."""
    found = theatre.api.call("GET", f"dags/{APPROVAL}/dagRuns/~/hitlDetails").json()["hitl_details"]
    asked = [one for one in found if not one["response_received"] and "2 tasks" in one["subject"]]
    asked = [one for one in asked if one["task_instance"]["state"] == "awaiting_input"]
    return (asked[0]["task_instance"]["dag_run_id"], asked[0]) if asked else None


def _dues(theatre: Theatre, ids: Iterable[str]) -> dict[str, str | None]:
    """Due dates in Salesforce by record id."""
    seen = {record.id: record.due for record in look(theatre.systems).records["salesforce"]}
    return {record_id: seen[record_id] for record_id in ids}


# What each line of docs/operations.md means in calls that are refused for what they say, unless for who makes them.
_NO_RUN = f"dags/{SYNC}/dagRuns/none/taskInstances"
_CALLS: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "read runs, logs and requests": ("GET", f"dags/{APPROVAL}/dagRuns/~/hitlDetails", None),
    "trigger a DAG (sync, dry run, audit, undo, restore)": ("POST", f"dags/{SYNC}/dagRuns", {"conf": 1}),
    "start a backfill": ("POST", "backfills", {"dag_id": BACKFILL, "from_date": "x"}),
    "answer a request, where `approvers` is empty": (
        "PATCH",
        f"dags/{APPROVAL}/dagRuns/none/taskInstances/ask/-1/hitlDetails",
        {"chosen_options": ["Approve"], "params_input": {}},
    ),
    "clear tasks, change XCom": ("PATCH", f"{_NO_RUN}/open/xcomEntries/x", {"value": 1}),
    "the switch and the settings (Variables)": ("PATCH", f"variables/{SETTINGS}", {"key": 1}),
    "connections": ("GET", "connections/taskbridge_db", None),
}


def test_the_table_of_roles_is_true(theatre: Theatre) -> None:
    text = OPERATIONS.read_text(encoding="utf-8").split("<!-- roles -->")[1].split("<!-- /roles -->")[0]
    head, _, *lines = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.split("\n")[1:-1]
    ]
    assert [line[0] for line in lines] == list(_CALLS)
    for what, *told in lines:
        method, path, body = _CALLS[what]
        for role, says in zip(head[1:], told, strict=True):
            answer = theatre.as_role(role).call(method, path, body=body, accept=range(400, 500))
            assert (answer.status_code != 403) is (says == "yes"), (
                what,
                role,
                answer.status_code,
                answer.text,
            )


def test_no_page_shows_a_secret(synced: Theatre) -> None:
    """Of a run of every DAG that ran: what the pages of its tasks read, and the lists around them."""
    sandbox, keys = synced.stack.sandbox, synced.stack.keys
    secrets = [
        sandbox.salesforce["client_secret"],
        sandbox.sales_connect["client_secret"],
        keys.fernet,
        keys.jwt,
    ]
    secrets += [each for secret in secrets if (each := quote_plus(secret)) != secret]
    pages = list(_pages(synced))
    assert [path for path, text in pages if any(secret in text for secret in secrets)] == []
    assert any("Salesforce" in text for path, text in pages if "/logs/" in path), "logs were looked at"
    assert any("run_id" in text for path, text in pages if path.endswith("/xcomEntries/return_value"))


def _pages(theatre: Theatre) -> Iterator[tuple[str, str]]:
    for listed in ("connections", "variables", "providers", "plugins", "importErrors", "eventLogs"):
        yield listed, theatre.api.call("GET", listed, params={"limit": 100}).text
    for dag_id in (SYNC, BACKFILL, APPROVAL):
        run = next(run for run in theatre.api.runs(dag_id) if run["state"] in RUN_ENDED)
        path = f"dags/{dag_id}/dagRuns/{run['dag_run_id']}"
        yield path, theatre.api.call("GET", path).text
        for task in theatre.api.tasks(dag_id, run["dag_run_id"]):
            yield from _pages_of_task(theatre, f"{path}/taskInstances/{task['task_id']}", task)


def _pages_of_task(theatre: Theatre, path: str, task: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield path, json.dumps(task)  # with its rendered fields
    place = {"map_index": task["map_index"]}
    if task["try_number"]:
        log = f"{path}/logs/{task['try_number']}"
        yield log, theatre.api.call("GET", log, params={"full_content": True, **place}).text
    for entry in theatre.api.call("GET", f"{path}/xcomEntries", params=place).json()["xcom_entries"]:
        kept = f"{path}/xcomEntries/{entry['key']}"
        yield kept, theatre.api.call("GET", kept, params=place).text


def test_the_connection_type_is_offered_by_the_form(theatre: Theatre) -> None:
    offered = {kind["connection_type"]: kind for kind in theatre.page("/ui/connections/hook_meta")}
    assert offered["sales_connect"]["hook_name"] == "Sales Connect"
    assert offered["sales_connect"]["standard_fields"]["login"]["title"] == "Client id"
    providers = theatre.api.call("GET", "providers", params={"limit": 100}).json()["providers"]
    assert "taskbridge" in {provider["package_name"] for provider in providers}


def _watch_backfill(theatre: Theatre, backfill: int) -> bool:
    """Until its runs have ended; whether an `open` was seen to have given its worker slot back while it waited.

    A sensor that kept its slot would be seen running all the time, and never between two attempts.
    """
    waited = False

    def ended() -> bool:
        nonlocal waited
        runs = theatre.backfill_runs(backfill)
        for run in [*runs, *theatre.api.runs(SYNC, state="running")]:
            states = theatre.task_states(run["dag_id"], run["dag_run_id"])
            waited = waited or states.get("open") == "up_for_reschedule"
        return len(runs) == 3 and all(run["state"] in RUN_ENDED for run in runs)

    theatre.wait_for("end of the backfill", ended)
    return waited


def _ledger_row(theatre: Theatre, dag_id: str, run: dict[str, Any]) -> dict[str, Any]:
    key = f"{dag_id}/{run['dag_run_id']}"
    return theatre.rows("SELECT * FROM mart.sync_runs WHERE run_key = %s", key)[0]


def _check_scheduled_runs_go_on(theatre: Theatre, beside: str) -> None:
    """The one that was under way when the backfill began, and those that became due afterwards."""
    since = theatre.api.run(SYNC, beside)["run_after"]

    def ended() -> list[dict[str, Any]] | None:
        runs = [run for run in theatre.api.runs(SYNC, run_after_gte=since) if run["state"] in RUN_ENDED]
        return runs if len(runs) > 1 else None

    runs = theatre.wait_for("scheduled run after the one beside the backfill", ended)
    assert beside in {run["dag_run_id"] for run in runs}
    assert {(run["run_type"], run["state"]) for run in runs} == {("scheduled", "success")}


def _check_one_writer_at_a_time(theatre: Theatre) -> None:
    """Runs hold the lease from when they open to when they close; the next one opens after that."""
    runs = theatre.rows(
        "SELECT run_key, mode, fencing, opened_at, closed_at FROM bridge.run "
        "WHERE closed_at IS NOT NULL ORDER BY fencing"
    )
    assert {"scheduled", "backfill"} <= {run["mode"] for run in runs}
    for before, after in itertools.pairwise(runs):
        assert before["fencing"] < after["fencing"]
        assert before["closed_at"] <= after["opened_at"], (before, after)
