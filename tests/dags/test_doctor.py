"""The doctor as a DAG and as a command, over real connections."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from taskbridge import doctor
from tests.dags.world import SALES_CONNECT, SALESFORCE, Installation

ROOT = Path(__file__).parents[2]
SECRET = "hunter2-and-longer"


@pytest.mark.parametrize("switch", ["true", None])
def test_the_dag_is_green_where_all_is_well_whatever_the_switch_says_and_writes_nothing(
    world: Installation, switch: str | None
) -> None:
    world.switch(switch)
    world.forget_calls()
    ended = world.run("task_sync_doctor")
    assert ended.state == "success"
    assert ended.xcom[("examine", "return_value")].keys() == {"ok"}
    assert world.calls("writes") == (0, 0)
    assert world.rows("SELECT 1 FROM bridge.run") == []


def test_the_dag_is_red_with_the_same_lines_where_something_has_to_be_mended(
    world: Installation, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    world.sandbox.salesforce.control("PATCH", "/switches", {"hidden_fields": ["Task.Description"]})
    ended = world.run("task_sync_doctor")
    assert ended.state == "failed"
    logged = caplog.text + "".join(capsys.readouterr())
    assert doctor.main() == 1
    printed = capsys.readouterr().out
    line = next(line for line in printed.splitlines() if "field Description" in line)
    assert "hidden" in line
    [told] = [each for each in logged.splitlines() if line.strip() in each]
    assert "[error" in told
    assert "1 to mend, 2 not checked." in printed


def test_connections_that_lack_something_are_lines_without_their_secrets(
    world: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    world.connection(SALES_CONNECT, conn_type="sales_connect", login="x", password=SECRET)
    world.connection(SALESFORCE, conn_type="salesforce", extra={"consumer_secret": SECRET})
    assert doctor.main() == 1
    printed = "".join(capsys.readouterr())
    assert "lacks address" in printed
    assert "salesforce_default holds no whole way of logging in" in printed
    assert SECRET not in printed
    assert "Traceback" not in printed


def test_settings_that_are_refused_are_one_sentence(
    world: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    world.settings('{"conflict_polizy": 1}')
    assert doctor.main() == 1
    assert "unknown key conflict_polizy" in capsys.readouterr().err


def test_the_command_needs_no_running_airflow_and_its_exit_code_tells(world: Installation) -> None:
    command = [sys.executable, "-m", "taskbridge.doctor"]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "plugins")}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All is well." in done.stdout
    world.without(SALES_CONNECT)
    env = {**os.environ, "PYTHONPATH": str(ROOT / "plugins")}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "sales_connect_default does not exist" in done.stdout
