import os
import sys

import psutil
import pytest

from stack.errors import AlreadyRunning, StackError
from stack.layout import Layout
from stack.processes import Child
from stack.state import (
    StackState,
    end_leftovers,
    hold_lock,
    is_running,
    own_state,
    service_state,
    stop_running,
)
from stack.status import describe_access, describe_status
from tests.stack.conftest import Script
from tests.stack.waiting import wait_until

SUPERVISE = """
import sys, time
from pathlib import Path
from stack.errors import Interrupted
from stack.layout import Layout
from stack.signals import stop_signals_raise
from stack.state import StackState, hold_lock, own_state
layout = Layout(Path(sys.argv[1]))
try:
    with stop_signals_raise(), hold_lock(layout):
        StackState(phase="ready", services=(own_state(),)).write(layout.state)
        time.sleep(600)
except Interrupted:
    layout.state.unlink()
"""

CLEANS_FOR_EVER = """
def busy_cleaning_up():
    try:
        time.sleep(600)
    finally:
        time.sleep(600)
"""


def sleeper(layout: Layout) -> Child:
    return Child.start(
        "sleeper", [sys.executable, "-c", "import time; time.sleep(600)"], log=layout.logs / "sleeper.log"
    )


def test_one_supervisor_a_folder(layout: Layout) -> None:
    assert not is_running(layout)
    with hold_lock(layout):
        assert is_running(layout)
        with (
            pytest.raises(AlreadyRunning, match=r"already runs on .*`make down` stops it"),
            hold_lock(layout),
        ):
            pass
    assert not is_running(layout)


def test_state_is_read_as_it_was_written(layout: Layout) -> None:
    state = StackState("ready", "http://127.0.0.1:1", "postgresql://", {"Salesforce": "x"}, (own_state(),))
    state.write(layout.state)
    assert StackState.read(layout.state) == state
    assert layout.state.stat().st_mode & 0o077 == 0


def test_down_stops_the_supervisor_and_waits(layout: Layout, run_script: Script) -> None:
    assert not stop_running(layout, 10)
    supervisor = run_script(SUPERVISE, layout.root)
    wait_until(layout.state.exists)
    assert stop_running(layout, 10)
    assert supervisor.wait() == 0


def test_down_names_a_supervisor_that_does_not_stop(layout: Layout, run_script: Script) -> None:
    deaf = SUPERVISE.replace("        time.sleep(600)", "        busy_cleaning_up()")
    deaf = deaf.replace("layout = ", CLEANS_FOR_EVER + "layout = ")
    supervisor = run_script(deaf, layout.root)
    wait_until(layout.state.exists)
    with pytest.raises(StackError, match=rf"pid {supervisor.pid}\) has not stopped after 0 s.*kill -9"):
        stop_running(layout, 0.3)


def test_leftovers_of_a_killed_supervisor_are_ended(layout: Layout) -> None:
    left = sleeper(layout)
    StackState(services=(service_state(left, ""),)).write(layout.state)
    assert end_leftovers(layout) == ["sleeper"]
    assert not psutil.pid_exists(left.pid)
    assert not layout.state.exists()
    assert end_leftovers(layout) == []


def test_a_process_that_only_has_the_old_number_is_left_alone(layout: Layout) -> None:
    other = sleeper(layout)
    stale = service_state(other, "")
    StackState(services=(type(stale)(stale.name, stale.pid, stale.started - 100, ""),)).write(layout.state)
    assert end_leftovers(layout) == []
    assert other.running
    other.ask_to_stop()
    other.wait_or_kill(10)


def test_status_of_each_situation(layout: Layout) -> None:
    assert describe_status(layout) == ("The stack is not running. `make up` starts it.", True)
    layout.failure.write_text("scheduler ended with signal SIGKILL.")
    assert describe_status(layout) == (
        "The stack has stopped by itself. scheduler ended with signal SIGKILL.",
        False,
    )
    dead = sleeper(layout)
    StackState("ready", services=(own_state(), service_state(dead, "8080"))).write(layout.state)
    with hold_lock(layout):
        table, good = describe_status(layout)
        assert good
        assert str(os.getpid()) in table
        assert "8080" in table
        dead.ask_to_stop()
        dead.wait_or_kill(10)
        table, good = describe_status(layout)
        assert not good
        assert "dead" in table
    assert "make down" in describe_status(layout)[0]


def test_access_names_every_way_in(layout: Layout) -> None:
    StackState(
        "ready",
        "http://127.0.0.1:8080",
        "postgresql://x",
        {"Salesforce": "https://localhost:1"},
        (own_state(),),
    ).write(layout.state)
    text = describe_access(layout)
    for part in (
        "http://127.0.0.1:8080   admin / ",
        "https://localhost:1",
        "postgresql://x",
        str(layout.logs),
    ):
        assert part in text


def test_our_own_entry_tells_this_process() -> None:
    process = own_state().process()
    assert process is not None
    assert process.pid == psutil.Process().pid
