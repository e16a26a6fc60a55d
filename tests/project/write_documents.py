"""Writes the documents that are made from the code: `make documents`. Tests compare them."""

from __future__ import annotations

import re
from pathlib import Path

from stack.postgres import PostgresServer
from taskbridge import settings
from taskbridge.store.dictionary import dictionary
from taskbridge.store.migrate import migrate
from tests.project import conformance

DOCS = Path(__file__).resolve().parents[2] / "docs"
_TABLE = re.compile(r"^\| Setting \|.*?(?=^[^|]|\Z)", re.MULTILINE | re.DOTALL)


def write() -> None:
    """The data dictionary, the table of settings and the table of conformance."""
    conformance.DOCUMENT.write_text(conformance.render(), encoding="utf-8")
    page = DOCS / "settings.md"
    text = _TABLE.sub(lambda _: settings.describe() + "\n", page.read_text(encoding="utf-8"))
    page.write_text(text, encoding="utf-8")
    with PostgresServer.throw_away() as server:
        server.create_database("documents")
        migrate(server.url("documents"))
        columns = dictionary(server.url("documents"))
    (DOCS / "data-dictionary.md").write_text(columns, encoding="utf-8")


if __name__ == "__main__":
    write()
