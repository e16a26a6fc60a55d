"""A plan as people read it before anything is written: what, why, and what it would cost (dry run)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from taskbridge.core.frames import Row, rows_of
from taskbridge.core.model import Plan
from taskbridge.core.terms import BIT, FIELDS, ActionState, Op, Side
from taskbridge.core.usage import Usage
from taskbridge.engine.deciding.call_text import costs
from taskbridge.engine.steps.decide import by_side

LONGEST_TEXT: Final = 40
LONGEST_TABLE: Final = 200
_HEADER: Final = ("Pair", "Side", "Does", "Fields", "Rule")


def preview(plan: Plan, used: Mapping[Side, Usage]) -> str:
    """The plan's actions as a table, one line each, and the API calls they would take, as the run has forecast.

    At most LONGEST_TABLE lines are shown; the costs count all actions.
    """
    actions = plan.actions
    if actions.empty:
        return "\n".join(["Dry run: nothing to write.", *left_out(plan)])
    shown = [_cells(row) for row in rows_of(actions.head(LONGEST_TABLE))]
    lines = [f"Dry run: {len(actions)} changes planned, none of them written.", *_table([_HEADER, *shown])]
    if len(actions) > LONGEST_TABLE:
        lines.append(f"... and {len(actions) - LONGEST_TABLE} more")
    return "\n".join([*lines, *costs(used, by_side(plan)), *left_out(plan)])


def left_out(plan: Plan) -> Iterator[str]:
    """A sentence for each thing that was asked for and is not done, at most LONGEST_TABLE."""
    for row in rows_of(plan.left_out.head(LONGEST_TABLE)):
        place = [Side(row["side"]).system if row["side"] else None, row["link_id"], row["field"]]
        yield f"Left out ({row['code']}): {', '.join(filter(None, place)) or 'as a whole'}: {row['reason']}"
    if len(plan.left_out) > LONGEST_TABLE:
        yield f"... and {len(plan.left_out) - LONGEST_TABLE} more, all of them in bridge.left_out"


def _cells(row: Row) -> tuple[str, ...]:
    does = row["op"] if row["state"] == ActionState.PLANNED else f"{row['op']} ({row['state']})"
    return (row["link_id"], Side(row["side"]).system, does, _fields(row), row["rule"] or "")


def _fields(row: Row) -> str:
    if row["op"] == Op.DELETE:
        return f"title {_value(row['seen_title'])} -> gone"
    written = [name for name in FIELDS if row["mask"] & BIT[name]]
    if row["op"] == Op.CREATE:
        return ", ".join(f"{name} {_value(row[name])}" for name in written if row[name] is not None)
    return ", ".join(f"{name} {_value(row[f'seen_{name}'])} -> {_value(row[name])}" for name in written)


def _value(value: object) -> str:
    """One line, cut to LONGEST_TEXT characters."""
    if value is None:
        return "(empty)"
    text = " ".join(str(value).split())
    return f'"{text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"}"'


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
