"""What is asked of a pair before the decision table, and of a record in no pair, as ordered tables: the first line
that applies decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from taskbridge.core.arrays import Flags
from taskbridge.core.terms import Disposition


class Fate(StrEnum):
    """What becomes of a pair in this run."""

    DEFER = "a later run decides it"
    WAIT = "it waits until the record is mended or found"
    REST = "nothing"
    END = "the pair ends"
    RELEASE = "it takes no part any more; nothing is deleted"
    STAY_OUT = "it stays out, as a person wants it"
    COMPLETE = "the missing record is created"
    COPY_AGAIN_IN_SALES_CONNECT = "the copy is created again in Sales Connect"
    COPY_AGAIN_IN_SALESFORCE = "the copy is created again in Salesforce"
    BRING_BACK = "the record in Sales Connect is created again"


What = TypeVar("What", Fate, Disposition)


class Line(NamedTuple, Generic[What]):
    """One line: the situation (a column of flags), in words, and what follows from it."""

    situation: str
    words: str
    follows: What
    rule: str


PRECEDENCE: Final[tuple[Line[Fate], ...]] = (
    Line("unconfirmed", "a write of ours may still land", Fate.DEFER, "G2"),
    Line("outdated", "a listing shows a record as it was before", Fate.DEFER, "G9"),
    Line("back_unasked", "ended; the Salesforce task is back, of a user not asked for", Fate.DEFER, "selection"),
    Line("back", "ended; a person took the Salesforce task out of the bin", Fate.BRING_BACK, "C7"),
    Line("ended", "ended", Fate.REST, "G1"),
    Line("broken", "a record cannot be understood", Fate.WAIT, "G4"),
    Line("half_absent", "never complete; its only record is not found", Fate.WAIT, "C5"),
    Line("half_deleted", "never complete; its only record is deleted", Fate.END, "C1"),
    Line("half_kept_out", "never complete; a person keeps it out, and nothing was edited", Fate.STAY_OUT, ""),
    Line("parked", "parked, and no record has moved since", Fate.WAIT, "G4"),
    Line("unasked", "of a user not asked for", Fate.DEFER, "selection"),
    Line("untold", "gone, and only a listing that this run does not read tells whose it was", Fate.DEFER, "G9"),
    Line("unsynced", "an owner takes no part", Fate.RELEASE, "C3"),
    Line("given_away", "given to somebody who takes no part, then deleted", Fate.RELEASE, "C3"),
    Line("no_reminder", "no reminder (any more)", Fate.RELEASE, "C2"),
    Line("half", "never complete", Fate.COMPLETE, "C1"),
    Line("went_with_user", "the Sales Connect task went together with its user", Fate.RELEASE, "C5"),
    Line("unread", "unfinished, and a record was not read", Fate.DEFER, "G9"),
    Line("copy_wanted_sc", "the copy was taken back, the original edited", Fate.COPY_AGAIN_IN_SALES_CONNECT, "C1"),
    Line("copy_wanted_sf", "the copy was taken back, the original edited", Fate.COPY_AGAIN_IN_SALESFORCE, "C1"),
    Line("brought_back", "kept out; the Salesforce task is back, the other deleted", Fate.BRING_BACK, "C7"),
    Line("kept_out", "kept out by a person, and one record is live", Fate.STAY_OUT, ""),
)  # fmt: skip

ADMISSION: Final[tuple[Line[Disposition], ...]] = (
    Line("broken", "it cannot be understood", Disposition.DEAD_LETTER, "G4"),
    Line("gone", "deleted, or not found", Disposition.IGNORED, "C1"),
    # Only another ledger's records carry a marker and are in no pair: copying them would double them.
    Line("marked", "made by TaskBridge, for a pair that is not known", Disposition.HELD, "G2"),
    Line("no_reminder", "no reminder", Disposition.IGNORED, "C2"),
    Line("unsynced", "its owner takes no part", Disposition.IGNORED, "S2"),
    Line("unasked", "of a user not asked for", Disposition.DEFERRED, "selection"),
    Line("edited_old", "in Sales Connect before the switch-on, edited since", Disposition.IGNORED, "I3"),
    Line("old", "in Sales Connect before the switch-on", Disposition.IGNORED, "I2"),
    Line("unwanted", "in Salesforce, and the first sync does not want it", Disposition.IGNORED, "I1"),
)
"""A record that no line is about begins a pair, and is created on the other side."""

ENDS_AS: Final = {
    Fate.DEFER: Disposition.DEFERRED,
    Fate.WAIT: Disposition.WAITING,
    Fate.REST: Disposition.UNCHANGED,
    Fate.END: Disposition.UNCHANGED,
    Fate.RELEASE: Disposition.RELEASED,
    Fate.STAY_OUT: Disposition.RELEASED,
}
"""Where the staged rows of a pair end that is left alone; with any other fate something is planned."""


def first_line(table: Sequence[Line[Any]], seen: Mapping[str, Flags], length: int) -> npt.NDArray[np.int64]:
    """By row the number of the first line whose situation is seen, or -1. A situation that is never seen of these rows
    may be left out."""
    first = np.full(length, -1, np.int64)
    for number, line in reversed(list(enumerate(table))):
        if line.situation in seen:
            first[seen[line.situation]] = number
    return first


def as_markdown() -> str:
    """Both tables as docs/rules.md shows them."""
    of_pairs = _rows("What is seen of a pair | What happens", PRECEDENCE)
    return "\n".join(
        [*of_pairs, "", *_rows("What is seen of a record in no pair | Where it ends", ADMISSION)]
    )


def _rows(head: str, table: Sequence[Line[Any]]) -> Iterator[str]:
    yield from (f"| | {head} | Rule |", "|---|---|---|---|")
    for at, line in enumerate(table, start=1):
        yield f"| {at} | {line.words} | {line.follows} | {line.rule} |"
