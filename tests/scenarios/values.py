"""The words of tables and lists, and what the two systems hold for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from taskbridge.core.terms import Side
from tests.scenarios.document import NotUnderstood, Place, Row

COLUMNS: Final[Mapping[Side, Mapping[str, str]]] = {
    Side.SALES_CONNECT: {
        "Name": "title", "Status": "status", "Priority": "priority", "Due": "due_date", "Details": "details",
        "Owner": "owner", "Type": "type", "Campaign": "campaign_name", "Step": "campaign_step",
    },
    Side.SALESFORCE: {
        "Subject": "title", "Status": "status", "Priority": "priority", "Due": "due_date",
        "Comments": "details", "Owner": "owner", "Subtype": "subtype", "Series": "is_recurrence",
        "Type": "type",
    },
}  # fmt: skip
"""The columns of a table and the systems' fields."""

_USUAL: Final[Mapping[str, str]] = {
    "Name": "Call Ann", "Subject": "Call Ann", "Priority": "Normal", "Due": "-", "Details": "-",
    "Comments": "-", "Owner": "Ada", "Campaign": "-", "Step": "-", "Subtype": "Task", "Series": "no",
}  # fmt: skip
_USUAL_HERE: Final[Mapping[Side, Mapping[str, str]]] = {
    Side.SALES_CONNECT: {**_USUAL, "Status": "Open", "Type": "Custom"},
    Side.SALESFORCE: {**_USUAL, "Status": "Not Started", "Type": "-"},
}
"""What a column that is left out stands for."""

_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "Owner": ("Ada", "Ben", "Chi"),
    "Series": ("yes", "no"),
}
_SALES_CONNECT_WORDS: Final = {
    "Status": ("Open", "Complete", "Skipped"),
    "Priority": ("Normal", "High"),
    "Type": ("Custom", "Call", "Email", "InMail"),
}
_TEXTS: Final = ("Name", "Subject", "Details", "Comments", "Campaign")
_REPEATED: Final = re.compile(r"\{([\d,]+) x (.+?)\}")
_GIVEN: Final = re.compile(r'(no )?([a-z]+)(?: "([^"]*)"| ([^,"]+))?(?:, |$)')


def of_row(row: Row, side: Side) -> dict[str, Any]:
    """All values of a task in a table by field; what is left out has its usual value."""
    unknown = row.cells.keys() - COLUMNS[side]
    if unknown:
        raise NotUnderstood(
            row.place, f"no columns of {side.system}: {sorted(unknown)}; known: {_known(side)}"
        )
    return {
        field: value(row.place, side, column, row.cells.get(column, _USUAL_HERE[side][column]))
        for column, field in COLUMNS[side].items()
    }


def of_text(place: Place, side: Side, text: str) -> dict[str, Any]:
    """Values out of a sentence such as: name "Call Ann", due 2026-05-01, no details."""
    found: dict[str, Any] = {}
    position = 0
    while position < len(text):
        match = _GIVEN.match(text, position)
        column = match and match[2].title()
        if match is None or column not in COLUMNS[side] or bool(match[1]) is (match.lastindex != 2):
            raise NotUnderstood(
                place, f"{text[position:]!r}: expected 'due 2026-05-01' or 'no due'; known: {_known(side)}"
            )
        cell = "-" if match[1] else match[3] if match[3] is not None else match[4]
        found[COLUMNS[side][column]] = value(place, side, column, cell)
        position = match.end()
    return found


def value(place: Place, side: Side, column: str, cell: str) -> Any:
    """What a system holds for a cell: a date, a word of its own, a text, None for '-', a person's name."""
    words = _WORDS.get(column)
    if side is Side.SALES_CONNECT:
        words = _SALES_CONNECT_WORDS.get(column, words)
    if words and cell not in words:
        raise NotUnderstood(place, f"{column} is {cell!r}; expected one of: {', '.join(words)}")
    if column == "Due" and cell != "-":
        try:
            return date.fromisoformat(cell)
        except ValueError as error:
            raise NotUnderstood(place, f"{column} is {cell!r}; expected a date such as 2026-05-01") from error
    if column == "Series":
        return cell == "yes"
    if cell == "-":
        return None
    if column in _TEXTS:
        return text_of(cell)
    return cell.lower() if side is Side.SALES_CONNECT and column != "Owner" else cell


def text_of(cell: str) -> str:
    """A text, with <br> for a line break and {32,000 x a} for many of the same."""
    long = _REPEATED.sub(lambda match: match[2] * int(match[1].replace(",", "")), cell)
    return long.replace("<br>", "\n")


def _known(side: Side) -> str:
    return ", ".join(COLUMNS[side])
