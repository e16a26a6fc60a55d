"""Starts what docker-compose.yaml describes as processes of this machine, in its order, and stops it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from stack.broker import program
from stack.compose_check import FINISHED, Compose
from stack.errors import StackError
from stack.layout import PROJECT
from stack.postgres import USER, Listen, PostgresServer
from stack.processes import Child
from tests.compose.containers import Container, Translator, conditions
from tests.compose.programs import write_programs

READY_SECONDS = 240.0
CHECK_SECONDS = 30.0
STOP_SECONDS = 20.0
INITIAL = "/docker-entrypoint-initdb.d/"


class Machine:
    """`with Machine(compose, values, scratch, say) as machine: machine.containers["api-server"].address`."""

    def __init__(
        self, compose: Compose, values: Mapping[str, str], scratch: Path, say: Callable[[str], None]
    ) -> None:
        self._compose = compose
        self._scratch = scratch
        self._say = say
        self.containers = {one.name: one for one in Translator(compose, values, scratch).containers()}
        self.logs = scratch / "logs"
        self._children: dict[str, Child] = {}
        self.healthy: list[str] = []  # in the order in which they became so
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._cleanup.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleanup.close()

    def check(self) -> None:
        """Raises `StackError` with the end of its log when a container that shall stay has ended."""
        for name, child in self._children.items():
            if child.running:
                continue
            stays = self._compose.services[self.containers[name].service].get("restart", "no") != "no"
            if stays or child.process.returncode:
                raise StackError(child.obituary())

    def _start(self) -> None:
        self._cleanup.callback(self._stop)
        self.logs.mkdir()
        (self._scratch / "bin").mkdir()
        write_programs(self._scratch / "bin", program())
        deadline = time.monotonic() + READY_SECONDS
        waiting = list(self.containers.values())
        while waiting or self._unhealthy():
            for container in [one for one in waiting if self._may_start(one)]:
                waiting.remove(container)
                self._say(f"{container.name} starts")
                self._launch(container)
            for container in self._unhealthy():
                if healthy(container):
                    self._say(f"{container.name} is healthy")
                    self.healthy.append(container.name)
            self.check()
            if time.monotonic() > deadline:
                late = [one.name for one in (*waiting, *self._unhealthy())]
                raise StackError(f"After {READY_SECONDS:.0f} s not started or not healthy: {', '.join(late)}")
            time.sleep(0.2)

    def _stop(self) -> None:
        """Those first that nobody waits for, side by side."""
        left = dict(self._children)
        while left:
            services = {self.containers[name].service for name in left}
            wanted = {target for one in services for target in conditions(self._compose.services[one])}
            ending = [name for name in left if self.containers[name].service not in wanted]
            for name in ending:
                left[name].ask_to_stop()
            for name in ending:
                child = left.pop(name)
                if not child.wait_or_kill(STOP_SECONDS):
                    child.kill_tree()

    def _unhealthy(self) -> list[Container]:
        return [
            one
            for name, one in self.containers.items()
            if one.health and name in self._children and name not in self.healthy
        ]

    def _may_start(self, container: Container) -> bool:
        wanted = conditions(self._compose.services[container.service])
        return all(self._meets(name, condition) for name, condition in wanted.items())

    def _meets(self, service: str, condition: str) -> bool:
        names = [name for name, one in self.containers.items() if one.service == service]
        if condition == FINISHED:
            return all(name in self._children and not self._children[name].running for name in names)
        return all(name in self.healthy for name in names)

    def _launch(self, container: Container) -> None:
        if container.image.startswith("postgres:"):
            self._children[container.name] = self._start_postgres(container)
            return
        command: Sequence[str] = container.command
        if container.image.startswith("valkey/"):
            # As the image: its folder, and every address that the container has.
            command = [*command, "--dir", str(container.mounts["/data"]), "--bind", container.address]
        child = Child.start(
            container.name,
            command,
            log=self.logs / f"{container.name}.log",
            env=container.environment,
            cwd=PROJECT,
        )
        self._children[container.name] = child

    def _start_postgres(self, container: Container) -> Child:
        """As the image's own entry: a role, a database, and the statements of its folder for new volumes."""
        told = container.environment
        assert told["POSTGRES_USER"] == USER
        options = [part for part in container.command[1:] if part != "-c"]
        listen = Listen(container.address, 5432, told["POSTGRES_PASSWORD"])
        server = PostgresServer(container.mounts["/var/lib/postgresql"], listen=listen, settings=options)
        self._cleanup.callback(server.remove_files)
        server.start()
        server.create_database(told["POSTGRES_DB"])
        with psycopg.connect(server.url(told["POSTGRES_DB"]), autocommit=True) as connection:
            for target, source in container.mounts.items():
                if target.startswith(INITIAL):
                    connection.execute(source.read_bytes())
        return server.child


def healthy(container: Container) -> bool:
    """What the health check says."""
    kind, *command = container.health
    asked = ["sh", "-c", *command] if kind == "CMD-SHELL" else command
    try:
        done = subprocess.run(
            asked,
            env=container.environment,
            cwd=PROJECT,
            capture_output=True,
            check=False,
            timeout=CHECK_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
