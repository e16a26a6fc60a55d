"""Airflow's environment and its four services, each a process of its own with its own log file."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stack.files import write_json
from stack.keys import Keys
from stack.layout import PROJECT, Layout
from stack.processes import Child

METADATA_DATABASE = "airflow"
PORTS = 3  # API server, task-log server, trigger-log server
# Service -> which of its ports, counted from the base port.
SERVICES: dict[str, int | None] = {"api-server": 0, "scheduler": 1, "dag-processor": None, "triggerer": 2}
# Those that bring a log server.
MODULES = {"scheduler": ["stack.scheduler"], "triggerer": ["stack.loopback", "triggerer"]}
# How long each may take to end. The triggerer sits out ten seconds when it watches an asset; nothing of
# ours needs that.
STOP_SECONDS = {"api-server": 10.0, "scheduler": 10.0, "dag-processor": 10.0, "triggerer": 5.0}


@dataclass(frozen=True)
class AirflowPlan:
    """What the environment of one Airflow depends on."""

    layout: Layout
    keys: Keys
    base_port: int
    metadata_url: str
    dags: Path = PROJECT / "dags"
    plugins: Path = PROJECT / "plugins"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.base_port}"


def environment(plan: AirflowPlan, variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of every Airflow process: ours without its Airflow settings, plus the stack's."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AIRFLOW") and name != "PYTHONDONTWRITEBYTECODE"
    }
    return inherited | _settings(plan) | _surroundings() | dict(variables)


def _surroundings() -> dict[str, str]:
    no_proxy = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    local = ",".join(part for part in (no_proxy, "localhost,127.0.0.1") if part)
    return {
        "PYTHONPATH": os.pathsep.join([str(PROJECT / "plugins"), str(PROJECT)]),
        "NO_PROXY": local,
        "no_proxy": local,
    }


def _settings(plan: AirflowPlan) -> dict[str, str]:
    settings = {
        "core": {
            "dags_folder": str(plan.dags),
            "plugins_folder": str(plan.plugins),
            "load_examples": "False",
            "executor": "LocalExecutor",
            "parallelism": "4",
            # What the API server asks for a log: the log servers are on this machine only.
            "hostname_callable": "stack.loopback.address",
            "fernet_key": plan.keys.fernet,
            "execution_api_server_url": f"{plan.url}/execution/",
            "simple_auth_manager_users": ",".join(f"{role}:{role}" for role in plan.keys.passwords),
            "simple_auth_manager_passwords_file": str(plan.layout.passwords),
            "test_connection": "Enabled",
        },
        "database": {"sql_alchemy_conn": plan.metadata_url},
        "api": {
            "host": "127.0.0.1",
            "port": str(plan.base_port),
            "base_url": plan.url,
            "workers": "1",
            "secret_key": plan.keys.session,
        },
        "api_auth": {"jwt_secret": plan.keys.jwt},
        # The default second between two loops costs a second a task.
        "scheduler": {"scheduler_idle_sleep_time": "0.1"},
        # So long (by default five seconds) a worker can take to see that a task has ended, and keeps its slot.
        # And one api-server serves everybody: on a busy machine an answer takes longer than the default five seconds,
        # and the task would fail before it began.
        "workers": {"min_heartbeat_interval": "1", "execution_api_timeout": "60"},
        "dag_processor": {"refresh_interval": "30", "min_file_process_interval": "30"},
        "logging": {
            "base_log_folder": str(plan.layout.airflow_home / "logs"),
            "worker_log_server_port": str(plan.base_port + 1),
            "trigger_log_server_port": str(plan.base_port + 2),
        },
        "usage_data_collection": {"enabled": "False"},
    }
    variables = {
        f"AIRFLOW__{section.upper()}__{option.upper()}": value
        for section, options in settings.items()
        for option, value in options.items()
    }
    return variables | {"AIRFLOW_HOME": str(plan.layout.airflow_home)}


def start_migration(layout: Layout, env: Mapping[str, str]) -> Child:
    return _start("migration", ["airflow", "db", "migrate"], layout, env)


def start_service(name: str, plan: AirflowPlan, env: Mapping[str, str]) -> Child:
    """name: one of SERVICES."""
    # Seeded beforehand, since otherwise Airflow makes up passwords and prints them into its log.
    if not plan.layout.passwords.exists():
        write_json(plan.layout.passwords, plan.keys.passwords)
    return _start(name, MODULES.get(name, ["airflow", name]), plan.layout, env)


def _start(name: str, module: list[str], layout: Layout, env: Mapping[str, str]) -> Child:
    """module: what `python -m` runs, with its arguments."""
    return Child.start(
        name,
        [sys.executable, "-m", *module],
        log=layout.logs / f"{name}.log",
        env=env,
        cwd=PROJECT,
    )
