"""What the stack writes is for its owner alone, and its servers are for this machine alone."""

from __future__ import annotations

import base64
import errno
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import stack.__main__
from stack import loopback, status, supervisor
from stack.compose_check import EXAMPLE, EXAMPLE_LINE
from stack.errors import StackError
from stack.files import private
from stack.layout import PROJECT, Layout
from stack.processes import Child
from stack.supervisor import Options, Stack

SECRET_FILES = 0o077


def test_what_a_child_writes_and_says_is_for_its_owner_alone(tmp_path: Path) -> None:
    log, made = tmp_path / "log", tmp_path / "made"
    log.write_text("of an earlier start, and open to all")
    log.chmod(0o644)
    child = Child.start("one", [sys.executable, "-c", f"open({str(made)!r}, 'w'); print('hush')"], log=log)
    assert child.wait_or_kill(30)
    assert log.read_text() == "hush\n"
    assert [path.stat().st_mode & SECRET_FILES for path in (log, made)] == [0, 0]


def test_the_folders_of_a_stack_are_closed_to_others(layout: Layout) -> None:
    for folder in (layout.logs, layout.sandbox, layout.airflow_home):
        assert folder.stat().st_mode & SECRET_FILES == 0
    layout.logs.chmod(0o755)
    layout.create()
    assert layout.logs.stat().st_mode & SECRET_FILES == 0


def test_a_file_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch(mode=0o666)
    with private(path):
        assert path.stat().st_mode & SECRET_FILES == 0


def test_env_by_the_recipe_is_for_its_owner_alone(tmp_path: Path) -> None:
    text = (PROJECT / EXAMPLE).read_text()
    (tmp_path / EXAMPLE).write_text(text)
    recipe = re.search(r"^#   \(umask.*?\)$", text, re.MULTILINE | re.DOTALL)
    assert recipe
    script = re.sub(r"(?m)^#   ", "", recipe[0])
    subprocess.run(["sh", "-eu", "-c", f"umask 022\n{script}"], cwd=tmp_path, check=True)
    env = tmp_path / ".env"
    assert env.stat().st_mode & SECRET_FILES == 0
    made = dict(EXAMPLE_LINE.findall(env.read_text()))
    assert list(made) == [name for name, _ in EXAMPLE_LINE.findall(text)]
    assert len(set(made.values())) == 6
    assert all(len(base64.urlsafe_b64decode(value)) == 32 for value in made.values())


@pytest.mark.parametrize(("given", "listens"), [("", "127.0.0.1"), ("127.0.0.2", "127.0.0.2")])
def test_log_servers_listen_on_this_machine_alone(
    monkeypatch: pytest.MonkeyPatch, given: str, listens: str
) -> None:
    seen: dict[str, Any] = {}
    monkeypatch.setattr(loopback.uvicorn, "run", lambda app, **options: seen.update(options))
    # As airflow.utils.serve_logs does, in a fork of the service.
    monkeypatch.setattr(loopback, "airflow", lambda: loopback.uvicorn.run("app", host=given, port=1))
    monkeypatch.setattr(sys, "argv", [])
    loopback.run("triggerer")
    assert (seen["host"], sys.argv) == (listens, ["airflow", "triggerer"])


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("true", "is on"),
        (" On ", "is on"),
        ("false", "is off until"),
        (None, "is off until"),
        ("maybe", "is off"),
    ],
)
def test_up_tells_how_the_switch_stands(
    monkeypatch: pytest.MonkeyPatch, layout: Layout, value: str | None, told: str
) -> None:
    monkeypatch.setattr(status, "AirflowApi", lambda *_: SimpleNamespace(variable=lambda _: value))
    assert f"The sync {told}" in status.describe_switch(layout)


def test_up_says_where_the_switch_is_when_nobody_tells_how_it_stands(
    monkeypatch: pytest.MonkeyPatch, layout: Layout
) -> None:
    def broken(_: str) -> str:
        raise StackError("no answer")

    monkeypatch.setattr(status, "AirflowApi", lambda *_: SimpleNamespace(variable=broken))
    assert "taskbridge_enabled" in status.describe_switch(layout)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC])
@pytest.mark.parametrize("command", ["up", "down", "status", "migrate"])
def test_a_folder_that_cannot_be_written_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, number: int
) -> None:
    def refuse(_: Any) -> int:
        raise OSError(number, "refused", "/somewhere/lock")

    monkeypatch.setitem(stack.__main__.COMMANDS, command, refuse)
    assert stack.__main__.main([command]) == 1
    assert capsys.readouterr().err.startswith("/somewhere/lock cannot be written (refused).")


def test_a_port_that_changed_is_told(monkeypatch: pytest.MonkeyPatch, layout: Layout) -> None:
    said: list[str] = []
    layout.remember_port(21000)
    block = SimpleNamespace(base=22000)

    class Block:
        def __enter__(self) -> Any:
            return block

        def __exit__(self, *_: object) -> None: ...

    def stop(*_: object, **__: object) -> None:
        raise StackError("far enough")

    monkeypatch.setattr(supervisor.PortBlock, "reserve", lambda *_: Block())
    monkeypatch.setattr(supervisor, "AirflowPlan", stop)
    moved = Stack(layout, Options(), said.append)
    monkeypatch.setattr(moved, "postgres", SimpleNamespace(sqlalchemy_url=lambda *_: ""))
    with pytest.raises(StackError, match="far enough"):
        moved._start_airflow()
    assert said == ["Airflow moves to port 22000: something else listens on 21000 or beside it"]
