"""What OpenLineage is told: field by field where the values of each system come from, named after the connections."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import Connection

from taskbridge.core.run import RunMode
from taskbridge.core.terms import Side
from taskbridge.hooks import lineage
from taskbridge.hooks.lineage import of_bringing_back, of_reading, of_writing
from taskbridge.operators import DecideOperator, ExtractOperator, ReportOperator, UpsertOperator
from taskbridge.settings import Settings
from taskbridge.sides.sales_connect import records as sales_connect
from taskbridge.sides.salesforce import records as salesforce
from taskbridge.sides.salesforce.marking import Marked
from tests.dags.apart import run_apart
from tests.dags.test_runs import create_in_sales_connect, create_in_salesforce
from tests.dags.world import Installation

SC, SF = Side.SALES_CONNECT, Side.SALESFORCE
STAGED = {side: f"bridge_db.staging.{side}_task" for side in Side}

SC_RECORD: dict[str, Any] = {
    "id": 17,
    "name": "Call Ann",
    "status": "open",
    "priority": "normal",
    "due_date": "2026-11-23",
    "details": "about the offer",
    "assignee_id": 101,
    "idempotency_key": None,
    "person": {"id": 5, "salesforce_id": "0035g00000AbCdEAAV"},
    "type": "call",
    "campaign": {"id": 1, "name": "Autumn", "day": 2, "step": 3},
    "call_outcome": "connected",
    "call_reason": "intro",
    "created_at": "2026-11-20T10:00:00Z",
    "updated_at": "2026-11-20T10:00:00Z",
}
SF_RECORD: dict[str, Any] = {
    "Id": "00T5g00000AbCdEEAX",
    "IsDeleted": False,
    "SystemModstamp": "2026-11-20T10:00:00.000+0000",
    "LastModifiedDate": "2026-11-20T10:00:00.000+0000",
    "CreatedDate": "2026-11-20T10:00:00.000+0000",
    "Subject": "Call Ann",
    "Status": "Not Started",
    "Priority": "Normal",
    "ActivityDate": "2026-11-23",
    "Description": "about the offer",
    "OwnerId": "0055g00000AbCdEAAV",
    "WhoId": "0035g00000AbCdEAAV",
    "IsClosed": False,
    "IsRecurrence": False,
}
ANOTHER = {
    "id": 18,
    "status": "complete",
    "priority": "high",
    "due_date": "2026-12-01",
    "assignee_id": 102,
    "campaign.day": 4,
    "campaign.step": 5,
    "Id": "00T5g00000AbCdFEAX",
    "ActivityDate": "2026-12-01",
    "OwnerId": "0055g00000AbCdFAAV",
    "WhoId": "0035g00000AbCdFAAV",
    "person.salesforce_id": "0035g00000AbCdFAAV",
}
"""What a field holds instead; any text where nothing is said."""


@pytest.fixture(autouse=True)
def connected(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {
        lineage.DATABASE: Connection(
            conn_id="db", conn_type="postgres", host="db.example.com", schema="bridge_db"
        ),
        lineage.SALES_CONNECT: Connection(
            conn_id="sc", conn_type="sales_connect", host="https://sc.example.com/v1"
        ),
        lineage.SALESFORCE: Connection(
            conn_id="sf", conn_type="salesforce", extra='{"domain": "https://acme.my.salesforce.com/"}'
        ),
    }
    monkeypatch.setattr(lineage, "connection_named", made.__getitem__)


def columns(told: Any) -> dict[str, set[tuple[str, str]]]:
    """By field of the output the (dataset, field) that it comes from."""
    (output,) = told.outputs
    facet = output.facets.get("columnLineage")
    fields = facet.fields if facet else {}
    return {
        name: {(one.name.rpartition(".")[2], one.field) for one in origin.inputFields}
        for name, origin in fields.items()
    }


def test_the_subject_and_the_other_fields_come_from_what_the_rules_say() -> None:
    told = of_writing(SF, Settings(subject_template="{{activity_type}}: {{activity_subject}}"))
    source = "sales_connect_task"
    assert columns(told) == {
        "Subject": {(source, "type"), (source, "title")},
        "Status": {(source, "status")},
        "Priority": {(source, "priority")},
        "ActivityDate": {(source, "due_date")},
        "Description": {(source, "details")},
        "OwnerId": {(source, "owner")},
        "WhoId": {(source, "person")},
        "Taskbridge_Id__c": {(source, "remote_id")},
    }
    fields = told.outputs[0].facets["columnLineage"].fields
    kinds = {
        name: {each.subtype for one in origin.inputFields for each in one.transformations}
        for name, origin in fields.items()
    }
    same = [name for name, kind in kinds.items() if kind == {"IDENTITY"}]
    assert same == ["ActivityDate"], "only a date crosses as it is (F4)"


def test_a_name_comes_from_a_subject_only_when_the_task_is_created() -> None:
    told = of_writing(SC, Settings())
    source = "salesforce_task"
    assert columns(told) == {
        "name": {(source, "title")},
        "status": {(source, "status")},
        "priority": {(source, "priority")},
        "due_date": {(source, "due_date")},
        "details": {(source, "details"), ("sales_connect_task", "details")},
        "assignee_id": {(source, "owner")},
        "person_id": {(source, "person")},
        "idempotency_key": {(source, "remote_id")},
    }
    (origin,) = told.outputs[0].facets["columnLineage"].fields["name"].inputFields
    assert origin.transformations[0].description == "when the task is created (F1, F7)"


def test_the_settings_of_a_run_decide_what_is_told() -> None:
    few = Settings(subject_template="A task", fill_person=False, salesforce_marker_field=None)
    assert columns(of_writing(SF, few)).keys().isdisjoint({"Subject", "WhoId", "Taskbridge_Id__c"})
    named = columns(of_writing(SF, Settings(salesforce_marker_field="Ours__c")))
    assert "Ours__c" in named


def test_what_is_brought_back_comes_from_the_ledger() -> None:
    told = of_bringing_back(SF)
    assert [one.name for one in told.inputs] == ["bridge_db.bridge.action"]
    assert columns(told) == {}
    assert {mode for mode in RunMode if mode.brings_back} == {RunMode.UNDO, RunMode.RESTORE}


def _changed(record: dict[str, Any], field: str) -> dict[str, Any]:
    name, _, inner = field.partition(".")
    new = ANOTHER.get(field, "another")
    return {**record, name: {**record[name], inner: new} if inner else new}


@pytest.mark.parametrize("side", list(Side))
def test_a_column_of_staging_is_read_from_the_field_that_is_told(side: Side) -> None:
    def decoded(record: dict[str, Any]) -> dict[str, Any]:
        frame = (
            sales_connect.decode_tasks([record])
            if side is SC
            else salesforce.decode_tasks([record], Marked("Taskbridge_Id__c"))
        )
        assert frame["problem_code"].isna().all(), frame["problem_message"][0]
        return dict(frame.drop(columns="payload").iloc[0])

    record = SC_RECORD if side is SC else SF_RECORD
    before = decoded(record)
    told = columns(of_reading(side))
    assert {"title", "status", "priority", "due_date", "details", "owner"} <= told.keys()
    for column, origins in told.items():
        ((_, field),) = origins
        after = decoded(_changed(record, field))
        differ = {name for name, value in after.items() if str(value) != str(before[name])}
        assert differ == {column}, field


def test_what_is_written_has_the_names_of_the_wire() -> None:
    told = {side: set(columns(of_writing(side, Settings()))) for side in Side}
    row = {"mask": 63, "title": "A", "status": "open", "priority": "high", "due_date": None, "details": "B",
           "owner": "101", "person": "003", "marker": "tb:1"}  # fmt: skip
    cleared = {"due_date", "ActivityDate"}
    to_sales_connect = sales_connect.encode_create(row, {"003": 5})
    assert told[SC] - cleared == to_sales_connect.keys() - {"type"}
    to_salesforce = salesforce.encode_create(row, Marked("Taskbridge_Id__c"))
    assert told[SF] - cleared == set(to_salesforce)


@pytest.mark.parametrize(
    ("host", "port", "namespace"),
    [
        ("db.example.com", 5433, "postgres://db.example.com:5433"),
        ("db.example.com", None, "postgres://db.example.com:5432"),
        ("/run/postgresql", None, "postgres://localhost:5432"),
    ],
)
def test_a_table_has_the_name_that_other_tools_give_it(
    host: str, port: int | None, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = Connection(conn_id="db", conn_type="postgres", host=host, port=port, schema="bridge_db")
    monkeypatch.setattr(lineage, "connection_named", lambda _: connection)
    assert lineage.table("mart", "sync_runs") == (namespace, "bridge_db.mart.sync_runs")


def test_the_systems_are_named_after_their_hosts() -> None:
    told = {side: of_writing(side, Settings()).outputs[0] for side in Side}
    assert (told[SC].namespace, told[SC].name) == ("sales_connect://sc.example.com", "task")
    assert (told[SF].namespace, told[SF].name) == ("salesforce://acme.my.salesforce.com", "Task")
    assert [one.name for one in of_reading(SF).outputs] == [STAGED[SF]]


def test_operators_need_no_openlineage(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are made, and run, without it: only what Airflow calls with the provider alone imports it."""
    for name in [name for name in sys.modules if name.startswith("airflow.providers.openlineage")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "airflow.providers.openlineage", None)
    made = [
        ExtractOperator(task_id="a", side="salesforce"),
        DecideOperator(task_id="b"),
        UpsertOperator(task_id="c", side="salesforce"),
        ReportOperator(task_id="d"),
    ]
    assert made[2].get_openlineage_facets_on_complete(None) is None, "it has not run"
    with pytest.raises(ImportError):
        made[0].get_openlineage_facets_on_complete(None)


