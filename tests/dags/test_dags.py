"""What every DAG file owes: it loads, it explains itself, it is cheap to parse, and its chain is safe."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization

from taskbridge.errors import SettingsInvalid
from taskbridge.pipeline import schedule

DAGS = Path(__file__).parents[2] / "dags"
FILES = sorted(DAGS.glob("*.py"))
NAMES = [path.stem for path in FILES]
NOT_RUNS = (
    "task_sync_checks",
    "task_sync_decide",
    "task_sync_doctor",
    "task_sync_parked",
    "example_after_sync",
)
RUNS = [name for name in NAMES if name not in NOT_RUNS]


@pytest.fixture(scope="module")
def bag(metadata_database: None) -> DagBag:
    return DagBag()


@pytest.fixture(params=NAMES)
def dag(bag: DagBag, request: pytest.FixtureRequest) -> DAG:
    return bag.dags[request.param]  # type: ignore[return-value]


@pytest.fixture(params=RUNS)
def chain(bag: DagBag, request: pytest.FixtureRequest) -> DAG:
    """A DAG of runs of the sync: the chain of `pipeline.sync_tasks`."""
    return bag.dags[request.param]  # type: ignore[return-value]


def test_every_file_is_one_dag_of_its_name(bag: DagBag) -> None:
    assert bag.import_errors == {}
    assert sorted(bag.dags) == NAMES
    assert NAMES == [
        "example_after_sync",
        "task_sync",
        "task_sync_approval",
        "task_sync_audit",
        "task_sync_backfill",
        "task_sync_checks",
        "task_sync_decide",
        "task_sync_doctor",
        "task_sync_parked",
        "task_sync_restore",
    ]


def test_a_dag_explains_itself(dag: DAG) -> None:
    assert dag.doc_md
    assert "taskbridge_enabled" in dag.doc_md
    assert dag.description
    assert {"taskbridge", "sync"} <= dag.tags
    for task in dag.tasks:
        assert task.owner == "taskbridge"
        assert task.doc_md, task.task_id


def test_params_are_described_and_harmless(dag: DAG) -> None:
    for name in dag.params:
        param = dag.params.get_param(name)
        assert param.description, name
        assert param.schema["title"], name
        harmless = (None, [], False, "audit", "restore")
        assert not param.has_value or param.value in harmless, (
            "a form that is sent as it is does what the schedule does, only looks, or is refused"
        )


def test_a_form_is_fields_and_asks_only_for_what_it_needs(dag: DAG) -> None:
    """As Airflow's form (3.3) reads a schema: what cannot be null has an asterisk; several types, and arrays of
    anything but texts, are a box of JSON."""
    for name in dag.params:
        schema = dag.params.get_param(name).schema
        types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        assert "null" in types or schema.get("enum"), f"{name} looks required"
        assert len({*types} - {"null"}) == 1, f"{name} is JSON"
        assert "array" not in types or schema["items"]["type"] == "string", f"{name} is JSON"


def test_the_form_of_a_backfill_says_which_days_are_repeated(bag: DagBag) -> None:
    first = next(iter(bag.dags["task_sync_backfill"].params))
    told = bag.dags["task_sync_backfill"].params.get_param(first).description
    assert told
    assert "'Missing and Errored Runs'" in told


def test_a_dag_survives_serialization(dag: DAG) -> None:
    again: Any = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    assert sorted(again.task_dict) == sorted(dag.task_dict)


def test_only_the_clock_and_people_start_task_sync(bag: DagBag) -> None:
    sync, backfill = bag.dags["task_sync"], bag.dags["task_sync_backfill"]
    assert sync.max_active_runs == 1
    assert not sync.catchup
    assert not backfill.catchup
    assert {str(kind.value) for kind in sync.allowed_run_types or ()} == {"scheduled", "manual"}
    assert backfill.allowed_run_types is None, "scheduled, by hand and as a backfill"
    assert not sync.is_paused_upon_creation, "the Variable is the switch, and one is enough"


def test_the_plan_comes_before_writes_and_writes_before_deletes(chain: DAG) -> None:
    upserts = {"upsert_salesforce", "upsert_sales_connect"}
    for side in ("salesforce", "sales_connect"):
        upsert, delete = chain.get_task(f"upsert_{side}"), chain.get_task(f"delete_{side}")
        assert {"gate", "open", "recover", "read_dirty", "decide"} <= upsert.get_flat_relative_ids(
            upstream=True
        )
        assert delete.upstream_task_ids == upserts
    assert chain.get_task("settle").is_teardown
    assert chain.get_task("report").is_teardown
    assert [task.task_id for task in chain.leaves] == ["report"]
    retried = {task.task_id for task in chain.tasks if task.retries}
    assert retried - {"ask"} == {"open", "plan_parts"}, "the next run is the retry"
    assert chain.get_task("decide").upstream_task_ids == {"plan_parts"}


def test_waiting_for_the_lease_holds_no_worker_slot(chain: DAG) -> None:
    assert chain.get_task("open").reschedule  # type: ignore[union-attr]


def test_staging_tables_the_plan_and_the_runs_are_assets(chain: DAG) -> None:
    told = {outlet.name for task in chain.tasks for outlet in task.outlets}
    assert told == {
        "staging.sales_connect_task",
        "staging.salesforce_task",
        "bridge.action",
        "mart.sync_runs",
    }


_PARSE = """
import os, socket, sys
from airflow.sdk import Connection, Variable

