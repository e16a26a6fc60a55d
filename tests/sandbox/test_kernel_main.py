"""`python -m sandbox` as a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

ROOT = Path(__file__).parents[2]


@contextmanager
def started(state_dir: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    ready_file = state_dir.with_name("ready.json")
    ready_file.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "--state-dir",
        str(state_dir),
        "--ready-file",
        str(ready_file),
    ]
    pipe = subprocess.PIPE
    process = subprocess.Popen([*command, *options], cwd=ROOT, stdout=pipe, stderr=pipe, text=True)
    try:
        assert process.stdout is not None
        printed = json.loads(process.stdout.readline())
        ready = json.loads(ready_file.read_text())
        assert printed == {
            "salesforce": ready["salesforce"]["url"],
            "sales_connect": ready["sales_connect"]["url"],
            "ready_file": str(ready_file),
        }, "no secret is printed"
        yield process, ready
    finally:
        process.kill()
        process.communicate()


def sales_connect(ready: dict[str, Any], method: str, path: str, **rest: Any) -> requests.Response:
    access = ready["sales_connect"]
    headers = {"Authorization": f"Bearer {access['access_token']}"}
    return requests.request(
        method, f"{access['url']}{path}", headers=headers, verify=ready["ca_bundle"], timeout=10, **rest
    )


def salesforce(ready: dict[str, Any], path: str) -> requests.Response:
    access = ready["salesforce"]
    headers = {"Authorization": f"Bearer {access['access_token']}"}
    return requests.get(f"{access['url']}{path}", headers=headers, verify=ready["ca_bundle"], timeout=10)


def test_both_answer_when_it_says_so_and_it_ends_when_asked(tmp_path: Path) -> None:
    with started(tmp_path / "state", "--seed", "demo") as (process, ready):
        assert set(ready) == {"salesforce", "sales_connect", "ca_bundle"}
        assert set(ready["sales_connect"]) == {"url", "client_id", "client_secret", "access_token"}
        more = {"username", "password", "private_key", "refresh_token"}
        assert set(ready["salesforce"]) == {*ready["sales_connect"], *more}
        assert sales_connect(ready, "GET", "/v2/tasks").json()["metadata"]["paging"]["total_count"] == 12
        assert salesforce(ready, "/services/data/v67.0/limits").status_code == 200
        idle = requests.Session()
        idle.get(f"{ready['sales_connect']['url']}/__sandbox__/", verify=ready["ca_bundle"], timeout=10)
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert time.monotonic() - asked < 2
        assert process.stderr is not None
        assert process.stderr.read() == "", "the idle connection held up the end"
        idle.close()


def test_state_secrets_tokens_and_clock_outlive_a_kill(tmp_path: Path) -> None:
    with started(tmp_path / "state") as (process, before):
        user = {"email": "fay@example.com", "name": "Fay"}
        sales_connect(before, "POST", "/__sandbox__/people/users", json=user)
        sales_connect(before, "PATCH", "/__sandbox__/switches", json={"batch": False})
        frozen = sales_connect(before, "POST", "/__sandbox__/clock", json={"freeze": True}).json()
        task = sales_connect(before, "POST", "/v2/tasks", json={"name": "x", "assignee_id": 101}).json()[
            "data"
        ]
        process.kill()
        process.wait()
    with started(tmp_path / "state", "--seed", "demo") as (_, after):
        for secret in ("client_id", "client_secret", "username", "password"):
            assert after["salesforce"][secret] == before["salesforce"][secret]
        after["sales_connect"]["access_token"] = before["sales_connect"]["access_token"]
        assert sales_connect(after, "GET", "/v2/tasks").json()["data"] == [task]
        assert sales_connect(after, "GET", "/v2/users").json()["metadata"]["features"] == ["deleted_tasks"]
        assert sales_connect(after, "GET", "/__sandbox__/clock").json() == frozen


def test_one_state_has_one_sandbox(tmp_path: Path) -> None:
    with started(tmp_path / "state"):
        second = [sys.executable, "-m", "sandbox", "--state-dir", str(tmp_path / "state")]
        refused = subprocess.run(second, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert refused.returncode == 1
    assert refused.stderr.startswith("Another sandbox uses")


def test_an_expired_certificate_is_not_trusted_and_a_taken_port_is_named(tmp_path: Path) -> None:
    with started(tmp_path / "state", "--expired-certificate") as (_, ready):
        with pytest.raises(requests.exceptions.SSLError, match="expired"):
            sales_connect(ready, "GET", "/v2/users")
        port = ready["salesforce"]["url"].rsplit(":", 1)[1]
        second = [
            sys.executable,
            "-m",
            "sandbox",
            "--state-dir",
            str(tmp_path / "b"),
            "--salesforce-port",
            port,
        ]
        refused = subprocess.run(second, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"Cannot listen on 127.0.0.1:{port}: Address already in use")


def test_it_needs_nothing_of_taskbridge(tmp_path: Path) -> None:
    seen = "import sys, sandbox.__main__; print({'taskbridge', 'airflow'}.intersection(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", seen]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
