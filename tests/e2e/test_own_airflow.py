"""C18: the README from an Airflow of one's own to the first dry run: the wheel in a fresh environment, nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from stack.connections import sandbox_variables
from stack.postgres import PORT, USER, PostgresServer
from stack.sandbox import SandboxAccess
from tests.contract.sandbox_process import Sandbox, running

ROOT = Path(__file__).parents[2]
DATABASE = "plain"

_WEB_FILES = """
from taskbridge.web.app import application
from taskbridge.web.files import named
from taskbridge.web.page import _templates
application()
print(*named(), *_templates().list_templates())
"""


@dataclass(frozen=True)
class Airflow:
    """A fresh environment with the wheel, the dependencies that it names, and an AIRFLOW_HOME."""

    programs: Path
    environment: dict[str, str]

    def run(self, *command: str, **more: str) -> str:
        """What it prints; fails the test when it ends with anything but 0."""
        done = subprocess.run(
            [str(self.programs / command[0]), *command[1:]],
            env=self.environment | more, cwd=self.environment["HOME"], capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("sandbox")) as services:
        for service in (services.sales_connect, services.salesforce):
            service.control("POST", "/reset", {"seed": "demo"})
        yield services


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Airflow:
    """README, step 1."""
    folder = tmp_path_factory.mktemp("own")
    uv = (sys.executable, "-m", "uv")
    environment = folder / "venv"
    _do(*uv, "build", "--quiet", "--wheel", "--out-dir", str(folder / "dist"), str(ROOT))
    _do(*uv, "venv", "--quiet", "--python", sys.executable, str(environment))
    (wheel,) = (folder / "dist").glob("*.whl")
    installing = ("pip", "install", "--quiet", "--python", str(environment / "bin" / "python"))
    _do(*uv, *installing, "--constraint", str(ROOT / "requirements.txt"), str(wheel))
    home = folder / "airflow"
    shutil.copytree(ROOT / "dags", home / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    return Airflow(
        environment / "bin",
        {
            "HOME": str(folder),
            "PATH": f"{environment / 'bin'}:{os.defpath}",
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            **sandbox_variables(_access(sandbox)),
        },
    )


def _access(sandbox: Sandbox) -> SandboxAccess:
    salesforce, sales_connect = (
        {"url": service.url, **service.secrets} for service in (sandbox.salesforce, sandbox.sales_connect)
    )
    return SandboxAccess(salesforce, sales_connect, sandbox.salesforce.ca_bundle)


def _do(*command: str) -> None:
    index = os.environ.get("PIP_INDEX_URL")  # as stack/bootstrap.sh has it
    environment = ({"UV_DEFAULT_INDEX": index} if index else {}) | os.environ
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stderr}"


@pytest.mark.e2e
def test_the_wheel_brings_the_pages_along_once(airflow: Airflow) -> None:
    """Also beside a copy of the file that an Airflow without the package finds in its folder of plugins."""
    folder = Path(airflow.environment["AIRFLOW_HOME"]) / "plugins"
    folder.mkdir()
    for copied in ((), ("taskbridge_plugin.py", ".airflowignore")):
        for name in copied:
            shutil.copy(ROOT / "plugins" / name, folder)
        listed = json.loads(airflow.run("airflow", "plugins", "--output", "json"))
        assert [one["name"] for one in listed].count("taskbridge") == 1
    seen = airflow.run("python", "-c", _WEB_FILES)
    assert {"app.css", "app.js", "uplot-1.6.32.min.js", "overview.html"} <= set(seen.split())


@pytest.mark.e2e
def test_C18_the_readme_leads_to_a_first_dry_run(
    airflow: Airflow, sandbox: Sandbox, postgres_server: PostgresServer
) -> None:
    airflow.run("airflow", "db", "migrate")
    # Step 2: the database.
    postgres_server.create_database(DATABASE)
    url = postgres_server.url(DATABASE)
    assert "Imported connection taskbridge_db" in airflow.run("python", "-m", "taskbridge.setup")
    assert "connection already exists" in airflow.run("python", "-m", "taskbridge.setup"), (
        "what is there stays"
    )
    airflow.run("airflow", "connections", "delete", "taskbridge_db")
    place = ("--conn-host", postgres_server.host, "--conn-port", str(PORT), "--conn-schema", DATABASE)
    airflow.run(
        *("airflow", "connections", "add", "taskbridge_db", "--conn-type", "postgres"),
        *(*place, "--conn-login", USER),
    )
    said = airflow.run("python", "-m", "taskbridge.store.migrate", TASKBRIDGE_DATABASE_URL=url)
    assert said.startswith("The database is at schema")
    # Steps 7 and 8: the check, which finds the connection that was added, and the dry run.
    assert "All is well." in airflow.run("python", "-m", "taskbridge.doctor")
    airflow.run("airflow", "dags", "test", "task_sync", "--conf", json.dumps({"dry_run": True}))
    with psycopg.connect(url) as connection:
        runs = connection.execute("SELECT dry_run, outcome FROM bridge.run").fetchall()
        (planned,) = connection.execute("SELECT count(*) FROM mart.plan").fetchone() or (0,)
    assert runs == [(True, "planned")]
    assert planned > 0
    assert sandbox.salesforce.calls()["writes"] + sandbox.sales_connect.calls()["writes"] == 0
