"""What can be made to go wrong with an in-memory side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal, get_args

Trick = Literal["repeats", "stalls", "loses", "empty"]
"""The second page is the first again; the last page leads to itself; a record is on no page; a page is empty."""

TRICKS: Final[tuple[Trick, ...]] = get_args(Trick)


def played(pages: list[list[Any]], trick: Trick | None) -> list[list[Any]]:
    """The pages as the trick has them."""
    match trick:
        case "repeats":
            return [pages[0], pages[0], *pages[2:]]
        case "loses":
            return [*pages[:-1], pages[-1][:-1]]
        case "empty":
            return [pages[0], [], *pages[1:]]
    return pages


@dataclass
class Faults:
    """Switches of one side. Counters run down as the fault happens; all are off at first."""

    lose_answers: int = 0
    """So many write calls commit and then lose their answer: every row of theirs is UNKNOWN."""

    land_late: list[timedelta] = field(default_factory=list)
    """The next write calls, one for each entry, are cut: every row is UNKNOWN, and is carried out only so long
    after, by the server's clock."""

    lock_titles: dict[str, int] = field(default_factory=dict)
    """So many writes of a record of this title meet UNABLE_TO_LOCK_ROW."""

    refuse_titles: dict[str, str] = field(default_factory=dict)
    """Writes of a record of this title are answered with this error code."""

    refusal: str = "refused by a rule of the system"
    """What such an answer says."""

    refuse_fields: set[str] = field(default_factory=set)
    """Fields besides the mapped ones that Salesforce does not let us set any more."""

    visible_after: timedelta = timedelta(0)
    """Records written while this is set are left out of listings and look-ups by marker for so long after
    their stamp; by id they are found at once."""

    truncate_reads: int = 0
    """So many listings break off after their first page (ReadIncomplete)."""

    tricks: list[Trick] = field(default_factory=list)
    """The next listings that tell anything, one for each entry, come in pages of two and go wrong."""

    normalise: bool = False
    """The server pads texts and turns line ends into CRLF when they are written by us."""

    trigger: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """Gets the values of every record that we write and answers columns to overwrite, as a trigger would."""

    flaky_versions: bool = False
    """Every connect moves the versions of all live records, though nobody edited them."""

    job_takes: timedelta = timedelta(0)
    """How long a job takes until its rows are written, all at once."""

    fail_jobs_after: int | None = None
    """Jobs fail when they have come to so many rows."""

    refuse_jobs: bool = False
    """No job is taken."""

    calls_left: int | None = None
    """So many write calls are left before the reserve; further ones raise ApiLimitReached, None for no limit."""

    calls_told: int | None = None
    """So many calls are left before the reserve, as the side tells by itself; every call counts it down."""

    hidden: set[str] = field(default_factory=set)
    """Ids, of users too, that cannot be seen at all, as sharing rules would have it."""

    unlisted: set[str] = field(default_factory=set)
    """Ids of users whom no listing shows; by id they are found."""

    stand_between: int | None = None
    """So many rows are written yet; then what stands before the side answers every call (CallRefused)."""

    refuse_login: bool = False
    """Every call is answered with AuthenticationFailed."""

    binned_marker_collides: bool = False
    """A marker that only a deleted record carries still counts as used."""

    on_call: Callable[[str], None] | None = None
    """Called with "before <method>" and "after <method>"; what it raises comes out of the call: after a write
    that means the write is committed and the caller died."""
