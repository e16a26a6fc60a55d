"""Examines the running stack as its own Airflow would see it."""

import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

from stack.airflow import METADATA_DATABASE, AirflowPlan, environment
from stack.connections import database_variable, sandbox_variables
from stack.errors import StackError
from stack.keys import Keys
from stack.layout import PROJECT, Layout
from stack.migrate import PROJECT_DATABASE
from stack.sandbox import read_access
from stack.state import StackState, is_running

MODULE = "taskbridge.doctor"


def doctor(layout: Layout) -> int:
    """Prints what `python -m taskbridge.doctor` finds; its exit code."""
    command = [sys.executable, "-m", MODULE]
    return subprocess.run(command, env=running_environment(layout), cwd=PROJECT, check=False).returncode


def running_environment(layout: Layout) -> dict[str, str]:
    """The environment of the running stack's Airflow. Raises `StackError` when none runs, or not yet."""
    if not is_running(layout):
        raise StackError(
            "The stack is not running: `make up` starts it. To examine another environment, run "
            f"`python -m {MODULE}` where its Airflow connections are."
        )
    state, access = StackState.read(layout.state), read_access(layout.sandbox / "ready.json")
    if state is None or state.phase != "ready" or access is None:
        raise StackError("The stack is still starting.")
    (host,) = parse_qs(urlsplit(state.database_url).query)["host"]
    metadata = urlsplit(state.database_url)._replace(
        scheme="postgresql+psycopg2", path=f"/{METADATA_DATABASE}"
    )
    plan = AirflowPlan(
        layout=layout,
        keys=Keys.load_or_make(layout.keys),
        base_port=urlsplit(state.url).port or 0,
        metadata_url=metadata.geturl(),
    )
    return environment(plan, sandbox_variables(access) | database_variable(host, PROJECT_DATABASE))
