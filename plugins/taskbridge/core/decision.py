"""The decision table: what a pair's two sides look like, and what follows. docs/rules.md shows it too."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from taskbridge.core.terms import DeletePolicy


class Seen(IntEnum):
    """What became of one record of a pair since the pair was last in step."""

    SAME = 0
    EDITED = 1
    DELETED = 2
    MISSING = 3  # not found, and no proof of a delete (C5)


class Decision(StrEnum):
    """What happens to a pair."""

    NOTHING = "nothing"
    MERGE = "merge"
    DELETE_IN_SALESFORCE = "delete in Salesforce"
    DELETE_IN_SALES_CONNECT = "delete in Sales Connect"
    RECREATE_IN_SALESFORCE = "create again in Salesforce"
    RECREATE_IN_SALES_CONNECT = "create again in Sales Connect"
    END = "end the pair"
    HOLD = "hold"


class Case(NamedTuple):
    """One line of the table."""

    sales_connect: Seen
    salesforce: Seen
    delete_wins: Decision
    edit_wins: Decision
    rule: str


def _case(sc: Seen, sf: Seen, decision: Decision, rule: str, edit_wins: Decision | None = None) -> Case:
    return Case(sc, sf, decision, edit_wins or decision, rule)


TABLE: Final = (  # A line stands at sales_connect * len(Seen) + salesforce: `decide` looks it up there.
    _case(Seen.SAME, Seen.SAME, Decision.NOTHING, "G1"),
    _case(Seen.SAME, Seen.EDITED, Decision.MERGE, "C1"),
    _case(Seen.SAME, Seen.DELETED, Decision.DELETE_IN_SALES_CONNECT, "C1"),
    _case(Seen.SAME, Seen.MISSING, Decision.HOLD, "C5"),
    _case(Seen.EDITED, Seen.SAME, Decision.MERGE, "C1"),
    _case(Seen.EDITED, Seen.EDITED, Decision.MERGE, "K1"),
    _case(Seen.EDITED, Seen.DELETED, Decision.DELETE_IN_SALES_CONNECT, "K4", Decision.RECREATE_IN_SALESFORCE),
    _case(Seen.EDITED, Seen.MISSING, Decision.HOLD, "C5"),
    _case(Seen.DELETED, Seen.SAME, Decision.DELETE_IN_SALESFORCE, "C1"),
    _case(Seen.DELETED, Seen.EDITED, Decision.DELETE_IN_SALESFORCE, "K4", Decision.RECREATE_IN_SALES_CONNECT),
    _case(Seen.DELETED, Seen.DELETED, Decision.END, "C1"),
    _case(Seen.DELETED, Seen.MISSING, Decision.HOLD, "C5"),
    _case(Seen.MISSING, Seen.SAME, Decision.HOLD, "C5"),
    _case(Seen.MISSING, Seen.EDITED, Decision.HOLD, "C5"),
    _case(Seen.MISSING, Seen.DELETED, Decision.HOLD, "C5"),
    _case(Seen.MISSING, Seen.MISSING, Decision.HOLD, "C5"),
)

ALL_DECISIONS: Final = tuple(Decision)
RULES: Final = tuple(case.rule for case in TABLE)
EDIT_MEETS_DELETE: Final = np.array([{*case[:2]} == {Seen.EDITED, Seen.DELETED} for case in TABLE])
"""By line: whether one side edited what the other deleted (K4)."""


def as_markdown() -> str:
    """The table as docs/rules.md shows it."""
    lines = [
        "| Sales Connect | Salesforce | What happens | With `edit_wins` | Rule |",
        "|---|---|---|---|---|",
    ]
    for case in TABLE:
        other = "" if case.edit_wins is case.delete_wins else case.edit_wins
        sides = f"{case.sales_connect.name.lower()} | {case.salesforce.name.lower()}"
        lines.append(f"| {sides} | {case.delete_wins} | {other} | {case.rule} |")
    return "\n".join(lines)


def decide(
    sales_connect: npt.NDArray[np.int8], salesforce: npt.NDArray[np.int8], policy: DeletePolicy
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
    """For each pair its decision (place in ALL_DECISIONS) and its line of the table."""
    line = sales_connect * np.int8(len(Seen)) + salesforce
    column = [getattr(case, policy.value) for case in TABLE]
    chosen = np.array([ALL_DECISIONS.index(decision) for decision in column], np.int8)
    return chosen[line], line
