"""Rows that were busy for a moment: tried again alone, within the load that met them (G4).

Mostly somebody else was writing the record or its parent. The others of the call are written and recorded by then;
the busy ones are planned again in between, so a load that dies leaves nothing unclear behind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pandas as pd
from tenacity import Retrying, retry_if_result, stop_after_attempt
from tenacity.wait import wait_random_exponential

from taskbridge.core.writes import Outcome

TRIES: Final = 4
"""How often a load sends a row that stays busy; after that it is left for the next run."""

_WAIT: Final = wait_random_exponential(multiplier=0.25, max=2)  # seconds


def in_rounds(
    rows: pd.DataFrame, write: Callable[[pd.DataFrame, int], pd.DataFrame], sleep: Callable[[float], None]
) -> None:
    """Writes the rows, then what was busy of them, up to TRIES times, with pauses of random length between.

    `write` gets rows and the number of the round, from 1 on, and answers OUTCOMES of those that were busy.
    """
    left, rounds = rows, 0

    def once() -> bool:
        nonlocal left, rounds
        rounds += 1
        busy = write(left, rounds)
        if busy.empty:
            return True
        # The message names the record that could not be had: rows that wait for the same one go in a row.
        order = busy.sort_values("message", kind="stable")["action_id"]
        left = left.set_index("action_id", drop=False).loc[list(order)].reset_index(drop=True)
        return False

    Retrying(
        stop=stop_after_attempt(TRIES),
        wait=_WAIT,
        retry=retry_if_result(lambda done: not done),
        retry_error_callback=lambda _: None,
        sleep=sleep,
    )(once)


def busy_rows(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Those OUTCOMES that are worth another round."""
    return outcomes[outcomes["outcome"] == Outcome.BUSY]


def given_up(outcomes: pd.DataFrame) -> pd.DataFrame:
    """OUTCOMES after the last round: what is busy still is tried again by the next run."""
    return outcomes.assign(outcome=outcomes["outcome"].replace(Outcome.BUSY.value, Outcome.RETRY.value))
