"""Tells people what runs, where, and how to get in."""

import time

from stack.keys import Keys
from stack.layout import Layout
from stack.processes import memory
from stack.state import ServiceState, StackState, is_running


def describe_access(layout: Layout) -> str:
    """Where the running stack is found and with which credentials."""
    state = StackState.read(layout.state) or StackState()
    keys = Keys.load_or_make(layout.keys)
    others = ", ".join(f"{role} / {password}" for role, password in keys.passwords.items() if role != "admin")
    lines = [
        ("Airflow", f"{state.url}   admin / {keys.passwords['admin']}   (also {others})"),
        *state.sandbox.items(),
        ("Database", state.database_url),
        ("Log files", str(layout.logs)),
    ]
    return "\n".join(f"{name + ':':<15}{text}" for name, text in lines)


def describe_status(layout: Layout) -> tuple[str, bool]:
    """A table of the services, and whether all is as it should be (which includes "nothing runs")."""
    running = is_running(layout)
    state = StackState.read(layout.state)
    if state is None and running:
        return "The stack is starting.", True
    if state is None and layout.failure.exists():
        return f"The stack has stopped by itself. {layout.failure.read_text()}", False
    if state is None:
        return "The stack is not running. `make up` starts it.", True
    lines = [f"{'service':<15}{'pid':>8}  {'port':<14}{'memory':>8}  since"]
    lines += [_line(service, tree=number > 0) for number, service in enumerate(state.services)]
    all_alive = all(service.process() for service in state.services)
    if not running:
        lines.append("The supervisor is gone; `make down` ends what it left.")
    elif state.phase == "starting":
        lines.append("The stack is starting.")
    return "\n".join(lines), running and all_alive


def _line(service: ServiceState, tree: bool) -> str:
    """tree: count the service's descendants too; not for the supervisor, whose descendants are the others."""
    process = service.process()
    used = f"{memory(process, tree) / 2**20:.0f} MiB" if process else "dead"
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(service.started))
    return f"{service.name:<15}{service.pid:>8}  {service.port or '-':<14}{used:>8}  {since}"
