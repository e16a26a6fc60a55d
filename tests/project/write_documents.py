"""Writes the documents that are made from the code: `make documents`. Tests compare them."""

from __future__ import annotations

import re
from pathlib import Path

from stack.postgres import PostgresServer
from taskbridge import settings
from taskbridge.engine import metrics
from taskbridge.sides import error_table
from taskbridge.store.dictionary import dictionary
from taskbridge.store.migrate import migrate
from tests.project import conformance
from tests.scenarios import sentences

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios" / "README.md"
DOCS = Path(__file__).resolve().parents[2] / "docs"
_TABLE = re.compile(r"^\| Setting \|.*?(?=^[^|]|\Z)", re.MULTILINE | re.DOTALL)
_ERRORS = re.compile(r"(?<=<!-- errors -->\n).*?(?=<!-- /errors -->)", re.DOTALL)
_METRICS = re.compile(r"(?<=<!-- metrics -->\n).*?(?=<!-- /metrics -->)", re.DOTALL)
_SENTENCES = re.compile(r"(?<=<!-- sentences -->\n).*?(?=<!-- /sentences -->)", re.DOTALL)


def write() -> None:
    """The data dictionary, the tables (settings, error codes, metrics, conformance), the sentences of the scenarios."""
    conformance.DOCUMENT.write_text(conformance.render(), encoding="utf-8")
    page = DOCS / "settings.md"
    text = _TABLE.sub(lambda _: settings.describe() + "\n", page.read_text(encoding="utf-8"))
    page.write_text(text, encoding="utf-8")
    page = DOCS / "errors.md"
    text = _ERRORS.sub(lambda _: error_table.describe() + "\n", page.read_text(encoding="utf-8"))
    page.write_text(text, encoding="utf-8")
    page = DOCS / "operations.md"
    text = _METRICS.sub(lambda _: metrics.describe() + "\n", page.read_text(encoding="utf-8"))
    page.write_text(text, encoding="utf-8")
    text = _SENTENCES.sub(lambda _: sentences.describe(), SCENARIOS.read_text(encoding="utf-8"))
    SCENARIOS.write_text(text, encoding="utf-8")
    with PostgresServer.throw_away() as server:
        server.create_database("documents")
        migrate(server.url("documents"))
        columns = dictionary(server.url("documents"))
    (DOCS / "data-dictionary.md").write_text(columns, encoding="utf-8")


if __name__ == "__main__":
    write()
