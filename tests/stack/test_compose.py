"""docker-compose.yaml is in order, and each check finds what it is there for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from stack.compose_check import Compose, load, problems
from stack.layout import PROJECT

FILE = PROJECT / "docker-compose.yaml"
PINNED = "1.0@sha256:" + 64 * "0"
Break = Callable[[dict[str, Any]], object]

BROKEN: dict[str, tuple[Break, str]] = {
    "unknown dependency": (
        lambda services: services["scheduler"]["depends_on"].update(mail={"condition": "service_started"}),
        "scheduler depends on mail, which is no service",
    ),
    "no healthcheck": (
        lambda services: services["postgres"].pop("healthcheck"),
        "waits until postgres is healthy, but postgres has no healthcheck",
    ),
    "no health told": (
        lambda services: services["triggerer"].pop("healthcheck"),
        "triggerer stays, but has no healthcheck",
    ),
    "scaled with a port": (
        lambda services: services["worker"].update(ports=["127.0.0.1:8793:8793"]),
        "worker is scaled, but there can be only one with its port",
    ),
    "restarted job": (
        lambda services: services["migrate"].update(restart="always"),
        "waits until migrate has finished, but migrate is restarted",
    ),
    "circle": (
        lambda services: services["postgres"].update(depends_on=["scheduler"]),
        "wait for each other: api-server, dag-processor, migrate, postgres, scheduler, triggerer, worker",
    ),
    "undeclared volume": (
        lambda services: services["postgres"]["volumes"].append("cache:/cache"),
        "postgres mounts the volume cache, which is not declared",
    ),
    "unused volume": (
        lambda services: services["postgres"].update(volumes=[]),
        "the volume postgres-data is declared but not used",
    ),
    "missing path": (
        lambda services: services["postgres"]["volumes"].append("./nowhere:/nowhere"),
        "postgres mounts ./nowhere, which does not exist",
    ),
    "undeclared secret": (
        lambda services: services["postgres"].update(secrets=["pin"]),
        "postgres uses pin of secrets, which is not declared",
    ),
    "floating image": (
        lambda services: services["postgres"].update(image="postgres:latest"),
        "postgres has the image 'postgres:latest', which is not named by version and digest",
    ),
    "image without tag": (
        lambda services: services["postgres"].update(image="registry:5000/postgres"),
        "postgres has the image 'registry:5000/postgres', which is not named by version and digest",
    ),
    "image without digest": (
        lambda services: services["postgres"].update(image="postgres:18.4-bookworm"),
        "postgres has the image 'postgres:18.4-bookworm', which is not named by version and digest",
    ),
    "missing Dockerfile": (
        lambda services: services["sandbox"]["build"].update(dockerfile="Dockerfile.other"),
        "sandbox is built from Dockerfile.other, which does not exist",
    ),
    "public port": (
        lambda services: services["postgres"].update(ports=["5432:5432"]),
        "postgres publishes 5432:5432; publish on 127.0.0.1 only",
    ),
    "port twice": (
        lambda services: services["postgres"].update(ports=["127.0.0.1:8443:5432"]),
        "the port 8443 is published 2 times",
    ),
    "written-down secret": (
        lambda services: services["postgres"]["environment"].update(POSTGRES_PASSWORD="hunter2"),
        "postgres has the secret POSTGRES_PASSWORD written down",
    ),
    "duration": (
        lambda services: services["postgres"]["healthcheck"].update(interval="5 seconds"),
        "postgres: interval is '5 seconds', which is no duration",
    ),
    "privileged": (
        lambda services: services["postgres"].update(privileged=True),
        "postgres is privileged",
    ),
}


def test_the_file_is_in_order() -> None:
    assert problems(load(FILE)) == []


@pytest.mark.parametrize("case", BROKEN)
def test_check_finds(case: str) -> None:
    damage, message = BROKEN[case]
    # Dumped and read again, so that the damage to one service does not reach those that share its anchors.
    data = yaml.safe_load(yaml.dump(load(FILE).data, Dumper=_NoAliases))
    damage(data["services"])
    found = problems(Compose(FILE.read_text(), data, PROJECT))
    assert any(message in problem for problem in found), found


def test_what_an_image_is_built_upon_is_pinned(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM apache/airflow:3.3.2-python3.12\n")
    text = "services:\n  one:\n    build: {context: .}\n    image: one:1.0\n"
    found = problems(Compose(text, yaml.safe_load(text), tmp_path))
    assert any("one is built upon 'apache/airflow:3.3.2-python3.12', which is not" in one for one in found)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("${TOKEN}", "write ${TOKEN} as"),
        ("$TOKEN", "write $TOKEN as"),
        ("${TOKEN:?}", "write ${TOKEN:?} as"),
        ("${TOKEN:?the token}", "TOKEN is required, but .env.example does not name it"),
        ("${TOKEN:-none}", None),
        ("$$TOKEN", None),
    ],
)
def test_variables(written: str, message: str | None, tmp_path: Path) -> None:
    file = tmp_path / "docker-compose.yaml"
    file.write_text(f"services:\n  one:\n    image: one:{PINNED}\n    environment:\n      A: '{written}'\n")
    found = problems(load(file))
    assert bool(found) == bool(message)
    assert message is None or any(message in problem for problem in found)


@pytest.mark.parametrize(
    ("example", "message"),
    [
        ("TOKEN=\n", None),
        ("TOKEN=hunter2\n", ".env.example gives TOKEN a value"),
        ("TOKEN=\nOTHER=\n", ".env.example names OTHER, which nothing takes"),
        ("# TOKEN=\n", "TOKEN is required, but .env.example does not name it"),
    ],
)
def test_the_example_names_what_is_required(example: str, message: str | None, tmp_path: Path) -> None:
    text = f"services:\n  one:\n    image: one:{PINNED}\n    environment: {{TOKEN: '${{TOKEN:?a token}}'}}\n"
    (tmp_path / ".env.example").write_text(example)
    found = problems(Compose(text, yaml.safe_load(text), tmp_path))
    assert bool(found) == bool(message), found
    assert message is None or any(message in problem for problem in found)


class _NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True
