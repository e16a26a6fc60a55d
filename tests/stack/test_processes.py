import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from stack.processes import Child, alive, memory, tail
from tests.stack.waiting import wait_until

DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(600)
"""
WITH_GRANDCHILD = """
import subprocess, sys, time
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid, flush=True)
time.sleep(600)
"""


def start(code: str, log: Path) -> Child:
    return Child.start("probe", [sys.executable, "-c", code], log=log)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "probe.log"


def test_child_ends_at_one_signal(log: Path) -> None:
    child = start("import time; time.sleep(600)", log)
    assert child.running
    child.ask_to_stop()
    assert child.wait_or_kill(10)
    assert "ended with signal SIGTERM" in child.obituary()


def test_deaf_child_is_killed(log: Path) -> None:
    child = start(DEAF, log)
    wait_until(lambda: "deaf" in log.read_text())
    child.ask_to_stop()
    assert not child.wait_or_kill(0.2)
    assert not child.running


def test_what_a_child_leaves_behind_is_killed_with_its_group(log: Path) -> None:
    child = start(WITH_GRANDCHILD, log)
    wait_until(lambda: bool(log.read_text().strip()))
    grandchild = psutil.Process(int(log.read_text()))
    os.kill(child.pid, signal.SIGKILL)
    child.wait_or_kill(10)
    wait_until(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)


def test_a_power_cut_reaches_those_in_groups_of_their_own(log: Path) -> None:
    child = start(WITH_GRANDCHILD.replace('600)"]', '600)"], start_new_session=True'), log)
    wait_until(lambda: bool(log.read_text().strip()))
    grandchild = psutil.Process(int(log.read_text()))
    assert os.getpgid(grandchild.pid) != os.getpgid(child.pid)
    child.kill_tree()
    assert not child.running
    wait_until(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)


def test_child_has_a_session_of_its_own(log: Path) -> None:
    """So a ^C in the terminal does not reach it: Airflow services can deadlock on a second signal."""
    child = start("import time; time.sleep(600)", log)
    assert os.getsid(child.pid) == child.pid != os.getsid(0)
    child.ask_to_stop()
    child.wait_or_kill(10)


def test_obituary_shows_the_end_of_the_log(log: Path) -> None:
    child = start("print('working'); raise SystemExit('no such table')", log)
    child.process.wait()
    assert child.obituary().startswith(f"probe ended with exit code 1. The end of {log}:")
    assert "    no such table" in child.obituary()


def test_log_of_the_start_before_is_kept(log: Path) -> None:
    for text in ("first", "second"):
        start(f"print('{text}')", log).process.wait()
    assert log.read_text() == "second\n"
    assert log.with_suffix(".old").read_text() == "first\n"


def test_tail_of_long_empty_and_missing_files(tmp_path: Path) -> None:
    file = tmp_path / "log"
    assert tail(file) == "    (no such file)"
    file.write_text("")
    assert tail(file) == "    (empty)"
    file.write_text("".join(f"line {number}\n" for number in range(100_000)))
    assert tail(file, 2) == "    line 99998\n    line 99999"


def test_a_reused_pid_is_not_the_same_process() -> None:
    ourselves = psutil.Process()
    assert alive(ourselves.pid, ourselves.create_time()) == ourselves
    assert alive(ourselves.pid, ourselves.create_time() - 100) is None


def test_memory_of_a_tree_is_more_than_of_its_root(log: Path) -> None:
    child = start(WITH_GRANDCHILD, log)
    wait_until(lambda: bool(log.read_text().strip()))
    process = psutil.Process(child.pid)
    assert memory(process, tree=True) > memory(process, tree=False) > 0
    child.ask_to_stop()
    child.wait_or_kill(10)
