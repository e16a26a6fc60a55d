"""The first step of every make target, as far as it goes without a package index."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack.layout import PROJECT

SCRIPT = PROJECT / "stack" / "bootstrap.sh"


def bootstrap(folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(SCRIPT), "requirements.txt", "stamp"],
        cwd=folder,
        env={"PATH": os.defpath} | env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def fake_python(folder: Path, body: str) -> str:
    path = folder / "python-fake"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_a_python_that_is_too_old_is_refused_with_the_way_out(tmp_path: Path) -> None:
    old = fake_python(tmp_path, "exit 1")
    done = bootstrap(tmp_path, PYTHON=old)
    assert done.returncode == 1
    assert f"No Python of 3.11, 3.12 or 3.13 found (tried: {old}" in done.stderr
    assert "make demo PYTHON=/path/to/python3.12" in done.stderr
    assert not (tmp_path / "stamp").exists()


def test_a_failed_installation_leaves_no_stamp_and_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    # Stands for the environment's Python: supported, has uv, and every installation fails.
    fake = fake_python(
        tmp_path,
        'case "$*" in *--version*) echo "uv 0.13.9";; *"pip install"*) exit 2;; esac',
    )
    (tmp_path / ".venv" / "bin" / "python").symlink_to(fake)
    done = bootstrap(tmp_path)
    assert done.returncode == 1
    assert "set UV_DEFAULT_INDEX" in done.stderr
    assert not (tmp_path / "stamp").exists()


def test_an_environment_that_was_left_half_made_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    half = fake_python(tmp_path, 'case "$*" in *"-m pip"*) exit 1;; esac')
    (tmp_path / ".venv" / "bin" / "python").symlink_to(half)
    unable = tmp_path / "python-unable"
    unable.write_text('#!/bin/sh\ncase "$*" in *venv*) echo "asked for $*" >&2; exit 1;; esac\n')
    unable.chmod(0o755)
    done = bootstrap(tmp_path, PYTHON=str(unable))
    assert done.returncode == 1
    assert "asked for -m venv .venv" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_long_installation_says_that_it_is_at_work(tmp_path: Path) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    slow = fake_python(
        tmp_path,
        'case "$*" in *--version*) echo "uv 0.13.9";; *"-r requirements.txt"*) sleep 3.5;; esac',
    )
    (tmp_path / ".venv" / "bin" / "python").symlink_to(slow)
    done = bootstrap(tmp_path)
    assert done.returncode == 0
    assert "still at it after 3 s" in done.stdout
    assert (tmp_path / "stamp").exists()


def test_make_help_lists_the_commands_of_a_newcomer() -> None:
    done = subprocess.run(["make", "help"], cwd=PROJECT, capture_output=True, text=True, check=True)
    listed = {line.split()[1] for line in done.stdout.splitlines()}
    assert {"demo", "up", "down", "status", "migrate", "test", "lint", "bench", "lock", "help"} <= listed


def test_command_line_refuses_what_it_does_not_know() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stack", "upp"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "invalid choice: 'upp'" in done.stderr


def test_only_what_has_the_locked_hash_is_installed_and_the_machines_certificates_count(
    tmp_path: Path,
) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    asked = tmp_path / "asked"
    fake = fake_python(
        tmp_path,
        f'case "$*" in *--version*) echo "uv 0.0.1";; *install*) echo "$UV_SYSTEM_CERTS $*" >> {asked};; esac',
    )
    (tmp_path / ".venv" / "bin" / "python").symlink_to(fake)
    assert bootstrap(tmp_path).returncode == 0
    uv, packages, project = asked.read_text().splitlines()
    assert "--require-hashes -r" in uv
    assert uv.endswith("uv.txt")
    assert packages.startswith("true ")
    assert packages.endswith("--require-hashes -r requirements.txt")
    assert project.endswith("--no-deps --no-build-isolation -e .")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    done = bootstrap(tmp_path)
    assert done.returncode == 1
    assert f"{tmp_path} cannot be written" in done.stderr
