"""What the database's planner knows of a run.

Of the rows of a run that began a moment ago the planner knows nothing, takes them for one, and joins them row by row
with all others: minutes for a thousand rows. Its own statistics follow about a minute later, which is too
late for a run.
"""

from __future__ import annotations

from typing import Final

from taskbridge.store.database import Transaction

LARGE: Final = 200
"""Rows from which on the way of joining them is felt."""


def weigh_staged(tx: Transaction, rows: int) -> None:
    """Before what was staged is read and joined."""
    if rows >= LARGE:
        tx.run("statistics/analyze_staged")


def weigh_planned(tx: Transaction, actions: int) -> None:
    """After the plan's rows are there, in its transaction."""
    if actions >= LARGE:
        tx.run("statistics/analyze_planned")


def weigh_links(tx: Transaction, moved: int, pairs: float) -> None:
    """After a run that moved a tenth of all pairs: how many are unfinished is not as it was."""
    if moved >= max(LARGE, pairs / 10):
        tx.run("statistics/analyze_links")