def refuse(*_, **__):
    raise AssertionError("a DAG file was parsed and asked for something")

Variable.get = Connection.get = refuse
socket.socket.connect = socket.create_connection = refuse
known = set(sys.modules)
heavy = {"pandas", "pyarrow", "numpy", "psycopg", "adbc_driver_manager", "simple_salesforce"}
for path in sys.argv[1:]:
    if os.fork():  # a process for each, as what one has imported the next finds
        os.wait()
        continue
    exec(compile(open(path).read(), path, "exec"))
    print(path, sorted(heavy & (set(sys.modules) - known)))
    break
"""


@pytest.fixture(scope="module")
def parsed() -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", _PARSE, *map(str, FILES)]
    environment = {**os.environ, "PYTHONPATH": str(DAGS.parent / "plugins")}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_parsing_asks_for_nothing_and_imports_nothing_heavy(
    parsed: subprocess.CompletedProcess[str], path: Path
) -> None:
    assert f"{path} []" in parsed.stdout.splitlines(), parsed.stdout + parsed.stderr


@pytest.mark.parametrize(("named", "pool"), [(None, "default_pool"), ("parts", "parts")])
def test_parts_of_large_cycles_go_to_a_pool(
    named: str | None, pool: str, monkeypatch: pytest.MonkeyPatch, metadata_database: None
) -> None:
    if named is None:
        monkeypatch.delenv("TASKBRIDGE_POOL", raising=False)
    else:
        monkeypatch.setenv("TASKBRIDGE_POOL", named)
    chain = DagBag(DAGS / "task_sync.py").dags["task_sync"]
    assert {task.task_id for task in chain.tasks if task.pool == pool} >= {"plan_parts"}


def test_the_schedule_is_every_minute_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TASKBRIDGE_SCHEDULE", raising=False)
    assert schedule().expression == "* * * * *"
    monkeypatch.setenv("TASKBRIDGE_SCHEDULE", "*/7 * * * *")
    assert schedule().expression == "*/7 * * * *"


@pytest.mark.parametrize("text", ["every minute", "61 * * * *", "* * *"])
def test_a_bad_schedule_is_an_import_error_that_names_variable_and_value(
    text: str, monkeypatch: pytest.MonkeyPatch, metadata_database: None
) -> None:
    monkeypatch.setenv("TASKBRIDGE_SCHEDULE", text)
    with pytest.raises(SettingsInvalid, match="TASKBRIDGE_SCHEDULE"):
        schedule()
    errors = DagBag().import_errors
    assert [Path(path).name for path in errors] == ["task_sync.py"]
    assert repr(text) in next(iter(errors.values()))
