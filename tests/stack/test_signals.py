import signal

import pytest

from stack.signals import stop_signals_ignored, stop_signals_raise
from tests.stack.conftest import Script

CLEANS_UP = """
import time
from contextlib import nullcontext
from stack.errors import Interrupted
from stack.signals import stop_signals_ignored, stop_signals_raise
try:
    with stop_signals_raise():
        try:
            print("ready", flush=True)
            time.sleep(600)
        finally:
            with {guard}:
                print("cleaning", flush=True)
                time.sleep(0.5)
                print("cleaned", flush=True)
except Interrupted as stop:
    print("stopped by", stop.signal_number)
"""


@pytest.mark.parametrize("guard", ["stop_signals_ignored()", "nullcontext()"])
@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_impatient_signals_do_not_cut_the_clean_up_short(
    first: signal.Signals, guard: str, run_script: Script
) -> None:
    """Neither before the clean-up has begun to ignore them nor after."""
    process = run_script(CLEANS_UP.format(guard=guard))
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(first)
    assert process.stdout.readline() == "cleaning\n"
    for _ in range(3):
        process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=10)
    assert rest == f"cleaned\nstopped by {int(first)}\n"
    assert process.returncode == 0


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stop_signals_raise(), stop_signals_ignored():
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    assert signal.getsignal(signal.SIGINT) == before
