"""The data dictionary, made from the database's comments. `python -m taskbridge.store.dictionary URL`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Row

from taskbridge.errors import TaskBridgeError
from taskbridge.store.database import Database

_HEAD: Final = """# Data dictionary

Made from the comments in the database by `python -m taskbridge.store.dictionary URL`; a test compares
the two. `mart` holds views for people, `staging` what each run saw, `bridge` the ledger. SC is Sales
Connect, SF Salesforce; rule ids are explained in `mart.explanations`. *(personal)*: may hold what people typed,
or who they are.
"""


def dictionary(url: str) -> str:
    """Markdown: one section for each table and view, one line for each column."""
    with Database(url) as database, database.transaction() as tx:
        rows = tx.run("schema/read_dictionary").all()
    sections = [_section(name, list(columns)) for name, columns in groupby(rows, key=_name)]
    return "\n".join([_HEAD, *sections])


def _name(row: Row[Any]) -> str:
    return f"{row.schema}.{row.relation}"


def _section(name: str, columns: Sequence[Row[Any]]) -> str:
    lines = [f"| `{row.column}` | {row.type} | {_cell(row.comment)} |" for row in columns]
    intro = f"## {name}\n\n{columns[0].relation_comment or ''}\n"
    return "\n".join([intro, "| Column | Type | Meaning |", "|---|---|---|", *lines, ""])


def _cell(comment: str | None) -> str:
    return (comment or "").replace("|", "\\|")


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m taskbridge.store.dictionary URL", file=sys.stderr)
        return 2
    try:
        sys.stdout.write(dictionary(arguments[0]))
    except TaskBridgeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
