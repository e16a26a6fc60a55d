"""The table of error codes as people read it (docs/errors.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from taskbridge.sides.meanings import OWN, Category, Handling, Meaning, Reaction, of_family
from taskbridge.sides.salesforce.codes import FAMILIES

POLICIES: Final[Mapping[Handling, str]] = {
    Handling.RETRY_SOON: "nothing was written. The row is sent again alone, up to four times in all within the run and "
    "with pauses of random length; what is busy still goes to the next run. Where a whole call was answered so, "
    "the call is repeated some times.",
    Handling.CARRY_OVER: "the row goes to the next run, which reads both records of its pair again before it decides. "
    "A whole call that is answered so ends the writing of this run, with the rest still planned.",
    Handling.PARK: "the row rests, with its reason in `mart.errors_by_code` and `mart.not_synced`, until one of its "
    "records changes, a change of the org's fields is seen, or `parked_retry_hours` have passed. Its run ends "
    "partial, later ones held: they name it until it is mended.",
    Handling.PAUSE: "the answers of the other rows are recorded, then the system is left in peace: its owner is told "
    "by the run that failed, later runs on the clock end skipped, and at most three logins an hour are tried until one "
    "works.",
    Handling.FACT: "no error. A deleted record is what a delete wanted, and proof of a delete for an update (C5); a "
    "marker that exists is looked up and its record adopted (G2). A value that is not unique in another field is "
    "parked.",
}
"""What each policy means."""

_CATEGORIES: Final = tuple(Category)


def describe() -> str:
    """Policies and codes as Markdown tables."""
    lines = ["| What TaskBridge does | In full |", "|---|---|"]
    lines += [f"| {policy} | {text} |" for policy, text in POLICIES.items()]
    lines += ["", "| Code | Category | What it means | Who acts | What helps | What TaskBridge does |"]
    lines += ["|---|---|---|---|---|---|", *_codes()]
    return "\n".join(lines)


def _codes() -> Iterator[str]:
    families = [(", ".join(f"`{code}`" for code in one.codes), of_family(one)) for one in FAMILIES]
    known = [*((f"`{code}`", meant) for code, meant in OWN.items()), *families]
    for category in _CATEGORIES:
        for codes, meant in known:
            if meant.category is category:
                does = _does(codes.strip("`"), meant)
                yield f"| {codes} | {category} | {meant.meaning} | {meant.actor} | {meant.remedy} | {does} |"


def _does(code: str, meant: Meaning) -> str:
    if code == "REQUEST_LIMIT_EXCEEDED":
        return f"{Handling.CARRY_OVER}; {Handling.RETRY_SOON} where the text speaks of concurrent requests"
    if code == "INVALID_SESSION_ID":
        return f"one new login and the call again, then {Handling.PAUSE}"
    if meant.of_call and meant.reaction is Reaction.REJECTED:
        return f"fail the run where it answers a call, with its rows still planned; {meant.reaction.policy} in a row"
    return meant.reaction.policy
