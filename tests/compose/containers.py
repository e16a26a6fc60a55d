"""What docker-compose.yaml says of each container, in words of this machine.

| In the container | Here |
|---|---|
| a host name of another service | that one's address, one of 127.0.0.0/8 for each container |
| `0.0.0.0`, `localhost` | the container's own address |
| the target of a mount | the folder of this machine, or one below `scratch/volumes` for a named volume |
| `/opt/taskbridge`, where the Dockerfile puts the project | the project |
| `/opt/airflow`, AIRFLOW_HOME of the base image | a folder of the container's own |
| `${NAME:?...}` | the value of .env |

Ports are as in the file. Nothing of the environment of whoever runs this gets in.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.airflow import ADDRESS_VARIABLE
from stack.compose_check import VARIABLE, Compose
from stack.layout import PROJECT

WORKDIR = "/opt/taskbridge"
AIRFLOW_HOME = "/opt/airflow"
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True)
class Container:
    """One of the `scale` containers of a service."""

    name: str
    service: str
    address: str
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    mounts: Mapping[str, Path]  # target in the container -> here
    health: tuple[str, ...]  # empty where none is told


class Translator:
    """values: of .env. scratch: an empty folder."""

    def __init__(self, compose: Compose, values: Mapping[str, str], scratch: Path) -> None:
        self._compose = compose
        self._values = values
        self._scratch = scratch
        network = f"127.{random.randrange(1, 255)}.{random.randrange(1, 255)}"  # two at a time do not meet
        self._addresses = {
            name: [f"{network}.{10 * number + place + 1}" for place in range(int(service.get("scale", 1)))]
            for number, (name, service) in enumerate(compose.services.items())
        }

    def containers(self) -> Iterator[Container]:
        for service, addresses in self._addresses.items():
            for number, address in enumerate(addresses, start=1):
                name = service if len(addresses) == 1 else f"{service}-{number}"
                yield self._container(name, service, address)

    def _container(self, name: str, service: str, address: str) -> Container:
        told = self._compose.services[service]
        mounts = dict(self._mount(str(mount)) for mount in told.get("volumes", []))
        places = {WORKDIR: PROJECT, AIRFLOW_HOME: self._scratch / "containers" / name, **mounts}
        built = "build" in told
        if built:
            places[AIRFLOW_HOME].mkdir(parents=True)

        def here(text: object) -> str:
            return self._hosts(_paths(self._filled(str(text)), places), address)

        image = dict(_image_environment()) if built else {}
        environment = {
            "PATH": f"{self._scratch / 'bin'}:{Path(sys.executable).parent}:{SYSTEM_PATH}",
            "HOME": str(self._scratch),
            "LANG": "C.UTF-8",
            "HOSTNAME": name,
            ADDRESS_VARIABLE: address,
            **{variable: here(value) for variable, value in image.items()},
            **{variable: here(value) for variable, value in told.get("environment", {}).items()},
        }
        health = told.get("healthcheck", {}).get("test", [])
        return Container(
            name=name,
            service=service,
            address=address,
            image=told["image"],
            command=tuple(here(part) for part in (*told.get("entrypoint", ()), *told["command"])),
            environment=environment,
            mounts=mounts,
            health=tuple(here(part) for part in health),
        )

    def _mount(self, text: str) -> tuple[str, Path]:
        source, target = text.split(":")[:2]
        if source.startswith("."):
            return target, (self._compose.folder / source).resolve()
        volume = self._scratch / "volumes" / source
        volume.mkdir(mode=0o700, parents=True, exist_ok=True)
        return target, volume

    def _filled(self, text: str) -> str:
        def value(found: re.Match[str]) -> str:
            rest = found["rest"] or ""
            return rest[2:] if rest.startswith(":-") else self._values[found["name"]]

        return VARIABLE.sub(value, text).replace("$$", "$")

    def _hosts(self, text: str, own: str) -> str:
        for name, addresses in self._addresses.items():
            text = re.sub(rf"(?<=[@/=]){name}(?=:\d|$)", addresses[0], text)
        return re.sub(r"\b(localhost|0\.0\.0\.0)\b", own, text)


def _paths(text: str, places: Mapping[str, Path]) -> str:
    for place in sorted(places, key=len, reverse=True):
        text = re.sub(rf"(?<![\w/]){re.escape(place)}(?![\w-])", str(places[place]), text)
    return text


def _image_environment() -> Iterator[tuple[str, str]]:
    yield "AIRFLOW_HOME", AIRFLOW_HOME
    # No name server knows the containers of this machine.
    yield "AIRFLOW__CORE__HOSTNAME_CALLABLE", "stack.loopback.address"
    for line in (PROJECT / "Dockerfile").read_text().splitlines():
        if line.startswith("ENV "):
            name, _, value = line.removeprefix("ENV ").partition("=")
            yield name, value


def conditions(service: Mapping[str, Any]) -> dict[str, str]:
    """Service -> what has to be true of it before this one starts."""
    return {name: entry["condition"] for name, entry in service.get("depends_on", {}).items()}
