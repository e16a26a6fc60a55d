"""Starts everything in the right order, watches it, and stops it whatever happens."""

import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from stack.airflow import (
    BROKER_PORT,
    METADATA_DATABASE,
    PORTS,
    AirflowPlan,
    Service,
    Workers,
    environment,
    services,
    start_migration,
    start_service,
)
from stack.airflow_api import AirflowApi
from stack.broker import Broker, answering_workers
from stack.connections import database_variable, sandbox_variables, shown
from stack.console import Reminder
from stack.errors import AlreadyRunning, StackError
from stack.files import private
from stack.keys import Keys
from stack.layout import PROJECT, Layout
from stack.migrate import PROJECT_DATABASE, start_project_migration
from stack.ports import PortBlock
from stack.postgres import PostgresServer
from stack.processes import Child
from stack.sandbox import Sandbox, SandboxAccess
from stack.signals import stop_signals_ignored
from stack.state import StackState, end_leftovers, hold_lock, own_state, service_state
from taskbridge.setup import VARIABLES

HEALTHY_SECONDS = 180.0
MIGRATION_SECONDS = 180.0
POLL_SECONDS = 0.2
# Part of Airflow's health answer -> service that it speaks of.
HEALTH_PARTS = {"scheduler": "scheduler", "dag_processor": "dag-processor", "triggerer": "triggerer"}


@dataclass(frozen=True)
class Options:
    """seed: what the systems hold at first, "demo" or "empty". variables: more of Airflow's environment.

    workers: how many Celery workers run the tasks, each `concurrency` at a time; 0: the scheduler's own processes do.
    """

    seed: str = "demo"
    dags: Path = PROJECT / "dags"
    variables: Mapping[str, str] = field(default_factory=dict)
    workers: int = 0
    concurrency: int = 2


