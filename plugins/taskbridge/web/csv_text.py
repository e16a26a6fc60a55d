"""Rows as a CSV file that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import Response

_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")


def answer(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Response:
    """A file to be saved."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(columns)
    writer.writerows([harmless(row[column]) for column in columns] for row in rows)
    return Response(
        # With the mark that tells Excel the encoding.
        f"\ufeff{written.getvalue()}",
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="taskbridge-{name}.csv"'},
    )


def harmless(content: Any) -> str:
    """The text of a cell; what a spreadsheet would calculate gets an apostrophe in front."""
    if content is None:
        return ""
    if isinstance(content, bool | int):
        return str(content)
    text = (
        content.astimezone(UTC).isoformat(timespec="seconds")
        if isinstance(content, datetime)
        else str(content)
    )
    return f"'{text}" if text.startswith(_FORMULAS) else text
