"""What a run says of the people of tasks: who was left out of a new task, and why."""

from __future__ import annotations

from typing import Final

import pandas as pd

from taskbridge.core.model import Side
from taskbridge.engine.engine import Engine
from taskbridge.engine.ports import PERSON_LEFT_OUT, Run

_NAMED: Final = 5


def tell_left_out(engine: Engine, run: Run, side: Side, outcomes: pd.DataFrame) -> None:
    """A note of the run for creates that were done without their person."""
    left_out = outcomes[outcomes["code"] == PERSON_LEFT_OUT]
    if left_out.empty:
        return
    named = "; ".join(left_out["message"].head(_NAMED))
    more = len(left_out) - _NAMED
    others = f"; and {more} more, see bridge.action" if more > 0 else ""
    engine.ledger.note(
        run,
        f"{side.system}: {len(left_out)} tasks were created without a contact or lead, as nothing goes on for it: "
        f"{named}{others}.",
    )
