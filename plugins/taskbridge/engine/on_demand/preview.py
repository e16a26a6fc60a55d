"""A plan as people read it before anything is written: what, why, and what it would cost (dry run)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from taskbridge.core.frames import Row, rows_of
from taskbridge.core.terms import BIT, FIELDS, ActionState, Op, Side
from taskbridge.core.usage import Usage
from taskbridge.engine.deciding.call_text import costs
from taskbridge.engine.deciding.summary import Summary

LONGEST_TEXT: Final = 40
_HEADER: Final = ("Pair", "Side", "Does", "Fields", "Rule")


def preview(plan: Summary, used: Mapping[Side, Usage]) -> str:
    """The plan's actions as a table, one line each, and the API calls they would take, as the run has forecast.

    At most SHOWN lines are shown; the costs count all actions.
    """
    if not plan.all_actions:
        return "\n".join(["Dry run: nothing to write.", *left_out(plan)])
    shown = [_cells(row) for row in rows_of(plan.actions)]
    lines = [
        f"Dry run: {plan.all_actions} changes planned, none of them written.",
        *_table([_HEADER, *shown]),
    ]
    if plan.all_actions > len(shown):
        lines.append(f"... and {plan.all_actions - len(shown)} more")
    return "\n".join([*lines, *costs(used, plan.by_side()), *left_out(plan)])


def left_out(plan: Summary) -> Iterator[str]:
    """A sentence for each thing that was asked for and is not done, at most SHOWN."""
    for row in rows_of(plan.left_out):
        place = [Side(row["side"]).system if row["side"] else None, row["link_id"], row["field"]]
        yield f"Left out ({row['code']}): {', '.join(filter(None, place)) or 'as a whole'}: {row['reason']}"
    if plan.more_left_out:
        yield f"... and {plan.more_left_out} more, all of them in bridge.left_out"


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
