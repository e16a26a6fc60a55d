"""Runs a numbered file of `include/sql/migrations` inside a revision."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from alembic import op

from taskbridge.store import statements

_RELATION: Final = re.compile(r"^CREATE (TABLE|VIEW) (\S+) \( -- (.+)\n((?: .*\n)*)", re.MULTILINE)
_COLUMN: Final = re.compile(r"^    (\w+).*? -- (.+)$", re.MULTILINE)


def apply(name: str) -> None:
    driver: Any = op.get_bind().connection.driver_connection
    script = statements.source(f"migrations/{name}")
    driver.execute(script)
    for told in _comments(script):
        driver.execute(told)


def _comments(script: str) -> Iterator[str]:
    """What stands behind a table or view, and behind each of its columns, is also its comment in the database."""
    for kind, relation, meaning, columns in _RELATION.findall(script):
        yield _comment(kind, relation, meaning)
        for column, told in _COLUMN.findall(columns):
            yield _comment("COLUMN", f"{relation}.{column}", told)


def _comment(kind: str, name: str, meaning: str) -> str:
    quoted = meaning.replace("'", "''")
    return f"COMMENT ON {kind} {name} IS '{quoted}'"
