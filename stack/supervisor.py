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
    METADATA_DATABASE,
    PORTS,
    SERVICES,
    STOP_SECONDS,
    AirflowPlan,
    environment,
    start_migration,
    start_service,
)
from stack.airflow_api import AirflowApi
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
    """seed: what the systems hold at first, "demo" or "empty". variables: more of Airflow's environment."""

    seed: str = "demo"
    dags: Path = PROJECT / "dags"
    variables: Mapping[str, str] = field(default_factory=dict)


class Stack:
    """The whole stack on one data folder: `with Stack(layout, Options(), say) as stack: stack.api...`

    Leaving the block stops everything. Use it in the main thread. Raises `AlreadyRunning` when another
    supervisor holds the folder and `StackError` when a part fails, with the end of that part's log.
    """

    sandbox: SandboxAccess
    api: AirflowApi
    environment: Mapping[str, str]  # of every Airflow process

    def __init__(self, layout: Layout, options: Options, say: Callable[[str], None]) -> None:
        self.layout = layout
        self.options = options
        self.keys = Keys()
        self.postgres = PostgresServer(layout.postgres)
        self._say = say
        self._children: list[Child] = []
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
            self._children = []

    def check(self) -> None:
        """Raises `StackError` with the end of its log when a service has died."""
        for child in self._children:
            if not child.running:
                raise StackError(child.obituary())

    def watch(self) -> None:
        """Return never; raise when a service dies."""
        while True:
            self.check()
            time.sleep(POLL_SECONDS)

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
        plan = AirflowPlan(
            layout=self.layout,
            keys=self.keys,
            base_port=ports.base,
            metadata_url=self.postgres.sqlalchemy_url(METADATA_DATABASE, "psycopg2"),
            dags=self.options.dags,
        )
        variables = sandbox_variables(self.sandbox) | database_variable(self.postgres.host, PROJECT_DATABASE)
        self.environment = env = environment(plan, variables | dict(self.options.variables))
        self.api = AirflowApi(plan.url, "admin", self.keys.passwords["admin"])
        self._migrate(env)
        services: list[Child] = []
        # Pushed last, so that Airflow ends before the systems that its tasks talk to.
        self._cleanup.callback(_stop_services, services)
        for name, port in SERVICES.items():
            services.append(start_service(name, plan, env))
            self._add(services[-1], "" if port is None else str(ports.base + port))
        self._note(url=plan.url)
        self._wait_until_healthy()
        self._show_settings()
        ports.release()

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
        waiting = {"api-server", *HEALTH_PARTS.values()}
        self._say("Airflow is starting")
        remind = Reminder(self._say)
        while waiting:
            self.check()
            if time.monotonic() > deadline:
                raise StackError(
                    f"Not healthy after {HEALTHY_SECONDS:.0f} s: {', '.join(sorted(waiting))}. "
                    f"See the log files in {self.layout.logs}."
                )
            health = self.api.health()
            healthy = {HEALTH_PARTS[part] for part in HEALTH_PARTS if health.get(part) == "healthy"}
            healthy |= {"api-server"} if health.get("metadatabase") == "healthy" else set()
            for name in sorted(waiting & healthy):
                self._say(f"Airflow's {name} is healthy")
            waiting -= healthy
            if waiting:
                remind(f"Still waiting for Airflow's {', '.join(sorted(waiting))}")
            time.sleep(POLL_SECONDS)

    def _add(self, child: Child, port: str = "") -> None:
        self._children.append(child)
        self._note(services=(*self._state.services, service_state(child, port)))

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


def _stop_services(services: list[Child]) -> None:
    for service in services:
        service.ask_to_stop()
    asked = time.monotonic()
    for service in services:
        # Counted from the common start, so that slow ones wait side by side.
        service.wait_or_kill(max(0.0, asked + STOP_SECONDS[service.name] - time.monotonic()))
