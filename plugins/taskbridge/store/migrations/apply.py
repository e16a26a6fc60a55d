"""Runs a numbered file of `include/sql/migrations` inside a revision."""

from __future__ import annotations

from typing import Any

from alembic import op

from taskbridge.store import statements
from taskbridge.store.comments import commented


def apply(name: str) -> None:
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute(commented(statements.source(f"migrations/{name}")))
