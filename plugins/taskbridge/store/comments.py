"""Comments in the database: what stands behind a table or view in its SQL, and behind each of its columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_RELATION: Final = re.compile(
    r"^CREATE (?:OR REPLACE |UNLOGGED )?(TABLE|VIEW) (\S+) \( -- (.+)\n((?: .*\n)*)", re.MULTILINE
)
_COLUMN: Final = re.compile(r"^    (\w+).*? -- (.+)$", re.MULTILINE)


def commented(script: str) -> str:
    """The script, and after it the comments that it tells."""
    return "\n".join([script, *_comments(script)])


def _comments(script: str) -> Iterator[str]:
    for kind, relation, meaning, columns in _RELATION.findall(script):
        yield _comment(kind, relation, meaning)
        for column, told in _COLUMN.findall(columns):
            yield _comment("COLUMN", f"{relation}.{column}", told)


def _comment(kind: str, name: str, meaning: str) -> str:
    quoted = meaning.replace("'", "''")
    return f"COMMENT ON {kind} {name} IS '{quoted}';"
