"""Checks docker-compose.yaml for what its schema cannot see: `python -m stack.compose_check FILE`."""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DURATION = re.compile(r"(\d+h)?(\d+m)?(\d+s)?(\d+ms)?")
VARIABLE = re.compile(r"(?<!\$)\$(?:\{(?P<name>\w+)(?P<rest>[^}]*)\}|(?P<bare>\w+))")
SECRET_NAME = re.compile(r"PASSWORD|SECRET|FERNET_KEY|TOKEN")
PINNED = re.compile(r":[^:/]*\d[^:/]*@sha256:[0-9a-f]{64}$")
EXAMPLE = ".env.example"
EXAMPLE_LINE = re.compile(r"(?m)^(\w+)=(.*)$")
FINISHED = "service_completed_successfully"


@dataclass(frozen=True)
class Compose:
    """The file as text and as data; `folder` is what its relative paths start from."""

    text: str
    data: dict[str, Any]
    folder: Path

    @property
    def services(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.data.get("services") or {}
        return found

    def declared(self, kind: str) -> set[str]:
        return set(self.data.get(kind) or {})

    def each(self, key: str) -> Iterator[tuple[str, Any]]:
        """(service, entry) for every entry of a list- or mapping-valued key of every service."""
        for name, service in self.services.items():
            for entry in service.get(key) or []:
                yield name, entry


def load(path: Path) -> Compose:
    text = path.read_text()
    return Compose(text, yaml.safe_load(text), path.resolve().parent)


def _dependencies(service: dict[str, Any]) -> dict[str, str]:
    """Name -> condition, from the short or the long form."""
    wanted = service.get("depends_on") or {}
    if isinstance(wanted, list):
        return dict.fromkeys(wanted, "service_started")
    return {name: entry.get("condition", "service_started") for name, entry in wanted.items()}


def _edges(compose: Compose) -> Iterator[tuple[str, str, str]]:
    for name, service in compose.services.items():
        for target, condition in _dependencies(service).items():
            yield name, target, condition


def _mounts(compose: Compose) -> Iterator[tuple[str, str]]:
    """(service, source) of every mount, bind mounts and named volumes alike."""
    for name, entry in compose.each("volumes"):
        yield name, entry["source"] if isinstance(entry, dict) else entry.split(":", 1)[0]


def _is_path(source: str) -> bool:
    return source.startswith((".", "/", "~"))


def dependencies_exist(compose: Compose) -> Iterator[str]:
    for name, target, _ in _edges(compose):
        if target not in compose.services:
            yield f"{name} depends on {target}, which is no service"


def dependencies_can_be_met(compose: Compose) -> Iterator[str]:
    for name, target, condition in _edges(compose):
        service = compose.services.get(target, {})
        if condition == "service_healthy" and "healthcheck" not in service:
            yield f"{name} waits until {target} is healthy, but {target} has no healthcheck"
        if condition == FINISHED and service.get("restart", "no") != "no":
            yield f"{name} waits until {target} has finished, but {target} is restarted"


def services_tell_their_health(compose: Compose) -> Iterator[str]:
    for name, service in compose.services.items():
        if service.get("restart", "no") != "no" and "healthcheck" not in service:
            yield f"{name} stays, but has no healthcheck"


def scaled_services_have_no_fixed_place(compose: Compose) -> Iterator[str]:
    for name, service in compose.services.items():
        if "scale" in service and (service.get("ports") or service.get("container_name")):
            yield f"{name} is scaled, but there can be only one with its port or name"


def dependencies_have_no_circle(compose: Compose) -> Iterator[str]:
    left = {name: set(_dependencies(service)) for name, service in compose.services.items()}
    while free := [name for name, wanted in left.items() if not wanted & left.keys()]:
        for name in free:
            del left[name]
    if left:
        yield f"these services wait for each other: {', '.join(sorted(left))}"


def volumes_are_declared(compose: Compose) -> Iterator[str]:
    for name, source in _mounts(compose):
        if not _is_path(source) and source not in compose.declared("volumes"):
            yield f"{name} mounts the volume {source}, which is not declared"


def volumes_are_used(compose: Compose) -> Iterator[str]:
    for volume in compose.declared("volumes") - {source for _, source in _mounts(compose)}:
        yield f"the volume {volume} is declared but not used"


def mounted_paths_exist(compose: Compose) -> Iterator[str]:
    for name, source in _mounts(compose):
        if source.startswith(".") and not (compose.folder / source).exists():
            yield f"{name} mounts {source}, which does not exist"


def networks_secrets_configs_are_declared(compose: Compose) -> Iterator[str]:
    for kind in ("networks", "secrets", "configs"):
        for name, entry in compose.each(kind):
            wanted = entry["source"] if isinstance(entry, dict) else entry
            if wanted != "default" and wanted not in compose.declared(kind):
                yield f"{name} uses {wanted} of {kind}, which is not declared"


def images_are_pinned(compose: Compose) -> Iterator[str]:
    for name, service in compose.services.items():
        image = service.get("image", "")
        if "build" not in service and not PINNED.search(image):
            yield f"{name} has the image {image!r}, which is not named by version and digest"


def builds_are_pinned(compose: Compose) -> Iterator[str]:
    for name, service in compose.services.items():
        if build := service.get("build"):
            context = compose.folder / build.get("context", ".")
            dockerfile = context / build.get("dockerfile", "Dockerfile")
            if not dockerfile.is_file():
                yield f"{name} is built from {dockerfile.name}, which does not exist"
                continue
            for base in re.findall(r"(?m)^FROM (\S+)", dockerfile.read_text()):
                if not PINNED.search(base):
                    yield f"{name} is built upon {base!r}, which is not named by version and digest"


def ports_are_local(compose: Compose) -> Iterator[str]:
    for name, port in compose.each("ports"):
        address = port.get("host_ip") if isinstance(port, dict) else str(port).split(":")[0]
        if address != "127.0.0.1":
            yield f"{name} publishes {port}; publish on 127.0.0.1 only"


def ports_differ(compose: Compose) -> Iterator[str]:
    published = Counter(
        str(port["published"]) if isinstance(port, dict) else str(port).split(":")[-2]
        for _, port in compose.each("ports")
        if isinstance(port, dict) or ":" in str(port)
    )
    for port, times in published.items():
        if times > 1:
            yield f"the port {port} is published {times} times"


def variables_have_a_value(compose: Compose) -> Iterator[str]:
    for found in VARIABLE.finditer(_without_comments(compose.text)):
        rest = found["rest"] or ""
        if not rest.startswith((":?", ":-")) or rest == ":?":
            yield f"write {found[0]} as ${{NAME:?what it is}} or ${{NAME:-default}}"


def required_variables_are_explained(compose: Compose) -> Iterator[str]:
    example = compose.folder / EXAMPLE
    named = dict(EXAMPLE_LINE.findall(example.read_text())) if example.is_file() else {}
    found = list(VARIABLE.finditer(_without_comments(compose.text)))
    required = {each["name"] for each in found if (each["rest"] or "").startswith(":?")}
    for name in sorted(required - named.keys()):
        yield f"{name} is required, but {EXAMPLE} does not name it"
    for name in sorted(named.keys() - {each["name"] for each in found}):
        yield f"{EXAMPLE} names {name}, which nothing takes"
    for name, value in named.items():
        if value:
            yield f"{EXAMPLE} gives {name} a value, which everybody would then have"


def secrets_come_from_outside(compose: Compose) -> Iterator[str]:
    for name, service in compose.services.items():
        for variable, value in (service.get("environment") or {}).items():
            if SECRET_NAME.search(variable) and not VARIABLE.search(str(value)) and "_FILE" not in variable:
                yield f"{name} has the secret {variable} written down; take it from ${{...:?}}"


def durations_can_be_read(compose: Compose) -> Iterator[str]:
    for name, service in compose.services.items():
        check = service.get("healthcheck") or {}
        named = {key: check[key] for key in ("interval", "timeout", "start_period") if key in check}
        for key, value in named.items() | {("stop_grace_period", service.get("stop_grace_period", "1s"))}:
            if not value or not DURATION.fullmatch(str(value)):
                yield f"{name}: {key} is {value!r}, which is no duration such as 10s or 1m30s"


def nothing_is_privileged(compose: Compose) -> Iterator[str]:
    for name, service in compose.services.items():
        if service.get("privileged") or service.get("network_mode") == "host":
            yield f"{name} is privileged or uses the network of the host"


CHECKS: tuple[Callable[[Compose], Iterator[str]], ...] = (
    dependencies_exist,
    dependencies_can_be_met,
    services_tell_their_health,
    scaled_services_have_no_fixed_place,
    dependencies_have_no_circle,
    volumes_are_declared,
    volumes_are_used,
    mounted_paths_exist,
    networks_secrets_configs_are_declared,
    images_are_pinned,
    builds_are_pinned,
    ports_are_local,
    ports_differ,
    variables_have_a_value,
    required_variables_are_explained,
    secrets_come_from_outside,
    durations_can_be_read,
    nothing_is_privileged,
)


def problems(compose: Compose) -> list[str]:
    """Every violation, as one sentence each; empty when the file is in order."""
    return [problem for check in CHECKS for problem in check(compose)]


def _without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))


def main(path: Path) -> int:
    found = problems(load(path))
    for problem in found:
        print(f"{path}: {problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
