"""Airflow's environment and its services, each a process of its own with its own log file."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stack.files import write_json
from stack.keys import Keys
from stack.layout import PROJECT, Layout
from stack.processes import Child

METADATA_DATABASE = "airflow"
PORTS = 4  # API server, task-log servers, trigger-log server, broker
BROKER_PORT = 3  # which of them, counted from the base port
ADDRESS_VARIABLE = "TASKBRIDGE_ADDRESS"  # where a service takes its machine to be; else 127.0.0.1

# A broker that is away for less than a minute fails no task. By default a task that cannot be handed over at once has
# failed; with these the attempt goes on until Airflow breaks it off, after a second, and that one is repeated.
PERSEVERANCE = {
    "AIRFLOW__CELERY__EXTRA_CELERY_CONFIG": json.dumps(
        {"task_publish_retry_policy": {"max_retries": None, "interval_max": 0.5}}
    ),
    "AIRFLOW__CELERY__TASK_PUBLISH_MAX_RETRIES": "60",
}


@dataclass(frozen=True)
class Service:
    """What `python -m` runs, and which of the ports it has.

    more: its environment beyond what all have. stop_seconds: how long it may take to end.
    """

    name: str
    module: tuple[str, ...]
    port: int | None = None
    more: Mapping[str, str] = field(default_factory=dict)
    stop_seconds: float = 10.0


@dataclass(frozen=True)
class Workers:
    """Celery's, in place of what the scheduler forks: `count` of them, each with `concurrency` tasks at a time."""

    count: int
    concurrency: int
    broker_url: str
    result_url: str


@dataclass(frozen=True)
class AirflowPlan:
    """What the environment of one Airflow depends on."""

    layout: Layout
    keys: Keys
    base_port: int
    metadata_url: str
    dags: Path = PROJECT / "dags"
    plugins: Path = PROJECT / "plugins"
    workers: Workers | None = None

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
    return inherited | _settings(plan) | _celery_settings(plan.workers) | _surroundings() | dict(variables)


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


def _celery_settings(workers: Workers | None) -> dict[str, str]:
    if workers is None:
        return {}
    return {
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CORE__PARALLELISM": str(workers.count * workers.concurrency),
        "AIRFLOW__CELERY__BROKER_URL": workers.broker_url,
        "AIRFLOW__CELERY__RESULT_BACKEND": workers.result_url,
        "AIRFLOW__CELERY__WORKER_CONCURRENCY": str(workers.concurrency),
        **PERSEVERANCE,
    }


def services(plan: AirflowPlan) -> Iterator[Service]:
    """What runs, in the order in which it is started."""
    yield Service("api-server", ("airflow", "api-server"), port=0)
    # Only the LocalExecutor's scheduler has logs to show.
    yield Service("scheduler", ("stack.preloaded", "scheduler"), port=None if plan.workers else 1)
    yield Service("dag-processor", ("airflow", "dag-processor"))
    # It sits out ten seconds when it watches an asset; nothing of ours needs that.
    yield Service("triggerer", ("stack.loopback", "triggerer"), port=2, stop_seconds=5.0)
    for number in range(1, (plan.workers.count if plan.workers else 0) + 1):
        yield _worker(plan, number)


def _worker(plan: AirflowPlan, number: int) -> Service:
    """One that could be on another machine: nothing on its disk is shared with the others, and it has an address."""
    name, address = f"worker-{number}", f"127.0.0.{number + 1}"
    home = plan.layout.root / name
    command = ("celery", "worker", "--celery-hostname", f"{name}@{address}")
    more = {
        ADDRESS_VARIABLE: address,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
    }
    return Service(name, ("stack.preloaded", *command), port=1, more=more)


def start_migration(layout: Layout, env: Mapping[str, str]) -> Child:
    return _start("migration", ["airflow", "db", "migrate"], layout, env)


def start_service(service: Service, plan: AirflowPlan, env: Mapping[str, str]) -> Child:
    """env: what `environment` makes for all of them."""
    # Seeded beforehand, since otherwise Airflow makes up passwords and prints them into its log.
    if not plan.layout.passwords.exists():
        write_json(plan.layout.passwords, plan.keys.passwords)
    return _start(service.name, list(service.module), plan.layout, {**env, **service.more})


def _start(name: str, module: list[str], layout: Layout, env: Mapping[str, str]) -> Child:
    """module: what `python -m` runs, with its arguments."""
    return Child.start(
        name,
        [sys.executable, "-m", *module],
        log=layout.logs / f"{name}.log",
        env=env,
        cwd=PROJECT,
    )
