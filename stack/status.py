"""Tells people what runs, where, and how to get in."""

import time

from stack.airflow_api import AirflowApi
from stack.errors import StackError
from stack.keys import Keys
from stack.layout import Layout
from stack.processes import memory
from stack.state import ServiceState, StackState, is_running

SWITCH = "taskbridge_enabled"
ON = ("true", "1", "yes", "on")  # as taskbridge.operators.variables has it


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


def describe_switch(layout: Layout) -> str:
    """Whether the running stack's sync is switched on, and how that is changed."""
    state = StackState.read(layout.state) or StackState()
    keys = Keys.load_or_make(layout.keys)
    try:
        value = AirflowApi(state.url, "admin", keys.passwords["admin"]).variable(SWITCH)
    except (StackError, OSError):  # what requests raises is among the latter
        return f"Whether the sync is on says the Variable {SWITCH} (Airflow, Admin, Variables)."
    if value is not None and value.strip().casefold() in ON:
        return f"The sync is on. The Variable {SWITCH} switches it off (Airflow, Admin, Variables)."
    return f"The sync is off until the Variable {SWITCH} is true (Airflow, Admin, Variables)."


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