class Stack:
    """The whole stack on one data folder: `with Stack(layout, Options(), say) as stack: stack.api...`

    Leaving the block stops everything. Use it in the main thread. Raises `AlreadyRunning` when another
    supervisor holds the folder and `StackError` when a part fails, with the end of that part's log.
    """

    sandbox: SandboxAccess
    api: AirflowApi
    broker: Broker  # with Celery workers only
    environment: Mapping[str, str]  # of every Airflow process

    def __init__(self, layout: Layout, options: Options, say: Callable[[str], None]) -> None:
        self.layout = layout
        self.options = options
        self.keys = Keys()
        self.postgres = PostgresServer(layout.postgres)
        self._say = say
        self._children: dict[str, Child] = {}
        self._services: dict[str, Service] = {}  # of Airflow
        self._state = StackState()
        self._cleanup = ExitStack()

    @property
    def database_url(self) -> str:
        """The project's database, for libpq."""
        return self.postgres.url(PROJECT_DATABASE)

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException as error:
            self._leave(error)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave(error)

    def _leave(self, error: BaseException | None) -> None:
        with stop_signals_ignored():
            if self._children:
                self._say("Stopping")
            # Another supervisor's folder is not ours to write in.
            if isinstance(error, Exception) and not isinstance(error, AlreadyRunning):
                with private(self.layout.failure) as file:
                    file.write(str(error).encode())
            self._cleanup.close()
            self._children = {}

    def check(self) -> None:
        """Raises `StackError` with the end of its log when a service has died."""
        for child in self._children.values():
            if not child.running:
                raise StackError(child.obituary())

    def watch(self) -> None:
        """Return never; raise when a service dies."""
        while True:
            self.check()
            time.sleep(POLL_SECONDS)

    def pids(self) -> dict[str, int]:
        """Of all that runs, by name."""
        return {name: child.process.pid for name, child in self._children.items() if child.running}

    def kill(self, name: str) -> None:
        """End a service as a power cut would: at once, with all that it had started. `check` misses it no more."""
        self._children.pop(name).kill_tree()

    def start_again(self, name: str) -> None:
        """A service of Airflow that was killed."""
        self._start_service(self._services[name])
        self._wait_until_healthy()

    def revive(self) -> list[str]:
        """Start services of Airflow that have ended by themselves, as a service manager would; their names."""
        ended = [
            name for name in self._services if name in self._children and not self._children[name].running
        ]
        for name in ended:
            self._start_service(self._services[name])
        return ended

    def stop_broker(self) -> None:
        del self._children["broker"]
        self.broker.stop()

    def start_broker(self) -> None:
        self.broker.start()
        self._add(self.broker.child)

    def restart_postgres(self) -> None:
        """Cuts off everybody who is connected, and is there again after a moment."""
        self.postgres.restart()
        self._add(self.postgres.child)

    def _start(self) -> None:
        self.layout.create()
        self._cleanup.enter_context(hold_lock(self.layout))
        if left := end_leftovers(self.layout):
            self._say(f"Ended what an earlier start had left: {', '.join(left)}")
        self._cleanup.callback(self.layout.state.unlink, missing_ok=True)
        self.layout.failure.unlink(missing_ok=True)
        self._note(services=(own_state(),))
        self.keys = Keys.load_or_make(self.layout.keys)
        self._start_systems()
        self._start_airflow()
        self._note(phase="ready")

    def _start_systems(self) -> None:
        """PostgreSQL and the sandbox, side by side."""
        sandbox = Sandbox(self.layout.sandbox, self.layout.logs / "sandbox.log", self.options.seed)
        self._cleanup.callback(sandbox.stop)
        sandbox.start()
        self._add(sandbox.child)
        self._cleanup.callback(self.postgres.stop)
        self.postgres.start()
        self._add(self.postgres.child)
        for database in (METADATA_DATABASE, PROJECT_DATABASE):
            self.postgres.create_database(database)
        self._note(database_url=self.database_url)
        self._say("PostgreSQL is ready")
        self.sandbox = sandbox.wait()
        self._note(sandbox=self.sandbox.urls)
        self._say("The two systems answer: " + ", ".join(map(" ".join, self.sandbox.urls.items())))

    def _start_airflow(self) -> None:
        before = self.layout.last_port()
        ports = self._cleanup.enter_context(PortBlock.reserve(PORTS, before))
        self.layout.remember_port(ports.base)
        if before not in (None, ports.base):
            self._say(f"Airflow moves to port {ports.base}: something else listens on {before} or beside it")
        self._plan = AirflowPlan(
            layout=self.layout,
            keys=self.keys,
            base_port=ports.base,
            metadata_url=self.postgres.sqlalchemy_url(METADATA_DATABASE, "psycopg2"),
            dags=self.options.dags,
            workers=self._start_workers_broker(ports.base + BROKER_PORT) if self.options.workers else None,
        )
        variables = sandbox_variables(self.sandbox) | database_variable(self.postgres.host, PROJECT_DATABASE)
        self.environment = environment(self._plan, variables | dict(self.options.variables))
        self.api = AirflowApi(self._plan.url, "admin", self.keys.passwords["admin"])
        self._migrate(self.environment)
        # Pushed last, so that Airflow ends before the systems that its tasks talk to.
        self._cleanup.callback(self._stop_services)
        for service in services(self._plan):
            self._services[service.name] = service
            self._start_service(service)
        self._note(url=self._plan.url)
        self._wait_until_healthy()
        self._show_settings()
        ports.release()

    def _start_workers_broker(self, port: int) -> Workers:
        self.broker = Broker(self.layout.broker, self.layout.logs / "broker.log", "127.0.0.1", port)
        self._cleanup.callback(self.broker.stop)
        self.start_broker()
        return Workers(
            count=self.options.workers,
            concurrency=self.options.concurrency,
            broker_url=self.broker.url,
            result_url=f"db+{self.postgres.sqlalchemy_url(METADATA_DATABASE, 'psycopg2')}",
        )

    def _start_service(self, service: Service) -> None:
        port = "" if service.port is None else str(self._plan.base_port + service.port)
        self._add(start_service(service, self._plan, self.environment), port)

    def _show_settings(self) -> None:
        """What a person looks for under Admin is there, and need not be typed by name."""
        for key, given in VARIABLES.items():
            self.api.add_variable(key, **given)
        for connection in shown(self.sandbox, self.postgres.host, PROJECT_DATABASE):
            self.api.set_connection(connection)

    def _migrate(self, env: Mapping[str, str]) -> None:
        """Both databases at the same time: each is mostly one process importing."""
        running: list[Child] = []
        deadline = time.monotonic() + MIGRATION_SECONDS
        remind = Reminder(self._say)
        try:
            running.append(start_migration(self.layout, env))
            running.append(start_project_migration(self.layout, self.database_url))
            while any(child.running for child in running) and time.monotonic() < deadline:
                self.check()
                remind("Still making the tables of both databases")
                time.sleep(0.05)
        finally:
            for child in running:
                child.wait_or_kill(0)
        for child in running:
            if child.process.returncode != 0:
                raise StackError(f"The database could not be migrated. {child.obituary()}")
        self._say("The databases have their tables")

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + HEALTHY_SECONDS
        waiting = {*self._services}
        self._say("Airflow is starting")
        remind = Reminder(self._say)
        while waiting:
            self.check()
            if time.monotonic() > deadline:
                raise StackError(
                    f"Not healthy after {HEALTHY_SECONDS:.0f} s: {', '.join(sorted(waiting))}. "
                    f"See the log files in {self.layout.logs}."
                )
            healthy = self._healthy()
            for name in sorted(waiting & healthy):
                self._say(f"Airflow's {name} is healthy")
            waiting -= healthy
            if waiting:
                remind(f"Still waiting for Airflow's {', '.join(sorted(waiting))}")
            time.sleep(POLL_SECONDS)

    def _stop_services(self) -> None:
        running = [self._children[name] for name in self._services if name in self._children]
        for child in running:
            child.ask_to_stop()
        asked = time.monotonic()
        for child in running:
            # Counted from the common start, so that slow ones wait side by side.
            end = asked + self._services[child.name].stop_seconds
            child.wait_or_kill(max(0.0, end - time.monotonic()))

    def _healthy(self) -> set[str]:
        health = self.api.health()
        healthy = {HEALTH_PARTS[part] for part in HEALTH_PARTS if health.get(part) == "healthy"}
        healthy |= {"api-server"} if health.get("metadatabase") == "healthy" else set()
        if self.options.workers:
            healthy |= {name.partition("@")[0] for name in answering_workers(self.broker.url)}
        return healthy

    def _add(self, child: Child, port: str = "") -> None:
        """One that was started, also in the place of one that ended."""
        self._children[child.name] = child
        others = (service for service in self._state.services if service.name != child.name)
        self._note(services=(*others, service_state(child, port)))

    def _note(self, **changes: Any) -> None:
        """Write down what runs, at every step: after a kill -9 it is all that the next start knows."""
        self._state = replace(self._state, **changes)
        self._state.write(self.layout.state)


def discard(layout: Layout) -> None:
    """Delete all data of a stack that does not run."""
    if layout.root.exists():
        with hold_lock(layout):
            end_leftovers(layout)
            PostgresServer(layout.postgres).remove_files()
            shutil.rmtree(layout.root)
