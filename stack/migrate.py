"""Brings the project's database to the schema of this code."""

import os
import sys

from stack.errors import StackError
from stack.layout import PROJECT, Layout
from stack.postgres import PostgresServer
from stack.processes import Child
from stack.state import StackState, hold_lock, is_running

PROJECT_DATABASE = "taskbridge"
URL_VARIABLE = "TASKBRIDGE_DATABASE_URL"
MIGRATION_SECONDS = 300.0


def start_project_migration(layout: Layout, url: str) -> Child:
    """The project's own migration command, in a process of its own."""
    env = {**os.environ, "PYTHONPATH": str(PROJECT / "plugins"), URL_VARIABLE: url}
    return Child.start(
        "project migration",
        [sys.executable, "-m", "taskbridge.store.migrate"],
        log=layout.logs / "project-migration.log",
        env=env,
        cwd=PROJECT,
    )


def migrate(layout: Layout) -> str:
    """Migrate the database that TASKBRIDGE_DATABASE_URL names, else the stack's own. Returns what it printed.

    A stack that is down gets its PostgreSQL started for this. Raises `StackError` if the migration fails.
    """
    layout.create()
    if url := os.environ.get(URL_VARIABLE):
        return _run(layout, url)
    if is_running(layout):
        state = StackState.read(layout.state)
        if state is None or not state.database_url:
            raise StackError("The stack is still starting and migrates by itself.")
        return _run(layout, state.database_url)
    with hold_lock(layout), PostgresServer(layout.postgres) as server:
        server.create_database(PROJECT_DATABASE)
        return _run(layout, server.url(PROJECT_DATABASE))


def _run(layout: Layout, url: str) -> str:
    child = start_project_migration(layout, url)
    child.wait_or_kill(MIGRATION_SECONDS)
    if child.process.returncode != 0:
        raise StackError(f"The database could not be migrated. {child.obituary()}")
    return child.log.read_text().strip()
