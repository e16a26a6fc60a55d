"""Halting before anything is planned over a side that looks emptied or set back (G8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from taskbridge.core.plausible import Sight
from taskbridge.core.run import Run
from taskbridge.core.terms import Side
from taskbridge.engine.engine import Engine
from taskbridge.engine.reading.lots import read_sample
from taskbridge.errors import SideLooksEmpty, SideLooksOld

ACCEPT_SIDE: Final = "accept_side"
"""What a run is asked (`RunSpec.asked`) by a person who has looked: sales_connect, salesforce or both."""

BOTH: Final = "both"
SAMPLE: Final = 200
EVERYTHING: Final = 2**31 - 1


def sample(engine: Engine, run: Run, side: Side) -> None:
    """Reads more linked records of a side that is in doubt: up to SAMPLE, and all of a side that a person has accepted,
    so that one such run is enough."""
    read_sample(engine, run, side, EVERYTHING if _is_accepted(run, side) else SAMPLE)


def to_sample(engine: Engine, run: Run, sights: Mapping[Side, Sight]) -> Iterator[Side]:
    """The sides of which more has to be read before anything is decided."""
    for side, sight in sights.items():
        seen = _whole(engine, run, side, sight)
        if seen.may_be_empty or (seen.older and _is_accepted(run, side)):
            yield side


def believe(engine: Engine, run: Run, sights: Mapping[Side, Sight]) -> None:
    """Raises SideLooksEmpty and SideLooksOld, unless the run was asked to accept the side. What is not found is held as
    missing then; what is older was read by id, and is the present (G9)."""
    for side, sight in sights.items():
        seen = _whole(engine, run, side, sight)
        if not (seen.may_be_empty or seen.older):
            continue
        if _is_accepted(run, side):
            engine.ledger.runs.note(run, f"{side.system} is accepted as it is: {_numbers(seen)}.")
            continue
        _halt_in_doubt(side, seen)
        if seen.older:
            engine.ledger.runs.note(
                run,
                f"{seen.older} tasks of {side.system} have older versions than before: a clock was put right, or they "
                "came from a backup. They were read by id, and what that showed counts (G9).",
            )


def _is_accepted(run: Run, side: Side) -> bool:
    return run.spec.asked.get(ACCEPT_SIDE) in (side.value, BOTH)


def _whole(engine: Engine, run: Run, side: Side, sight: Sight) -> Sight:
    """A side may be lost a few records at a time: pairs that are missing already count, though seldom looked for. So
    do records that a listing showed as they are known."""
    if not (sight.absent or sight.older):
        return sight
    missing, known = engine.ledger.staging.unstaged(run, side)
    return replace(sight, read=sight.read + known, resting=max(0, missing - sight.missing))


def _halt_in_doubt(side: Side, sight: Sight) -> None:
    if sight.looks_empty:
        raise SideLooksEmpty(
            f"{side.system} looks empty: {_numbers(sight)}. Nothing was decided. Check that the connection leads to "
            "the right system and that its user may still see everybody's tasks; the next run goes on then. If they "
            f"are really gone, start task_sync with {ACCEPT_SIDE} = {side.value}: their pairs are held as missing, "
            "and nothing is deleted."
        )
    if sight.looks_old:
        raise SideLooksOld(
            f"{side.system} looks like an older copy of itself: {_numbers(sight)}. Nothing was decided. Check that the "
            "connection leads to the right system. If it was restored from a backup on purpose, or its clock was fast "
            f"and was put right, start task_sync with {ACCEPT_SIDE} = {side.value}: its present values then count as "
            "edits, what they overwrite is kept, and the next runs go on."
        )


def _numbers(sight: Sight) -> str:
    return (
        f"of {sight.read} linked tasks looked at {sight.absent} are not found ({sight.missing + sight.resting} more "
        f"were missing before), and {sight.older} have an older version than before"
    )
