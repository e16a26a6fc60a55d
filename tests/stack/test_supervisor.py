"""A start that fails on the way takes down again what it had started."""

import fcntl

import psutil
import pytest

from stack.errors import AlreadyRunning, StackError
from stack.layout import Layout
from stack.state import hold_lock, is_running
from stack.status import describe_status
from stack.supervisor import Options, Stack, discard


@pytest.mark.postgres
def test_failing_part_is_named_and_nothing_is_left(layout: Layout) -> None:
    said: list[str] = []
    before = psutil.Process().children()  # what other tests of this session keep running
    with (layout.sandbox / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(StackError, match=r"(?s)sandbox did not become ready.*Another sandbox uses"):
            Stack(layout, Options(), said.append).__enter__()
    assert said[-1] == "Stopping"
    assert not is_running(layout)
    assert psutil.Process().children() == before
    text, good = describe_status(layout)
    assert not good
    assert "stopped by itself. The sandbox did not become ready" in text
    discard(layout)
    assert not layout.root.exists()


def test_second_supervisor_touches_nothing(layout: Layout) -> None:
    with hold_lock(layout):
        layout.state.write_text("{}")
        with pytest.raises(AlreadyRunning):
            Stack(layout, Options(), print).__enter__()
    assert layout.state.read_text() == "{}"
    assert not layout.failure.exists()
