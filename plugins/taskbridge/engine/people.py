"""What a run says of people: tasks that lack theirs, or what they bring back of another, and names that nobody has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from taskbridge.core.run import Run
from taskbridge.core.terms import Side
from taskbridge.core.writes import FIELDS_LEFT_OUT, PERSON_LEFT_OUT
from taskbridge.engine.engine import Engine

_NAMED: Final = 5
_SAID: Final = {
    PERSON_LEFT_OUT: "were created without a contact or lead, as nothing goes on for it",
    FIELDS_LEFT_OUT: "were brought back without what the system refused of them, which bridge.kept has",
}


def tell_left_out(engine: Engine, run: Run, side: Side, outcomes: pd.DataFrame) -> None:
    """Notes of the run for creates that were done without something."""
    for code, said in _SAID.items():
        left_out = outcomes[outcomes["code"] == code]
        if left_out.empty:
            continue
        named = "; ".join(left_out["message"].head(_NAMED))
        more = len(left_out) - _NAMED
        others = f"; and {more} more, see bridge.action" if more > 0 else ""
        engine.ledger.runs.note(run, f"{side.system}: {len(left_out)} tasks {said}: {named}{others}.")


def nobody_named(side: Side, names: Sequence[str]) -> str:
    """A sentence about names in the setting user_map that no user has."""
    return (
        f"The setting user_map names {', '.join(names)}, which no {side.system} user has as id or e-mail address; "
        "correct it, or take it out."
    )