@pytest.fixture
def events(world: Installation, tmp_path: Path) -> dict[str, Any]:
    """By task what a real run tells when it ends, in the file of OpenLineage's own transport."""
    world.sync()
    world.let_time_pass()
    create_in_sales_connect(world, "Made in Sales Connect")
    create_in_salesforce(world, "Made in Salesforce")
    path = tmp_path / "events.json"
    transport = {"type": "file", "log_file_path": str(path), "append": True}
    run_apart("task_sync", AIRFLOW__OPENLINEAGE__TRANSPORT=json.dumps(transport))
    told = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {event["job"]["name"]: event for event in told if event["eventType"] == "COMPLETE"}


def test_a_real_run_tells_its_columns(events: dict[str, Any], world: Installation) -> None:
    def told(task: str) -> tuple[Any, dict[str, set[str]]]:
        (output,) = events[f"task_sync.{task}"]["outputs"]
        fields = output["facets"]["columnLineage"]["fields"]
        return output, {name: {one["field"] for one in each["inputFields"]} for name, each in fields.items()}

    read, columns_read = told("extract_salesforce")
    database = world.rows("SELECT current_database() AS name")[0]["name"]
    assert read["name"] == f"{database}.staging.salesforce_task"
    assert columns_read["title"] == {"Subject"}
    written, columns_written = told("upsert_salesforce")
    netloc = world.sandbox.salesforce.url.removeprefix("https://").rstrip("/")
    assert (written["namespace"], written["name"]) == (f"salesforce://{netloc}", "Task")
    assert columns_written["Subject"] == {"title"}
    assert columns_written["Status"] == {"status"}
    assert columns_written["Priority"] == {"priority"}
    assert columns_written["ActivityDate"] == {"due_date"}
    assert columns_written["Description"] == {"details"}
    there, columns_there = told("upsert_sales_connect")
    assert there["namespace"].startswith("sales_connect://")
    assert columns_there["assignee_id"] == {"owner"}
    (source,) = events["task_sync.upsert_salesforce"]["inputs"]
    staged, _ = told("extract_sales_connect")
    assert (source["namespace"], source["name"]) == (staged["namespace"], staged["name"]), "one chain"
    assert [one["name"] for one in events["task_sync.decide"]["outputs"]] == [f"{database}.bridge.action"]
    assert [one["name"] for one in events["task_sync.report"]["outputs"]] == [f"{database}.mart.sync_runs"]
