"""docker-compose.yaml leads to a sync: every service starts by its own command, in its order, and tells its health."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from stack.airflow_api import AirflowApi
from stack.compose_check import EXAMPLE, EXAMPLE_LINE, load
from stack.console import Progress
from stack.demo.agreement import check
from stack.demo.people import Edit, People
from stack.demo.records import look
from stack.demo.systems import Systems
from stack.layout import PROJECT
from stack.sandbox import read_access
from tests.compose.machine import Machine

SYNC = "task_sync"
SECONDS = 180.0


@pytest.fixture(scope="module")
def values() -> dict[str, str]:
    """What the command of .env.example makes of its names."""
    names = [name for name, _ in EXAMPLE_LINE.findall((PROJECT / EXAMPLE).read_text())]
    return {name: base64.urlsafe_b64encode(os.urandom(32)).decode() for name in names}


@pytest.fixture(scope="module")
def machine(values: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    scratch = tmp_path_factory.mktemp("compose")
    with Machine(load(PROJECT / "docker-compose.yaml"), values, scratch, Progress()) as machine:
        yield machine


@pytest.fixture(scope="module")
def api(machine: Machine, values: dict[str, str]) -> AirflowApi:
    api = AirflowApi(
        f"http://{machine.containers['api-server'].address}:8080",
        "admin",
        values["TASKBRIDGE_ADMIN_PASSWORD"],
    )
    api.wait_for_dags({SYNC}, 60)
    return api


def test_every_service_that_stays_is_healthy_after_what_it_waits_for(machine: Machine) -> None:
    assert set(machine.healthy) == set(machine.containers) - {"migrate"}
    turn = machine.healthy.index
    assert max(turn("postgres"), turn("broker"), turn("sandbox")) < turn("api-server")
    assert turn("api-server") < min(turn("scheduler"), turn("worker-1"), turn("worker-2"))


def test_a_sync_makes_both_sides_equal(machine: Machine, api: AirflowApi) -> None:
    access = read_access(machine.containers["sandbox"].mounts["/sandbox"] / "ready.json")
    assert access is not None
    systems, begun = Systems.reached_by(access), datetime.now(UTC)
    made = Edit("sales_connect", "create", "ada@example.com", {"title": "Made before the switch was on"})
    api.set_variable("taskbridge_enabled", "true")
    run = api.wait_for_run(SYNC, api.trigger(SYNC), SECONDS)
    People(systems, look(systems).users).make(made)
    later = api.wait_for_run(SYNC, api.trigger(SYNC), SECONDS)
    assert (run["state"], later["state"]) == ("success", "success")
    agreement = check(look(systems), begun, ())
    assert agreement.disagreements == ()
    assert agreement.compared >= 8
    hosts = {task["hostname"] for one in (run, later) for task in api.tasks(SYNC, one["dag_run_id"])} - {
        "",
        None,
    }
    workers = {one.address for one in machine.containers.values() if one.service == "worker"}
    assert hosts
    assert hosts <= workers
    told = api.task_log(SYNC, later["dag_run_id"], "report")
    assert re.search(r"Run \d+ \(manual, by admin\): clean", told), told
    machine.check()


def test_the_secrets_are_in_no_log(machine: Machine, values: dict[str, str]) -> None:
    logs = [path for path in machine.logs.rglob("*") if path.is_file()]
    assert logs
    for path in logs:
        text = path.read_text(errors="replace")
        assert [name for name, value in values.items() if value in text] == [], path
