"""What a person does about parked rows: have them tried again now, or let them be (G4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from taskbridge.core.bounds import is_number
from taskbridge.core.terms import Side
from taskbridge.errors import SettingsInvalid
from taskbridge.store import Ledger

RETRY: Final = "retry"
IGNORE: Final = "ignore"


@dataclass(frozen=True)
class ParkedAnswer:
    """`rows` by their numbers, or all of a `code` of a `side`."""

    answer: str
    rows: Sequence[int] = ()
    side: str | None = None
    code: str | None = None
    reason: str | None = None


def answer_parked(ledger: Ledger, said: ParkedAnswer, answered_by: str) -> int:
    """Keeps it for the next run; answers for how many rows.

    Nothing is written to either system, so the switch is not asked. Raises SettingsInvalid when nothing is named, or
    nothing of what is named is parked any more, and when a row is to be ignored without a reason.
    """
    _check(said)
    reason = (said.reason or "").strip() or None
    found = ledger.parked.answer(
        said.answer, rows=said.rows, side=said.side, code=said.code, reason=reason, answered_by=answered_by
    )
    if not found:
        raise SettingsInvalid(
            "None of the rows that were named is parked any more, so there is nothing to answer; "
            "mart.errors_by_code counts those that are, the page Problems lists them."
        )
    return len(found)


def _check(said: ParkedAnswer) -> None:
    if said.answer not in (RETRY, IGNORE):
        raise SettingsInvalid(f"The answer is {said.answer!r}; expected {RETRY} or {IGNORE}.")
    if strange := [row for row in said.rows if not is_number(row)]:
        raise SettingsInvalid(f"{strange[0]!r} is no number of a parked row.")
    if bool(said.rows) == bool(said.code):
        raise SettingsInvalid("Name either rows or a code; both or neither were given.")
    if said.code and said.side not in list(Side):
        raise SettingsInvalid(
            f"The side is {said.side!r}; expected {' or '.join(Side)}, whose error {said.code} is."
        )
    if said.answer == IGNORE and not (said.reason or "").strip():
        raise SettingsInvalid(
            "A row is ignored only with a reason, for whoever asks later; the reason is empty."
        )
