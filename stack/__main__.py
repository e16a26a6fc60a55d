"""`python -m stack up|down|status|migrate|doctor|demo`; the Makefile has a target for each."""

import argparse
import errno
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from stack.console import Progress
from stack.demo.play import demo
from stack.doctor import doctor
from stack.errors import Interrupted, StackError
from stack.files import private
from stack.layout import DATA, PROJECT, Layout
from stack.migrate import migrate
from stack.signals import stop_signals_raise
from stack.state import StackState, end_leftovers, hold_lock, is_running, stop_running
from stack.status import describe_access, describe_status, describe_switch
from stack.supervisor import Options, Stack, discard

DOWN_SECONDS = 60.0
UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT}


def _arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start the stack")
    how = up.add_mutually_exclusive_group()
    how.add_argument("--foreground", action="store_true", help="stay here until ^C (the default)")
    how.add_argument("--detach", action="store_true", help="leave it running and return when it is healthy")
    up.add_argument(
        "--seed", choices=["demo", "empty"], default="demo", help="what the systems hold at first"
    )
    up.add_argument("--dags", type=Path, default=PROJECT / "dags", help="the folder of DAG files")
    commands.add_parser("down", help="stop a detached stack")
    commands.add_parser("status", help="show the services")
    commands.add_parser("migrate", help="bring the project's database to the schema of this code")
    commands.add_parser("doctor", help="examine the connections, systems and database of the running stack")
    commands.add_parser("clean", help="stop every stack and delete its data")
    for command in commands.choices.values():
        command.add_argument("--name", default="local", help="which stack: its folder below .taskbridge")
    commands.add_parser("demo", help="play the demo from nothing and show what happened")
    return parser.parse_args(given)


def _up(arguments: argparse.Namespace) -> int:
    layout = Layout.named(arguments.name)
    if arguments.detach:
        return _up_detached(layout, arguments)
    options = Options(seed=arguments.seed, dags=arguments.dags.resolve())
    with Stack(layout, options, Progress()) as stack:
        if sys.stdout.isatty():
            print(describe_access(layout))
        stack.watch()
    return 0


def _up_detached(layout: Layout, arguments: argparse.Namespace) -> int:
    """Start a supervisor of its own session, and show its progress until the stack is healthy."""
    if is_running(layout):
        print("The stack is running already.")
        print(describe_access(layout))
        print(describe_switch(layout))
        return 0
    layout.create()
    log = layout.logs / "supervisor.log"
    command = [sys.executable, "-m", "stack", "up", "--foreground", "--name", arguments.name]
    command += ["--seed", arguments.seed, "--dags", str(arguments.dags.resolve())]
    with private(log) as output:
        supervisor = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=PROJECT,
            start_new_session=True,
        )
    try:
        ready = _follow(log, lambda: supervisor.poll() is None, lambda: _is_ready(layout))
    except BaseException:
        supervisor.terminate()
        supervisor.wait()
        raise
    if not ready:
        return 1
    print(describe_access(layout))
    print(describe_switch(layout))
    print("`make status` shows the services, `make down` stops them.")
    return 0


def _is_ready(layout: Layout) -> bool:
    state = StackState.read(layout.state)
    return state is not None and state.phase == "ready"


def _follow(log: Path, running: Callable[[], bool], ready: Callable[[], bool]) -> bool:
    """Print the log as it grows, until `ready` (True) or no longer `running` (False)."""
    with log.open() as file:
        while True:
            # Asked before reading, so that the last lines are printed too.
            go_on, is_ready = running(), ready()
            sys.stdout.write(file.read())
            sys.stdout.flush()
            if not go_on or is_ready:
                return go_on
            time.sleep(0.1)


def _down(arguments: argparse.Namespace) -> int:
    layout = Layout.named(arguments.name)
    if stop_running(layout, DOWN_SECONDS):
        print(f"The stack has stopped. Its data stay in {layout.root}.")
    elif layout.state.exists():
        with hold_lock(layout):
            left = end_leftovers(layout)
        print(f"The supervisor was gone already; ended what it had left: {', '.join(left) or 'nothing'}.")
    else:
        print("The stack is not running.")
    return 0


def _clean(arguments: argparse.Namespace) -> int:
    for layout in Layout.all():
        stop_running(layout, DOWN_SECONDS)
        discard(layout)
        print(f"Deleted {layout.root}")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    text, good = describe_status(Layout.named(arguments.name))
    print(text)
    return 0 if good else 1


def _demo(arguments: argparse.Namespace) -> int:
    return demo()


def _migrate(arguments: argparse.Namespace) -> int:
    print(migrate(Layout.named(arguments.name)))
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    return doctor(Layout.named(arguments.name))


COMMANDS = {
    "up": _up,
    "down": _down,
    "status": _status,
    "migrate": _migrate,
    "doctor": _doctor,
    "clean": _clean,
    "demo": _demo,
}


def main(given: list[str]) -> int:
    arguments = _arguments(given)
    try:
        with stop_signals_raise():
            return COMMANDS[arguments.command](arguments)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        print(
            f"{error.filename or DATA} cannot be written ({error.strerror}). The stack keeps everything below {DATA}: "
            "make that writable for you, or copy the project to a folder that is.",
            file=sys.stderr,
        )
        return 1
    except Interrupted as stop:
        print("Stopped.", file=sys.stderr)
        return 128 + stop.signal_number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
